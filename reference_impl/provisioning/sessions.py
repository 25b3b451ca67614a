"""What is done for single guests on the routers: login windows, admission, and the end of a session.

Everything here may be asked twice with the effect of once, so a command whose reply was lost is sent again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address

from librouteros.exceptions import LibRouterosError, MultiTrapError, TrapError

from reference_impl.provisioning.connection import Connection, routers_of
from reference_impl.provisioning.desired import ReadClaims, guarded, technical_password
from reference_impl.provisioning.menus import (
    ACTIVE,
    ADDRESS,
    ADDRESS_LIST,
    HOST,
    LEASE,
    MENUS,
    SERVER,
    Row,
    duration,
    is_window,
    owner,
    seconds,
    short,
    tag,
    window_list,
)
from reference_impl.settings import RouterSettings, Settings

ANSWER_TIMEOUT = 4.0
"""Seconds a router may take to connect or to answer a command."""

PATIENCE = 10.0
"""Seconds a guest waits for a router at most, whatever it takes."""


class RouterUnreachableError(Exception):
    """The router of a site did not do its part; nobody knows whether it will later."""


class NotAdmittedError(Exception):
    """The router has no such guest, or refuses it; `reason` says why, in words for whoever runs the network."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RouterGuest:
    """A device behind a hotspot server of ours.

    `instance` are the first eight digits of the instance's id, `hostname` what the device called itself when it
    asked for its address, `session_time_left` seconds, or None without a session or without an end of it.
    """

    instance: str
    mac: str
    ip: str
    hostname: str | None
    active: bool
    session_time_left: int | None


class GuestSessions:
    """Guests of all sites. Every method raises RouterUnreachableError when the router does not answer.

    Each router has one connection for them, besides that of its reconciler, and one guest at a time.
    """

    def __init__(self, settings: Settings, claims: ReadClaims) -> None:
        self._secret = settings.server.secret
        self._desks = {
            site_id: desk
            for desk in (_Desk(router, site_ids, claims) for router, site_ids in routers_of(settings))
            for site_id in desk.site_ids
        }

    async def admit(self, site_id: str, instance_id: str, ip: str, mac: str) -> None:
        """Log a guest in, who then has a session of `session_ttl` seconds; a guest with a session keeps it.

        Raises NotAdmittedError when no device with these addresses is behind a server of the instance at
        this site, or the router refuses the login.
        """

        async def action(desk: "_Desk") -> None:
            host = await desk.host(instance_id, ip, site_id)
            if host.get("mac-address", "") != _mac(mac):
                raise NotAdmittedError(f"{ip} belongs to another device than {_mac(mac)}")
            address = host.get("to-address") or ip
            if await desk.connection.print(ACTIVE, "user", f"?address={address}"):
                return
            server = host["server"]
            password = technical_password(self._secret, instance_id, server)
            try:
                await desk.connection.call(
                    f"{ACTIVE}/login",
                    f"=user={server}",
                    f"=password={password}",
                    f"=ip={address}",
                    f"=mac-address={_mac(mac)}",
                )
            except TrapError as trap:
                raise NotAdmittedError(f"the router refused the login: {trap.message}") from trap

        await self._at(site_id, action)

    async def open_window(self, site_id: str, instance_id: str, ip: str, seconds: int) -> None:
        """Let a guest reach the identity provider for so many seconds; a window that is open stays as it is.

        Raises NotAdmittedError when no device with this address is behind a server of the instance.
        """

        async def action(desk: "_Desk") -> None:
            address = (await desk.host(instance_id, ip, site_id)).get("to-address") or ip
            if await desk.windows(instance_id, address):
                return
            try:
                await desk.connection.call(
                    f"{ADDRESS_LIST}/add",
                    f"=list={window_list(instance_id)}",
                    f"=address={address}",
                    f"=timeout={duration(seconds)}",
                    f"=comment={tag(instance_id)}",
                )
            except TrapError:
                # Somebody else's request for the same guest may have been faster.
                if not await desk.windows(instance_id, address):
                    raise

        await self._at(site_id, action)

    async def close_window(self, site_id: str, instance_id: str, ip: str) -> None:
        """Close the login window of a guest, if there is one."""

        async def action(desk: "_Desk") -> None:
            await desk.connection.remove(ADDRESS_LIST, await desk.windows(instance_id, ip))

        await self._at(site_id, action)

    async def guests(self, site_id: str) -> list[RouterGuest]:
        """Return the devices behind the servers of a site, with and without a session."""
        found: list[RouterGuest] = []

        async def action(desk: "_Desk") -> None:
            found[:] = await desk.guests(site_id)

        await self._at(site_id, action)
        return found

    async def end(self, site_id: str, ip: str, mac: str) -> bool:
        """End the session of a guest; return whether there was one."""
        ended = False

        async def action(desk: "_Desk") -> None:
            nonlocal ended
            servers = await desk.servers(site_id)
            query = (f"?address={ip}", f"?mac-address={_mac(mac)}")
            rows = await desk.connection.print(ACTIVE, "server", *query)
            rows = [row for row in rows if row.get("server") in servers]
            # Told even if the reply to the removal is lost and a second look finds nothing.
            ended = ended or bool(rows)
            await desk.connection.remove(ACTIVE, rows)

        await self._at(site_id, action)
        return ended

    def disconnect(self) -> None:
        """Drop every connection."""
        for desk in self._desks.values():
            desk.connection.disconnect()

    async def _at(self, site_id: str, action: "Callable[[_Desk], Awaitable[None]]") -> None:
        desk = self._desks.get(site_id)
        if desk is None:
            raise RouterUnreachableError(f"site {site_id} has no router; add [sites.router] to the settings")
        async with desk.turn():
            try:
                await action(desk)
            except (TrapError, MultiTrapError):
                raise
            except (LibRouterosError, OSError):
                # Most often a kept connection that the router, restarted since, knows nothing of.
                await action(desk)


