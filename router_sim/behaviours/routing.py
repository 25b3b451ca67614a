"""Routes: those to the networks the router has an address in, and whether others lead anywhere.

A network is reached as long as the interface of the address works. A route is active when its gateway is an
interface, or an address in such a network; of several active ones to one network all stay active, which is
not what a router does when their distances differ.
"""

from collections.abc import Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv4Interface
from typing import NamedTuple

from router_sim.behaviour import Behaviour, Draft
from router_sim.behaviours.interfaces import is_enabled, usable
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction
from router_sim.traps import missing, no_match

ROUTES = "/ip/route"
ADDRESSES = "/ip/address"
INTERFACES = "/interface"
CONNECTED = {"distance": "0", "scope": "10", "target-scope": "5"}


class Network(NamedTuple):
    """A network the router is in: its interface's identifier and its own address there."""

    interface: str
    own: IPv4Interface


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
        """An address or an interface came, went or changed: so do the routes to connected networks."""
        if store == ROUTES or (store == INTERFACES and not _went_or_came(before, after)):
            return
        wanted = {(each.interface, str(each.own.network), str(each.own.ip)) for each in networks(tx.state)}
        for row in list(tx.state.store(ROUTES)):
            if row.hold is not Hold.DYNAMIC:
                continue
            held = (row.values["gateway"], row.values["dst-address"], row.values["pref-src"])
            if held in wanted:
                wanted.remove(held)
            else:
                tx.drop(ROUTES, row.id)
        for interface, destination, own in sorted(wanted):
            values = {"dst-address": destination, "gateway": interface, "pref-src": own}
            tx.add(ROUTES, {**values, **CONNECTED}, hold=Hold.DYNAMIC)


class RoutingTables(Behaviour):
    """Tables of routes. `fib` is a switch: a table that holds it is one packets are sent by."""

    def __init__(self) -> None:
        super().__init__("/routing/table")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """The switch, printed without a value."""
        return {"fib": ""} if "fib" in item.values else {}


def networks(state: State) -> Iterator[Network]:
    """The networks the router has a working address in."""
    for item in state.store(ADDRESSES):
        interface = item.values["interface"]
        if is_enabled(item) and usable(state, interface):
            yield Network(interface, IPv4Interface(item.values["address"]))


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
        for network in networks(state):
            way = state.name_of(INTERFACES, network.interface)
            if IPv4Address(address) in network.own.network and named in ("", way):
                ways.append(f"{address}%{way}")
                break
    return ways


def _reachable(way: str) -> str:
    address, _, interface = way.partition("%")
    return f"{address} reachable via  {interface}" if interface else f"{address} reachable"


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True
