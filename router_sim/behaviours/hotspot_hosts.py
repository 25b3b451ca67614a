"""Hosts: the guests a hotspot server has seen, whether or not anybody logged in there.

A host appears with the first packet of a guest. At that moment the server looks for a binding, gives a foreign
guest an address of its pool, and tries the logins that need no person: by hardware address and by MAC cookie, in
that order (assumed). The same is done for a known host whose binding changed since.
"""

from collections.abc import Mapping
from dataclasses import replace

from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.behaviours import hotspot_addresses
from router_sim.behaviours.dhcp import LEASE
from router_sim.behaviours.hotspot import (
    BINDING,
    COUNTERS,
    HOST,
    PROFILE,
    SERVER,
    elapsed,
    is_foreign,
    profile_of,
    retime,
    server_of,
    serving,
    session_of,
    text_of,
)
from router_sim.behaviours.hotspot_bindings import binding_for
from router_sim.behaviours.hotspot_cookies import forget_mac, mac_cookie
from router_sim.behaviours.hotspot_login import Attempt, LoginRefused, methods_of
from router_sim.behaviours.hotspot_sessions import HOST_REMOVED, NAS_REQUEST, log_in, log_out
from router_sim.behaviours.hotspot_timing import (
    KEEPALIVE_TIMEOUT,
    dead_time,
    heard,
    host_deadline,
    idle_time,
    lost,
    reschedule,
)
from router_sim.behaviours.interfaces import PORT, is_enabled
from router_sim.exchange import Reply
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import missing, no_match, no_such_item


def seen(tx: Transaction, mac: str, address: str, interface: str, found_by: str = "") -> Item | None:
    """A packet of a guest with this hardware and IP address arrives at an interface; returns its host.

    `found_by` says what packet it was; an ARP request when left out. None if no server works there or the
    hardware address has its full number of hosts already.
    """
    state = tx.state
    server, port = _guard(state, interface)
    known = None
    for other in state.store(HOST).lookup(("mac-address",), (mac,)):
        if server is not None and other.values["server"] == server.key:
            known = other if other.values["address"] == address else known
        else:
            # The guest has moved to another interface; what it had there is over.
            tx.drop(HOST, other.id)
    if server is None:
        return None
    if known is not None:
        return _seen_again(tx, server, heard(state, known, tx.now))
    if not _has_room(state, server, mac):
        return None
    return _appear(tx, server, mac, address, found_by or f"ARP {address}", port)


def gone(tx: Transaction, mac: str, address: str | None = None) -> None:
    """A guest is gone, and the router knows at once: its hosts, or the one with this address, go."""
    for host in tx.state.store(HOST).lookup(("mac-address",), (mac,)):
        if address is None or host.values["address"] == address:
            forget(tx, host, KEEPALIVE_TIMEOUT)


def present(tx: Transaction, mac: str, *, answers: bool) -> None:
    """A guest does, or does not, answer when the router looks whether it is still there."""
    for host in tx.state.store(HOST).lookup(("mac-address",), (mac,)):
        if not answers:
            lost(tx.state, host, tx.now)
        elif "lost" in host.marks:
            marks = {name: value for name, value in host.marks.items() if name != "lost"}
            there = replace(host, marks=marks)
            tx.state.writable(HOST).put(there)
            reschedule(tx.state, there)


def forget(tx: Transaction, host: Item, cause: str) -> None:
    """Let a host go; its session ends for this cause."""
    if "session" in host.marks:
        log_out(tx, int(host.marks["session"]), cause)
    tx.drop(HOST, host.id)


def _guard(state: State, interface: str) -> tuple[Item | None, str]:
    """The server that works on an interface, or on the bridge it is a port of; then also the port's name."""
    key = state.find("/interface", interface)
    if key is None:
        return None, ""
    server = serving(state, key)
    if server is not None:
        return server, ""
    for port in state.store(PORT).lookup(("interface",), (key,)):
        if is_enabled(port):
            return serving(state, port.values["bridge"]), state.name_of("/interface", key)
    return None, ""


