"""Addresses of the router itself."""

from collections.abc import Mapping
from ipaddress import IPv4Address

from router_sim.behaviour import Behaviour, Draft
from router_sim.behaviours.interfaces import PORT, is_slave, usable
from router_sim.network import masked, prefix_length
from router_sim.schema import Menu, version_key
from router_sim.state import State
from router_sim.store import Item
from router_sim.traps import bad_argument
from router_sim.values import BadValue

# A router of 7.23 printed `slave` and `vrf` of every address, older ones only some; the bound is assumed.
ALL_FLAGS_SINCE = (7, 20)


class Addresses(Behaviour):
    """The network follows from the address; an address without a working interface is invalid."""

    def __init__(self) -> None:
        super().__init__("/ip/address")

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """Work a separate netmask into the address and fill in the network."""
        values = draft.values
        netmask = values.pop("netmask", None)
        address, _, length = values["address"].partition("/")
        if netmask is not None:
            try:
                length = str(prefix_length(netmask))
            except BadValue as bad:
                raise bad_argument(bad.describe("netmask")) from None
            values["address"] = f"{address}/{length}"
        moved = {"address", "netmask"} & set(draft.given) and "network" not in draft.given
        if moved or "network" not in values:
            values["network"] = masked(IPv4Address(address), int(length)).partition("/")[0]

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """The interface the address works on, and whether it does."""
        interface = item.values["interface"]
        derived = {
            "actual-interface": state.name_of("/interface", _carrying(state, interface)),
            "invalid": "false" if usable(state, interface) else "true",
        }
        slave = is_slave(state, interface)
        if version_key(state.version) >= ALL_FLAGS_SINCE:
            derived |= {"slave": "true" if slave else "false", "vrf": "main"}
        elif slave:
            derived["slave"] = "true"
        return derived


def _carrying(state: State, interface: str) -> str:
    """The interface that carries an address: the bridge, where it was given to one of its ports."""
    for port in state.store(PORT).lookup(("interface",), (interface,)):
        return port.values["bridge"]
    return interface
