"""Planned bodies are what they claim to be, by the documented reading of the contract."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from contract_tests.planner import PlannedBody, plan
from spec.loader import Contract

VALID: dict[str, Any] = {"name": "guests", "strategy": "coupon", "session_ttl": 3600}
SITUATION = {"strategy": "coupon"}


def planned(contract: Contract, operation: str) -> list[PlannedBody]:
    schema = contract.operations[operation].request_schema()
    assert schema is not None
    return list(plan(schema, SITUATION))


def applied(case: PlannedBody) -> dict[str, Any]:
    return {name: value for name, value in (VALID | dict(case.changes)).items() if value is not ...}


@pytest.mark.parametrize("operation", ["createInstance", "updateInstance"])
def test_every_planned_body_is_what_the_documented_schema_says(api: Contract, operation: str) -> None:
    validator = api.request_validator(operation, documented_only=True)
    assert validator is not None
    assert validator.is_valid(VALID)
    for case in planned(api, operation):
        assert validator.is_valid(applied(case)) is case.valid, case.what


@pytest.mark.parametrize("operation", ["createInstance", "updateInstance"])
def test_a_planned_violation_is_the_only_one(api: Contract, operation: str) -> None:
    validator = api.request_validator(operation, documented_only=True)
    assert validator is not None
    for case in planned(api, operation):
        if not case.valid:
            assert all(case.property in error for error in validator.errors(applied(case))), case.what


@pytest.mark.parametrize("operation", ["createInstance", "updateInstance"])
def test_a_valid_planned_body_is_valid_by_the_strict_reading_too(api: Contract, operation: str) -> None:
    validator = api.request_validator(operation, documented_only=False)
    assert validator is not None
    for case in planned(api, operation):
        if case.valid:
            assert validator.is_valid(applied(case)), case.what


def test_the_plan_covers_the_documented_constraints_of_a_creation(api: Contract) -> None:
    cases = planned(api, "createInstance")
    whats = [case.what for case in cases]
    assert {"name left out", "strategy left out", "session_ttl left out"} <= set(whats)
    assert {"session_ttl 1200", "session_ttl 604800", "session_ttl 1199", "session_ttl 604801"} <= set(whats)
    assert {case.property for case in cases if case.kind == "enum"} == {"strategy"}
    assert {"name", "strategy", "session_ttl"} <= {case.property for case in cases if case.kind == "type"}
    assert len(set(whats)) == len(whats)


@pytest.mark.parametrize("operation", ["createInstance", "updateInstance"])
def test_nothing_is_planned_for_what_oauth2_alone_knows(api: Contract, operation: str) -> None:
    touched = set(itertools.chain.from_iterable(case.changes for case in planned(api, operation)))
    assert "auth_window_ttl" not in touched


def test_a_constraint_is_planned_in_its_situation_alone() -> None:
    schema = {"properties": {"p": {"minimum": 5, "x-applies-when": {"strategy": "oauth2"}}}}
    assert list(plan(schema, SITUATION)) == []
    assert [case.changes["p"] for case in plan(schema, {"strategy": "oauth2"})] == [5, 4]


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ({"x-source": "inferred", "type": "string", "enum": ["a"]}, []),
        ({"readOnly": True, "type": "integer", "minimum": 1}, []),
        ({"type": "integer", "minimum": 1, "x-inferred": ["minimum", "type"]}, []),
        ({"minimum": 5, "x-inferred": ["maximum"], "maximum": 9}, [5, 4]),
        ({"minimum": 5, "maximum": 9}, [5, 4, 9, 10]),
        ({"enum": ["a"]}, ["unheard-of", "", "AX"]),
    ],
)
def test_only_what_is_documented_is_planned(part: dict[str, Any], changes: list[Any]) -> None:
    cases = list(plan({"properties": {"p": part}}, {}))
    assert [case.changes["p"] for case in cases] == changes


def test_a_required_property_is_left_out_and_set_to_null() -> None:
    schema = {"required": ["p", "q"], "x-inferred-required": ["q"], "properties": {"p": {}, "q": {}}}
    ((missing, null), rest) = list(plan(schema, {}))[:2], list(plan(schema, {}))[2:]
    assert (missing.kind, missing.changes) == ("missing", {"p": ...})
    assert null.changes == {"p": None}
    assert rest == []
    nullable = {"required": ["p"], "properties": {"p": {"nullable": True}}}
    assert [case.kind for case in plan(nullable, {})] == ["missing"]
