"""Mutants that guests with coupons notice: where they are led, which codes let them in, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from markupsafe import Markup
from sqlalchemy import select

from reference_impl import app as application
from reference_impl.guests import portal
from reference_impl.guests.admission import admit
from reference_impl.guests.arrival import Arrival
from reference_impl.provisioning import desired as wishes
from reference_impl.provisioning.connection import Connection
from reference_impl.provisioning.desired import Portal
from reference_impl.provisioning.device import Device
from reference_impl.provisioning.menus import (
    ACTIVE,
    FILE,
    SERVER,
    SERVER_PROFILE,
    USER_PROFILE,
    Actual,
    Item,
    Operation,
)
from reference_impl.provisioning.sessions import GuestSessions
from reference_impl.records import CouponRecord, InstanceRecord
from reference_impl.schemas import InstanceUpdate
from reference_impl.service import Service
from reference_impl.settings import Settings
from reference_impl.store import Store
from reference_impl.stores.coupons import CouponStore
from reference_impl.stores.garden import GardenStore
from tests.quality.mutants_routers import (
    Apply,
    Plan,
    desires,
    having,
    limits,
    plans,
    when_a_server_comes,
)
from tests.quality.mutants_stage import Call, Inside, Mutant, Reply, Stage, on_body, replaces

# What mutants of guests share.


def service_of(stage: Stage) -> Callable[[], Service]:
    """Give the parts of the application that is made later."""
    made: list[Service] = []

    def keep(**parts: Any) -> Service:
        made.append(original(**parts))
        return made[-1]

    original = stage.patch(application, "Service", keep)
    return lambda: made[-1]


async def log_out(service: Service, site_ids: set[str]) -> None:
    """End every session at these sites."""
    for site_id in site_ids:
        for guest in await service.sessions.guests(site_id):
            if guest.active:
                await service.sessions.end(site_id, guest.ip, guest.mac)


async def found_coupon(store: CouponStore, *conditions: Any) -> CouponRecord | None:
    """The latest coupon that meets the conditions."""
    query = select(CouponRecord).where(*conditions).order_by(CouponRecord.sequence.desc()).limit(1)
    async with store._database.reading() as session:
        found: CouponRecord | None = await session.scalar(query)
    return found


Admit = Callable[[GuestSessions, str, str, str, str], Awaitable[None]]


def admitting(admit: Callable[[Admit], Admit]) -> Apply:
    """Guests are let in otherwise; the arguments are site, instance, address and MAC address."""
    return replaces(GuestSessions, "admit", admit)


def commands(change: Callable[[str, tuple[str, ...]], tuple[str, ...]]) -> Apply:
    """The words of commands to routers are changed on their way."""

    def make(original: Any) -> Any:
        async def call(self: Connection, command: str, *words: str) -> Any:
            return await original(self, command, *change(command, words))

        return call

    return replaces(Connection, "call", make)


# The way to the portal.


def _login_page(change: Callable[[str], str]) -> Apply:
    """The page that a router answers to captive guests."""
    return replaces(wishes, "login_page", lambda original: lambda *where: change(original(*where)))


def _one_directory(items: list[Item]) -> list[Item]:
    """All servers of a router show the pages of the first one."""
    first = next((item.properties["html-directory"] for item in items if item.menu == SERVER_PROFILE), "")
    return [
        replace(item, properties={**item.properties, "html-directory": first})
        if item.menu == SERVER_PROFILE
        else item
        for item in items
    ]


def _latest_page(items: list[Item]) -> list[Item]:
    """The login pages of all instances are that of the newest."""
    pages = [item for item in items if item.menu == FILE and item.key[0].endswith("/login.html")]
    return [
        replace(item, properties={**item.properties, "contents": pages[-1].properties["contents"]})
        if item in pages
        else item
        for item in items
    ]


def _portal_of_the_site(stage: Stage) -> None:
    """The portal takes the first instance of the guest's site, whichever the address of the page names."""

    async def found(service: Service, instance_id: str) -> InstanceRecord:
        named: InstanceRecord = await original(service, instance_id)
        sites = {site.site_id for site in named.sites}
        others = await service.store.instances(named.tenant)
        return next(each for each in others if sites & {site.site_id for site in each.sites})

    original = stage.patch(portal, "_instance", found)


