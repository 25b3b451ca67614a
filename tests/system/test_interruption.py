"""Runs that are killed, interrupted or cut off: nothing is left behind for good."""

from __future__ import annotations

import contextlib
import random
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.system.between import Between, between, serving
from tests.system.processes import Lab, call, ledger_events, report, running, verdicts, wait_until


def created(directory: Path, number: int) -> Callable[[], bool]:
    """Are so many creations in the ledger?"""
    return lambda: ledger_events(directory).count("created") >= number


@pytest.mark.parametrize("number", [1, 4, 17])
def test_a_killed_run_is_cleaned_up_by_its_ledger(lab: Lab, tmp_path: Path, number: int) -> None:
    with running(
        "run", "--config", lab.path, "--profile", "core", "--report-dir", tmp_path, cwd=tmp_path
    ) as run:
        run.until(created(tmp_path, number), "something is created")
        run.signal(signal.SIGKILL)
        assert run.end()[0] == -signal.SIGKILL
    for expected in (r"\d+ deleted, \d+ already gone, 0 left", r"0 deleted, 0 already gone, 0 left"):
        done = call("cleanup", "ledger.jsonl", "--config", lab.path, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(expected, done.stdout)
        assert lab.instances() == []


@pytest.mark.parametrize("attempt", range(3))
def test_a_run_killed_at_any_moment(
    lab: Lab, untouched: dict[str, Any], tmp_path: Path, attempt: int
) -> None:
    moment = random.SystemRandom().uniform(0, 6)  # seconds; another one each time, and each time it must hold
    ledger = tmp_path / "ledger.jsonl"
    with running("run", "--config", lab.path, "--report-dir", tmp_path, cwd=tmp_path) as run:
        run.until(lambda: ledger.exists() and ledger.stat().st_size > 0, "the ledger is begun")
        time.sleep(moment)
        run.signal(signal.SIGKILL)
        run.end()
    done = call("cleanup", "ledger.jsonl", "--config", lab.path, cwd=tmp_path)
    assert done.returncode == 0, f"killed after {moment:.3f} s: {done.stdout}{done.stderr}"
    assert lab.instances() == [], f"killed after {moment:.3f} s"
    wait_until(lambda: lab.routers() == untouched, f"the routers are what they were ({moment:.3f} s)")


def test_a_run_killed_while_routers_are_provisioned(
    lab: Lab, untouched: dict[str, Any], tmp_path: Path
) -> None:
    with running(
        "run", "--config", lab.path, "--only", "DEV-GUARD-*", "--report-dir", tmp_path, cwd=tmp_path
    ) as run:
        run.until(lambda: lab.routers() != untouched, "a router is provisioned")
        run.signal(signal.SIGKILL)
        run.end()
    assert lab.instances() != []
    done = call("cleanup", "ledger.jsonl", "--config", lab.path, cwd=tmp_path)
    assert done.returncode == 0
    wait_until(lambda: lab.routers() == untouched, "the routers are what they were", patience=15)


def test_workers_do_not_outlive_the_run_that_started_them(lab: Lab, tmp_path: Path) -> None:
    with running(
        "run", "--config", lab.path, "--profile", "core", "--workers", 2, "--rate", "30/s",
        "--report-dir", tmp_path, cwd=tmp_path,
    ) as run:  # fmt: skip
        run.until(created(tmp_path, 2), "something is created")
        run.signal(signal.SIGKILL)
        run.child.wait(timeout=10)
        wait_until(lambda: members(run.child.pid) == [], "the workers have ended", patience=20)
    done = call("cleanup", "ledger.jsonl", "--config", lab.path, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.instances() == []


def members(group: int) -> list[int]:
    """The processes of a group that are alive (Linux)."""
    alive = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = path.read_text("utf-8").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                alive.append(int(path.parent.name))
    return alive


def test_the_next_run_cleans_up_after_a_killed_one(lab: Lab, tmp_path: Path) -> None:
    with running("run", "--config", lab.path, "--profile", "core", "--report-dir", "r", cwd=tmp_path) as run:
        run.until(created(tmp_path / "r", 1), "something is created")
        run.signal(signal.SIGKILL)
        run.end()
    assert lab.resources() != {}
    done = call("run", "--config", lab.path, "--only", "AUTH-03", "--report-dir", "r", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.resources() == {}
    assert not list((tmp_path / "r").glob("ledger-*.jsonl"))


def test_a_run_that_may_not_write_keeps_the_ledger_of_a_killed_one(lab: Lab, tmp_path: Path) -> None:
    with running("run", "--config", lab.path, "--profile", "core", "--report-dir", "r", cwd=tmp_path) as run:
        run.until(created(tmp_path / "r", 1), "something is created")
        run.signal(signal.SIGKILL)
        run.end()
    there = lab.resources()
    done = call(
        "run", "--config", lab.path, "--only", "AUTH-03", "--read-only", "--report-dir", "r", cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.resources() == there != {}
    (kept,) = (tmp_path / "r").glob("ledger-*.jsonl")
    assert f"portal-contract cleanup {kept.relative_to(tmp_path)}\n" in done.stdout
    assert call("cleanup", kept, "--config", lab.path, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("number", "group", "workers"),
    [
        (signal.SIGINT, False, 0),
        (signal.SIGTERM, False, 0),
        (signal.SIGINT, True, 2),
    ],
    ids=["SIGINT", "SIGTERM", "SIGINT to a terminal's whole group"],
)
def test_an_interrupted_run_cleans_up(
    lab: Lab, tmp_path: Path, number: signal.Signals, group: bool, workers: int
) -> None:
    with running(
        "run", "--config", lab.path, "--profile", "core", "--workers", workers, "--report-dir", tmp_path,
        cwd=tmp_path,
    ) as run:  # fmt: skip
        run.until(created(tmp_path, 2), "something is created")
        run.signal(number, group=group)
        code, out, err = run.end(timeout=20)
    assert code == 130, out + err
    assert "Traceback" not in out + err
    assert lab.instances() == []
    assert "failed" not in set(verdicts(tmp_path).values())
    assert "it was interrupted" in {entry["reason"] for entry in report(tmp_path)["requirements"]}
    assert call("cleanup", "ledger.jsonl", "--config", lab.path, cwd=tmp_path).stdout.startswith("0 deleted")


@pytest.mark.parametrize("lives", [3, 30])
def test_a_target_that_dies_in_the_middle(lab: Lab, tmp_path: Path, lives: int) -> None:
    with between(lab.base_url, lives=lives) as dying:
        done = call(
            "run", "--config", lab.path, "--base-url", dying.base_url, "--profile", "core",
            "--report-dir", tmp_path, cwd=tmp_path, timeout=30,
        )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    assert "does not answer any more" in done.stdout.replace("\n", " ")
    assert "Traceback" not in done.stdout + done.stderr
    assert report(tmp_path)["conforms"] is False
    port = int(dying.base_url.split(":")[2].split("/")[0])
    with serving(Between(dying.origin), port=port):
        after = call("cleanup", "ledger.jsonl", "--config", lab.path, cwd=tmp_path)
    assert after.returncode == 0, after.stdout + after.stderr
    assert lab.instances() == []


def test_a_lab_that_is_told_to_stop_stops(tmp_path: Path) -> None:
    with running("lab", "--write-config", "lab.toml", "--sites", 1, cwd=tmp_path) as child:
        path = tmp_path / "lab.toml"
        child.until(path.exists, "the lab has written its configuration")
        assert path.stat().st_mode & 0o077 == 0
        child.signal(signal.SIGTERM)
        code, out, err = child.end(timeout=15)
    assert (code, err) == (0, "")
    assert "Ctrl-C stops it" in out
    assert not path.exists()
