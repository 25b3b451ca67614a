"""Moves of a random walk: auth integrations and walled gardens."""

from __future__ import annotations

from collections.abc import Sequence

from contract_tests.ledger import DEFAULT_TENANT
from contract_tests.suite.comparison import unlike
from contract_tests.suite.integrations import TYPES, integration_body
from contract_tests.suite.walk_instances import to_coupons
from contract_tests.suite.walk_model import GARDEN, INSTANCE, INTEGRATIONS, Resource, Step, step
from contract_tests.suite.walk_state import ADDRESSES, Walk
from contract_tests.verifier import CannotTell


def integration_makers(walk: Walk) -> Sequence[str]:
    return walk.tenants if walk.room(INTEGRATIONS) else ()


def make_integration(walk: Walk, tenant: str, number: int) -> Step | None:
    kind = TYPES[number % len(TYPES)]
    body = integration_body(walk.context, kind, label="walk")
    try:
        created = walk.context.collection(INTEGRATIONS, tenant=tenant).make("walk", body=body)
    except CannotTell:  # no page tells how to make one
        walk.refused.add((INTEGRATIONS,))
        return None
    made = Resource(INTEGRATIONS, tenant, created)
    walk.model.add(made)
    return step("INT-CREATE-02", "create", made)


def any_integration(walk: Walk) -> Sequence[Resource]:
    return walk.model.of(INTEGRATIONS)


def change_integration(walk: Walk, integration: Resource, number: int) -> Step:
    client = f"client-{walk.context.tag}-{number}"
    body = integration_body(walk.context, integration.body["type"], label="renamed", client_id=client)
    collection = walk.collection(integration)
    answer = collection.update(integration.id, body, purpose="change name and client_id")
    named = ("name", "type", "config.client_id", "config.tenant")
    reading = collection.reading_until(
        integration.id, answer, lambda now: not unlike(body, now, named), purpose="read it after the update"
    )
    now = reading.json()
    wrong = unlike(body, now, named) | unlike(integration.body, now, ("id", "created_at"))
    walk.demand(
        "INT-UPD-01",
        answer.ok and reading.ok and not wrong,
        f"an update was answered {answer.text[:160]}, then reads {wrong or 'as it should'}",
    )
    assert isinstance(now, dict)
    integration.body = now
    return step("INT-UPD-01", "update", integration)


def delete_integration(walk: Walk, integration: Resource, number: int) -> Step:
    """In use it may be refused; carried out, its users are given coupons, since their guests cannot sign in."""
    users = walk.model.users_of(integration)
    answer = walk.collection(integration).delete(integration.id)
    if not answer.ok:
        requirement = "INT-DEL-04" if users else "INT-DEL-01"
        walk.demand(
            requirement, bool(users) and answer.refused, f"a deletion was answered {answer.text[:160]}"
        )
        return step(requirement, "update", integration)
    walk.model.remove(integration)
    for user in users:
        reading = walk.instances(user.tenant).read(user.id, purpose="read an instance that used it")
        walk.demand("INT-DEL-04", reading.ok, f"who used a deleted integration reads {reading.text[:160]}")
        to_coupons(walk, user)
    further = [(INSTANCE, user.tenant, "") for user in users]
    return step("INT-DEL-02", "delete", integration, further=further)


def closed(walk: Walk) -> Sequence[tuple[str, str, str]]:
    """Tenant, site and an address that nobody has opened there."""
    if not walk.room(GARDEN):
        return ()
    return [
        (tenant, site, address)
        for address in ADDRESSES
        for site in walk.subnets
        for tenant in walk.tenants
        if ("site", tenant, site) not in walk.refused and address not in walk.model.open_at(site)
    ]


def open(walk: Walk, where: tuple[str, str, str], number: int) -> Step | None:
    tenant, site, address = where
    garden = walk.context.collection(GARDEN, tenant=tenant)
    requirement = "GARDEN-CREATE-02" if "/" in address else "GARDEN-CREATE-01"
    body = {"name": garden.name("walk"), "ip_address": address}
    answer = garden.create(body, purpose=f"open {address}", siteId=site)
    if answer.refused and tenant != DEFAULT_TENANT:
        walk.refused.add(("site", tenant, site))
        return None
    created = answer.json() if answer.ok else None
    wrong = unlike(body, created, (*body, "id"))
    good = isinstance(created, dict) and isinstance(created.get("id"), str) and not wrong
    walk.demand(requirement, good, f"an entry for {address} was answered {answer.text[:160]}")
    assert isinstance(created, dict)
    made = Resource(GARDEN, tenant, created | {"ip_address": address}, site)
    walk.model.add(made)
    return step(requirement, "create", made)


def entries(walk: Walk) -> Sequence[Resource]:
    return walk.model.of(GARDEN)


def movable_entries(walk: Walk) -> Sequence[Resource]:
    return () if (GARDEN, "update") in walk.refused else walk.model.of(GARDEN)


def move_entry(walk: Walk, entry: Resource, number: int) -> Step | None:
    free = [address for address in ADDRESSES if address not in walk.model.open_at(entry.place)]
    garden = walk.collection(entry)
    body = {"name": garden.name("moved"), "ip_address": free[number % len(free)]}
    if isinstance(entry.body.get("type"), str):
        body["type"] = entry.body["type"]
    if garden.kind.update not in walk.context.contract.operations:
        walk.refused.add((GARDEN, "update"))
        return None
    answer = garden.update(entry.id, body, purpose="move the entry", siteId=entry.place)
    if answer.refused:  # no page tells of such an operation
        walk.refused.add((GARDEN, "update"))
        return step("GARDEN-UPD-02", "update", entry)
    reading = garden.reading_until(
        entry.id,
        answer,
        lambda now: not unlike(body, now, body),
        purpose="read it after the update",
        siteId=entry.place,
    )
    now = reading.json()
    wrong = unlike(body, now, body) | unlike(entry.body, now, ("id", "created_at"))
    walk.demand(
        "GARDEN-UPD-01", answer.ok and not wrong, f"an update to {body}, then it reads {reading.text[:160]}"
    )
    assert isinstance(now, dict)
    entry.body = now | {"ip_address": body["ip_address"]}
    return step("GARDEN-UPD-01", "update", entry)


def close(walk: Walk, entry: Resource, number: int) -> Step:
    answer = walk.collection(entry).delete(entry.id, siteId=entry.place)
    walk.demand("GARDEN-DEL-01", answer.ok, f"a deletion was answered {answer.text[:160]}")
    walk.model.remove(entry)
    return step("GARDEN-DEL-01", "delete", entry)
