"""The internet of the laboratory: names with addresses, and the real servers that answer at addresses.

Nothing else is ever reached by a guest, and real servers are on loopback addresses alone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from typing import Final

_MOST: Final = 10000

Server = tuple[str, int]
"""Address and port."""


class Internet:
    """What lies behind the routers' uplinks. `resolve` is what their name servers answer.

    `changes` counts the changes of names, so that whoever resolved some knows when to ask again.
    """

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, ...]] = {}
        self._servers: dict[Server, Server] = {}
        self.changes = 0

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Addresses by name, lower case."""
        return self._names

    @property
    def servers(self) -> Mapping[Server, Server]:
        """Real host and port by the address and port guests connect to."""
        return self._servers

    def name(self, name: str, addresses: Collection[str]) -> None:
        """Give a name its addresses; none takes it away. `*.` in front stands for every name below.

        ValueError for text that is no IPv4 address, or too many names.
        """
        name = name.rstrip(".").lower()
        if not name or len(name) > 253:
            raise ValueError(f"{name!r} is no name; one has 1 to 253 characters")
        checked = tuple(_ipv4(each, f"an address of {name}") for each in addresses)
        self.changes += 1
        self._names.pop(name, None)
        if checked:
            if len(self._names) >= _MOST:
                raise ValueError(f"the laboratory's internet holds {_MOST} names at most")
            self._names[name] = checked

    def serve(self, address: str, port: int, host: str, real_port: int) -> None:
        """Let the real server on `host` and `real_port` answer at `address` and `port`.

        ValueError for what is no address or port, or a `host` that is not loopback.
        """
        here = (_ipv4(address, "the address guests connect to"), _port(port))
        there = (_ipv4(host, "the real server's address"), _port(real_port))
        if not ipaddress.IPv4Address(there[0]).is_loopback:
            raise ValueError(f"{host} is not a loopback address; guests reach servers on 127.0.0.0/8 alone")
        if here not in self._servers and len(self._servers) >= _MOST:
            raise ValueError(f"the laboratory's internet holds {_MOST} servers at most")
        self._servers[here] = there

    def withdraw(self, address: str, port: int) -> bool:
        """Take the server at an address and port away; was there one?"""
        return self._servers.pop((address, port), None) is not None

    def clear(self) -> None:
        """Forget all names and servers."""
        self.changes += 1
        self._names.clear()
        self._servers.clear()

    def resolve(self, name: str) -> tuple[str, ...]:
        """The addresses of a name, none for one that is not known."""
        name = name.rstrip(".").lower()
        found = self._names.get(name)
        rest = name
        while found is None and "." in rest:
            rest = rest.partition(".")[2]
            found = self._names.get(f"*.{rest}")
        return found or ()

    def server(self, address: str, port: int) -> Server | None:
        """The real host and port behind an address and port."""
        return self._servers.get((address, port))


def _ipv4(text: str, what: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise ValueError(f"{what}: {text!r} is no IPv4 address; write it like 198.51.100.7") from None


def _port(number: int) -> int:
    if not 1 <= number <= 65535:
        raise ValueError(f"{number} is no port; write one from 1 to 65535")
    return number
