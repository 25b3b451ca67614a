"""Which of these tests run: those whose clients are installed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.real_clients.lab import NODE_MODULES, PYTHON

HERE = Path(__file__).parent
# Set where every test has to run, as in continuous integration: missing clients are then an error.
EVERY_TOOL = "PORTAL_CONTRACT_EVERY_TOOL"
HINT = "make clients"


def _missing() -> list[str]:
    return [str(path) for path in (PYTHON, NODE_MODULES) if not path.exists()]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests out where the clients are not installed."""
    if not _missing():
        return
    left_out = [item for item in items if HERE in item.path.parents]
    if left_out and os.environ.get(EVERY_TOOL):
        raise pytest.UsageError(f"{EVERY_TOOL} is set and the real clients are not installed: {HINT}")
    if left_out:
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that they were left out, so that nobody takes a run without them for a whole one."""
    if _missing():
        terminalreporter.write_line(f"not run: tests with real clients ({HINT} installs them)", yellow=True)
