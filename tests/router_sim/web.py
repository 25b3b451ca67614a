"""A fleet with REST, and clients that are logged in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from router_sim.clock import VirtualClock
from router_sim.fleet import Fleet, ServicePorts
from router_sim.router import Router

ADDRESS = "127.0.6.1"
SECRET = "secret"


def web_fleet(router: Router | None = None, **options: Any) -> Fleet:
    """One router with all services, on free ports."""
    held = router if router is not None else Router(name="r", clock=VirtualClock(), password=SECRET)
    return Fleet({ADDRESS: held}, ports=ServicePorts(0, 0, 0, 0), **options)


def client(fleet: Fleet, user: str = "admin", password: str = SECRET, **options: Any) -> httpx2.AsyncClient:
    """A client of the first router's REST interface over plain HTTP."""
    address = next(iter(fleet.routers))
    return httpx2.AsyncClient(
        base_url=f"http://{address}:{fleet.ports.www}/rest",
        auth=(user, password),
        trust_env=False,
        timeout=10,
        **options,
    )


@asynccontextmanager
async def rest(
    router: Router | None = None, **options: Any
) -> AsyncIterator[tuple[Fleet, httpx2.AsyncClient]]:
    """A running fleet with a client."""
    async with web_fleet(router, **options) as fleet, client(fleet) as http:
        yield fleet, http
