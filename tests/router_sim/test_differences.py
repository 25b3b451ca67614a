"""Differences of snapshots as commands: what is left out, in which order they come, and that they do it."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from router_sim.differences import changed_state, compare
from router_sim.engine import Command
from router_sim.ordering import by_dependency, kept_in_place
from router_sim.script import one_line, parse, script
from router_sim.snapshots import Snapshot, snapshot_of
from router_sim.statements import run
from tests.router_sim.configurations import LEFT_ALONE, ORIGIN, attempt, configured, fresh, scripts, snapshot
from tests.router_sim.conftest import Console

GARDEN = "/ip/hotspot/walled-garden"


def changes(console: Console, before: Snapshot) -> list[str]:
    """The commands from a snapshot to now, each on a line."""
    menus = console.router.menus
    return [one_line(each, menus) for each in compare(before, snapshot_of(console.router), menus)]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(scripts, scripts)
def test_the_commands_lead_from_the_one_to_the_other(first: list[Command], then: list[Command]) -> None:
    router, other = configured(first), configured(first)
    before = snapshot(router)
    attempt(router, then)
    wanted = snapshot(router)
    for statement in parse(script(compare(before, wanted, router.menus), router.menus)):
        run(statement, other, ORIGIN)
    assert compare(snapshot(other), wanted, router.menus, same_router=False, leave_out=LEFT_ALONE) == []
    assert compare(wanted, wanted, router.menus) == []


def test_additions_changes_and_removals(console: Console) -> None:
    console.add("/ip/hotspot/user", name="gone")
    console.add("/ip/hotspot/user", name="kept", comment="x", limit_uptime="1h")
    before = snapshot_of(console.router)
    console.run("/ip/hotspot/user/remove", {"numbers": "gone"})
    console.set("/ip/hotspot/user", "kept", comment="", limit_uptime="2h", profile="default")
    console.add("/ip/hotspot/user/profile", name="gold", rate_limit="1M/1M")
    console.add("/ip/hotspot/user", name="new", profile="gold", disabled="yes")
    console.run("/system/identity/set", {"name": "site"})
    assert changes(console, before) == [
        "/ip hotspot user remove [ find name=gone ]",
        "/ip hotspot user profile add name=gold rate-limit=1M/1M",
        '/ip hotspot user set [ find name=kept ] comment="" limit-uptime=2h',
        "/ip hotspot user add disabled=yes name=new profile=gold",
        "/system identity set name=site",
    ]


def test_what_is_unset_is_written_with_an_exclamation_mark(console: Console) -> None:
    key = console.add(GARDEN, dst_host="a.example", method="GET")
    before = snapshot_of(console.router)
    console.run(f"{GARDEN}/unset", {".id": key, "value-name": "method"})
    (line,) = changes(console, before)
    assert line.startswith("/ip hotspot walled-garden set [ find ")
    assert line.endswith(" ] !method")


def test_rows_that_look_alike_are_named_by_their_identifier(console: Console) -> None:
    console.add(GARDEN, dst_host="a.example")
    second = console.add(GARDEN, dst_host="a.example")
    before = snapshot_of(console.router)
    console.set(GARDEN, second, comment="this one")
    assert changes(console, before) == [f'/ip hotspot walled-garden set {second} comment="this one"']


def test_moves_are_as_few_as_need_be(console: Console) -> None:
    keys = [console.add(GARDEN, dst_host=f"{name}.example") for name in "abcde"]
    before = snapshot_of(console.router)
    console.run(f"{GARDEN}/move", {"numbers": keys[4], "destination": keys[1]})
    assert len(changes(console, before)) == 1
    first, *_ = changes(console, before)
    assert first.startswith("/ip hotspot walled-garden move [ find ")
    assert "dst-host=e.example" in first
    assert "destination=[ find " in first
    console.run(f"{GARDEN}/move", {"numbers": keys[0]})
    (_, last) = sorted(changes(console, before), key=len, reverse=True)
    assert "dst-host=a.example" in last
    assert "destination" not in last


def test_what_the_router_makes_by_itself_is_told_apart(console: Console) -> None:
    console.add("/ip/hotspot", name="one", interface="vlan10")
    console.add("/ip/hotspot/user", name="guest")
    before = snapshot_of(console.router)
    console.router.associate("02:00:5E:00:53:01", "10.0.0.5", "vlan10")
    console.run("/ip/hotspot/active/login", {"user": "guest", "ip": "10.0.0.5"})
    console.add("/ip/firewall/address-list", list="l", address="10.0.0.9", timeout="1h")
    now = snapshot_of(console.router)
    assert compare(before, now, console.router.menus) == []
    told = changed_state(before, now, console.router.menus)
    assert "/ip/hotspot/host *1: new" in told
    assert "/ip/hotspot/active *1: new" in told
    assert any(line.startswith("/ip/firewall/address-list *") for line in told)
    assert changed_state(now, now, console.router.menus) == []


def test_menus_come_after_those_they_refer_to() -> None:
    menus = list(fresh().menus.values())
    order = [menu.path for menu in by_dependency(menus)]
    assert sorted(order) == sorted(menu.path for menu in menus)
    for earlier, later in (
        ("/ip/pool", "/ip/hotspot"),
        ("/ip/hotspot/profile", "/ip/hotspot"),
        ("/ip/hotspot", "/ip/hotspot/user"),
        ("/user/group", "/user"),
        ("/interface/vlan", "/ip/address"),
    ):
        assert order.index(earlier) < order.index(later)


def test_what_stays_in_place_is_a_longest_rising_run() -> None:
    assert kept_in_place([]) == frozenset()
    assert kept_in_place([0, 1, 2]) == {0, 1, 2}
    assert len(kept_in_place([4, 0, 1, 2, 3])) == 4
    assert kept_in_place([2, 1, 0]) in ({0}, {1}, {2})
