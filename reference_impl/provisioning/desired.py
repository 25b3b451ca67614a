"""What a router shall hold: a pure function of the instances' claims and of what the router is."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from reference_impl.provisioning.menus import (
    ADDRESS,
    FILE,
    MENUS,
    SERVER,
    SERVER_PROFILE,
    USER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Actual,
    Item,
    Row,
    duration,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """An instance's wish to guard a subnet of a site; `session_ttl` in seconds."""

    instance_id: str
    site_id: str
    subnet: str
    session_ttl: int


@dataclass(frozen=True, slots=True)
class Portal:
    """Where guests sign in: `base` is the URL that `/portal/<instance id>` follows, `address` its host.

    `secret` is what the passwords of the technical users are derived from.
    """

    base: str
    address: IPv4Address | str
    secret: str


@dataclass(frozen=True, slots=True)
class Unprovisioned:
    """A claim the router cannot meet at present, and why."""

    instance_id: str
    site_id: str
    subnet: str
    reason: str


@dataclass(frozen=True, slots=True)
class Desired:
    """The items a router shall hold, and the claims it cannot meet."""

    items: tuple[Item, ...]
    unprovisioned: tuple[Unprovisioned, ...]


@dataclass(frozen=True, slots=True)
class _Guard:
    """One hotspot server: `claim` made it necessary, `gateway` is the router's address there."""

    claim: Claim
    interface: str
    gateway: IPv4Address

    @property
    def name(self) -> str:
        # The gateway is unique on a router and stays when other subnets come and go.
        return f"{_prefix(self.claim)}-{self.gateway}"


def desired(claims: Iterable[Claim], actual: Actual, portal: Portal) -> Desired:
    """Return what shall be on the router for these claims, which come in order of precedence.

    An interface has one server, so the first instance that claims a subnet there gets it. An
    interface with an operator's server is left alone, unless a server of ours is already on it.
    """
    guards: dict[str, _Guard] = {}
    unprovisioned: list[Unprovisioned] = []
    blocked = _foreign_interfaces(actual)
    for claim in claims:
        place = _place(claim.subnet, actual.get(ADDRESS, ()))
        if place is None:
            reason = "no enabled address of the router has this subnet in its network; add one"
        elif place[0] in blocked:
            reason = f"interface {place[0]} has a hotspot server that is not ours; choose another subnet"
        else:
            guard = guards.setdefault(place[0], _Guard(claim, *place))
            if guard.claim.instance_id == claim.instance_id:
                continue
            reason = f"interface {place[0]} already serves instance {guard.claim.instance_id}"
        unprovisioned.append(Unprovisioned(claim.instance_id, claim.site_id, claim.subnet, reason))
    items: dict[tuple[str, tuple[str, ...]], Item] = {}
    for guard in guards.values():
        for item in _items(guard, portal):
            items[item.menu, item.key] = item
    return Desired(tuple(items.values()), tuple(unprovisioned))


def _foreign_interfaces(actual: Actual) -> set[str]:
    servers = actual.get(SERVER, ())
    ours = {row.get("interface", "") for row in servers if MENUS[SERVER].owns(row)}
    return {row.get("interface", "") for row in servers if not MENUS[SERVER].owns(row)} - ours


def _place(subnet: str, addresses: Sequence[Row]) -> tuple[str, IPv4Address] | None:
    """Return interface and address of the router in the smallest of its networks that holds the subnet."""
    found: list[tuple[int, str, IPv4Address]] = []
    for row in addresses:
        if row.get("disabled") == "true" or row.get("invalid") == "true":
            continue
        try:
            address = IPv4Interface(row.get("address", ""))
        except ValueError:
            continue
        if IPv4Network(subnet).subnet_of(address.network):
            found.append((address.network.prefixlen, row.get("interface", ""), address.ip))
    return max(found, key=lambda place: place[0])[1:] if found else None


def _items(guard: _Guard, portal: Portal) -> Iterator[Item]:
    """Yield the items of one server; those an instance has once come again with each of its servers."""
    instance_id, prefix = guard.claim.instance_id, _prefix(guard.claim)
    tag = f"portal-contract:{instance_id}"
    yield Item(
        USER_PROFILE,
        {
            "name": prefix,
            "session-timeout": duration(guard.claim.session_ttl),
            "shared-users": "unlimited",
            "add-mac-cookie": "no",
            "keepalive-timeout": "2m",
        },
    )
    yield Item(FILE, {"name": prefix}, {"type": "directory"})
    yield Item(FILE, {"name": f"{prefix}/login.html", "contents": login_page(instance_id, portal)})
    yield Item(FILE, {"name": f"{prefix}/rlogin.html", "contents": REDIRECT_PAGE})
    yield Item(
        SERVER_PROFILE,
        {
            "name": guard.name,
            "hotspot-address": str(guard.gateway),
            "login-by": "http-chap,http-pap",
            "html-directory": prefix,
        },
    )
    yield Item(
        SERVER,
        {"name": guard.name, "interface": guard.interface, "profile": guard.name},
        # Enabled only when guests can also reach the portal and sign in.
        {"address-pool": "none", "disabled": "yes"},
    )
    destination = "dst-address" if isinstance(portal.address, IPv4Address) else "dst-host"
    yield Item(
        WALLED_GARDEN_IP,
        {
            "comment": tag,
            "server": guard.name,
            destination: str(portal.address),
            "action": "accept",
            "disabled": "no",
        },
    )
    yield Item(
        USER,
        {
            "name": guard.name,
            "password": technical_password(portal.secret, instance_id, guard.name),
            "server": guard.name,
            "profile": prefix,
            "comment": tag,
            "disabled": "no",
        },
    )


REDIRECT_PAGE = """\
$(if http-status == 302)Sign in first$(endif)
$(if http-header == "Location")$(link-redirect)$(endif)
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in first</title></head>
<body><p><a href="$(link-redirect)">Sign in to use this network</a></p></body></html>
"""
"""The page a router answers in place of any other site: a redirect to its own `/login`.

The first two lines become the status and the Location of the answer. A router has no page of its own to
fall back on in a directory that is not the stock one.
"""


def technical_password(secret: str, instance_id: str, server: str) -> str:
    """Return the password of a server's technical user: derived, so that it is stored nowhere."""
    text = f"{instance_id} {server}".encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def login_page(instance_id: str, portal: Portal) -> str:
    """Return the page the router answers to a captive guest: it leads to the portal of the instance.

    The `$(...)` parts are filled in by the router; those ending in `-esc` are escaped for a URL.
    """
    url = (
        f"{portal.base}/portal/{instance_id}?mac=$(mac-esc)&ip=$(ip)"
        "&link-login-only=$(link-login-only-esc)&link-orig=$(link-orig-esc)"
    )
    link = escape(url)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Sign in</title>\n'
        f'<meta http-equiv="refresh" content="0; url={link}"></head>\n'
        f'<body><p><a href="{link}">Sign in to use this network</a></p></body></html>\n'
    )


def _prefix(claim: Claim) -> str:
    return f"pc-{claim.instance_id[:8]}"
