"""What the claims on a router come to, item by item.

The mapping is not that of the reference. Nothing carries a comment. What the instances of a router share (pages,
server profile, user profile, the way to the portal, the list of open addresses) is made for the first of them and
removed with the last. How long a guest may stay is the limit-uptime of a ticket, a user bound to the server; the
shared user profile has no session-timeout. Or there are no users, and guests are let in by bindings that somebody has
to take away in time, or by lists from which the router takes them by itself. The way to an identity provider is opened
for one device by a row of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from ipaddress import IPv4Interface, IPv4Network
from typing import Any
from urllib.parse import SplitResult

from tests.quality.variant.book import OURS, Claim
from tests.quality.variant.stays import Device, Ticket, Window

SERVERS = "/ip/hotspot"
SERVER_PROFILES = "/ip/hotspot/profile"
USERS = "/ip/hotspot/user"
USER_PROFILES = "/ip/hotspot/user/profile"
GARDEN = "/ip/hotspot/walled-garden/ip"
BINDINGS = "/ip/hotspot/ip-binding"
LISTS = "/ip/firewall/address-list"
FILES = "/file"
ADDRESSES = "/ip/address"

SHARED_SERVER_PROFILE, SHARED_USER_PROFILE = "guest-access", "guest-stay"
OPEN, PAGES = "guest-open", "guest-pages"
PORTAL = "portal"
"""The key of the one garden rule that every guest needs."""

NAMED = (SERVERS, SERVER_PROFILES, USERS, USER_PROFILES, FILES)
REMOVAL = (GARDEN, BINDINGS, USERS, SERVERS, SERVER_PROFILES, USER_PROFILES, LISTS, FILES)
"""In which order items go: nothing is open that is not guarded, and the way to the portal goes last (see `wanted`)."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that shall be on a router. `key` tells it from others of its menu, as its name where it has one.

    `last` is a property that is set when all items are there, and again whenever its value is another.
    """

    menu: str
    key: str
    properties: Mapping[str, str] = field(default_factory=dict)
    last: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a router is to do, as of now: for whom, and what else is open."""

    claims: Sequence[Claim]
    tickets: Callable[[Claim], Iterable[Ticket]]
    addresses: Collection[str]
    let_in: Collection[tuple[Device, int]]
    by_list: bool
    windows: Collection[Window]


def wanted(wishes: Wishes, rows: Mapping[str, list[Row]], portal: SplitResult, site: str) -> list[Item]:
    """What the wishes need on a router that has these addresses and servers, in the order of making it.

    A network without an enabled address is passed over, and one whose interface an operator's server guards.
    """
    taken = {
        row["interface"]
        for row in rows[SERVERS]
        if not row["name"].startswith(OURS) and row.get("disabled") is not True
    }
    servers: dict[str, Item] = {}
    tickets: list[Item] = []
    for claim in wishes.claims:
        interface = _interface(claim.subnet, rows[ADDRESSES])
        if interface is None or interface in taken:
            continue
        server = {"interface": interface, "profile": SHARED_SERVER_PROFILE, "disabled": "yes"}
        servers[claim.server] = Item(SERVERS, claim.server, server, ("disabled", "no"))
        tickets += map(_ticket, wishes.tickets(claim))
    if not servers:
        return []
    profile = {"login-by": "http-pap", "html-directory": PAGES}
    user_profile = {"shared-users": "1", "add-mac-cookie": "no"}
    return [
        *_pages(portal, site),
        Item(SERVER_PROFILES, SHARED_SERVER_PROFILE, profile),
        *([Item(USER_PROFILES, SHARED_USER_PROFILE, user_profile)] if tickets else []),
        Item(GARDEN, PORTAL, way_to(portal)),
        *(_listed(OPEN, address) for address in sorted(wishes.addresses)),
        *servers.values(),
        *tickets,
        *(_opened(server) for server in servers),
        *(_admitting(server) for server in servers if wishes.by_list),
        *(
            _listed(device.server, device.address, timeout=f"{left}s") if wishes.by_list else _binding(device)
            for device, left in wishes.let_in
            if device.server in servers
        ),
        *(_window(window) for window in wishes.windows if window.device.server in servers),
    ]


