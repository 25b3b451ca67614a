import hashlib

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin, Trap
from router_sim.router import Router
from router_sim.seed import lab_router

USERS = "/ip/hotspot/user"


# -- logging in to the router ------------------------------------------------------------------------


def test_a_user_logs_in_with_password_and_policy(console) -> None:
    router = console.router
    console.add("/user/group", name="web-only", policy="read,web")
    console.add("/user", name="eve", group="web-only", password="x")
    console.add("/user", name="joe", group="read", password="pässword", address="192.0.2.0/24")
    assert router.authenticate("admin", "secret")
    assert router.authenticate("joe", "pässword")
    assert router.authenticate("joe", "pässword", address="192.0.2.9")
    assert not router.authenticate("joe", "pässword", address="198.51.100.9")
    assert not router.authenticate("joe", "pässword", address="2001:db8::9")
    assert router.authenticate("admin", "secret", address="2001:db8::9")
    assert not router.authenticate("joe", "password")
    assert not router.authenticate("admin", "")
    assert not router.authenticate("nobody", "secret")
    assert not router.authenticate("*1", "secret")
    assert not router.authenticate("eve", "x")
    assert router.authenticate("eve", "x", "web")
    console.run("/user/disable", {"numbers": "joe"})
    assert not router.authenticate("joe", "pässword")


def test_the_old_login_answers_a_challenge(still_clock: VirtualClock) -> None:
    router = Router(name="r", clock=still_clock, version="6.42", password="test")
    challenge = bytes.fromhex("259e0bc05acd6f46926dc2f809ed1bba")
    # A known answer: the challenge with the password `test`.
    assert router.check_challenge("admin", challenge, "00c7fd865183a43a772dde231f6d0bff13")
    wrong = "00" + hashlib.md5(b"\x00wrong" + challenge, usedforsecurity=False).hexdigest()
    assert not router.check_challenge("admin", challenge, wrong)
    assert not router.check_challenge("nobody", challenge, wrong)
    assert not router.check_challenge("admin", challenge, "\udcff")


def test_who_is_logged_in_is_listed_and_not_in_the_journal(console) -> None:
    one, two = Origin("admin", "192.0.2.1", connection=1), Origin("admin", "192.0.2.2", "rest-api", 2)
    console.router.session_opened(one)
    console.router.session_opened(two)
    rows = console.rows("/user/active")
    assert [(row["name"], row["address"], row["via"], row["group"]) for row in rows] == [
        ("admin", "192.0.2.1", "api", "full"),
        ("admin", "192.0.2.2", "rest-api", "full"),
    ]
    assert rows[0]["when"] == console.row("/user", "admin")["last-logged-in"] == "2026-03-01 12:00:00"
    console.router.session_closed(one)
    console.router.session_closed(one)
    assert [row["via"] for row in console.rows("/user/active")] == ["rest-api"]
    assert console.router.journal.entries() == []


# -- watching ----------------------------------------------------------------------------------------


def test_watchers_see_each_write_with_the_whole_record(console) -> None:
    seen: list[dict[str, str]] = []
    stop = console.router.watch(USERS, lambda row: seen.append(dict(row)))
    key = console.add(USERS, name="a")
    console.set(USERS, key, comment="x")
    console.set(USERS, key, comment="x")
    assert [row.get("comment") for row in seen] == [None, "x", "x"]
    assert seen[-1] == console.row(USERS, key)
    console.run(f"{USERS}/remove", {".id": key})
    assert seen[-1] == {".id": key, ".dead": "true"}
    stop()
    stop()
    console.add(USERS, name="b")
    assert len(seen) == 4


def test_watchers_of_both_menus_of_an_interface_see_it(console) -> None:
    seen: list[tuple[str, str]] = []
    for menu in ("/interface", "/interface/vlan", "/interface/ethernet"):
        console.router.watch(menu, lambda row, menu=menu: seen.append((menu, row["comment"])))
    console.set("/interface/vlan", "vlan10", comment="x")
    assert sorted(seen) == [("/interface", "x"), ("/interface/vlan", "x")]


def test_watchers_get_the_properties_they_listed(console) -> None:
    seen: list[dict[str, str]] = []
    console.router.watch(USERS, lambda row: seen.append(dict(row)), ("name", "comment"))
    console.add(USERS, name="a")
    assert seen == [{"name": "a"}]


def test_a_refused_write_is_not_announced(console) -> None:
    seen: list[object] = []
    console.router.watch(USERS, seen.append)
    console.trap(f"{USERS}/add", {"name": "default-trial"})
    assert seen == []


