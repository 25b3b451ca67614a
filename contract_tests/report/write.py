"""Puts the files of a report on disk: all of them, whole, or none."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from contract_tests.report import canary
from contract_tests.report.har import to_har
from contract_tests.report.html import to_html
from contract_tests.report.json_report import to_json
from contract_tests.report.junit import to_junit
from contract_tests.report.model import RunInfo
from contract_tests.verdicts import RunResult, judge

JSON_FILE = "report.json"
HTML_FILE = "report.html"
JUNIT_FILE = "junit.xml"
HAR_FILE = "exchanges.har"


def render_reports(info: RunInfo, result: RunResult) -> dict[str, bytes]:
    """The content of every file by its name, without touching a disk."""
    data = to_json(info, result)
    return {
        JSON_FILE: json.dumps(data, ensure_ascii=False, indent=1).encode("utf-8") + b"\n",
        HTML_FILE: to_html(info, result).encode("utf-8"),
        JUNIT_FILE: to_junit(info, result),
        HAR_FILE: to_har(info, result),
    }


def write_reports(
    directory: Path, info: RunInfo, result: RunResult, *, secrets: Sequence[str] = ()
) -> list[Path]:
    """Write report.json, report.html, junit.xml and exchanges.har into the directory; returns their paths.

    Each file is written beside its name and renamed, so a reader never sees half of one. Raises
    `canary.SecretInReportError`, before anything is written, if one of the `secrets` would be in any of them.
    A secret that is a word of every report (such as "password") cannot be told from it and is not looked for.
    """
    files = render_reports(info, result)
    own = _own_words(info, result)
    canary.check(files, [secret for secret in secrets if secret.encode("utf-8", "replace") not in own])
    directory.mkdir(parents=True, exist_ok=True)
    return _replace(directory, files)


def _own_words(info: RunInfo, result: RunResult) -> bytes:
    """What a report on these requirements says before anything has happened."""
    nothing = judge([item.requirement for item in result.requirements], [], seconds=0)
    blank = RunInfo(
        run_id="",
        tag="",
        started_at=info.started_at,
        version="",
        spec_sha256="",
        catalogue_version="",
        seed=0,
        base_url="",
        generation="",
        sites=(),
        capabilities=(),
        command="",
        replay="",
        options={},
        environment={},
    )
    return b"".join(render_reports(blank, nothing).values())


def _replace(directory: Path, files: Mapping[str, bytes]) -> list[Path]:
    written: list[tuple[Path, Path]] = []
    try:
        for name, content in files.items():
            temporary = directory / f".{name}.{os.getpid()}.tmp"
            written.append((temporary, directory / name))
            temporary.write_bytes(content)
        for temporary, final in written:
            temporary.replace(final)
    finally:
        for temporary, _ in written:
            temporary.unlink(missing_ok=True)
    return [final for _, final in written]
