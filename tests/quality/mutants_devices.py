"""Mutants whose routers lack something, hold the wrong thing, or hold yesterday's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reference_impl.provisioning.desired import Claim
from reference_impl.provisioning.menus import (
    SERVER,
    SERVER_PROFILE,
    USER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Item,
)
from reference_impl.records import InstanceRecord
from reference_impl.schemas import InstanceUpdate
from reference_impl.store import Store
from tests.quality.mutants_routers import (
    Apply,
    claims,
    desires,
    given,
    having,
    limits,
    never,
    nobody_watches,
    of,
    plans,
    without,
)
from tests.quality.mutants_stage import Mutant, Stage


def _first_subnet_only(found: list[Claim]) -> list[Claim]:
    kept: dict[str, Claim] = {}
    for claim in found:
        kept.setdefault(claim.instance_id, claim)
    return list(kept.values())


def _without_limit(item: Item) -> Item:
    return replace(item, properties={k: v for k, v in item.properties.items() if k != "session-timeout"})


_SWAPPED = {"bridge-guest": "vlan-guest-2", "vlan-guest-2": "bridge-guest"}


def _on_the_other_network(item: Item) -> Item:
    interface = item.properties["interface"]
    return replace(item, properties={**item.properties, "interface": _SWAPPED[interface]})


def _second_on_the_first(items: list[Item]) -> list[Item]:
    interfaces = [item.properties["interface"] for item in items if item.menu == SERVER]
    return [
        replace(item, properties={**item.properties, "interface": interfaces[0]})
        if item.menu == SERVER
        else item
        for item in items
    ]


def _second_unlimited(items: list[Item]) -> list[Item]:
    users = [item for item in items if item.menu == USER]
    return [
        replace(item, properties={**item.properties, "profile": "default"}) if item in users[1:] else item
        for item in items
    ]


def _set_once(item: Item) -> Item:
    return replace(
        _without_limit(item),
        initial={**item.initial, "session-timeout": item.properties["session-timeout"]},
    )


def _remembered(choose: Callable[[list[int]], int]) -> Apply:
    """The limit is chosen from all values that session_ttl of the instance ever had, the newest last."""

    def apply(stage: Stage) -> None:
        seen: dict[str, list[int]] = {}

        def change(found: list[Claim]) -> list[Claim]:
            for claim in found:
                values = seen.setdefault(claim.instance_id, [claim.session_ttl])
                if values[-1] != claim.session_ttl:
                    values.append(claim.session_ttl)
            return [replace(claim, session_ttl=choose(seen[claim.instance_id])) for claim in found]

        claims(change)(stage)

    return apply


Replaced = tuple[InstanceRecord, set[str]] | None


def _wakes(choose: Callable[[InstanceRecord, InstanceUpdate, set[str]], set[str]]) -> Apply:
    """After an update, other sites are told to follow: `choose(before, wanted, sites)`."""

    def apply(stage: Stage) -> None:
        async def store(
            self: Store, identifier: str, tenant: str, wanted: InstanceUpdate, **more: Any
        ) -> Replaced:
            before = await self.instance(identifier, tenant)
            replaced: Replaced = await original(self, identifier, tenant, wanted, **more)
            if replaced is None or before is None:
                return replaced
            return replaced[0], choose(before, wanted, replaced[1])

        original = stage.patch(Store, "replace", store)
        nobody_watches(stage)

    return apply


def _layout(sites: Any, key: str) -> list[tuple[str, list[str]]]:
    return [(getattr(site, key), list(site.subnets)) for site in sites]


def _only_new_sites(before: InstanceRecord, wanted: InstanceUpdate, touched: set[str]) -> set[str]:
    same = _layout(before.sites, "site_id") == _layout(wanted.sites, "id")
    return set() if same else touched


def _only_more_subnets(before: InstanceRecord, wanted: InstanceUpdate, touched: set[str]) -> set[str]:
    had = sum(len(site.subnets) for site in before.sites)
    has = sum(len(site.subnets) for site in wanted.sites)
    return set() if 0 < has < had else touched


def _deletion_tells_nobody(stage: Stage) -> None:
    async def delete(self: Store, identifier: str, tenant: str) -> set[str] | None:
        return None if await original(self, identifier, tenant) is None else set()

    original = stage.patch(Store, "delete", delete)
    nobody_watches(stage)


_enabling_left_out = plans(
    lambda plan, items, actual: [
        step for step in plan if not (step.menu == SERVER and step.properties == {"disabled": "no"})
    ]
)

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "no hotspot server",
        "device-missing",
        "DEV-GUARD-01",
        without(SERVER, WALLED_GARDEN_IP, USER),
        difference=False,
    ),
    Mutant("hotspot server stays disabled", "device-missing", "DEV-GUARD-01", _enabling_left_out),
    Mutant("no login method", "device-missing", "DEV-GUARD-02", having(SERVER_PROFILE, login_by="")),
    Mutant(
        "second subnet is passed over",
        "device-missing",
        "DEV-GUARD-03",
        claims(_first_subnet_only),
        difference=False,
    ),
    Mutant("no session limit", "device-missing", "DEV-SESSION-01", of(USER_PROFILE, _without_limit)),
    Mutant(
        "users have the default profile", "device-missing", "DEV-SESSION-01", having(USER, profile="default")
    ),
    Mutant(
        "users of the second subnet are unlimited",
        "device-missing",
        "DEV-SESSION-01",
        desires(_second_unlimited),
    ),
    Mutant(
        "server on the uplink",
        "device-wrong",
        "DEV-GUARD-01",
        having(SERVER, interface="ether1"),
        difference=False,
    ),
    Mutant(
        "server on the other network",
        "device-wrong",
        "DEV-GUARD-01",
        of(SERVER, _on_the_other_network),
        difference=False,
    ),
    Mutant("trial login", "device-wrong", "DEV-GUARD-02", having(SERVER_PROFILE, login_by="http-chap,trial")),
    Mutant(
        "both servers on one interface",
        "device-wrong",
        "DEV-GUARD-03",
        desires(_second_on_the_first),
        difference=False,
    ),
    Mutant("limit in milliseconds", "device-wrong", "DEV-SESSION-01", limits(lambda seconds: seconds * 1000)),
    Mutant("limit doubled", "device-wrong", "DEV-SESSION-01", limits(lambda seconds: 2 * seconds)),
    Mutant(
        "limit rounded up to hours",
        "device-wrong",
        "DEV-SESSION-01",
        limits(lambda seconds: -(-seconds // 3600) * 3600),
    ),
    Mutant("limit a second too long", "device-wrong", "DEV-SESSION-01", limits(lambda seconds: seconds + 1)),
    Mutant("limit in minutes", "device-wrong", "DEV-SESSION-02", limits(lambda seconds: seconds // 60)),
    Mutant(
        "limit rounded down to minutes",
        "device-wrong",
        "DEV-SESSION-02",
        limits(lambda seconds: seconds // 60 * 60),
    ),
    Mutant(
        "limit of an hour at most",
        "device-wrong",
        "DEV-SESSION-02",
        limits(lambda seconds: min(seconds, 3600)),
    ),
    Mutant("users limited to an hour", "device-wrong", "DEV-SESSION-02", given(USER, limit_uptime="1h")),
    Mutant(
        "login by cookie",
        "device-wrong",
        "DEV-SESSION-04",
        having(SERVER_PROFILE, login_by="http-chap,cookie"),
    ),
    Mutant(
        "login by remembered device",
        "device-wrong",
        "DEV-SESSION-04",
        having(SERVER_PROFILE, login_by="http-chap,mac-cookie"),
    ),
    Mutant(
        "server with the default profile", "device-wrong", "DEV-SESSION-04", having(SERVER, profile="default")
    ),
    Mutant("limit is set once", "device-stale", "DEV-SESSION-03", of(USER_PROFILE, _set_once)),
    Mutant("limit is never changed", "device-stale", "DEV-SESSION-03", never("set", USER_PROFILE)),
    Mutant("limit only grows", "device-stale", "DEV-SESSION-03", _remembered(max)),
    Mutant("limit only shrinks", "device-stale", "DEV-SESSION-03", _remembered(min)),
    Mutant(
        "limit is one change behind",
        "device-stale",
        "DEV-SESSION-03",
        _remembered(lambda values: values[-2:][0]),
    ),
    Mutant("a new session_ttl wakes no router", "device-stale", "DEV-SESSION-03", _wakes(_only_new_sites)),
    Mutant("a deletion wakes no router", "device-stale", "DEV-REMOVE-01", _deletion_tells_nobody),
    Mutant("a subnet taken out wakes no router", "device-stale", "DEV-REMOVE-02", _wakes(_only_more_subnets)),
    Mutant(
        "a site taken out is not woken",
        "device-stale",
        "DEV-REMOVE-03",
        _wakes(lambda before, wanted, touched: {site.id for site in wanted.sites}),
    ),
)
