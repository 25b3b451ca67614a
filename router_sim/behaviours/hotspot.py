"""Where the parts of a hotspot are kept, and what all of its behaviours ask about them."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface

from router_sim.behaviours.interfaces import is_enabled
from router_sim.durations import SECOND, format_elapsed, format_remaining, parse_duration
from router_sim.state import State
from router_sim.store import Item

SERVER = "/ip/hotspot"
PROFILE = "/ip/hotspot/profile"
USER = "/ip/hotspot/user"
USER_PROFILE = "/ip/hotspot/user/profile"
BINDING = "/ip/hotspot/ip-binding"
HOST = "/ip/hotspot/host"
ACTIVE = "/ip/hotspot/active"
COOKIE = "/ip/hotspot/cookie"
WALLED_GARDEN = "/ip/hotspot/walled-garden"
WALLED_GARDEN_IP = "/ip/hotspot/walled-garden/ip"
ADDRESS_LIST = "/ip/firewall/address-list"
QUEUE = "/queue/simple"

NO_ADDRESS = "0.0.0.0"  # noqa: S104 - the unset address, nothing binds
NO_MAC = "00:00:00:00:00:00"

# What is counted for a guest; `in` is what comes from the guest.
COUNTERS = ("bytes-in", "bytes-out", "packets-in", "packets-out")


def text_of(state: State, path: str, item: Item, name: str) -> str:
    """The stored value of a property of an item of the menu at `path`, or its default."""
    return state.value(state.menus[path], item, name)


def seconds_of(state: State, path: str, item: Item, name: str) -> float:
    """A time property in seconds; 0 for words such as `none`."""
    text = text_of(state, path, item, name)
    return parse_duration(text) / SECOND if text[:1].isdigit() else 0.0


def elapsed(state: State, item: Item) -> str:
    """Time since the item came into being, in whole seconds."""
    return format_elapsed(state.now().timestamp() - item.marks.get("since", 0))


def left_until(state: State, moment: float | None) -> str | None:
    """Time until the moment, in whole seconds rounded up; None if there is none."""
    return None if moment is None else format_remaining(moment - state.now().timestamp())


def retime(state: State, path: str, item: Item, due: float | None) -> None:
    """Let the router look at an item at another moment, now if that has passed.

    That is no change of the item, so nobody is told.
    """
    if due is not None:
        due = max(due, state.now().timestamp())
    if due != item.due:
        changed = replace(item, due=due)
        state.writable(path).put(changed)
        state.schedule(path, changed)


def serving(state: State, interface: str) -> Item | None:
    """The server that works on the interface with this identifier."""
    for server in state.store(SERVER).lookup(("interface",), (interface,)):
        if server.marks.get("works"):
            return server
    return None


def working_servers(state: State) -> list[Item]:
    """The servers that work, in print order."""
    return [server for server in state.store(SERVER) if server.marks.get("works")]


def profile_of(state: State, server: Item) -> Item | None:
    """The server profile a server uses."""
    return state.item(state.menus[PROFILE], text_of(state, SERVER, server, "profile"))


def server_of(state: State, item: Item) -> Item | None:
    """The server that a host or session belongs to."""
    return state.item(state.menus[SERVER], item.values["server"])


def host_at(state: State, address: str) -> Item | None:
    """The host whose translated, or else whose own, address this is."""
    hosts = state.store(HOST)
    found = hosts.lookup(("to-address",), (address,)) or hosts.lookup(("address",), (address,))
    return found[0] if found else None


def session_of(state: State, host: Item) -> Item | None:
    """The session of a host that is logged in."""
    number = host.marks.get("session")
    return None if number is None else state.store(ACTIVE).get(int(number))


def networks_on(state: State, interface: str) -> list[IPv4Interface]:
    """The router's own addresses, with their networks, on the interface with this identifier."""
    return [
        IPv4Interface(address.values["address"])
        for address in state.store("/ip/address").lookup(("interface",), (interface,))
        if is_enabled(address)
    ]


def address_of(state: State, server: Item) -> str:
    """The address guests know the server by: its profile's hotspot-address, or the interface's first one."""
    profile = profile_of(state, server)
    told = text_of(state, PROFILE, profile, "hotspot-address") if profile else NO_ADDRESS
    if told != NO_ADDRESS:
        return told
    networks = networks_on(state, server.values["interface"])
    return str(networks[0].ip) if networks else NO_ADDRESS


def is_foreign(state: State, server: Item, address: str) -> bool:
    """Is the address outside all networks of the server's interface? Never, where the interface has none."""
    networks = networks_on(state, server.values["interface"])
    return bool(networks) and not any(IPv4Address(address) in each.network for each in networks)