def test_what_follows_from_a_change_is_announced_too(console) -> None:
    console.add("/ip/hotspot/user/profile", name="gold")
    key = console.add(USERS, name="a", profile="gold")
    seen: list[dict[str, str]] = []
    console.router.watch(USERS, lambda row: seen.append(dict(row)))
    console.run("/ip/hotspot/user/profile/remove", {".id": "gold"})
    assert [(row[".id"], row["profile"]) for row in seen] == [(key, "default")]


@pytest.mark.parametrize("menu", ["/ip/nothing", "/ip", "hotspot"])
def test_an_unknown_menu_cannot_be_watched(console, menu: str) -> None:
    with pytest.raises(Trap):
        console.router.watch(menu, lambda row: None)


# -- going back --------------------------------------------------------------------------------------


def test_reset_goes_back_to_the_marked_state_with_its_deadlines(console, still_clock: VirtualClock) -> None:
    console.add("/ip/firewall/address-list", list="l", address="10.0.0.1", timeout="1h")
    console.router.mark_initial()
    start = console.router.snapshot()
    console.add(USERS, name="a")
    console.run("/ip/firewall/address-list/remove", {".id": "*1"})
    console.run("/interface/vlan/remove", {".id": "vlan10"})
    console.router.reset()
    assert console.router.snapshot() == start
    assert console.router.journal.entries() == []
    assert console.add(USERS, name="b") == "*1"
    still_clock.advance(3600)
    assert console.rows("/ip/firewall/address-list") == []
    console.router.reset()
    assert console.rows("/ip/firewall/address-list") == []


def test_reset_keeps_the_connections_that_are_open(console) -> None:
    origin = Origin("admin", "192.0.2.1", connection=1)
    console.router.session_opened(origin)
    console.router.reset()
    assert len(console.rows("/user/active")) == 1
    console.router.session_closed(origin)
    assert console.rows("/user/active") == []


def test_twins_start_alike_and_go_their_own_ways(still_clock: VirtualClock) -> None:
    first = lab_router("lab1", clock=still_clock)
    second = first.twin("lab2")
    origin = Origin("admin", "::1")
    theirs = second.snapshot()
    assert theirs["/system/license"] != first.snapshot()["/system/license"]
    own = {"/system/identity": [{"name": "lab2"}], "/system/license": theirs["/system/license"]}
    assert theirs == {**first.snapshot(), **own}
    first.execute(Command(f"{USERS}/add", {"name": "a"}), origin)
    second.execute(Command("/ip/hotspot/remove", {".id": "office-hotspot"}), origin)
    assert second.execute(Command(f"{USERS}/print", {}, ("name=a",)), origin).rows == ()
    assert len(first.execute(Command("/ip/hotspot/print", {}), origin).rows) == 1
    assert second.name == "lab2"
    second.reset()
    assert second.snapshot()["/system/identity"] == [{"name": "lab2"}]
    assert len(second.journal.entries()) == 0


# -- the seeded router -------------------------------------------------------------------------------


def test_a_lab_router_has_its_networks_and_the_operators_things(still_clock: VirtualClock) -> None:
    router = lab_router("site-1", clock=still_clock, password="pw", subnets=("10.1.0.0/24", "10.2.0.0/23"))
    held = router.snapshot()
    assert [(row["address"], row["interface"]) for row in held["/ip/address"]] == [
        ("192.0.2.2/24", "ether1"),
        ("10.1.0.1/24", "bridge-guest"),
        ("10.2.0.1/23", "vlan-guest-2"),
        ("172.20.0.1/24", "vlan-office"),
    ]
    assert [row["ranges"] for row in held["/ip/pool"]][:2] == ["10.1.0.2-10.1.0.254", "10.2.0.2-10.2.1.254"]
    assert [(row["name"], row["invalid"]) for row in held["/ip/hotspot"]] == [("office-hotspot", "false")]
    assert held["/system/identity"] == [{"name": "site-1"}]
    assert "pw" not in str(held["/user"])
    assert router.authenticate("admin", "pw")
    assert router.journal.entries() == []


@pytest.mark.parametrize("text", ["10.1.0.0/30", "10.1.0.5/24", "guests"])
def test_a_lab_router_refuses_what_is_no_network(still_clock: VirtualClock, text: str) -> None:
    with pytest.raises(ValueError, match="network"):
        lab_router("site-1", clock=still_clock, subnets=(text,))


def test_versions_before_7_make_a_lab_as_well(still_clock: VirtualClock) -> None:
    row = lab_router("old", clock=still_clock, version="6.49.10").snapshot()["/ip/hotspot/profile"][0]
    assert "install-hotspot-queue" not in row
