"""The table of requests knows every operation, and what two answers say of the same resource compares."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.resources import resource_types
from contract_tests.suite.comparison import ENTRY, INTEGRATION, shown, unlike
from contract_tests.suite.requests import OPTIONS
from spec.loader import GENERATIONS, load_contract

INTEGRATION_READ: dict[str, Any] = {
    "id": "A1B2C3D4-E5F6-47B8-89D0-E1F2A3B4C5D6",
    "name": "sign-in",
    "type": "google",
    "config": {"client_id": "c", "tenant": None},
    "created_at": "2030-01-02T12:00:00Z",
}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_operation_that_takes_a_body_is_in_the_table(generation: str) -> None:
    contract = load_contract(generation)
    assert {operation.id for operation in contract if operation.request_body} <= set(OPTIONS)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_kind_finds_its_operations(generation: str) -> None:
    contract = load_contract(generation)
    kinds = resource_types(contract)
    for kind in kinds.values():
        for operation in (kind.collection, kind.create, kind.item, kind.update, kind.delete):
            assert operation is None or operation in contract.operations
        assert set(kind.parents.values()) <= {*kinds, "site"}
        assert set(kind.references.values()) <= set(kinds)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, set()),
        ({"id": INTEGRATION_READ["id"].lower()}, set()),
        ({"created_at": "2030-01-02T13:00:00.250+01:00"}, set()),
        ({"name": " sign-in\n"}, set()),
        ({"config": {"client_id": "c"}, "note": 1}, set()),
        ({"name": "other"}, {"name"}),
        ({"type": "azure"}, {"type"}),
        ({"config": {"client_id": "d"}}, {"config.client_id"}),
        ({"config": None}, {"config.client_id"}),
        ({"created_at": "2030-01-02T12:00:01Z"}, {"created_at"}),
        ({"created_at": None}, {"created_at"}),
    ],
)
def test_integrations_compare(changes: dict[str, Any], wrong: set[str]) -> None:
    assert set(unlike(INTEGRATION_READ, INTEGRATION_READ | changes, INTEGRATION)) == wrong


@pytest.mark.parametrize(
    ("sent", "answered", "same"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.7/32", True),
        ("192.0.2.0/24", "192.0.2.0/24", True),
        ("192.0.2.0/24", "192.0.2.0", False),
        ("192.0.2.0/24", "192.0.2.0/25", False),
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.7", None, False),
        ("192.0.2.7", ["192.0.2.7"], False),
    ],
)
def test_addresses_compare_as_what_they_open(sent: str, answered: Any, same: bool) -> None:
    assert (not unlike({"ip_address": sent}, {"ip_address": answered}, ENTRY)) is same


@pytest.mark.parametrize("odd", [None, [], "text", 7, {}, {"config": "c"}])
def test_what_is_no_resource_shows_nothing(odd: Any) -> None:
    assert shown(odd, INTEGRATION) == {}
    assert set(unlike(INTEGRATION_READ, odd, INTEGRATION)) == {
        "id", "name", "type", "config.client_id", "created_at",
    }  # fmt: skip
