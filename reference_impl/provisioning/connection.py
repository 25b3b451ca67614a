"""A connection to the API service of a router: commands in, rows out. A thin librouteros client."""

import contextlib
import ssl
from collections.abc import Sequence
from typing import Any

from librouteros import async_connect
from librouteros.api import AsyncApi
from librouteros.exceptions import LibRouterosError, MultiTrapError, ProtocolError, TrapError

from reference_impl.provisioning.menus import Row
from reference_impl.settings import RouterSettings, Settings


def routers_of(settings: Settings) -> list[tuple[RouterSettings, tuple[str, ...]]]:
    """Return every router once, each with the ids of the sites that name it."""
    shared: dict[tuple[str, int], tuple[RouterSettings, list[str]]] = {}
    for site in settings.sites:
        if site.router is not None:
            shared.setdefault(site.router.endpoint, (site.router, []))[1].append(site.id)
    return [(router, tuple(site_ids)) for router, site_ids in shared.values()]


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


class Connection:
    """One router. The connection is opened when needed and kept; one task at a time uses it.

    `timeout` are the seconds a router may take to connect or to answer. Besides TrapError, for a command
    the router refused, calls raise LibRouterosError and OSError, of which TimeoutError is one.
    """

    def __init__(self, router: RouterSettings, timeout: float) -> None:
        self._router = router
        self._timeout = timeout
        self._api: _RawApi | None = None

    async def print(self, menu: str, properties: str, *query: str) -> list[Row]:
        """Return the rows of a menu, with `.id` and the named properties of each."""
        return await self.call(f"{menu}/print", f"=.proplist=.id,{properties}", *query)

    async def call(self, command: str, *words: str) -> list[Row]:
        """Send one command and return the rows of its reply."""
        try:
            if self._api is None:
                self._api = await self._connect()
            return [row async for row in self._api.rawCmd(command, *words)]
        except (TrapError, MultiTrapError):
            # A refused command was answered to the end: the connection is still in step.
            raise
        except (LibRouterosError, OSError):
            self.disconnect()
            raise
        except Exception as error:
            # librouteros stumbles over sentences without words in ways of its own.
            self.disconnect()
            raise ProtocolError(f"the answer to {command} makes no sense ({error!r})") from error
        except BaseException:
            self.disconnect()
            raise

    async def remove(self, menu: str, rows: Sequence[Row]) -> None:
        """Remove rows. That one of them is gone already is no failure."""
        for row in rows:
            try:
                await self.call(f"{menu}/remove", f"=.id={row['.id']}")
            except TrapError as trap:
                if not trap.message.startswith("no such item"):
                    raise

    def disconnect(self) -> None:
        """Drop the connection, without waiting for the router."""
        if self._api is not None:
            with contextlib.suppress(OSError):
                self._api.protocol.transport.writer.transport.abort()
            self._api = None

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
        trusted = self._router.verify_tls
        context = ssl.create_default_context(cafile=trusted if isinstance(trusted, str) else None)
        if trusted is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
