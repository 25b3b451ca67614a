"""One run from configuration to exit code: preflight, pytest, clean-up, verdict, reports."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import secrets
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from rich.console import Console

from contract_tests.cleanup import CleanupError, clean_up, leftover
from contract_tests.client import TargetLost
from contract_tests.config import (
    LAB_TOKEN_VARIABLE,
    OTHER_TOKEN_VARIABLE,
    ROUTER_PASSWORD_VARIABLE,
    TOKEN_VARIABLE,
    Config,
)
from contract_tests.context import EVENTS_DIRECTORY
from contract_tests.events import Event, Judgement, Problem, read_events
from contract_tests.identity import new_seed, new_tag
from contract_tests.ledger import FILE_NAME, Ledger, LedgerError, RunHeader, read_ledger
from contract_tests.outcome import OUT_OF_BUDGET, OUT_OF_TIME
from contract_tests.plugin import CONFIG_OPTION, REPORT_OPTION, SUITE, TAG_OPTION
from contract_tests.preflight import PreflightError, check_routers, check_target
from contract_tests.report.model import RunInfo
from contract_tests.report.progress import Progress
from contract_tests.report.terminal import print_verdict
from contract_tests.report.write import write_reports
from contract_tests.selection import READ_ONLY, Selection, missing_capabilities, select, unknown_names
from contract_tests.verdicts import RunResult, judge
from contract_tests.waivers import read_baseline, read_waivers
from spec.loader import Contract, load_contract
from spec.version import __version__

CONFORMS, DOES_NOT_CONFORM, USAGE, NOT_JUDGED, INTERRUPTED = 0, 1, 2, 3, 130
CONFIG_FILE = "run.toml"
PYTEST_LOG = "pytest.log"
_PACKAGES = ("schemathesis", "hypothesis", "pytest", "pytest-xdist", "httpx2", "librouteros", "jsonschema-rs")


class UsageError(Exception):
    """The command cannot be carried out as it was given; one sentence."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run is carried out, beside what the configuration says."""

    command: str  # the command line to show; holds no secret
    config_path: Path | None = None
    verbosity: int = 0
    embedded: bool = False


def run(config: Config, settings: Settings, console: Console) -> int:
    """Judge the deployment and write the reports. Returns the exit code; raises `UsageError`, `PreflightError`."""
    contract = load_contract(config.target.generation)
    complaint = unknown_names(config, contract.catalogue)
    if complaint:
        raise UsageError(complaint)
    selection = select(config, contract.catalogue)
    waivers = _waivers(config, contract)
    check_target(config)
    check_routers(config, selection, contract.device)

    directory = Path(config.run.report_dir)
    seed = config.run.seed if config.run.seed is not None else new_seed()
    run_id, tag = secrets.token_hex(8), new_tag()
    try:
        _prepare(directory, config, console)
    except OSError as error:
        raise UsageError(f"{directory}: the report directory cannot be written: {error.strerror}") from None
    effective = _write_config(directory, config, seed)
    ledger = Ledger(directory / FILE_NAME)
    ledger.start(
        RunHeader(
            run_id,
            tag,
            config.target.base_url,
            config.target.generation,
            str(settings.config_path.resolve()) if settings.config_path else None,
        )
    )
    ledger.close()

    started, begun = datetime.now(UTC), time.monotonic()
    with _secrets_in_environment(config):
        watcher = _run_pytest(config, effective, directory, tag, console, settings.verbosity)
    extra = _clean_up_rest(config, directory)
    seconds = time.monotonic() - begun

    recorded = read_events(sorted((directory / EVENTS_DIRECTORY).glob("*.jsonl")))
    events = [*recorded, *watcher.problems, *extra]
    incomplete = "it was interrupted" if watcher.interrupted else _incomplete(events)
    result = judge(
        selection.selected,
        events,
        seconds=seconds,
        unavailable=_ruled_out(config, selection, events) if incomplete is None else selection.unavailable,
        incomplete=incomplete,
        waivers=waivers,
        fail_on=config.run.fail_on,
    )
    info = _info(config, contract, selection, settings, started, run_id, tag, seed, incomplete, directory)
    write_reports(directory, info, result, secrets=config.secrets)
    print_verdict(console, info, result, verbosity=settings.verbosity, directory=directory)
    return INTERRUPTED if watcher.interrupted else exit_code(result)


