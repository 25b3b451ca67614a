"""Is this what the device contract asks for? Pure judgements on what a router holds at one moment or at two.

Every judge works for any implementation: it asks what serves the subnet, never how an item is named or
tagged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network, ip_network
from urllib.parse import quote

from contract_tests.device import console
from contract_tests.device.snapshot import (
    Difference,
    Row,
    Snapshot,
    differences,
    is_dynamic,
    is_enabled,
    is_invalid,
)
from contract_tests.device.time import limit
from spec.device_contract import DeviceContract

SERVERS = "/ip/hotspot"
SERVER_PROFILES = "/ip/hotspot/profile"
USERS = "/ip/hotspot/user"
USER_PROFILES = "/ip/hotspot/user/profile"
SESSIONS = "/ip/hotspot/active"
ADDRESSES = "/ip/address"

_SHORTEST_SECRET = 6  # anything shorter turns up by chance


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement: a sentence, and the router's rows or differences behind it.

    `visible` False: this moment cannot tell. Then `ok` is True and means nothing.
    """

    ok: bool
    message: str
    difference: tuple[str, ...] = ()
    visible: bool = True


def cannot_tell(why: str) -> Finding:
    return Finding(True, why, visible=False)


def interface_for(snapshot: Snapshot, subnet: str) -> str | None:
    """The interface that holds a subnet: that of the enabled, valid IPv4 address whose network contains it.

    The most specific network wins. Where the address sits on a port of a bridge it is the bridge, on which a
    hotspot would run. None where the router has no such address.
    """
    wanted = ip_network(subnet, strict=False)
    if not isinstance(wanted, IPv4Network):
        return None
    best: tuple[int, str] | None = None
    for row in snapshot.rows(ADDRESSES):
        if not is_enabled(row) or is_invalid(row):
            continue
        network = IPv4Interface(row["address"]).network
        if wanted.subnet_of(network) and (best is None or network.prefixlen > best[0]):
            best = network.prefixlen, row.get("actual-interface") or row["interface"]
    return best[1] if best else None


def servers_on(rows: Iterable[Row], interface: str) -> list[Row]:
    """The enabled hotspot servers of an interface, valid or not."""
    return [row for row in rows if row.get("interface") == interface and is_enabled(row)]


def guard_of(snapshot: Snapshot, subnet: str) -> Row | None:
    """The enabled, valid hotspot server on the interface of the subnet."""
    interface = interface_for(snapshot, subnet)
    if interface is None:
        return None
    return next((row for row in servers_on(snapshot.rows(SERVERS), interface) if not is_invalid(row)), None)


def _no_interface(subnet: str) -> Finding:
    return cannot_tell(f"the router has no enabled address in {subnet}, so nothing can guard it")


def _no_guard(subnet: str) -> Finding:
    return cannot_tell(f"no hotspot server guards {subnet}, so there is nothing to judge")


