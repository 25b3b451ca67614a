"""What a guest of a hotspot asks, and what may become of it; `router_sim.access` decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlsplit

from router_sim.access_rules import PROTOCOLS, is_address

HTTPS_PORT = 443

Outcome = Literal["allowed", "redirected", "refused", "open"]
Refusal = Literal["", "reset", "unreachable", "dropped", "certificate"]


@dataclass(frozen=True, slots=True)
class Guest:
    """Who asks: hardware address (upper case, colons), IPv4 address, and interface of the router."""

    mac: str
    address: str
    interface: str


@dataclass(frozen=True, slots=True)
class Request:
    """What the guest wants; made by `of_url`, `of_packet` or `of_name`.

    `scheme` is `http`, `https`, `dns` or empty, `host` a name or an address.
    """

    host: str
    port: int
    protocol: str = "tcp"
    scheme: str = ""
    method: str = "GET"
    path: str = "/"
    url: str = ""

    @classmethod
    def of_url(cls, url: str, method: str = "GET") -> Self:
        """A request over HTTP or HTTPS. ValueError for text that is no such URL."""
        no_url = f"{url!r} is no URL a guest can ask for; write it like http://host/path"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:  # it says nothing of the URL
            raise ValueError(f"{no_url} ({error})") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(no_url)
        if port is None:
            port = HTTPS_PORT if parts.scheme == "https" else 80
        host = parts.hostname.rstrip(".").lower()
        return cls(host, port, "tcp", parts.scheme, method.upper(), parts.path or "/", url)

    @classmethod
    def of_packet(cls, address: str, port: int = 0, protocol: str = "tcp") -> Self:
        """Anything else that goes to an IPv4 address. ValueError for text that is none, or no protocol."""
        if not is_address(address):
            raise ValueError(f"{address!r} is no IPv4 address; write it like 192.0.2.1")
        if not 0 <= port <= 65535:
            raise ValueError(f"{port} is no port; the highest is 65535")
        if protocol not in PROTOCOLS:
            raise ValueError(f"{protocol!r} is no protocol of guests; known are {', '.join(PROTOCOLS)}")
        return cls(address, port, protocol)

    @classmethod
    def of_name(cls, name: str) -> Self:
        """A question to the name service."""
        return cls(name.rstrip(".").lower(), 53, "udp", "dns")

    @property
    def address_as_url(self) -> str:
        """The URL asked for; for a bare connection, that of the root page."""
        shown = self.host if self.port == 80 else f"{self.host}:{self.port}"
        return self.url or f"http://{shown}/"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a request.

    `open`: no hotspot guards the interface. `allowed`: it goes through, or to the router's own login pages
    when `servlet` is true. `redirected`: answered with `status` 302 and `location`. `refused`: in the manner
    of `refusal` (`reset` of the connection, ICMP `unreachable`, silently `dropped`, or a `certificate` of
    the router in place of the site's). `rule` is menu and `.id` of the row that decided, if one did.
    """

    outcome: Outcome
    reason: str
    rule: tuple[str, str] | None = None
    location: str = ""
    status: int | None = None
    refusal: Refusal = ""
    servlet: bool = False

    @property
    def passes(self) -> bool:
        """Does the request reach its destination?"""
        return self.outcome in ("allowed", "open")
