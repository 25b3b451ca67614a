"""Fixtures of the suite that several files use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contract_tests.context import Context
from contract_tests.instances import Instances
from contract_tests.laboratory import Faults, Guests, LabClock, Laboratory
from spec.loader import Contract


@pytest.fixture
def contract(context: Context) -> Contract:
    """The contract that the deployment is judged by."""
    return context.contract


@pytest.fixture(scope="session")
def _kept(context: Context) -> dict[str, dict[str, Any]]:
    return {}


@pytest.fixture
def instance(instances: Instances, context: Context, _kept: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """An instance of the run that tests may read, and update if they put it back; made once, used by many."""
    if "shared" not in _kept or not context.ledger.owns(_kept["shared"]["id"]):
        _kept["shared"] = instances.make("shared")
    return _kept["shared"]


@pytest.fixture(scope="session")
def laboratory(context: Context) -> Iterator[Laboratory]:
    """The optional capabilities of the target."""
    found = Laboratory(context.config.lab)
    yield found
    found.close()


# Tests that use one of these are not collected where the target lacks it (contract_tests.plugin).


@pytest.fixture
def clock(laboratory: Laboratory) -> LabClock:
    """The clock of the laboratory; a test that moves it carries the marker `moves_clock`."""
    assert laboratory.clock is not None
    return laboratory.clock


@pytest.fixture
def guests(laboratory: Laboratory) -> Iterator[Guests]:
    """Guests behind the routers; all of them leave with the test."""
    assert laboratory.guests is not None
    yield laboratory.guests
    laboratory.guests.leave()


@pytest.fixture
def faults(laboratory: Laboratory) -> Iterator[Faults]:
    """Faults of the routers; all of them end with the test."""
    assert laboratory.faults is not None
    yield laboratory.faults
    laboratory.faults.clear()
