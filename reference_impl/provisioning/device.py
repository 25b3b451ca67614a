"""A router as the reconciler sees it: its rows to read, operations to apply."""

from collections.abc import Mapping

from librouteros.exceptions import TrapError

from reference_impl.provisioning.connection import Connection
from reference_impl.provisioning.menus import (
    ACTIVE,
    ADDRESS,
    ADDRESS_LIST,
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

_READ: Mapping[str, tuple[str, ...]] = {
    ADDRESS: ("address,interface,disabled,invalid",),
    SERVER: ("name,interface,profile,disabled",),
    SERVER_PROFILE: ("name,hotspot-address,login-by,html-directory",),
    USER_PROFILE: ("name,session-timeout,shared-users,add-mac-cookie,keepalive-timeout,idle-timeout",),
    USER: ("name,password,server,profile,comment,disabled",),
    ACTIVE: ("user,server",),
    WALLED_GARDEN_IP: (
        "comment,server,dst-address,dst-host,src-address-list,protocol,dst-port,action,disabled",
    ),
    # Entries with a timeout are dynamic ones. An operator's lists may be long, and are none of them.
    ADDRESS_LIST: ("list,comment", "?dynamic=true"),
    FILE: ("name,type",),
}
"""The properties that are read of each menu, and which rows; `.id` comes with them."""


class Device:
    """One router. The connection is opened when needed and kept; it is used by one task."""

    def __init__(self, router: RouterSettings, timeout: float = TIMEOUT) -> None:
        self.connection = Connection(router, timeout)

    async def read(self) -> Actual:
        """Return the rows of every menu that matters, with the content of our own files."""
        rows = {menu: await self.connection.print(menu, *words) for menu, words in _READ.items()}
        rows[FILE] = await self._with_contents(rows[FILE])
        return rows

    async def apply(self, operation: Operation) -> None:
        """Carry out one operation. Removing what is already gone is no failure."""
        words = [f"={name}={value}" for name, value in operation.properties.items()]
        if operation.target is not None:
            words.insert(0, f"=.id={operation.target}")
        try:
            await self.connection.call(f"{operation.menu}/{operation.verb}", *words)
        except TrapError as trap:
            if operation.verb != "remove" or not trap.message.startswith("no such item"):
                raise

    def disconnect(self) -> None:
        """Drop the connection, without waiting for the router."""
        self.connection.disconnect()

    async def _with_contents(self, rows: list[Row]) -> list[Row]:
        pages = [row for row in rows if MENUS[FILE].owns(row) and row.get("type") != "directory"]
        if not pages:
            return rows
        # One question for all of them: a name or another, and so on.
        query = [f"?name={row['name']}" for row in pages]
        if len(pages) > 1:
            query.append("?#" + "|" * (len(pages) - 1))
        found = await self.connection.print(FILE, "name,type,contents", *query)
        contents = {row[".id"]: row for row in found}
        return [contents.get(row[".id"], row) for row in rows]
