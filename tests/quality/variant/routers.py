"""Routers brought to what the instances ask for, some time later and one write after another.

The mapping is not that of the reference. Nothing carries a comment. What the instances of a router share (server
profile, user profile, walled garden) is made for the first of them and removed with the last. How long a guest may
stay is the limit-uptime of a user bound to the server; the shared user profile has no session-timeout. Logging
guests in is not part of it, and the pages of the router's own html-directory are taken to be fit for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network
from typing import Any, Self
from urllib.parse import SplitResult

from librouteros import async_connect
from librouteros.api import AsyncApi
from librouteros.exceptions import LibRouterosError

from reference_impl.settings import RouterSettings, SiteSettings
from tests.quality.variant.book import Claim

SERVERS = "/ip/hotspot"
SERVER_PROFILES = "/ip/hotspot/profile"
USERS = "/ip/hotspot/user"
USER_PROFILES = "/ip/hotspot/user/profile"
GARDEN = "/ip/hotspot/walled-garden/ip"
ADDRESSES = "/ip/address"

OURS = "guest-"
SHARED_SERVER_PROFILE, SHARED_USER_PROFILE = "guest-access", "guest-stay"
SHORTEST_DELAY, LONGEST_DELAY = 0.3, 0.6
"""Seconds between a change and the first write on its account."""

BETWEEN_WRITES = 0.02
LOOK_EVERY = 2.0
RETRY_AFTER = 0.3

Claims = Callable[[str], Iterable[Claim]]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that shall be on a router. `name` tells it from others of its menu; the garden rule has none.

    `last` is a property that is set when all items are there, and again whenever its value is another.
    """

    menu: str
    name: str
    properties: Mapping[str, str]
    last: tuple[str, str] = ("", "")


def wanted(
    claims: Sequence[Claim], rows: Mapping[str, list[dict[str, Any]]], portal: SplitResult
) -> list[Item]:
    """What the claims need on a router that has these addresses and servers, in the order of making it.

    A network without an enabled address is passed over, and one whose interface an operator's server guards.
    """
    taken = {
        row["interface"]
        for row in rows[SERVERS]
        if not row["name"].startswith(OURS) and row.get("disabled") is not True
    }
    servers: list[Item] = []
    users: list[Item] = []
    for claim in claims:
        interface = _interface(claim.subnet, rows[ADDRESSES])
        if interface is None or interface in taken:
            continue
        network = IPv4Network(claim.subnet)
        name = f"{OURS}{claim.instance[:13]}-{int(network.network_address):x}-{network.prefixlen}"
        server = {"interface": interface, "profile": SHARED_SERVER_PROFILE, "disabled": "yes"}
        servers.append(Item(SERVERS, name, server, ("disabled", "no")))
        limit = ("limit-uptime", f"{claim.session_ttl}s")
        user = {"server": name, "profile": SHARED_USER_PROFILE, limit[0]: limit[1]}
        users.append(Item(USERS, name, user, limit))
    if not servers:
        return []
    return [
        Item(SERVER_PROFILES, SHARED_SERVER_PROFILE, {"login-by": "http-pap"}),
        Item(USER_PROFILES, SHARED_USER_PROFILE, {"shared-users": "unlimited", "add-mac-cookie": "no"}),
        Item(GARDEN, "", _garden(portal)),
        *servers,
        *users,
    ]


def _garden(portal: SplitResult) -> dict[str, str]:
    """The rule by which guests reach the portal before they are logged in."""
    port = str(portal.port or 443)
    return {"action": "accept", "dst-address": portal.hostname or "", "protocol": "tcp", "dst-port": port}


def _interface(subnet: str, addresses: Iterable[Mapping[str, Any]]) -> str | None:
    network = IPv4Network(subnet)
    for row in addresses:
        if row.get("disabled") is True or row.get("invalid") is True:
            continue
        if network.subnet_of(IPv4Interface(row["address"]).network):
            return str(row.get("actual-interface") or row["interface"])
    return None


