"""Laws over instances: what is created can be read, listed, and deleted, as it was sent."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest

from contract_tests.context import Context
from contract_tests.instances import MAX_SESSION_TTL, MIN_SESSION_TTL, Instances, session_ttls
from contract_tests.planner import plan
from contract_tests.suite.comparison import difference, find, lacking, text
from contract_tests.suite.test_errors import unknown_id
from contract_tests.verifier import CannotTell, Verifier
from spec.loader import Contract

_CREATION_RULES = {
    "bound": "INST-CREATE-05",
    "missing": "INST-CREATE-06",
    "type": "INST-CREATE-07",
    "enum": "INST-CREATE-08",
}


@pytest.mark.verifies(
    "INST-CREATE-01",
    "INST-CREATE-02",
    "INST-CREATE-03",
    "INST-CREATE-12",
    "INST-GET-01",
    "INST-LIST-01",
    "INST-LIST-02",
    "WIRE-01",
    "WIRE-02",
    "WIRE-05",
    "INST-DEL-01",
    "INST-DEL-02",
    "INST-DEL-03",
)
def test_life_of_an_instance(context: Context, instances: Instances, verify: Verifier) -> None:
    """Create two of the same body, read, list, delete one: the other stays as it was."""
    bodies = [instances.body("twin")] * 2
    answers = [
        instances.create(body, purpose=f"create the {which} twin")
        for body, which in zip(bodies, ("first", "second"), strict=True)
    ]
    if answers[0].ok and answers[1].refused:  # names may have to differ
        bodies[1] = instances.body("twin")
        answers[1] = instances.create(bodies[1], purpose="create the second twin under a name of its own")
    for answer in answers:
        verify.demand(
            "INST-CREATE-01",
            answer.ok and isinstance(answer.json(), dict) and isinstance(answer.json().get("id"), str),
            f"a minimal valid body was answered {answer.text}; expected an instance",
        )
        verify.check(
            "INST-CREATE-12", answer.status == 201, f"a creation was answered {answer.status}; expected 201"
        )
    first, second = (answer.json() for answer in answers)
    for body, created in zip(bodies, (first, second), strict=True):
        wrong = lacking(body, created)
        if created.get("auth_integration_id") is not None:
            wrong["auth_integration_id"] = created["auth_integration_id"]
        verify.check("INST-CREATE-02", not wrong, f"sent {body}, the answer has {wrong or 'the same'}")
    verify.check(
        "INST-CREATE-03",
        first["id"] != second["id"],
        f"two creations were both answered with the id {first['id']}",
    )
    for created in (first, second):
        reading = instances.read(created["id"])
        different = difference(created, reading.json())
        verify.check(
            "INST-GET-01",
            reading.ok and not different,
            f"the instance reads {reading.text[:120]}; {different or 'as created'}",
        )
    listing = instances.listing()
    listed = listing.json()
    verify.demand(
        "INST-LIST-01", listing.ok and isinstance(listed, list), f"the list was answered {listing.text[:200]}"
    )
    for created in (first, second):
        found = find(listed, created["id"])
        verify.check(
            "INST-LIST-01",
            len(found) == 1,
            f"the list holds the created instance {len(found)} times; expected once",
        )
        if found:
            different = difference(created, found[0])
            verify.check(
                "INST-LIST-02", not different, f"the list and the reading: {different or 'the same'}"
            )
    _delete_one(context, instances, verify, first, second)


def _delete_one(
    context: Context,
    instances: Instances,
    verify: Verifier,
    first: Mapping[str, Any],
    second: Mapping[str, Any],
) -> None:
    deletion = instances.delete(first["id"])
    verify.check(
        "INST-DEL-01", deletion.status == 204, f"a deletion was answered {deletion.text}; expected 204"
    )
    if deletion.ok:
        gone = (
            instances.reading_until(
                first["id"], deletion, lambda body: False, purpose="read the deleted instance"
            )
            if deletion.status == 202
            else instances.read(first["id"], purpose="read the deleted instance")
        )
        verify.check(
            "INST-DEL-02", gone.status == 404, f"a deleted instance reads {gone.text[:120]}; expected 404"
        )
        again = instances.delete(first["id"], purpose="delete it once more")
        verify.check(
            "INST-DEL-02", again.status == 404, f"deleting it again was answered {again.text}; expected 404"
        )
        update = instances.update(
            first["id"], instances.update_body(first), purpose="update the deleted instance"
        )
        verify.check(
            "INST-DEL-02", update.status == 404, f"updating it was answered {update.text}; expected 404"
        )
        listed = instances.listing(purpose="list after the deletion").json()
        verify.check(
            "INST-DEL-02",
            not find(listed, first["id"]),
            "the list still holds the deleted instance; expected not",
        )
        verify.check(
            "INST-DEL-03",
            bool(find(listed, second["id"])),
            "the list lacks another instance after the deletion; expected it untouched",
        )
    other = instances.read(second["id"], purpose="read the other instance")
    different = difference(second, other.json())
    verify.check(
        "INST-DEL-03",
        other.ok and not different,
        f"after the deletion of one instance another reads {other.text[:120]}; {different or 'unchanged'}",
    )
    instances.delete(second["id"])


@pytest.mark.verifies("WIRE-01", "WIRE-02", "WIRE-05", "ERR-04")
def test_readings_of_what_is_there(context: Context) -> None:
    """The lists, and the first of what each of them holds: all that a run which only reads can see of it."""
    for kind in ("instance", "auth-integration"):
        listed = context.collection(kind).listing().json()
        first = listed[0] if isinstance(listed, list) and listed else None
        identifier = first.get("id") if isinstance(first, dict) else None
        if not isinstance(identifier, str):
            continue
        context.collection(kind).read(identifier)
        if kind == "instance":
            # Not the coupons: a report is no place for codes that somebody else gave out.
            with contextlib.suppress(CannotTell):  # another generation
                context.collection("coupon-schedule").listing(instanceId=identifier)


@pytest.mark.verifies("INST-CREATE-04", "WIRE-03")
@pytest.mark.parametrize("session_ttl", [MIN_SESSION_TTL, MAX_SESSION_TTL])
def test_bounds_are_accepted(
    contract: Contract, instances: Instances, verify: Verifier, session_ttl: int
) -> None:
    if session_ttl not in session_ttls(contract):
        raise CannotTell("the documents of this generation name no bounds of session_ttl")
    answer = instances.create(
        instances.body("bound", session_ttl=session_ttl), purpose=f"create with session_ttl {session_ttl}"
    )
    created = answer.json() if answer.ok else {}
    verify.check(
        "INST-CREATE-04",
        answer.ok and created.get("session_ttl") == session_ttl,
        f"session_ttl {session_ttl} was answered {answer.text[:160]}; expected an instance with it",
    )
    verify.check("WIRE-03", answer.ok, f"session_ttl {session_ttl} was answered {answer.text[:160]}")
    if answer.ok and isinstance(created.get("id"), str):
        instances.delete(created["id"])


@pytest.mark.verifies(*_CREATION_RULES.values(), "INST-CREATE-11", "WIRE-04", "ERR-04")
def test_violations_are_refused(contract: Contract, instances: Instances, verify: Verifier) -> None:
    """One creation for each documented constraint that it breaks; afterwards none of them exists."""
    schema = contract.operations["createInstance"].request_schema()
    assert schema is not None
    tried: dict[str, str] = {}
    for case in plan(schema, {"strategy": "coupon"}):
        if case.valid or case.property == "auth_integration_id":
            continue
        verify.start_scenario()
        body = instances.body("violation", **case.changes)
        answer = instances.create(body, purpose=f"create with {case.what}")
        message = f"a creation with {case.what} was answered {answer.text[:160]}; expected a client error"
        verify.check(_CREATION_RULES[case.kind], answer.refused, message, exchange=answer.key)
        verify.check("WIRE-04", answer.refused, message, exchange=answer.key)
        if answer.refused and isinstance(body.get("name"), str):
            tried[body["name"]] = case.what
        _remove_if_made(instances, answer.json() if answer.ok else None)
    listed = instances.listing(purpose="see whether a refused creation made an instance").json()
    if not isinstance(listed, list):
        raise CannotTell("instances are not listed, so what a refused creation made cannot be seen")
    made = [tried[item["name"]] for item in listed if isinstance(item, dict) and item.get("name") in tried]
    verify.check(
        "INST-CREATE-11",
        not made,
        f"refused creations made instances: {', '.join(made)}" if made else "none was made",
    )


def _remove_if_made(instances: Instances, created: Any) -> None:
    if isinstance(created, dict) and isinstance(created.get("id"), str):
        instances.delete(created["id"])


@pytest.mark.verifies("INST-CREATE-09", "INST-CREATE-10", "INST-UPD-11")
def test_oauth2_needs_an_integration(context: Context, instances: Instances, verify: Verifier) -> None:
    for requirement, integration, what in (
        ("INST-CREATE-09", ..., "without an auth integration"),
        ("INST-CREATE-10", unknown_id(context.seed + 1), "with an integration that nobody created"),
    ):
        body = instances.body("oauth2", strategy="oauth2", auth_integration_id=integration)
        answer = instances.create(body, purpose=f"create an oauth2 instance {what}")
        verify.check(
            requirement,
            answer.refused,
            f"an oauth2 instance {what} was answered {answer.text[:160]}; expected a client error",
            exchange=answer.key,
        )
        _remove_if_made(instances, answer.json() if answer.ok else None)
    verify.start_scenario()
    instance = instances.make("stays coupon")
    answer = instances.change(
        instance, purpose="update it to oauth2 without an integration", strategy="oauth2"
    )
    verify.check(
        "INST-UPD-11",
        answer.refused,
        f"an update to oauth2 without an integration was answered {answer.text[:160]}; expected a client error",
    )
    instances.delete(instance["id"])


# Short, as the longest name that a deployment takes is not documented.
DEMANDING = ("\"q\" 'a' \\ /%20", "<b>&amp;</b> ${y}", "Gäste 访客 ضيوف 📶")


@pytest.mark.verifies("INST-CREATE-13")
@pytest.mark.parametrize("characters", DEMANDING)
def test_names_come_back(instances: Instances, verify: Verifier, characters: str) -> None:
    """Characters that careless handling spoils; composed forms only, no white space at the ends."""
    name = f"{instances.name('x')} {characters}"
    answer = instances.create(instances.body(name=name), purpose="create with a demanding name")
    created = answer.json() if answer.ok else None
    if not isinstance(created, dict) or not isinstance(created.get("id"), str):
        verify.check("INST-CREATE-13", False, f"the name {name!r} was answered {answer.text[:160]}")
        return
    now = instances.read(created["id"]).json()
    found = now.get("name") if isinstance(now, dict) else None
    verify.check("INST-CREATE-13", text(found) == text(name), f"sent the name {name!r}, it reads {found!r}")
    instances.delete(created["id"])