def _lines(menu: str, rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(console.described(menu, row) for row in rows)


def guarded(snapshot: Snapshot, subnet: str) -> Finding:
    """D2: exactly one enabled hotspot server is on the interface of the subnet, and it is valid."""
    interface = interface_for(snapshot, subnet)
    if interface is None:
        return _no_interface(subnet)
    enabled = servers_on(snapshot.rows(SERVERS), interface)
    valid = [row for row in enabled if not is_invalid(row)]
    where = f"on {interface}, the interface of {subnet}"
    if len(valid) == 1 and len(enabled) > 1:
        # The router lets one of them serve; the others wait to take its place, and whose they are is anybody's guess.
        return Finding(False, f"{len(enabled)} enabled hotspot servers are {where}", _lines(SERVERS, enabled))
    if len(valid) == 1:
        return Finding(True, f"one hotspot server guards {subnet}: {valid[0].get('name')}")
    if valid:
        return Finding(False, f"{len(valid)} enabled hotspot servers are {where}", _lines(SERVERS, valid))
    if enabled:
        message = f"the hotspot server {where} is invalid"
        return Finding(False, message, _lines(SERVERS, enabled))
    disabled = [row for row in snapshot.rows(SERVERS) if row.get("interface") == interface]
    return Finding(False, f"no enabled hotspot server is {where}", _lines(SERVERS, disabled))


def unguarded(snapshot: Snapshot, baseline: Snapshot, subnet: str) -> Finding:
    """D7: the interface of the subnet has no enabled hotspot server that `baseline` did not have."""
    interface = interface_for(snapshot, subnet)
    if interface is None:
        return _no_interface(subnet)
    old = {row[".id"] for row in servers_on(baseline.rows(SERVERS), interface)}
    new = [row for row in servers_on(snapshot.rows(SERVERS), interface) if row[".id"] not in old]
    if new:
        message = f"a hotspot server is still on {interface}, the interface of {subnet}"
        return Finding(False, message, _lines(SERVERS, new))
    return Finding(True, f"no new hotspot server is on {interface}, the interface of {subnet}")


def _login_by(snapshot: Snapshot, server: Row) -> tuple[Row | None, frozenset[str]]:
    name = server.get("profile", "default")
    profile = next((row for row in snapshot.rows(SERVER_PROFILES) if row.get("name") == name), None)
    methods = profile.get("login-by", "").split(",") if profile else ()
    return profile, frozenset(filter(None, methods))


def _methods_finding(
    snapshot: Snapshot, subnet: str, unwanted: Collection[str], effect: str, *, needs_one: bool
) -> Finding:
    server = guard_of(snapshot, subnet)
    if server is None:
        return _no_guard(subnet)
    profile, methods = _login_by(snapshot, server)
    name = server.get("name")
    if profile is None:
        shown = server.get("profile", "default")
        return Finding(False, f"hotspot server {name} uses the server profile {shown}, which does not exist")
    line = _lines(SERVER_PROFILES, [profile])
    if found := sorted(methods & set(unwanted)):
        return Finding(False, f"hotspot server {name} offers login by {', '.join(found)}: {effect}", line)
    if needs_one and not methods:
        return Finding(False, f"hotspot server {name} offers no login method, so no guest can log in", line)
    return Finding(True, f"hotspot server {name} offers login by {', '.join(sorted(methods)) or 'nothing'}")


def login_methods(snapshot: Snapshot, subnet: str, contract: DeviceContract) -> Finding:
    """D2: the server of the subnet offers a login method, and none that lets guests in without the portal."""
    effect = "; ".join(contract.open_login_methods.values())
    return _methods_finding(snapshot, subnet, contract.open_login_methods, effect, needs_one=True)


def returning_logins(snapshot: Snapshot, subnet: str, contract: DeviceContract) -> Finding:
    """D3, as a `should`: no login method lets a known guest in again, past the portal, after the session."""
    effect = "a guest is let in again without the portal after the session ended"
    return _methods_finding(snapshot, subnet, contract.returning_login_methods, effect, needs_one=False)


def session_limit(
    snapshot: Snapshot, baseline: Snapshot, subnet: str, session_ttl: int
) -> tuple[Finding, Finding]:
    """D3: the length of session the router would grant: (not longer, not shorter) than `session_ttl` seconds.

    Looked at are the enabled hotspot users that `baseline` did not have and that may log in on the server of
    the subnet; each gets the smaller of its profile's session-timeout and its own limit-uptime. Without such
    users, new user profiles count if all of them carry a session-timeout. Where nothing is configured in
    advance (an implementation that admits by address list or binding), or several new servers share what
    belongs to no server, this moment cannot tell.
    """
    try:
        granted = _granted_limits(snapshot, baseline, subnet)
    except ValueError as error:
        granted = f"a session limit cannot be read: {error}"
    if isinstance(granted, str):
        return cannot_tell(granted), cannot_tell(granted)
    wanted = f"session_ttl is {session_ttl} s"
    longer = [line for seconds, line in granted if seconds is None or seconds > session_ttl]
    shorter = [line for seconds, line in granted if seconds is not None and seconds < session_ttl]
    shown = ", ".join(sorted({"unlimited" if s is None else f"{s:g} s" for s, _ in granted}))
    what = f"the router grants sessions of {shown} in {subnet}; {wanted}"
    return (
        Finding(not longer, what, tuple(longer)),
        Finding(not shorter, what, tuple(shorter)),
    )


def _new(snapshot: Snapshot, baseline: Snapshot, menu: str) -> list[Row]:
    old = {row.get(".id") for row in baseline.rows(menu)}
    return [row for row in snapshot.rows(menu) if row.get(".id") not in old and not is_dynamic(row)]


def _granted_limits(
    snapshot: Snapshot, baseline: Snapshot, subnet: str
) -> list[tuple[float | None, str]] | str:
    """(seconds, None for unlimited; the row that says so) for each candidate; else why it cannot be told."""
    server = guard_of(snapshot, subnet)
    if server is None:
        return _no_guard(subnet).message
    shared_by_several = len(_new(snapshot, baseline, SERVERS)) > 1
    users = [row for row in _new(snapshot, baseline, USERS) if is_enabled(row)]
    bound = [row for row in users if row.get("server") == server.get("name")]
    free = [row for row in users if row.get("server", "all") in ("all", "")]
    if bound or (free and not shared_by_several):
        return [_user_limit(snapshot, row) for row in bound or free]
    if free:
        return "several new hotspot servers share users that are bound to none of them"
    profiles = _new(snapshot, baseline, USER_PROFILES)
    limits = [(limit(row.get("session-timeout")), row) for row in profiles]
    if not limits or any(seconds is None for seconds, _ in limits):
        return "no hotspot user or user profile sets a session limit before a guest comes"
    if shared_by_several:
        return "several new hotspot servers share user profiles without users"
    return [(seconds, console.described(USER_PROFILES, row)) for seconds, row in limits]


def _user_limit(snapshot: Snapshot, user: Row) -> tuple[float | None, str]:
    name = user.get("profile", "default")
    profile = next((row for row in snapshot.rows(USER_PROFILES) if row.get("name") == name), {})
    both = (limit(profile.get("session-timeout")), limit(user.get("limit-uptime")))
    line = (
        console.described(USERS, user)
        + f"   # session-timeout of {name}: {profile.get('session-timeout', 'none')}"
    )
    return min((seconds for seconds in both if seconds is not None), default=None), line


def same_server(before: Snapshot, after: Snapshot, subnet: str) -> Finding:
    """D8: the hotspot server that guards the subnet is the very item that guarded it before."""
    old, new = guard_of(before, subnet), guard_of(after, subnet)
    if old is None:
        return _no_guard(subnet)
    if new is None:
        message = f"the hotspot server {old.get('name')} no longer guards {subnet}"
        return Finding(False, message, _lines(SERVERS, [old]))
    if old[".id"] != new[".id"]:
        message = f"the hotspot server of {subnet} was made anew, which ends every session on it"
        return Finding(False, message, _lines(SERVERS, [old, new]))
    return Finding(True, f"{subnet} is still guarded by the same hotspot server, {new.get('name')}")


def _unchanged(found: Sequence[Difference], bad: str, good: str) -> Finding:
    if not found:
        return Finding(True, good)
    items = "1 item differs" if len(found) == 1 else f"{len(found)} items differ"
    return Finding(False, f"{bad}: {items}", tuple(item.command() for item in found))


def untouched(baseline: Snapshot, now: Snapshot, contract: DeviceContract) -> Finding:
    """D11: every configured item of `baseline` is as it was and in its order; new items do not matter."""
    found = [item for item in differences(baseline, now, contract, pages=False) if item.kind != "added"]
    return _unchanged(
        found, "items that were on the router before are not as they were", "all items are as before"
    )


def restored(baseline: Snapshot, now: Snapshot, contract: DeviceContract) -> Finding:
    """D7: the configuration, files apart, is item for item what it was."""
    found = differences(baseline, now, contract, pages=False)
    return _unchanged(
        found, "the router is not what it was before", "the router is item for item what it was"
    )


def pages_restored(baseline: Snapshot, now: Snapshot, contract: DeviceContract) -> Finding:
    """D7, as a `should`: the files are what they were."""
    found = [item for item in differences(baseline, now, contract) if contract.menus[item.menu].pages]
    return _unchanged(found, "the files are not what they were before", "the files are what they were")


def sessions_over(snapshot: Snapshot, baseline: Snapshot, server_names: Collection[str]) -> Finding:
    """D7, D13: no session is left on the servers, apart from those that `baseline` shows already."""
    left = [row for row in _new(snapshot, baseline, SESSIONS) if row.get("server") in server_names]
    if left:
        message = f"{len(left)} session(s) still run on {', '.join(sorted(server_names))}"
        return Finding(False, message, _lines(SESSIONS, left))
    return Finding(True, "no session of these servers is left")


def session_gone(snapshot: Snapshot, mac: str, address: str) -> Finding:
    """D7, D13: the router holds no session of the device at this address."""
    left = [
        row
        for row in snapshot.rows(SESSIONS)
        if row.get("mac-address", "").upper() == mac.upper() and row.get("address") == address
    ]
    if left:
        return Finding(False, f"the session of {address} still runs", _lines(SESSIONS, left))
    return Finding(True, f"no session of {address} is left")


def sessions_kept(before: Snapshot, now: Snapshot) -> Finding:
    """D8: every session that ran before still runs; without any, this cannot be told."""
    if not before.rows(SESSIONS):
        return cannot_tell("no session was running, so none could end")
    ended = _new(before, now, SESSIONS)
    if ended:
        return Finding(False, f"{len(ended)} session(s) have ended", _lines(SESSIONS, ended))
    return Finding(True, "every session still runs")


def free_of(snapshot: Snapshot, secrets: Sequence[str]) -> Finding:
    """D15: no value on the router holds one of the secrets, as it is or percent-encoded.

    Secrets of fewer than six characters are passed over. Neither the message nor the places named show a
    value.
    """
    wanted = {
        form
        for secret in secrets
        if len(secret) >= _SHORTEST_SECRET
        for form in (secret, quote(secret, safe=""))
    }
    if not wanted:
        return cannot_tell("there is no secret long enough to look for")
    places = tuple(
        f"{console.path(menu)} {row.get('.id', '')} property {name}"
        for menu, rows in snapshot.menus.items()
        for row in rows
        for name, value in row.items()
        if any(secret in value for secret in wanted)
    )
    if places:
        return Finding(False, f"a secret of the API is on the router, in {len(places)} place(s)", places)
    return Finding(True, "no secret of the API is on the router")
