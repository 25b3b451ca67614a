"""DHCP: servers, networks, and leases from the offer to the end.

A client of the simulator gets its lease in one step, so that leases are seen bound or, when an operator made
them and nobody has come for them, waiting. What a lease promises ends on the router's clock: a dynamic lease
goes, a static one waits again.
"""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address

from router_sim.behaviour import Behaviour, Call, Draft, Verb
from router_sim.behaviours import arp, log, pools
from router_sim.behaviours.interfaces import PORT, is_enabled, is_slave, usable
from router_sim.dates import format_moment, from_seconds
from router_sim.durations import SECOND, format_elapsed, format_remaining, parse_duration
from router_sim.exchange import Reply
from router_sim.network import masked
from router_sim.schema import Menu
from router_sim.selection import SELECTORS, chosen
from router_sim.state import State
from router_sim.store import Hold, Item, parse_key
from router_sim.transaction import Transaction
from router_sim.traps import failure
from router_sim.values import split_list

SERVER = "/ip/dhcp-server"
NETWORK = "/ip/dhcp-server/network"
LEASE = "/ip/dhcp-server/lease"
ADDRESS_LIST = "/ip/firewall/address-list"
OWNER = "DHCP"
NO_SERVER = "*FFFFFFFF"  # what a lease names when the server it was made for is gone
ACTIVE = (
    "active-address",
    "active-mac-address",
    "active-client-id",
    "active-server",
    "host-name",
)


def lease(
    tx: Transaction, interface_key: str, mac: str, *, host_name: str = "", requested: str = ""
) -> Item | None:
    """The lease of a client that asks on an interface: a new one, or the one it has, renewed.

    `interface_key` is the identifier of the interface (that of a bridge's port will do), `mac` the client's
    hardware address in printed form, `requested` the address it would like. The item's values are those of
    the printed record, with `address` or, for a static lease without one, `active-address`. None when no
    server works there, the lease is blocked, or the pool is used up.
    """
    state = tx.state
    server = serving(state, interface_key)
    if server is None:
        return None
    held = _lease_of(state, server, mac)
    if held is not None and held.values.get("block-access") == "true":
        return None
    if held is not None and held.values.get("status") == "bound":
        address: str | None = held.values["active-address"]
    elif held is not None and held.values.get("address"):
        # Whoever was given the address before keeps it until that lease is over (assumed).
        free = not state.store(LEASE).holds(("active-address",), (held.values["address"],))
        address = held.values["address"] if free else None
    else:
        pool = state.value(state.menus[SERVER], server, "address-pool")
        address = pools.take(
            tx, pool, owner=OWNER, info=mac, wanted=requested, reserved=lambda each: _promised(state, each)
        )
    if address is None:
        return None
    return _bind(tx, server, held, mac, address, host_name)


def release(tx: Transaction, mac: str) -> None:
    """The client gives back all it has: dynamic leases go, static ones wait."""
    for held in tx.state.store(LEASE).lookup(("mac-address",), (mac,)):
        if held.values.get("status") == "bound":
            _end(tx, held)


def serving(state: State, interface_key: str) -> Item | None:
    """The enabled server that works on this interface, or on the bridge it is a port of."""
    for port in state.store(PORT).lookup(("interface",), (interface_key,)):
        if is_enabled(port):
            interface_key = port.values["bridge"]
    for server in state.store(SERVER).lookup(("interface",), (interface_key,)):
        if is_enabled(server) and usable(state, interface_key):
            return server
    return None


def _lease_of(state: State, server: Item, mac: str) -> Item | None:
    found = [
        each
        for each in state.store(LEASE).lookup(("mac-address",), (mac,))
        if is_enabled(each) and each.values.get("server", "all") in ("all", server.key)
    ]
    # A static lease is what the operator wants, whatever the client was given before.
    return min(found, key=lambda each: each.hold is Hold.DYNAMIC, default=None)


