"""Addresses of the router itself, of IPv6."""

from collections.abc import Mapping
from ipaddress import IPv6Interface

from router_sim.behaviour import Behaviour
from router_sim.behaviours.interfaces import STORE as INTERFACES
from router_sim.behaviours.interfaces import usable
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item


class AddressesV6(Behaviour):
    """Addresses of IPv6: which of them are global, and which do not work."""

    def __init__(self) -> None:
        super().__init__("/ipv6/address")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Flags of the address. A link-local one is not global."""
        interface = item.values["interface"]
        local = IPv6Interface(item.values["address"]).ip.is_link_local
        return {
            "actual-interface": state.name_of(INTERFACES, interface),
            "invalid": "false" if usable(state, interface) else "true",
            "global": "false" if local else "true",
            "link-local": "true" if local else "false",
            "vrf": "main",
        }
