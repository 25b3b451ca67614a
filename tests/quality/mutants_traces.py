"""Mutants that leave things on routers, do them twice, or do what nobody asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from reference_impl.provisioning import desired as wishes
from reference_impl.provisioning.desired import Claim
from reference_impl.provisioning.device import Device
from reference_impl.provisioning.menus import (
    FILE,
    MENUS,
    SERVER,
    SERVER_PROFILE,
    USER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Actual,
    Item,
    Operation,
)
from reference_impl.records import InstanceRecord
from reference_impl.schemas import InstanceUpdate
from reference_impl.store import Store
from tests.quality.mutants_routers import (
    Apply,
    Plan,
    claims,
    named_claims,
    never,
    plans,
    row_of,
    when_a_server_comes,
    writes,
)
from tests.quality.mutants_stage import Mutant, Stage

# Left behind.

REMOVED = (USER, WALLED_GARDEN_IP, SERVER, FILE, SERVER_PROFILE, USER_PROFILE)


def _disabled_not_removed(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
    steps: Plan = []
    for step in plan:
        if step.verb == "remove" and step.menu == USER:
            if row_of(actual, USER, step.target).get("disabled") == "true":
                continue
            step = Operation("set", USER, step.target, {"disabled": "yes"})
        steps.append(step)
    return steps


def _server_kept_while_another_is_wanted(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
    if not items:
        return plan
    return [step for step in plan if not (step.verb == "remove" and step.menu in (SERVER, SERVER_PROFILE))]


def _all_or_nothing(stage: Stage) -> None:
    """One subnet taken out of an instance takes the others with it."""
    most: dict[str, int] = {}

    def change(found: list[Claim]) -> list[Claim]:
        counts: dict[str, int] = {}
        for claim in found:
            counts[claim.instance_id] = counts.get(claim.instance_id, 0) + 1
        for identifier, count in counts.items():
            most[identifier] = max(most.get(identifier, 0), count)
        return [claim for claim in found if counts[claim.instance_id] == most[claim.instance_id]]

    claims(change)(stage)


async def _add_pool(device: Device) -> None:
    await device.connection.call("/ip/pool/add", "=name=guests-of-the-portal", "=ranges=10.9.8.2-10.9.8.99")


# Done twice.


def _retried(step: Operation) -> Iterator[Operation]:
    yield step
    if step.verb == "add" and step.menu == WALLED_GARDEN_IP:
        yield replace(step, properties={**step.properties, "comment": "portal-contract"})


def _four_times_over(step: Operation) -> Iterator[Operation]:
    yield step
    again = replace(step, verb="set", target=step.target or step.properties.get("name"))
    if step.verb != "remove" and step.menu in (USER_PROFILE, SERVER_PROFILE, SERVER):
        yield from [again] * 12


# What an update makes routers do.


def _after_updates(
    concerned: Callable[[InstanceRecord, InstanceUpdate], bool],
    change: Callable[[Plan, Sequence[Item], Actual], Plan],
) -> Apply:
    """The first plan after an update that is `concerned` is changed; the update wakes the routers as always."""

    def apply(stage: Stage) -> None:
        waiting: set[str] = set()

        async def store(
            self: Store, identifier: str, tenant: str, wanted: InstanceUpdate, **more: Any
        ) -> tuple[InstanceRecord, set[str]] | None:
            before = await self.instance(identifier, tenant)
            if before is not None and before.sites and concerned(before, wanted):
                waiting.add(identifier)
            replaced: tuple[InstanceRecord, set[str]] | None = await original(
                self, identifier, tenant, wanted, **more
            )
            return replaced

        def planned(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
            here = {item.properties["name"] for item in items if item.menu == USER_PROFILE}
            for identifier in sorted(waiting):
                if f"pc-{identifier[:8]}" in here:
                    waiting.discard(identifier)
                    return change(plan, items, actual)
            return plan

        original = stage.patch(Store, "replace", store)
        plans(planned)(stage)

    return apply


def _all_again(menus: Iterable[str]) -> Callable[[Plan, Sequence[Item], Actual], Plan]:
    """Every item of ours in these menus is written as it is."""

    def change(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
        rows = {(menu, MENUS[menu].key_of(row)): row for menu in menus for row in actual.get(menu, ())}
        again = [
            Operation("set", item.menu, rows[item.menu, item.key][".id"], item.properties)
            for item in items
            if (item.menu, item.key) in rows
        ]
        return [*plan, *again]

    return change


def _made_anew(menu: str) -> Callable[[Plan, Sequence[Item], Actual], Plan]:
    """Every item of ours in this menu is removed and added."""

    def change(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
        steps = list(plan)
        for row in actual.get(menu, ()):
            item = next(
                (item for item in items if item.menu == menu and item.key == MENUS[menu].key_of(row)), None
            )
            if item is not None:
                steps.append(Operation("remove", menu, row[".id"]))
                steps.append(
                    Operation("add", menu, None, {**item.properties, **item.initial, "disabled": "no"})
                )
        return steps

    return change


def _one_more_entry(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
    entries = [item for item in items if item.menu == WALLED_GARDEN_IP]
    return [*plan, *(Operation("add", WALLED_GARDEN_IP, None, item.properties) for item in entries)]


def _passwords_of_names(stage: Stage) -> None:
    """The passwords of technical users depend on the name of the instance, so a new name changes them."""
    names: dict[str, str] = {}

    def change(claim: Claim, name: str) -> Claim:
        names[claim.instance_id] = name
        return claim

    def password(secret: str, instance_id: str, server: str) -> str:
        derived: str = original(secret + names[instance_id], instance_id, server)
        return derived

    named_claims(change)(stage)
    original = stage.patch(wishes, "technical_password", password)


def _any(before: InstanceRecord, wanted: InstanceUpdate) -> bool:
    return True


def _theme(before: InstanceRecord, wanted: InstanceUpdate) -> bool:
    return before.theme != wanted.theme.model_dump()


def _terms(before: InstanceRecord, wanted: InstanceUpdate) -> bool:
    return before.terms_text != wanted.terms_text


def _name(before: InstanceRecord, wanted: InstanceUpdate) -> bool:
    return before.name != wanted.name


def _session_ttl(before: InstanceRecord, wanted: InstanceUpdate) -> bool:
    return before.session_ttl != wanted.session_ttl


def _unchanged(before: InstanceRecord, wanted: InstanceUpdate) -> bool:
    return not (_theme(before, wanted) or _terms(before, wanted) or _name(before, wanted))


def _with_a_twin(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
    """Each hotspot server has a second one beside it, as after a retry that did not look first."""
    wanted = {f"{item.key[0]}-twin": item for item in items if item.menu == SERVER}
    ids = {row[".id"] for row in actual.get(SERVER, ()) if row["name"] in wanted}
    there = {row["name"] for row in actual.get(SERVER, ())}
    kept = [
        step for step in plan if not (step.verb == "remove" and step.menu == SERVER and step.target in ids)
    ]
    added = [
        Operation("add", SERVER, None, {**item.properties, "name": name, "disabled": "no"})
        for name, item in wanted.items()
        if name not in there
    ]
    return [*kept, *added]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "user profile stays after a deletion", "device-leaked", "DEV-REMOVE-01", never("remove", USER_PROFILE)
    ),
    Mutant(
        "server profile stays after a deletion",
        "device-leaked",
        "DEV-REMOVE-01",
        never("remove", SERVER_PROFILE),
    ),
    Mutant(
        "server stays after a deletion",
        "device-leaked",
        "DEV-REMOVE-01",
        never("remove", SERVER, SERVER_PROFILE),
    ),
    Mutant("a pool is made and stays", "device-leaked", "DEV-REMOVE-01", when_a_server_comes(_add_pool)),
    Mutant(
        "one of two servers stays",
        "device-leaked",
        "DEV-REMOVE-02",
        plans(_server_kept_while_another_is_wanted),
    ),
    Mutant("both subnets go with one", "device-leaked", "DEV-REMOVE-02", _all_or_nothing, difference=False),
    Mutant(
        "walled garden stays without the site",
        "device-leaked",
        "DEV-REMOVE-03",
        never("remove", WALLED_GARDEN_IP),
    ),
    Mutant("users are disabled, not removed", "device-leaked", "DEV-REMOVE-03", plans(_disabled_not_removed)),
    Mutant(
        "the last subnet stays",
        "device-leaked",
        "DEV-REMOVE-03",
        plans(lambda plan, items, actual: plan if items else []),
    ),
    Mutant("pages stay", "device-leaked", "DEV-REMOVE-04", never("remove", FILE)),
    Mutant("nothing is ever removed", "device-leaked", "DEV-FINAL-01", never("remove", *REMOVED)),
    Mutant("a server is made twice", "device-duplicate", "DEV-GUARD-01", plans(_with_a_twin)),
    Mutant("a retry adds an entry twice", "device-duplicate", "DEV-REMOVE-01", writes(_retried)),
    Mutant(
        "every update adds an entry", "device-duplicate", "DEV-ECON-01", _after_updates(_any, _one_more_entry)
    ),
    Mutant("everything is written many times", "device-duplicate", "DEV-ECON-02", writes(_four_times_over)),
    Mutant(
        "a theme makes users anew",
        "device-disturbing",
        "DEV-QUIET-01",
        _after_updates(_theme, _made_anew(USER)),
    ),
    Mutant(
        "terms make the garden anew",
        "device-disturbing",
        "DEV-QUIET-01",
        _after_updates(_terms, _made_anew(WALLED_GARDEN_IP)),
    ),
    Mutant(
        "a name makes the server anew",
        "device-disturbing",
        "DEV-QUIET-01",
        _after_updates(_name, _made_anew(SERVER)),
    ),
    Mutant("a name changes passwords", "device-disturbing", "DEV-QUIET-01", _passwords_of_names),
    Mutant(
        "session_ttl makes the server anew",
        "device-disturbing",
        "DEV-QUIET-02",
        _after_updates(_session_ttl, _made_anew(SERVER)),
    ),
    Mutant(
        "an unchanged update makes users anew",
        "device-disturbing",
        "DEV-ECON-01",
        _after_updates(_unchanged, _made_anew(USER)),
    ),
    Mutant(
        "an unchanged update writes all again",
        "device-disturbing",
        "DEV-ECON-01",
        _after_updates(_any, _all_again(REMOVED[1:3] + REMOVED[4:])),
    ),
)
