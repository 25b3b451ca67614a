"""Monitors of interfaces: traffic of any, the link of Ethernet ports, the tree of bridges.

Nothing passes through the simulator's interfaces, so every rate is nought; links are those of a virtual
machine, always up at 1 Gbit/s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from router_sim.behaviour import Call, Verb
from router_sim.behaviours.bridging import bridge_id, ports_of, works
from router_sim.behaviours.interfaces import STORE, hardware_address, is_enabled, is_running
from router_sim.behaviours.monitors import WATCHING, monitor, monitor_items
from router_sim.exchange import Record, Reply
from router_sim.selection import SELECTORS, chosen
from router_sim.state import State
from router_sim.store import Item
from router_sim.traps import missing, no_match
from router_sim.values import split_list

RATES = (
    "rx-packets-per-second", "rx-bits-per-second", "fp-rx-packets-per-second", "fp-rx-bits-per-second",
    "rx-drops-per-second", "rx-errors-per-second", "tx-packets-per-second", "tx-bits-per-second",
    "fp-tx-packets-per-second", "fp-tx-bits-per-second", "tx-drops-per-second", "tx-queue-drops-per-second",
    "tx-errors-per-second",
)  # fmt: skip
EVERYTHING = "aggregate"
SPEED = "1Gbps"
MODES = "10M-baseT-half,10M-baseT-full,100M-baseT-half,100M-baseT-full,1G-baseT-half,1G-baseT-full"


def verbs() -> Mapping[str, Verb]:
    """The verbs of the menus over the store of interfaces, beyond the common ones."""
    return {
        "monitor-traffic": Verb(_traffic, WATCHING | {"interface"}),
        "monitor": Verb(_monitor, WATCHING | set(SELECTORS)),
        "reset-mac-address": Verb(_reset_mac_address, frozenset(SELECTORS)),
    }


def _traffic(call: Call) -> Reply:
    text = call.command.attributes.get("interface")
    if text is None:
        raise missing("interface")
    keys = []
    for part in split_list(text):
        key = part if part == EVERYTHING else call.state.find(STORE, part)
        if key is None:
            raise no_match("interface")
        keys.append(key)
    if not keys:
        raise no_match("interface")

    def report() -> Sequence[Record]:
        names = (key if key == EVERYTHING else call.state.name_of(STORE, key) for key in keys)
        return [{"name": name, **dict.fromkeys(RATES, "0")} for name in names]

    return monitor(call, report)


def _monitor(call: Call) -> Reply:
    describe = _bridge if call.menu.kind == "bridge" else _link
    return monitor_items(call, lambda item: describe(call.state, item))


def _link(state: State, port: Item) -> Record:
    record = {"name": port.values["name"], "status": "link-ok" if is_running(state, port) else "no-link"}
    if record["status"] == "no-link":
        return record
    automatic = port.values.get("auto-negotiation", "true") == "true"
    return {
        **record,
        "auto-negotiation": "done" if automatic else "disabled",
        "rate": SPEED,
        "full-duplex": "true",
        "tx-flow-control": "false",
        "rx-flow-control": "false",
        "supported": MODES,
        "advertising": port.values.get("advertise", MODES),
        "link-partner-advertising": MODES,
    }


def _bridge(state: State, bridge: Item) -> Record:
    if not is_enabled(bridge):
        return {"state": "disabled"}
    ports = ports_of(state, bridge)
    working = [port for port in ports if works(state, port)]
    own = bridge_id(state, bridge)
    return {
        "state": "enabled",
        "current-mac-address": hardware_address(state, bridge),
        "root-bridge": "true",
        "root-bridge-id": own,
        "bridge-id": own,
        "root-path-cost": "0",
        "root-port": "none",
        "port-count": str(len(ports)),
        "designated-port-count": str(len(working)),
        "fast-forward": "false" if len(working) != 2 else bridge.values.get("fast-forward", "true"),
        "multicast-router": "false",
    }


def _reset_mac_address(call: Call) -> Reply:
    for port in chosen(call):
        original = port.values.get("orig-mac-address")
        if original:
            call.tx.put(STORE, replace(port, values={**port.values, "mac-address": original}), own=True)
    return Reply()
