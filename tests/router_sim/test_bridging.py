"""Ports of bridges, lists of interfaces, and the monitors."""

import asyncio
from collections.abc import Callable

import pytest

from router_sim.exchange import FetchRequest, FetchResult, Record, Reply
from router_sim.transaction import Transaction
from tests.router_sim.conftest import Console

BRIDGE, PORT, LISTS = "/interface/bridge", "/interface/bridge/port", "/interface/list"
MEMBERS = "/interface/list/member"


class Impatient:
    """A runtime in which no time passes, and that has enough of a command after so many pauses."""

    def __init__(self, pauses: int) -> None:
        self.slept: list[float] = []
        self._pauses = pauses

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) > self._pauses:
            raise TimeoutError

    def write(self, change: Callable[[Transaction], None]) -> None:
        raise AssertionError("a monitor changes nothing")

    async def fetch(self, request: FetchRequest) -> FetchResult:
        raise AssertionError("a monitor asks nobody")


def reports(reply: Reply, pauses: int = 0) -> tuple[list[Record], list[float]]:
    """The records a monitor gives until there were so many pauses, and how long those were."""
    runtime = Impatient(pauses)

    async def collect() -> list[Record]:
        assert reply.stream is not None
        records = []
        try:
            async for record in reply.stream(runtime):
                records.append(dict(record))  # noqa: PERF401 - what came before the end must be kept
        except TimeoutError:
            pass
        return records

    return asyncio.run(collect()), runtime.slept


@pytest.fixture
def bridged(console: Console) -> Console:
    console.add(BRIDGE, name="br")
    console.add(PORT, bridge="br", interface="ether1")
    return console


def test_a_port_is_printed_as_on_a_router(bridged: Console) -> None:
    assert bridged.rows(PORT) == [
        {
            ".id": "*1",
            "auto-isolate": "false",
            "actual-path-cost": "20000",
            "bpdu-guard": "false",
            "bridge": "br",
            "broadcast-flood": "true",
            "designated-bridge-id": "0x8000.02:00:5E:00:53:01",
            "designated-cost": "0",
            "designated-port-id": "0x80.1",
            "disabled": "false",
            "dynamic": "false",
            "edge": "auto",
            "edge-port": "true",
            "edge-port-discovery": "true",
            "external-fdb-status": "false",
            "fast-leave": "false",
            "forward-transitions": "1",
            "forwarding": "true",
            "frame-types": "admit-all",
            "horizon": "none",
            "hw": "true",
            "hw-offload": "false",
            "inactive": "false",
            "ingress-filtering": "true",
            "interface": "ether1",
            "learn": "auto",
            "learning": "true",
            "multicast-router": "temporary-query",
            "mvrp-applicant-state": "normal-participant",
            "mvrp-registrar-state": "normal",
            "point-to-point": "auto",
            "point-to-point-port": "true",
            "port-id": "0x80.1",
            "priority": "0x80",
            "pvid": "1",
            "restricted-role": "false",
            "restricted-tcn": "false",
            "role": "designated-port",
            "root-path-cost": "0",
            "rx-bpdu": "0",
            "rx-tc": "0",
            "sending-rstp": "true",
            "status": "in-bridge",
            "tag-stacking": "false",
            "topology-changes": "0",
            "trusted": "false",
            "trusted-ra": "false",
            "tx-bpdu": "0",
            "tx-tc": "0",
            "unknown-multicast-flood": "true",
            "unknown-unicast-flood": "true",
        }
    ]


def test_what_a_port_makes_of_its_interface(bridged: Console) -> None:
    assert bridged.row("/interface", "ether1")["slave"] == "true"
    assert "slave" not in bridged.row("/interface", "vlan10")
    assert bridged.row(BRIDGE, "br")["mac-address"] == "02:00:5E:00:53:01"
    key = bridged.add("/ip/address", address="10.0.0.1/24", interface="ether1")
    row = bridged.row("/ip/address", key)
    assert (row["interface"], row["actual-interface"], row["slave"]) == ("ether1", "br", "true")


