"""Leases: who gets which address, for how long, and what an operator can do about it."""

import pytest

from router_sim.behaviours import arp, dhcp
from router_sim.clock import VirtualClock
from router_sim.store import Item
from router_sim.transaction import Transaction
from tests.router_sim.conftest import Console

SERVER, LEASE, NETWORK = "/ip/dhcp-server", "/ip/dhcp-server/lease", "/ip/dhcp-server/network"
FIRST, SECOND, THIRD = "02:00:00:00:00:0A", "02:00:00:00:00:0B", "02:00:00:00:00:0C"


class Lan:
    """A DHCP server on vlan10 with two addresses to give away."""

    def __init__(self, console: Console, **settings: str) -> None:
        self.console = console
        console.add("/ip/pool", name="lan", ranges="10.5.50.8-10.5.50.9")
        settings = {"address_pool": "lan", "lease_time": "10m"} | settings
        self.server = console.add(SERVER, interface="vlan10", **settings)

    def lease(self, mac: str, interface: str = "vlan10", **wishes: str) -> Item | None:
        """What a client on the interface gets."""
        taken: list[Item | None] = []

        def change(tx: Transaction) -> None:
            key = tx.state.find("/interface", interface)
            assert key is not None
            taken.append(dhcp.lease(tx, key, mac, **wishes))

        self.console.router.write(change)
        return taken[0]

    def address(self, mac: str, requested: str = "") -> str:
        """The address a client gets on vlan10."""
        item = self.lease(mac, requested=requested)
        assert item is not None
        return item.values["address"]

    def release(self, mac: str) -> None:
        self.console.router.write(lambda tx: dhcp.release(tx, mac))

    def rows(self) -> list[dict[str, str]]:
        return self.console.rows(LEASE)

    def used(self) -> list[str]:
        return [row["address"] for row in self.console.rows("/ip/pool/used")]


@pytest.fixture
def lan(console: Console) -> Lan:
    return Lan(console)


def test_a_lease_is_printed_as_on_a_router_and_counts_down(lan: Lan, still_clock: VirtualClock) -> None:
    item = lan.lease("02:00:00:00:00:0A", host_name="phone")
    assert item is not None
    still_clock.advance(60)
    (row,) = lan.rows()
    assert row == {
        ".id": "*1",
        "address": "10.5.50.9",
        "mac-address": FIRST,
        "client-id": "1:2:0:0:0:0:a",
        "address-lists": "",
        "server": "dhcp1",
        "dhcp-option": "",
        "agent-circuit-id": "",
        "agent-remote-id": "",
        "status": "bound",
        "expires-after": "9m",
        "last-seen": "1m",
        "active-address": "10.5.50.9",
        "active-mac-address": FIRST,
        "active-client-id": "1:2:0:0:0:0:a",
        "active-server": "dhcp1",
        "active-agent-circuit-id": "",
        "active-agent-remote-id": "",
        "host-name": "phone",
        "radius": "false",
        "dynamic": "true",
        "blocked": "false",
        "disabled": "false",
    }
    assert lan.console.rows("/ip/pool/used") == [
        {".id": "*1", "pool": "lan", "address": "10.5.50.9", "owner": "DHCP", "info": FIRST}
    ]
    pool = lan.console.row("/ip/pool", "lan")
    assert (pool["total"], pool["used"], pool["available"]) == ("2", "1", "1")


def test_renewing_keeps_the_address_and_starts_the_time_anew(lan: Lan, still_clock: VirtualClock) -> None:
    lan.lease(FIRST)
    still_clock.advance(400)
    lan.lease(FIRST)
    still_clock.advance(400)
    (row,) = lan.rows()
    assert (row[".id"], row["expires-after"], row["last-seen"]) == ("*1", "3m20s", "6m40s")
    still_clock.advance(200)
    assert lan.rows() == []
    assert lan.used() == []


def test_a_pool_can_be_used_up_and_continued(lan: Lan) -> None:
    assert (lan.address(FIRST), lan.address(SECOND)) == ("10.5.50.9", "10.5.50.8")
    assert lan.lease(THIRD) is None
    lan.console.add("/ip/pool", name="more", ranges="10.5.51.1")
    lan.console.set("/ip/pool", "lan", next_pool="more")
    assert lan.address(THIRD) == "10.5.51.1"
    lan.release(SECOND)
    assert lan.used() == ["10.5.50.9", "10.5.51.1"]


def test_a_client_gets_what_it_asks_for_when_it_is_free(lan: Lan) -> None:
    assert lan.address(FIRST, requested="10.5.50.8") == "10.5.50.8"
    assert lan.address(SECOND, requested="10.5.50.8") == "10.5.50.9"
    assert lan.lease(THIRD, requested="192.0.2.1") is None


