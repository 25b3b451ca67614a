"""Fixtures of the suite that several files use."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.context import Context
from contract_tests.instances import Instances
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
