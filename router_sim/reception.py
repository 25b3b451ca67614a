"""Accepts connections: finds router and service by where a client connected to, and hands over.

One listening socket serves all routers, so that one nobody connects to costs nothing.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from typing import Final, Protocol, cast

from router_sim.reboot import Phase
from router_sim.router import Router
from router_sim.server import reset
from router_sim.services import Service

LOGGER = logging.getLogger(__name__)

_HANDSHAKE_SECONDS: Final = 20.0


class House(Protocol):
    """What the reception needs of the fleet."""

    def admit(self, address: str, port: int, client: str) -> tuple[Router, Service] | None:
        """Router and service at this address and port, if there are, and the client may come in now."""
        ...

    def leave(self, router: Router, service: Service) -> None:
        """A client that was admitted did not get as far as its service."""
        ...

    def context(self, router: Router, service: Service) -> ssl.SSLContext:
        """What the router shows to TLS clients of the service."""
        ...

    def occupy(self, router: Router, service: Service, client: str) -> asyncio.Protocol:
        """The protocol that serves a client from now on."""
        ...

    def handshake(self, task: asyncio.Task[None]) -> None:
        """Remember a handshake that is under way."""
        ...


class Reception(asyncio.Protocol):
    """The first protocol of every connection. What is not admitted is closed at once."""

    def __init__(self, house: House) -> None:
        self._house = house

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connected = cast(asyncio.Transport, transport)
        # Both are None when the peer was gone before it was accepted.
        local, peer = connected.get_extra_info("sockname"), connected.get_extra_info("peername")
        admitted = self._house.admit(local[0], local[1], peer[0]) if local and peer else None
        if admitted is None:
            connected.abort()
            return
        router, service = admitted
        if router.phase is Phase.OFF:
            self._house.leave(router, service)
            reset(connected)
            return
        connected.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if service.secure:
            connected.pause_reading()  # nothing may be read before TLS is there to read it
            work = self._secure(connected, router, service, peer[0])
            self._house.handshake(asyncio.get_running_loop().create_task(work))
            return
        protocol = self._house.occupy(router, service, peer[0])
        connected.set_protocol(protocol)
        protocol.connection_made(connected)

    async def _secure(
        self, transport: asyncio.Transport, router: Router, service: Service, client: str
    ) -> None:
        waiting = _Waiting()
        transport.set_protocol(waiting)
        try:
            context = self._house.context(router, service)
            secure = await asyncio.get_running_loop().start_tls(
                transport,
                waiting,
                context,
                server_side=True,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS,
            )
        except (
            OSError,
            ValueError,
        ) as error:  # no common cipher, a client that left, a certificate nobody can use
            LOGGER.debug("router %s: no TLS on %s: %s", router.name, service.name, error)
            secure = None
        except asyncio.CancelledError:
            self._house.leave(router, service)
            transport.abort()
            raise
        if secure is None or secure.is_closing():
            self._house.leave(router, service)
            transport.abort()
            return
        waiting.hand_over(self._house.occupy(router, service, client), secure)


class _Waiting(asyncio.Protocol):
    """Keeps what arrives right behind a handshake for the protocol that comes after it."""

    def __init__(self) -> None:
        self._data: list[bytes] = []
        self._lost = False

    def data_received(self, data: bytes) -> None:
        self._data.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True

    def hand_over(self, protocol: asyncio.Protocol, transport: asyncio.Transport) -> None:
        """From now on `protocol` has the connection."""
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        for data in self._data:
            protocol.data_received(data)
        if self._lost:
            protocol.connection_lost(None)
