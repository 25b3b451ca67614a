"""The way into the laboratory for a real browser: an HTTP proxy that stands where the guest stands.

What the browser asks is judged as the router would: it gets the router's own pages, or the answer of a real
server of the laboratory's internet, or a connection that is reset. Nothing else is ever connected to. A
request for a path alone is taken for one to the host it names.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from typing import Final

import h11

from router_sim.access_request import HTTPS_PORT, Request
from router_sim.guests.guest import Route, SimulatedGuest
from router_sim.guests.messages import HttpRequest
from router_sim.guests.streams import CHUNK, HOP_BY_HOP, MOST_HEADERS, SILENCE_SECONDS, Upstream, head
from router_sim.tls import TlsContexts

LOGGER = logging.getLogger(__name__)

_MOST_BODY: Final = 1024 * 1024  # of a form for the router itself
_MOST_CONNECTIONS: Final = 256
_COUNT_BYTES: Final = 65536
_ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class _Refused(Exception):
    """The router does not let it through (any more)."""


class _Wrong(Exception):
    """The browser's request cannot be served: status and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class GuestProxy:
    """The proxy of one guest, on a free port of 127.0.0.1. `patience` is how long dropped traffic hangs."""

    def __init__(self, guest: SimulatedGuest, *, patience: float = 20.0) -> None:
        self.guest = guest
        self.patience = patience
        self.port = 0
        self.tls = TlsContexts(most=4)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """What to put into a browser's settings: `127.0.0.1:PORT`."""
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2 * CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop, and cut every connection. Harmless when repeated."""
        if self._server is None:
            return
        self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._tasks) >= _MOST_CONNECTIONS:
            _reset(writer)
            return
        self._tasks.add(task)
        try:
            await _Connection(self, reader, writer).run()
        except asyncio.CancelledError:
            _reset(writer)
        except (OSError, _Refused, h11.ProtocolError):
            _reset(writer)
        except Exception:
            LOGGER.exception("the proxy of guest %s failed on a request", self.guest.who.address)
            _reset(writer)
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()


class _Connection:
    """One connection of the browser."""

    def __init__(self, proxy: GuestProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._guest = proxy.guest
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEADERS)
        self._sent = 0
        self._received = 0

    async def run(self) -> None:
        """Serve requests until one of both ends."""
        try:
            while True:
                event = await self._next()
                if not isinstance(event, h11.Request):
                    return
                if event.method == b"CONNECT":
                    await self._tunnel(event)
                    return
                if not await self._exchange(event):
                    return
                if h11.MUST_CLOSE in self._http.states.values() or self._http.our_state is not h11.DONE:
                    return
                self._http.start_next_cycle()
        except _Wrong as wrong:
            await self._say(wrong.status, wrong.words)
        except h11.RemoteProtocolError as error:
            await self._say(error.error_status_hint, f"this is no HTTP: {error}")
        finally:
            self._count(least=1)

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]  # NEED_DATA is the only other one
            if self._http.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[], reason="Continue"))
            async with asyncio.timeout(SILENCE_SECONDS):
                self._http.receive_data(await self._reader.read(CHUNK))

    # -- one request ---------------------------------------------------------------------------------

    async def _exchange(self, event: h11.Request) -> bool:
        """Serve a request; may there be another on this connection?"""
        url, method = _url(event), event.method.decode("ascii")
        try:
            route = self._guest.route(url, method)
        except ValueError as error:
            raise _Wrong(400, str(error)) from error
        if route.local:
            await self._answer(route, HttpRequest(method, url, _headers(event), await self._body()))
            return False
        await self._go_on_or_refuse(route)
        await self._forward(route, head(method, url, event.headers))
        self._count(least=1)
        return True

    async def _answer(self, route: Route, request: HttpRequest) -> None:
        """The router's own page. It speaks HTTP/1.0, one request a connection."""
        data = self._guest.answer(route, request).encode()
        self._sent += len(request.body) + 200
        self._received += len(data)
        self._writer.write(data)
        await self._writer.drain()

    async def _body(self) -> bytes:
        body = bytearray()
        while isinstance(event := await self._next(), h11.Data):
            body += event.data
            if len(body) > _MOST_BODY:
                raise _Wrong(413, f"the router takes forms of {_MOST_BODY} bytes at most")
        return bytes(body)

    async def _forward(self, route: Route, request: h11.Request) -> None:
        upstream = await self._connected(route)
        try:
            await upstream.send(request)
            await self._carry(route, upstream.sent, 0)
            await self._pass_body(route, upstream)
            await self._pass_answer(route, upstream)
        except OSError as error:
            if self._http.our_state is h11.SEND_RESPONSE:
                raise _Wrong(502, f"{_where(route)}: {error}") from error
            raise
        finally:
            await upstream.close()

    async def _pass_body(self, route: Route, upstream: Upstream) -> None:
        while isinstance(event := await self._next(), h11.Data):
            await self._carry(route, len(event.data), 0)
            await upstream.send(event)
        if isinstance(event, h11.EndOfMessage):
            await upstream.send(event)

    async def _pass_answer(self, route: Route, upstream: Upstream) -> None:
        async with contextlib.aclosing(upstream.events()) as events:
            async for answer in events:
                if isinstance(answer, h11.Data):
                    await self._carry(route, 0, len(answer.data))
                    await self._send(answer)
                    continue
                await self._carry(route, 0, sum(len(name) + len(value) + 4 for name, value in answer.headers))
                kept = [pair for pair in answer.headers if pair[0] not in HOP_BY_HOP]
                await self._send(
                    h11.Response(status_code=answer.status_code, reason=answer.reason, headers=kept)
                )
        if self._http.our_state is not h11.SEND_BODY:
            raise OSError("the server closed the connection without an answer")
        await self._send(h11.EndOfMessage())

    # -- tunnels -------------------------------------------------------------------------------------

    async def _tunnel(self, event: h11.Request) -> None:
        """Bytes in both directions, for TLS and whatever else; the router cannot look into them."""
        host, colon, port = event.target.decode("ascii", "replace").rpartition(":")
        if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
            raise _Wrong(400, "write CONNECT host:port")
        route = self._guest.connect(host.strip("[]"), int(port))
        if route.decision.refusal == "certificate" or (route.decision.servlet and int(port) == HTTPS_PORT):
            await self._secure_pages(route, host)
            return
        if route.local:  # plain HTTP in a tunnel is not looked into
            raise _Refused
        await self._go_on_or_refuse(route)
        reader, writer = await self._opened(route)
        try:
            # No headers: of an answer to CONNECT there is nothing to say about a body.
            self._writer.write(_ESTABLISHED)
            early = self._http.trailing_data[0]
            if early:
                await self._carry(route, len(early), 0)
                writer.write(early)
            pumps = [
                asyncio.create_task(self._pump(route, self._reader, writer, outward=True)),
                asyncio.create_task(self._pump(route, reader, self._writer, outward=False)),
            ]
            try:
                await asyncio.gather(*pumps)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _secure_pages(self, route: Route, host: str) -> None:
        """The router's own pages over TLS, with its certificate, whatever host the browser meant."""
        identity = self._guest.tls_identity()
        if identity is None or self._http.trailing_data[0]:
            raise _Refused
        self._writer.write(_ESTABLISHED)
        async with asyncio.timeout(SILENCE_SECONDS):
            await self._writer.start_tls(self._proxy.tls.context(identity))
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEADERS)
        event = await self._next()
        if isinstance(event, h11.Request):
            target = event.target.decode("utf-8", "surrogateescape")
            url, method = f"https://{host}{target}", event.method.decode("ascii")
            body = await self._body()
            await self._answer(route, HttpRequest(method, url, _headers(event), body, secure=True))

    async def _pump(
        self, route: Route, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, outward: bool
    ) -> None:
        while data := await reader.read(CHUNK):
            await self._carry(route, len(data) if outward else 0, 0 if outward else len(data))
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()

    # -- the router's part -----------------------------------------------------------------------------

    async def _go_on_or_refuse(self, route: Route) -> None:
        if route.decision.outcome != "refused":
            return
        if route.decision.refusal == "dropped":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._proxy.patience):
                    while await self._reader.read(CHUNK):
                        pass
        raise _Refused

    async def _carry(self, route: Route, sent: int, received: int) -> None:
        """Count what goes through, as long as the router lets it."""
        self._sent += sent
        self._received += received
        self._count(least=_COUNT_BYTES)
        if not self._guest.decide(route.request).passes:
            raise _Refused

    def _count(self, least: int) -> None:
        if self._sent + self._received >= least:
            sent, received = self._sent, self._received
            self._sent = self._received = 0
            self._guest.carried(sent, received)

    async def _connected(self, route: Route) -> Upstream:
        if route.server is None:
            raise _Wrong(502, _nothing_there(route))
        upstream = Upstream(route.server)
        try:
            await upstream.connect()
        except OSError as error:
            raise _Wrong(502, f"{_where(route)}: {error}") from error
        return upstream

    async def _opened(self, route: Route) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if route.server is None:
            raise _Wrong(502, _nothing_there(route))
        try:
            async with asyncio.timeout(10):
                return await asyncio.open_connection(*route.server, limit=2 * CHUNK)
        except OSError as error:
            raise _Wrong(502, f"{_where(route)}: {error}") from error

    # -- writing ---------------------------------------------------------------------------------------

    async def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            async with asyncio.timeout(SILENCE_SECONDS):
                await self._writer.drain()

    async def _say(self, status: int, words: str) -> None:
        """An answer of the proxy itself; there is no such thing on a real network."""
        body = f"The laboratory's proxy: {words}\n".encode("utf-8", "replace")
        lines = (
            f"HTTP/1.1 {status} Laboratory",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        self._writer.write("\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body)
        await self._writer.drain()


def _url(event: h11.Request) -> str:
    target = event.target.decode("utf-8", "surrogateescape")
    if not target.startswith("/"):
        return target
    return f"http://{_headers(event).get('host', '')}{target}"


def _headers(event: h11.Request) -> dict[str, str]:
    return {name.decode("ascii"): value.decode("utf-8", "surrogateescape") for name, value in event.headers}


def _where(route: Route) -> str:
    asked: Request = route.request
    return f"{asked.host}:{asked.port}"


def _nothing_there(route: Route) -> str:
    if not route.address:
        return f"{route.request.host} does not resolve in the laboratory"
    return f"nothing in the laboratory answers at {route.address}:{route.request.port}"


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection with a reset, as a router that refuses it does."""
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()
