"""Routes to connected networks and others, IPv6 addresses, and the menus that exporters look at."""

import json
from pathlib import Path

import pytest

from router_sim.clock import VirtualClock
from router_sim.menus.catalogue import catalogue
from router_sim.router import Router
from tests.router_sim.conftest import Console

ROUTES = "/ip/route"
ADDRESSES = "/ip/address"
# Names only, as the console of RouterOS 7.22.3 completes them.
CRAWL = json.loads(Path(__file__).with_name("crawl_exporters.json").read_text("utf-8"))
MENUS = catalogue("7.22.3").menus
NOT_PROPERTIES = {"copy-from", "place-before", "numbers"}
# They ask a service in the network, or have no effect but on a clock of real hardware.
NOT_SERVED = {"check", "force-update", "reset-freq-drift", "send-trap"}


@pytest.mark.parametrize("path", sorted(CRAWL))
def test_menus_have_the_names_of_a_router(path: str) -> None:
    verbs = CRAWL[path]["verbs"]
    theirs = {*verbs.get("add", ()), *verbs.get("set", ())} - NOT_PROPERTIES
    assert MENUS[path].writable == theirs
    assert MENUS[path].by_name.keys() >= set(CRAWL[path]["readable"])
    since_six = {each.name for each in MENUS[path].properties} - set(CRAWL[path]["readable"])
    assert since_six == set()
    assert MENUS[path].verbs == set(verbs) - NOT_SERVED


def destinations(console: Console) -> list[str]:
    return [row["dst-address"] for row in console.rows(ROUTES)]


def test_a_network_is_reached_while_its_address_works(console: Console) -> None:
    address = console.add(ADDRESSES, address="192.0.2.1/24", interface="vlan10")
    assert console.rows(ROUTES) == [
        {
            ".id": "*1",
            "dst-address": "192.0.2.0/24",
            "routing-table": "main",
            "pref-src": "",
            "gateway": "vlan10",
            "immediate-gw": "vlan10",
            "local-address": "192.0.2.1%vlan10",
            "distance": "0",
            "scope": "10",
            "target-scope": "5",
            "active": "true",
            "connect": "true",
            "hw-offloaded": "false",
            "inactive": "false",
            "dynamic": "true",
            "disabled": "false",
        }
    ]
    console.run("/interface/vlan/set", {".id": "vlan10", "name": "guests"})
    assert console.rows(ROUTES)[0]["immediate-gw"] == "guests"
    console.run("/interface/disable", {".id": "guests"})
    assert destinations(console) == []
    console.run("/interface/enable", {".id": "guests"})
    console.set(ADDRESSES, address, address="198.51.100.1/25")
    assert destinations(console) == ["198.51.100.0/25"]
    console.run(f"{ADDRESSES}/disable", {".id": address})
    assert destinations(console) == []
    console.run(f"{ADDRESSES}/enable", {".id": address})
    console.run("/interface/vlan/remove", {".id": "guests"})
    assert destinations(console) == []


def test_a_route_is_active_while_its_gateway_is_reached(console: Console) -> None:
    route = console.add(ROUTES, gateway="192.0.2.254")
    row = console.row(ROUTES, route)
    assert (row["dst-address"], row["inactive"], row["static"], row["distance"]) == (
        "0.0.0.0/0",
        "true",
        "true",
        "1",
    )
    assert row.keys().isdisjoint({"active", "immediate-gw"})
    console.add(ADDRESSES, address="192.0.2.1/24", interface="vlan10")
    row = console.row(ROUTES, route)
    assert (row["active"], row["inactive"], row["immediate-gw"]) == ("true", "false", "192.0.2.254%vlan10")
    console.run(f"{ROUTES}/disable", {".id": route})
    row = console.row(ROUTES, route)
    assert (row.get("active"), row["inactive"], row["disabled"]) == (None, "false", "true")


def test_several_gateways_share_the_load_and_the_smallest_network_is_meant(console: Console) -> None:
    console.add(ADDRESSES, address="192.0.2.1/24", interface="vlan10")
    console.add(ADDRESSES, address="192.0.2.129/25", interface="vlan20")
    route = console.add(ROUTES, gateway="192.0.2.7,192.0.2.200,198.51.100.1")
    row = console.row(ROUTES, route)
    assert (row["immediate-gw"], row["ecmp"]) == ("192.0.2.7%vlan10,192.0.2.200%vlan20", "true")
    named = console.add(ROUTES, dst_address="10.0.0.0/8", gateway="192.0.2.200%vlan10")
    assert console.row(ROUTES, named)["immediate-gw"] == "192.0.2.200%vlan10"