def _appear(tx: Transaction, server: Item, mac: str, address: str, found_by: str, port: str) -> Item | None:
    state = tx.state
    if state.store(HOST).holds(("mac-address",), (mac,)):
        forget_mac(tx, mac)  # two hosts with one hardware address: it proves nothing any more
    values, marks = _treatment(tx, server, mac, address, None)
    values = {"mac-address": mac, "address": address, "server": server.key, "found-by": found_by, **values}
    if port:
        values["bridge-port"] = port
    if found_by == "DHCP" or _is_leased(state, mac, address):
        values["DHCP"] = "true"
    host = tx.add(HOST, values, marks={"since": tx.now, **marks})
    deadline = host_deadline(state, host)
    retime(state, HOST, host, deadline[0] if deadline else None)
    _log_in_unasked(tx, server, state.store(HOST).get(host.id) or host)
    return state.store(HOST).get(host.id)


def _is_leased(state: State, mac: str, address: str) -> bool:
    """Did the router's own DHCP server give the guest this address?"""
    return any(
        lease.values.get("status") == "bound" and lease.values.get("active-address") == address
        for lease in state.store(LEASE).lookup(("mac-address",), (mac,))
    )


def _seen_again(tx: Transaction, server: Item, host: Item) -> Item | None:
    state = tx.state
    if "session" in host.marks:
        return _bound_anew(tx, server, host)
    values, marks = _treatment(tx, server, host.values["mac-address"], host.values["address"], host)
    values = {**host.values, **values}
    marks = {**host.marks, **marks}
    if values != host.values or marks != host.marks:
        changed = replace(host, values=values, marks=marks)
        deadline = host_deadline(state, changed)
        tx.put(HOST, replace(changed, due=deadline[0] if deadline else None))
    return state.store(HOST).get(host.id)


def _bound_anew(tx: Transaction, server: Item, host: Item) -> Item | None:
    """Of a binding made while somebody is logged in only the type counts; the address stays (assumed)."""
    binding = binding_for(tx.state, server, host.values["mac-address"], host.values["address"])
    kind = text_of(tx.state, BINDING, binding, "type") if binding else "regular"
    values = {**host.values, "bypassed": "true" if kind == "bypassed" else "false"}
    marks = {**host.marks, "blocked": float(kind == "blocked")}
    if values != host.values or marks != host.marks:
        tx.put(HOST, replace(host, values=values, marks=marks))
    return tx.state.store(HOST).get(host.id)


def _treatment(
    tx: Transaction, server: Item, mac: str, address: str, host: Item | None
) -> tuple[dict[str, str], dict[str, float]]:
    """What binding and address make of a host: printed values, and marks the router keeps."""
    state = tx.state
    binding = binding_for(state, server, mac, address)
    kind = text_of(state, BINDING, binding, "type") if binding else "regular"
    bound = binding.values.get("to-address") if binding else None
    values = {"bypassed": "true" if kind == "bypassed" else "false", "static": "true" if bound else "false"}
    marks = {"blocked": float(kind == "blocked"), "unaddressed": 0.0}
    pool = text_of(state, SERVER, server, "address-pool")
    pooled = host is not None and host.values.get("dynamic") == "true"
    if bound or pool == "none" or not is_foreign(state, server, address):
        if pooled and host is not None:
            hotspot_addresses.give_back(tx, host.values["to-address"])
        return {**values, "to-address": bound or address, "dynamic": "false"}, marks
    if pooled:
        return values, marks
    given = hotspot_addresses.take(tx, pool, mac)
    if given is None:
        return {**values, "to-address": address, "dynamic": "false"}, {**marks, "unaddressed": 1.0}
    return {**values, "to-address": given, "dynamic": "true"}, marks


