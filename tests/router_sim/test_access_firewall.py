"""The rules a router makes for its hotspot in the firewall, walked as packets walk them, say what `decide` says."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from router_sim.access import GARDEN_IP, Guest, Request, decide
from router_sim.access_rules import GARDEN, Row
from router_sim.guests.desk import RouterRows
from tests.router_sim.guest_lab import OTHER, SITE, GuestLab
from tests.router_sim.test_access_laws import address_rules, condition

GUEST = Guest("02:00:00:00:00:01", "10.5.50.20", "bridge-guest")
OWN = "10.5.50.1"
LISTED = "198.51.100.9"


@dataclass(frozen=True)
class Packet:
    target: str
    protocol: str
    port: int

    @property
    def marks(self) -> set[str]:
        return {"from-client"} | ({"local-dst"} if self.target == OWN else set())


class Firewall:
    """Just as much of a firewall as the rows of a hotspot need."""

    def __init__(self, lab: GuestLab) -> None:
        self.nat = lab.console.rows("/ip/firewall/nat")
        self.filter = lab.console.rows("/ip/firewall/filter")
        self.lists = lab.console.rows("/ip/firewall/address-list")

    def verdict(self, packet: Packet) -> str:
        translated = self.walk(self.nat, "dstnat", packet)
        if translated:
            return translated
        return self.walk(self.filter, "input" if packet.target == OWN else "forward", packet) or "accept"

    def walk(self, rows: list[dict[str, str]], chain: str, packet: Packet) -> str:
        for row in rows:
            if row["chain"] != chain or row.get("disabled") == "true" or row.get("invalid") == "true":
                continue
            if not self.fits(row, packet):
                continue
            match row["action"]:
                case "jump":
                    if found := self.walk(rows, row["jump-target"], packet):
                        return found
                case "return":
                    return ""
                case "redirect":
                    return row["to-ports"]
                case "reject":
                    return row["reject-with"]
                case action:
                    return action
        return ""

    def fits(self, row: dict[str, str], packet: Packet) -> bool:
        for mark in row.get("hotspot", "").split(","):
            if mark and (mark.removeprefix("!") in packet.marks) == mark.startswith("!"):
                return False
        tests = {
            "protocol": lambda value: value == packet.protocol or (value, packet.protocol) == ("1", "icmp"),
            "dst-address": lambda value: _inside(value, packet.target),
            "src-address": lambda value: _inside(value, GUEST.address),
            "dst-address-list": lambda value: self.listed(value, packet.target),
            "src-address-list": lambda value: self.listed(value, GUEST.address),
            "dst-port": lambda value: _port(value, packet.port),
            "in-interface": lambda value: value == "bridge-guest",
        }
        for name, test in tests.items():
            value = row.get(name, "")
            if not value:
                continue
            if name == "dst-port" and packet.protocol == "icmp":
                return False
            if test(value.removeprefix("!")) == value.startswith("!"):
                return False
        return True

    def listed(self, name: str, address: str) -> bool:
        return any(row["list"] == name and _inside(row["address"], address) for row in self.lists)


def _number(address: str) -> int:
    return int.from_bytes(bytes(map(int, address.split("."))), "big")


def _inside(span: str, address: str) -> bool:
    low, dash, high = span.partition("-")
    network, slash, length = span.partition("/")
    if dash:
        return _number(low) <= _number(address) <= _number(high)
    if slash:
        return _number(network) >> (32 - int(length)) == _number(address) >> (32 - int(length))
    return span == address


def _port(value: str, port: int) -> bool:
    pairs = [part.partition("-") for part in value.split(",")]
    return any(int(low) <= port <= int(high or low) for low, _, high in pairs)


EXPECTED = {
    "64872": {"allowed"},
    "64873": {"servlet"},
    "64874": {"redirected"},
    "64875": {"refused reset"},
    "accept": {"allowed"},
    "drop": {"refused dropped"},
    "tcp-reset": {"refused reset"},
    "icmp-net-prohibited": {"refused unreachable"},
    "icmp-host-unreachable": {"refused unreachable"},
}
PACKETS = [
    Packet(target, protocol, port)
    for target in (SITE, OTHER, LISTED, OWN)
    for protocol, port in (
        ("tcp", 22), ("tcp", 80), ("tcp", 443), ("tcp", 8080), ("tcp", 53), ("udp", 53), ("udp", 443), ("icmp", 0),
    )
]  # fmt: skip
LAB = GuestLab()
LAB.console.add("/interface/vlan", name="elsewhere", interface="bridge-guest", vlan_id="7")
LAB.console.add("/ip/hotspot", name="other", interface="elsewhere", profile="p1", disabled="no")
LAB.console.add("/ip/firewall/address-list", list="open", address=GUEST.address)
LAB.console.add("/ip/firewall/address-list", list="none", address=LISTED)
LAB.router.mark_initial()


@settings(max_examples=30, deadline=None)
@given(st.lists(address_rules(condition("tcp", "udp", "1")), max_size=4))
def test_decisions_are_those_of_the_rules_in_the_firewall(rules: list[Row]) -> None:
    LAB.router.reset()
    for rule in rules:
        if rule.get("server") != "!all":  # means no server, and is refused
            LAB.console.run(f"{GARDEN_IP}/add", dict(rule))
    firewall = Firewall(LAB)
    rows = RouterRows(LAB.router, GUEST.mac)
    assert all(row.get("dynamic") == "true" for row in rows[GARDEN])
    for packet in PACKETS:
        request = Request.of_packet(packet.target, packet.port, packet.protocol)
        decision = decide(rows, GUEST, request, LAB.internet.resolve)
        told = "servlet" if decision.servlet else f"{decision.outcome} {decision.refusal}".strip()
        assert told in EXPECTED[firewall.verdict(packet)], (packet, decision, rules)
