"""Who may call: every operation asks for the bearer token, and a refused request changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.suite.comparison import ENTRY, INTEGRATION, find, unlike
from contract_tests.suite.requests import (
    ABSENT,
    Prepared,
    Surroundings,
    every_operation,
    parents,
    remove,
    surroundings,
    with_one_of_each,
)
from contract_tests.suite.test_errors import unknown_id
from contract_tests.verifier import Verifier

FORGED = "00000000-0000-4000-8000-000000000000:00000000-0000-4000-8000-000000000000:" + "x" * 62
# What has to be as it was, of each kind; an instance is looked at more closely.
_KEPT: Mapping[str, tuple[str, ...]] = {
    "auth-integration": INTEGRATION,
    "coupon-schedule": ("id", "name", "count"),
    "walled-garden-entry": ENTRY,
}


# It makes a walled garden entry, which reaches the router of the site.
@pytest.mark.site(0)
@pytest.mark.verifies("AUTH-01", "AUTH-02", "AUTH-04", "AUTH-05")
def test_credentials_are_required(context: Context, verify: Verifier) -> None:
    """Each operation without a token, some with a forged one; the last readings show that nothing was done."""
    around = with_one_of_each(context, surroundings(context, unknown_id(context.seed)))
    tried: set[str] = set()
    forged: set[str] = set()  # parts of the API whose operations were tried with a forged token
    for prepared in every_operation(context, around):
        verify.start_scenario()
        tried |= {prepared.name} if prepared.name else set()
        what = f"{prepared.operation.id} without Authorization"
        answer = prepared.send(context, purpose=what, token=None)
        _refused(verify, "AUTH-01", around, prepared, answer, what)
        # One way in serves all operations of a part; instances, which cost the most, are tried one by one.
        if prepared.operation.tag in forged and "instance" not in prepared.operation.id.lower():
            continue
        forged.add(prepared.operation.tag)
        what = f"{prepared.operation.id} with a token that nobody issued"
        answer = prepared.send(context, purpose=what, token=FORGED)
        _refused(verify, "AUTH-02", around, prepared, answer, what)
    changes = [*_instance_changes(context, around), *_other_changes(context, around, tried)]
    verify.check(
        "AUTH-04",
        not changes,
        f"after requests without valid credentials: {'; '.join(changes) or 'nothing has changed'}; expected no change",
    )
    remove(context, around)


def _refused(
    verify: Verifier, requirement: str, around: Surroundings, prepared: Prepared, answer: Answer, what: str
) -> None:
    """Judge the answer to a request without valid credentials."""
    open_to_it = not prepared.operation.documented or not around.real(prepared.operation)
    verify.check(
        requirement,
        answer.status == 401 or (open_to_it and answer.status in ABSENT),
        f"{what} was answered {answer.text}; expected 401",
        exchange=answer.key,
    )
    if answer.status == 401:
        challenge = answer.headers.get("www-authenticate", "")
        verify.check(
            "AUTH-05",
            "bearer" in challenge.lower(),
            f"the answer 401 carries WWW-Authenticate {challenge!r}; expected the scheme Bearer",
            exchange=answer.key,
        )


def _instance_changes(context: Context, around: Surroundings) -> list[str]:
    """What a refused request has done to the instance, or made beside it, in words."""
    before = around.resources["instance"]
    reading = context.instances.read(before["id"], purpose="see whether a refused request changed it")
    now = reading.json()
    if not reading.ok or not isinstance(now, dict):
        return [f"the instance was answered {reading.text[:200]}"]
    changes = [
        f"{name} of the instance"
        for name in ("name", "strategy", "session_ttl", "sites")
        if now.get(name) != before.get(name)
    ]
    if bool(_logo(now)) != bool(_logo(before)):
        changes.append("theme.logo of the instance")
    return changes


def _logo(instance: Mapping[str, Any]) -> Any:
    theme = instance.get("theme")
    return theme.get("logo") if isinstance(theme, Mapping) else None


def _other_changes(context: Context, around: Surroundings, tried: set[str]) -> list[str]:
    """What the lists tell: resources that were made, changed or deleted, in words."""
    changes: list[str] = []
    for kind in ("instance", "coupon", *_KEPT):
        if kind not in around.resources and kind != "coupon":
            continue
        collection = context.collection(kind)
        answer = collection.listing(
            purpose="see whether a refused request did something", **parents(collection, around)
        )
        listed = answer.json() if answer.ok else None
        if not isinstance(listed, list):
            continue  # whether there is such a list is judged elsewhere
        if kind == "coupon":
            changes += [f"{len(listed)} coupons were made"] if listed else []
            continue
        changes += [
            f"{item['name']} was made or renamed"
            for item in listed
            if isinstance(item, dict) and isinstance(item.get("name"), str) and item["name"] in tried
        ]
        if kind in _KEPT:
            before = around.resources[kind]
            found = find(listed, before["id"])
            wrong = unlike(before, found[0], _KEPT[kind]) if found else "it is not in its list"
            changes += [f"{kind}: {wrong}"] if wrong else []
    return changes


@pytest.mark.verifies("AUTH-03")
@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("Basic credentials", "Basic YWRtaW46YWRtaW4="),
        ("a scheme without a token", "Bearer"),
        ("an unknown scheme", "Token nobody-issued-this"),
    ],
)
def test_other_credentials_are_refused(context: Context, verify: Verifier, what: str, value: str) -> None:
    answer = context.client.send(
        "GET",
        context.contract.path("listInstances"),
        purpose=f"list with {what}",
        token=None,
        headers={"authorization": value},
    )
    verify.check(
        "AUTH-03", answer.status == 401, f"a list with {what} was answered {answer.text}; expected 401"
    )
