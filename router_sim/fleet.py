"""A fleet of simulated routers behind one port for each service, each router on its own loopback address."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from router_sim.engine import Command, Origin
from router_sim.faults import Fault, FaultPlan
from router_sim.listening import BACKLOG, FleetError, explain, listen, listen_at
from router_sim.reception import Reception
from router_sim.rest.application import VIA, RestApplication
from router_sim.rest.connection import HttpConnection, HttpServer
from router_sim.router import Router
from router_sim.server import ApiConnection, is_loopback
from router_sim.services import MENU, PORTS, Service, at_port, read_services, serves_rest
from router_sim.streams import Fetch, fetch_nothing
from router_sim.tls import TlsContexts, certify

__all__ = ["Fleet", "FleetError", "ServicePorts", "explain"]

LOGGER = logging.getLogger(__name__)

_TICK_SECONDS: Final = 1.0


def _random_challenge() -> bytes:
    return secrets.token_bytes(16)


@dataclass(frozen=True, slots=True)
class ServicePorts:
    """Where the services of the routers are served: 0 takes a free port, None leaves a service out.

    Each stands for the port the service has on a router that was not told otherwise: 8728, 8729, 80 and 443.
    """

    api: int | None = 8728
    api_ssl: int | None = None
    www: int | None = None
    www_ssl: int | None = None

    def by_name(self) -> dict[str, int]:
        """The ports of those that are served, by the name in `/ip/service`."""
        every = {"api": self.api, "api-ssl": self.api_ssl, "www": self.www, "www-ssl": self.www_ssl}
        return {name: port for name, port in every.items() if port is not None}


class Fleet:
    """Serves the management services of routers, by the local address a client connects to.

    `routers` maps addresses of 127.0.0.0/8 to routers; ValueError when there is none, or an address is
    not loopback. `port` is that of the API, 0 takes a free one; `ports` says it for all services instead.
    Both attributes hold the real ones once started. `pace` is the time in seconds before the first reply word
    of each command: a router is never faster than about two milliseconds, and some clients depend on it.
    `faults` is the plan the control API fills, `challenge` gives the 16 random bytes of a token login; `fetch`
    asks other hosts for what a router was told to download, by default none. With `certificates` each router
    gets one of its own for its address as soon as somebody looks at it. `rest_limit` is the time in seconds a
    REST request may take.

    A service that a router has on another port than usual is served there too, on the router's own address,
    as far as the system permits; `unreachable` says where it did not.

    One listening socket for each service serves all addresses, see `router_sim.listening`.
    """

    def __init__(
        self,
        routers: Mapping[str, Router],
        *,
        port: int = 8728,
        ports: ServicePorts | None = None,
        pace: float = 0.0,
        faults: FaultPlan | None = None,
        challenge: Callable[[], bytes] = _random_challenge,
        fetch: Fetch = fetch_nothing,
        certificates: bool = False,
        rest_limit: float = 60.0,
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
        self.ports = ports if ports is not None else ServicePorts(api=port)
        self.pace = pace
        self.faults = faults if faults is not None else FaultPlan()
        self.challenge = challenge
        self.fetch = fetch
        # One object each, however many routers.
        cut, other_password, services_changed = self.cut, self.faults.password_of, self._services_changed
        for router in self.routers.values():
            router.cut_connections = cut
            router.other_password = other_password
            router.services_changed = services_changed
        self.faults.on_planned(self._planned)
        self.unreachable: dict[tuple[str, int], str] = {}
        self._uncertified = set(self._by_name) if certificates else set()
        self._addresses = {router.name: address for address, router in self.routers.items()}
        self._numbers = itertools.count(1)
        self._connections: dict[ApiConnection | HttpConnection, tuple[str, str]] = {}
        self._sessions: Counter[tuple[str, str]] = Counter()
        self._services: dict[str, tuple[Service, ...]] = {}
        self._usual: dict[int, int] = {}  # the port a router knows, by the one that is really open
        self._servers: list[asyncio.Server] = []
        self._own_servers: dict[tuple[str, int], asyncio.Server | None] = {}  # None until it listens
        self._tasks: set[asyncio.Task[None]] = set()
        self._contexts = TlsContexts()
        self._web = HttpServer(RestApplication(self, rest_limit))
        self._ticker: asyncio.Task[None] | None = None
        self._emptied: asyncio.Future[None] | None = None

    @property
    def port(self) -> int:
        """The port of the API; 0 where it is not served."""
        return self.ports.api or 0

    async def start(self) -> None:
        """Listen. FleetError when a port is taken or an address is not there."""
        loop = asyncio.get_running_loop()
        real: dict[str, int] = {}
        try:
            for name, port in self.ports.by_name().items():
                for listening in listen(list(self.routers), port):
                    real[name] = listening.getsockname()[1]
                    self._usual[real[name]] = PORTS[name]
                    self._servers.append(
                        await loop.create_server(lambda: Reception(self), sock=listening, backlog=BACKLOG)
                    )
        except FleetError:
            await self.close()
            raise
        self.ports = ServicePorts(*(real.get(name) for name in PORTS))
        self._ticker = asyncio.create_task(self._tick_for_ever())
        for router in self.routers.values():
            if router.has_changed(MENU):
                self._services_changed(router)

    async def close(self) -> None:
        """Stop listening and cut every connection. Harmless when repeated."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
            self._ticker = None
        own = [server for server in self._own_servers.values() if server is not None]
        servers = [*self._servers, *own]
        for server in servers:
            server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for connection in list(self._connections):
            connection.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._web.close()
        for server in servers:
            await server.wait_closed()
        self._servers.clear()
        self._own_servers.clear()
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
        """The router of that name, or at that address."""
        router = self._by_name.get(name) or self.routers.get(name)
        if router is not None:
            self._certify(router)
        return router

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
        if fault.kind != "service_down":
            return
        for connection in list(self._connections):
            if fault.service in (None, connection.service) and fault.router in (None, connection.router.name):
                connection.cut(graceful=False)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    # House of the reception

    def admit(self, address: str, port: int, client: str) -> tuple[Router, Service] | None:
        router = self.routers.get(address)
        if router is None:
            return None
        self._certify(router)
        usual = self._usual.get(port, port)
        service = at_port(self.services_of(router), (usual, port))
        if service is None or not service.admits(client):
            return None
        if self.faults.refuses(router.name, VIA if service.web else service.name):
            return None
        key = (router.name, service.name)
        if service.sessions is not None and self._sessions[key] >= service.sessions:
            return None
        self._sessions[key] += 1
        return router, service

    def leave(self, router: Router, service: Service) -> None:
        self._forget((router.name, service.name))

    def context(self, router: Router, service: Service) -> ssl.SSLContext:
        identity = router.tls_identity(service.certificate)
        return self._contexts.context(identity, only_tls_1_2=service.only_tls_1_2)

    def occupy(self, router: Router, service: Service, client: str) -> ApiConnection | HttpConnection:
        number = next(self._numbers)
        connection: ApiConnection | HttpConnection
        if service.web:
            rest = serves_rest(service, router.version)
            connection = HttpConnection(self, self._web, router, address=client, number=number, rest=rest)
        else:
            connection = ApiConnection(self, router, address=client, number=number, secure=service.secure)
        self._connections[connection] = (router.name, service.name)
        return connection

    def handshake(self, task: asyncio.Task[None]) -> None:
        self._keep(task)

    # Host of the connections

    def closed(self, connection: ApiConnection | HttpConnection) -> None:
        key = self._connections.pop(connection, None)
        if key is not None:
            self._forget(key)
        if self._emptied is not None and not self._connections and not self._emptied.done():
            self._emptied.set_result(None)

    # Services

    def services_of(self, router: Router) -> tuple[Service, ...]:
        """The services of a router as it is configured now, of those that the fleet serves."""
        held = self._services.get(router.name)
        if held is None:
            rows = router.execute(Command(f"{MENU}/print", {}), Origin("", "", "fleet")).rows
            served = self.ports.by_name()
            held = tuple(each for each in read_services(rows) if each.name in served)
            self._services[router.name] = held
        return held

    def _services_changed(self, router: Router) -> None:
        """Open and close what the router has on ports of its own."""
        self._services.pop(router.name, None)
        if not self._servers:
            return
        address = self._addresses[router.name]
        shared = {*self._usual, *self._usual.values()}
        wanted = {
            (address, each.port)
            for each in self.services_of(router)
            if each.enabled and each.port not in shared
        }
        for place in [place for place in self._own_servers if place[0] == address and place not in wanted]:
            server = self._own_servers.pop(place)
            if server is not None:
                server.close()
        self.unreachable = {place: why for place, why in self.unreachable.items() if place[0] != address}
        for place in wanted - self._own_servers.keys():
            self._open(*place)

    def _open(self, address: str, port: int) -> None:
        try:
            listening = listen_at(address, port)
        except FleetError as error:
            self.unreachable[address, port] = str(error)
            LOGGER.warning("router %s: a service cannot be reached: %s", self.routers[address].name, error)
            return
        self._own_servers[address, port] = None

        async def serve() -> None:
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: Reception(self), sock=listening, backlog=BACKLOG)
            if (address, port) in self._own_servers:
                self._own_servers[address, port] = server
            else:  # the router thought better of it
                server.close()

        self._keep(asyncio.get_running_loop().create_task(serve()))

    def _certify(self, router: Router) -> None:
        if router.name in self._uncertified:
            self._uncertified.discard(router.name)
            untouched = not router.journal.entries()
            certify(router, self._addresses[router.name])
            if untouched:  # the certificate is part of what a reset goes back to
                router.mark_initial()

    def _forget(self, key: tuple[str, str]) -> None:
        self._sessions[key] -= 1
        if self._sessions[key] <= 0:
            del self._sessions[key]

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            # Nobody sees the routers without a connection; they catch up when somebody looks.
            for router in {connection.router for connection in self._connections}:
                try:
                    router.tick()
                except Exception:
                    LOGGER.exception("router %s: applying what is due failed", router.name)
