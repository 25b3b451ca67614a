"""A deployment in the test's own event loop, and the suite run against it from another process.

The deployment lives in this process so that a test can replace any part of it; the suite runs as users run it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from fastapi import FastAPI

from contract_tests.lab import Lab, LabPlan
from contract_tests.lab import lab as start_lab
from reference_impl.app import create_app
from tests.quality.command import run_command

# Hundreds of runs are worth not starting Python for each: a server process that has imported the suite forks one for
# every run. It is a process of its own all the same, with the command line as its only entrance.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "contract_tests.cli",
        "contract_tests.context",
        "contract_tests.generation",
        "contract_tests.properties",
        "contract_tests.run",
        "tests.quality.command",
    ]
)

SETTLE_TIMEOUT = 1.5
"""Seconds the suite waits for a router: many times what the reference needs on a busy machine."""

RUN_TIMEOUT = 100.0
"""Seconds one run of the suite may take before the test gives up on it."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A running lab and the configuration file that `run --config` reads."""

    lab: Lab
    config: Path


@contextlib.asynccontextmanager
async def deployment(
    directory: Path,
    *,
    make_app: Callable[..., FastAPI] = create_app,
    settle_timeout: float = SETTLE_TIMEOUT,
    **plan: Any,
) -> AsyncIterator[Deployment]:
    """Run a lab with the application of `make_app`; `plan` are further fields of `LabPlan`."""
    async with start_lab(
        LabPlan(settle_timeout=settle_timeout, **plan), directory, make_app=make_app
    ) as running:
        config = directory / "lab.toml"
        config.write_text(tomli_w.dumps(running.config()), "utf-8")
        yield Deployment(running, config)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of the suite ended. `report` is report.json; empty when none was written."""

    exit_code: int
    report: dict[str, Any]
    text: str

    def requirement(self, identifier: str) -> dict[str, Any]:
        """The entry of a requirement in the report."""
        for entry in self.report.get("requirements", ()):
            if entry["id"] == identifier:
                return dict(entry)
        raise AssertionError(f"{identifier} is not in the report; the run said:\n{self.text}")

    @property
    def faults(self) -> list[str]:
        """What the report holds against the deployment, a line each: `ID verdict: reason`."""
        return [
            f"{entry['id']} {entry['verdict']}: {entry['reason']}"
            for entry in self.report.get("requirements", ())
            if entry["verdict"] in ("failed", "warned")
        ]


async def judge(
    config: Path,
    report_dir: Path,
    *,
    only: Sequence[str] = (),
    seed: int = 0,
    options: Sequence[str] = (),
    patience: float = RUN_TIMEOUT,
) -> Outcome:
    """Run the suite against a deployment; `only` are requirement ids or globs, `options` further arguments.

    Raises `TimeoutError` when it takes longer than `patience` seconds; the process is gone by then.
    """
    arguments = [
        "run",
        "--config", str(config),
        "--report-dir", str(report_dir),
        "--seed", str(seed),
        *(word for identifier in only for word in ("--only", identifier)),
        *options,
    ]  # fmt: skip
    said = report_dir.with_name(f"{report_dir.name}.txt")
    process = _FORKS.Process(target=run_command, args=(arguments, said))
    process.start()
    try:
        async with asyncio.timeout(patience):
            await _ended(process.sentinel)
    finally:
        process.kill()  # gone already, unless patience ran out
        process.join()
    report = report_dir / "report.json"
    return Outcome(
        exit_code=process.exitcode if process.exitcode is not None else -1,
        report=json.loads(report.read_text("utf-8")) if report.exists() else {},
        text=said.read_text("utf-8", "replace") if said.exists() else "",
    )


async def _ended(sentinel: int) -> None:
    """Wait until the process of this sentinel is gone."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(sentinel, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(sentinel)