def _waivers(config: Config, contract: Contract) -> dict[str, str]:
    """The failures that do not count; a waiver speaks for itself before the baseline does."""
    known: dict[str, str] = {}
    if config.run.baseline:
        known |= read_baseline(Path(config.run.baseline))
    if config.run.waivers:
        known |= read_waivers(Path(config.run.waivers), contract.catalogue, datetime.now(UTC).date())
    return known


def exit_code(result: RunResult) -> int:
    if not result.judged:
        return NOT_JUDGED
    return CONFORMS if result.conforms else DOES_NOT_CONFORM


def _prepare(directory: Path, config: Config, console: Console) -> None:
    """An empty place for this run. A ledger that still holds something is worked off or kept, never lost."""
    directory.mkdir(parents=True, exist_ok=True)
    ledger = directory / FILE_NAME
    if ledger.exists():
        try:
            header, resources = read_ledger(ledger)
        except LedgerError:
            header, resources = None, ()
        if resources and header is not None:
            kept = directory / f"ledger-{header.run_id}.jsonl"
            ledger.replace(kept)
            left = len(resources)
            with contextlib.suppress(CleanupError, LedgerError, TargetLost):
                if not config.run.read_only:
                    left = len(clean_up(config, kept).left)
            if left:
                console.print(
                    f"An earlier run left {left} resource(s); remove them with: portal-contract cleanup {kept}",
                    markup=False,
                    soft_wrap=True,
                )
            else:
                kept.unlink()
        else:
            ledger.unlink()
    events = directory / EVENTS_DIRECTORY
    for old in events.glob("*.jsonl") if events.exists() else ():
        old.unlink()


def _write_config(directory: Path, config: Config, seed: int) -> Path:
    """The effective configuration as a file without secrets: workers read it, and so can people."""
    data = _without_none(config.public())
    data["target"].pop("other_token_env", None)
    data["target"]["token_env"] = TOKEN_VARIABLE
    if config.target.other_token:
        data["target"]["other_token_env"] = OTHER_TOKEN_VARIABLE
    if config.lab.token:
        data["lab"]["token_env"] = LAB_TOKEN_VARIABLE
    for index, site in enumerate(config.sites):
        if site.router is not None and site.router.password:
            data["sites"][index]["router"]["password_env"] = f"{ROUTER_PASSWORD_VARIABLE}{index}"
    data["run"]["seed"] = seed
    path = directory / CONFIG_FILE
    path.write_text(tomli_w.dumps(data), "utf-8")
    return path


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value


