"""Differences between two moments, the console lines that show them, and replays of recorded writes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.device import console
from contract_tests.device.snapshot import (
    Difference,
    Row,
    Snapshot,
    configuration_writes,
    contradicts,
    differences,
    replayed,
)
from contract_tests.events import DeviceWrite, WriteKind
from spec.device_contract import DeviceContract

SERVERS = "/ip/hotspot"
USERS = "/ip/hotspot/user"
GARDEN = "/ip/hotspot/walled-garden/ip"
ACTIVE = "/ip/hotspot/active"
LISTS = "/ip/firewall/address-list"


def moment(**menus: list[Row]) -> Snapshot:
    return Snapshot(
        {"/" + menu.replace("__", "/").replace("_", "-"): tuple(rows) for menu, rows in menus.items()}
    )


def at(menu: str, *rows: Row) -> Snapshot:
    return Snapshot({menu: rows})


def write(change: WriteKind, menu: str, identifier: str, **record: str) -> DeviceWrite:
    row = {name.replace("_", "-"): value for name, value in record.items()}
    return DeviceWrite(
        "site", "2026-01-01T00:00:00Z", menu, identifier, change, {".id": identifier, **row}, ""
    )


def summary(found: tuple[Difference, ...]) -> list[tuple[str, str, str]]:
    return [(item.menu, item.kind, item.id) for item in found]


def test_added_removed_changed_are_named_with_their_commands(contract: DeviceContract) -> None:
    before = at(
        SERVERS,
        {".id": "*1", "name": "office", "interface": "vlan-office", "disabled": "false"},
        {".id": "*2", "name": "old", "interface": "bridge", "disabled": "false"},
    )
    after = at(
        SERVERS,
        {".id": "*1", "name": "office", "interface": "vlan-office", "disabled": "true"},
        {".id": "*3", "name": "new one", "interface": "bridge", "invalid": "false", "disabled": "false"},
    )
    found = differences(before, after, contract)
    assert summary(found) == [
        (SERVERS, "removed", "*2"),
        (SERVERS, "changed", "*1"),
        (SERVERS, "added", "*3"),
    ]
    assert [item.command() for item in found] == [
        "/ip hotspot remove [find name=old]",
        "/ip hotspot set [find name=office] disabled=yes   # was: disabled=no",
        '/ip hotspot add name="new one" interface=bridge disabled=no',
    ]


def test_what_changes_by_itself_is_no_difference(contract: DeviceContract) -> None:
    before = Snapshot(
        {
            USERS: ({".id": "*1", "name": "a", "uptime": "0s", "bytes-in": "0"},),
            LISTS: (
                {".id": "*1", "list": "x", "address": "10.0.0.1", "creation-time": "a", "timeout": "5m"},
            ),
            "/ip/dns": ({"servers": "192.0.2.1", "cache-used": "20KiB"},),
        }
    )
    after = Snapshot(
        {
            USERS: ({".id": "*1", "name": "a", "uptime": "5m", "bytes-in": "17"},),
            LISTS: (
                {".id": "*1", "list": "x", "address": "10.0.0.1", "creation-time": "a", "timeout": "4m"},
            ),
            "/ip/dns": ({"servers": "192.0.2.1", "cache-used": "30KiB"},),
        }
    )
    assert differences(before, after, contract) == ()


def test_dynamic_items_and_sessions_count_only_as_running_state(contract: DeviceContract) -> None:
    before = Snapshot({})
    after = Snapshot(
        {
            LISTS: ({".id": "*5", "list": "x", "address": "10.0.0.1", "dynamic": "true"},),
            ACTIVE: ({".id": "*A", "server": "s", "user": "u"},),
        }
    )
    assert differences(before, after, contract) == ()
    assert summary(differences(before, after, contract, running=True)) == [
        (LISTS, "added", "*5"),
        (ACTIVE, "added", "*A"),
    ]


def test_files_are_told_apart_by_name_and_can_be_left_out(contract: DeviceContract) -> None:
    before = at("/file", {".id": "*1", "name": "a.html", "contents": "1"})
    same = at("/file", {".id": "*9", "name": "a.html", "contents": "1"})
    other = at("/file", {".id": "*1", "name": "a.html", "contents": "x" * 500})
    assert differences(before, other, contract, pages=False) == ()
    [item] = differences(before, other, contract)
    assert "(500 characters)" in item.command()
    assert [difference.kind for difference in differences(before, same, contract)] == []


def test_a_singleton_is_one_item(contract: DeviceContract) -> None:
    found = differences(
        at("/ip/dns", {"servers": "1.1.1.1"}), at("/ip/dns", {"servers": "1.1.1.1,2.2.2.2"}), contract
    )
    assert [item.command() for item in found] == [
        "/ip dns set servers=1.1.1.1,2.2.2.2   # was: servers=1.1.1.1",
    ]


def rules(*ids: str) -> Snapshot:
    return at(GARDEN, *({".id": identifier, "action": "accept"} for identifier in ids))


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ("abc", "abc", []),
        ("abc", "cab", ["/ip hotspot walled-garden ip move c destination=a"]),
        ("abc", "bca", ["/ip hotspot walled-garden ip move a"]),
        ("abcd", "xabcd", []),
        ("abcd", "bd", []),
        ("abcd", "dxb", ["/ip hotspot walled-garden ip move d destination=b"]),
    ],
)
def test_a_new_order_is_explained_by_the_fewest_moves(
    contract: DeviceContract, before: str, after: str, moved: list[str]
) -> None:
    found = differences(rules(*before), rules(*after), contract)
    assert [item.command() for item in found if item.kind == "moved"] == moved


def test_the_order_of_an_unordered_menu_is_no_state(contract: DeviceContract) -> None:
    rows: list[Row] = [{".id": "*1", "name": "a"}, {".id": "*2", "name": "b"}]
    assert differences(at(USERS, *rows), at(USERS, *reversed(rows)), contract) == ()


_IDS = st.lists(st.integers(1, 400).map(lambda number: f"*{number:X}"), unique=True, max_size=12)
_VALUES = st.text(max_size=6)


@st.composite
def edited(draw: st.DrawFn) -> tuple[Snapshot, Snapshot, dict[str, str]]:
    """A menu of ordered rules, the menu after some edits, and what each edited item went through."""
    ids = draw(_IDS)
    before: list[Row] = [{".id": identifier, "comment": draw(_VALUES)} for identifier in ids]
    expected: dict[str, str] = {}
    after: list[Row] = []
    for row in before:
        edit = draw(st.sampled_from(["keep", "keep", "removed", "changed"]))
        if edit == "keep":
            after.append({**row, "hits": draw(_VALUES)})
        else:
            expected[row[".id"]] = edit
        if edit == "changed":
            after.append({**row, "comment": row["comment"] + draw(_VALUES.filter(bool))})
    for identifier in draw(_IDS):
        if identifier not in ids:
            expected[identifier] = "added"
            after.insert(draw(st.integers(0, len(after))), {".id": identifier, "comment": draw(_VALUES)})
    menu = "/ip/hotspot/walled-garden"
    return at(menu, *before), at(menu, *after), expected


@given(edited())
def test_differences_name_exactly_the_edited_items(
    contract: DeviceContract, edits: tuple[Snapshot, Snapshot, dict[str, str]]
) -> None:
    before, after, expected = edits
    found = differences(before, after, contract)
    assert {item.id: item.kind for item in found} == expected
    assert len(found) == len(expected)
    for item in found:
        assert item.command().isprintable()


@given(st.permutations(range(8)))
def test_moving_only_the_moved_items_gives_the_new_order(contract: DeviceContract, order: list[int]) -> None:
    before = [f"*{number:X}" for number in range(1, 9)]
    after = [before[number] for number in order]
    found = differences(rules(*before), rules(*after), contract)
    moved = {item.id: item.destination for item in found}
    result = [identifier for identifier in before if identifier not in moved]
    for item in reversed([identifier for identifier in after if identifier in moved]):
        place = result.index(moved[item]) if moved[item] else len(result)
        result.insert(place, item)
    assert result == after


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain-1.2.3.4/24", "plain-1.2.3.4/24"),
        ("true", "yes"),
        ("false", "no"),
        ("", '""'),
        ("two words", '"two words"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("$x\\", '"\\$x\\\\"'),
        ("a\r\nb\tc", '"a\\r\\nb\\tc"'),
        ("café", '"café"'),
        ("\x07\u2028", '"\\07\\E2\\80\\A8"'),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), '"caf\\E9"'),
    ],
)
def test_values_are_quoted_as_the_console_takes_them(value: str, shown: str) -> None:
    assert console.quoted(value) == shown


def test_passwords_are_never_shown(contract: DeviceContract) -> None:
    before = at(USERS, {".id": "*1", "name": "u", "password": "first-secret"})
    after = at(
        USERS,
        {".id": "*1", "name": "u", "password": "other-secret"},
        {".id": "*2", "password": "third-secret"},
    )
    lines = [
        item.command()
        for item in (*differences(before, after, contract), *differences(after, before, contract))
    ]
    assert len(lines) == 4
    assert not any("secret" in line for line in lines)


def test_a_property_that_is_gone_is_shown_as_unset(contract: DeviceContract) -> None:
    before = at(USERS, {".id": "*1", "name": "u", "server": "hs"})
    after = at(USERS, {".id": "*1", "name": "u", "comment": "x"})
    [item] = differences(before, after, contract)
    assert item.command() == (
        "/ip hotspot user set [find name=u] !server comment=x   # was: server=hs, no comment"
    )


def test_replayed_writes_give_the_later_moment(contract: DeviceContract) -> None:
    start = at(USERS, {".id": "*1", "name": "a"}, {".id": "*2", "name": "b"})
    writes = [
        write("added", USERS, "*3", name="c"),
        write("changed", USERS, "*1", name="a2"),
        write("removed", USERS, "*2", name="b"),
        write("added", GARDEN, "*7", action="accept"),
        write("removed", GARDEN, "*8"),
    ]
    end = Snapshot(
        {USERS: ({".id": "*1", "name": "a2"}, {".id": "*3", "name": "c"}), GARDEN: rules("*7").rows(GARDEN)}
    )
    assert replayed(start, writes) == end
    assert contradicts(replayed(start, writes), end, contract) == ()
    assert summary(contradicts(replayed(start, writes[1:]), end, contract)) == [(USERS, "added", "*3")]


def test_a_replay_is_not_contradicted_by_what_changes_do_not_carry(contract: DeviceContract) -> None:
    recorded = Snapshot(
        {
            SERVERS: ({".id": "*1", "name": "s", "invalid": "true"},),
            USERS: ({".id": "*1", "name": "u", "password": console.REDACTED},),
            GARDEN: rules("*1", "*2").rows(GARDEN),
        }
    )
    printed = Snapshot(
        {
            SERVERS: ({".id": "*1", "name": "s", "invalid": "false"},),
            USERS: ({".id": "*1", "name": "u", "password": "secret"},),
            GARDEN: rules("*2", "*1").rows(GARDEN),
            "/file": ({".id": "*1", "name": "x", "contents": "y"},),
        }
    )
    assert contradicts(recorded, printed, contract) == ()


BEFORE: Mapping[str, tuple[Row, ...]] = {
    SERVERS: ({".id": "*1", "name": "s", "invalid": "true", "proxy-status": "stopped"},),
    USERS: ({".id": "*1", "name": "u", "uptime": "0s"},),
    LISTS: ({".id": "*1", "list": "x", "dynamic": "true"},),
}


@pytest.mark.parametrize(
    ("made", "counts"),
    [
        (write("added", USERS, "*9", name="n"), True),
        (write("removed", USERS, "*1", name="u"), True),
        (write("changed", USERS, "*1", name="other", uptime="0s"), True),
        (write("changed", USERS, "*1", name="u", uptime="0s"), True),  # written, though nothing changed
        (write("changed", USERS, "*1", name="u", uptime="9s"), False),
        (write("changed", SERVERS, "*1", name="s", invalid="false", proxy_status="running"), False),
        (write("added", LISTS, "*2", list="x", dynamic="true"), False),
        (write("removed", LISTS, "*1"), False),
        (write("added", LISTS, "*3", list="x", dynamic="false"), True),
        (write("added", "/file", "*3", name="login.html"), False),
        (write("added", ACTIVE, "*3", user="u"), False),
        (write("added", "/ip/route", "*3"), False),
    ],
)
def test_what_counts_as_a_write(contract: DeviceContract, made: DeviceWrite, counts: bool) -> None:
    assert bool(configuration_writes([made], contract, Snapshot(BEFORE))) is counts


def test_what_counts_as_a_write_is_learned_from_the_writes_themselves(contract: DeviceContract) -> None:
    first = write("added", SERVERS, "*4", name="n", invalid="true")
    second = write("changed", SERVERS, "*4", name="n", invalid="false")
    assert configuration_writes([first, second], contract) == (first,)
    assert configuration_writes([second], contract) == (second,)
