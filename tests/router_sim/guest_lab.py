"""A laboratory with one guarded network, an internet with one real site, and guests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from router_sim.clock import VirtualClock
from router_sim.guests.internet import Internet
from router_sim.guests.registry import Entry, Guests
from router_sim.router import Router
from tests.router_sim.conftest import START, Console

SITE = "198.51.100.7"
OTHER = "198.51.100.8"
PAGE = b"<!doctype html><html><head><title>The site</title></head><body><h1>Welcome</h1></body></html>"


class Site:
    """A real web server on a loopback port that remembers what it was asked."""

    def __init__(self, page: bytes = PAGE) -> None:
        self.page = page
        self.asked: list[bytes] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            body = await reader.readexactly(length)
            self.asked.append(head + body)
            page = self.page if not body else b"got " + body
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s"
                % (len(page), page)
            )
            await writer.drain()
        writer.close()


class GuestLab:
    """A router whose bridge-guest (10.5.50.0/24) a hotspot guards, with a user `ann` (password `secret`)."""

    def __init__(self, **profile: str) -> None:
        self.clock = VirtualClock(START, monotonic=lambda: 0.0)
        self.internet = Internet()
        self.internet.name("site.example", [SITE])
        self.internet.name("other.example", [OTHER])
        self.router = Router(
            name="r1", clock=self.clock, password="secret", identity="r1", resolve=self.internet.resolve
        )
        self.console = console = Console(self.router)
        console.add("/interface/bridge", name="bridge-guest")
        console.add("/ip/address", address="10.5.50.1/24", interface="bridge-guest")
        given = {"login_by": "http-chap,http-pap,cookie", "hotspot_address": "10.5.50.1", **profile}
        # The first profile that keeps its pages in the usual place brings them.
        console.add("/ip/hotspot/profile", name="p0")
        console.add("/ip/hotspot/profile", name="p1", **given)
        console.add("/ip/hotspot/user/profile", name="hour", session_timeout="1h", shared_users="10")
        console.add("/ip/hotspot/user", name="ann", password="secret", profile="hour")
        console.add("/ip/hotspot", name="guests", interface="bridge-guest", profile="p1", disabled="no")
        self.guests = Guests(lambda name: self.router if name == "r1" else None, self.internet)
        self.site = Site()

    async def __aenter__(self) -> Self:
        await self.site.start()
        for port in (80, 443, 8443):
            self.internet.serve(SITE, port, "127.0.0.1", self.site.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.guests.close()
        await self.site.close()

    async def guest(self, address: str = "10.5.50.20") -> Entry:
        return await self.guests.create("r1", interface="bridge-guest", address=address)

    def put_file(self, name: str, contents: str) -> None:
        for row in list(self._named(name)):
            self.console.run("/file/remove", {".id": row[".id"]})
        self.console.add("/file", name=name, contents=contents)

    def remove_file(self, name: str) -> None:
        for row in list(self._named(name)):
            self.console.run("/file/remove", {".id": row[".id"]})

    def _named(self, name: str) -> Iterator[dict[str, str]]:
        return (row for row in self.console.rows("/file") if row["name"] == name)

    @property
    def sessions(self) -> list[dict[str, str]]:
        return self.console.rows("/ip/hotspot/active")
