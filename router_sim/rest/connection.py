"""One HTTP connection with one router: who is logged in on it, and the HTTP parser behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

import uvicorn
from uvicorn.server import ServerState

from router_sim.engine import Origin
from router_sim.reboot import Phase
from router_sim.rest.application import VIA, RestApplication
from router_sim.router import Router
from router_sim.server import reset

# What a client may send before a request of it is complete: the largest body, and headers.
_MOST_UNREAD: Final = 5 * 1024 * 1024
_IDLE_SECONDS: Final = 60

# What clients send wrong is no news to whoever runs the routers; the parser would warn of each.
LOGGER: Final = logging.getLogger("router_sim.http")
LOGGER.setLevel(logging.ERROR)


class HttpServer:
    """What all HTTP connections of a fleet share: the application and the parser's settings."""

    def __init__(self, application: RestApplication) -> None:
        self._config = uvicorn.Config(
            cast(Any, application),
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # a router asks nobody but the connection where a client is
            timeout_keep_alive=_IDLE_SECONDS,
        )
        self._config.load()
        self._state = ServerState()

    def protocol(self, connection: HttpConnection) -> asyncio.Protocol:
        """The parser for one connection."""
        made: Callable[..., asyncio.Protocol] = self._config.http_protocol_class
        parser = made(config=self._config, server_state=self._state, app_state={"connection": connection})
        cast(Any, parser).logger = LOGGER
        return parser

    async def close(self) -> None:
        """End what is being answered."""
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Owner(Protocol):
    """What a connection needs of whoever accepted it."""

    def closed(self, connection: HttpConnection) -> None: ...


class HttpConnection(asyncio.Protocol):
    """One accepted connection. Its `service` is what faults call it.

    `number` is its running number, `address` the peer's, `rest` says whether REST is served on it.
    """

    service: Final = VIA

    def __init__(
        self, owner: Owner, server: HttpServer, router: Router, *, address: str, number: int, rest: bool
    ) -> None:
        self.router = router
        self.rest = rest
        self._owner = owner
        self._server = server
        self._address = address
        self._number = number
        self._origin: Origin | None = None
        self._transport: asyncio.Transport | None = None
        self._parser: asyncio.Protocol | None = None
        self._unread = 0

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = self._server.protocol(self)
        self._parser.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._parser is None or self._transport is None or self._transport.is_closing():
            return
        if self.router.phase is Phase.RESETTING:
            reset(self._transport)
            return
        self._unread += len(data)
        if self._unread > _MOST_UNREAD:
            self._transport.abort()
            return
        self._parser.data_received(data)

    def eof_received(self) -> bool | None:
        return self._parser.eof_received() if self._parser is not None else None

    def pause_writing(self) -> None:
        if self._parser is not None:
            self._parser.pause_writing()

    def resume_writing(self) -> None:
        if self._parser is not None:
            self._parser.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        parser, self._parser, self._transport = self._parser, None, None
        if parser is not None:
            parser.connection_lost(exc)
        self._log_out()
        self._owner.closed(self)

    # Of the application

    def log_in(self, user: str, password: str) -> Origin | None:
        """The session of this user, begun if need be; None for wrong credentials."""
        if not self.router.authenticate(user, password, VIA, address=self._address):
            return None
        origin = self._origin
        if origin is None or origin.user != user or not self.router.has_session(origin):
            self._log_out()
            origin = self._origin = Origin(user, self._address, VIA, self._number)
            self.router.session_opened(origin)
        return origin

    def request_read(self) -> None:
        """A request was read completely."""
        self._unread = 0

    def lose(self) -> None:
        """Lose the connection now, with everything not sent yet."""
        if self._transport is not None:
            self._transport.abort()

    abort = lose

    def end(self) -> None:
        """Close the connection behind what was sent."""
        if self._transport is not None:
            self._transport.close()

    def cut(self, *, graceful: bool = False) -> None:
        """End the connection; `graceful` lets it send what was answered already."""
        if not graceful:
            if self._transport is not None:
                reset(self._transport)
        elif self._parser is not None:
            cast(Any, self._parser).shutdown()  # lets what is being answered end

    def _log_out(self) -> None:
        origin, self._origin = self._origin, None
        if origin is not None:
            self.router.session_closed(origin)
