"""The tables: what they promise, and how a fresh router's records look."""

import pytest

from router_sim.behaviours.catalogue import behaviours
from router_sim.clock import VirtualClock
from router_sim.engine import VERBS, Command, Origin, Trap
from router_sim.menus.catalogue import EVERY_MENU, catalogue, untouched_stores
from router_sim.router import Router
from router_sim.schema import Menu, Presence, Span, version_key
from router_sim.store import Hold
from router_sim.values import BadValue, Reference

SERVED = {
    "/interface",
    "/interface/bridge",
    "/interface/ethernet",
    "/interface/vlan",
    "/ip/address",
    "/ip/dns",
    "/interface/bridge/port",
    "/interface/list",
    "/interface/list/member",
    "/ip/service",
    "/queue/simple",
    "/queue/tree",
    "/queue/type",
    "/radius",
    "/radius/incoming",
    "/ip/arp",
    "/ip/dhcp-server",
    "/ip/dhcp-server/lease",
    "/ip/dhcp-server/network",
    "/ip/dns/cache",
    "/ip/dns/static",
    "/ip/firewall/address-list",
    "/ip/firewall/filter",
    "/ip/firewall/nat",
    "/ip/firewall/connection",
    "/ip/firewall/mangle",
    "/ip/firewall/raw",
    "/ip/cloud",
    "/ip/neighbor",
    "/ip/route",
    "/ipv6/address",
    "/routing/table",
    "/snmp",
    "/snmp/community",
    "/system/ntp/client",
    "/ip/hotspot",
    "/ip/hotspot/active",
    "/ip/hotspot/cookie",
    "/ip/hotspot/host",
    "/ip/hotspot/ip-binding",
    "/ip/hotspot/profile",
    "/ip/hotspot/service-port",
    "/ip/hotspot/user",
    "/ip/hotspot/user/profile",
    "/ip/hotspot/walled-garden",
    "/ip/hotspot/walled-garden/ip",
    "/ip/pool",
    "/ip/pool/used",
    "/certificate",
    "/file",
    "/log",
    "/system/clock",
    "/system/device-mode",
    "/system/identity",
    "/system/script/job",
    "/system/script",
    "/system/scheduler",
    "/system/routerboard",
    "/system/package/update",
    "/system/package",
    "/system/note",
    "/system/license",
    "/system/health",
    "/system/resource",
    "/system/resource/cpu",
    "/user",
    "/user/active",
    "/user/group",
    "/user/settings",
}
VERSIONS = ("6.42", "6.49", "7.9", "7.16", "7.18", "7.21", "7.22.3", "7.24")
UNSET = "0.0.0.0"  # noqa: S104 - an address nobody set, nothing binds to it
each_menu = pytest.mark.parametrize("menu", EVERY_MENU, ids=lambda menu: menu.path)


def test_these_menus_are_served() -> None:
    assert set(catalogue("7.22.3").menus) == SERVED


@each_menu
def test_a_table_is_consistent(menu: Menu) -> None:
    names = [each.name for each in menu.properties]
    for version in VERSIONS:  # a property may be there twice, each time for other versions
        there = [each.name for each in menu.properties if each.span.covers(version)]
        assert len(there) == len(set(there))
    own = behaviours().verbs(menu.store)
    assert menu.verbs <= set(VERBS) | set(own)
    assert ("comment" in menu.verbs) == ("comment" in menu.writable)
    assert not (menu.verbs - set(own)) & {"enable", "disable"} or "disabled" in menu.writable
    for unique in menu.unique:
        assert set(unique.properties) <= set(names)
    for each in menu.properties:
        if each.shown_with:
            assert each.shown_with[0] in names
        if each.required:
            assert not each.read_only
        if menu.auto_name:
            assert "name" in menu.writable