def test_no_lease_without_a_server_that_works_there(lan: Lan) -> None:
    assert lan.lease(FIRST, "vlan20") is None
    lan.console.set(SERVER, lan.server, disabled="yes")
    assert lan.lease(FIRST) is None
    lan.console.set(SERVER, lan.server, disabled="no", address_pool="static-only")
    assert lan.lease(FIRST) is None
    lan.console.run("/interface/vlan/disable", {"numbers": "vlan10"})
    assert lan.console.row(SERVER, lan.server)["invalid"] == "true"


def test_a_static_lease_waits_is_bound_and_waits_again(lan: Lan, still_clock: VirtualClock) -> None:
    key = lan.console.add(
        LEASE, mac_address=FIRST.lower(), address="10.5.50.100", server="dhcp1", lease_time="2m"
    )
    row = lan.console.row(LEASE, key)
    assert (row["status"], row["last-seen"], row["dynamic"]) == ("waiting", "never", "false")
    assert not {"active-address", "expires-after", "host-name"} & row.keys()
    lan.lease(FIRST, host_name="printer")
    row = lan.console.row(LEASE, key)
    assert (row["status"], row["active-address"], row["expires-after"]) == ("bound", "10.5.50.100", "2m")
    assert lan.used() == []
    still_clock.advance(120)
    row = lan.console.row(LEASE, key)
    assert (row["status"], row["last-seen"]) == ("waiting", "2m")
    assert not {"active-address", "expires-after", "host-name"} & row.keys()


def test_an_address_promised_to_somebody_is_given_to_nobody_else(lan: Lan) -> None:
    assert lan.address(FIRST) == "10.5.50.9"
    lan.console.add(LEASE, mac_address=SECOND, address="10.5.50.8")
    assert lan.lease(THIRD, requested="10.5.50.8") is None
    lan.console.add(LEASE, mac_address=FIRST, address="10.5.50.77", server="dhcp1")
    assert lan.address(FIRST) == "10.5.50.77"
    assert [row["address"] for row in lan.rows()] == ["10.5.50.8", "10.5.50.77"]
    assert lan.address(THIRD) == "10.5.50.9"


def test_a_bound_lease_is_on_its_lists_and_in_the_log(console: Console, still_clock: VirtualClock) -> None:
    lan = Lan(console, address_lists="guests,all")
    lan.lease(FIRST, host_name="phone")
    lists = "/ip/firewall/address-list"
    assert [(row["list"], row["address"], row["dynamic"]) for row in console.rows(lists)] == [
        ("guests", "10.5.50.9", "true"),
        ("all", "10.5.50.9", "true"),
    ]
    still_clock.advance(600)
    assert console.rows(lists) == []
    assert [row["message"] for row in console.rows("/log", "topics=dhcp,info")] == [
        f"dhcp1 assigned 10.5.50.9 for {FIRST} phone",
        f"dhcp1 deassigned 10.5.50.9 for {FIRST} phone",
    ]


def test_a_static_lease_without_an_address_takes_one_from_the_pool(lan: Lan) -> None:
    key = lan.console.add(LEASE, mac_address=FIRST)
    lan.lease(FIRST)
    row = lan.console.row(LEASE, key)
    assert row["active-address"] == "10.5.50.9"
    assert "server" not in row
    lan.release(FIRST)
    assert lan.used() == []


def test_make_static_keeps_what_the_client_has(lan: Lan, still_clock: VirtualClock) -> None:
    lan.lease(FIRST)
    assert lan.console.trap(f"{LEASE}/set", {".id": "*1", "comment": "x"}) == (
        ("failure: can not change dynamic lease", None),
    )
    lan.console.run(f"{LEASE}/make-static", {"numbers": "*1"})
    lan.console.set(LEASE, "*1", comment="x")
    row = lan.rows()[0]
    assert (row["dynamic"], row["status"], row["comment"]) == ("false", "bound", "x")
    still_clock.advance(3600)
    assert lan.rows()[0]["status"] == "waiting"
    assert lan.address(FIRST) == "10.5.50.9"
    assert [row[".id"] for row in lan.rows()] == ["*1"]
    lan.console.run(f"{LEASE}/check-status", {"numbers": "*1"})


def test_removing_a_dynamic_lease_frees_the_address(lan: Lan) -> None:
    lan.lease(FIRST)
    lan.console.run(f"{LEASE}/remove", {"numbers": "*1"})
    assert (lan.rows(), lan.used()) == ([], [])


