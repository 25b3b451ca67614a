"""Laws over updates: what is sent takes effect, all of it and nothing else; what is refused changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contract_tests.context import Context
from contract_tests.instances import COLOURS, MAX_SESSION_TTL, MIN_SESSION_TTL, Instances
from contract_tests.planner import plan
from contract_tests.suite.comparison import difference, disturbed, instant, lacking, sites_of
from contract_tests.suite.test_errors import unknown_id
from contract_tests.verifier import Verifier
from spec.loader import Contract

_UPDATE_RULES = {"bound": "INST-UPD-05", "type": "INST-UPD-10", "enum": "INST-UPD-10"}
TERMS = 'By connecting you accept the house rules.\nBe kind — 請遵守規則. <no markup> & "quotes"'


def _shows(wanted: dict[str, Any]) -> Callable[[Any], bool]:
    def check(body: Any) -> bool:
        return isinstance(body, dict) and not lacking(wanted, body)

    return check


def _has_sites(expected: dict[str, list[str]]) -> Callable[[Any], bool]:
    return lambda body: sites_of(body) == expected


def _update(
    instances: Instances,
    verify: Verifier,
    requirement: str,
    instance: dict[str, Any],
    what: str,
    wanted: dict[str, Any],
) -> Any:
    """Send the update, judge its answer and a reading after it; gives the body read."""
    answer = instances.change(instance, purpose=f"update {what}", **wanted)
    verify.demand(
        requirement, answer.ok, f"an update of {what} was answered {answer.text[:200]}; expected success"
    )
    reading = instances.reading_until(
        instance["id"], answer, _shows(wanted), purpose=f"read after the update of {what}"
    )
    for where, body in (("its answer", answer.json()), ("a later reading", reading.json())):
        if where == "its answer" and answer.status == 202 and not isinstance(body, dict):
            continue  # accepted for later: the answer need not show it yet
        if where == "its answer" and answer.status == 202 and lacking(wanted, body):
            continue
        missing = lacking(wanted, body)
        verify.check(
            requirement,
            not missing,
            f"an update of {what}: {where} has {missing or 'what was sent'}; sent {wanted}",
        )
    return reading.json()


@pytest.mark.verifies(
    "INST-UPD-01",
    "INST-UPD-02",
    "INST-UPD-03",
    "INST-UPD-08",
    "INST-UPD-09",
    "INST-GET-02",
    "WIRE-01",
    "WIRE-05",
)
def test_updates_take_effect(instances: Instances, verify: Verifier) -> None:
    """Name and session_ttl, then seven colours, then the terms; a bystander stays as it was."""
    instance = instances.make("changing")
    bystander = instances.make("bystander")
    created_at = instance.get("created_at")
    steps: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("INST-UPD-01", "name and session_ttl", {"name": instances.name("changed"), "session_ttl": 7261}),
        (
            "INST-UPD-02",
            "the theme colours",
            {"theme": {colour: f"#1{index}2{index}3{index}" for index, colour in enumerate(COLOURS)}},
        ),
        ("INST-UPD-03", "terms_text", {"terms_text": TERMS}),
    )
    expected: dict[str, Any] = dict(instance)
    for requirement, what, wanted in steps:
        verify.start_scenario()
        now = _update(instances, verify, requirement, expected, what, wanted)
        others = disturbed(expected, now, apart_from=wanted)
        verify.check(requirement, not others, f"an update of {what} also changed {others or 'nothing'}")
        verify.check(
            "INST-GET-02",
            isinstance(now, dict) and instant(now.get("created_at")) == instant(created_at),
            f"created_at was {created_at}, after an update it reads {now.get('created_at') if now else None}",
        )
        expected = now if isinstance(now, dict) else expected
    again = instances.change(expected, purpose="the same update once more")
    reading = instances.read(instance["id"], purpose="read after the repeated update")
    different = difference(expected, reading.json())
    verify.check(
        "INST-UPD-09",
        again.ok and not different,
        f"the same update again was answered {again.status}; {different or 'nothing changed'}",
    )
    other = instances.read(bystander["id"], purpose="read another instance")
    different = difference(bystander, other.json())
    verify.check(
        "INST-UPD-08",
        other.ok and not different,
        f"updates of one instance; another: {different or 'unchanged'}",
    )
    for made in (instance, bystander):
        instances.delete(made["id"])


@pytest.mark.verifies("INST-UPD-05", "INST-UPD-06", "INST-UPD-10", "WIRE-04", "ERR-04")
def test_refused_updates_change_nothing(contract: Contract, instances: Instances, verify: Verifier) -> None:
    """One update for each documented constraint that it breaks, each with a new name that must not stay."""
    instance = instances.make("steadfast")
    schema = contract.operations["updateInstance"].request_schema()
    assert schema is not None
    for case in plan(schema, {"strategy": "coupon"}):
        if case.valid or case.kind == "missing" or case.property == "auth_integration_id":
            continue
        verify.start_scenario()
        changes = {"name": instances.name("refused"), **case.changes}
        answer = instances.change(instance, purpose=f"update with {case.what}", **changes)
        message = f"an update with {case.what} was answered {answer.text[:160]}; expected a client error"
        verify.check(_UPDATE_RULES[case.kind], answer.refused, message, exchange=answer.key)
        verify.check("WIRE-04", answer.refused, message, exchange=answer.key)
        if answer.ok:
            restored = instances.change(instance, purpose="put it back")
            instances.reading_until(
                instance["id"], restored, _shows({"name": instance["name"]}), purpose="read"
            )
    reading = instances.read(instance["id"], purpose="read after all refused updates")
    different = difference(instance, reading.json())
    verify.check(
        "INST-UPD-06", reading.ok and not different, f"after refused updates: {different or 'unchanged'}"
    )
    instances.delete(instance["id"])


@pytest.mark.verifies("INST-UPD-05", "WIRE-03")
def test_bounds_of_updates(instances: Instances, verify: Verifier) -> None:
    instance = instances.make("bounds")
    for session_ttl in (MIN_SESSION_TTL, MAX_SESSION_TTL):
        verify.start_scenario()
        _update(
            instances,
            verify,
            "INST-UPD-05",
            instance,
            f"session_ttl to {session_ttl}",
            {"session_ttl": session_ttl},
        )
    instances.delete(instance["id"])


@pytest.mark.verifies("INST-UPD-07")
def test_read_only_properties(context: Context, instances: Instances, verify: Verifier) -> None:
    """id and created_at in the body of an update: refused or ignored, never taken."""
    instance = instances.make("read-only")
    forged = unknown_id(context.seed + 2)
    for change in ({"id": forged}, {"created_at": "2001-02-03T04:05:06Z"}):
        verify.start_scenario()
        answer = instances.change(instance, purpose=f"update {next(iter(change))}", **change)
        reading = instances.read(instance["id"], purpose="read after it")
        now = reading.json()
        same = reading.ok and isinstance(now, dict)
        kept = same and not difference(instance, now)
        verify.check(
            "INST-UPD-07",
            kept,
            f"an update with {change} was answered {answer.status}; the instance then reads {reading.text[:160]}",
        )
    instances.delete(instance["id"])


@pytest.mark.site(0)
@pytest.mark.verifies("INST-UPD-04")
def test_sites(context: Context, instances: Instances, verify: Verifier) -> None:
    """A site with one subnet, with all, and without: each reads as it was set."""
    site = context.config.usable_sites[0]
    instance = instances.make("sites")
    wishes: list[list[dict[str, Any]]] = [
        [{"id": site.id, "subnets": [site.subnets[0]]}],
        [{"id": site.id, "subnets": list(site.subnets)}],
        [],
    ]
    for wish in wishes:
        expected = sites_of({"sites": wish})
        answer = instances.change(instance, purpose=f"set the sites to {wish}", sites=wish)
        verify.demand(
            "INST-UPD-04",
            answer.ok,
            f"setting the sites to {wish} was answered {answer.text[:200]}; expected success",
        )
        reading = instances.reading_until(
            instance["id"],
            answer,
            _has_sites(expected),
            purpose="read the sites",
        )
        found = sites_of(reading.json())
        verify.check("INST-UPD-04", found == expected, f"the sites were set to {expected} and read {found}")
    instances.delete(instance["id"])
