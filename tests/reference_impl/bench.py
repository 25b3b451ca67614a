"""A service with one simulated router, and hands on both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from reference_impl.app import create_app
from reference_impl.provisioning.reconcile import Pace, Provisioning
from reference_impl.provisioning.sessions import GuestSessions
from reference_impl.settings import RouterSettings
from router_sim.access import Guest
from router_sim.engine import Command, Origin
from router_sim.fleet import Fleet
from router_sim.guests.guest import SimulatedGuest
from router_sim.guests.internet import Internet
from router_sim.router import Router
from router_sim.seed import lab_router
from tests.reference_impl.conftest import SITE, Api, TurnedClock, make_settings, running

FIRST = [{"id": SITE, "subnets": ["10.5.50.0/24"]}]
SECOND = [{"id": SITE, "subnets": ["10.5.51.0/24"]}]
BOTH = [{"id": SITE, "subnets": ["10.5.50.0/24", "10.5.51.0/24"]}]
QUIET = Pace(resync=3600, first_retry=0.01, longest_retry=0.05)
BUSY = Pace(resync=0.02, first_retry=0.01, longest_retry=0.05)
OPERATOR = Origin("operator", "192.0.2.10")


RUNNING = (
    "/user",
    "/user/active",
    "/ip/hotspot/host",
    "/ip/hotspot/active",
    "/log",
    "/system/script/job",
)


class Bench:
    """A service with one simulated router, and hands on both."""

    def __init__(self, tmp_path: Path) -> None:
        self.clock = TurnedClock()
        self.internet = Internet()
        self.router = self.make_router("site-1")
        self.fleet = Fleet({"127.0.1.1": self.router}, port=0)
        self.tmp_path = tmp_path
        self.provisioning: Provisioning
        self.sessions: GuestSessions
        self.api: Api
        self.other: Api

    def make_router(self, name: str) -> Router:
        return lab_router(name, clock=self.clock, password="router-pass", resolve=self.internet.resolve)

    def settings(self) -> Any:
        router = RouterSettings(
            host="127.0.1.1", port=self.fleet.port, username="admin", password="router-pass"
        )
        return make_settings(self.tmp_path, router)

    @asynccontextmanager
    async def service(self, pace: Pace = QUIET, settings: Any = None) -> AsyncIterator[None]:
        app = create_app(settings or self.settings(), clock=self.clock, pace=pace)
        async with running(app):
            self.provisioning = app.state.service.provisioning
            self.sessions = app.state.service.sessions
            self.api, self.other = Api(app), Api(app, "token-b")
            yield
            await self.api.client.aclose()
            await self.other.client.aclose()

    async def settle(self) -> None:
        async with asyncio.timeout(20):
            await self.provisioning.settled()

    async def create(self, sites: list[Any], **changes: Any) -> str:
        made = await self.api.create(**changes)
        await self.put(made["id"], sites=sites, **changes)
        return str(made["id"])

    async def put(self, instance: str, **changes: Any) -> None:
        answer = await self.api.put(instance, **changes)
        assert answer.status_code == 200, answer.text
        await self.settle()

    async def delete(self, instance: str) -> None:
        assert (await self.api.send("DELETE", f"/instances/{instance}")).status_code == 204
        await self.settle()

    def rows(self, menu: str, **values: str) -> list[dict[str, str]]:
        rows = self.router.snapshot()[menu]
        return [
            row
            for row in rows
            if all(row.get(key.replace("_", "-")) == value for key, value in values.items())
        ]

    def operate(self, command: str, **attributes: str) -> str | None:
        words = {key.replace("_", "-"): value for key, value in attributes.items()}
        if "numbers" in words:
            words[".id"] = words.pop("numbers")
        return self.router.execute(Command(command, words), OPERATOR).ret

    def written(self) -> list[tuple[str, str]]:
        """The writes of the service since the last look: command and id."""
        entries = [entry for entry in self.router.journal.entries() if entry.user == "admin"]
        self.router.journal.clear()
        return [(entry.command, entry.id) for entry in entries]

    def configuration(self) -> dict[str, list[dict[str, str]]]:
        """All that is configured, without what only tells the time, who is logged in or what happened."""
        return {menu: rows for menu, rows in self.router.snapshot().items() if menu not in RUNNING}

    def admit(self, address: str, user: str) -> None:
        password = self.rows("/ip/hotspot/user", name=user)[0]["password"]
        self.operate("/ip/hotspot/active/login", user=user, password=password, ip=address)

    def guest(self, mac: str, address: str, interface: str, router: Router | None = None) -> SimulatedGuest:
        """A device that has come to an interface."""
        guest = SimulatedGuest(router or self.router, self.internet, Guest(mac, address, interface))
        guest.seen()
        return guest
