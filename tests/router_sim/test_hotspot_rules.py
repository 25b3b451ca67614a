"""What a router makes of its hotspot elsewhere: firewall rules, names, walled garden, queues, addresses."""

import pytest

from router_sim.behaviours import dns
from router_sim.clock import VirtualClock
from router_sim.router import Router
from tests.router_sim.conftest import Console

SERVERS = "/ip/hotspot"
ACTIVE = "/ip/hotspot/active"
HOSTS = "/ip/hotspot/host"
USERS = "/ip/hotspot/user"
PROFILES = "/ip/hotspot/user/profile"
SERVER_PROFILE = "/ip/hotspot/profile"
GARDEN = "/ip/hotspot/walled-garden"
ADDRESSES = "/ip/hotspot/walled-garden/ip"
NAT = "/ip/firewall/nat"
FILTER = "/ip/firewall/filter"
NAMES = "/ip/dns/static"
QUEUES = "/queue/simple"
MAC = "02:00:5E:00:53:01"
OTHER = "02:00:5E:00:53:02"
IP = "10.0.0.5"
TOLD = (
    "jump-target", "to-ports", "reject-with", "hotspot", "protocol", "dst-port", "src-port", "dst-address",
    "src-address", "in-interface", "out-interface",
)  # fmt: skip
UPSTREAM = {"shop.example": ["192.0.2.7", "192.0.2.8"], "portal.example": ["198.51.100.1"]}


@pytest.fixture
def site(still_clock: VirtualClock) -> Console:
    """A router whose uplink knows some names, with two networks for guests."""
    router = Router(
        name="r1", clock=still_clock, password="secret", resolve=lambda name: UPSTREAM.get(name, ())
    )
    console = Console(router)
    for number in ("10", "20"):
        console.add("/interface/vlan", name=f"vlan{number}", interface="ether1", vlan_id=number)
        console.add("/ip/address", address=f"10.0.{int(number) - 10}.1/24", interface=f"vlan{number}")
    router.mark_initial()
    return console


def shape(console, menu: str, chain: str) -> list[str]:
    """The rules of a chain in few words: action, target or port, conditions."""
    shown = []
    for row in console.rows(menu, f"chain={chain}"):
        words = [row[name] for name in ("action", *TOLD) if name in row]
        shown.append(" ".join(words) + (" I" if row["invalid"] == "true" else ""))
    return shown


def test_the_rules_are_those_of_the_manual(site) -> None:
    site.add(NAT, chain="srcnat", action="masquerade", comment="the operator's own")
    site.add(SERVERS, name="hs", interface="vlan10")
    assert site.rows(NAT)[-1]["comment"] == "the operator's own"
    assert {row["dynamic"] for row in site.rows(NAT)[:-1]} == {"true"}
    assert shape(site, NAT, "dstnat") == ["jump hotspot from-client"]
    assert shape(site, NAT, "hotspot") == [
        "jump pre-hotspot I",
        "redirect 64872 udp 53",
        "redirect 64872 tcp 53",
        "redirect 64873 local-dst tcp 80",
        "redirect 64875 local-dst tcp 443",
        "jump hs-unauth !auth tcp",
        "jump hs-auth auth tcp",
    ]
    assert shape(site, NAT, "hs-unauth") == [
        "redirect 64874 tcp 80",
        "redirect 64874 tcp 3128",
        "redirect 64874 tcp 8080",
        "redirect 64875 tcp 443",
        "jump hs-smtp tcp 25 I",
    ]
    assert shape(site, NAT, "hs-auth") == ["redirect 64874 http tcp", "jump hs-smtp tcp 25 I"]
    assert shape(site, FILTER, "forward") == [
        "jump hs-unauth from-client,!auth",
        "jump hs-unauth-to to-client,!auth",
    ]
    assert shape(site, FILTER, "input") == ["jump hs-input from-client", "drop !from-client tcp 64872-64875"]
    assert shape(site, FILTER, "hs-input") == [
        "jump pre-hs-input I",
        "accept udp 64872",
        "accept tcp 64872-64875",
        "jump hs-unauth !auth",
    ]
    assert shape(site, FILTER, "hs-unauth") == ["reject tcp-reset tcp", "reject icmp-net-prohibited"]
    assert shape(site, FILTER, "hs-unauth-to") == ["reject icmp-host-prohibited"]


def test_the_rules_stand_where_they_are_told_to(site) -> None:
    for comment in ("first", "place hotspot rules here", "last"):
        chain = "unused-hs-chain" if "place" in comment else "srcnat"
        site.add(NAT, chain=chain, action="passthrough", comment=comment)
    site.add(SERVERS, name="hs", interface="vlan10")
    comments = [row.get("comment", "-") for row in site.rows(NAT)]
    assert comments == ["first", "place hotspot rules here", *["-"] * 15, "last"]


