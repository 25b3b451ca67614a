"""What a router shall hold: a pure function of the instances' claims and of what the router is."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from urllib.parse import urlsplit

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
    short,
    tag,
    window_list,
)
from reference_impl.provisioning.pages import LOGIN, PAGES, login_page


@dataclass(frozen=True, slots=True)
class Claim:
    """An instance's wish to guard a subnet of a site; `session_ttl` in seconds.

    `garden` are the addresses and networks of the site that guests reach before they log in; `provider` is
    the type of the identity provider they log in with, None if they need none.
    """

    instance_id: str
    site_id: str
    subnet: str
    session_ttl: int
    garden: tuple[str, ...] = ()
    provider: str | None = None


ReadClaims = Callable[[Iterable[str]], Awaitable[list[Claim]]]
"""Gives the claims on some sites, in order of precedence."""


@dataclass(frozen=True, slots=True)
class Portal:
    """Where guests sign in: `base` is the URL that `/portal/<instance id>` follows, `address` its host.

    Guests reach its `port` before they log in, and nothing else of that host.
    `secret` is what the passwords of the technical users are derived from; `provider_hosts` are the names
    a guest's browser needs at each type of identity provider.
    """

    base: str
    address: IPv4Address | str
    secret: str
    provider_hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def port(self) -> int:
        parts = urlsplit(self.base)
        return parts.port or (443 if parts.scheme == "https" else 80)


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
    guards, unprovisioned = _guards(claims, actual)
    items: dict[tuple[str, tuple[str, ...]], Item] = {}
    for guard in guards.values():
        for item in _items(guard, portal):
            items[item.menu, item.key] = item
    return Desired(tuple(items.values()), tuple(unprovisioned))


def guarded(claims: Iterable[Claim], addresses: Sequence[Row]) -> dict[str, Claim]:
    """Return the names of the servers these claims lead to, each with the claim that made it necessary."""
    guards, _ = _guards(claims, {ADDRESS: addresses})
    return {guard.name: guard.claim for guard in guards.values()}


def _guards(claims: Iterable[Claim], actual: Actual) -> "tuple[dict[str, _Guard], list[Unprovisioned]]":
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
            reason = f"interface {place[0]} already serves another instance"
        unprovisioned.append(Unprovisioned(claim.instance_id, claim.site_id, claim.subnet, reason))
    return guards, unprovisioned


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
    claim, prefix = guard.claim, _prefix(guard.claim)
    yield Item(
        USER_PROFILE,
        {
            "name": prefix,
            "session-timeout": duration(claim.session_ttl),
            "shared-users": "unlimited",
            "add-mac-cookie": "no",
            # A phone that sleeps answers nobody, and its guest may have no second coupon.
            "keepalive-timeout": "none",
            "idle-timeout": "none",
        },
    )
    # One for each site, since the login page names it, and a router may serve several.
    directory = f"{prefix}-{claim.site_id}"
    yield Item(FILE, {"name": directory}, {"type": "directory"})
    contents = {LOGIN: login_page(claim.instance_id, claim.site_id, portal.base), **PAGES}
    for name, text in contents.items():
        yield Item(FILE, {"name": f"{directory}/{name}", "contents": text})
    yield Item(
        SERVER_PROFILE,
        {
            "name": guard.name,
            "hotspot-address": str(guard.gateway),
            # No cookie of either kind: when a session is over, the portal decides about the next one.
            "login-by": "http-chap,http-pap",
            "html-directory": directory,
        },
    )
    yield Item(
        SERVER,
        {"name": guard.name, "interface": guard.interface, "profile": guard.name},
        # Enabled only when guests can also reach the portal and sign in.
        {"address-pool": "none", "disabled": "yes"},
    )
    for conditions in _open_to(claim, portal):
        yield Item(
            WALLED_GARDEN_IP, {"server": guard.name, **conditions, "action": "accept", "disabled": "no"}
        )
    yield Item(
        USER,
        {
            "name": guard.name,
            "password": technical_password(portal.secret, claim.instance_id, guard.name),
            "server": guard.name,
            "profile": prefix,
            "comment": tag(claim.instance_id),
            "disabled": "no",
        },
    )


def _open_to(claim: Claim, portal: Portal) -> Iterator[dict[str, str]]:
    """Yield what a guest reaches without a session, as conditions of rows of the walled garden."""
    comment = tag(claim.instance_id)
    # The port alone: what else runs on the host of the portal is no business of captive guests.
    port = {"protocol": "tcp", "dst-port": str(portal.port)}
    yield {"comment": comment, **_destination(str(portal.address)), **port}
    for entry in claim.garden:
        yield {"comment": tag(claim.site_id), **_destination(entry)}
    for host in portal.provider_hosts.get(claim.provider or "", ()):
        yield {
            "comment": comment,
            "src-address-list": window_list(claim.instance_id),
            **_destination(host),
        }


def _destination(text: str) -> dict[str, str]:
    """Return the condition for an address, a network or a host name, as a router prints it."""
    try:
        network = IPv4Network(text, strict=False)
    except ValueError:
        return {"dst-host": text}
    return {"dst-address": str(network.network_address if network.prefixlen == 32 else network)}


def technical_password(secret: str, instance_id: str, server: str) -> str:
    """Return the password of a server's technical user: derived, so that it is stored nowhere."""
    text = f"{instance_id} {server}".encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def _prefix(claim: Claim) -> str:
    return f"pc-{short(claim.instance_id)}"
