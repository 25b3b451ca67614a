"""Runs again what a report says failed, with the same seed, and tells whether it still does."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from contract_tests.config import Config, load_config
from contract_tests.embedded import embedded_lab
from contract_tests.ledger import FILE_NAME, LedgerError, read_ledger
from contract_tests.report.read import load_report
from contract_tests.run import CONFIG_FILE, Settings, UsageError, run

_BAD = frozenset({"failed", "warned"})


def replay(
    report: Path,
    ids: Sequence[str],
    *,
    config_path: Path | None,
    base_url: str | None,
    token: str | None,
    console: Console,
    command: str,
) -> int:
    """Judge again the requirements `ids`, or all that failed or were warned in the report.

    The target is the one of the report, unless a configuration or a URL is given; a report of the embedded lab
    gets a lab of its own. The new report goes beside the old one, into `replay/`. Returns the exit code of the run.
    """
    data = load_report(report)
    directory = report if report.is_dir() else report.parent
    verdicts = {str(entry["id"]): str(entry["verdict"]) for entry in data["requirements"]}
    for identifier in ids:
        if identifier not in verdicts:
            raise UsageError(f"{report}: the report has no requirement {identifier}")
    chosen = list(ids) or [identifier for identifier, verdict in verdicts.items() if verdict in _BAD]
    if not chosen:
        console.print("Nothing failed in this report, so there is nothing to replay.")
        return 0
    overrides: dict[str, dict[str, Any]] = {
        "target": {},
        "run": {
            "only": chosen,
            "skip": [],
            "profile": [],
            "seed": data["seed"],
            "report_dir": str(directory / "replay"),
        },
    }
    if base_url is not None:
        overrides["target"]["base_url"] = base_url
    if token is not None:
        overrides["target"]["token"] = token
    with _target(data, directory, config_path, base_url, overrides) as config:
        code = run(config, Settings(command, config_path), console)
    _tell(console, chosen, verdicts, load_report(directory / "replay"))
    return code


@contextlib.contextmanager
def _target(
    data: Mapping[str, Any],
    directory: Path,
    config_path: Path | None,
    base_url: str | None,
    overrides: dict[str, dict[str, Any]],
) -> Iterator[Config]:
    if data.get("options", {}).get("embedded_lab") and config_path is None and base_url is None:
        generation = data["target"].get("generation") or "v1"
        with (
            tempfile.TemporaryDirectory(prefix="portal-contract-") as lab,
            embedded_lab(Path(lab), generation) as path,
        ):
            yield load_config(path, overrides=overrides, environ={})
        return
    path = config_path or _original(directory) or directory / CONFIG_FILE
    if config_path is None:
        overrides["target"].setdefault("base_url", data["target"]["base_url"])
    if not path.exists():
        raise UsageError(f"{path}: the configuration of the run is not there any more; give --config FILE")
    yield load_config(path, overrides=overrides)


def _original(directory: Path) -> Path | None:
    """The file that the run was configured by, if it is still there: it knows where its secrets are."""
    try:
        header, _ = read_ledger(directory / FILE_NAME)
    except LedgerError:
        return None
    path = Path(header.config) if header.config else None
    return path if path is not None and path.is_file() else None


def _tell(
    console: Console, chosen: Sequence[str], before: Mapping[str, str], report: Mapping[str, Any]
) -> None:
    after = {str(entry["id"]): str(entry["verdict"]) for entry in report["requirements"]}
    words = {"failed": "FAILED", "warned": "FAILED", "passed": "FIXED"}
    for identifier in chosen:
        now = after.get(identifier, "not verified")
        word = words.get(now, "ERROR")
        if word == "FIXED" and before[identifier] == "passed":
            word = "PASSED"
        console.print(f"{word:<7} {identifier}", highlight=False)
