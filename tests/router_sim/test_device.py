"""Interfaces, addresses, pools, files, clock and resources of a router."""

import pytest

from router_sim.clock import VirtualClock

FILES = "/file"


# -- interfaces and addresses ------------------------------------------------------------------------


def test_all_interfaces_are_shown_in_one_menu_under_the_same_numbers(console) -> None:
    console.add("/interface/bridge", name="br")
    rows = {row["name"]: row for row in console.rows("/interface")}
    assert {name: row["type"] for name, row in rows.items()} == {
        "ether1": "ether",
        "lo": "loopback",
        "vlan10": "vlan",
        "vlan20": "vlan",
        "vlan30": "vlan",
        "br": "bridge",
    }
    assert console.row("/interface/bridge", "br")[".id"] == rows["br"][".id"]
    assert console.trap("/interface/bridge/set", {".id": "vlan10", "comment": "x"}) == (("no such item", 0),)
    assert console.names("/interface/ethernet") == ["ether1"]


def test_a_virtual_lan_runs_while_what_is_below_it_does(console) -> None:
    console.run("/interface/ethernet/disable", {".id": "ether1"})
    assert console.row("/interface/vlan", "vlan10")["running"] == "false"
    assert console.row("/interface", "vlan10")["disabled"] == "false"
    console.run("/interface/enable", {".id": "ether1"})
    assert console.row("/interface", "vlan10")["running"] == "true"


def test_virtual_lans_on_each_other_do_not_hang_the_router(console) -> None:
    console.set("/interface/vlan", "vlan10", interface="vlan20")
    console.set("/interface/vlan", "vlan20", interface="vlan10")
    assert console.row("/interface", "vlan10")["running"] == "false"


def test_a_bridge_without_a_working_mtu_of_its_own_reports_the_usual_one(console) -> None:
    console.add("/interface/bridge", name="br")
    row = console.row("/interface/bridge", "br")
    assert (row["mtu"], row["actual-mtu"], row["priority"]) == ("auto", "1500", "0x8000")
    console.set("/interface/bridge", "br", mtu="1400", admin_mac="02-00-00-00-00-99")
    row = console.row("/interface", "br")
    assert (row["mtu"], row["actual-mtu"], row["mac-address"]) == ("1400", "1400", "02:00:00:00:00:99")


@pytest.mark.parametrize(
    ("given", "address", "network"),
    [
        ({"address": "10.0.0.111/24"}, "10.0.0.111/24", "10.0.0.0"),
        ({"address": "10.0.0.111"}, "10.0.0.111/32", "10.0.0.111"),
        ({"address": "10.0.0.111", "netmask": "255.255.0.0"}, "10.0.0.111/16", "10.0.0.0"),
        ({"address": "10.0.0.1/32", "network": "10.0.0.2"}, "10.0.0.1/32", "10.0.0.2"),
    ],
)
def test_the_network_follows_from_the_address(
    console, given: dict[str, str], address: str, network: str
) -> None:
    key = console.run("/ip/address/add", {**given, "interface": "vlan10"}).ret
    row = console.row("/ip/address", key)
    assert (row["address"], row["network"]) == (address, network)


def test_a_changed_address_changes_its_network(console) -> None:
    key = console.add("/ip/address", address="10.0.0.1/24", interface="vlan10")
    console.set("/ip/address", key, address="10.9.0.1/16")
    assert console.row("/ip/address", key)["network"] == "10.9.0.0"
    console.set("/ip/address", key, network="10.9.9.9")
    assert console.row("/ip/address", key)["network"] == "10.9.9.9"
    console.run("/ip/address/reset", {"numbers": key, "network": ""})
    console.set("/ip/address", key, comment="x")
    assert console.row("/ip/address", key)["network"] == "10.9.0.0"
    assert console.trap("/ip/address/set", {".id": key, "netmask": "255.0.255.0"}) == (
        ("invalid value for argument netmask", 1),
    )


def test_an_address_is_invalid_while_its_interface_is_disabled(console) -> None:
    key = console.add("/ip/address", address="10.0.0.1/24", interface="vlan10")
    console.run("/interface/disable", {".id": "vlan10"})
    assert console.row("/ip/address", key)["invalid"] == "true"
    console.run("/interface/enable", {".id": "vlan10"})
    assert console.row("/ip/address", key)["invalid"] == "false"


