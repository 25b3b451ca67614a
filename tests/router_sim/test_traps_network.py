"""The words in which the network's menus refuse things, as real routers were recorded to say them."""

import pytest

from tests.router_sim.conftest import Console

NO_MATCH = "input does not match any value of"

# Menu, what is there already, what is refused, the words, and the category.
REFUSED_DOUBLES = (
    (
        "/ip/address",
        {"address": "10.0.0.1/24", "interface": "vlan10"},
        {"address": "10.0.0.1/24", "interface": "vlan10"},
        "failure: already have such address",
    ),
    (
        "/ip/firewall/address-list",
        {"list": "l", "address": "10.0.0.1"},
        {"list": "l", "address": "10.0.0.1/32", "timeout": "1h", "comment": "x"},
        "failure: already have such entry",
    ),
    (
        "/ip/dns/static",
        {"name": "n", "address": "10.0.0.1"},
        {"name": "n", "address": "10.0.0.1", "ttl": "1m"},
        "failure: entry already exists",
    ),
    (
        "/ip/pool",
        {"name": "p", "ranges": "10.0.0.1"},
        {"name": "p", "ranges": "10.0.0.2"},
        "failure: pool with such name exists",
    ),
    (
        "/interface/bridge",
        {"name": "br"},
        {"name": "br"},
        "failure: already have interface with such name",
    ),
    (
        "/interface/vlan",
        {"name": "v", "interface": "ether1", "vlan-id": "7"},
        {"name": "ether1", "interface": "ether1", "vlan-id": "8"},
        "failure: already have interface with such name",
    ),
    (
        "/queue/simple",
        {"name": "q", "target": "10.0.0.1"},
        {"name": "q", "target": "10.0.0.2"},
        "failure: already have such name",
    ),
    (
        "/ip/dhcp-server",
        {"name": "d", "interface": "vlan10"},
        {"name": "d", "interface": "vlan20"},
        "failure: server with such name already exists",
    ),
    (
        "/ip/dhcp-server/network",
        {"address": "192.168.88.0/24"},
        {"address": "192.168.88.0/24", "gateway": "192.168.88.1"},
        "failure: such network already exists",
    ),
    (
        "/ip/dhcp-server/lease",
        {"mac-address": "00:00:5E:00:53:AA", "address": "10.0.0.1"},
        {"mac-address": "00:00:5e:00:53:aa", "address": "10.0.0.2"},
        "failure: already have static lease for this client",
    ),
    (
        "/ip/dhcp-server/lease",
        {"mac-address": "00:00:5E:00:53:AA", "address": "10.0.0.1"},
        {"mac-address": "00:00:5E:00:53:AB", "address": "10.0.0.1"},
        "failure: already have static lease with this IP address",
    ),
)

