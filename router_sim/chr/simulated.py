"""A simulated router as the subject of the probes, so that its answers can stand beside a real one's."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from router_sim.chr.prober import Subject
from router_sim.chr.radius import AcceptingRadius
from router_sim.clock import VirtualClock
from router_sim.fleet import Fleet, ServicePorts
from router_sim.router import Router
from router_sim.schema import version_key
from router_sim.seed import lab_router
from router_sim.services import REST_SINCE

ADDRESS_HERE = "127.0.1.1"
INTERFACE = "bridge-guest"
ADDRESS = "10.5.50.1"
GUEST = "10.5.50.77"
MAC = "02:00:5E:00:53:77"


class SimulatedGuests:
    """The guest of the probes on a simulated router."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def appear(self) -> None:
        """Seen for the first time."""
        self._router.associate(MAC, GUEST, INTERFACE)

    async def announce(self) -> None:
        """Seen again."""
        self._router.associate(MAC, GUEST, INTERFACE)

    async def vanish(self) -> None:
        """Gone."""
        self._router.disassociate(MAC)


@asynccontextmanager
async def simulated_subject(version: str) -> AsyncIterator[tuple[Subject, Router]]:
    """A simulated router of this version that answers the probes, on a free port of loopback."""
    password = secrets.token_urlsafe(12)
    router = lab_router("probed", clock=VirtualClock(), version=version, password=password)
    async with AsyncExitStack() as stack:
        radius = await stack.enter_async_context(AcceptingRadius())
        ports = ServicePorts(api=0, www=0)
        fleet = await stack.enter_async_context(Fleet({ADDRESS_HERE: router}, ports=ports))
        names = {
            "interface": INTERFACE,
            "address": ADDRESS,
            "guest": GUEST,
            "mac": MAC,
            "radius": "127.0.0.1",
            "radius_port": str(radius.port),
        }
        guests = SimulatedGuests(router)
        rest = (
            f"http://{ADDRESS_HERE}:{fleet.ports.www}" if version_key(version) >= REST_SINCE["www"] else None
        )
        yield Subject(ADDRESS_HERE, fleet.port, "admin", password, names, rest, guests), router