def test_a_pool_counts_its_addresses(console) -> None:
    key = console.add("/ip/pool", ranges="10.0.0.2-10.0.0.9,10.0.1.0/24,10.0.2.1")
    row = console.row("/ip/pool", key)
    assert (row["total"], row["available"], row["used"]) == ("265", "265", "0")
    assert console.rows("/ip/pool/used") == []


# -- files -------------------------------------------------------------------------------------------


def test_a_file_has_size_type_and_date(console, still_clock: VirtualClock) -> None:
    key = console.add(FILES, name="hotspot/login.html", contents="<p>käse</p>")
    assert console.row(FILES, key) == {
        ".id": "*1",
        "name": "hotspot/login.html",
        "type": ".html file",
        "size": "12",
        "last-modified": "2026-03-01 12:00:00",
        "contents": "<p>käse</p>",
    }
    still_clock.advance(3600)
    console.set(FILES, "hotspot/login.html", contents="")
    row = console.row(FILES, key)
    assert (row["size"], row["last-modified"]) == ("0", "2026-03-01 13:00:00")


def test_a_directory_takes_along_what_is_in_it(console) -> None:
    console.add(FILES, name="hs", type="directory")
    console.add(FILES, name="hs/css", type="directory")
    console.add(FILES, name="hs/css/style.css", contents="p {}")
    console.add(FILES, name="hsx.txt")
    assert console.row(FILES, "hs") == {
        ".id": "*1",
        "name": "hs",
        "type": "directory",
        "last-modified": "2026-03-01 12:00:00",
    }
    console.set(FILES, "hs", name="portal")
    assert console.names(FILES) == ["portal", "portal/css", "portal/css/style.css", "hsx.txt"]
    console.run(f"{FILES}/remove", {".id": "portal,portal/css"})
    assert console.names(FILES) == ["hsx.txt"]


def test_what_files_cannot_do(console) -> None:
    key = console.add(FILES, name="a.txt")
    assert console.trap(f"{FILES}/add", {"name": "a.txt"})
    assert console.trap(f"{FILES}/add", {"name": "d", "type": "directory", "contents": "x"})
    assert console.trap(f"{FILES}/set", {".id": key, "type": "directory"})
    assert console.trap(f"{FILES}/read", {}) == (("missing =file=", None),)
    assert console.trap(f"{FILES}/read", {"file": "b"}) == (("no such item", 0),)
    assert console.trap(f"{FILES}/read", {"file": "a.txt", "offset": "x"}) == (
        ("invalid value for argument offset", 1),
    )


def test_a_file_is_read_in_parts(console) -> None:
    console.add(FILES, name="a.txt", contents="0123456789")
    reply = console.run(f"{FILES}/read", {"file": "a.txt", "offset": "3", "chunk-size": "4"})
    assert reply.rows == ({"data": "3456"},)


# -- clock and resources -----------------------------------------------------------------------------


def test_the_clock_shows_time_in_its_zone(console, still_clock: VirtualClock) -> None:
    (row,) = console.rows("/system/clock")
    assert (row["date"], row["time"], row["gmt-offset"]) == ("2026-03-01", "12:00:00", "+00:00")
    console.run("/system/clock/set", {"time-zone-name": "America/New_York", "time-zone-autodetect": "no"})
    (row,) = console.rows("/system/clock")
    assert (row["time"], row["gmt-offset"], row["dst-active"]) == ("07:00:00", "-05:00", "false")
    still_clock.advance(140 * 86400)
    (row,) = console.rows("/system/clock")
    assert (row["time"], row["gmt-offset"], row["dst-active"]) == ("08:00:00", "-04:00", "true")


def test_the_clock_can_be_set_and_runs_on(console, still_clock: VirtualClock) -> None:
    console.add("/ip/firewall/address-list", list="l", address="10.0.0.1", timeout="1h")
    console.run("/system/clock/set", {"date": "may/17/2024", "time": "17:58:11"})
    still_clock.advance(9)
    (row,) = console.rows("/system/clock")
    assert (row["date"], row["time"]) == ("2024-05-17", "17:58:20")
    # what runs out does not care
    assert console.rows("/ip/firewall/address-list")[0]["timeout"] == "59m51s"


def test_resources_tell_version_and_uptime(console, still_clock: VirtualClock) -> None:
    still_clock.advance(93784)
    (row,) = console.rows("/system/resource")
    assert (row["version"], row["uptime"], row["board-name"]) == ("7.22.3 (stable)", "1d2h3m4s", "CHR")
    assert (
        console.trap("/system/resource/set", {"uptime": "0s"})[0][0] == "no such command or directory (set)"
    )
