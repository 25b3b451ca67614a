"""What a random walk does to a deployment: a table of moves, each with what it can be done to.

A move tells the model what it has done, and judges the answer and what it changed. Everything else is compared
after it (`walk_looks`). What a deployment refuses or does not have where the documents leave that open is learned,
and not asked for again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.coupons import coupons_in, differing
from contract_tests.instances import COLOURS, Instances, session_ttls
from contract_tests.ledger import DEFAULT_TENANT
from contract_tests.resources import Collection, pauses, resource_types
from contract_tests.suite.comparison import disturbed, lacking, sites_of, unlike
from contract_tests.suite.integrations import TYPES, integration_body, oauth2
from contract_tests.suite.schedules import NOT_THERE, CouponDesk
from contract_tests.suite.walk_model import (
    COUPON,
    GARDEN,
    INSTANCE,
    INTEGRATIONS,
    SCHEDULE,
    Instance,
    Model,
    Resource,
    Schedule,
    Step,
    Verb,
)
from contract_tests.verifier import CannotTell

# Networks for documentation (RFC 5737), none beside another: whatever a deployment has open for itself, it is not these.
ADDRESSES = ("203.0.113.20", "192.0.2.64/28", "203.0.113.64/27", "192.0.2.9")
MOST = {INSTANCE: 4, INTEGRATIONS: 3, GARDEN: 5, SCHEDULE: 4}
_DAYS: tuple[dict[str, Any], ...] = (
    {},
    {"recurrence_type": "weekly", "day_of_week": 4, "timezone": "Asia/Tokyo"},
    {"recurrence_type": "monthly", "day_of_month": 28, "timezone": "America/New_York"},
)


@dataclass(slots=True)
class Walk:
    """One walk: the model, and what was learned of the deployment.

    `subnets` maps the id of each site to those the suite may use there.
    """

    context: Context
    tenants: Sequence[str]
    subnets: Mapping[str, Sequence[str]]
    model: Model = field(default_factory=Model)
    refused: set[tuple[str, ...]] = field(default_factory=set)
    _desks: dict[str, CouponDesk] = field(default_factory=dict)

    def has(self, kind: str) -> bool:
        """Has the generation this kind, and lets the deployment make some?"""
        return kind in resource_types(self.context.contract) and (kind,) not in self.refused

    def collection(self, resource: Resource) -> Collection:
        return self.context.collection(resource.kind, tenant=resource.tenant)

    def instances(self, tenant: str) -> Instances:
        return self.context.instances_of(tenant)

    def desk(self, tenant: str) -> CouponDesk:
        if tenant not in self._desks:
            self._desks[tenant] = CouponDesk(self.context, tenant)
        return self._desks[tenant]

    def demand(self, requirement: str, holds: bool, message: str) -> None:
        self.context.verifier.demand(requirement, holds, message)

    def room(self, kind: str) -> bool:
        return self.has(kind) and len(self.model.of(kind)) < MOST[kind]


def _step(requirement: str, verb: Verb, *resources: Resource) -> Step:
    return Step(resources[0].kind, verb, frozenset(each.id for each in resources), requirement)


# Instances.


def _makers(walk: Walk) -> Sequence[str]:
    return walk.tenants if walk.room(INSTANCE) else ()


def _make_instance(walk: Walk, tenant: str, number: int) -> Step:
    """With the strategy oauth2 every other time, if the tenant has an integration."""
    integrations = walk.model.of(INTEGRATIONS, tenant)
    login = oauth2(integrations[number % len(integrations)].body) if integrations and number % 2 == 0 else {}
    requirement = "INT-USE-01" if login else "INST-CREATE-01"
    shortest, longest = session_ttls(walk.context.contract)
    instances = walk.instances(tenant)
    body = instances.body("walk", session_ttl=shortest + number * 61 % (longest - shortest), **login)
    answer = instances.create(body, purpose="create an instance")
    created = answer.json() if answer.ok else None
    good = isinstance(created, dict) and isinstance(created.get("id"), str)
    walk.demand(requirement, good, f"a creation was answered {answer.text[:160]}")
    assert isinstance(created, dict)
    wrong = lacking(body, created)
    walk.demand("INST-CREATE-02", not wrong, f"created from {body}, the answer has {wrong or 'the same'}")
    made = Instance(INSTANCE, tenant, created)
    walk.model.add(made)
    return _step(requirement, "create", made)


def _update(walk: Walk, requirement: str, instance: Instance, what: str, **changes: Any) -> Answer:
    """Send an update with `changes`. If it succeeds, the instance has to show it, and nothing else has to change."""
    instances = walk.instances(instance.tenant)
    answer = instances.change(instance.body, purpose=what, **changes)
    if not answer.ok:
        return answer
    wanted = {name: value for name, value in changes.items() if value is not ...}
    signs_in = wanted.get("strategy", instance.body.get("strategy")) == "oauth2"

    def shows(body: Any) -> bool:
        if not isinstance(body, dict) or lacking(wanted, body):
            return False
        return signs_in or body.get("auth_integration_id") is None

    reading = instances.reading_until(instance.id, answer, shows, purpose="read it after the update")
    body = reading.json()
    walk.demand(requirement, shows(body), f"after {what} it reads {reading.text[:300]}")
    others = disturbed(instance.body, body, apart_from=changes)
    walk.demand(requirement, not others, f"{what} also changed {others or 'nothing'}")
    instance.body = body
    return answer


def _must_update(walk: Walk, requirement: str, instance: Instance, what: str, **changes: Any) -> Step:
    answer = _update(walk, requirement, instance, what, **changes)
    walk.demand(requirement, answer.ok, f"{what} was answered {answer.text[:160]}")
    return _step(requirement, "update", instance)


def _any_instance(walk: Walk) -> Sequence[Instance]:
    return walk.model.instances()


def _configure(walk: Walk, instance: Instance, number: int) -> Step:
    """Another name, colour, text or session."""
    shortest, longest = session_ttls(walk.context.contract)
    theme = instance.body.get("theme")
    colours = {
        name: theme[name]
        for name in COLOURS
        if isinstance(theme, Mapping) and isinstance(theme.get(name), str)
    }
    requirement, changes = (
        ("INST-UPD-01", {"session_ttl": shortest + number * 367 % (longest - shortest)}),
        ("INST-UPD-01", {"name": walk.instances(instance.tenant).name("renamed")}),
        ("INST-UPD-02", {"theme": colours | {COLOURS[number % len(COLOURS)]: f"#{number * 4099:06x}"}}),
        ("INST-UPD-03", {"terms_text": f"Terms {number}."}),
    )[number % 4]
    return _must_update(walk, requirement, instance, f"an update of {', '.join(changes)}", **changes)


def _strategies(walk: Walk) -> Sequence[Instance]:
    # What becomes of the schedules of an instance whose guests sign in is left open.
    return [
        each
        for each in walk.model.instances()
        if each.signs_in or (walk.model.of(INTEGRATIONS, each.tenant) and not walk.model.schedules(each.id))
    ]


def _change_strategy(walk: Walk, instance: Instance, number: int) -> Step:
    if instance.signs_in:
        return _to_coupons(walk, instance)
    integrations = walk.model.of(INTEGRATIONS, instance.tenant)
    instance.doubt(instance.coupons)
    login = oauth2(integrations[number % len(integrations)].body)
    return _must_update(walk, "INT-USE-02", instance, "a change of strategy to oauth2", **login)


def _to_coupons(walk: Walk, instance: Instance) -> Step:
    changes = {"strategy": "coupon", "auth_integration_id": ..., "auth_window_ttl": ...}
    return _must_update(walk, "INT-USE-02", instance, "a change of strategy to coupon", **changes)


def _delete_instance(walk: Walk, instance: Instance, number: int) -> Step:
    answer = walk.collection(instance).delete(instance.id)
    walk.demand("INST-DEL-02", answer.ok, f"a deletion was answered {answer.text[:160]}")
    walk.model.remove(instance)
    return _step("INST-DEL-02", "delete", instance)


# Sites and subnets.

Place = tuple[Instance, str, str]  # an instance, a site, one of its subnets


def _free_subnets(walk: Walk) -> Sequence[Place]:
    return [
        (instance, site, subnet)
        for site, subnets in walk.subnets.items()
        for subnet in subnets
        if subnet not in walk.model.holders(site)
        for instance in walk.model.instances()
        if ("site", instance.tenant, site) not in walk.refused
        and (("several sites",) not in walk.refused or not instance.subnets.keys() - {site})
    ]


def _sites(subnets: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    return [{"id": site, "subnets": list(names)} for site, names in subnets.items() if names]


def _with(instance: Instance, site: str, subnet: str) -> dict[str, list[str]]:
    return instance.subnets | {site: [*instance.subnets.get(site, ()), subnet]}


def _without(instance: Instance, site: str, subnet: str) -> dict[str, list[str]]:
    left = {
        name: [each for each in subnets if (name, each) != (site, subnet)]
        for name, subnets in instance.subnets.items()
    }
    return {name: subnets for name, subnets in left.items() if subnets}


def _give(walk: Walk, place: Place, number: int) -> Step:
    instance, site, subnet = place
    wanted = _with(instance, site, subnet)
    answer = _update(walk, "INST-UPD-04", instance, f"an update that adds {subnet}", sites=_sites(wanted))
    if answer.refused and len(wanted) > 1:
        walk.refused.add(("several sites",))
    elif answer.refused and instance.tenant != DEFAULT_TENANT:
        walk.refused.add(("site", instance.tenant, site))
    else:
        walk.demand(
            "INST-UPD-04", answer.ok, f"an update that adds {subnet} was answered {answer.text[:160]}"
        )
        instance.subnets = wanted
    return _step("INST-UPD-04" if answer.ok else "INST-UPD-06", "update", instance)


def _held_subnets(walk: Walk) -> Sequence[Place]:
    return [
        (instance, site, subnet)
        for site in walk.subnets
        for subnet, instance in walk.model.holders(site).items()
    ]


def _take_away(walk: Walk, place: Place, number: int) -> Step:
    instance, site, subnet = place
    instance.subnets = _without(instance, site, subnet)
    return _must_update(walk, "INST-UPD-04", instance, f"an update without {subnet}", sites=instance.sites)


def _wanted_subnets(walk: Walk) -> Sequence[tuple[Place, Instance]]:
    """Subnets that one instance has and another one of the tenant may ask for."""
    return [
        (place, taker)
        for place in _held_subnets(walk)
        for taker in walk.model.instances(place[0].tenant)
        if taker is not place[0] and not taker.subnets.keys() - {place[1]}
    ]


def _hand_over(walk: Walk, wanted: tuple[Place, Instance], number: int) -> Step:
    """Ask for a subnet that another instance has. Taken over, refused, held by both: all lead to the same."""
    (giver, site, subnet), taker = wanted
    left, gained = _without(giver, site, subnet), _with(taker, site, subnet)
    answer = _update(walk, "INST-UPD-04", taker, f"an update that asks for {subnet}", sites=_sites(gained))
    if answer.ok:
        reading = walk.instances(giver.tenant).read(giver.id, purpose="read who had the subnet")
        now = reading.json()
        others = disturbed(giver.body, now, apart_from={"sites": []})
        walk.demand("INST-UPD-08", reading.ok and not others, f"who gave a subnet reads {reading.text[:200]}")
        giver.body = now
    else:
        walk.demand("INST-UPD-04", answer.refused, f"asking for {subnet} was answered {answer.text[:160]}")
    giver.subnets = left
    if sites_of(giver.body) != {name.lower(): sorted(subnets) for name, subnets in left.items()}:
        _must_update(walk, "INST-UPD-04", giver, f"an update without {subnet}", sites=giver.sites)
    taker.subnets = gained
    if not answer.ok:
        _must_update(walk, "INST-UPD-04", taker, f"an update that adds {subnet}", sites=taker.sites)
    return _step("INST-UPD-04", "update", taker, giver)


# Auth integrations.


def _integration_makers(walk: Walk) -> Sequence[str]:
    return walk.tenants if walk.room(INTEGRATIONS) else ()


def _make_integration(walk: Walk, tenant: str, number: int) -> Step | None:
    kind = TYPES[number % len(TYPES)]
    body = integration_body(walk.context, kind, label="walk")
    try:
        created = walk.context.collection(INTEGRATIONS, tenant=tenant).make("walk", body=body)
    except CannotTell:  # no page tells how to make one
        walk.refused.add((INTEGRATIONS,))
        return None
    made = Resource(INTEGRATIONS, tenant, created)
    walk.model.add(made)
    return _step("INT-CREATE-02", "create", made)


def _any_integration(walk: Walk) -> Sequence[Resource]:
    return walk.model.of(INTEGRATIONS)


def _change_integration(walk: Walk, integration: Resource, number: int) -> Step:
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
    return _step("INT-UPD-01", "update", integration)


def _delete_integration(walk: Walk, integration: Resource, number: int) -> Step:
    """In use it may be refused; carried out, its users are given coupons, since their guests cannot sign in."""
    users = walk.model.users_of(integration)
    answer = walk.collection(integration).delete(integration.id)
    if not answer.ok:
        requirement = "INT-DEL-04" if users else "INT-DEL-01"
        walk.demand(
            requirement, bool(users) and answer.refused, f"a deletion was answered {answer.text[:160]}"
        )
        return _step(requirement, "update", integration)
    walk.model.remove(integration)
    for user in users:
        reading = walk.instances(user.tenant).read(user.id, purpose="read an instance that used it")
        walk.demand("INT-DEL-04", reading.ok, f"who used a deleted integration reads {reading.text[:160]}")
        _to_coupons(walk, user)
    return _step("INT-DEL-02", "delete", integration)


# Walled gardens.


def _closed(walk: Walk) -> Sequence[tuple[str, str, str]]:
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


def _open(walk: Walk, where: tuple[str, str, str], number: int) -> Step | None:
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
    return _step(requirement, "create", made)


def _entries(walk: Walk) -> Sequence[Resource]:
    return walk.model.of(GARDEN)


def _movable_entries(walk: Walk) -> Sequence[Resource]:
    return () if (GARDEN, "update") in walk.refused else walk.model.of(GARDEN)


def _move_entry(walk: Walk, entry: Resource, number: int) -> Step | None:
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
        return _step("GARDEN-UPD-02", "update", entry)
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
    return _step("GARDEN-UPD-01", "update", entry)


def _close(walk: Walk, entry: Resource, number: int) -> Step:
    answer = walk.collection(entry).delete(entry.id, siteId=entry.place)
    walk.demand("GARDEN-DEL-01", answer.ok, f"a deletion was answered {answer.text[:160]}")
    walk.model.remove(entry)
    return _step("GARDEN-DEL-01", "delete", entry)


# Coupons and schedules.


def _with_coupons(walk: Walk) -> Sequence[Instance]:
    """Whether an instance whose guests sign in has coupons is left open."""
    if not walk.has(COUPON):
        return ()
    return [each for each in walk.model.instances() if not each.signs_in]


def _make_coupons(walk: Walk, instance: Instance, number: int) -> Step:
    body = {"minutes_valid": 600 + number, "count": 1 + number % 3}
    answer = walk.desk(instance.tenant).create(instance.body, body)
    coupons = coupons_in(answer.json()) if answer.ok else []
    walk.demand(
        "COUPON-01",
        len(coupons) == body["count"],
        f"a batch of {body['count']} was answered {answer.status} with {len(coupons)} coupons",
    )
    instance.coupons |= {coupon.id: coupon for coupon in coupons}
    return Step(COUPON, "create", frozenset({instance.id}), "COUPON-10")


def _with_schedules(walk: Walk) -> Sequence[Instance]:
    return _with_coupons(walk) if walk.room(SCHEDULE) else ()


def _make_schedule(walk: Walk, instance: Instance, number: int) -> Step | None:
    try:
        body, created = walk.desk(instance.tenant).make(
            instance.body, "walk", count=1 + number % 3, **_DAYS[number % len(_DAYS)]
        )
    except CannotTell:  # no page tells how to make one
        walk.refused.add((SCHEDULE,))
        return None
    wrong = differing(body, created)
    walk.demand("SCHED-01", not wrong, f"sent {body}, the answer has {wrong or 'the same'}")
    made = Schedule(SCHEDULE, instance.tenant, created, instance.id)
    instance.had_schedules = True
    walk.model.add(made)
    return _step("SCHED-03", "create", made)


def _any_schedule(walk: Walk) -> Sequence[Schedule]:
    return walk.model.schedules()


def _change_schedule(walk: Walk, schedule: Schedule, number: int) -> Step:
    instance, desk = walk.model.instance(schedule.place), walk.desk(schedule.tenant)
    group = schedule.body.get("notification_group_id")
    body = desk.body("changed", count=1 + number % 3, **_DAYS[number % len(_DAYS)])
    if "notification_group_id" in body and isinstance(group, str):
        body["notification_group_id"] = group
    answer = desk.change(instance.body, schedule.body, body, "all of it")
    walk.demand("SCHED-13", answer.ok, f"an update to {body} was answered {answer.text[:160]}")
    if answer.status == 202:
        for pause in pauses(desk.schedules.settle_timeout):
            if not differing(body, desk.look(instance.body, schedule.body)):
                break
            time.sleep(pause)
    schedule.body |= body
    return _step("SCHED-13", "update", schedule)


def _runnable(walk: Walk) -> Sequence[Schedule]:
    return () if (SCHEDULE, "run") in walk.refused else walk.model.schedules()


def _run_schedule(walk: Walk, schedule: Schedule, number: int) -> Step | None:
    """Run it now, where that is offered; the coupons of the run are looked for in the list."""
    instance, desk = walk.model.instance(schedule.place), walk.desk(schedule.tenant)
    answer = desk.run(instance.body, schedule.body)
    if answer.status in NOT_THERE:
        walk.refused.add((SCHEDULE, "run"))
        return None
    known = {*instance.coupons, *instance.doubtful}
    count = int(schedule.body["count"])
    new = {}
    for pause in (0.0, *pauses(desk.schedules.settle_timeout)):
        time.sleep(pause)
        listed = desk.listed(instance.body, purpose="look for the coupons of the run")
        new = {coupon.id: coupon for coupon in listed if coupon.id not in known}
        if len(new) >= count:
            break
    walk.demand(
        "SCHED-RUN-09",
        answer.ok and len(new) >= count,
        f"a run was answered {answer.status}; of {count} coupons {len(new)} are listed",
    )
    instance.coupons |= new
    schedule.coupons |= new.keys()
    return Step(COUPON, "create", frozenset({instance.id}), "COUPON-10")


def _delete_schedule(walk: Walk, schedule: Schedule, number: int) -> Step:
    """Whether its coupons stay is left open; those of others do."""
    instance = walk.model.instance(schedule.place)
    answer = walk.desk(schedule.tenant).delete(instance.body, schedule.body)
    walk.demand("SCHED-15", answer.ok, f"the deletion was answered {answer.text[:160]}")
    instance.doubt(schedule.coupons)
    walk.model.remove(schedule)
    return _step("SCHED-15", "delete", schedule)


@dataclass(frozen=True, slots=True)
class Move:
    """`targets` tells what it can be done to now; `make` does it, and gives None if it turned out not to be possible."""

    name: str
    targets: Callable[[Walk], Sequence[Any]]
    make: Callable[[Walk, Any, int], Step | None]


# In an order that makes a good walk of its own.
MOVES: tuple[Move, ...] = (
    Move("make an integration", _integration_makers, _make_integration),
    Move("make an instance", _makers, _make_instance),
    Move("give a subnet", _free_subnets, _give),
    Move("open an address", _closed, _open),
    Move("make coupons", _with_coupons, _make_coupons),
    Move("change the strategy", _strategies, _change_strategy),
    Move("make a schedule", _with_schedules, _make_schedule),
    Move("run a schedule", _runnable, _run_schedule),
    Move("hand a subnet over", _wanted_subnets, _hand_over),
    Move("close an address", _entries, _close),
    Move("delete a schedule", _any_schedule, _delete_schedule),
    Move("delete an integration", _any_integration, _delete_integration),
    Move("configure", _any_instance, _configure),
    Move("take a subnet away", _held_subnets, _take_away),
    Move("move an entry", _movable_entries, _move_entry),
    Move("delete an instance", _any_instance, _delete_instance),
    Move("change an integration", _any_integration, _change_integration),
    Move("change a schedule", _any_schedule, _change_schedule),
)

# Something for the first steps to act on: names of moves, and which of the targets.
BEGINNING = (
    ("make an instance", 0),
    ("make an instance", 1),
    ("give a subnet", 0),
    ("open an address", 0),
    ("open an address", 0),
    ("make a schedule", 0),
)