def _promised(state: State, address: str) -> bool:
    """Is there a static lease for the address, or has somebody got it?"""
    leases = state.store(LEASE)
    return leases.holds(("active-address",), (address,)) or any(
        _rivals(each, None) for each in leases.lookup(("address",), (address,))
    )


def _bind(
    tx: Transaction, server: Item, held: Item | None, mac: str, address: str, host_name: str
) -> Item | None:
    state = tx.state
    values = {
        "status": "bound",
        "active-address": address,
        "active-mac-address": mac,
        "active-client-id": _client_id(mac),
        "active-server": server.key,
    }
    if host_name:
        values["host-name"] = host_name
    text = held.values.get("lease-time") if held else None
    seconds = parse_duration(text or state.value(state.menus[SERVER], server, "lease-time")) / SECOND
    bound = held.values.get("status") == "bound" if held else False
    marks = {"seen": tx.now, "since": held.marks["since"] if held and bound else tx.now}
    due = tx.now + seconds
    if held is None:
        given = {"address": address, "mac-address": mac, "client-id": _client_id(mac), "server": server.key}
        item = tx.add(LEASE, given | values, hold=Hold.DYNAMIC, marks=marks, due=due)
    else:
        if held.hold is not Hold.DYNAMIC:
            # What the client was given before the operator made this lease for it is over.
            for other in state.store(LEASE).lookup(("mac-address",), (mac,)):
                if other.hold is Hold.DYNAMIC and other.values["server"] == server.key:
                    tx.drop(LEASE, other.id)
        item = replace(held, values={**held.values, **values}, marks=marks, due=due)
        tx.put(LEASE, item)
    if server.values.get("add-arp") == "true":
        arp.seen(tx, server.values["interface"], address, mac, dhcp=True)
    return state.store(LEASE).get(item.id)


def _client_id(mac: str) -> str:
    """What most clients send: the type of hardware and the address, each byte without a leading zero."""
    return ":".join(["1", *(f"{int(part, 16):x}" for part in mac.split(":"))])


def _end(tx: Transaction, held: Item) -> None:
    """A bound lease is over. What hangs on it is let go of when the change is told."""
    if held.hold is Hold.DYNAMIC:
        tx.drop(LEASE, held.id)
        return
    kept = {name: value for name, value in held.values.items() if name not in (*ACTIVE, "status")}
    marks = {name: value for name, value in held.marks.items() if name != "since"}
    tx.put(LEASE, replace(held, values=kept, marks=marks, due=None))


def _enlist(tx: Transaction, held: Item, address: str) -> None:
    """Put the address on the lists that lease and server name, for as long as the lease is bound."""
    server = tx.state.item(tx.state.menus[SERVER], held.values["active-server"])
    named = split_list(held.values.get("address-lists", ""))
    named += split_list(server.values.get("address-lists", "")) if server else []
    for name in dict.fromkeys(named):
        if not tx.state.store(ADDRESS_LIST).holds(("list", "address"), (name, address)):
            moment = format_moment(from_seconds(tx.now), tx.state.version)
            values = {"list": name, "address": address, "creation-time": moment}
            tx.add(ADDRESS_LIST, values, hold=Hold.DYNAMIC, marks={"lease": float(held.id)})


def _unlist(tx: Transaction, held: Item, address: str) -> None:
    for entry in tx.state.store(ADDRESS_LIST).lookup(("address",), (address,)):
        if entry.marks.get("lease") == held.id:
            tx.drop(ADDRESS_LIST, entry.id)


def _tell(tx: Transaction, held: Item, what: str, address: str) -> None:
    """A line in the log, as routers of version 7 write it."""
    server = tx.state.name_of(SERVER, held.values["active-server"])
    words = [
        server,
        what,
        address,
        "for",
        held.values["active-mac-address"],
        held.values.get("host-name", ""),
    ]
    log.write(tx, "dhcp,info", " ".join(filter(None, words)))


