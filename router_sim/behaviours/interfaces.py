"""Interfaces: whether one is there, switched on and running, and from which address it sends."""

from router_sim.state import State
from router_sim.store import Item

STORE = "/interface"
PORT = "/interface/bridge/port"


def is_enabled(item: Item) -> bool:
    """Has nobody disabled it?"""
    return item.values.get("disabled") != "true"


def usable(state: State, key: str) -> bool:
    """Is there an interface with this identifier, and is it enabled?"""
    found = state.item(state.menus[STORE], key)
    return found is not None and is_enabled(found)


def is_running(state: State, item: Item) -> bool:
    """Does it carry traffic? A virtual LAN does while the interface below it does."""
    seen: set[int] = set()
    while is_enabled(item):
        below = item.values.get("interface") if item.kind == "vlan" else None
        if below is None:
            return True
        seen.add(item.id)
        parent = state.item(state.menus[STORE], below)
        if parent is None or parent.id in seen:
            return False
        item = parent
    return False


def is_slave(state: State, key: str) -> bool:
    """Is the interface with this identifier a port of a bridge?"""
    return state.store(PORT).holds(("interface",), (key,))


def hardware_address(state: State, item: Item) -> str:
    """The address it sends from: its own, that of the interface below a virtual LAN, or a local one."""
    seen: set[int] = set()
    while item.kind == "vlan" and item.id not in seen:
        seen.add(item.id)
        parent = state.item(state.menus[STORE], item.values.get("interface", ""))
        if parent is None:
            break
        item = parent
    own = item.values.get("admin-mac") or item.values.get("mac-address")
    if own is None and item.kind == "bridge":
        # It takes the address of its first port.
        for port in state.store(PORT).lookup(("bridge",), (item.key,))[:1]:
            interface = state.item(state.menus[STORE], port.values["interface"])
            if interface is not None and interface.kind == "ether":
                return hardware_address(state, interface)
    # A bridge without ports makes up an address; this one is locally administered and never changes.
    return own or f"02:00:00:00:{item.id >> 8 & 0xFF:02X}:{item.id & 0xFF:02X}"