def key_of(menu: str, row: Row, portal: SplitResult) -> str | None:
    """The key of an item of ours that a router prints; None for what is somebody else's."""
    name, server = str(row.get("name", "")), str(row.get("server", ""))
    if menu in NAMED:
        return name if name.startswith(OURS) else None
    if menu == LISTS:
        return f"{row['list']} {row['address']}" if str(row.get("list")).startswith(OURS) else None
    if server.startswith(OURS):
        if menu == BINDINGS:
            return f"{server} {row.get('mac-address')} {row.get('address')}"
        if "src-address-list" in row:
            return f"{server} in"
        if "src-address" in row:
            return f"{server} {row['src-address']} {row.get('dst-host')}"
        return server
    same = all(str(row.get(each)) == value for each, value in way_to(portal).items())
    return PORTAL if menu == GARDEN and same and "comment" not in row else None


def way_to(portal: SplitResult) -> dict[str, str]:
    """The rule by which guests reach the portal before they are logged in."""
    port = str(portal.port or 443)
    return {"action": "accept", "dst-address": portal.hostname or "", "protocol": "tcp", "dst-port": port}


def _pages(portal: SplitResult, site: str) -> list[Item]:
    """The pages of the router: whoever comes is sent to the portal, whoever got in to where they wanted to go."""
    hello = (
        f"{portal.scheme}://{portal.netloc}/hello?s={site}&at=$(server-name)&mac=$(mac-esc)&ip=$(ip)"
        "&door=$(link-login-only-esc)&to=$(link-orig-esc)"
    )
    pages = {"login.html": hello, "rlogin.html": hello, "redirect.html": "$(link-redirect)"}
    return [
        Item(FILES, PAGES, {"type": "directory"}),
        *(
            Item(FILES, f"{PAGES}/{name}", {"contents": _refreshing(url)})
            for name, url in sorted(pages.items())
        ),
    ]


def _refreshing(url: str) -> str:
    return (
        f'<html><head><meta http-equiv="refresh" content="0;url={escape(url)}"></head><body>…</body></html>'
    )


def _ticket(ticket: Ticket) -> Item:
    limit = ("limit-uptime", f"{ticket.seconds}s")
    fixed = {"server": ticket.server, "profile": SHARED_USER_PROFILE, "password": ticket.password}
    return Item(USERS, ticket.name, {**fixed, limit[0]: limit[1]}, limit)


def _opened(server: str) -> Item:
    return Item(GARDEN, server, {"action": "accept", "server": server, "dst-address-list": OPEN})


def _admitting(server: str) -> Item:
    """Whoever is on the list that is called like the server is let through to everywhere."""
    return Item(GARDEN, f"{server} in", {"action": "accept", "server": server, "src-address-list": server})


def _listed(name: str, address: str, **more: str) -> Item:
    return Item(LISTS, f"{name} {address}", {"list": name, "address": address, **more})


def _binding(device: Device) -> Item:
    properties = {
        "server": device.server,
        "mac-address": device.mac,
        "address": device.address,
        "type": "bypassed",
    }
    return Item(BINDINGS, f"{device.server} {device.mac} {device.address}", properties)


def _window(window: Window) -> Item:
    properties = {
        "action": "accept",
        "server": window.device.server,
        "src-address": window.device.address,
        "dst-host": window.host,
    }
    return Item(GARDEN, f"{window.device.server} {window.device.address} {window.host}", properties)


def _interface(subnet: str, addresses: Iterable[Row]) -> str | None:
    network = IPv4Network(subnet)
    for row in addresses:
        if row.get("disabled") is True or row.get("invalid") is True:
            continue
        if network.subnet_of(IPv4Interface(row["address"]).network):
            return str(row.get("actual-interface") or row["interface"])
    return None