def test_a_blocked_client_gets_nothing(lan: Lan) -> None:
    key = lan.console.add(LEASE, mac_address=FIRST, address="10.5.50.100", block_access="yes")
    assert lan.console.row(LEASE, key)["blocked"] == "true"
    assert lan.lease(FIRST) is None


def test_disabling_a_lease_ends_it(lan: Lan) -> None:
    key = lan.console.add(LEASE, mac_address=FIRST, address="10.5.50.100")
    lan.lease(FIRST)
    lan.console.run(f"{LEASE}/disable", {"numbers": key})
    assert lan.console.row(LEASE, key)["status"] == "waiting"
    assert lan.address(FIRST) == "10.5.50.9"


def test_print_active_shows_bound_leases(lan: Lan) -> None:
    lan.console.add(LEASE, mac_address=SECOND, address="10.5.50.100")
    lan.lease(FIRST)
    rows = lan.console.run(f"{LEASE}/print", {"active": ""}).rows
    assert [row["mac-address"] for row in rows] == [FIRST]


def test_add_arp_makes_rows_for_leases(console: Console, still_clock: VirtualClock) -> None:
    lan = Lan(console, add_arp="yes")
    lan.lease(FIRST)
    (row,) = console.rows("/ip/arp")
    assert (row["address"], row["mac-address"], row["interface"]) == ("10.5.50.9", FIRST, "vlan10")
    assert (row["dhcp"], row["dynamic"], row["complete"]) == ("true", "true", "true")
    still_clock.advance(600)
    assert console.rows("/ip/arp") == []


def test_a_port_of_a_bridge_is_served_by_the_bridge(console: Console) -> None:
    console.add("/interface/bridge", name="br")
    console.add("/ip/pool", name="lan", ranges="10.5.50.8-10.5.50.9")
    console.add(SERVER, interface="br", address_pool="lan")
    console.add("/interface/bridge/port", bridge="br", interface="vlan10")
    lan = Lan.__new__(Lan)
    lan.console = console
    assert lan.lease(FIRST) is not None
    key = console.add(SERVER, interface="vlan10", address_pool="lan")
    assert console.row(SERVER, key)["invalid"] == "true"


def test_a_lease_whose_server_is_gone_names_its_number(lan: Lan) -> None:
    lan.console.add(LEASE, mac_address=SECOND, address="10.5.50.100", server="dhcp1")
    lan.console.run(f"{SERVER}/remove", {"numbers": "dhcp1"})
    lan.console.add(SERVER, name="dhcp1", interface="vlan10", address_pool="lan")
    row = lan.rows()[0]
    assert (row["server"], row["active-server"]) == ("*1", "*FFFFFFFF")


def test_a_server_that_is_removed_ends_its_leases(lan: Lan) -> None:
    lan.lease(FIRST)
    fixed = lan.console.add(LEASE, mac_address=SECOND)
    lan.lease(SECOND)
    lan.console.run(f"{SERVER}/remove", {"numbers": "dhcp1"})
    assert [(row[".id"], row["status"]) for row in lan.rows()] == [(fixed, "waiting")]
    assert lan.used() == []


def test_what_was_learned_goes_with_its_neighbour_or_interface(console: Console) -> None:
    def learn(tx: Transaction) -> None:
        key = tx.state.find("/interface", "vlan10")
        assert key is not None
        arp.seen(tx, key, "10.0.0.5", FIRST)
        arp.seen(tx, key, "10.0.0.6", FIRST)
        arp.seen(tx, key, "10.0.0.6", SECOND)

    fixed = console.add("/ip/arp", interface="vlan10", address="10.0.0.1", mac_address=THIRD)
    console.router.write(learn)
    assert [(row["address"], row["mac-address"], row["status"]) for row in console.rows("/ip/arp")] == [
        ("10.0.0.1", THIRD, "permanent"),
        ("10.0.0.5", FIRST, "reachable"),
        ("10.0.0.6", SECOND, "reachable"),
    ]
    console.router.write(lambda tx: arp.gone(tx, SECOND))
    assert [row["address"] for row in console.rows("/ip/arp")] == ["10.0.0.1", "10.0.0.5"]
    console.run("/interface/vlan/disable", {"numbers": "vlan10"})
    (row,) = console.rows("/ip/arp")
    assert (row[".id"], row["invalid"]) == (fixed, "true")


def test_hosts_of_a_hotspot_are_neighbours(console: Console) -> None:
    console.add("/ip/hotspot", interface="vlan10", name="h")
    console.router.associate(FIRST, "10.0.0.7", "vlan10")
    (row,) = console.rows("/ip/arp")
    assert (row["address"], row["mac-address"], row["interface"]) == ("10.0.0.7", FIRST, "vlan10")
    console.router.disassociate(FIRST)
    assert console.rows("/ip/arp") == []