REFUSED = (
    ("/ip/address", {"address": "10.0.0.1/24", "interface": "x"}, f"{NO_MATCH} interface", 1),
    ("/ip/address", {"address": "10.0.0", "interface": "ether1"}, "invalid value for argument address", 1),
    ("/ip/address", {"interface": "ether1"}, "missing =address=", None),
    ("/ip/arp", {"address": "10.0.0.1"}, "missing =interface=", None),
    (
        "/ip/arp",
        {"interface": "ether1", "mac-address": "zz"},
        "invalid value of mac-address, mac address required",
        1,
    ),
    (
        "/ip/pool",
        {"ranges": "10.0.0.1-"},
        "value of range must have ip address after '-'",
        1,
    ),
    (
        "/ip/pool",
        {"ranges": "everything"},
        "invalid value for argument ranges\r\ninvalid value of range, expects range of ip addresses",
        1,
    ),
    ("/ip/pool", {"ranges": "10.0.0.1", "next-pool": "x"}, f"{NO_MATCH} next-pool", 1),
    ("/ip/dhcp-server", {"interface": "ether1", "address-pool": "x"}, f"{NO_MATCH} address-pool", 1),
    ("/ip/dhcp-server", {"interface": "x"}, f"{NO_MATCH} interface", 1),
    ("/ip/dhcp-server/network", {"address": "192.168.88.1/24"}, "failure: invalid network", None),
    ("/ip/dhcp-server/lease", {"address": "10.0.0.1", "server": "x"}, f"{NO_MATCH} server", 1),
    ("/ip/dhcp-server/lease", {"queue-type": "x"}, f"{NO_MATCH} queue-type", 1),
    ("/ip/dns/static", {"name": "n", "regexp": "n", "address": "10.0.0.1"},
     "failure: only name or regexp allowed", None),
    ("/ip/firewall/filter", {"chain": "input", "in-interface": "x"}, f"{NO_MATCH} interface", 1),
    ("/ip/firewall/nat", {"chain": "srcnat", "out-interface-list": "x"}, f"{NO_MATCH} interface-list", 1),
    ("/interface/vlan", {"interface": "ether1"}, "missing =vlan-id=", None),
    ("/queue/simple", {"target": "x"}, f"{NO_MATCH} target", 1),
    ("/queue/simple", {"target": "10.0.0.1", "queue": "x/default"}, f"{NO_MATCH} queue", 1),
    ("/queue/simple", {"target": "10.0.0.1", "parent": "x"}, f"{NO_MATCH} parent", 1),
    ("/queue/simple", {}, "missing =target=", None),
    ("/radius", {"service": "hotspot"}, "missing =address=", None),
    ("/radius", {"address": "192.0.2.1", "timeout": "1h"},
     "value of timeout is out of range (00:00:00.010 .. 00:01:00)", 1),
    ("/radius", {"address": "192.0.2.1", "service": "mail"}, f"{NO_MATCH} service", 1),
)  # fmt: skip


@pytest.mark.parametrize(("menu", "there", "given", "words"), REFUSED_DOUBLES)
def test_doubles(
    console: Console, menu: str, there: dict[str, str], given: dict[str, str], words: str
) -> None:
    console.run(f"{menu}/add", there)
    assert console.trap(f"{menu}/add", given) == ((words, None),)


@pytest.mark.parametrize(("menu", "given", "words", "category"), REFUSED)
def test_values_that_are_refused(
    console: Console, menu: str, given: dict[str, str], words: str, category: int | None
) -> None:
    assert console.trap(f"{menu}/add", given) == ((words, category),)


def test_what_a_disabled_item_does_not_stand_in_the_way_of(console: Console) -> None:
    lists, leases = "/ip/firewall/address-list", "/ip/dhcp-server/lease"
    for menu, given in (
        (lists, {"list": "l", "address": "10.0.0.1"}),
        (leases, {"mac-address": "00:00:5E:00:53:AA", "address": "10.0.0.1"}),
    ):
        off = console.run(f"{menu}/add", {**given, "disabled": "yes"}).ret or ""
        on = console.run(f"{menu}/add", given).ret or ""
        assert console.trap(f"{menu}/enable", {"numbers": off})[0][0].startswith("failure: already have")
        console.run(f"{menu}/disable", {"numbers": on})
        console.run(f"{menu}/enable", {"numbers": off})


def test_a_client_may_have_a_lease_of_each_server(console: Console) -> None:
    for number in (10, 20):
        console.add("/ip/dhcp-server", name=f"d{number}", interface=f"vlan{number}")
    leases, mac = "/ip/dhcp-server/lease", "00:00:5E:00:53:AA"
    console.add(leases, mac_address=mac, address="10.0.0.1", server="d10")
    console.add(leases, mac_address=mac, address="10.0.0.2", server="d20")
    assert console.trap(f"{leases}/add", {"mac-address": mac, "address": "10.0.0.3"}) == (
        ("failure: already have static lease for this client", None),
    )
    assert console.trap(f"{leases}/add", {"address": "10.0.0.1", "server": "d20"}) == (
        ("failure: already have static lease with this IP address", None),
    )


def test_items_that_are_not_there(console: Console) -> None:
    for menu in ("/ip/arp", "/ip/dhcp-server/lease", "/ip/firewall/nat", "/queue/simple", "/interface/list"):
        assert console.trap(f"{menu}/remove", {"numbers": "*99"}) == (("no such item", 0),)
        assert console.trap(f"{menu}/set", {"comment": "x"}) == (("missing =.id=", None),)
    assert console.trap("/ip/firewall/nothing/print")[0] == ("no such command or directory (nothing)", 0)