@pytest.mark.parametrize("verb", ["remove", "disable"])
def test_nothing_is_left_when_the_last_server_goes(site, verb: str) -> None:
    site.add(ADDRESSES, dst_host="shop.example")
    site.add(QUEUES, name="own", target="10.0.0.0/24")
    site.set(SERVER_PROFILE, "default", dns_name="hs.example", hotspot_address="10.0.0.1")
    site.set(SERVER_PROFILE, "default", install_hotspot_queue="yes", smtp_server="10.0.0.25")
    watched = (NAT, FILTER, NAMES, GARDEN, ADDRESSES, QUEUES, "/ip/pool/used", "/ip/firewall/address-list")
    before = {menu: site.rows(menu) for menu in watched}
    site.add(SERVERS, name="hs", interface="vlan10")
    one = {menu: site.rows(menu) for menu in watched}
    assert all(len(one[menu]) > len(before[menu]) for menu in (NAT, FILTER, NAMES, GARDEN, QUEUES))
    site.add(SERVERS, name="hs2", interface="vlan20")
    assert {menu: site.rows(menu) for menu in (NAT, FILTER, NAMES)} == {
        menu: one[menu] for menu in (NAT, FILTER, NAMES)
    }
    site.run(f"{SERVERS}/{verb}", {"numbers": "hs"})
    assert site.rows(NAT) == one[NAT]
    site.run(f"{SERVERS}/{verb}", {"numbers": "hs2"})
    assert {menu: site.rows(menu) for menu in watched} == before


