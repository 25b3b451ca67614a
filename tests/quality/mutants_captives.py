"""Mutants of what is open before a login, to whom and when, and of what else is on the router."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

from sqlalchemy import delete

from reference_impl.provisioning import desired as wishes
from reference_impl.provisioning.desired import Claim
from reference_impl.provisioning.device import Device
from reference_impl.provisioning.menus import (
    MENUS,
    SERVER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Actual,
    Item,
    Operation,
)
from reference_impl.provisioning.reconcile import Provisioning
from reference_impl.records import GardenRecord
from reference_impl.store import Store
from reference_impl.stores.garden import GardenStore
from tests.quality.mutants_routers import (
    Apply,
    Plan,
    claims,
    desires,
    meddling,
    never,
    plans,
    when_a_server_comes,
)
from tests.quality.mutants_stage import Mutant, Stage

# Walled gardens.


def _gardens(change: Callable[[str], Iterable[str]]) -> Apply:
    """Each entry of the walled gardens becomes others."""
    return claims(
        lambda found: [
            replace(claim, garden=tuple(each for entry in claim.garden for each in change(entry)))
            for claim in found
        ]
    )


def _in_the_first_subnet(found: list[Claim]) -> list[Claim]:
    first: dict[tuple[str, str], Claim] = {}
    for claim in found:
        first.setdefault((claim.instance_id, claim.site_id), claim)
    return [claim if claim in first.values() else replace(claim, garden=()) for claim in found]


def _later_ones_alone(stage: Stage) -> None:
    """The entries that a site had before an instance came to it are left out."""
    before: dict[tuple[str, str, str], set[str]] = {}

    def change(found: list[Claim]) -> list[Claim]:
        kept = []
        for claim in found:
            old = before.setdefault((claim.instance_id, claim.site_id, claim.subnet), set(claim.garden))
            kept.append(replace(claim, garden=tuple(each for each in claim.garden if each not in old)))
        return kept

    claims(change)(stage)


def _first_ones_alone(stage: Stage) -> None:
    """The walled garden is that of when the subnet was first claimed."""
    before: dict[tuple[str, str, str], tuple[str, ...]] = {}

    def change(found: list[Claim]) -> list[Claim]:
        return [
            replace(
                claim,
                garden=before.setdefault((claim.instance_id, claim.site_id, claim.subnet), claim.garden),
            )
            for claim in found
        ]

    claims(change)(stage)


def _of_every_site(stage: Stage) -> None:
    """An instance opens the walled gardens of all its sites at each of them."""

    async def read(self: Store, site_ids: Iterable[str]) -> list[Claim]:
        all_sites = [site.id for site in stage.settings.sites] if stage.settings else []
        found: list[Claim] = await original(self, all_sites)
        gardens: dict[str, dict[str, None]] = {}
        for claim in found:
            gardens.setdefault(claim.instance_id, {}).update(dict.fromkeys(claim.garden))
        wanted = set(site_ids)
        return [
            replace(claim, garden=tuple(gardens[claim.instance_id]))
            for claim in found
            if claim.site_id in wanted
        ]

    def wake(self: Provisioning, site_ids: Iterable[str]) -> None:
        for reconciler in self.reconcilers:
            reconciler.wake()

    original = stage.patch(Store, "claims", read)
    stage.patch(Provisioning, "wake", wake)


def _all_go_with_one(stage: Stage) -> None:
    async def gone(self: GardenStore, site_id: str, entry_id: str, tenant: str) -> bool:
        found: bool = await original(self, site_id, entry_id, tenant)
        async with self._database.writing() as session:
            await session.execute(delete(GardenRecord).where(GardenRecord.site_id == site_id))
        return found

    original = stage.patch(GardenStore, "delete", gone)


def _moved(change: Callable[[str, str], Sequence[str]]) -> Apply:
    """An entry that names another address than before opens what `change` makes of both: the old, the new."""

    def apply(stage: Stage) -> None:
        seen: dict[tuple[str, str, str], tuple[str, ...]] = {}
        moved: dict[str, Sequence[str]] = {}

        def read(found: list[Claim]) -> list[Claim]:
            changed = []
            for claim in found:
                key = (claim.instance_id, claim.site_id, claim.subnet)
                old = seen.get(key, ())
                seen[key] = claim.garden
                if len(old) == len(claim.garden):
                    pairs = zip(old, claim.garden, strict=True)
                    moved.update({new: change(before, new) for before, new in pairs if before != new})
                garden = tuple(each for entry in claim.garden for each in moved.get(entry, (entry,)))
                changed.append(replace(claim, garden=garden))
            return changed

        claims(read)(stage)

    return apply


def _in_two_steps(step: Operation) -> Iterator[Operation]:
    """A new entry is added first, and told then what it is for."""
    given = step.properties
    if (
        step.verb == "add"
        and step.menu == WALLED_GARDEN_IP
        and "dst-address" in given
        and "protocol" not in given
    ):
        where = {"dst-address": given["dst-address"]}
        yield replace(step, properties={name: value for name, value in given.items() if name not in where})
        yield Operation("set", WALLED_GARDEN_IP, "*last", where)
    else:
        yield step


def _added_wide_then_narrowed(stage: Stage) -> None:
    async def carry_out(self: Device, operation: Operation) -> None:
        first, *rest = _in_two_steps(operation)
        await original(self, first)
        for step in rest:
            rows = await self.connection.print(WALLED_GARDEN_IP, "comment,dst-address")
            await original(self, replace(step, target=rows[-1][".id"]))

    original = stage.patch(Device, "apply", carry_out)


def _server_anew_with_the_garden(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
    """A change of the walled garden makes the servers of the router anew."""
    touched = any(step.menu == WALLED_GARDEN_IP for step in plan)
    if not touched or any(step.menu == SERVER for step in plan):
        return plan
    return [*plan, *_anew(items, actual)]


def _anew(items: Sequence[Item], actual: Actual) -> Plan:
    wanted = {item.key: item for item in items if item.menu == SERVER}
    steps: Plan = []
    for row in actual.get(SERVER, ()):
        item = wanted.get(MENUS[SERVER].key_of(row))
        if item is not None:
            properties = {**item.properties, **item.initial, "disabled": "no"}
            steps += [Operation("remove", SERVER, row[".id"]), Operation("add", SERVER, None, properties)]
    return steps


# Captive, and that throughout.


def _rule(**conditions: str) -> Apply:
    """When the first server comes, the walled garden gets a rule for all guests beside it."""

    async def deed(device: Device) -> None:
        words = [f"={name.replace('_', '-')}={value}" for name, value in conditions.items()]
        await device.connection.call(f"{WALLED_GARDEN_IP}/add", "=action=accept", *words)

    return when_a_server_comes(deed)


def _stopped_for_a_change(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
    """While the profile of users changes, the servers stand still."""
    if not any(step.menu == USER_PROFILE and step.verb == "set" for step in plan):
        return plan
    rows = [row for row in actual.get(SERVER, ()) if MENUS[SERVER].owns(row)]
    stop, start = (
        [Operation("set", SERVER, row[".id"], {"disabled": word}) for row in rows] for word in ("yes", "no")
    )
    return [*stop, *plan, *start]


def _anew_for_a_change(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
    """A new limit of sessions makes the servers anew, so that they take notice of it."""
    if not any(step.menu == USER_PROFILE and step.verb == "set" for step in plan):
        return plan
    return [*plan, *_anew(items, actual)]


async def _bypassed_for_a_moment(device: Device) -> None:
    """Nobody shall be cut off while the server starts."""
    call = device.connection.call
    await call(
        "/ip/hotspot/ip-binding/add", "=type=bypassed", "=address=10.5.50.0/24", "=comment=for a moment"
    )
    [row] = await device.connection.print("/ip/hotspot/ip-binding", "comment", "?comment=for a moment")
    await call("/ip/hotspot/ip-binding/remove", f"=.id={row['.id']}")


# Others on the router.


def _one_limit(items: list[Item]) -> list[Item]:
    """All instances of a router have the session limit of the newest."""
    limits = [item.properties["session-timeout"] for item in items if item.menu == USER_PROFILE]
    return [
        replace(item, properties={**item.properties, "session-timeout": limits[-1]})
        if item.menu == USER_PROFILE
        else item
        for item in items
    ]


def _others_anew(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
    """When a server comes or goes, those that are there are made anew."""
    if any(step.menu == SERVER and step.verb in ("add", "remove") for step in plan):
        going = {step.target for step in plan if step.menu == SERVER and step.verb == "remove"}
        kept = {**actual, SERVER: [row for row in actual.get(SERVER, ()) if row[".id"] not in going]}
        return [*plan, *_anew(items, kept)]
    return plan


def _in_the_way(deed: Callable[[Device, str], Any]) -> Apply:
    """Interfaces of the operator's hotspots are free for ours, and something is done to those first."""

    def apply(stage: Stage) -> None:
        stage.patch(wishes, "_foreign_interfaces", lambda actual: set())

        async def carry_out(self: Device, operation: Operation) -> None:
            if operation.verb == "add" and operation.menu == SERVER:
                interface = operation.properties["interface"]
                for row in await self.connection.print(SERVER, "name,interface", f"?interface={interface}"):
                    if not MENUS[SERVER].owns(row):
                        await deed(self, row[".id"])
            await original(self, operation)

        original = stage.patch(Device, "apply", carry_out)

    return apply


