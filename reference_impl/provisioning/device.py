"""A router as the reconciler sees it: its rows to read, operations to apply. A thin librouteros client."""

import contextlib
import ssl
from collections.abc import Mapping
from typing import Any

from librouteros import async_connect
from librouteros.api import AsyncApi
from librouteros.exceptions import MultiTrapError, TrapError

from reference_impl.provisioning.menus import (
    ACTIVE,
    ADDRESS,
    FILE,
    MENUS,
    SERVER,
    SERVER_PROFILE,
    USER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Actual,
    Operation,
    Row,
)
from reference_impl.settings import RouterSettings

TIMEOUT = 10.0
"""Seconds a router may take to connect or to answer."""

_READ: Mapping[str, str] = {
    ADDRESS: "address,interface,disabled,invalid",
    SERVER: "name,interface,profile,disabled",
    SERVER_PROFILE: "name,hotspot-address,login-by,html-directory",
    USER_PROFILE: "name,session-timeout,shared-users,add-mac-cookie,keepalive-timeout",
    USER: "name,password,server,profile,comment,disabled",
    ACTIVE: "user,server",
    WALLED_GARDEN_IP: "comment,server,dst-address,dst-host,action,disabled",
    FILE: "name,type",
}
"""The properties that are read of each menu; `.id` comes with them."""


class _RawApi(AsyncApi):  # type: ignore[misc]
    """librouteros without its conversions: values stay the text the router printed.

    A trap with more attributes than expected would otherwise be raised before the reply is read to its
    end, and every later answer would belong to the command before it.
    """

    async def readSentence(self) -> tuple[str, dict[str, Any]]:  # noqa: N802 - overrides librouteros
        reply, words = await self.protocol.readSentence()
        attributes: dict[str, Any] = dict(word[1:].split("=", 1) for word in words if "=" in word[1:])
        if reply == "!trap":
            attributes = {"message": attributes.get("message", "unknown error")}
        return str(reply), attributes


class Device:
    """One router. The connection is opened when needed and kept; it is used by one task."""

    def __init__(self, router: RouterSettings, timeout: float = TIMEOUT) -> None:
        self._router = router
        self._timeout = timeout
        self._api: _RawApi | None = None

    async def read(self) -> Actual:
        """Return the rows of every menu that matters, with the content of our own files."""
        rows = {menu: await self._print(menu, properties) for menu, properties in _READ.items()}
        rows[FILE] = [
            await self._with_contents(row)
            if MENUS[FILE].owns(row) and row.get("type") != "directory"
            else row
            for row in rows[FILE]
        ]
        return rows

    async def apply(self, operation: Operation) -> None:
        """Carry out one operation. Removing what is already gone is no failure."""
        words = [f"={name}={value}" for name, value in operation.properties.items()]
        if operation.target is not None:
            words.insert(0, f"=.id={operation.target}")
        try:
            await self._call(f"{operation.menu}/{operation.verb}", *words)
        except TrapError as trap:
            if operation.verb != "remove" or not trap.message.startswith("no such item"):
                raise

    def disconnect(self) -> None:
        """Drop the connection, without waiting for the router."""
        if self._api is not None:
            with contextlib.suppress(OSError):
                self._api.protocol.transport.writer.transport.abort()
            self._api = None

    async def _print(self, menu: str, properties: str, *query: str) -> list[Row]:
        return await self._call(f"{menu}/print", f"=.proplist=.id,{properties}", *query)

    async def _with_contents(self, row: Row) -> Row:
        found = await self._print(FILE, "name,type,contents", f"?name={row['name']}")
        return found[0] if found else row

    async def _call(self, command: str, *words: str) -> list[Row]:
        try:
            if self._api is None:
                self._api = await self._connect()
            return [row async for row in self._api.rawCmd(command, *words)]
        except (TrapError, MultiTrapError):
            # A refused command was answered to the end: the connection is still in step.
            raise
        except BaseException:
            self.disconnect()
            raise

    async def _connect(self) -> _RawApi:
        host, port = self._router.endpoint
        api = await async_connect(
            host,
            self._router.username,
            self._router.password,
            port=port,
            timeout=self._timeout,
            encoding="utf-8",
            subclass=_RawApi,
            ssl_wrapper=self._tls(),
        )
        assert isinstance(api, _RawApi)
        return api

    def _tls(self) -> ssl.SSLContext | None:
        if not self._router.tls:
            return None
        context = ssl.create_default_context()
        if not self._router.verify_tls:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
