"""Routes: those to the networks the router has an address in, and whether others lead anywhere.

A network is reached as long as the interface of the address works. A route is active when its gateway is an
interface, or an address in such a network; of several active ones to one network all stay active, which is
not what a router does when their distances differ.
"""

from collections.abc import Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv4Interface

from router_sim.behaviour import Behaviour, Draft
from router_sim.behaviours.interfaces import is_enabled, usable
from router_sim.network import masked
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction
from router_sim.traps import bad_argument, missing, no_match

ROUTES = "/ip/route"
ADDRESSES = "/ip/address"
INTERFACES = "/interface"
MOST_GATEWAYS = 64  # assumed
CONNECTED = {"distance": "0", "scope": "10", "target-scope": "5"}


class Routes(Behaviour):
    """Keeps the routes to connected networks; tells which others are active."""

    def __init__(self) -> None:
        super().__init__(ROUTES, watches=(ADDRESSES, INTERFACES))

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """A route leads somewhere: through a gateway, or into a black hole."""
        values = draft.values
        gateway = values.get("gateway", "")
        if not gateway and "blackhole" not in values and values.get("type", "unicast") == "unicast":
            raise missing("gateway")
        if gateway.count(",") >= MOST_GATEWAYS:
            raise bad_argument("invalid value for argument gateway")
        for part in gateway.split(",") if gateway else ():
            address, _, interface = part.partition("%")
            if not _is_address(address) and state.find(INTERFACES, address) is None:
                raise no_match("gateway")
            if interface and state.find(INTERFACES, interface) is None:
                raise no_match("gateway")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Flags of a route, and the way its packets would leave."""
        if item.hold is Hold.DYNAMIC:
            way = state.name_of(INTERFACES, item.values["gateway"])
            local = f"{item.values['pref-src']}%{way}"
            told = {"active": "true", "connect": "true", "gateway": way, "immediate-gw": way}
            return told | ({"local-address": local, "pref-src": ""} if _is_seven(menu) else {})
        ways = _ways(state, item.values.get("gateway", ""))
        swallowed = "blackhole" in item.values or item.values.get("type", "unicast") != "unicast"
        active = is_enabled(item) and (bool(ways) or swallowed)
        derived = {
            "static": "true",
            "inactive": "true" if is_enabled(item) and not active else "false",
        }
        if "blackhole" in item.values:
            derived["blackhole"] = ""  # a switch: what it holds is that it is there
        if active:
            derived["active"] = "true"
        if active and ways:
            derived["immediate-gw"] = ",".join(ways)
            derived["gateway-status"] = ",".join(_reachable(way) for way in ways)
        if len(ways) > 1:
            derived["ecmp"] = "true"
        return derived

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """An address or an interface came, went or changed: so does the route to a connected network."""
        if store == ADDRESSES:
            for item in (before, after):
                if item is not None:
                    _settle(tx, item)
        elif store == INTERFACES and _went_or_came(before, after):
            for interface in {item.key for item in (before, after) if item is not None}:
                for item in tx.state.store(ADDRESSES).lookup(("interface",), (interface,)):
                    _settle(tx, item)


class RoutingTables(Behaviour):
    """Tables of routes. `fib` is a switch: a table that holds it is one packets are sent by."""

    def __init__(self) -> None:
        super().__init__("/routing/table")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """The switch, printed without a value."""
        return {"fib": ""} if "fib" in item.values else {}


def _settle(tx: Transaction, address: Item) -> None:
    """See to it that there is a route for what an address was or is, if that still works, and else none."""
    interface, own = address.values["interface"], IPv4Interface(address.values["address"])
    now = tx.state.store(ADDRESSES).get(address.id)
    works = (
        now is not None
        and is_enabled(now)
        and (now.values["interface"], now.values["address"]) == (interface, address.values["address"])
        and usable(tx.state, interface)
    )
    routes = [
        row
        for row in tx.state.store(ROUTES).lookup(("pref-src",), (str(own.ip),))
        if row.hold is Hold.DYNAMIC
        and (row.values["gateway"], row.values["dst-address"]) == (interface, str(own.network))
    ]
    if works and not routes:
        values = {"dst-address": str(own.network), "gateway": interface, "pref-src": str(own.ip)}
        tx.add(ROUTES, {**values, **CONNECTED}, hold=Hold.DYNAMIC)
    elif not works:
        for row in routes:
            tx.drop(ROUTES, row.id)


def _went_or_came(before: Item | None, after: Item | None) -> bool:
    return before is None or after is None or is_enabled(before) != is_enabled(after)


def _is_seven(menu: Menu) -> bool:
    return "local-address" in menu.by_name


def _ways(state: State, gateway: str) -> list[str]:
    """How each reachable gateway is reached: an interface, or an address and the interface it is behind."""
    ways = []
    for part in gateway.split(",") if gateway else ():
        address, _, named = part.partition("%")
        if not _is_address(address):
            if usable(state, state.find(INTERFACES, address) or ""):
                ways.append(address)
            continue
        for interface in _behind(state, address):
            way = state.name_of(INTERFACES, interface)
            if named in ("", way):
                ways.append(f"{address}%{way}")
                break
    return ways


def _behind(state: State, address: str) -> Iterator[str]:
    """The interfaces whose networks an address is in, the smallest network first."""
    routes = state.store(ROUTES)
    for length in range(32, -1, -1):
        for row in routes.lookup(("dst-address",), (masked(IPv4Address(address), length),)):
            if row.hold is Hold.DYNAMIC:
                yield row.values["gateway"]


def _reachable(way: str) -> str:
    address, _, interface = way.partition("%")
    return f"{address} reachable via  {interface}" if interface else f"{address} reachable"


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True
