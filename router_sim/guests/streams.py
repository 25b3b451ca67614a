"""Requests that go through a router to a real server of the laboratory, in both directions piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Iterable
from typing import Final
from urllib.parse import urlsplit

import h11

from router_sim.guests.internet import Server
from router_sim.guests.messages import HttpRequest, HttpResponse

CHUNK: Final = 65536
CONNECT_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 60.0
MOST_HEADERS: Final = 65536

# Headers that concern one connection, and so go no further.
HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"upgrade",
    }
)

Headers = Iterable[tuple[bytes, bytes]]


class Upstream:
    """One request to a real server, and its answer. Everything raises OSError when the server fails."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEADERS)
        self.sent = 0
        self.received = 0

    async def connect(self, secured_for: str = "") -> None:
        """Connect; over TLS when `secured_for` names the host, whoever the certificate is for."""
        context = None
        if secured_for:
            context = ssl.create_default_context()
            context.check_hostname = False  # a laboratory's servers have whatever certificate they have
            context.verify_mode = ssl.CERT_NONE
        async with asyncio.timeout(CONNECT_SECONDS):
            self._reader, self._writer = await asyncio.open_connection(
                *self._server, ssl=context, server_hostname=secured_for or None
            )

    async def send(self, event: h11.Request | h11.Data | h11.EndOfMessage) -> None:
        """Send a part of the request."""
        try:
            data = self._http.send(event)
        except h11.LocalProtocolError as error:
            raise OSError(f"the request cannot be passed on: {error}") from error
        if data:
            self._writer.write(data)
            self.sent += len(data)
            async with asyncio.timeout(SILENCE_SECONDS):
                await self._writer.drain()

    async def events(self) -> AsyncGenerator[h11.Response | h11.Data, None]:
        """The answer: its head, then its body in pieces. Interim answers are left out."""
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise OSError(f"the server answers with no HTTP: {error}") from error
            if event is h11.NEED_DATA:
                async with asyncio.timeout(SILENCE_SECONDS):
                    data = await self._reader.read(CHUNK)
                self.received += len(data)
                self._http.receive_data(data)
            elif isinstance(event, h11.Response | h11.Data):
                yield event
            elif not isinstance(event, h11.InformationalResponse):
                return

    async def close(self) -> None:
        """Let go of the connection. Harmless before `connect`."""
        writer = getattr(self, "_writer", None)
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def head(method: str, url: str, headers: Headers) -> h11.Request:
    """The head of a request as a server gets it: its own path, the host of the URL, one request a connection."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP | {b"host"}]
    own = [(b"Host", parts.netloc.rpartition("@")[2].encode("ascii", "replace")), (b"Connection", b"close")]
    return h11.Request(method=method, target=target.encode("utf-8", "surrogateescape"), headers=[*own, *kept])


async def fetch(server: Server, request: HttpRequest, *, most: int) -> tuple[HttpResponse, int, int]:
    """Put a whole request to a real server; the answer with `most` bytes of body, and bytes sent and received.

    Raises OSError when the server cannot be reached or answers with no HTTP.
    """
    upstream = Upstream(server)
    parts = urlsplit(request.url)
    headers = [
        (name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in request.headers.items()
    ]
    if request.body:
        headers = [pair for pair in headers if pair[0].lower() != b"content-length"]
        headers.append((b"Content-Length", str(len(request.body)).encode()))
    try:
        await upstream.connect(parts.hostname or "" if parts.scheme == "https" else "")
        try:
            await upstream.send(head(request.method, request.url, headers))
        except h11.LocalProtocolError as error:
            raise OSError(f"the request cannot be passed on: {error}") from error
        if request.body:
            await upstream.send(h11.Data(data=request.body))
        await upstream.send(h11.EndOfMessage())
        answer: h11.Response | None = None
        body = bytearray()
        async with contextlib.aclosing(upstream.events()) as events:
            async for event in events:
                if isinstance(event, h11.Response):
                    answer = event
                    continue
                body += event.data[: most - len(body)]
                if len(body) >= most:
                    break
        if answer is None:
            raise OSError("the server closed the connection without an answer")
        shown = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers)
        response = HttpResponse(answer.status_code, answer.reason.decode("latin-1"), shown, bytes(body))
        return response, upstream.sent, upstream.received
    except TimeoutError as error:
        raise OSError("the server took too long") from error
    finally:
        await upstream.close()