def test_a_server_that_takes_over_finds_the_rules_in_place(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    site.add(SERVERS, name="next", interface="vlan10")
    before = site.rows(NAT)
    site.run(f"{SERVERS}/disable", {"numbers": "hs"})
    assert site.rows(NAT) == before
    site.set(SERVERS, "next", interface="vlan20")
    assert site.rows(NAT) == before


def test_nobody_changes_what_the_router_made(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    rule = site.rows(NAT)[0][".id"]
    assert site.trap(f"{NAT}/set", {"numbers": rule, "comment": "x"})[0][0].startswith(
        "failure: can not change dynamic"
    )
    assert site.trap(f"{NAT}/remove", {"numbers": rule})[0][0].startswith("failure: can not remove dynamic")


def test_mail_goes_to_the_server_of_the_profile(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    site.set(SERVER_PROFILE, "default", smtp_server="10.0.0.25")
    assert [row["to-addresses"] for row in site.rows(NAT, "chain=hs-smtp")] == ["10.0.0.25"]
    assert shape(site, NAT, "hs-auth")[-1] == "jump hs-smtp tcp 25"
    site.set(SERVER_PROFILE, "default", smtp_server="0.0.0.0")  # noqa: S104 - none
    assert site.rows(NAT, "chain=hs-smtp") == []


def test_the_name_of_a_hotspot_leads_to_it(site) -> None:
    site.add(SERVER_PROFILE, name="p", dns_name="hs.example")
    site.add(SERVERS, name="hs", interface="vlan20", profile="p")

    def names() -> list[tuple[str, str, str]]:
        return [(row["name"], row["address"], row["dynamic"]) for row in site.rows(NAMES)]

    assert names() == [("hs.example", "10.0.10.1", "true")]
    assert site.row(SERVERS, "hs")["ip-of-dns-name"] == "10.0.10.1"
    site.set(SERVER_PROFILE, "p", hotspot_address="10.0.10.9")
    assert names() == [("hs.example", "10.0.10.9", "true")]
    site.run(f"{SERVER_PROFILE}/remove", {"numbers": "p"})
    assert site.row(SERVERS, "hs")["profile"] == "default"
    assert names() == []


# -- the walled garden -----------------------------------------------------------------------------------


def test_rows_of_the_walled_garden_are_rules_in_their_order(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    site.add(ADDRESSES, dst_address="192.0.2.1", protocol="tcp", dst_port="443", server="hs")
    site.add(ADDRESSES, dst_address="192.0.2.2", protocol="udp", action="reject")
    first = site.add(
        ADDRESSES, dst_address="192.0.2.3", action="drop", src_address="10.0.0.9", place_before="*1"
    )
    assert shape(site, NAT, "hs-unauth")[:2] == [
        "return 192.0.2.3 10.0.0.9",
        "return tcp 443 192.0.2.1 vlan10",
    ]
    assert shape(site, FILTER, "hs-unauth") == [
        "drop 192.0.2.3 10.0.0.9",
        "return tcp 443 192.0.2.1 vlan10",
        "reject icmp-net-prohibited udp 192.0.2.2",
        "reject tcp-reset tcp",
        "reject icmp-net-prohibited",
    ]
    assert shape(site, FILTER, "hs-unauth-to") == [
        "return tcp 443 192.0.2.1 vlan10",
        "reject icmp-host-prohibited",
    ]
    site.run(f"{ADDRESSES}/move", {"numbers": first})
    assert shape(site, FILTER, "hs-unauth")[0] == "return tcp 443 192.0.2.1 vlan10"
    assert shape(site, FILTER, "hs-unauth")[2] == "drop 192.0.2.3 10.0.0.9"
    site.set(ADDRESSES, first, action="accept")
    assert shape(site, FILTER, "hs-unauth")[2] == "return 192.0.2.3 10.0.0.9"
    site.run(f"{ADDRESSES}/disable", {"numbers": first})
    site.run(f"{ADDRESSES}/remove", {"numbers": "*1,*2"})
    assert len(shape(site, FILTER, "hs-unauth")) == 2
    assert len(shape(site, NAT, "hs-unauth")) == 5


def test_a_name_stands_for_its_addresses(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    row = site.add(ADDRESSES, dst_host="shop.example", dst_address_list="ignored", server="hs")
    made = [
        (each["dst-address"], each["action"], each["comment"], each["server"], each["dynamic"])
        for each in site.rows(GARDEN)
    ]
    assert made == [(address, "allow", "shop.example", "hs", "true") for address in UPSTREAM["shop.example"]]
    rules = site.rows(FILTER, "chain=hs-unauth", "comment=shop.example")
    assert [rule["dst-address"] for rule in rules] == UPSTREAM["shop.example"]
    assert not any("dst-address-list" in rule for rule in rules)
    assert site.row(ADDRESSES, row)["invalid"] == "false"
    # the operator's record wins over the uplink, at once
    site.add(NAMES, name="shop.example", address="10.9.9.9")
    assert [each["dst-address"] for each in site.rows(GARDEN)] == ["10.9.9.9"]
    site.set(ADDRESSES, row, dst_host="nowhere.example")
    assert site.rows(GARDEN) == []
    assert site.row(ADDRESSES, row)["invalid"] == "true"
    assert site.rows(FILTER, "comment=nowhere.example") == []


def test_names_are_asked_again_on_demand(site) -> None:
    known = ["192.0.2.20"]
    router = Router(name="r2", clock=site.router._clock, resolve=lambda name: known)
    console = Console(router)
    console.add(SERVERS, name="hs", interface="ether1")
    console.add(ADDRESSES, dst_host="cdn.example")
    (before,) = console.rows(GARDEN)
    router.hotspot.refresh()
    assert console.rows(GARDEN) == [before]
    known[:] = ["192.0.2.21", "192.0.2.22"]
    router.hotspot.refresh()
    assert [row["dst-address"] for row in console.rows(GARDEN)] == known


def test_a_name_with_wildcards_stands_for_what_guests_asked_for(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    row = site.add(ADDRESSES, dst_host="*.example")
    assert site.rows(GARDEN) == []
    assert site.row(ADDRESSES, row)["invalid"] == "false"
    site.router.write(lambda tx: dns.note(tx, "shop.example", UPSTREAM["shop.example"]))
    site.router.write(lambda tx: dns.note(tx, "shop.test", ["192.0.2.99"]))
    assert [each["dst-address"] for each in site.rows(GARDEN)] == UPSTREAM["shop.example"]


def test_rules_for_pages_count_their_hits(site) -> None:
    row = site.add(GARDEN, dst_host="shop.example")
    for number in (row, row, "*99", "nonsense"):
        site.router.hotspot.hit(number)
    assert site.row(GARDEN, row)["hits"] == "2"
    site.run(f"{GARDEN}/reset-counters", {"numbers": row})
    assert site.row(GARDEN, row)["hits"] == "0"


# -- queues ----------------------------------------------------------------------------------------------


def test_a_rate_is_a_queue_for_as_long_as_the_session(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    site.add(USERS, name="guest")
    site.set(PROFILES, "default", rate_limit="512k/1M 1M/2M 256k/512k 10/20 5 64k", shared_users="2")
    hotspot = site.router.hotspot
    hotspot.seen(MAC, IP, "vlan10")
    hotspot.seen(OTHER, "10.0.0.6", "vlan10")
    for address in (IP, "10.0.0.6"):
        site.run(f"{ACTIVE}/login", {"user": "guest", "ip": address})
    first, second = site.rows(QUEUES)
    assert (first["name"], second["name"]) == ("<hotspot-guest>", "<hotspot-guest-1>")
    expected = {
        "target": "10.0.0.5/32", "max-limit": "512000/1000000", "burst-limit": "1000000/2000000",
        "burst-threshold": "256000/512000", "burst-time": "10s/20s", "priority": "5/5",
        "limit-at": "64000/64000", "queue": "hotspot-default/hotspot-default", "dynamic": "true",
    }  # fmt: skip
    assert {name: first[name] for name in expected} == expected
    hotspot.traffic(MAC, IP, bytes_in=10, bytes_out=20, packets_in=1, packets_out=2)
    assert site.rows(QUEUES)[0]["bytes"] == "10/20"
    site.set(PROFILES, "default", rate_limit="1M")
    assert site.rows(QUEUES)[0]["max-limit"] == "512000/1000000"
    hotspot.logout(IP)
    site.run(f"{ACTIVE}/login", {"user": "guest", "ip": IP})
    assert sorted((row["name"], row["max-limit"]) for row in site.rows(QUEUES)) == [
        ("<hotspot-guest-1>", "512000/1000000"),
        ("<hotspot-guest>", "1000000/1000000"),
    ]
    site.run(f"{SERVERS}/remove", {"numbers": "hs"})
    assert site.rows(QUEUES) == []


def test_a_queue_has_the_place_parent_and_kind_its_profile_says(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    site.add(USERS, name="guest")
    site.add(QUEUES, name="all", target="10.0.0.0/24")
    site.set(
        PROFILES,
        "default",
        rate_limit="1M",
        insert_queue_before="first",
        parent_queue="all",
        queue_type="default",
    )
    site.router.hotspot.seen(MAC, IP, "vlan10")
    site.run(f"{ACTIVE}/login", {"user": "guest", "ip": IP})
    row = site.rows(QUEUES)[0]
    assert (row["name"], row["parent"], row["queue"]) == ("<hotspot-guest>", "all", "default/default")


def test_a_server_can_have_a_queue_for_all_its_guests(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    site.set(SERVER_PROFILE, "default", install_hotspot_queue="yes", rate_limit="10M/20M")
    (row,) = site.rows(QUEUES)
    assert (row["name"], row["target"], row["max-limit"]) == ("hs-<hs>", "vlan10", "10000000/20000000")
    site.set(SERVERS, "hs", name="lobby", interface="vlan20")
    (row,) = site.rows(QUEUES)
    assert (row["name"], row["target"]) == ("hs-<lobby>", "vlan20")
    site.set(SERVER_PROFILE, "default", install_hotspot_queue="no")
    assert site.rows(QUEUES) == []


# -- other addresses -------------------------------------------------------------------------------------


def test_a_foreign_guest_gets_an_address_of_the_pool(site) -> None:
    site.add("/ip/pool", name="p", ranges="10.0.0.100-10.0.0.101")
    site.add(SERVERS, name="hs", interface="vlan10", address_pool="p", addresses_per_mac="unlimited")
    site.add(USERS, name="guest")
    hotspot = site.router.hotspot
    assert hotspot.seen(MAC, IP, "vlan10").to_address == IP
    hotspot.seen(OTHER, "10.0.0.101", "vlan10")  # somebody chose one of them
    assert hotspot.seen(MAC, "172.16.5.5", "vlan10").to_address == "10.0.0.100"
    row = site.rows(HOSTS, "address=172.16.5.5")[0]
    assert (row["dynamic"], row["static"]) == ("true", "false")
    used = [(row["address"], row["owner"], row["info"]) for row in site.rows("/ip/pool/used")]
    assert used == [("10.0.0.100", "hotspot", MAC)]
    rules = [row for row in site.rows(NAT) if row["action"] in ("dst-nat", "src-nat")]
    assert [(row["chain"], row["to-addresses"]) for row in rules] == [
        ("dstnat", "172.16.5.5"),
        ("srcnat", "10.0.0.100"),
    ]
    site.run(f"{ACTIVE}/login", {"user": "guest", "ip": "10.0.0.100"})
    assert site.rows(ACTIVE)[0]["address"] == "10.0.0.100"
    assert hotspot.status("10.0.0.100").address == "172.16.5.5"
    # the pool is used up
    assert hotspot.seen("02:00:5E:00:53:03", "172.16.5.6", "vlan10").to_address == "172.16.5.6"
    trap = site.trap(f"{ACTIVE}/login", {"user": "guest", "ip": "172.16.5.6"})
    assert trap[0][0] in (
        "cannot assign ip address - no more free addresses from pool",
        "no more sessions are allowed for user guest",
    )
    hotspot.gone(MAC)
    assert site.rows("/ip/pool/used") == []
    assert not [row for row in site.rows(NAT) if row["action"] in ("dst-nat", "src-nat")]
    assert hotspot.seen("02:00:5E:00:53:03", "172.16.5.6", "vlan10").to_address == "10.0.0.100"
    site.run(f"{ACTIVE}/login", {"user": "guest", "ip": "10.0.0.100"})


def test_a_login_can_bring_another_address(site) -> None:
    site.add("/ip/pool", name="p", ranges="10.0.0.100-10.0.0.100")
    site.add(PROFILES, name="pooled", address_pool="p", shared_users="unlimited")
    site.add(SERVERS, name="hs", interface="vlan10")
    site.add(USERS, name="fixed", address="10.0.0.77")
    site.add(USERS, name="guest", profile="pooled")
    hotspot = site.router.hotspot
    hotspot.seen(MAC, IP, "vlan10")
    hotspot.seen(OTHER, "10.0.0.6", "vlan10")
    for user, address in (("fixed", "10.0.0.77"), ("guest", "10.0.0.100")):
        site.run(f"{ACTIVE}/login", {"user": user, "ip": IP})
        assert site.rows(ACTIVE)[0]["address"] == address
        assert site.rows(HOSTS)[0]["to-address"] == address
        hotspot.logout(address)
        assert site.rows(HOSTS)[0]["to-address"] == IP
    assert site.rows("/ip/pool/used") == []
    site.run(f"{ACTIVE}/login", {"user": "guest", "ip": IP})
    assert site.trap(f"{ACTIVE}/login", {"user": "guest", "ip": "10.0.0.6"}) == (
        ("cannot assign ip address - no more free addresses from pool", None),
    )
    site.run(f"{ACTIVE}/login", {"user": "fixed", "ip": "10.0.0.6"})
    hotspot.seen("02:00:5E:00:53:03", "10.0.0.7", "vlan10")
    assert site.trap(f"{ACTIVE}/login", {"user": "fixed", "ip": "10.0.0.7"}) == (
        ("no more sessions are allowed for user fixed", None),
    )


def test_a_binding_made_later_counts_at_the_next_packet(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    hotspot = site.router.hotspot
    hotspot.seen(MAC, IP, "vlan10", found_by="UDP :5353 -> 224.0.0.251:5353")
    site.add("/ip/hotspot/ip-binding", mac_address=MAC, to_address="10.0.0.88")
    assert site.rows(HOSTS)[0]["to-address"] == IP
    assert hotspot.seen(MAC, IP, "vlan10").to_address == "10.0.0.88"
    row = site.rows(HOSTS)[0]
    assert (row["static"], row["found-by"]) == ("true", "UDP :5353 -> 224.0.0.251:5353")
    site.add("/ip/hotspot/ip-binding", address="10.0.0.0-10.0.0.9", type="blocked", place_before="*1")
    assert hotspot.seen(MAC, IP, "vlan10").blocked


def test_a_binding_made_during_a_session_leaves_its_address(site) -> None:
    site.add(SERVERS, name="hs", interface="vlan10")
    site.add(USERS, name="guest")
    hotspot = site.router.hotspot
    hotspot.seen(MAC, IP, "vlan10")
    site.run(f"{ACTIVE}/login", {"user": "guest", "ip": IP})
    site.add("/ip/hotspot/ip-binding", mac_address=MAC, to_address="10.0.0.88", type="blocked")
    host = hotspot.seen(MAC, IP, "vlan10")
    assert (host.blocked, host.authorized, host.to_address) == (True, True, IP)
    site.set("/ip/hotspot/ip-binding", "*1", type="bypassed")
    host = hotspot.seen(MAC, IP, "vlan10")
    assert (host.blocked, host.bypassed, host.to_address) == (False, True, IP)
    hotspot.logout(IP)
    assert hotspot.seen(MAC, IP, "vlan10").to_address == "10.0.0.88"


def test_a_guest_on_a_port_of_a_bridge_is_the_bridges(site) -> None:
    site.add("/interface/bridge", name="br")
    site.add("/interface/bridge/port", bridge="br", interface="vlan20")
    site.add(SERVERS, name="hs", interface="br")
    assert site.router.hotspot.seen(MAC, IP, "vlan20").server == "hs"
    assert site.rows(HOSTS)[0]["bridge-port"] == "vlan20"
    assert site.router.hotspot.seen(MAC, IP, "nowhere") is None
