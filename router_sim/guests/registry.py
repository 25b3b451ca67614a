"""The guests of a laboratory: who is behind which router, and the proxy of each."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Final

from router_sim import access
from router_sim.behaviours import dhcp
from router_sim.guests.desk import look, rows_of
from router_sim.guests.guest import SimulatedGuest
from router_sim.guests.internet import Internet
from router_sim.guests.proxy import GuestProxy
from router_sim.network import Address, Mac
from router_sim.router import Router
from router_sim.state import State
from router_sim.transaction import Transaction
from router_sim.values import BadValue

_MOST: Final = 2000


class GuestError(ValueError):
    """A guest cannot be made as asked; the message says why."""


@dataclass(slots=True)
class Entry:
    """One guest with its number, its proxy, and the cookies the laboratory's own requests were given."""

    id: str
    guest: SimulatedGuest
    proxy: GuestProxy
    host_name: str = ""
    cookies: dict[str, str] = field(default_factory=dict)


class Guests:
    """Makes guests and takes them away. `named` finds a router by its name."""

    def __init__(self, named: Callable[[str], Router | None], internet: Internet) -> None:
        self.internet = internet
        self._named = named
        self._entries: dict[str, Entry] = {}
        self._had: dict[str, set[str]] = {}
        self._numbers = itertools.count(1)
        self._pending = 0

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All guests by their number."""
        return self._entries

    async def create(
        self,
        router: str,
        *,
        interface: str = "",
        subnet: str = "",
        mac: str = "",
        address: str = "",
        host_name: str = "",
    ) -> Entry:
        """A new guest on an interface, or on the one whose network is `subnet`, and its proxy.

        Without `address` it asks the router's DHCP server; where there is none it takes a free address of
        the network for itself. Raises GuestError.
        """
        found = self._named(router)
        if found is None:
            raise GuestError(f"router: there is none named {router!r}")
        if len(self._entries) + self._pending >= _MOST:
            raise GuestError(f"there are {_MOST} guests already; let some leave")
        number = next(self._numbers)
        interface = self._interface(found, interface, subnet)
        mac = self._mac(mac, number)
        leased = "" if address else self._lease(found, interface, mac, host_name)
        address = leased or self._address(found, interface, address)
        guest = SimulatedGuest(found, self.internet, access.Guest(mac, address, interface))
        proxy = GuestProxy(guest)
        self._pending += 1
        try:
            await proxy.start()
        except OSError as error:
            raise GuestError(f"the proxy of the guest cannot listen: {error}") from error
        finally:
            self._pending -= 1
        entry = Entry(str(number), guest, proxy, host_name)
        self._entries[entry.id] = entry
        guest.seen("DHCP" if leased else "")
        return entry

    async def leave(self, id: str) -> bool:
        """The guest goes, and with it its host, session and proxy; was there one of that number?"""
        entry = self._entries.pop(id, None)
        if entry is None:
            return False
        await entry.proxy.close()
        entry.guest.leave()
        return True

    async def close(self) -> None:
        """All proxies stop. Harmless when repeated."""
        entries, self._entries = self._entries, {}
        await asyncio.gather(*(entry.proxy.close() for entry in entries.values()))

    # -- where and who -----------------------------------------------------------------------------------

    def _interface(self, router: Router, interface: str, subnet: str) -> str:
        if interface:
            if look(router, lambda state: state.find("/interface", interface)) is None:
                raise GuestError(f"interface: router {router.name} has none named {interface!r}")
            return interface
        if not subnet:
            raise GuestError("interface or subnet: one of them is needed")
        try:
            network = IPv4Network(subnet)
        except ValueError as error:
            raise GuestError(f"subnet: {subnet!r} is no network such as 10.5.50.0/24: {error}") from error
        for row in rows_of(router, "/ip/address"):
            if network.subnet_of(IPv4Interface(row["address"]).network) and row.get("disabled") != "true":
                return row["interface"]
        raise GuestError(f"subnet: router {router.name} has no address in {subnet}")

    def _mac(self, mac: str, number: int) -> str:
        if not mac:
            # Locally administered, so that no real device is meant.
            digits = f"{number:06X}"
            return f"02:00:5E:{digits[:2]}:{digits[2:4]}:{digits[4:6]}"
        try:
            return Mac().parse(mac)
        except BadValue as bad:
            raise GuestError(bad.describe("mac")) from None

    def _address(self, router: Router, interface: str, address: str) -> str:
        if not address:
            return self._free(router, interface)
        try:
            wanted = Address().parse(address)
        except BadValue as bad:
            raise GuestError(bad.describe("address")) from None
        if any(str(IPv4Interface(row["address"]).ip) == wanted for row in rows_of(router, "/ip/address")):
            raise GuestError(f"address: {wanted} is one of router {router.name}'s own")
        return wanted

    def _lease(self, router: Router, interface: str, mac: str, host_name: str) -> str:
        """What the router's DHCP server gives; empty where none works."""
        leased: list[str] = []

        def ask(tx: Transaction) -> None:
            key = tx.state.find("/interface", interface)
            item = dhcp.lease(tx, key, mac, host_name=host_name) if key else None
            if item is not None:
                leased.append(item.values.get("active-address") or item.values["address"])

        router.write(ask)
        return leased[0] if leased else ""

    def _free(self, router: Router, interface: str) -> str:
        """An address of the interface's network that neither the router nor a guest has.

        One that nobody has had yet, while there are any: a router may know the latest holder by it for a while.
        """
        taken = {entry.guest.who.address for entry in self._entries.values() if entry.guest.router is router}
        taken |= look(router, _hosts)
        networks = [
            IPv4Interface(row["address"])
            for row in rows_of(router, "/ip/address")
            if row.get("interface") == interface and row.get("disabled") != "true"
        ]
        own = {network.ip for network in networks}
        for had in (self._had.setdefault(router.name, set()), frozenset[str]()):
            for network in networks:
                first, last = int(network.network[0]) + 2, int(network.network[-1])
                for number in range(first, min(last, first + 2 * _MOST)):
                    free = IPv4Address(number)
                    if free not in own and str(free) not in taken | had:
                        self._had[router.name].add(str(free))
                        return str(free)
        raise GuestError(
            f"address: interface {interface} of router {router.name} has no free address to take"
        )


def _hosts(state: State) -> set[str]:
    return {host.values["address"] for host in state.store("/ip/hotspot/host")}
