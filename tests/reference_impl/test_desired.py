"""What a router shall hold, from claims and from what the router is."""

from collections.abc import Mapping

import pytest

from reference_impl.provisioning.desired import Claim, Portal, desired, technical_password
from reference_impl.provisioning.menus import (
    ADDRESS,
    SERVER,
    SERVER_PROFILE,
    USER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Operation,
    duration,
    same,
    seconds,
)
from reference_impl.provisioning.pages import login_page
from tests.reference_impl.menu_model import PORTAL, SITE, A, B, claim, operators_things


@pytest.mark.parametrize("disabled", ["true", "false"])
def test_an_interface_with_an_operators_server_is_left_alone(disabled: str) -> None:
    rows = operators_things()
    rows[SERVER].append({".id": "*7", "name": "lounge", "interface": "vlan-2", "disabled": disabled})
    goal = desired([claim(A, 0), claim(A, 1)], rows, PORTAL)
    [missed] = goal.unprovisioned
    assert (missed.subnet, "vlan-2" in missed.reason) == ("10.5.51.0/24", True)
    assert {item.properties["interface"] for item in goal.items if item.menu == SERVER} == {"bridge-guest"}


@pytest.mark.parametrize("flag", ["disabled", "invalid"])
def test_addresses_that_do_not_work_do_not_count(flag: str) -> None:
    rows = operators_things()
    rows[ADDRESS][0][flag] = "true"
    goal = desired([claim(A, 0)], rows, PORTAL)
    assert goal.items == ()
    assert "no enabled address" in goal.unprovisioned[0].reason


@pytest.mark.parametrize(
    ("subnet", "interface"),
    [
        ("10.5.50.0/24", "bridge-guest"),
        ("10.5.50.128/26", "bridge-guest"),
        ("10.5.48.0/22", "wide"),
        ("10.9.0.0/24", "wide"),
    ],
)
def test_the_smallest_network_that_holds_the_subnet_counts(subnet: str, interface: str) -> None:
    rows = operators_things()
    rows[ADDRESS].insert(0, {".id": "*9", "address": "10.0.0.1/8", "interface": "wide"})
    rows[ADDRESS].append({".id": "*A", "address": "garbage", "interface": "x"})
    goal = desired([Claim(A, SITE, subnet, 3600)], rows, PORTAL)
    found = [item.properties["interface"] for item in goal.items if item.menu == SERVER]
    assert found == [interface]


def test_one_server_per_interface() -> None:
    halves = [Claim(A, SITE, "10.5.50.0/25", 3600), Claim(A, SITE, "10.5.50.128/26", 3600)]
    goal = desired([*halves, Claim(B, SITE, "10.5.50.192/26", 3600)], operators_things(), PORTAL)
    assert [item.key for item in goal.items if item.menu == SERVER] == [("pc-aaaaaaaa-10.5.50.1",)]
    assert [missed.instance_id for missed in goal.unprovisioned] == [B]
    # Whoever reads this may not be the other instance's tenant.
    assert goal.unprovisioned[0].reason == "interface bridge-guest already serves another instance"


def items_of(portal: Portal) -> dict[str, Mapping[str, str]]:
    goal = desired([claim(A, 0)], operators_things(), portal)
    return {item.menu: item.properties for item in goal.items}


def test_what_a_server_needs() -> None:
    items = items_of(PORTAL)
    assert items[SERVER_PROFILE]["login-by"] == "http-chap,http-pap"
    assert items[SERVER_PROFILE]["hotspot-address"] == "10.5.50.1"
    assert items[USER_PROFILE]["shared-users"] == "unlimited"
    assert items[WALLED_GARDEN_IP]["dst-address"] == "192.0.2.80"
    assert items[WALLED_GARDEN_IP]["dst-port"] == "80"
    named = items_of(Portal("https://portal.example.net/captive", "portal.example.net", "s"))
    assert named[WALLED_GARDEN_IP]["dst-port"] == "443"
    assert named[WALLED_GARDEN_IP]["dst-host"] == "portal.example.net"
    assert "dst-address" not in named[WALLED_GARDEN_IP]


def test_the_login_page_leads_to_the_portal_with_what_it_needs() -> None:
    page = login_page(A, SITE, PORTAL.base)
    assert f"{PORTAL.base}/portal/{A}?site={SITE}&amp;server=$(server-name)" in page
    assert "&amp;mac=$(mac-esc)&amp;ip=$(ip)&amp;" in page
    assert "link-login-only=$(link-login-only-esc)&amp;link-orig=$(link-orig-esc)" in page
    assert len(page) < 4096


def test_technical_passwords_differ_and_are_not_guessable() -> None:
    passwords = {
        technical_password(secret, instance, server)
        for secret in "st"
        for instance in (A, B)
        for server in "12"
    }
    assert len(passwords) == 8
    assert all(len(password) == 64 for password in passwords)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1200, "20m"),
        (43200, "12h"),
        (604800, "1w"),
        (90061, "1d1h1m1s"),
        (86400, "1d"),
        (3601, "1h1s"),
        (0, "0s"),
    ],
)
def test_durations_are_written_and_read_as_routers_print_them(number: int, text: str) -> None:
    assert duration(number) == text
    assert seconds(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("1d01:01:01", 90061), ("00:10:00", 600), ("3w4d5h42m47s", 2180567), ("1m500ms", 60), ("453us", 0)],
)
def test_other_forms_of_durations_are_read(text: str, number: int) -> None:
    assert seconds(text) == number


@pytest.mark.parametrize(
    ("wanted", "printed", "expected"),
    [
        ("yes", "true", True),
        ("no", "true", False),
        ("none", "none", True),
        ("none", "", True),
        ("none", "2m", False),
        ("2m", "", False),
    ],
)
def test_values_count_as_the_same_however_a_router_prints_them(
    wanted: str, printed: str, expected: bool
) -> None:
    assert same(wanted, printed) is expected


def test_operations_are_shown_without_passwords() -> None:
    operation = Operation("add", USER, None, {"name": "n", "password": "hidden"})
    assert str(operation) == "/ip/hotspot/user/add n"