@contextlib.contextmanager
def _secrets_in_environment(config: Config) -> Iterator[None]:
    """Workers get the secrets through the environment, so that none is written to disk."""
    wanted = {
        TOKEN_VARIABLE: config.target.token,
        OTHER_TOKEN_VARIABLE: config.target.other_token,
        LAB_TOKEN_VARIABLE: config.lab.token,
        **{
            f"{ROUTER_PASSWORD_VARIABLE}{index}": site.router.password
            for index, site in enumerate(config.sites)
            if site.router is not None
        },
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update({name: value for name, value in wanted.items() if value})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _Watcher:
    """Follows pytest's reports, with or without workers: feeds the progress display, notes what went wrong."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._started = False
        self.interrupted = False
        self.problems: list[Problem] = []

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.interrupted = self.interrupted or isinstance(excinfo.value, KeyboardInterrupt)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(
                Problem(report.nodeid, f"the suite cannot be loaded: {report.longrepr}"[:2000])
            )

    def pytest_internalerror(self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.problems.append(Problem("pytest", f"{type(excinfo.value).__name__}: {excinfo.value}"))

    def _start(self, total: int) -> None:
        if not self._started:
            self._started = True
            self._progress.start(total)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if session.items:
            self._start(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: Sequence[str]) -> None:
        self._start(len(ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or (report.when == "setup" and not report.passed):
            self._progress.advance(report.nodeid.rpartition("::")[2])


def _run_pytest(
    config: Config, effective: Path, directory: Path, tag: str, console: Console, verbosity: int
) -> _Watcher:
    """Run the suite in this process (and its workers)."""
    arguments = [
        str(SUITE),
        f"--rootdir={SUITE}",
        "-c",
        str(SUITE / "pytest.ini"),
        f"{CONFIG_OPTION}={effective.resolve()}",
        f"{REPORT_OPTION}={directory.resolve()}",
        f"{TAG_OPTION}={tag}",
    ]
    if config.run.workers > 1:
        arguments += ["-n", str(config.run.workers), "--dist", "loadgroup"]
    progress = Progress(console if verbosity >= 0 else Console(quiet=True, force_terminal=False))
    watcher = _Watcher(progress)
    with (directory / PYTEST_LOG).open("w", encoding="utf-8") as log:
        try:
            progress.start(None)
            with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
                pytest.main(arguments, plugins=[watcher])
        except KeyboardInterrupt:
            watcher.interrupted = True
        finally:
            progress.stop()
    return watcher


def _clean_up_rest(config: Config, directory: Path) -> list[Event]:
    """Delete what the workers could not; what is left is listed with the command that removes it."""
    ledger = directory / FILE_NAME
    try:
        _, resources = read_ledger(ledger)
    except LedgerError as error:
        return [Problem("end of the run", str(error))]
    if not resources:
        return []
    try:
        return list(clean_up(config, ledger).left)
    except (CleanupError, LedgerError, TargetLost):
        _, resources = read_ledger(ledger)  # some of it may have been deleted all the same
        return [leftover(resource, ledger) for resource in resources]


def _ruled_out(config: Config, selection: Selection, events: Sequence[Event]) -> Mapping[str, str]:
    """Why requirements are left open by the user's own choice.

    A read-only run rules out more than the catalogue foretells: a check that also writes is given up as a whole.
    """
    if not config.run.read_only:
        return selection.unavailable
    told = {
        event.requirement
        for event in events
        if isinstance(event, Judgement) and event.outcome != "not verified"
    }
    left = {item.id: READ_ONLY for item in selection.selected if item.id not in told}
    return left | dict(selection.unavailable)


def _incomplete(events: Sequence[Event]) -> str | None:
    """Why the run ended before its plan did, if it did."""
    for event in events:
        if isinstance(event, Problem) and event.fatal:
            return event.message
    for event in events:
        if isinstance(event, Judgement) and event.message in (OUT_OF_BUDGET, OUT_OF_TIME):
            return event.message
    return None


def _info(
    config: Config,
    contract: Contract,
    selection: Selection,
    settings: Settings,
    started: datetime,
    run_id: str,
    tag: str,
    seed: int,
    incomplete: str | None,
    directory: Path,
) -> RunInfo:
    missing = missing_capabilities(config)
    wanted = ("api", "write", "site", "second_tenant", "device", "clock", "guest", "faults")
    options: dict[str, object] = {"embedded_lab": True} if settings.embedded else {}
    options |= {key: value for key, value in config.public()["run"].items() if value not in (None, [], False)}
    return RunInfo(
        run_id=run_id,
        tag=tag,
        started_at=started,
        version=__version__,
        spec_sha256=contract.sha256,
        catalogue_version=contract.catalogue.version,
        seed=seed,
        base_url=config.target.base_url,
        generation=config.target.generation,
        sites=tuple(site.id for site in config.sites),
        capabilities=tuple(need for need in wanted if need not in missing),
        command=f"{settings.command} --seed {seed}" if "--seed" not in settings.command else settings.command,
        replay=f"portal-contract replay {shlex.quote(str(directory / 'report.json'))} {{id}}",
        options=options,
        environment={
            "python": platform.python_version(),
            "system": platform.system(),
            **{package: importlib.metadata.version(package) for package in _PACKAGES},
        },
        incomplete=incomplete,
        fail_on=config.run.fail_on,
    )


__all__ = ["PreflightError", "Settings", "UsageError", "exit_code", "run"]
