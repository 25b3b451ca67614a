"""Firewall rules: their order, their conditions, and what makes one invalid."""

import pytest

from router_sim.clock import VirtualClock
from router_sim.router import Router
from router_sim.store import Hold
from router_sim.transaction import Transaction
from tests.router_sim.conftest import Console

NAT, FILTER = "/ip/firewall/nat", "/ip/firewall/filter"


def chains(console: Console, menu: str = FILTER) -> list[str]:
    return [row["chain"] for row in console.rows(menu)]


def test_rules_are_printed_as_on_a_router(console: Console) -> None:
    console.add(FILTER, chain="input")
    console.run(
        f"{NAT}/add",
        {
            "chain": "srcnat",
            "action": "masquerade",
            "out-interface": "all-wireless",
            "src-address-list": "LAN",
            "disabled": "no",
            "log": "no",
            "log-prefix": "",
        },
    )
    assert console.rows(FILTER) == [
        {
            ".id": "*1",
            "chain": "input",
            "action": "accept",
            "bytes": "0",
            "packets": "0",
            "invalid": "false",
            "dynamic": "false",
        }
    ]
    console.add("/ip/firewall/address-list", list="LAN", address="10.0.0.0/8")
    assert console.rows(NAT) == [
        {
            ".id": "*1",
            "action": "masquerade",
            "bytes": "0",
            "chain": "srcnat",
            "disabled": "false",
            "dynamic": "false",
            "invalid": "false",
            "log": "false",
            "log-prefix": "",
            "out-interface": "all-wireless",
            "packets": "0",
            "src-address-list": "LAN",
        }
    ]


def test_older_versions_print_the_switches_of_every_rule() -> None:
    old = Console(Router(name="r", clock=VirtualClock(), version="7.16"))
    old.add(FILTER, chain="input")
    row = old.rows(FILTER)[0]
    assert (row["disabled"], row["log"], row["log-prefix"]) == ("false", "false", "")


# What is said and what is printed. Flags come in the order of their type, hosts without their `/32`.
CONDITIONS = {
    "src-address": ("!10.0.0.5/32", "!10.0.0.5"),
    "dst-address": ("10.0.0.9-10.0.0.20", "10.0.0.9-10.0.0.20"),
    "protocol": ("tcp", "tcp"),
    "dst-port": ("80,443,8000-8080", "80,443,8000-8080"),
    "in-interface": ("!vlan10", "!vlan10"),
    "in-interface-list": ("static", "static"),
    "connection-state": ("related,established", "established,related"),
    "connection-nat-state": ("!dstnat", "!dstnat"),
    "hotspot": ("!auth,from-client", "from-client,!auth"),
    "tcp-flags": ("!ack,syn", "syn,!ack"),
    "src-mac-address": ("02-00-00-00-00-0a", "02:00:00:00:00:0A"),
    "connection-limit": ("100,32", "100,32"),
    "limit": ("10,5:packet", "10,5:packet"),
    "dst-limit": ("10,5,dst-address/1m40s", "10,5,dst-address/1m40s"),
    "time": ("8h-16h,mon,tue", "8h-16h,mon,tue"),
    "ttl": ("less-than:64", "less-than:64"),
    "icmp-options": ("!8:0-255", "!8:0-255"),
    "per-connection-classifier": ("src-address:2/0", "src-address:2/0"),
    "psd": ("21,3s,3,1", "21,3s,3,1"),
    "dst-address-type": ("!local", "!local"),
    "packet-size": ("0-500", "0-500"),
    "dscp": ("46", "46"),
    "random": ("50", "50"),
    "tls-host": ("*.example.com", "*.example.com"),
    "ipsec-policy": ("in,ipsec", "in,ipsec"),
    "fragment": ("yes", "true"),
}


def test_every_condition_comes_back_in_its_own_form_and_can_be_unset(console: Console) -> None:
    said = {name: text for name, (text, _) in CONDITIONS.items()}
    key = console.run(f"{FILTER}/add", {"chain": "forward", **said}).ret or ""
    row = console.row(FILTER, key)
    assert {name: row[name] for name in CONDITIONS} == {name: text for name, (_, text) in CONDITIONS.items()}
    console.run(f"{FILTER}/set", {".id": key, **{name: row[name] for name in CONDITIONS}})
    assert console.row(FILTER, key) == row
    console.run(f"{FILTER}/unset", {".id": key, "value-name": ",".join(CONDITIONS)})
    assert not CONDITIONS.keys() & console.row(FILTER, key).keys()
    console.set(FILTER, key, src_address="10.0.0.1", in_interface="vlan10")
    console.set(FILTER, key, src_address="", in_interface="")
    assert not {"src-address", "in-interface"} & console.row(FILTER, key).keys()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"in-interface": "nowhere"}, "input does not match any value of interface"),
        ({"out-interface-list": "none-such"}, "input does not match any value of interface-list"),
        ({"action": "explode"}, "input does not match any value of action"),
        ({"connection-state": "odd"}, "input does not match any value of connection-state"),
        ({"hotspot": "maybe"}, "input does not match any value of hotspot"),
        ({"dst-port": "80-"}, "invalid value for argument dst-port"),
        ({"limit": "much"}, "invalid value for argument limit"),
        ({"routing-mark": "other"}, "input does not match any value of routing-mark"),
        ({"log-prefix": "x" * 32}, "invalid value for argument log-prefix"),
        ({"to-ports": "80"}, "unknown parameter to-ports"),
    ],
)
def test_what_a_rule_refuses(console: Console, given: dict[str, str], words: str) -> None:
    assert console.trap(f"{FILTER}/add", {"chain": "input", **given}) == ((words, 1),)


