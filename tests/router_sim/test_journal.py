import json
from datetime import UTC, datetime

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Trap
from router_sim.journal import Entry, Journal

USERS = "/ip/hotspot/user"


def entries(console, after: int = 0):
    return console.router.journal.entries(after)


def test_a_write_is_noted_with_the_item_before_and_after(console, still_clock: VirtualClock) -> None:
    key = console.add(USERS, name="a")
    console.set(USERS, key, comment="x")
    console.run(f"{USERS}/remove", {".id": key})
    added, changed, removed = entries(console)
    for entry in (added, changed, removed):
        assert (entry.user, entry.connection, entry.menu, entry.id) == ("admin", 7, USERS, key)
        assert entry.time == still_clock.now()
        assert entry.trap is None
    assert [entry.command for entry in (added, changed, removed)] == [
        f"{USERS}/add",
        f"{USERS}/set",
        f"{USERS}/remove",
    ]
    assert added.before is None
    assert added.after is not None
    assert changed.before == added.after
    assert changed.after == {**added.after, "comment": "x"}
    assert (removed.before, removed.after) == (changed.after, None)


def test_a_command_on_many_items_is_an_entry_for_each(console) -> None:
    keys = [console.add(USERS, name=name) for name in "abc"]
    seen = entries(console)[-1].seq
    console.run(f"{USERS}/disable", {"numbers": ",".join(keys)})
    assert [entry.id for entry in entries(console, seen)] == keys


def test_reading_is_not_noted(console) -> None:
    console.rows(USERS)
    console.run(f"{USERS}/find")
    console.run(f"{USERS}/get", {"number": "*0"})
    assert entries(console) == []


def test_a_write_that_changes_nothing_is_noted_all_the_same(console) -> None:
    key = console.add(USERS, name="a")
    console.set(USERS, key, name="a")
    entry = entries(console)[-1]
    assert entry.before == entry.after


def test_a_refused_write_is_noted_with_its_trap(console) -> None:
    console.trap(f"{USERS}/set", {".id": "*77", "name": "x"})
    console.trap("/ip/nothing/add")
    refused, unknown = entries(console)
    assert (refused.menu, refused.id, refused.trap) == (USERS, "*77", "no such item")
    assert (refused.before, refused.after) == (None, None)
    assert (unknown.command, unknown.trap) == ("/ip/nothing/add", "no such command or directory (nothing)")


def test_what_the_router_does_by_itself_has_no_user(console) -> None:
    console.add("/ip/hotspot", name="one", interface="vlan10")
    console.add("/ip/hotspot", name="two", interface="vlan10")
    seen = entries(console)[-1].seq
    console.run("/ip/hotspot/remove", {".id": "one"})
    own, followed = entries(console, seen)
    assert (own.user, own.command, own.id) == ("admin", "/ip/hotspot/remove", "*1")
    assert (followed.user, followed.connection, followed.command, followed.id) == ("", 0, "", "*2")
    assert followed.before is not None
    assert followed.after is not None
    assert (followed.before["invalid"], followed.after["invalid"]) == ("true", "false")


def test_a_new_item_is_one_entry_with_what_followed_for_it(console) -> None:
    console.add("/ip/hotspot", name="one", interface="vlan10")
    entry, *followed = entries(console)
    assert entry.user == "admin"
    assert entry.after is not None
    assert entry.after["invalid"] == "false"
    assert all(each.after and each.after["dynamic"] == "true" for each in followed)
    assert not any(each.user or each.command for each in followed)


def test_a_login_is_noted_for_the_session_and_what_it_made(console) -> None:
    console.add("/ip/hotspot", name="one", interface="vlan10")
    console.add(USERS, name="guest")
    console.router.associate("02:00:5E:00:53:01", "10.0.0.5", "vlan10")
    seen = entries(console)[-1].seq
    console.run("/ip/hotspot/active/login", {"user": "guest", "ip": "10.0.0.5"})
    noted = [(entry.user, entry.command, entry.menu) for entry in entries(console, seen)]
    assert noted == [
        ("admin", "/ip/hotspot/active/login", "/ip/hotspot/active"),
        ("", "", "/ip/hotspot/host"),
    ]


def test_a_password_of_the_router_itself_is_never_written_down(console) -> None:
    console.set("/user", "admin", password="topsecret")
    assert "topsecret" not in console.router.journal.ndjson()


def test_an_interface_is_noted_in_the_menu_of_its_kind(console) -> None:
    console.set("/interface", "vlan10", comment="x")
    assert entries(console)[-1].menu == "/interface/vlan"


def test_lines_of_json_have_stable_keys(console) -> None:
    console.add(USERS, name='odd "\udcff\n')
    (line,) = console.router.journal.ndjson().splitlines()
    record = json.loads(line)
    assert list(record) == [
        "seq", "time", "user", "connection", "command", "menu", "id", "before", "after", "trap",
    ]  # fmt: skip
    assert record["time"] == "2026-03-01T12:00:00Z"
    assert record["after"]["name"] == 'odd "\udcff\n'


def test_numbers_go_on_after_clearing() -> None:
    journal = Journal()

    def note() -> int:
        moment = datetime(2026, 3, 1, tzinfo=UTC)
        return journal.append(time=moment, user="u", connection=1, command="c", menu="m", id="*1").seq

    first = [note(), note(), note()]
    journal.clear()
    assert journal.entries() == []
    later = [note(), note()]
    assert later == [first[-1] + 1, first[-1] + 2]
    assert [entry.seq for entry in journal.entries(after=later[0])] == later[1:]
    assert [entry.seq for entry in journal.entries(after=first[0])] == later


def test_a_line_is_an_entry_again_and_what_is_none_is_told(console) -> None:
    key = console.add(USERS, name="a", comment="\udcff ünï")
    console.set(USERS, key, comment="")
    with pytest.raises(Trap):
        console.run(f"{USERS}/remove", {".id": "*77"})
    journal = console.router.journal
    assert [Entry.from_json(line) for line in journal.ndjson().splitlines()] == journal.entries()
    for line in ("", "[]", "{}", '{"time": "soon"}', '{"time": "2026-03-01T12:00:00Z", "x": 1}'):
        with pytest.raises(ValueError, match="this is no entry of a journal"):
            Entry.from_json(line)