def test_routes_lead_to_interfaces_and_black_holes_too(console: Console) -> None:
    through = console.add(ROUTES, dst_address="198.51.100.7", gateway="vlan20")
    assert console.row(ROUTES, through)["dst-address"] == "198.51.100.7/32"
    assert console.row(ROUTES, through)["active"] == "true"
    hole = console.add(ROUTES, dst_address="198.51.100.0/25", blackhole="")
    assert console.row(ROUTES, hole)["active"] == "true"
    assert console.row(ROUTES, hole)["blackhole"] == ""
    console.run(f"{ROUTES}/unset", {".id": through, "value-name": "distance"})
    assert console.row(ROUTES, through)["distance"] == "1"


def test_what_a_route_cannot_be(console: Console) -> None:
    assert console.trap(f"{ROUTES}/add", {"dst-address": "10.0.0.0/8"})[0][0] == "missing =gateway="
    nowhere = console.trap(f"{ROUTES}/add", {"gateway": "nowhere"})
    assert nowhere == (("input does not match any value of gateway", 1),)
    many = console.trap(f"{ROUTES}/add", {"gateway": ",".join(["192.0.2.1"] * 65)})
    assert many == (("invalid value for argument gateway", 1),)
    table = console.trap(f"{ROUTES}/add", {"gateway": "vlan10", "routing-table": "other"})
    assert table == (("input does not match any value of routing-table", 1),)
    console.add(ADDRESSES, address="192.0.2.1/24", interface="vlan10")
    (connected,) = console.rows(ROUTES)
    changed = console.trap(f"{ROUTES}/set", {".id": connected[".id"], "distance": "3"})
    assert changed[0][0] == "failure: can not change dynamic route"


def test_version_six_tells_of_its_routes_in_its_own_words(still_clock: VirtualClock) -> None:
    console = Console(Router(name="old", clock=still_clock, version="6.49", password=""))
    console.add(ADDRESSES, address="192.0.2.1/24", interface="ether1")
    console.add(ROUTES, gateway="192.0.2.254")
    connected, default = console.rows(ROUTES)
    assert (connected["pref-src"], connected["connect"]) == ("192.0.2.1", "true")
    assert default["gateway-status"] == "192.0.2.254 reachable via  ether1"
    assert default["type"] == "unicast"
    assert {"routing-table", "immediate-gw", "inactive"}.isdisjoint(default)


def test_addresses_of_ipv6(console: Console) -> None:
    menu = "/ipv6/address"
    address = console.add(menu, address="2001:DB8:0::1", interface="vlan10", advertise="no")
    row = console.row(menu, address)
    assert (row["address"], row["global"], row["link-local"]) == ("2001:db8::1/64", "true", "false")
    assert (row["advertise"], row["actual-interface"], row["invalid"]) == ("false", "vlan10", "false")
    twice = console.trap(f"{menu}/add", {"address": "2001:db8::1/64", "interface": "vlan10"})
    assert twice[0][0] == "failure: already have such address"
    for text in ("", "192.0.2.1", "fe80::1%vlan10", "2001:db8::1/129", "::" * 40, "zz::", "1::٣"):
        wrong = console.trap(f"{menu}/add", {"address": text, "interface": "vlan10"})
        assert wrong == (("invalid value for argument address", 1),)


def test_lists_of_what_a_simulated_router_does_not_see_are_empty(console: Console) -> None:
    for menu in ("/ip/neighbor", "/ip/firewall/connection"):
        assert console.rows(menu) == []
        assert console.run(f"{menu}/print", {"count-only": ""}).ret == "0"
    assert console.rows("/snmp")[0]["trap-community"] == "public"
    assert console.names("/snmp/community") == ["public"]
    console.run("/snmp/set", {"contact": "noc@example.net", "enabled": "yes"})
    assert console.rows("/snmp")[0]["contact"] == "noc@example.net"