async def _nothing(device: Device, server: str) -> None:
    """It is left as it is."""


async def _disabled(device: Device, server: str) -> None:
    await device.connection.call(f"{SERVER}/set", f"=.id={server}", "=disabled=yes")


async def _removed(device: Device, server: str) -> None:
    await device.connection.call(f"{SERVER}/remove", f"=.id={server}")


MUTANTS: tuple[Mutant, ...] = (
    Mutant("HTTPS is let through", "device-wrong", "DEV-CAPTIVE-01", _rule(protocol="tcp", dst_port="443")),
    Mutant("pings are let through", "device-wrong", "DEV-CAPTIVE-01", _rule(protocol="icmp")),
    Mutant("QUIC is let through", "device-wrong", "DEV-CAPTIVE-01", _rule(protocol="udp", dst_port="443")),
    Mutant(
        "high ports are let through",
        "device-wrong",
        "DEV-CAPTIVE-01",
        _rule(protocol="tcp", dst_port="1024-65535"),
    ),
    Mutant(
        "the time is let through", "device-wrong", "DEV-CAPTIVE-01", _rule(protocol="udp", dst_port="123")
    ),
    Mutant("a garden entry begins wide", "device-order", "DEV-OPEN-01", _added_wide_then_narrowed),
    Mutant("servers stand still for a change", "device-order", "DEV-OPEN-01", plans(_stopped_for_a_change)),
    Mutant("servers anew for a change", "device-order", "DEV-OPEN-01", plans(_anew_for_a_change)),
    Mutant(
        "everybody is let out for a moment",
        "device-order",
        "DEV-OPEN-01",
        meddling(
            lambda step: (
                step.verb == "set" and step.menu == SERVER and step.properties.get("disabled") == "no"
            ),
            _bypassed_for_a_moment,
        ),
    ),
    Mutant(
        "the garden is in the first subnet alone",
        "device-missing",
        "DEV-GARDEN-02",
        claims(_in_the_first_subnet),
    ),
    Mutant(
        "the first address of a prefix alone",
        "device-missing",
        "DEV-GARDEN-02",
        _gardens(lambda entry: [entry.partition("/")[0]]),
    ),
    Mutant(
        "hosts of a prefix alone",
        "device-missing",
        "DEV-GARDEN-02",
        _gardens(
            lambda entry: (
                [str(host) for host in IPv4Network(entry).hosts()]
                if "/" in entry and IPv4Network(entry).prefixlen < 32
                else [entry]
            )
        ),
    ),
    Mutant("entries from before are left out", "device-missing", "DEV-GARDEN-02", _later_ones_alone),
    Mutant("the garden is read once", "device-stale", "DEV-GARDEN-02", _first_ones_alone),
    Mutant(
        "the garden in prefixes of 24",
        "device-wrong",
        "DEV-GARDEN-03",
        _gardens(lambda entry: [str(IPv4Network(entry).supernet(new_prefix=24))]),
    ),
    Mutant(
        "prefixes one bit short",
        "device-wrong",
        "DEV-GARDEN-03",
        _gardens(lambda entry: [str(IPv4Network(entry).supernet())]),
    ),
    Mutant("garden entries stay", "device-leaked", "DEV-GARDEN-04", never("remove", WALLED_GARDEN_IP)),
    Mutant("all garden entries go with one", "device-missing", "DEV-GARDEN-04", _all_go_with_one),
    Mutant(
        "gardens of all sites of an instance",
        "device-wrong",
        "DEV-GARDEN-05",
        _of_every_site,
        budget=200,  # random walks come first
    ),
    Mutant(
        "a moved entry stays where it was", "device-stale", "DEV-GARDEN-06", _moved(lambda old, new: [old])
    ),
    Mutant(
        "a moved entry leaves the old one",
        "device-leaked",
        "DEV-GARDEN-06",
        _moved(lambda old, new: [old, new]),
    ),
    Mutant(
        "a moved entry is only taken away", "device-missing", "DEV-GARDEN-06", _moved(lambda old, new: [])
    ),
    Mutant(
        "the garden makes servers anew",
        "device-disturbing",
        "DEV-QUIET-03",
        plans(_server_anew_with_the_garden),
    ),
    Mutant("one session limit for all", "device-disturbing", "DEV-ISO-01", desires(_one_limit)),
    Mutant("a server makes others anew", "device-disturbing", "DEV-ISO-01", plans(_others_anew)),
    Mutant(
        "a second server beside the operator's", "device-disturbing", "DEV-COLLIDE-01", _in_the_way(_nothing)
    ),
    Mutant("the operator's server is stopped", "device-disturbing", "DEV-COLLIDE-01", _in_the_way(_disabled)),
    Mutant("the operator's server makes way", "device-disturbing", "DEV-COLLIDE-01", _in_the_way(_removed)),
)
