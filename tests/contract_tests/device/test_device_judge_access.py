"""What a guest who has not logged in may reach, judged on rows: routers that keep the contract, and others."""

from __future__ import annotations

import pytest

from contract_tests.device import judge_access as access
from contract_tests.device.snapshot import Row, Snapshot
from contract_tests.events import DeviceWrite, WriteKind

SUBNET = "10.5.50.0/24"
SERVER = "/ip/hotspot"
GARDEN_IP = "/ip/hotspot/walled-garden/ip"
GARDEN = "/ip/hotspot/walled-garden"
BINDING = "/ip/hotspot/ip-binding"
LISTS = "/ip/firewall/address-list"


def row(identifier: str, **properties: str) -> Row:
    return {".id": identifier, **{name.replace("_", "-"): value for name, value in properties.items()}}


GUARD = row("*2", name="guests", interface="bridge", profile="guests", disabled="false", invalid="false")


def router(**extra: list[Row]) -> Snapshot:
    menus: dict[str, list[Row]] = {
        "/ip/address": [row("*1", address="10.5.50.1/24", interface="bridge")],
        SERVER: [GUARD],
        "/ip/hotspot/profile": [row("*1", name="guests", hotspot_address="10.5.50.1", login_by="http-pap")],
        GARDEN_IP: [row("*9", action="accept", dst_host="portal.test", server="guests")],
        GARDEN: [],
        BINDING: [],
        LISTS: [],
    }
    for name, rows in extra.items():
        path = {"garden_ip": GARDEN_IP, "garden": GARDEN, "binding": BINDING, "lists": LISTS}[name]
        menus[path] = [*menus[path], *rows]
    return Snapshot({path: tuple(rows) for path, rows in menus.items()})


def unguarded() -> Snapshot:
    return Snapshot({**router().menus, SERVER: ()})


def write(menu: str, change: WriteKind, record: Row) -> DeviceWrite:
    return DeviceWrite("site", "2026-01-01T00:00:00Z", menu, record[".id"], change, record, "test")


def accept(**where: str) -> Row:
    return row("*A", action="accept", **where)


def test_a_stranger_has_an_address_that_nothing_names() -> None:
    guest = access.stranger(router(lists=[row("*1", list="x", address="10.5.50.254")]), SUBNET)
    assert guest is not None
    assert (guest.address, guest.interface) == ("10.5.50.253", "bridge")
    assert access.stranger(router(), "192.0.2.0/24") is None


def test_a_guarded_guest_is_captive() -> None:
    found = access.captive(router(), SUBNET)
    assert found.ok
    assert found.visible
    assert "redirected to http://10.5.50.1/login" in found.message


@pytest.mark.parametrize(
    "extra",
    [
        {"garden_ip": [accept()]},
        {"garden_ip": [accept(dst_address="198.51.100.0/24")]},
        {"garden_ip": [accept(protocol="udp")]},
        {"garden_ip": [accept(protocol="icmp")]},
        {"garden": [row("*A", action="allow", dst_host="*")]},
        {"binding": [row("*A", type="bypassed", address="10.5.50.0-10.5.50.255")]},
    ],
)
def test_an_open_router_does_not_keep_its_guests(extra: dict[str, list[Row]]) -> None:
    found = access.captive(router(**extra), SUBNET)
    assert not found.ok
    assert "*A" in "".join(found.difference) or "add" in "".join(found.difference)


def test_without_a_hotspot_server_rows_say_nothing() -> None:
    for found in (
        access.captive(unguarded(), SUBNET),
        access.opened(unguarded(), SUBNET, ["192.0.2.1"]),
        access.providers_closed(unguarded(), SUBNET, ["accounts.google.com"]),
        access.captive_throughout(unguarded(), [], SUBNET),
    ):
        assert not found.visible


