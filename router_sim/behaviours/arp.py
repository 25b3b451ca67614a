"""Address resolution: rows an operator made, and rows the router learned by seeing its neighbours.

A learned row is dynamic and stays while its neighbour is present; that it would age is left out, because
a guest of the simulator is there until it leaves.
"""

from collections.abc import Mapping
from dataclasses import replace

from router_sim.behaviour import Behaviour
from router_sim.behaviours.interfaces import STORE as INTERFACE
from router_sim.behaviours.interfaces import is_enabled, usable
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction

STORE = "/ip/arp"
HOST = "/ip/hotspot/host"
SERVER = "/ip/hotspot"
NOBODY = "00:00:00:00:00:00"


def seen(tx: Transaction, interface_key: str, address: str, mac: str, *, dhcp: bool = False) -> Item:
    """A neighbour answers on an interface: its row, learned now if there was none.

    `interface_key` is the interface's identifier; `dhcp` marks a row made for a lease (`add-arp`). A row an
    operator made for the address stays as it is.
    """
    for row in tx.state.store(STORE).lookup(("address",), (address,)):
        if row.values["interface"] != interface_key:
            continue
        if row.hold is not Hold.DYNAMIC:
            return row
        values = {**row.values, "mac-address": mac} | ({"dhcp": "true"} if dhcp else {})
        if values != row.values:
            tx.put(STORE, replace(row, values=values))
        return tx.state.store(STORE).get(row.id) or row
    values = {"address": address, "mac-address": mac, "interface": interface_key}
    return tx.add(STORE, values | ({"dhcp": "true"} if dhcp else {}), hold=Hold.DYNAMIC)


def gone(tx: Transaction, mac: str, address: str = "", *, dhcp: bool = True) -> None:
    """A neighbour is gone, with one address or all it had: the rows learned from it go.

    Without `dhcp` those made for a lease stay, as long as the lease does.
    """
    for row in tx.state.store(STORE).lookup(("mac-address",), (mac,)):
        if row.hold is not Hold.DYNAMIC or address not in ("", row.values["address"]):
            continue
        if dhcp or row.values.get("dhcp") != "true":
            tx.drop(STORE, row.id)


class Arp(Behaviour):
    """Rows are complete when they name a hardware address, and go with their interface when learned.

    A host of a hotspot is a neighbour for as long as it is a host.
    """

    def __init__(self) -> None:
        super().__init__(STORE, watches=(INTERFACE, HOST))

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """What the router makes of the row. The words of `status` are assumed."""
        complete = item.values.get("mac-address", NOBODY) != NOBODY
        learned = item.hold is Hold.DYNAMIC
        return {
            "complete": "true" if complete else "false",
            "invalid": "false" if usable(state, item.values["interface"]) else "true",
            "status": ("reachable" if learned else "permanent") if complete else "incomplete",
        }

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """Hosts come and go; an interface that is gone or switched off takes what was learned on it along."""
        if store == HOST:
            self._meet(tx, before, after)
        if store != INTERFACE or before is None or (after is not None and is_enabled(after)):
            return
        for row in tx.state.store(STORE).lookup(("interface",), (before.key,)):
            if row.hold is Hold.DYNAMIC:
                tx.drop(STORE, row.id)

    def _meet(self, tx: Transaction, before: Item | None, after: Item | None) -> None:
        if after is None and before is not None:
            gone(tx, before.values["mac-address"], before.values["address"], dhcp=False)
        elif after is not None and before is None:
            server = tx.state.item(tx.state.menus[SERVER], after.values.get("server", ""))
            if server is not None:
                seen(tx, server.values["interface"], after.values["address"], after.values["mac-address"])
