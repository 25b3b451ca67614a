"""Ports of bridges: which of them work, and what spanning tree makes of them.

No bridge of the simulator has another one as its neighbour, so each is the root of its tree and every working
port designated.
"""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour, Call, Draft, Verb
from router_sim.behaviours.interfaces import PORT, STORE, hardware_address, is_enabled, is_running
from router_sim.behaviours.monitors import WATCHING, monitor_items
from router_sim.exchange import Record, Reply
from router_sim.schema import Menu
from router_sim.selection import SELECTORS
from router_sim.state import State
from router_sim.store import Item
from router_sim.traps import no_match

COST = "20000"  # of a link of 1 Gbit/s, counted the long way; the short way makes it 4
SHORT_COST = "4"
WORKING = {
    "learning": "true",
    "forwarding": "true",
    "edge-port": "true",
    "edge-port-discovery": "true",
    "point-to-point-port": "true",
    "external-fdb-status": "false",
    "sending-rstp": "true",
    "designated-cost": "0",
    "root-path-cost": "0",
    "forward-transitions": "1",
    "topology-changes": "0",
    "rx-bpdu": "0",
    "rx-tc": "0",
    "tx-bpdu": "0",
    "tx-tc": "0",
}

MONITORED = frozenset({
    "interface", "status", "role", "port-id", "designated-bridge-id", "designated-port-id", "actual-path-cost",
    *WORKING,
})  # fmt: skip


def bridge_of(state: State, port: Item) -> Item | None:
    """The bridge a port belongs to, if there still is one."""
    found = state.item(state.menus[STORE], port.values.get("bridge", ""))
    return found if found is not None and found.kind == "bridge" else None


def works(state: State, port: Item) -> bool:
    """Does the port carry traffic: enabled, with an interface that runs and a bridge that is on?"""
    interface = state.item(state.menus[STORE], port.values["interface"])
    bridge = bridge_of(state, port)
    return (
        is_enabled(port)
        and interface is not None
        and is_running(state, interface)
        and bridge is not None
        and is_enabled(bridge)
    )


def bridge_id(state: State, bridge: Item) -> str:
    """Priority and hardware address, as spanning tree orders bridges."""
    priority = int(bridge.values.get("priority", "0x8000"), 16)
    return f"0x{priority:04X}.{hardware_address(state, bridge)}"


def port_id(port: Item) -> str:
    """Priority and number; the number is that of the row."""
    return f"0x{int(port.values.get('priority', '0x80'), 16):02X}.{port.id}"


def ports_of(state: State, bridge: Item) -> list[Item]:
    """The rows of a bridge's ports."""
    return state.store(PORT).lookup(("bridge",), (bridge.key,))


class BridgePorts(Behaviour):
    """What the rows of ports report."""

    def __init__(self) -> None:
        super().__init__(PORT)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """A port belongs to a bridge, and that is not the port itself."""
        bridge = state.item(state.menus[STORE], draft.values["bridge"])
        if "bridge" in draft.given and (bridge is None or bridge.kind != "bridge"):
            raise no_match("bridge")
        if draft.values["interface"] == draft.values["bridge"]:
            raise no_match("interface")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """State of the port; what spanning tree says only while it works."""
        if not works(state, item):
            return {
                "inactive": "true" if is_enabled(item) else "false",
                "status": "inactive",
                "role": "disabled-port",
            }
        bridge = bridge_of(state, item)
        assert bridge is not None
        own = bridge_id(state, bridge)
        short = bridge.values.get("port-cost-mode") == "short"
        cost = item.values.get("path-cost") or (SHORT_COST if short else COST)
        derived = {
            **WORKING,
            "inactive": "false",
            "status": "in-bridge",
            "role": "designated-port",
            "port-id": port_id(item),
            "designated-bridge-id": own,
            "designated-port-id": port_id(item),
            "actual-path-cost": cost,
        }
        if item.values.get("edge") in ("no", "no-discover"):
            derived["edge-port"] = "false"
        return derived

    def verbs(self) -> Mapping[str, Verb]:
        """`monitor` shows the state of ports again and again."""
        return {"monitor": Verb(self._monitor, WATCHING | set(SELECTORS))}

    def _monitor(self, call: Call) -> Reply:
        def describe(item: Item) -> Record:
            record = call.state.printed(call.menu, item, MONITORED)
            counters = {
                "tx-rx-bpdu": f"{record.pop('tx-bpdu', '0')}/{record.pop('rx-bpdu', '0')}",
                "tx-rx-tc": f"{record.pop('tx-tc', '0')}/{record.pop('rx-tc', '0')}",
            }
            return record | counters if record["status"] == "in-bridge" else record

        return monitor_items(call, describe)