class _Desk:
    """One router, at which one guest at a time is served."""

    def __init__(self, router: RouterSettings, site_ids: tuple[str, ...], claims: ReadClaims) -> None:
        self.site_ids = site_ids
        self.connection = Connection(router, ANSWER_TIMEOUT)
        self._name = "{}:{}".format(*router.endpoint)
        self._claims = claims
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn and have it, for a bounded time in all."""
        try:
            async with asyncio.timeout(PATIENCE), self._turn:
                yield
        except (LibRouterosError, OSError) as error:
            text = f"{type(error).__name__}: {error}".rstrip(": ")
            raise RouterUnreachableError(f"router {self._name}: {text}") from error

    async def host(self, instance_id: str, ip: str, site_id: str) -> Row:
        """Return the device with this address behind a server of the instance, or raise NotAdmittedError."""
        address = _ip(ip)
        query = (f"?address={address}", f"?to-address={address}", "?#|")
        rows = await self.connection.print(HOST, "mac-address,address,to-address,server", *query)
        servers = await self.servers(site_id)
        for row in rows:
            server = row.get("server", "")
            if server in servers and owner(server) == short(instance_id):
                return row
        raise NotAdmittedError(f"no device with address {address} is behind a server of this instance")

    async def servers(self, site_id: str) -> set[str]:
        """Return the names of our servers that belong to a site."""
        rows = await self.connection.print(SERVER, "name")
        names = {row.get("name", "") for row in rows if MENUS[SERVER].owns(row)}
        if len(self.site_ids) == 1:
            return names
        # The sites of one router share its menus; which server is whose follows from what they claim.
        addresses = await self.connection.print(ADDRESS, "address,interface,disabled,invalid")
        claims = await self._claims(self.site_ids)
        return names & {
            name for name, claim in guarded(claims, addresses).items() if claim.site_id == site_id
        }

    async def windows(self, instance_id: str, ip: str) -> list[Row]:
        """Return the open login windows of a guest."""
        query = (f"?list={window_list(instance_id)}", f"?address={ip}")
        rows = await self.connection.print(ADDRESS_LIST, "list,address,comment", *query)
        return [row for row in rows if is_window(row)]

    async def guests(self, site_id: str) -> list[RouterGuest]:
        """Return the devices behind the servers of a site."""
        servers = await self.servers(site_id)
        hosts = await self.connection.print(HOST, "mac-address,address,to-address,server")
        active = {
            (row.get("address"), row.get("mac-address")): row
            for row in await self.connection.print(ACTIVE, "address,mac-address,session-time-left")
        }
        names: dict[str, str] = {}
        for row in await self.connection.print(LEASE, "mac-address,active-mac-address,host-name"):
            if name := row.get("host-name"):
                names[row.get("active-mac-address") or row.get("mac-address", "")] = name
        guests = []
        for host in hosts:
            mac = host.get("mac-address", "")
            ip = host.get("to-address") or host.get("address", "")
            session = active.get((ip, mac))
            if host.get("server") in servers:
                left = None if session is None else session.get("session-time-left")
                guest = RouterGuest(
                    instance=owner(host["server"]),
                    mac=mac,
                    ip=ip,
                    hostname=names.get(mac),
                    active=session is not None,
                    session_time_left=seconds(left) if left else None,
                )
                guests.append(guest)
        return guests


def _ip(text: str) -> str:
    """Return an address in its usual form; what is none is sent to no router."""
    try:
        return str(IPv4Address(text))
    except ValueError:
        raise NotAdmittedError(f"{text!r} is no IPv4 address") from None


def _mac(text: str) -> str:
    return text.upper().replace("-", ":")