class Router:
    """One router and what this service has put there: (menu, name) -> (id, value of the last property)."""

    def __init__(self, settings: RouterSettings, portal: SplitResult) -> None:
        self._settings = settings
        self._portal = portal
        self._api: AsyncApi | None = None
        self._placed: dict[tuple[str, str], tuple[str, str]] = {}

    async def follow(self, claims: Sequence[Claim]) -> None:
        """Make it so. New servers work before old ones go, so that a network is never without."""
        rows = {menu: await self._rows(menu) for menu in (ADDRESSES, SERVERS)}
        items = wanted(claims, rows, self._portal)
        for item in items:
            if (item.menu, item.name) not in self._placed:
                await self._add(item)
        for menu in (USERS, SERVERS):
            for item in items:
                identifier, present = self._placed[item.menu, item.name]
                if item.menu == menu and item.last[1] != present:
                    await self._write(menu, "set", identifier, dict([item.last]))
                    self._placed[item.menu, item.name] = identifier, item.last[1]
        kept = {(item.menu, item.name) for item in items}
        for menu in (USERS, SERVERS, SERVER_PROFILES, USER_PROFILES, GARDEN):
            for key in [key for key in self._placed if key[0] == menu and key not in kept]:
                await self._write(menu, "remove", self._placed[key][0], {})
                del self._placed[key]

    async def _add(self, item: Item) -> None:
        properties = dict(item.properties)
        if item.menu != GARDEN:
            properties["name"] = item.name
        if item.menu == USERS:
            properties["password"] = secrets.token_urlsafe(12)
        identifier = await self._write(item.menu, "add", "", properties)
        self._placed[item.menu, item.name] = identifier, properties.get(item.last[0], "")

    async def _write(self, menu: str, verb: str, identifier: str, properties: Mapping[str, str]) -> str:
        await asyncio.sleep(BETWEEN_WRITES)
        words = [f"={name}={value}" for name, value in properties.items()]
        api = await self._connected()
        told = [
            row
            async for row in api.rawCmd(
                f"{menu}/{verb}", *([f"=.id={identifier}"] if identifier else []), *words
            )
        ]
        return str(told[0]["ret"]) if told else ""

    async def _rows(self, menu: str) -> list[dict[str, Any]]:
        api = await self._connected()
        return [dict(row) async for row in api.rawCmd(f"{menu}/print")]

    async def _connected(self) -> AsyncApi:
        if self._api is None:
            host, port = self._settings.endpoint
            self._api = await async_connect(
                host, self._settings.username, self._settings.password, port=port, timeout=5, encoding="utf-8"
            )
            await self._take_stock()
        return self._api

    async def _take_stock(self) -> None:
        """Learn from the names what of ours is there: a lost connection leaves open what was still written."""
        self._placed = {}
        for menu in (SERVER_PROFILES, USER_PROFILES, SERVERS, USERS):
            for row in await self._rows(menu):
                if str(row.get("name", "")).startswith(OURS):
                    self._placed[menu, row["name"]] = (
                        row[".id"],
                        "unknown" if menu in (SERVERS, USERS) else "",
                    )
        portal = _garden(self._portal)
        for row in await self._rows(GARDEN):
            if "comment" not in row and all(str(row.get(name)) == value for name, value in portal.items()):
                self._placed[GARDEN, ""] = row[".id"], ""

    async def drop(self) -> None:
        """End the connection, without caring how."""
        api, self._api = self._api, None
        if api is not None:
            with contextlib.suppress(OSError, LibRouterosError, TimeoutError):
                await api.close()


class Crew:
    """One task for each router: wakes on a change, waits a little, follows; looks by itself now and then."""

    def __init__(self, sites: Iterable[SiteSettings], portal: SplitResult, chance: random.Random) -> None:
        self.claims: Claims = lambda site: ()
        self._routers = {site.id: Router(site.router, portal) for site in sites if site.router is not None}
        self._wakes = {site: asyncio.Event() for site in self._routers}
        self._chance = chance
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False

    def moved(self, sites: Iterable[str]) -> None:
        """The claims on these sites may have changed."""
        for site in sites:
            if site in self._wakes:
                self._wakes[site].set()

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._keep(site)) for site in self._routers]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for router in self._routers.values():
            await router.drop()

    async def _keep(self, site: str) -> None:
        router, wake = self._routers[site], self._wakes[site]
        # A cancellation that meets the end of a wait can be lost, so the flag is what ends it.
        while not self._closing:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await wake.wait()
                wake.clear()
                await asyncio.sleep(self._chance.uniform(SHORTEST_DELAY, LONGEST_DELAY))
            try:
                await router.follow([*self.claims(site)])
            except (OSError, LibRouterosError, TimeoutError):
                await router.drop()
                await asyncio.sleep(RETRY_AFTER)
                wake.set()
