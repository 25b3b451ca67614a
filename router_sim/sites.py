"""Many sites at once: an address for each router, and routers that share what they have in common."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from router_sim.clock import Clock
from router_sim.router import Router
from router_sim.seed import lab_router
from router_sim.server import is_loopback
from router_sim.state import Resolve, nothing_resolves


def addresses_from(first: str, count: int) -> tuple[str, ...]:
    """`count` loopback addresses counting up from `first`, without those that end in .0 or .255.

    Raises ValueError when `first` is not loopback or the network ends before.
    """
    if not is_loopback(first):
        raise ValueError(
            f"{first} is not a loopback address; simulated routers are served on 127.0.0.0/8 alone"
        )
    if count == 1:
        return (first,)
    found: list[str] = []
    address = ipaddress.IPv4Address(first)
    while len(found) < count:
        if not address.is_loopback:
            raise ValueError(f"127.0.0.0/8 has no room for {count} routers from {first} on")
        if int(address) & 0xFF not in (0, 255):
            found.append(str(address))
        address += 1
    return tuple(found)


def site_routers(
    addresses: Sequence[str],
    *,
    clock: Clock,
    version: str,
    password: str,
    subnets: Sequence[str],
    resolve: Resolve = nothing_resolves,
) -> dict[str, Router]:
    """A site router for each address: router-1, router-2 and so on, each with its name as identity.

    They are twins of the first, so one more costs kilobytes until it is changed. `resolve` is what their
    upstream name servers answer. ValueError for subnets that cannot be served, or a version that is none.
    """
    first = lab_router(
        "router-1", clock=clock, version=version, password=password, subnets=subnets, resolve=resolve
    )
    return twins_of(first, addresses)


def twins_of(first: Router, addresses: Sequence[str]) -> dict[str, Router]:
    """The router at the first address and a twin of it at each further one: router-2, router-3 and so on."""
    routers = {addresses[0]: first}
    for number, address in enumerate(addresses[1:], 2):
        routers[address] = first.twin(f"router-{number}")
    return routers