def _terms(change: Callable[[str], str | None]) -> Apply:
    """The page shows other terms than the instance has; their acceptance is asked for as ever."""

    def make(original: Any) -> Any:
        def page(instance: InstanceRecord, *args: Any, **kwargs: Any) -> Any:
            instance.terms_text = change(instance.terms_text or "")
            return original(instance, *args, **kwargs)

        return page

    return replaces(portal, "portal_page", make)


async def _blocked(device: Device) -> None:
    await device.connection.call("/ip/hotspot/ip-binding/add", "=type=blocked", "=address=10.5.50.0/24")


async def _no_names(device: Device) -> None:
    await device.connection.call("/ip/dns/static/add", "=type=NXDOMAIN", "=regexp=.*")


# Sessions.


def _by_binding(*, anywhere: bool = False) -> Apply:
    """A guest is let in by a binding beside its session, which nobody takes away."""

    def make(original: Admit) -> Admit:
        async def admit(self: GuestSessions, site_id: str, instance_id: str, ip: str, mac: str) -> None:
            await original(self, site_id, instance_id, ip, mac)

            async def action(desk: Any) -> None:
                where = () if anywhere else (f"=address={ip}",)
                words = ("=type=bypassed", f"=mac-address={mac}", *where)
                await desk.connection.call("/ip/hotspot/ip-binding/add", *words)

            await self._at(site_id, action)

        return admit

    return admitting(make)


def _known_at_the_portal(same_instance: bool) -> Apply:
    """Who opens the portal and was let in before is let in without a word, with a new session."""

    def apply(stage: Stage) -> None:
        service = service_of(stage)

        async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
            asked = {name: values[0] for name, values in parse_qs(call.query).items()}
            if call.method == "GET" and call.path.startswith("/portal/") and "mac" in asked:
                instance = await service().store.instance(call.instance_id)
                assert instance is not None
                log = await service().admissions.at_site(asked["site"], instance.tenant)
                before = [each for each in log if each.mac_address == asked["mac"]]
                if any(each.instance_id == instance.id or not same_instance for each in before):
                    arrival = Arrival(asked["site"], asked["ip"], asked["mac"], None)
                    await admit(service(), instance, arrival, before[0].identity)
            return await inside(call)

        stage.door(door)

    return apply


def _until_the_coupon_expires(stage: Stage) -> None:
    """A session ends with the coupon that began it."""
    service = service_of(stage)
    tasks: set[asyncio.Task[None]] = set()

    async def admit(service_: Service, instance: InstanceRecord, arrival: Arrival, identity: str) -> None:
        await original(service_, instance, arrival, identity)

        async def wait() -> None:
            coupon = await found_coupon(service().coupons, CouponRecord.id == identity)
            assert coupon is not None
            await service().clock.sleep_until(coupon.expires_at)
            await service().sessions.end(arrival.site_id, arrival.ip, arrival.mac)

        task = asyncio.create_task(wait())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    original = stage.patch(portal, "admit", admit)


def _ends_sessions(concerned: Callable[[InstanceRecord, InstanceUpdate], bool]) -> Apply:
    """After an update that is `concerned` all guests of the instance's sites have to log in again."""

    def apply(stage: Stage) -> None:
        service = service_of(stage)

        async def store(
            self: Store, identifier: str, tenant: str, wanted: InstanceUpdate, **options: Any
        ) -> tuple[InstanceRecord, set[str]] | None:
            before = await self.instance(identifier, tenant)
            replaced: tuple[InstanceRecord, set[str]] | None = await original(
                self, identifier, tenant, wanted, **options
            )
            if before is not None and replaced is not None and concerned(before, wanted):
                await log_out(service(), replaced[1])
            return replaced

        original = stage.patch(Store, "replace", store)

    return apply


