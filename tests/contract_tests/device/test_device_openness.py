"""Rules and bindings that open a router to everybody, and those that only look like it."""

from __future__ import annotations

import pytest

from contract_tests.device.judge_openness import BINDINGS, HTTP_RULES, IP_RULES, not_wide_open
from contract_tests.device.snapshot import Row, Snapshot

EMPTY = Snapshot({IP_RULES: (), HTTP_RULES: (), BINDINGS: ()})

OPEN: list[tuple[str, Row]] = [
    (IP_RULES, {".id": "*1", "action": "accept", "disabled": "false"}),
    (IP_RULES, {".id": "*1", "action": "accept", "dst-address": "0.0.0.0/0"}),
    (IP_RULES, {".id": "*1", "action": "accept", "dst-address": "!192.0.2.1"}),
    (IP_RULES, {".id": "*1", "action": "accept", "dst-address": "128.0.0.0/1", "server": "guests"}),
    (IP_RULES, {".id": "*1", "action": "accept", "protocol": "tcp"}),
    (HTTP_RULES, {".id": "*1", "action": "allow"}),
    (HTTP_RULES, {".id": "*1", "action": "allow", "dst-host": "*"}),
    (BINDINGS, {".id": "*1", "type": "bypassed"}),
    (BINDINGS, {".id": "*1", "type": "bypassed", "address": "10.5.50.0/24"}),
    (BINDINGS, {".id": "*1", "type": "bypassed", "address": "10.5.50.2-10.5.50.254"}),
]
NARROW: list[tuple[str, Row]] = [
    (IP_RULES, {".id": "*1", "action": "accept", "dst-address": "192.0.2.1"}),
    (IP_RULES, {".id": "*1", "action": "accept", "dst-address": "172.217.16.0/24"}),
    (IP_RULES, {".id": "*1", "action": "accept", "dst-host": "portal.example.net"}),
    (IP_RULES, {".id": "*1", "action": "accept", "protocol": "udp", "dst-port": "53"}),
    (IP_RULES, {".id": "*1", "action": "accept", "protocol": "icmp"}),
    (IP_RULES, {".id": "*1", "action": "reject"}),
    (IP_RULES, {".id": "*1", "action": "accept", "disabled": "true"}),
    (HTTP_RULES, {".id": "*1", "action": "allow", "dst-host": "*.example.net"}),
    (HTTP_RULES, {".id": "*1", "action": "deny"}),
    (HTTP_RULES, {".id": "*1", "action": "allow", "dynamic": "true"}),
    (BINDINGS, {".id": "*1", "type": "bypassed", "address": "10.5.50.7"}),
    (BINDINGS, {".id": "*1", "type": "bypassed", "mac-address": "02:00:00:00:00:01"}),
    (BINDINGS, {".id": "*1", "type": "blocked"}),
]


def _with(menu: str, row: Row) -> Snapshot:
    return Snapshot({**EMPTY.menus, menu: (row,)})


@pytest.mark.parametrize(("menu", "row"), OPEN)
def test_what_opens_everything_is_found(menu: str, row: Row) -> None:
    finding = not_wide_open(_with(menu, row), EMPTY)
    assert not finding.ok
    assert len(finding.difference) == 1


@pytest.mark.parametrize(("menu", "row"), NARROW)
def test_what_opens_one_thing_is_in_order(menu: str, row: Row) -> None:
    assert not_wide_open(_with(menu, row), EMPTY).ok


@pytest.mark.parametrize(("menu", "row"), OPEN)
def test_what_was_open_before_is_not_put_down_to_the_instance(menu: str, row: Row) -> None:
    assert not_wide_open(_with(menu, row), _with(menu, row)).ok
