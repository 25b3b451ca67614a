"""Reading the state of a real router, or of a simulated one, over its API: a snapshot of all served menus.

Nothing is written to the router. Menus it does not have, because of its version, its packages or the rights of
the user, are left out and named. Version 7 shows passwords and keys only to users with the policy `sensitive`.

librouteros opens the connection and frames words; sentences are read below its replies, which turn values into
Python types the router's text cannot be had back from. Words travel as Latin-1, which loses no byte.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from librouteros import async_connect
from librouteros.api import AsyncApi
from librouteros.exceptions import LibRouterosError, TrapError

from router_sim.configuration import Row
from router_sim.menus.catalogue import catalogue
from router_sim.schema import version_key
from router_sim.snapshots import Snapshot

PORT: Final = 8728
TLS_PORT: Final = 8729
_SURPRISES: Final = (IndexError, TypeError, ValueError)
# Menus whose rows say nothing about the state of a router, or are without end.
_NOT_READ: Final = frozenset({"/log", "/file", "/system/history"})


class ReadingError(Exception):
    """A router could not be read; the message says which one, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a router's API is and who logs in.

    With `tls`, `authority` is a file of certificates to trust, empty for the system's own; `verify` False accepts
    any certificate, and none at all (the anonymous key exchange of a router without one).
    """

    host: str
    port: int
    username: str
    password: str = field(default="", repr=False)
    tls: bool = False
    authority: str = ""
    verify: bool = True

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and a line for each menu that could not be."""

    snapshot: Snapshot
    left_out: tuple[str, ...]


def source_from(
    text: str, *, username: str, password: str, tls: bool, authority: str, verify: bool
) -> Source:
    """The router meant by `HOST`, `HOST:PORT` or `[HOST]:PORT`. ValueError where that is none of them."""
    host, colon, port = text.rpartition(":")
    if not colon or (host.count(":") and not host.startswith("[")):
        host, port = text, str(TLS_PORT if tls else PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise ValueError(f"{text!r} is no address of a router; write it like 192.0.2.1 or 192.0.2.1:8728")
    return Source(host, int(port), username, password, tls, authority, verify)


async def read_router(source: Source, *, limit: float = 30.0) -> Reading:
    """Read every served menu of a router; each answer has to come within `limit` seconds. ReadingError."""
    try:
        async with _connected(source, limit) as api:
            return await _read(api)
    except TrapError as error:
        raise ReadingError(f"{source}: the router refused: {error}; check user and password") from error
    except ssl.SSLError as error:
        raise ReadingError(
            f"{source}: no TLS connection: {error}; name the authority of its certificate, or do not verify it"
        ) from error
    except TimeoutError as error:
        raise ReadingError(f"{source}: no answer within {limit:g} s; is this the API of a router?") from error
    except OSError as error:
        reason = error.strerror or error
        raise ReadingError(
            f"{source}: {reason}; is the service enabled, and may this host use it?"
        ) from error
    except (LibRouterosError, *_SURPRISES) as error:
        raise ReadingError(f"{source}: what answers does not speak the RouterOS API: {error!r}") from error


@contextlib.asynccontextmanager
async def _connected(source: Source, limit: float) -> AsyncIterator[AsyncApi]:
    api = await async_connect(
        source.host,
        _on_wire(source.username),
        _on_wire(source.password),
        port=source.port,
        timeout=limit,
        encoding="latin-1",
        ssl_wrapper=_context(source) if source.tls else None,
    )
    try:
        yield api
    finally:
        with contextlib.suppress(OSError, LibRouterosError):
            await api.close()


def _context(source: Source) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=source.authority or None)
    except OSError as error:
        reason = error.strerror or error
        raise ReadingError(
            f"{source.authority}: {reason}; the authority has to be a file of certificates in PEM"
        ) from error
    if not source.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ALL:@SECLEVEL=0")  # with the anonymous ones that `DEFAULT` bans for good
    return context


async def _read(api: AsyncApi) -> Reading:
    resource, trap = await _print(api, "/system/resource")
    text = resource[0].get("version", "") if resource else ""
    try:
        version = text.split(" ")[0]
        version_key(version)
    except ValueError:
        reason = trap or f"version {text!r}"
        raise ReadingError(f"the router does not say which RouterOS it runs: {reason}") from None
    menus: dict[str, list[Row]] = {}
    left_out = []
    for path, menu in catalogue(version).menus.items():
        if path in _NOT_READ or menu.bare:
            continue
        rows, trap = await _print(api, path)
        if trap:
            left_out.append(f"{path}: {trap}")
        else:
            menus[path] = rows
    identity = next((row.get("name", "") for row in menus.get("/system/identity", [])), "")
    taken = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Reading(Snapshot(version, identity, taken, menus), tuple(left_out))


async def _print(api: AsyncApi, path: str) -> tuple[list[Row], str]:
    """The rows of a menu, or what the router says against it."""
    await api.protocol.writeSentence(f"{path}/print")
    rows: list[Row] = []
    refusals = []
    while True:
        reply, words = await api.protocol.readSentence()
        attributes = {}
        for word in words:
            name, _, value = _text(word)[1:].partition("=")
            attributes[name] = value
        if reply == "!re":
            rows.append(attributes)
        elif reply == "!trap":
            refusals.append(attributes.get("message", "refused"))
        elif reply == "!done":
            return rows, "; ".join(refusals)


def _on_wire(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _text(word: str) -> str:
    return word if word.isascii() else word.encode("latin-1").decode("utf-8", "surrogateescape")
