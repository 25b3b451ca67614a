"""What the menu of all interfaces, and those of each kind, report."""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour, Verb
from router_sim.behaviours import interface_monitors
from router_sim.behaviours.interfaces import STORE, hardware_address, is_running, is_slave
from router_sim.dates import format_moment
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item

ETHERNET_MTU = "1500"
LOOPBACK_MTU = "65536"


class Interfaces(Behaviour):
    """Reports on interfaces of every kind."""

    def __init__(self) -> None:
        super().__init__(STORE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Running state, hardware address, and in the menu of all the type and the size of packets."""
        derived = {"running": "true" if is_running(state, item) else "false"}
        if is_slave(state, item.key):
            derived["slave"] = "true"
        if menu.path == "/interface/ethernet":
            return derived
        loopback = not item.kind
        derived["mac-address"] = "00:00:00:00:00:00" if loopback else hardware_address(state, item)
        if menu.path == "/interface/bridge":
            derived["actual-mtu"] = self._actual(item)
            return derived
        if menu.path == STORE:
            derived["type"] = item.kind or "loopback"
            if derived["running"] == "true":
                derived["last-link-up-time"] = format_moment(state.booted, state.version)
            derived["mtu"] = item.values.get("mtu", "auto" if item.kind == "bridge" else self._actual(item))
            derived["actual-mtu"] = self._actual(item)
        return derived

    def _actual(self, item: Item) -> str:
        held = item.values.get("mtu", "auto")
        if held != "auto":
            return held
        return ETHERNET_MTU if item.kind else LOOPBACK_MTU

    def verbs(self) -> Mapping[str, Verb]:
        """The monitors, and `reset-mac-address`."""
        return interface_monitors.verbs()
