"""The management services of a router as `/ip/service` has them: which are on, where, and for whom.

Source: the menu's names on RouterOS 7.22.3 and the manual's page on services. Assumed: that a connection which
is not admitted is accepted and closed at once, that open connections go on when their service is disabled, and
that sessions are counted for each service of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Final

from router_sim.exchange import Record
from router_sim.schema import version_key

MENU: Final = "/ip/service"
PORTS: Final[Mapping[str, int]] = {"api": 8728, "api-ssl": 8729, "www": 80, "www-ssl": 443}
SECURE: Final = frozenset({"api-ssl", "www-ssl"})
WEB: Final = frozenset({"www", "www-ssl"})

REST_SINCE: Final = {"www-ssl": (7, 1), "www": (7, 9)}


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `allowed` are the networks its clients may be in, all if there are none.

    `certificate` is the name of one, or `none`; `sessions` how many there may be at a time, None without limit.
    """

    name: str
    port: int
    enabled: bool = True
    allowed: tuple[IPv4Network, ...] = ()
    certificate: str = "none"
    only_tls_1_2: bool = False
    sessions: int | None = None

    @property
    def secure(self) -> bool:
        """Is it spoken over TLS?"""
        return self.name in SECURE

    @property
    def web(self) -> bool:
        """Is it HTTP rather than the binary API?"""
        return self.name in WEB

    def admits(self, address: str) -> bool:
        """May a client come from this address?"""
        if not self.allowed:
            return True
        try:
            client = IPv4Address(address)
        except AddressValueError:
            return False
        return any(client in network for network in self.allowed)


def read_services(rows: Iterable[Record]) -> tuple[Service, ...]:
    """The services this simulator serves, from the printed rows of the menu."""
    return tuple(_service(row) for row in rows if row.get("name") in PORTS and row.get("dynamic") != "true")


def at_port(services: Sequence[Service], ports: Sequence[int]) -> Service | None:
    """The enabled service at the first of `ports` that has one."""
    for port in ports:
        for service in services:
            if service.enabled and service.port == port:
                return service
    return None


def serves_rest(service: Service, version: str) -> bool:
    """Is there a REST interface on this service? Over TLS since 7.1, without since 7.9."""
    since = REST_SINCE.get(service.name)
    return since is not None and version_key(version) >= since


def _service(row: Record) -> Service:
    most = row.get("max-sessions", "")
    return Service(
        row["name"],
        int(row["port"]),
        row.get("disabled") != "true",
        _networks(row.get("address", "")),
        row.get("certificate", "none"),
        row.get("tls-version") == "only-1.2",
        int(most) if most.isdecimal() else None,
    )


def _networks(text: str) -> tuple[IPv4Network, ...]:
    networks = []
    for part in filter(None, text.split(",")):
        try:
            networks.append(IPv4Network(part, strict=False))
        except (AddressValueError, NetmaskValueError, ValueError):
            # A network of IPv6, where no client of a simulated router comes from; it must not open the door.
            networks.append(IPv4Network("255.255.255.255/32"))
    return tuple(networks)
