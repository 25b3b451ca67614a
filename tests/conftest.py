"""Which tests run, and in which order: those whose programs are there, and the longest first."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

# Set where every test has to run, as in continuous integration: a missing program is then an error.
EVERY_TOOL = "PORTAL_CONTRACT_EVERY_TOOL"

# The programs tests may name in `@pytest.mark.tool`, and the Debian packages they come in.
TOOLS = {
    "chromium": "chromium",
    "node": "nodejs",
    "npm": "npm",
    "postgres": "postgresql",
    "qemu-img": "qemu-utils",
    "qemu-system-x86_64": "qemu-system-x86",
}


# Debian keeps the programs of its PostgreSQL off the path, by version.
_PLACES = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)


def program(name: str) -> str | None:
    """Where a program of the table is, None if it is nowhere."""
    return shutil.which(name, path=_PLACES)


def _missing() -> dict[str, str]:
    return {name: package for name, package in TOOLS.items() if program(name) is None}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests whose programs are missing; put the longest first."""
    missing = _missing()
    left_out = [item for item in items if missing.keys() & set(_tools(item))]
    if left_out and os.environ.get(EVERY_TOOL):
        raise pytest.UsageError(f"{EVERY_TOOL} is set and there is no {_listed(missing)}")
    if left_out:
        items[:] = [item for item in items if item not in set(left_out)]
        config.hook.pytest_deselected(items=left_out)
    _longest_first(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which programs were missing, so that nobody takes a run without them for a whole one."""
    if missing := _missing():
        terminalreporter.write_line(f"not run: tests that need {_listed(missing)}", yellow=True)


def _tools(item: pytest.Item) -> Iterator[str]:
    for marker in item.iter_markers("tool"):
        yield from marker.args


def _listed(missing: Mapping[str, str]) -> str:
    return ", ".join(f"{name} (Debian: {package})" for name, package in sorted(missing.items()))


def _longest_first(items: list[pytest.Item]) -> None:
    """Put tests marked `long` at the head of the workers' shares.

    xdist gives each worker a run of neighbours to begin with, so tests that stand together would wait for each
    other in one worker while the rest have nothing left to do.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    if workers < 2 or not long:
        return
    rest = [item for item in items if not item.get_closest_marker("long")]
    share = -(-len(items) // workers)
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        mine = long[worker::workers]
        taken = max(share - len(mine), 0)
        ordered += [*mine, *rest[:taken]]
        rest = rest[taken:]
    items[:] = [*ordered, *rest]
