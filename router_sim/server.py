"""The TCP side of one API connection: an asyncio protocol that carries a session.

It paces replies, keeps a slow reader from filling the memory, and knows nothing of commands.
"""

from __future__ import annotations

import asyncio
import heapq
import ipaddress
import itertools
import socket
import struct
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol, cast

from router_sim.faults import FaultPlan
from router_sim.reboot import Phase
from router_sim.router import Router
from router_sim.session import Session
from router_sim.streams import Fetch

# Replies gathered before they are given to the transport.
_FLUSH_BYTES: Final = 64 * 1024
# Replies held back by pacing, over which no further command is performed.
_HELD_BYTES: Final = 1024 * 1024
# What a listening peer may leave unread before it is cut off; a router closes such sessions as well.
_UNREAD_BYTES: Final = 16 * 1024 * 1024


class Host(Protocol):
    """What a connection needs of the fleet it belongs to."""

    pace: float
    faults: FaultPlan
    fetch: Fetch

    def closed(self, connection: ApiConnection) -> None: ...

    def challenge(self) -> bytes: ...


def is_loopback(address: str) -> bool:
    """Whether `address` is an IPv4 address of the loopback network, 127.0.0.0/8."""
    try:
        return ipaddress.IPv4Address(address).is_loopback
    except ValueError:
        return False


def reset(transport: asyncio.Transport) -> None:
    """Close a connection the way a host does that has nobody listening: at once, with a reset."""
    held = transport.get_extra_info("socket")
    if held is not None:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class ApiConnection(asyncio.Protocol):
    """One accepted connection with a router, over TLS if `secure`. `address` is the peer's."""

    @property
    def service(self) -> str:
        """The service it is connected to."""
        return "api-ssl" if self._secure else "api"

    def __init__(
        self, host: Host, router: Router, *, address: str, number: int, secure: bool = False
    ) -> None:
        self.router = router
        self._host = host
        self._address = address
        self._number = number
        self._secure = secure
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._pace = host.pace
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._flush_planned = False
        self._held: list[tuple[float, int, bytes | None]] = []  # (due, order, data or None to close)
        self._held_bytes = 0
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._reading = True
        self._half_closed = False

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._session = Session(
            self.router,
            self,
            address=self._address,
            connection=self._number,
            challenge=self._host.challenge,
            faults=self._host.faults,
            fetch=self._host.fetch,
            service=self.service,
        )

    def data_received(self, data: bytes) -> None:
        session = self._session
        if session is None:
            return
        if not self._pace and not self._paused and self._transport is not None:
            reply = session.repeated(data)
            if reply is not None:
                self._transport.write(reply)
                return
        if session.router.phase is Phase.RESETTING and self._transport is not None:
            reset(self._transport)
            return
        self._flush_planned = True  # below, for all replies to this segment at once
        session.receive(data)
        self._flush()
        if session.partial:
            self._acknowledge()
        if self._paused or self._held_bytes > _HELD_BYTES or not self._reading:
            self._regulate()

    def _acknowledge(self) -> None:
        """Confirm an unfinished sentence at once.

        Clients that write word by word without TCP_NODELAY wait for it; left to the kernel, each of
        their calls takes 40 ms.
        """
        transport = self._transport
        if transport is not None and not transport.is_closing() and hasattr(socket, "TCP_QUICKACK"):  # Linux
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def eof_received(self) -> bool:
        self._half_closed = not self._finished and not self._secure  # TLS ends both ways at once
        return self._half_closed  # stay half open until what was asked for is answered

    def connection_lost(self, exc: Exception | None) -> None:
        if self._session is not None:
            self._session.connection_lost()
        self._host.closed(self)
        if self._timer is not None:
            self._timer.cancel()
        self._session = None
        self._transport = None
        self._held.clear()
        self._gathered.clear()

    def pause_writing(self) -> None:
        self._paused = True
        self._regulate()

    def resume_writing(self) -> None:
        self._paused = False
        self._continue()

    # Outlet of the session

    @property
    def full(self) -> bool:
        if self._gathered_bytes > _FLUSH_BYTES:
            self._flush()
        return self._paused or self._held_bytes > _HELD_BYTES

    def write(self, data: bytes, delay: float = 0.0) -> None:
        delay += self._pace
        if delay > 0:
            self._hold(delay, data)
            return
        self._gathered.append(data)
        self._gathered_bytes += len(data)
        if not self._flush_planned:
            self._flush_planned = True
            self._loop.call_soon(self._flush)

    def close(self, delay: float = 0.0) -> None:
        delay += self._pace
        if delay > 0:
            self._hold(delay, None)
            return
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def cut(self, *, graceful: bool) -> None:
        """The router went down: reset the connection, or close it behind what was answered already."""
        if self._transport is None:
            return
        if graceful:
            self._loop.call_soon(self._end)  # behind the reply to the command that asked for it
        else:
            reset(self._transport)

    def _end(self) -> None:
        if self._session is not None:
            self._session.end()
        self.close()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, callback)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._loop.create_task(work)

    # Writing

    def _flush(self) -> None:
        self._flush_planned = False
        if not self._gathered:
            return
        data = self._gathered[0] if len(self._gathered) == 1 else b"".join(self._gathered)
        self._gathered.clear()
        self._gathered_bytes = 0
        self._send(data)

    def _send(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if self._paused and transport.get_write_buffer_size() > _UNREAD_BYTES:
            transport.abort()

    def _hold(self, delay: float, data: bytes | None) -> None:
        # The loop's own clock may stand still during an iteration, which would shorten the pace.
        due = time.monotonic() + delay
        heapq.heappush(self._held, (due, next(self._order), data))
        self._held_bytes += len(data or b"")
        if self._held[0][0] == due:
            self._wake_at(due)

    def _wake_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(max(due - time.monotonic(), 0), self._release)

    def _release(self) -> None:
        self._timer = None
        now = time.monotonic()
        ready: list[bytes] = []
        closing = False
        while self._held and self._held[0][0] <= now and not closing:
            data = heapq.heappop(self._held)[2]
            closing = data is None
            ready.append(data or b"")
            self._held_bytes -= len(ready[-1])
        if ready:
            self._send(b"".join(ready))
        if closing and self._transport is not None:
            self._transport.close()
        elif self._held:
            self._wake_at(self._held[0][0])
        self._continue()

    # Flow

    @property
    def _finished(self) -> bool:
        """Whether nothing waits to be answered."""
        return not self._held and (self._session is None or self._session.idle)

    def _continue(self) -> None:
        if self._session is not None:
            self._session.resume()
            self._flush()
        if self._half_closed and self._finished and self._transport is not None:
            self._transport.close()
        self._regulate()

    def _regulate(self) -> None:
        """Read from the peer only while it reads from us."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        wanted = not self.full
        if wanted and not self._reading:
            transport.resume_reading()
        elif not wanted and self._reading:
            transport.pause_reading()
        self._reading = wanted
