"""Planned bodies are what they claim to be, by the documented reading of the contract."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest

from contract_tests.planner import PlannedBody, plan, thinned
from contract_tests.planner import applied as put_over
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


BODIES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "updateAuthIntegration": (
        {
            "name": "n",
            "type": "azure",
            "config": {"client_id": "c", "client_secret": "s", "tenant": "organizations"},
        },
        {"type": "azure"},
        "config",
    ),
    "createAuthIntegration": (
        {"name": "n", "type": "google", "config": {"client_id": "c", "client_secret": "s"}},
        {"type": "google"},
        "config",
    ),
    "createCoupons": ({"minutes_valid": 5, "count": 3}, {}, ""),
    "createCouponSchedule": (
        {
            "name": "n",
            "count": 3,
            "recurrence_type": "weekly",
            "day_of_week": 1,
            "valid_for_in_minutes": 60,
            "timezone": "UTC",
            "notification_group_id": "ng",
        },
        {"recurrence_type": "weekly"},
        "",
    ),
    "createWalledGardenEntry": ({"name": "n", "ip_address": "192.0.2.1", "type": "captive-auth"}, {}, ""),
}


@pytest.mark.parametrize("operation", BODIES)
def test_bodies_of_every_operation_are_what_they_claim_to_be(api: Contract, operation: str) -> None:
    body, situation, nested = BODIES[operation]
    schema = api.operations[operation].request_schema()
    validator = api.request_validator(operation)
    assert schema is not None
    assert validator is not None
    cases = list(plan(schema, situation, nested=nested))
    assert any(not case.valid for case in cases)
    conditional = set(schema.get("x-required-when", {}))
    for case in cases:
        made = put_over(body, case)
        if case.kind == "format" or (case.kind == "missing" and case.property in conditional):
            continue  # what a JSON schema cannot say
        if case.property in conditional and case.changes == {case.property: None}:
            continue
        assert validator.is_valid(made) is case.valid, case.what
        if not case.valid:
            where = f"{case.within}.{case.property}" if case.within else case.property
            last = where.rpartition(".")[2]
            assert all(last in error for error in validator.errors(made)), case.what


def test_formats_that_a_page_names_are_planned(api: Contract) -> None:
    def planned_formats(operation: str, **situation: Any) -> set[tuple[str, bool]]:
        schema = api.operations[operation].request_schema()
        assert schema is not None
        return {(case.property, case.valid) for case in plan(schema, situation) if case.kind == "format"}

    assert planned_formats("createWalledGardenEntry") == {("ip_address", True), ("ip_address", False)}
    assert planned_formats("createCouponSchedule") == {("timezone", True), ("timezone", False)}
    # An integration has a meaning only where guests sign in with one.
    assert planned_formats("createInstance", strategy="coupon") == set()
    assert planned_formats("createInstance", strategy="oauth2") == {("auth_integration_id", False)}


@pytest.mark.parametrize(
    ("operation", "situation", "asked_for"),
    [
        ("createInstance", {"strategy": "oauth2"}, {"auth_integration_id"}),
        ("createInstance", {"strategy": "coupon"}, set()),
        ("createCouponSchedule", {"recurrence_type": "weekly"}, {"day_of_week"}),
        ("createCouponSchedule", {"recurrence_type": "monthly"}, {"day_of_month"}),
        ("createCouponSchedule", {"recurrence_type": "daily"}, set()),
    ],
)
def test_what_a_situation_asks_for_is_left_out_once(
    api: Contract, operation: str, situation: dict[str, Any], asked_for: set[str]
) -> None:
    schema = api.operations[operation].request_schema()
    assert schema is not None
    missing = {case.property for case in plan(schema, situation) if case.kind == "missing"}
    assert missing & set(schema["x-required-when"]) == asked_for


def test_nested_changes_leave_the_rest_of_the_body(api: Contract) -> None:
    case = PlannedBody("type", "client_id", False, "client_id 5", {"client_id": 5}, within="config")
    body = {"name": "n", "config": {"client_id": "c", "tenant": "t"}}
    assert put_over(body, case) == {"name": "n", "config": {"client_id": 5, "tenant": "t"}}
    assert body["config"] == {"client_id": "c", "tenant": "t"}
    gone = PlannedBody("missing", "config", False, "config left out", {"config": ...})
    assert put_over(body, gone) == {"name": "n"}


def test_thinned_plans_keep_some_of_each(api: Contract) -> None:
    schema = api.operations["updateAuthIntegration"].request_schema()
    assert schema is not None
    every = list(plan(schema, {"type": "azure"}, nested="config"))
    kept = list(thinned(every, each=2))

    def about(case: PlannedBody) -> tuple[str, str, str]:
        return case.within, case.property, case.kind

    assert {about(case) for case in kept} == {about(case) for case in every}
    assert max(Counter(about(case) for case in kept).values()) == 2
    assert kept == [case for case in every if case in kept]
