"""One API connection to a router: sentences out, sentences in, nothing interpreted.

librouteros opens the connection, logs in and frames words. Sentences are read below its `Api` for three
reasons: its replies are collected until the command ends, which a `listen` never does; it does not know tags,
with which one connection serves many commands; and it turns values into Python types, from which the router's
text cannot be had back. Words travel as Latin-1, which loses no byte, and are read as UTF-8 with surrogate
escapes here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from librouteros import async_connect
from librouteros.api import AsyncApi
from librouteros.exceptions import FatalError, LibRouterosError, MultiTrapError, ProtocolError, TrapError

_CLOSING = 1.0  # seconds to wait for a polite end

# What ends a connection: everything librouteros, TLS and sockets raise, time limits included.
CONNECTION_ERRORS = (LibRouterosError, OSError)
# How librouteros fails on sentences it does not expect: an empty one, unknown attributes of a trap, odd
# words.
_SURPRISES = (IndexError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class RouterAddress:
    """Where a router's API is and who logs in.

    `verify_tls` matters with `tls` only: True checks the certificate against the system's authorities, a
    string is the file of the authority to trust, False accepts any certificate.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: bool = False
    verify_tls: bool | str = True

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class ObserverError(Exception):
    """A router could not be observed; the message says which one, what happened and what to do."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One reply sentence: the reply word (`!re`, `!done`, `!trap`, `!empty`), its tag, its attributes."""

    reply: str
    tag: str
    attributes: Mapping[str, str]


class Connection:
    """A logged-in connection. Any exception but a trap leaves it unusable: `abort` it."""

    def __init__(self, api: AsyncApi) -> None:
        self._protocol = api.protocol
        # Waiting is bounded by the caller: a time limit on a single read would lose step with the sentences.
        self._protocol.timeout = None

    @classmethod
    async def open(cls, address: RouterAddress, limit: float) -> Connection:
        """Connects and logs in, each step within `limit` seconds; raises one of CONNECTION_ERRORS."""
        try:
            api = await async_connect(
                address.host,
                _on_wire(address.username),
                _on_wire(address.password),
                port=address.port,
                timeout=limit,
                encoding="latin-1",
                ssl_wrapper=_tls_context(address),
            )
        except CONNECTION_ERRORS:
            raise  # a certificate that is not trusted is a ValueError as well
        except _SURPRISES as error:
            raise ProtocolError(f"{error!r} at the login") from error
        return cls(api)

    async def send(self, command: str, *words: str) -> None:
        await self._protocol.writeSentence(_on_wire(command), *map(_on_wire, words))

    async def receive(self) -> Sentence:
        """The next sentence; one of CONNECTION_ERRORS when there is none any more."""
        try:
            reply, words = await self._protocol.readSentence()
        except _SURPRISES as error:
            raise ProtocolError(f"{error!r} in a reply") from error
        tag = ""
        attributes: dict[str, str] = {}
        for word in words:
            text = word if word.isascii() else word.encode("latin-1").decode("utf-8", "surrogateescape")
            if text.startswith("="):
                name, _, value = text[1:].partition("=")
                attributes[name] = value
            elif text.startswith(".tag="):
                tag = text[5:]
        return Sentence(reply, tag, attributes)

    async def close(self) -> None:
        """Ends the connection in order; never raises for what the peer does."""
        with contextlib.suppress(*CONNECTION_ERRORS):
            async with asyncio.timeout(_CLOSING):
                await self._protocol.transport.close()
        self.abort()

    def abort(self) -> None:
        """Ends the connection at once."""
        self._protocol.transport.writer.transport.abort()


def _on_wire(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _tls_context(address: RouterAddress) -> ssl.SSLContext | None:
    if not address.tls:
        return None
    authority = address.verify_tls if isinstance(address.verify_tls, str) else None
    context = ssl.create_default_context(cafile=authority)
    if address.verify_tls is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def explained(error: BaseException, site: str, address: RouterAddress, timeout: float) -> ObserverError:
    """The error as a sentence for whoever set up the site."""
    return ObserverError(f"site {site}: the router at {address} {_what_happened(error, address, timeout)}")


def _what_happened(error: BaseException, address: RouterAddress, timeout: float) -> str:
    service = "api-ssl" if address.tls else "api"
    match error:
        case TrapError() | MultiTrapError():
            return (
                f"refused the login of user {address.username!r} ({error}); check the site's username and"
                " password, and that the user's group has the policies api and read"
            )
        case FatalError():
            return f"closed the connection ({error}); check its log for the reason"
        case ProtocolError():
            return f"does not speak the RouterOS API ({error}); check host, port and tls of the site"
        case ConnectionRefusedError():
            return (
                f"refused the connection; check host and port of the site, and that the service is on"
                f" (/ip service enable {service})"
            )
        case socket.gaierror():
            return "cannot be found: its host name has no address; check the site's host"
        case ssl.SSLCertVerificationError():
            return (
                f"has a certificate that is not trusted ({error.verify_message}); set the site's"
                " verify_tls to the file of its authority, or to false to accept any certificate"
            )
        case ssl.SSLError():
            return (
                f"does not speak TLS as expected ({error}); check the port and the certificate of {service}"
            )
        case TimeoutError():
            return f"did not answer within {timeout:g} s; check that it is up and can be reached from here"
        case LibRouterosError() | ConnectionError():
            return f"closed the connection ({error}); check that it is up and that {service} admits this host"
        case _:
            return f"cannot be reached ({error}); check host and port of the site"