class DhcpServers(Behaviour):
    """Servers work on usable interfaces."""

    def __init__(self) -> None:
        super().__init__(SERVER)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """A server on an interface that is gone, switched off or a port of a bridge is invalid."""
        interface = item.values["interface"]
        works = not is_enabled(item) or (usable(state, interface) and not is_slave(state, interface))
        return {"invalid": "false" if works else "true"}

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """A server that is removed ends the leases it gave; that is assumed."""
        if before is None or after is not None:
            return
        for held in tx.state.store(LEASE).lookup(("active-server",), (before.key,)):
            _end(tx, held)


class Networks(Behaviour):
    """What clients of a network are told."""

    def __init__(self) -> None:
        super().__init__(NETWORK)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """The address is that of a network, without host bits."""
        address, _, length = draft.values["address"].partition("/")
        if masked(IPv4Address(address), int(length)) != draft.values["address"]:
            raise failure("invalid network")


class Leases(Behaviour):
    """Leases: who has which address, and until when."""

    def __init__(self) -> None:
        super().__init__(LEASE)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """A client and an address each have one static lease; see the texts for what counts as the same."""
        if draft.values.get("disabled") == "true":
            return
        number = draft.before.id if draft.before else None
        values = draft.values
        if values.get("mac-address"):
            for other in state.store(LEASE).lookup(("mac-address",), (values["mac-address"],)):
                if _rivals(other, number) and _same_server(other.values, values):
                    raise failure("already have static lease for this client")
        if values.get("address"):
            for other in state.store(LEASE).lookup(("address",), (values["address"],)):
                if _rivals(other, number):
                    raise failure("already have static lease with this IP address")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Times on the clock, and whether the client is kept out."""
        now = state.now().timestamp()
        seen = item.marks.get("seen")
        derived = {
            "last-seen": "never" if seen is None else format_elapsed(now - seen),
            "blocked": item.values.get("block-access", "false") or "false",
        }
        if item.due is not None:
            derived["expires-after"] = format_remaining(item.due - now)
        server = parse_key(item.values.get("server", ""))
        if server is not None and state.store(SERVER).get(server) is None:
            derived["active-server"] = NO_SERVER
        return derived

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """An address nobody has any more goes back to its pool, and what was learned with it goes."""
        had = before.values.get("active-address") if before is not None else None
        has = after.values.get("active-address") if after is not None else None
        if before is not None and had and had != has:
            pools.give_back(tx, had, owner=OWNER)
            arp.gone(tx, before.values["active-mac-address"], had)
            _unlist(tx, before, had)
            _tell(tx, before, "deassigned", had)
        if after is not None and has and had != has:
            _enlist(tx, after, has)
            _tell(tx, after, "assigned", has)
        elif after is not None and has and not is_enabled(after):
            _end(tx, after)

    def expired(self, tx: Transaction, item: Item) -> None:
        """The promise is over."""
        _end(tx, item)

    def verbs(self) -> Mapping[str, Verb]:
        """`make-static` makes a lease the operator's own. The others ask clients that answer nothing new."""
        numbers = frozenset(SELECTORS)
        return {
            "make-static": Verb(self._make_static, numbers),
            "check-status": Verb(self._ask, numbers),
            "send-reconfigure": Verb(self._ask, numbers),
        }

    def _make_static(self, call: Call) -> Reply:
        for held in chosen(call):
            if held.hold is Hold.DYNAMIC:
                call.tx.put(LEASE, replace(held, hold=Hold.FREE), own=True)
        return Reply()

    def _ask(self, call: Call) -> Reply:
        chosen(call)
        return Reply()


def _rivals(other: Item, number: int | None) -> bool:
    return other.id != number and other.hold is not Hold.DYNAMIC and is_enabled(other)


def _same_server(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    first, second = one.get("server", "all"), other.get("server", "all")
    return first == second or "all" in (first, second)
