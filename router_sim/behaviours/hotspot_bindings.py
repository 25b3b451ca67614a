"""IP bindings: what a server does about a guest whatever it says at the login."""

from collections.abc import Mapping
from ipaddress import IPv4Address

from router_sim.behaviour import Behaviour
from router_sim.behaviours.hotspot import BINDING
from router_sim.behaviours.interfaces import is_enabled
from router_sim.network import range_bounds
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item


def binding_for(state: State, server: Item, mac: str, address: str) -> Item | None:
    """The first binding from the top that fits hardware address, address and server."""
    number = int(IPv4Address(address))
    for binding in state.store(BINDING):
        held = binding.values
        if not is_enabled(binding) or held.get("server", "all") not in ("all", server.key):
            continue
        if not held.get("mac-address") and not held.get("address"):
            continue
        if held.get("mac-address") and held["mac-address"] != mac:
            continue
        if held.get("address"):
            low, high = range_bounds(held["address"])
            if not low <= number <= high:
                continue
        return binding
    return None


class Bindings(Behaviour):
    """The two types that make a difference are shown as flags as well."""

    def __init__(self) -> None:
        super().__init__(BINDING)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """`blocked` or `bypassed`."""
        kind = item.values.get("type")
        return {kind: "true"} if kind in ("blocked", "bypassed") else {}