@each_menu
def test_a_default_is_a_value_of_its_type_in_printed_form(menu: Menu) -> None:
    for each in menu.properties:
        if each.default is None or (each.presence is Presence.SET and each.default == ""):
            continue
        if isinstance(each.type, Reference) and each.default not in each.type.words:
            built_in = {f"*{item.id:X}" for item in untouched_stores("7.22.3")[each.type.store]}
            assert each.default in built_in
            continue
        try:
            assert each.type.parse(each.default) == each.default, each.name
        except BadValue:
            pytest.fail(f"{menu.path} {each.name}: {each.default!r} is no value of its type")


@each_menu
def test_a_reference_leads_to_a_store_with_names(menu: Menu) -> None:
    by_store = {other.store: other for other in EVERY_MENU}
    not_served = {"/certificate", "/queue/simple", "/queue/type"}
    for _, reference in menu.references():
        assert reference.store in by_store or reference.store in not_served
        if reference.store in by_store:
            assert "name" in by_store[reference.store].by_name


def test_built_in_items_have_their_numbers() -> None:
    stores = untouched_stores("7.22.3")
    held = {
        path: [(item.key, item.values.get("name", "")) for item in store] for path, store in stores.items()
    }
    assert held["/ip/hotspot/profile"] == [("*0", "default")]
    assert held["/ip/hotspot/user/profile"] == [("*0", "default")]
    assert held["/ip/hotspot/user"] == [("*0", "default-trial")]
    assert held["/ip/hotspot/service-port"] == [("*1", "ftp")]
    assert held["/user/group"] == [("*1", "read"), ("*2", "write"), ("*3", "full")]
    assert held["/interface"] == [("*1", "ether1"), ("*2", "lo")]
    assert all(item.hold is Hold.BUILT_IN for item in stores["/ip/hotspot/profile"])


# What routers printed over the API for untouched and for added items.
def test_the_default_server_profile_is_printed_as_on_a_router(console) -> None:
    assert console.row("/ip/hotspot/profile", "default") == {
        ".id": "*0",
        "name": "default",
        "hotspot-address": UNSET,
        "dns-name": "",
        "html-directory": "hotspot",
        "html-directory-override": "",
        "http-cookie-lifetime": "3d",
        "http-proxy": "0.0.0.0:0",
        "install-hotspot-queue": "false",
        "login-by": "cookie,http-chap",
        "smtp-server": UNSET,
        "split-user-domain": "false",
        "use-radius": "false",
        "default": "true",
    }


def test_a_server_is_printed_as_on_a_router(console) -> None:
    key = console.add("/ip/hotspot", interface="vlan10", addresses_per_mac="unlimited")
    assert console.row("/ip/hotspot", key) == {
        ".id": "*1",
        "HTTPS": "false",
        "addresses-per-mac": "unlimited",
        "disabled": "false",
        "idle-timeout": "5m",
        "interface": "vlan10",
        "invalid": "false",
        "keepalive-timeout": "none",
        "login-timeout": "none",
        "name": "server1",
        "profile": "default",
        "proxy-status": "running",
    }


def test_a_user_is_printed_as_on_a_router(console) -> None:
    key = console.add(
        "/ip/hotspot/user",
        name="user1",
        password="123",
        address="192.0.2.7",
        email="mail@example.com",
        limit_uptime="00:01:00",
        limit_bytes_total="500",
        mac_address="11-00-00-00-00-00",
        routes="10.0.0.0/24",
        server="all",
    )
    assert console.row("/ip/hotspot/user", key) == {
        ".id": "*1",
        "name": "user1",
        "password": "123",
        "address": "192.0.2.7",
        "mac-address": "11:00:00:00:00:00",
        "profile": "default",
        "routes": "10.0.0.0/24",
        "email": "mail@example.com",
        "limit-uptime": "1m",
        "limit-bytes-total": "500",
        "uptime": "0s",
        "bytes-in": "0",
        "bytes-out": "0",
        "packets-in": "0",
        "packets-out": "0",
        "dynamic": "false",
        "disabled": "false",
    }


