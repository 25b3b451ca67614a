"""What stands between a run and its lab, or in the place of a target: servers of the tests' own."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Headers = list[tuple[str, str]]
Spoil = Callable[[str, str, int, Headers, bytes], tuple[int, Headers, bytes]]
_DROPPED = {"connection", "transfer-encoding", "content-length", "date", "server", "keep-alive"}


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    body: bytes


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, owner: Any, port: int) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        owner = self.server.owner  # type: ignore[attr-defined]
        answer = owner.answer(self.command, self.path, self.headers, body)
        if answer is None:  # the target is dead
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, content = answer
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


for _method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
    setattr(_Handler, f"do_{_method}", _Handler._answer)


@dataclass
class Between:
    """Passes requests on to the lab and remembers them; dead after `lives` of them.

    `spoil` gets an answer (method, path, status, headers, body) and gives what is sent back in its place.
    """

    origin: str
    lives: int | None = None
    spoil: Spoil = lambda method, path, status, headers, body: (status, headers, body)
    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    base_url: str = ""

    def answer(
        self, method: str, path: str, headers: Any, body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes] | None:
        with self.lock:
            if self.lives is not None and len(self.seen) >= self.lives:
                return None
            self.seen.append(Seen(method, path, body))
        parts = urlsplit(self.origin)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        try:
            kept = {name: value for name, value in headers.items() if name.lower() != "connection"}
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in kept.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            response = connection.getresponse()
            content = response.read()
            back = [(name, value) for name, value in response.getheaders() if name.lower() not in _DROPPED]
            return self.spoil(method, path, response.status, back, content)
        finally:
            connection.close()


@dataclass
class Always:
    """Gives everybody the same answer."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes = b""
    seen: int = 0

    def answer(self, *request: object) -> tuple[int, list[tuple[str, str]], bytes]:
        self.seen += 1
        return self.status, self.headers, self.content


@contextlib.contextmanager
def serving(owner: Any, *, port: int = 0, certificate: Path | None = None) -> Iterator[str]:
    """Serve on a free loopback port; gives the origin."""
    server = _Server(owner, port)
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def between(lab_url: str, *, lives: int | None = None, spoil: Spoil | None = None) -> Iterator[Between]:
    """Stand between a run and the lab; `base_url` is what the run gets to know."""
    parts = urlsplit(lab_url)
    made = Between(f"{parts.scheme}://{parts.netloc}", lives)
    if spoil is not None:
        made.spoil = spoil
    with serving(made) as origin:
        made.base_url = origin + parts.path
        yield made
