"""The judges of recorded writes: none at all, no more than needed, and guarded after every single one."""

from __future__ import annotations

import pytest

from contract_tests.device import judge, judge_writes
from contract_tests.device.judge import SERVERS, USERS
from contract_tests.device.snapshot import Row, Snapshot, replayed
from contract_tests.events import DeviceWrite, WriteKind
from spec.device_contract import DeviceContract

SUBNET = "10.5.50.0/24"


def server(identifier: str, interface: str = "bridge", **more: str) -> Row:
    return {
        ".id": identifier,
        "name": f"hs{identifier}",
        "interface": interface,
        "disabled": "false",
        "invalid": "false",
        **more,
    }


def holding(*servers: Row) -> Snapshot:
    address: Row = {".id": "*1", "address": "10.5.50.1/24", "interface": "bridge"}
    return Snapshot({judge.ADDRESSES: (address,), SERVERS: servers, USERS: ({".id": "*1", "name": "u"},)})


def write(change: WriteKind, record: Row, menu: str = SERVERS) -> DeviceWrite:
    return DeviceWrite("site", "2026-01-01T00:00:00.000Z", menu, record[".id"], change, record, "")


A, B = server("*1"), server("*2")
WAITING = server("*2", invalid="true")
OFF = server("*1", disabled="true")
MOVED = server("*1", "vlan2")

HAND_OVERS: list[tuple[str, list[DeviceWrite], bool]] = [
    ("nothing", [], True),
    ("renamed", [write("changed", {**A, "name": "x"})], True),
    ("another menu", [write("removed", {".id": "*1", "name": "u"}, USERS)], True),
    ("removed", [write("removed", A)], False),
    ("disabled", [write("changed", OFF)], False),
    ("disabled for a moment", [write("changed", OFF), write("changed", A)], False),
    ("put on another interface", [write("changed", MOVED)], False),
    ("invalid", [write("changed", {**A, "invalid": "true"})], False),
    ("second, then first removed", [write("added", B), write("removed", A)], True),
    ("second waits, flip not reported", [write("added", WAITING), write("removed", A)], True),
    ("second waits, first disabled", [write("added", WAITING), write("changed", OFF)], True),
    (
        "second waits, flip reported",
        [write("added", WAITING), write("removed", A), write("changed", B)],
        True,
    ),
    (
        "second disabled, then first removed",
        [write("added", {**B, "disabled": "true"}), write("removed", A)],
        False,
    ),
    (
        "second elsewhere, then first removed",
        [write("added", server("*2", "vlan2")), write("removed", A)],
        False,
    ),
    ("removed, then second", [write("removed", A), write("added", B)], False),
]


@pytest.mark.parametrize(
    ("writes", "expected"), [case[1:] for case in HAND_OVERS], ids=[case[0] for case in HAND_OVERS]
)
def test_guarded_throughout(writes: list[DeviceWrite], expected: bool) -> None:
    finding = judge_writes.guarded_throughout(holding(A), writes, SUBNET)
    assert finding.visible
    assert finding.ok is expected


def test_guarded_throughout_names_the_write() -> None:
    writes = [write("added", {".id": "*7", "name": "v"}, USERS), write("removed", A)]
    finding = judge_writes.guarded_throughout(holding(A), writes, SUBNET)
    assert finding.message == "write 2 of 2 left 10.5.50.0/24 on bridge without a hotspot server"
    assert finding.difference == (
        "2026-01-01T00:00:00.000Z removed: /ip hotspot *1 name=hs*1 interface=bridge disabled=no invalid=no",
    )


@pytest.mark.parametrize(
    ("start", "subnet"), [(holding(), SUBNET), (holding(OFF), SUBNET), (holding(A), "10.7.0.0/24")]
)
def test_what_was_not_guarded_cannot_be_judged(start: Snapshot, subnet: str) -> None:
    finding = judge_writes.guarded_throughout(start, [write("removed", A)], subnet)
    assert finding.ok
    assert not finding.visible


@pytest.mark.parametrize(
    ("writes", "expected"),
    [
        ([], True),
        ([write("added", {".id": "*9", "list": "x", "dynamic": "true"}, "/ip/firewall/address-list")], True),
        ([write("added", {".id": "*9", "user": "u"}, judge.SESSIONS)], True),
        ([write("added", {".id": "*9", "name": "pc/login.html"}, "/file")], True),
        ([write("changed", {".id": "*1", "name": "u", "bytes-in": "9"}, USERS)], True),
        ([write("changed", {".id": "*1", "name": "u"}, USERS)], False),
        ([write("changed", {".id": "*1", "name": "v"}, USERS)], False),
        ([write("added", B)], False),
    ],
)
def test_no_writes(contract: DeviceContract, writes: list[DeviceWrite], expected: bool) -> None:
    finding = judge_writes.no_writes(writes, contract, holding(A))
    assert finding.ok is expected
    assert bool(finding.difference) is not expected


def test_economical(contract: DeviceContract) -> None:
    before = holding(A)
    change = [write("changed", {**A, "name": "x"})]
    after = replayed(before, change)
    assert judge_writes.economical(before, after, change * 5, contract).ok
    finding = judge_writes.economical(before, after, change * 6, contract)
    assert not finding.ok
    assert finding.message == "6 writes for 1 changed items; at most 5 are in order"
    assert judge_writes.economical(before, before, change * 2, contract).ok
    assert not judge_writes.economical(before, before, change * 3, contract).ok
    made = [write("added", {".id": f"*{number}", "name": "n"}, USERS) for number in range(10, 20)]
    assert judge_writes.economical(before, replayed(before, made), made * 3, contract).ok