def test_a_regular_binding_does_not_print_its_type(console) -> None:
    menu = "/ip/hotspot/ip-binding"
    regular = console.add(menu, mac_address="00:00:00:00:01:10", address="192.0.2.1", to_address="192.0.2.2")
    blocked = console.add(menu, address="192.0.2.4-192.0.2.9", type="blocked", comment="out")
    assert console.row(menu, regular) == {
        ".id": "*1",
        "mac-address": "00:00:00:00:01:10",
        "address": "192.0.2.1",
        "to-address": "192.0.2.2",
        "disabled": "false",
    }
    assert console.row(menu, blocked) == {
        ".id": "*2",
        "address": "192.0.2.4-192.0.2.9",
        "type": "blocked",
        "blocked": "true",
        "disabled": "false",
        "comment": "out",
    }


def test_walled_garden_rules_print_only_the_matchers_they_have(console) -> None:
    console.add("/ip/hotspot", interface="vlan10")
    http = console.add(
        "/ip/hotspot/walled-garden",
        action="deny",
        dst_port="!123",
        method="GET",
        path="/sss",
        server="server1",
    )
    ip = console.add(
        "/ip/hotspot/walled-garden/ip",
        action="reject",
        dst_address="!192.0.2.0/32",
        dst_address_list="bbb",
        dst_port="0-65535",
        protocol="tcp",
    )
    assert console.row("/ip/hotspot/walled-garden", http) == {
        ".id": "*1",
        "action": "deny",
        "server": "server1",
        "method": "GET",
        "dst-port": "!123",
        "path": "/sss",
        "hits": "0",
        "dynamic": "false",
        "disabled": "false",
    }
    assert console.row("/ip/hotspot/walled-garden/ip", ip) == {
        ".id": "*1",
        "action": "reject",
        "dst-address": "!192.0.2.0",
        "dst-address-list": "bbb",
        "protocol": "tcp",
        "dst-port": "0-65535",
        "invalid": "false",
        "disabled": "false",
    }


def test_an_address_is_printed_as_on_a_router(console) -> None:
    key = console.add("/ip/address", address="10.0.0.1/24", interface="vlan20")
    assert console.row("/ip/address", key) == {
        ".id": "*1",
        "actual-interface": "vlan20",
        "address": "10.0.0.1/24",
        "disabled": "false",
        "dynamic": "false",
        "interface": "vlan20",
        "invalid": "false",
        "network": "10.0.0.0",
        "slave": "false",
        "vrf": "main",
    }


def test_values_of_any_bytes_come_back_as_they_were(console) -> None:
    odd = 'd\udce9j\udce0=vu\r\n"café"\x01,'
    key = console.add("/ip/hotspot/user", name=odd, comment=odd, password=odd)
    row = console.row("/ip/hotspot/user", key)
    assert (row["name"], row["comment"], row["password"]) == (odd, odd, odd)


def test_settings_that_need_another_are_printed_with_it(console) -> None:
    console.set("/ip/hotspot/profile", "default", login_by="trial,mac", use_radius="yes")
    row = console.row("/ip/hotspot/profile", "default")
    assert row["login-by"] == "mac,trial"
    assert (row["trial-uptime-limit"], row["trial-user-profile"]) == ("30m", "default")
    assert (row["radius-accounting"], row["mac-auth-mode"]) == ("true", "mac-as-username")


@pytest.mark.parametrize(
    ("version", "known"), [("7.21.2", False), ("7.21.3", True), ("7.22.3", True), ("6.49.10", False)]
)
def test_a_property_exists_from_its_version_on(version: str, known: bool) -> None:
    router = Router(name="r", clock=VirtualClock(), version=version)
    command = Command("/ip/hotspot/user/add", {"name": "a", "otp-secret": "x"})
    if known:
        assert router.execute(command, Origin("admin", "::1")).ret == "*1"
    else:
        with pytest.raises(Trap, match="unknown parameter otp-secret"):
            router.execute(command, Origin("admin", "::1"))


def test_versions_are_compared_by_their_numbers() -> None:
    assert Span(since="7.9", until="7.22").covers("7.21.5")
    assert not Span(since="7.9").covers("7.8.9")
    assert not Span(until="7.22").covers("7.22rc1")
    assert version_key("7.24rc2") == (7, 24)
    with pytest.raises(ValueError, match="write it like"):
        version_key("latest")
