"""`!name` in add and set: a property without a value, as exports and declarative clients write it."""

from tests.router_sim.conftest import Console

GARDEN = "/ip/hotspot/walled-garden"
BINDINGS = "/ip/hotspot/ip-binding"


def test_a_set_takes_values_away_and_gives_others(console: Console) -> None:
    rule = console.add(GARDEN, dst_host="a.example", dst_port="443", comment="shop")
    console.run(f"{GARDEN}/set", {".id": rule, "!dst-port": "", "!comment": "", "dst-host": "b.example"})
    row = console.row(GARDEN, rule)
    assert row["dst-host"] == "b.example"
    assert row.keys() & {"dst-port", "comment"} == set()


def test_what_was_not_there_is_no_matter(console: Console) -> None:
    rule = console.add(GARDEN, dst_host="a.example")
    console.run(f"{GARDEN}/set", {".id": rule, "!dst-port": ""})
    assert "dst-port" not in console.row(GARDEN, rule)


def test_an_added_item_leaves_out_what_a_copy_would_bring(console: Console) -> None:
    first = console.add(GARDEN, dst_host="a.example", dst_port="443")
    ret = console.run(f"{GARDEN}/add", {"copy-from": first, "!dst-port": "", "path": "/x"}).ret
    assert ret is not None
    row = console.row(GARDEN, ret)
    assert (row["dst-host"], row["path"]) == ("a.example", "/x")
    assert "dst-port" not in row


def test_a_property_that_always_has_a_value_cannot_lose_it(console: Console) -> None:
    rule = console.add(GARDEN, dst_host="a.example")
    assert console.trap(f"{GARDEN}/set", {".id": rule, "!action": ""})[0][0] == "unknown parameter !action"
    assert console.trap(f"{BINDINGS}/add", {"!disabled": ""})[0][0] == "unknown parameter !disabled"
    assert console.trap(f"{GARDEN}/set", {".id": rule, "!": ""})[0][0] == "unknown parameter !"


def test_unset_takes_comments_and_switches_that_were_given(console: Console) -> None:
    rules = "/ip/firewall/filter"
    rule = console.add(rules, chain="forward", action="log", log_prefix="odd", comment="why")
    for name in ("comment", "log-prefix"):
        console.run(f"{rules}/unset", {".id": rule, "value-name": name})
    assert console.row(rules, rule).keys().isdisjoint({"comment", "log-prefix"})
    refused = console.trap(f"{rules}/unset", {".id": rule, "value-name": "chain"})
    assert refused == (("input does not match any value of value-name", 1),)
