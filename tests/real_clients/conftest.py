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


def _is_installed(item: pytest.Item) -> bool:
    needs_node = any("node" in marker.args for marker in item.iter_markers("tool"))
    return (NODE_MODULES if needs_node else PYTHON).exists()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests whose clients are not installed."""
    left_out = {item for item in items if HERE in item.path.parents and not _is_installed(item)}
    if not left_out:
        return
    if os.environ.get(EVERY_TOOL):
        raise pytest.UsageError(f"{EVERY_TOOL} is set and the real clients are not installed: {HINT}")
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=list(left_out))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that they were left out, so that nobody takes a run without them for a whole one."""
    if not PYTHON.exists() or not NODE_MODULES.exists():
        terminalreporter.write_line(f"not run: tests with real clients ({HINT} installs them)", yellow=True)