def _log_in_unasked(tx: Transaction, server: Item, host: Item) -> None:
    """Try the logins that need no person."""
    state = tx.state
    profile = profile_of(state, server)
    if profile is None or host.values["bypassed"] == "true" or host.marks.get("blocked"):
        return
    offered = methods_of(state, profile)
    if "mac" in offered:
        name = _formatted(host.values["mac-address"], text_of(state, PROFILE, profile, "radius-mac-format"))
        both = text_of(state, PROFILE, profile, "mac-auth-mode") == "mac-as-username-and-password"
        password = name if both else text_of(state, PROFILE, profile, "mac-auth-password")
        if _succeeds(tx, host, Attempt(name, "mac", password)):
            return
    cookie = mac_cookie(state, host.values["mac-address"])
    if "mac-cookie" in offered and cookie is not None:
        attempt = Attempt(cookie.values["user"], "mac-cookie", cookie.values["password"])
        if not _succeeds(tx, host, attempt):
            forget_mac(tx, host.values["mac-address"])


def _succeeds(tx: Transaction, host: Item, attempt: Attempt) -> bool:
    try:
        log_in(tx, host, attempt)
    except LoginRefused:
        return False
    return True


def _formatted(mac: str, pattern: str) -> str:
    """The hardware address in a form such as `XX-XX-XX-XX-XX-XX`."""
    digits = iter(mac.replace(":", ""))
    return "".join(next(digits) if character == "X" else character for character in pattern)


def _has_room(state: State, server: Item, mac: str) -> bool:
    limit = text_of(state, SERVER, server, "addresses-per-mac")
    return limit == "unlimited" or len(state.store(HOST).lookup(("mac-address",), (mac,))) < int(limit)


class Hosts(Behaviour):
    """Hosts, and the bindings made from them."""

    stored = frozenset({".id", "mac-address", "address", "to-address", "server", "authorized", "bypassed"})

    def __init__(self) -> None:
        super().__init__(HOST)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Times, counters, and the timeouts that hold: those of the session, or else of the server."""
        derived = {
            "uptime": elapsed(state, item),
            "idle-time": idle_time(state, item),
            "host-dead-time": dead_time(state, item),
        }
        if "dhcp" in menu.by_name and item.values.get("DHCP") == "true":
            derived["dhcp"] = "true"
        for name in COUNTERS:
            if counted := item.marks.get(name):
                derived[name] = str(int(counted))
        session, server = session_of(state, item), server_of(state, item)
        for name in ("idle-timeout", "keepalive-timeout"):
            if session is not None:
                text = session.values.get(name, "none")
            else:
                text = text_of(state, SERVER, server, name) if server else "none"
            if text != "none":
                derived[name] = text
        return derived

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """The session of a host that is gone is over, and its address free."""
        if before is None or after is not None:
            return
        if "session" in before.marks:
            server = server_of(tx.state, before)
            works = server is not None and bool(server.marks.get("works"))
            log_out(tx, int(before.marks["session"]), HOST_REMOVED if works else NAS_REQUEST)
            if "before-login" in before.values:
                hotspot_addresses.give_back(tx, before.values["to-address"])
        if before.values.get("dynamic") == "true":
            own = before.values.get("before-login", before.values["to-address"])
            hotspot_addresses.give_back(tx, own)

    def expired(self, tx: Transaction, item: Item) -> None:
        """Silent, absent or not logged in for too long: the host goes, unless it was heard of since."""
        deadline = host_deadline(tx.state, item)
        if deadline is not None and deadline[0] <= tx.now:
            tx.drop(HOST, item.id)
        else:
            retime(tx.state, HOST, item, deadline[0] if deadline else None)

    def verbs(self) -> Mapping[str, Verb]:
        """`make-binding` turns hosts into bindings."""
        return {"make-binding": Verb(self._bind, frozenset({".id", "numbers", "type", "comment"}))}

    def _bind(self, call: Call) -> Reply:
        given = call.command.attributes
        text = given.get("numbers", given.get(".id"))
        if text is None:
            raise missing("numbers")
        kind = given.get("type", "regular")
        if kind not in ("blocked", "bypassed", "regular"):
            raise no_match("type")
        hosts = [call.state.item(call.menu, part) for part in text.split(",")]
        if not all(hosts):
            raise no_such_item(call.state.version)
        for host in filter(None, hosts):
            values = {name: host.values[name] for name in ("mac-address", "address", "to-address", "server")}
            values |= {"type": kind} | ({"comment": given["comment"]} if given.get("comment") else {})
            call.tx.add(BINDING, values, own=True)
        return Reply()
