"""Order of the tests: the longest begin first, each in another worker."""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
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
