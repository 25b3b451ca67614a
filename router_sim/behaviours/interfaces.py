"""Interfaces: what the menu of all of them reports, and whether one is running."""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item

STORE = "/interface"
ETHERNET_MTU = "1500"
LOOPBACK_MTU = "65536"


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
    # A bridge without ports makes up an address; this one is locally administered and never changes.
    return own or f"02:00:00:00:{item.id >> 8 & 0xFF:02X}:{item.id & 0xFF:02X}"


class Interfaces(Behaviour):
    """Reports on interfaces of every kind."""

    def __init__(self) -> None:
        super().__init__(STORE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Running state, hardware address, and in the menu of all the type and the size of packets."""
        running = is_running(state, item)
        derived = {"running": "true" if running else "false"}
        if menu.path == "/interface/ethernet":
            return derived
        loopback = not item.kind
        derived["mac-address"] = "00:00:00:00:00:00" if loopback else hardware_address(state, item)
        if menu.path == "/interface/bridge":
            derived["actual-mtu"] = self._actual(item)
            return derived
        if menu.path == STORE:
            derived["type"] = item.kind or "loopback"
            derived["mtu"] = item.values.get("mtu", "auto" if item.kind == "bridge" else self._actual(item))
            derived["actual-mtu"] = self._actual(item)
        return derived

    def _actual(self, item: Item) -> str:
        held = item.values.get("mtu", "auto")
        if held != "auto":
            return held
        return ETHERNET_MTU if item.kind else LOOPBACK_MTU
