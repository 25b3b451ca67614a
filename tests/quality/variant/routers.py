"""Routers brought to what is wished of them, some time later and one write after another."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, Self
from urllib.parse import SplitResult

from librouteros import async_connect
from librouteros.api import AsyncApi
from librouteros.exceptions import LibRouterosError

from reference_impl.settings import RouterSettings, SiteSettings
from tests.quality.variant.mapping import (
    ADDRESSES,
    BINDINGS,
    GARDEN,
    LISTS,
    NAMED,
    PORTAL,
    REMOVAL,
    SERVERS,
    USERS,
    Item,
    Wishes,
    key_of,
    wanted,
)
from tests.quality.variant.stays import Device

SHORTEST_DELAY, LONGEST_DELAY = 0.02, 0.12
"""Seconds between a change and the first write on its account."""

BETWEEN_WRITES = 0.01
LOOK_EVERY = 2.0
RETRY_AFTER = 0.3
PATIENCE = 3.0
"""Seconds a guest waits for a router at most."""

HOSTS = "/ip/hotspot/host"

WishesOf = Callable[[str], Wishes]


class Router:
    """One router and what this service has put there: (menu, key) -> (id, value of the last property)."""

    def __init__(self, site: str, settings: RouterSettings, portal: SplitResult) -> None:
        self._site = site
        self._settings = settings
        self._portal = portal
        self._api: AsyncApi | None = None
        self._placed: dict[tuple[str, str], tuple[str, str]] = {}
        self.turn = asyncio.Lock()

    def has(self, menu: str, key: str) -> bool:
        return (menu, key) in self._placed

    async def follow(self, wishes: Wishes) -> None:
        """Make it so. New servers work before old ones go, so that a network is never without."""
        rows = {menu: await self._rows(menu) for menu in (ADDRESSES, SERVERS)}
        items = wanted(wishes, rows, self._portal, self._site)
        for item in items:
            if (item.menu, item.key) not in self._placed:
                await self._add(item)
        for menu in (USERS, SERVERS):
            for item in items:
                identifier, present = self._placed[item.menu, item.key]
                if item.menu == menu and item.last[1] != present:
                    await self._write(menu, "set", identifier, dict([item.last]))
                    self._placed[item.menu, item.key] = identifier, item.last[1]
        kept = {(item.menu, item.key) for item in items}
        await self._forget_what_ended(kept)
        for menu, key in sorted(self._placed.keys() - kept, key=_when_it_goes):
            await self._write(menu, "remove", self._placed[menu, key][0], {})
            del self._placed[menu, key]

    async def _forget_what_ended(self, kept: Container[tuple[str, str]]) -> None:
        """Entries of lists that are to go may have gone by themselves."""
        if any(place[0] == LISTS and place not in kept for place in self._placed):
            there = {row[".id"] for row in await self._rows(LISTS)}
            ended = [
                place for place, held in self._placed.items() if place[0] == LISTS and held[0] not in there
            ]
            for place in ended:
                del self._placed[place]

    async def knows(self, device: Device) -> bool:
        """Is there such a device behind the server?"""
        return any(
            (row.get("server"), row.get("mac-address"), row.get("address"))
            == (device.server, device.mac, device.address)
            for row in await self._rows(HOSTS)
        )

    async def _add(self, item: Item) -> None:
        properties = {"name": item.key, **item.properties} if item.menu in NAMED else dict(item.properties)
        identifier = await self._write(item.menu, "add", "", properties)
        self._placed[item.menu, item.key] = identifier, properties.get(item.last[0], "")

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
        """Learn what of ours is there: a lost connection leaves open what was still written."""
        self._placed = {}
        for menu in (*NAMED, GARDEN, BINDINGS, LISTS):
            for row in await self._rows(menu):
                key = key_of(menu, row, self._portal)
                if key is not None:
                    present = "unknown" if menu in (SERVERS, USERS) else ""
                    self._placed[menu, key] = row[".id"], present

    async def drop(self) -> None:
        """End the connection, without caring how."""
        api, self._api = self._api, None
        if api is not None:
            with contextlib.suppress(OSError, LibRouterosError, TimeoutError):
                await api.close()


def _when_it_goes(place: tuple[str, str]) -> tuple[int, int, str]:
    menu, key = place
    last = (menu, key) == (GARDEN, PORTAL)
    # What lies in a directory goes before it.
    return len(REMOVAL) if last else REMOVAL.index(menu), -key.count("/"), key


class Crew:
    """One task for each router: wakes on a change, waits a little, follows; looks by itself now and then."""

    def __init__(self, sites: Iterable[SiteSettings], portal: SplitResult, chance: random.Random) -> None:
        self.wishes: WishesOf | None = None
        self._routers = {
            site.id: Router(site.id, site.router, portal) for site in sites if site.router is not None
        }
        self._wakes = {site: asyncio.Event() for site in self._routers}
        self._chance = chance
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False

    def moved(self, sites: Iterable[str]) -> None:
        """What is wished of these sites may have changed."""
        for site in sites:
            if site in self._wakes:
                self._wakes[site].set()

    async def placed(self, site: str, menu: str, key: str) -> bool:
        """Wait until a router has an item; False if it does not get it in time."""
        router = self._routers.get(site)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while router is not None and not router.has(menu, key):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.02)
                return router is not None
        return False

    async def knows(self, device: Device) -> bool:
        """Is there such a device at its site? Also False when the router does not answer in time."""
        router = self._routers.get(device.site)
        if router is None:
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE), router.turn:
                while True:
                    try:
                        return await router.knows(device)
                    except (OSError, LibRouterosError):
                        await router.drop()
                        await asyncio.sleep(RETRY_AFTER)
        return False

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
                async with router.turn:
                    await router.follow(self.wishes(site) if self.wishes else _NOTHING)
            except (OSError, LibRouterosError, TimeoutError):
                await router.drop()
                await asyncio.sleep(RETRY_AFTER)
                wake.set()


_NOTHING = Wishes((), lambda claim: (), (), (), False, ())