def test_a_port_works_while_interface_and_bridge_do(bridged: Console) -> None:
    for menu, name in (("/interface/ethernet", "ether1"), (BRIDGE, "br")):
        bridged.run(f"{menu}/disable", {"numbers": name})
        row = bridged.rows(PORT)[0]
        assert (row["inactive"], row["role"]) == ("true", "disabled-port")
        assert "designated-bridge-id" not in row
        bridged.run(f"{menu}/enable", {"numbers": name})
    bridged.run(f"{PORT}/disable", {"numbers": "*1"})
    assert bridged.rows(PORT)[0]["inactive"] == "false"
    bridged.run(f"{PORT}/enable", {"numbers": "*1"})
    bridged.run(f"{BRIDGE}/remove", {"numbers": "br"})
    (row,) = bridged.rows(PORT)
    assert row["bridge"].startswith("*")
    assert row["inactive"] == "true"


def test_an_interface_is_a_port_once(bridged: Console) -> None:
    refused = (
        ({"bridge": "br", "interface": "ether1"}, "failure: device already added as bridge port"),
        ({"bridge": "nope", "interface": "vlan10"}, "input does not match any value of bridge"),
        ({"bridge": "ether1", "interface": "vlan10"}, "input does not match any value of bridge"),
        ({"bridge": "br", "interface": "br"}, "input does not match any value of interface"),
        ({"bridge": "br"}, "missing =interface="),
    )
    for given, words in refused:
        assert bridged.trap(f"{PORT}/add", given)[0][0] == words


def test_ports_have_an_order_and_costs_can_be_unset(bridged: Console) -> None:
    bridged.add(PORT, bridge="br", interface="vlan20", path_cost="10", place_before="*1")
    assert [row[".id"] for row in bridged.rows(PORT)] == ["*2", "*1"]
    bridged.run(f"{PORT}/move", {"numbers": "*2"})
    row = bridged.row(PORT, "*2")
    assert (row["path-cost"], row["actual-path-cost"]) == ("10", "10")
    bridged.run(f"{PORT}/unset", {"numbers": "*2", "value-name": "path-cost"})
    assert bridged.row(PORT, "*2")["actual-path-cost"] == "20000"


def test_lists_every_router_has(console: Console) -> None:
    assert [(row["name"], row["builtin"], row["comment"]) for row in console.rows(LISTS)] == [
        ("all", "true", "contains all interfaces"),
        ("none", "true", "contains no interfaces"),
        ("dynamic", "true", "contains dynamic interfaces"),
        ("static", "true", "contains static interfaces"),
    ]
    for verb, given in (("remove", {}), ("set", {"comment": "x"})):
        assert console.trap(f"{LISTS}/{verb}", {"numbers": "all", **given})[0][0].startswith(
            "failure: can not"
        )


def test_lists_and_their_members(console: Console) -> None:
    console.add(LISTS, name="LAN")
    key = console.add(LISTS, name="GUEST", include="LAN,static", exclude="dynamic")
    console.add(MEMBERS, list="LAN", interface="vlan10", comment="office")
    console.set(LISTS, "LAN", name="INSIDE")
    row = console.row(LISTS, key)
    assert {name: row[name] for name in ("include", "exclude", "builtin", "dynamic")} == {
        "include": "INSIDE,static",
        "exclude": "dynamic",
        "builtin": "false",
        "dynamic": "false",
    }
    assert console.rows(MEMBERS) == [
        {
            ".id": "*1",
            "list": "INSIDE",
            "interface": "vlan10",
            "dynamic": "false",
            "disabled": "false",
            "comment": "office",
        }
    ]
    refused = (
        (LISTS, {"name": "all"}, "failure: list with such name already exists"),
        (LISTS, {"name": "x", "include": "nope"}, "input does not match any value of include"),
        (MEMBERS, {"list": "INSIDE", "interface": "vlan10"}, "failure: already have such entry"),
        (MEMBERS, {"list": "nope", "interface": "vlan10"}, "input does not match any value of list"),
        (MEMBERS, {"list": "INSIDE", "interface": "nope"}, "input does not match any value of interface"),
    )
    for menu, given, words in refused:
        assert console.trap(f"{menu}/add", given)[0][0] == words


