"""A fleet of simulated routers behind one port, each on its own loopback address."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import logging
import secrets
import socket
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self

from router_sim.exchange import FetchRequest, FetchResult
from router_sim.faults import Fault, FaultPlan
from router_sim.router import Router
from router_sim.server import ApiConnection, is_loopback
from router_sim.streams import Fetch, fetch_nothing

LOGGER = logging.getLogger(__name__)

_BACKLOG: Final = 4096
_TICK_SECONDS: Final = 1.0


def _random_challenge() -> bytes:
    return secrets.token_bytes(16)


class FleetError(Exception):
    """The fleet cannot be served; the message says why and what to do."""


class Fleet:
    """Serves routers over the RouterOS API on `port`, by the local address a client connects to.

    `routers` maps addresses of 127.0.0.0/8 to routers; ValueError when there is none, or an address is
    not loopback. `port` 0 takes a free one; the attribute holds the real one once started. `pace` is the
    time in seconds before the first reply word of each command: a router is never faster than about two
    milliseconds, and some clients depend on it. `faults` is the plan the control API fills, `challenge`
    gives the 16 random bytes of a token login; `fetch` asks other hosts for what a router was told to
    download, by default none.

    One listening socket serves all addresses. It is bound to the loopback device, so nothing can be
    reached from a network; where the system does not permit that, each address gets a socket of its own.
    """

    def __init__(
        self,
        routers: Mapping[str, Router],
        *,
        port: int = 8728,
        pace: float = 0.0,
        faults: FaultPlan | None = None,
        challenge: Callable[[], bytes] = _random_challenge,
        fetch: Fetch = fetch_nothing,
    ) -> None:
        if not routers:
            raise ValueError("a fleet needs at least one router")
        for address in routers:
            if not is_loopback(address):
                raise ValueError(
                    f"{address} is not a loopback address; simulated routers are served on 127.0.0.0/8 alone"
                )
        self.routers: dict[str, Router] = dict(routers)
        self._by_name = {router.name: router for router in self.routers.values()}
        if len(self._by_name) < len(self.routers):
            raise ValueError("two routers of a fleet have the same name")
        self.port = port
        self.pace = pace
        self.faults = faults if faults is not None else FaultPlan()
        self.challenge = challenge
        cut, other_password = self.cut, self.faults.password_of  # one object each, however many routers
        for router in self.routers.values():
            router.cut_connections = cut
            router.other_password = other_password
        self.faults.on_planned(self._planned)
        self._fetch = fetch
        self._numbers = itertools.count(1)
        self._connections: set[ApiConnection] = set()
        self._servers: list[asyncio.Server] = []
        self._ticker: asyncio.Task[None] | None = None
        self._emptied: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Listen. FleetError when the port is taken or an address is not there."""
        sockets = self._listen()
        loop = asyncio.get_running_loop()
        for listening in sockets:
            self._servers.append(
                await loop.create_server(lambda: ApiConnection(self), sock=listening, backlog=_BACKLOG)
            )
        self._ticker = asyncio.create_task(self._tick_for_ever())

    async def close(self) -> None:
        """Stop listening and cut every connection. Harmless when repeated."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
            self._ticker = None
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.abort()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()
        if self._connections:  # the loop reports each cut connection in its own turn
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied
            self._emptied = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def named(self, name: str) -> Router | None:
        """The router of that name."""
        return self._by_name.get(name)

    def tick(self) -> None:
        """Let every router apply what is due on its clock."""
        for router in self.routers.values():
            router.tick()

    def cut(self, router: Router, graceful: bool = False) -> None:
        """End the connections of one router; `graceful` lets them send what was answered already."""
        for connection in list(self._connections):
            if connection.router is router:
                connection.cut(graceful=graceful)

    def _planned(self, fault: Fault) -> None:
        if fault.kind == "service_down" and fault.service in (None, "api"):
            for router in self.routers.values():
                if fault.router in (None, router.name):
                    self.cut(router)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    # Service of the connections

    def router_at(self, address: str) -> Router | None:
        return self.routers.get(address)

    def opened(self, connection: ApiConnection) -> int:
        self._connections.add(connection)
        return next(self._numbers)

    def closed(self, connection: ApiConnection) -> None:
        self._connections.discard(connection)
        if self._emptied is not None and not self._connections and not self._emptied.done():
            self._emptied.set_result(None)

    async def fetch(self, request: FetchRequest) -> FetchResult:
        return await self._fetch(request)

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            # Nobody sees the routers without a connection; they catch up when somebody looks.
            for router in {connection.router for connection in self._connections}:
                if router is not None:
                    try:
                        router.tick()
                    except Exception:
                        LOGGER.exception("router %s: applying what is due failed", router.name)

    def _listen(self) -> list[socket.socket]:
        addresses = list(self.routers)
        if len(addresses) == 1:
            return self._bind(addresses)
        whole = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            whole.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        except (OSError, AttributeError):  # not permitted, or not Linux
            whole.close()
            return self._bind(addresses)
        return [self._bind_one(whole, "0.0.0.0")]  # noqa: S104 - the loopback device alone, see above

    def _bind(self, addresses: list[str]) -> list[socket.socket]:
        with contextlib.ExitStack() as undo:
            bound = [
                undo.enter_context(self._bind_one(socket.socket(socket.AF_INET, socket.SOCK_STREAM), address))
                for address in addresses
            ]
            undo.pop_all()
        return bound

    def _bind_one(self, listening: socket.socket, address: str) -> socket.socket:
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((address, self.port))
            listening.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            listening.close()
            raise FleetError(explain(error, address, self.port)) from error
        self.port = listening.getsockname()[1]
        return listening


def explain(error: Exception, address: str, port: int) -> str:
    """Why a socket could not listen on `address` and `port`, and what to do."""
    where = f"port {port}" if address == "0.0.0.0" else f"{address}:{port}"  # noqa: S104 - compared only
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            return f"{where} is in use by another program; stop it or choose another port"
        case errno.EACCES:
            return f"{where} may not be opened by this user; choose a port over 1023"
        case errno.EADDRNOTAVAIL:
            return f"{address} is not on this machine; add it to the loopback interface"
        case errno.EMFILE:
            return "too many open files; raise the limit (ulimit -n) or serve fewer routers"
        case _:
            return f"cannot listen on {where}: {error}"
