"""One lab for the whole test run; every test leaves it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.system import processes
from tests.system.processes import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with processes.lab(tmp_path_factory.mktemp("lab")) as started:
        yield started


@pytest.fixture(scope="session")
def untouched(lab: Lab) -> dict[str, Any]:
    """The routers of the lab as they were before any run."""
    return lab.routers()


@pytest.fixture(autouse=True)
def _left_as_it_was(lab: Lab, untouched: dict[str, Any]) -> Iterator[None]:
    yield
    left = lab.resources()
    lab.clear()  # so that one test's fault is not every later test's
    assert left == {}
    processes.wait_until(lambda: lab.routers() == untouched, "the routers are what they were", patience=10)