def test_traffic_is_monitored_per_interface(console: Console) -> None:
    given = {"interface": "ether1,aggregate", ".proplist": "name,rx-bits-per-second"}
    records, slept = reports(console.run("/interface/monitor-traffic", given), pauses=1)
    assert slept == [1.0, 1.0]
    assert records == [
        {".section": "0", "name": "ether1", "rx-bits-per-second": "0"},
        {".section": "0", "name": "aggregate", "rx-bits-per-second": "0"},
        {".section": "1", "name": "ether1", "rx-bits-per-second": "0"},
        {".section": "1", "name": "aggregate", "rx-bits-per-second": "0"},
    ]
    once = console.run("/interface/monitor-traffic", {"interface": "ether1", "once": ""})
    (record,), slept = reports(once)
    assert (once.numbered, slept, ".section" in record, len(record)) == (False, [], False, 14)
    for given, words in (
        ({}, "missing =interface="),
        ({"interface": ""}, "input does not match any value of interface"),
        ({"interface": "ether1,nope"}, "input does not match any value of interface"),
        ({"interface": "ether1", "interval": "10s"},
         "value of interval is out of range (00:00:00.020 .. 00:00:05)"),
    ):  # fmt: skip
        assert console.trap("/interface/monitor-traffic", given)[0][0] == words


def test_links_and_bridges_are_monitored(bridged: Console) -> None:
    link = bridged.run("/interface/ethernet/monitor", {"numbers": "ether1", "once": ""})
    (record,), _ = reports(link)
    assert (record["name"], record["status"], record["rate"]) == ("ether1", "link-ok", "1Gbps")
    bridge = bridged.run(f"{BRIDGE}/monitor", {"numbers": "br", "interval": "500ms"})
    (record,), slept = reports(bridge)
    assert slept == [0.5]
    assert (record["root-bridge"], record["port-count"], record["root-bridge-id"]) == (
        "true",
        "1",
        "0x8000.02:00:5E:00:53:01",
    )
    port = bridged.run(f"{PORT}/monitor", {"numbers": "*1", "once": ""})
    (record,), _ = reports(port)
    assert (record["interface"], record["status"], record["tx-rx-bpdu"]) == ("ether1", "in-bridge", "0/0")
    bridged.run("/interface/ethernet/disable", {"numbers": "ether1"})
    (record,), _ = reports(link)
    assert record == {"name": "ether1", "status": "no-link"}
    bridged.run(f"{PORT}/remove", {"numbers": "*1"})
    assert reports(port) == ([], [])


def test_counters_of_radius_are_monitored(console: Console) -> None:
    console.add("/radius", address="192.0.2.1", service="hotspot,login")
    (record,), _ = reports(console.run("/radius/monitor", {"numbers": "*1", "once": ""}))
    assert record["pending"] == "0"
    (record,), _ = reports(console.run("/radius/incoming/monitor", {"once": ""}))
    assert record["requests"] == "0"
    console.run("/radius/reset-counters")
    console.run("/radius/incoming/reset-counters")


def test_an_ethernet_port_gets_its_own_address_back(console: Console) -> None:
    console.set("/interface/ethernet", "ether1", mac_address="02:00:00:00:00:99")
    console.run("/interface/ethernet/reset-mac-address", {"numbers": "ether1"})
    row = console.row("/interface/ethernet", "ether1")
    assert row["mac-address"] == row["orig-mac-address"]
