"""Walled garden entries: what is stored is shown, at its own site and nowhere else.

The addresses are from the blocks set aside for documentation, so that no guest gains anything by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.planner import CaseKind, applied, plan
from contract_tests.resources import Collection
from contract_tests.suite.comparison import ENTRY, find, unlike
from contract_tests.suite.schedules import NOT_THERE
from contract_tests.suite.test_errors import unknown_id
from contract_tests.verifier import CannotTell, Verifier
from spec.loader import Contract

_STORED = ("name", "type", "ip_address")
# What is created, with the requirement that its success shows.
_VALID: tuple[tuple[str, dict[str, str]], ...] = (
    ("GARDEN-CREATE-01", {"ip_address": "192.0.2.7"}),
    ("GARDEN-CREATE-02", {"ip_address": "198.51.100.0/24"}),
    ("GARDEN-CREATE-03", {"ip_address": "203.0.113.9", "type": "captive-auth"}),
    ("GARDEN-CREATE-03", {"ip_address": "203.0.113.128/25", "type": "captive-portal"}),
)
_LABEL = "Gäste, вход, 登录"  # a name in several scripts is a name
_RULES: Mapping[CaseKind, str] = {
    "missing": "GARDEN-CREATE-04",
    "format": "GARDEN-CREATE-05",
    "enum": "GARDEN-CREATE-06",
    "type": "GARDEN-CREATE-06",
}


class Garden:
    """The entries of one site."""

    def __init__(self, context: Context) -> None:
        self.entries: Collection = context.collection("walled-garden-entry")
        sites = context.config.usable_sites
        self.site = sites[0].id
        self.second = sites[1].id if len(sites) > 1 else None
        self.elsewhere = self.second or context.client.invent(unknown_id(context.seed))

    def body(self, label: str = "open", **changes: str) -> dict[str, Any]:
        return {"name": self.entries.name(label), "ip_address": "192.0.2.7"} | changes

    def create(self, body: Any, *, purpose: str) -> Answer:
        return self.entries.create(body, purpose=purpose, siteId=self.site)

    def make(self, label: str, **changes: str) -> dict[str, Any]:
        return self.entries.make(label, body=self.body(label, **changes), siteId=self.site)

    def read(self, identifier: str, *, purpose: str = "read the entry", site: str | None = None) -> Answer:
        return self.entries.read(identifier, purpose=purpose, siteId=site or self.site)

    def listing(self, *, purpose: str = "list the entries", site: str | None = None) -> Answer:
        return self.entries.listing(purpose=purpose, siteId=site or self.site)

    def delete(
        self, identifier: str, *, purpose: str = "delete the entry", site: str | None = None
    ) -> Answer:
        return self.entries.delete(identifier, purpose=purpose, siteId=site or self.site)


@pytest.fixture
def garden(context: Context) -> Garden:
    return Garden(context)


# Entries at a site reach its router, so these checks keep out of the way of those that watch it.
@pytest.mark.site(0)
@pytest.mark.verifies(
    "GARDEN-CREATE-01",
    "GARDEN-CREATE-02",
    "GARDEN-CREATE-03",
    "GARDEN-GET-01",
    "GARDEN-SITE-01",
    "GARDEN-SITE-02",
    "GARDEN-LIST-01",
    "GARDEN-LIST-02",
    "GARDEN-UPD-01",
    "GARDEN-DEL-01",
    "GARDEN-DEL-02",
    "WIRE-01",
    "WIRE-02",
    "WIRE-05",
    "WIRE-06",
)
def test_a_life_of_entries(garden: Garden, verify: Verifier) -> None:
    made: list[dict[str, Any]] = []
    for requirement, given in _VALID:
        verify.start_scenario()
        body = garden.body(_LABEL, **given)
        answer = garden.create(body, purpose=f"open {given['ip_address']}")
        created = answer.json() if answer.ok else None
        wrong = unlike(body, created, _STORED)
        verify.check(
            requirement,
            answer.ok and not wrong,
            f"an entry with {given} was answered {answer.text[:200]}; expected success"
            + (f", with other values than {wrong}" if wrong else ""),
        )
        if isinstance(created, dict) and isinstance(created.get("id"), str):
            made.append(created)
    if not made:
        raise CannotTell("no entry could be created")
    for one in made:
        _reads_the_same("GARDEN-GET-01", garden, verify, one)
    _at_its_site_alone(garden, verify, made[0])
    _lists(garden, verify, made)
    made[0] = _updated(garden, verify, made[0])

    verify.start_scenario()
    answer = garden.delete(made[0]["id"])
    verify.demand("GARDEN-DEL-01", answer.ok, f"a deletion was answered {answer.text[:200]}; expected 204")
    for what, answer in (
        ("reading it", garden.read(made[0]["id"], purpose="read what was deleted")),
        ("deleting it again", garden.delete(made[0]["id"], purpose="delete what was deleted")),
    ):
        verify.check(
            "GARDEN-DEL-01",
            answer.status == 404,
            f"after the deletion {what} was answered {answer.text[:160]}; expected 404",
        )
    for one in made[1:]:
        _reads_the_same("GARDEN-DEL-02", garden, verify, one)
        garden.delete(one["id"])


def _reads_the_same(requirement: str, garden: Garden, verify: Verifier, one: Mapping[str, Any]) -> None:
    reading = garden.read(one["id"])
    wrong = unlike(one, reading.json(), ENTRY)
    verify.check(
        requirement,
        reading.ok and not wrong,
        f"the entry was answered {reading.text[:200]}; expected {dict(one)}",
    )


def _at_its_site_alone(garden: Garden, verify: Verifier, one: Mapping[str, Any]) -> None:
    verify.start_scenario()
    answer = garden.read(one["id"], purpose="read it under another site", site=garden.elsewhere)
    verify.check(
        "GARDEN-SITE-01",
        answer.refused,
        f"under another site the entry was answered {answer.text[:160]}; expected 404",
    )
    answer = garden.delete(one["id"], purpose="delete it under another site", site=garden.elsewhere)
    reading = garden.read(one["id"], purpose="see whether it is still there")
    verify.check(
        "GARDEN-SITE-02",
        not unlike(one, reading.json(), ENTRY),
        f"a deletion under another site was answered {answer.text[:160]}; then the entry was answered "
        f"{reading.text[:160]}; expected it as it was",
    )


def _lists(garden: Garden, verify: Verifier, made: list[dict[str, Any]]) -> None:
    verify.start_scenario()
    listed = garden.listing()
    if listed.status in NOT_THERE:
        for requirement in ("GARDEN-LIST-01", "GARDEN-LIST-02"):
            verify.cannot_tell(requirement, f"entries are not listed: {listed.text[:120]}")
        return
    for one in made:
        found = find(listed.json(), one["id"])
        wrong = unlike(one, found[0], ENTRY) if len(found) == 1 else None
        verify.check(
            "GARDEN-LIST-01",
            len(found) == 1 and not wrong,
            f"the list, answered {listed.status}, holds {one['ip_address']} {len(found)} time(s)"
            + (f", with {wrong}" if wrong else "")
            + "; expected once, as it is read",
        )
    if garden.second is None:
        verify.cannot_tell("GARDEN-LIST-02", "[[sites]] names one site alone")
        return
    elsewhere = garden.listing(purpose="list the entries of another site", site=garden.second)
    if not elsewhere.ok:
        verify.cannot_tell("GARDEN-LIST-02", f"the list of another site was answered {elsewhere.text[:120]}")
        return
    strangers = [one["ip_address"] for one in made if find(elsewhere.json(), one["id"])]
    verify.check(
        "GARDEN-LIST-02",
        not strangers,
        f"the list of another site holds {', '.join(strangers) or 'none'} of the entries; expected none",
    )


def _updated(garden: Garden, verify: Verifier, one: dict[str, Any]) -> dict[str, Any]:
    verify.start_scenario()
    body = garden.body("renamed", ip_address="192.0.2.64/26", type="captive-portal")
    answer = garden.entries.update(
        one["id"], body, purpose="change name, address and type", siteId=garden.site
    )
    if answer.status in NOT_THERE:
        verify.cannot_tell("GARDEN-UPD-01", f"entries are not updated: {answer.text[:120]}")
        return one
    reading = garden.entries.reading_until(
        one["id"],
        answer,
        lambda now: not unlike(body, now, _STORED),
        purpose="read it after the update",
        siteId=garden.site,
    )
    wrong = unlike(one | body, reading.json(), ENTRY)
    verify.check(
        "GARDEN-UPD-01",
        answer.ok and not wrong,
        f"an update to {body} was answered {answer.text[:160]}, then reads {wrong or 'as it should'}",
    )
    return one | body if answer.ok and not wrong else one


@pytest.mark.site(0)
@pytest.mark.verifies(
    "GARDEN-CREATE-04",
    "GARDEN-CREATE-05",
    "GARDEN-CREATE-06",
    "GARDEN-CREATE-07",
    "GARDEN-UPD-02",
)
def test_bodies_that_are_refused(contract: Contract, garden: Garden, verify: Verifier) -> None:
    """One violation at a time; refusals make nothing and change nothing."""
    schema = contract.operations["createWalledGardenEntry"].request_schema()
    assert schema is not None
    one = garden.make("steady")
    tried = set()
    for case in plan(schema, {}):
        if case.valid:
            continue
        verify.start_scenario()
        body = applied(garden.body("violation"), case)
        answer = garden.create(body, purpose=f"create with {case.what}")
        message = f"an entry with {case.what} was answered {answer.text[:160]}; expected a client error"
        verify.check(_RULES[case.kind], answer.refused, message, exchange=answer.key)
        if answer.refused and isinstance(body.get("name"), str):
            tried.add(body["name"])
        created = answer.json() if answer.ok else None
        if isinstance(created, dict) and isinstance(created.get("id"), str):
            garden.delete(created["id"])
    answer = garden.listing(purpose="see whether a refused creation made an entry")
    listed = answer.json() if answer.ok else None
    if isinstance(listed, list):
        made = [
            str(item["name"])
            for item in listed
            if isinstance(item, Mapping) and isinstance(item.get("name"), str) and item["name"] in tried
        ]
        verify.check("GARDEN-CREATE-07", not made, f"refused creations made {', '.join(made) or 'nothing'}")
    else:
        verify.cannot_tell("GARDEN-CREATE-07", f"entries are not listed: {answer.text[:120]}")
    verify.start_scenario()
    answer = garden.entries.update(
        one["id"],
        garden.body("wrong", ip_address="256.1.1.1"),
        purpose="update to what is no address",
        siteId=garden.site,
    )
    reading = garden.read(one["id"], purpose="read after the refused update")
    if answer.status in NOT_THERE:
        verify.cannot_tell("GARDEN-UPD-02", f"entries are not updated: {answer.text[:120]}")
    else:
        verify.check(
            "GARDEN-UPD-02",
            answer.refused and not unlike(one, reading.json(), ENTRY),
            f"an update to an address 256.1.1.1 was answered {answer.text[:160]}, then the entry was answered "
            f"{reading.text[:160]}; expected a client error and the entry as it was",
        )
    garden.delete(one["id"])