def _ends_sessions_of_the_site(owner: Any, name: str) -> Apply:
    """A change of the walled garden of a site ends the sessions there."""

    def apply(stage: Stage) -> None:
        service = service_of(stage)

        async def change(self: Any, site_id: str, *args: Any) -> Any:
            outcome = await original(self, site_id, *args)
            await log_out(service(), {site_id})
            return outcome

        original = stage.patch(owner, name, change)

    return apply


def _deletion_ends_sessions_of_the_site(stage: Stage) -> None:
    service = service_of(stage)

    async def delete(self: Store, identifier: str, tenant: str) -> set[str] | None:
        touched: set[str] | None = await original(self, identifier, tenant)
        await log_out(service(), touched or set())
        return touched

    original = stage.patch(Store, "delete", delete)


def _all_out_with_a_server(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
    """Whenever a server comes, changes or goes, no session of the router is kept."""
    if any(step.menu == SERVER for step in plan):
        kept = [step for step in plan if step.menu != ACTIVE]
        return [*kept, *(Operation("remove", ACTIVE, row[".id"]) for row in actual.get(ACTIVE, ()))]
    return plan


# Site users.


def _nobody_ends(stage: Stage) -> None:
    async def end(self: GuestSessions, site_id: str, ip: str, mac: str) -> bool:
        return True

    stage.patch(GuestSessions, "end", end)


def _everybody_ends(stage: Stage) -> None:
    async def end(self: GuestSessions, site_id: str, ip: str, mac: str) -> bool:
        guests = [guest for guest in await self.guests(site_id) if guest.active]
        return all([await original(self, site_id, guest.ip, guest.mac) for guest in guests])

    original = stage.patch(GuestSessions, "end", end)


def _next_to_it_ends(stage: Stage) -> None:
    """The session of another guest ends: the first one of the router's list."""

    async def end(self: GuestSessions, site_id: str, ip: str, mac: str) -> bool:
        guests = [guest for guest in await self.guests(site_id) if guest.active and guest.ip != ip]
        ended: bool = await original(self, site_id, guests[0].ip, guests[0].mac)
        return ended

    original = stage.patch(GuestSessions, "end", end)


def _users(**properties: Callable[[dict[str, Any]], Any]) -> Apply:
    """The users of a site show other values."""
    return on_body(
        "listSiteUsers",
        change=lambda users: [
            {**user, **{name: value(user) for name, value in properties.items()}} for user in users
        ],
    )


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "login page leads nowhere",
        "guest",
        "GUEST-PORTAL-01",
        _login_page(lambda page: page.replace("/portal/", "/portals/")),
    ),
    Mutant(
        "login page without a way on",
        "guest",
        "GUEST-PORTAL-01",
        _login_page(lambda page: page.partition("<meta http-equiv")[0]),
    ),
    Mutant(
        "portal's port is closed before login",
        "guest",
        "GUEST-PORTAL-01",
        lambda stage: stage.patch(Portal, "port", property(lambda portal: 443)),
    ),
    Mutant("all servers show the first login page", "guest", "GUEST-PORTAL-02", desires(_one_directory)),
    Mutant("all login pages are the newest", "guest", "GUEST-PORTAL-02", desires(_latest_page)),
    Mutant("portal of another instance of the site", "guest", "GUEST-PORTAL-02", _portal_of_the_site),
    Mutant("portal without terms", "guest", "GUEST-PORTAL-03", _terms(lambda text: None)),
    Mutant("terms cut off", "guest", "GUEST-PORTAL-03", _terms(lambda text: text[:30])),
    Mutant("terms escaped twice", "guest", "GUEST-PORTAL-03", _terms(escape)),
    Mutant("terms taken for HTML", "guest", "GUEST-PORTAL-03", _terms(Markup)),
    Mutant("guests are blocked until they log in", "guest", "GUEST-PORTAL-04", when_a_server_comes(_blocked)),
    Mutant("no names before login", "guest", "GUEST-PORTAL-04", when_a_server_comes(_no_names)),
    Mutant("an hour more for sessions", "guest", "GUEST-SESSION-01", limits(lambda seconds: seconds + 3600)),
    Mutant("guests are let in by a binding", "guest", "GUEST-SESSION-01", _by_binding()),
    Mutant(
        "guests known at the portal need no coupon",
        "guest",
        "GUEST-SESSION-01",
        _known_at_the_portal(same_instance=True),
    ),
    Mutant(
        "half of the time for sessions", "guest", "GUEST-SESSION-02", limits(lambda seconds: seconds // 2)
    ),
    Mutant("sessions end with their coupon", "guest", "GUEST-SESSION-02", _until_the_coupon_expires),
    Mutant(
        "silent guests are logged out", "guest", "GUEST-SESSION-02", having(USER_PROFILE, idle_timeout="5m")
    ),
    Mutant(
        "a new name ends sessions",
        "guest",
        "GUEST-SESSION-03",
        _ends_sessions(lambda before, wanted: before.name != wanted.name),
    ),
    Mutant(
        "a new theme ends sessions",
        "guest",
        "GUEST-SESSION-03",
        _ends_sessions(lambda before, wanted: before.theme != wanted.theme.model_dump()),
    ),
    Mutant(
        "new terms end sessions",
        "guest",
        "GUEST-SESSION-03",
        _ends_sessions(lambda before, wanted: before.terms_text != wanted.terms_text),
    ),
    Mutant(
        "a shorter session_ttl ends sessions",
        "guest",
        "GUEST-SESSION-03",
        _ends_sessions(lambda before, wanted: wanted.session_ttl < before.session_ttl),
    ),
    Mutant(
        "a new garden entry ends sessions",
        "guest",
        "GUEST-SESSION-03",
        _ends_sessions_of_the_site(GardenStore, "create"),
    ),
    Mutant(
        "a deleted garden entry ends sessions",
        "guest",
        "GUEST-SESSION-03",
        _ends_sessions_of_the_site(GardenStore, "delete"),
    ),
    Mutant("bindings survive a deletion", "guest", "GUEST-SESSION-04", _by_binding()),
    Mutant(
        "a device is let in everywhere",
        "guest",
        "GUEST-SESSION-05",
        _by_binding(anywhere=True),
    ),
    Mutant(
        "guests of one portal are known at the other",
        "guest",
        "GUEST-SESSION-05",
        _known_at_the_portal(same_instance=False),
    ),
    Mutant("bindings survive a hand-over", "guest", "GUEST-SESSION-06", _by_binding()),
    Mutant("a new server ends all sessions", "guest", "GUEST-SESSION-07", plans(_all_out_with_a_server)),
    Mutant(
        "a deletion ends all sessions of the site",
        "guest",
        "GUEST-SESSION-07",
        _deletion_ends_sessions_of_the_site,
    ),
    Mutant(
        "guests are not among the users",
        "guest",
        "GUEST-USER-01",
        on_body("listSiteUsers", change=lambda users: []),
    ),
    Mutant("users are not active", "guest", "GUEST-USER-01", _users(active=lambda user: False)),
    Mutant("users are of the site", "guest", "GUEST-USER-01", _users(instance_id=lambda user: str(uuid4()))),
    Mutant(
        "users are listed twice",
        "guest",
        "GUEST-USER-01",
        on_body("listSiteUsers", change=lambda users: [*users, *users]),
    ),
    Mutant(
        "addresses of users are those of the router",
        "guest",
        "GUEST-USER-01",
        _users(ip_address=lambda user: f"{user['ip_address'].rpartition('.')[0]}.1"),
    ),
    Mutant("disconnecting is only noted", "guest", "GUEST-USER-02", _nobody_ends),
    Mutant("disconnecting one disconnects all", "guest", "GUEST-USER-02", _everybody_ends),
    Mutant("disconnecting hits another guest", "guest", "GUEST-USER-02", _next_to_it_ends),
)