def test_a_garden_is_open_for_its_addresses_alone() -> None:
    inside, beside = access.edges("203.0.113.64/28")
    assert inside == ("203.0.113.64", "203.0.113.79")
    assert beside == ("203.0.113.63", "203.0.113.80")
    exact = router(garden_ip=[accept(dst_address="203.0.113.64/28")])
    wide = router(garden_ip=[accept(dst_address="203.0.113.0/24")])
    narrow = router(garden_ip=[accept(dst_address="203.0.113.64")])
    web_alone = router(garden=[row("*A", action="allow", dst_host="203.0.113.64")])
    assert access.opened(exact, SUBNET, inside).ok
    assert access.closed(exact, SUBNET, beside).ok
    assert access.opened(wide, SUBNET, inside).ok
    assert not access.closed(wide, SUBNET, beside).ok
    assert not access.opened(narrow, SUBNET, inside).ok
    assert not access.opened(web_alone, SUBNET, inside).ok


def test_the_edges_of_a_single_address() -> None:
    assert access.edges("203.0.113.7/32") == (("203.0.113.7",), ("203.0.113.6", "203.0.113.8"))
    assert access.edges("203.0.113.7") == access.edges("203.0.113.7/32")


def test_a_provider_is_closed_outside_a_login() -> None:
    hosts = ["accounts.google.com", "github.com"]
    assert access.providers_closed(router(), SUBNET, hosts).ok
    window = accept(dst_host="github.com", src_address_list="logging-in")
    assert access.providers_closed(router(garden_ip=[window]), SUBNET, hosts).ok
    everybody = row("*1", list="logging-in", address="10.5.50.0/24")
    assert not access.providers_closed(router(garden_ip=[window], lists=[everybody]), SUBNET, hosts).ok
    assert not access.providers_closed(router(garden_ip=[accept(dst_host="github.com")]), SUBNET, hosts).ok
    unresolved = accept(dst_host="github.com", invalid="true")
    assert not access.providers_closed(router(garden_ip=[unresolved]), SUBNET, hosts).ok
    pattern = row("*A", action="allow", dst_host="*.google.com")
    assert not access.providers_closed(router(garden=[pattern]), SUBNET, hosts).ok


OFF = {**GUARD, "disabled": "true"}
WIDE = accept()


@pytest.mark.parametrize(
    ("writes", "good"),
    [
        ([], None),
        ([write(SERVER, "changed", {**GUARD, "profile": "default"})], True),
        ([write(SERVER, "removed", GUARD)], None),  # given up for good
        ([write(SERVER, "removed", GUARD), write(SERVER, "added", {**GUARD, ".id": "*3"})], False),
        ([write(SERVER, "changed", OFF), write(SERVER, "changed", GUARD)], False),
        (
            [
                write(SERVER, "added", {**GUARD, ".id": "*3", "invalid": "true"}),
                write(SERVER, "removed", GUARD),
            ],
            True,
        ),
        ([write(GARDEN_IP, "added", WIDE), write(GARDEN_IP, "removed", WIDE)], False),
        ([write(GARDEN_IP, "added", WIDE), write(SERVER, "removed", GUARD)], False),
    ],
)
def test_captive_after_every_write(writes: list[DeviceWrite], good: bool | None) -> None:
    found = access.captive_throughout(router(), writes, SUBNET)
    assert found.visible is (good is not None)
    assert found.ok is not (good is False)


def test_a_subnet_that_is_yet_to_be_guarded_is_judged_from_then_on() -> None:
    bare = unguarded()
    safe = [write(GARDEN_IP, "added", accept(dst_host="portal.test")), write(SERVER, "added", GUARD)]
    assert access.captive_throughout(bare, safe, SUBNET).ok
    late = [write(SERVER, "added", GUARD), write(GARDEN_IP, "added", WIDE)]
    assert not access.captive_throughout(bare, late, SUBNET).ok


def test_the_operators_server_is_left_alone() -> None:
    before = router()
    beside = Snapshot({**before.menus, SERVER: (GUARD, {**GUARD, ".id": "*3", "name": "ours"})})
    taken = Snapshot({**before.menus, SERVER: ({**GUARD, ".id": "*3"},)})
    assert access.operators_own(before, before, SUBNET).ok
    assert "another hotspot server" in access.operators_own(before, beside, SUBNET).message
    assert "no longer guards" in access.operators_own(before, taken, SUBNET).message
    assert not access.operators_own(unguarded(), before, SUBNET).visible
