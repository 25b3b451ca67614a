"""The files on disk: all of them, whole, and quickly."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from contract_tests.events import Event, Exchange, Judgement, Outcome
from contract_tests.report.model import RunInfo
from contract_tests.report.write import render_reports, write_reports
from contract_tests.verdicts import RunResult, judge
from spec.catalogue import Requirement

NAMES = ["report.json", "report.html", "junit.xml", "exchanges.har"]


def test_writes_every_file_and_nothing_else(tmp_path: Path, info: RunInfo, failing: RunResult) -> None:
    directory = tmp_path / "deep" / "out"
    assert write_reports(directory, info, failing) == [directory / name for name in NAMES]
    assert sorted(path.name for path in directory.iterdir()) == sorted(NAMES)
    for name, content in render_reports(info, failing).items():
        assert (directory / name).read_bytes() == content


def test_replaces_an_older_report(
    tmp_path: Path, info: RunInfo, failing: RunResult, conforming: RunResult
) -> None:
    write_reports(tmp_path, info, failing)
    write_reports(tmp_path, info, conforming)
    assert json.loads((tmp_path / "report.json").read_bytes())["conforms"] is True


def test_a_failed_write_keeps_the_older_report_and_no_scraps(
    tmp_path: Path, info: RunInfo, failing: RunResult, conforming: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_reports(tmp_path, info, failing)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    whole = Path.write_bytes

    def full_disk(path: Path, data: bytes) -> int:
        if "junit" in path.name:
            whole(path, data[:10])
            raise OSError(28, "No space left on device")
        return whole(path, data)

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_reports(tmp_path, info, conforming)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_same_run_gives_the_same_bytes(info: RunInfo, failing: RunResult) -> None:
    assert render_reports(info, failing) == render_reports(info, failing)


def test_a_large_run_is_written_within_a_second(
    tmp_path: Path,
    info: RunInfo,
    exchange: Callable[..., Exchange],
    requirement: Callable[..., Requirement],
) -> None:
    body = json.dumps(
        [{"id": f"{number:08x}", "name": "Lobby", "ttl": 3600} for number in range(20)]
    ).encode()
    events: list[Event] = [
        exchange(f"w0-{number}", "POST", request_body=body[:300], response_body=body)
        for number in range(1000)
    ]
    for number in range(100):
        keys = tuple(f"w0-{number * 10 + step}" for step in range(10))
        outcome: Outcome = "failed" if number % 4 == 0 else "passed"
        events.append(Judgement(f"R-{number}", outcome, "expected 409, observed 201", "t", keys))
    result = judge(
        [requirement(f"R-{number}", f"Rule {number} holds.") for number in range(100)], events, seconds=9
    )
    started = time.process_time()
    write_reports(tmp_path, info, result, secrets=["tok-4f0c9a7e61", "tok-b-4f0c9a7e61", "router-password"])
    assert time.process_time() - started < 1
