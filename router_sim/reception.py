"""Accepts connections: finds router and service by where a client connected to, and hands over.

One listening socket serves all routers, so that one nobody connects to costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from collections.abc import Callable
from typing import Final, Protocol, cast

from router_sim.reboot import Phase
from router_sim.router import Router
from router_sim.server import reset
from router_sim.services import Service

LOGGER = logging.getLogger(__name__)

_HANDSHAKE_SECONDS: Final = 20.0
# Fatal alerts in the clear, for what the library says went wrong with the first message of a client.
_ALERTS: Final = {
    "NO_SHARED_CIPHER": bytes.fromhex("15030300020228"),  # handshake failure
    "UNSUPPORTED_PROTOCOL": bytes.fromhex("15030300020246"),  # protocol version
}


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
        held = connected.get_extra_info("socket")
        held.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not service.secure:
            protocol = self._house.occupy(router, service, peer[0])
            connected.set_protocol(protocol)
            protocol.connection_made(connected)
            return
        # The connection starts over on a descriptor of its own: nothing was read from it yet, and turning TLS on
        # in a running transport loses what has arrived meanwhile on some event loops. The second one is held
        # until the handshake is over: event loops drop the alert that tells a client why it failed.
        with contextlib.ExitStack() as undo:
            try:
                own = undo.enter_context(socket.socket(fileno=os.dup(held.fileno())))
                spare = undo.enter_context(socket.socket(fileno=os.dup(held.fileno())))
            except OSError as error:  # too many open files
                LOGGER.warning("router %s: no TLS on %s: %s", router.name, service.name, error)
                self._house.leave(router, service)
            else:
                undo.pop_all()
                handshake = _Handshake(self._house, router, service, peer[0], own, spare)
                task = asyncio.get_running_loop().create_task(handshake.run())
                task.add_done_callback(handshake.over)
                self._house.handshake(task)
        connected.abort()


class _Handshake:
    """Turns TLS on. `own` and `spare` are descriptors of the same connection."""

    def __init__(
        self,
        house: House,
        router: Router,
        service: Service,
        client: str,
        own: socket.socket,
        spare: socket.socket,
    ) -> None:
        self._house = house
        self._router = router
        self._service = service
        self._own = own
        self._spare = spare
        self._given = False  # whether a transport closes `own`
        self._behind = _BehindHandshake(lambda: house.occupy(router, service, client))

    async def run(self) -> None:
        """Shake hands, or tell the client why not."""
        loop = asyncio.get_running_loop()
        try:
            self._own.setblocking(False)
            context = self._house.context(self._router, self._service)
            self._given = True
            await loop.connect_accepted_socket(
                lambda: self._behind, self._own, ssl=context, ssl_handshake_timeout=_HANDSHAKE_SECONDS
            )
        except (OSError, ValueError) as error:
            # No cipher in common, a client that left, a certificate nobody can use.
            LOGGER.debug("router %s: no TLS on %s: %s", self._router.name, self._service.name, error)
            alert = _ALERTS.get(getattr(error, "reason", None) or "")
            if alert is not None:
                with contextlib.suppress(OSError):
                    self._spare.send(alert)

    def over(self, task: asyncio.Task[None]) -> None:
        """It ended, one way or another, or was given up before it began."""
        self._spare.close()
        if not self._given:
            self._own.close()
        if not self._behind.reached:
            self._house.leave(self._router, self._service)


class _BehindHandshake(asyncio.Protocol):
    """Gives way to the protocol that serves the client as soon as the handshake is done."""

    def __init__(self, occupy: Callable[[], asyncio.Protocol]) -> None:
        self.reached = False
        self._occupy = occupy

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.reached = True
        protocol = self._occupy()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