def test_a_rule_has_a_chain(console: Console) -> None:
    assert console.trap(f"{NAT}/add", {"action": "masquerade"}) == (("missing =chain=", None),)


def test_rules_that_lead_nowhere_are_invalid(console: Console) -> None:
    jump = console.add(NAT, chain="dstnat", action="jump", jump_target="mine")
    console.add(NAT, chain="srcnat", src_address_list="nobody-yet")
    there = console.add(NAT, chain="srcnat", out_interface="vlan10")

    def invalid() -> list[str]:
        return [row[".id"] for row in console.rows(NAT, "invalid=true")]

    assert invalid() == [jump]
    console.add(NAT, chain="mine", action="redirect", protocol="tcp", to_ports="64873-64875")
    assert invalid() == []
    console.run("/interface/vlan/remove", {"numbers": "vlan10"})
    assert invalid() == [there]


def test_dynamic_rules_stay_where_they_are(console: Console) -> None:
    mine = console.add(NAT, chain="dstnat", action="accept")
    console.add("/ip/hotspot", interface="vlan10", disabled="no")
    dynamic = console.rows(NAT, "dynamic=true")[0][".id"]
    assert console.trap(f"{NAT}/move", {"numbers": f"{mine},{dynamic}"}) == (
        ("failure: can not move dynamic", None),
    )
    console.run(f"{NAT}/move", {"numbers": mine, "destination": dynamic})


def test_order_is_what_the_operator_says(console: Console) -> None:
    first, second = console.add(FILTER, chain="a"), console.add(FILTER, chain="b")
    console.add(FILTER, chain="c", place_before=second)
    assert chains(console) == ["a", "c", "b"]
    console.run(f"{FILTER}/move", {"numbers": f"{second},{first}", "destination": "*3"})
    assert chains(console) == ["b", "a", "c"]
    console.run(f"{FILTER}/move", {"numbers": second})
    assert chains(console) == ["a", "c", "b"]


def test_dynamic_rules_keep_their_place_and_cannot_be_set(console: Console) -> None:
    mine = console.add(NAT, chain="srcnat", action="masquerade")

    def arrange(tx: Transaction) -> None:
        before = int(mine[1:], 16)
        values = {"chain": "dstnat", "action": "jump", "jump-target": "hotspot", "hotspot": "from-client"}
        tx.add(NAT, values, hold=Hold.DYNAMIC, before=before)
        tx.add(NAT, {"chain": "hotspot", "action": "return"}, hold=Hold.DYNAMIC, before=before)

    console.router.write(arrange)
    assert chains(console, NAT) == ["dstnat", "hotspot", "srcnat"]
    assert [row["dynamic"] for row in console.rows(NAT)] == ["true", "true", "false"]
    assert console.trap(f"{NAT}/set", {"numbers": "*2", "comment": "x"}) == (
        ("failure: can not change dynamic", None),
    )
    assert console.trap(f"{NAT}/remove", {"numbers": "*2"})[0][0].startswith("failure: can not remove")
    for argument, kept in (("dynamic", 2), ("static", 1), ("all", 3), ("stats", 3)):
        assert len(console.run(f"{NAT}/print", {argument: ""}).rows) == kept
    assert len(console.run(f"{NAT}/print", {"chain": "hotspot"}).rows) == 1


def test_counters_are_marks_and_can_be_reset(console: Console) -> None:
    for chain in ("a", "b"):
        console.add(FILTER, chain=chain)

    def count(tx: Transaction) -> None:
        for item in list(tx.state.store(FILTER)):
            marks = {"counted-bytes": 1500.0, "counted-packets": 1.0}
            tx.put(FILTER, type(item)(item.id, item.values, item.kind, item.hold, marks))

    console.router.write(count)
    assert [(row["bytes"], row["packets"]) for row in console.rows(FILTER)] == [("1500", "1")] * 2
    console.run(f"{FILTER}/reset-counters", {"numbers": "*1"})
    assert [row["bytes"] for row in console.rows(FILTER)] == ["0", "1500"]
    console.run(f"{FILTER}/reset-counters-all")
    assert [row["bytes"] for row in console.rows(FILTER)] == ["0", "0"]


def test_reject_says_how(console: Console) -> None:
    key = console.add(FILTER, chain="input", action="reject")
    assert console.row(FILTER, key)["reject-with"] == "icmp-network-unreachable"
    console.set(FILTER, key, reject_with="tcp-reset")
    assert console.row(FILTER, key)["reject-with"] == "tcp-reset"
