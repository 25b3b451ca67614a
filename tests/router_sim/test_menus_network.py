"""How the records of the network's menus look: untouched ones, and added ones beside those of real routers."""

import pytest

from router_sim.clock import VirtualClock
from router_sim.router import Router
from tests.router_sim.conftest import Console

ZERO = "0.0.0.0"  # noqa: S104 - an address nobody set, nothing binds to it

# What is added, and the record that follows; values as routers printed them over REST and the API.
ADDED = {
    "/ip/arp": (
        {"address": "192.0.2.10", "interface": "ether1", "mac-address": "00:00:5e:00:53:00"},
        {
            ".id": "*1",
            "address": "192.0.2.10",
            "mac-address": "00:00:5E:00:53:00",
            "interface": "ether1",
            "published": "false",
            "status": "permanent",
            "invalid": "false",
            "dhcp": "false",
            "dynamic": "false",
            "complete": "true",
            "disabled": "false",
        },
    ),
    "/ip/pool": (
        {"ranges": "10.5.50.2-10.5.50.101"},
        {
            ".id": "*1",
            "name": "pool1",
            "ranges": "10.5.50.2-10.5.50.101",
            "total": "100",
            "used": "0",
            "available": "100",
        },
    ),
    "/ip/dhcp-server": (
        {"interface": "vlan10", "name": "lan"},
        {
            ".id": "*1",
            "name": "lan",
            "interface": "vlan10",
            "address-pool": "static-only",
            "lease-time": "10m",
            "lease-script": "",
            "address-lists": "",
            "dynamic-lease-identifiers": "client-mac,client-id",
            "support-broadband-tr101": "false",
            "use-radius": "no",
            "use-reconfigure": "false",
            "invalid": "false",
            "dynamic": "false",
            "disabled": "false",
        },
    ),
    "/ip/dhcp-server/network": (
        {"address": "192.168.88.0/24", "gateway": "192.168.88.1", "dns-server": "192.0.2.1,192.0.2.2"},
        {
            ".id": "*1",
            "address": "192.168.88.0/24",
            "gateway": "192.168.88.1",
            "dns-server": "192.0.2.1,192.0.2.2",
            "ntp-server": "",
            "wins-server": "",
            "caps-manager": "",
            "dhcp-option": "",
            "dynamic": "false",
        },
    ),
    "/ip/dhcp-server/lease": (
        {"address": "192.168.88.5", "mac-address": "00-00-5e-00-53-00", "server": "all"},
        {
            ".id": "*1",
            "address": "192.168.88.5",
            "mac-address": "00:00:5E:00:53:00",
            "address-lists": "",
            "dhcp-option": "",
            "agent-circuit-id": "",
            "agent-remote-id": "",
            "status": "waiting",
            "last-seen": "never",
            "active-agent-circuit-id": "",
            "active-agent-remote-id": "",
            "radius": "false",
            "dynamic": "false",
            "blocked": "false",
            "disabled": "false",
        },
    ),
    "/interface/list": (
        {"name": "LAN"},
        {
            ".id": "*2000004",
            "name": "LAN",
            "include": "",
            "exclude": "",
            "builtin": "false",
            "dynamic": "false",
        },
    ),
    "/queue/simple": (
        {"target": "1.0.1.0/24", "comment": "comment"},
        {
            ".id": "*1",
            "bucket-size": "0.1/0.1",
            "burst-limit": "0/0",
            "burst-threshold": "0/0",
            "burst-time": "0s/0s",
            "bytes": "0/0",
            "comment": "comment",
            "disabled": "false",
            "dropped": "0/0",
            "dynamic": "false",
            "invalid": "false",
            "limit-at": "0/0",
            "max-limit": "0/0",
            "name": "queue1",
            "packet-marks": "",
            "packet-rate": "0/0",
            "packets": "0/0",
            "parent": "none",
            "priority": "8/8",
            "queue": "default-small/default-small",
            "queued-bytes": "0/0",
            "queued-packets": "0/0",
            "rate": "0/0",
            "target": "1.0.1.0/24",
            "total-bytes": "0",
            "total-dropped": "0",
            "total-packet-rate": "0",
            "total-packets": "0",
            "total-queued-bytes": "0",
            "total-queued-packets": "0",
            "total-rate": "0",
        },
    ),
    "/radius": (
        {"address": "192.0.2.1", "service": "login,hotspot", "secret": "s"},
        {
            ".id": "*1",
            "accounting-backup": "false",
            "accounting-port": "1813",
            "address": "192.0.2.1",
            "authentication-port": "1812",
            "called-id": "",
            "certificate": "none",
            "disabled": "false",
            "domain": "",
            "protocol": "udp",
            "radsec-timeout": "3s300ms",
            "realm": "",
            "require-message-auth": "yes-for-request-resp",
            "secret": "s",
            "service": "login,hotspot",
            "src-address": ZERO,
            "timeout": "300ms",
        },
    ),
}


@pytest.mark.parametrize("menu", ADDED)
def test_an_added_item_is_printed_as_on_a_router(console: Console, menu: str) -> None:
    given, record = ADDED[menu]
    key = console.run(f"{menu}/add", given).ret
    assert key == record[".id"]
    assert console.row(menu, key) == record


@pytest.mark.parametrize("menu", ADDED)
def test_what_is_printed_can_be_written_and_changes_nothing(console: Console, menu: str) -> None:
    key = console.run(f"{menu}/add", ADDED[menu][0]).ret or ""
    writable = console.router._state.menus[menu].writable
    before = console.row(menu, key)
    console.run(f"{menu}/set", {".id": key, **{name: before[name] for name in before if name in writable}})
    after = console.row(menu, key)
    assert {name: after[name] for name in before} == before


def test_services_of_an_untouched_router(console: Console) -> None:
    services = {row["name"]: row for row in console.rows("/ip/service")}
    assert {name: row["port"] for name, row in services.items()} == {
        "telnet": "23",
        "ftp": "21",
        "www": "80",
        "ssh": "22",
        "www-ssl": "443",
        "api": "8728",
        "winbox": "8291",
        "api-ssl": "8729",
        "reverse-proxy": "443",
    }
    assert services["telnet"] == {
        ".id": "*0",
        "name": "telnet",
        "port": "23",
        "proto": "tcp",
        "address": "",
        "vrf": "main",
        "max-sessions": "20",
        "invalid": "false",
        "dynamic": "false",
        "disabled": "false",
    }
    assert {name for name, row in services.items() if "certificate" in row} == {
        "www-ssl",
        "api-ssl",
        "reverse-proxy",
    }
    assert {name for name, row in services.items() if row["disabled"] == "true"} == {
        "www-ssl",
        "reverse-proxy",
    }
    console.set("/ip/service", "api", address="192.0.2.1,10.0.0.0/8", port="18728", max_sessions="2")
    row = console.row("/ip/service", "api")
    assert (row["address"], row["port"], row["max-sessions"]) == ("192.0.2.1/32,10.0.0.0/8", "18728", "2")
    assert (
        console.trap("/ip/service/set", {"numbers": "*0", "comment": "x"})[0][0]
        == "unknown parameter comment"
    )
    for verb in ("add", "remove"):
        assert console.trap(f"/ip/service/{verb}", {})[0][0].startswith("no such command")


def test_services_of_older_versions() -> None:
    old = Console(Router(name="r", clock=VirtualClock(), version="6.49"))
    rows = {row["name"]: row for row in old.rows("/ip/service")}
    assert len(rows) == 8
    assert rows["www-ssl"] == {
        ".id": "*6",
        "name": "www-ssl",
        "port": "443",
        "address": "",
        "certificate": "none",
        "tls-version": "any",
        "invalid": "false",
        "dynamic": "false",
        "disabled": "true",
    }


def test_queues_hold_networks_and_interfaces(console: Console) -> None:
    queues = "/queue/simple"
    key = console.add(
        queues,
        name="q",
        target="10.0.0.1,vlan10",
        max_limit="512k/1M",
        limit_at="64k",
        queue="pcq-upload-default/pcq-download-default",
        burst_time="10/20",
        priority="1",
        bucket_size="0.50/1",
        time="8h-16h,mon",
        total_max_limit="2M",
    )
    row = console.row(queues, key)
    assert {
        name: row[name] for name in ("target", "max-limit", "limit-at", "queue", "burst-time", "priority")
    } == {
        "target": "10.0.0.1/32,vlan10",
        "max-limit": "512000/1000000",
        "limit-at": "64000/64000",
        "queue": "pcq-upload-default/pcq-download-default",
        "burst-time": "10s/20s",
        "priority": "1/1",
    }
    assert (row["bucket-size"], row["total-max-limit"]) == ("0.5/1", "2000000")
    child = console.add(queues, target="10.0.0.2", parent="q")
    console.set("/interface/vlan", "vlan10", name="office")
    assert console.row(queues, key)["target"] == "10.0.0.1/32,office"
    assert console.row(queues, child)["parent"] == "q"
    console.run(f"{queues}/unset", {"numbers": key, "value-name": "time"})
    assert "time" not in console.row(queues, key)
    console.run("/interface/vlan/remove", {"numbers": "office"})
    assert console.row(queues, key)["invalid"] == "true"
    console.run(f"{queues}/move", {"numbers": child, "destination": key})
    assert [row[".id"] for row in console.rows(queues)] == [child, key]


def test_queue_types_of_an_untouched_router(console: Console) -> None:
    types = {row["name"]: row for row in console.rows("/queue/type")}
    assert types["default-small"] == {
        ".id": "*9",
        "name": "default-small",
        "kind": "pfifo",
        "pfifo-limit": "10",
        "default": "true",
    }
    assert types["pcq-upload-default"]["pcq-classifier"] == "src-address"
    key = console.add("/queue/type", name="mine", kind="red")
    assert console.row("/queue/type", key)["red-limit"] == "60"


def test_settings_of_a_lease_server_are_printed_once_given(console: Console) -> None:
    key = console.add(
        "/ip/dhcp-server",
        interface="vlan10",
        authoritative="yes",
        bootp_support="static",
        delay_threshold="0s",
        add_arp="no",
        relay="10.0.0.1",
    )
    row = console.row("/ip/dhcp-server", key)
    given = ("authoritative", "bootp-support", "delay-threshold", "add-arp", "relay")
    assert [row[name] for name in given] == ["yes", "static", "none", "false", "10.0.0.1"]
    console.run("/ip/dhcp-server/set", {".id": key, "!relay": "", "!add-arp": ""})
    assert not {"relay", "add-arp"} & console.row("/ip/dhcp-server", key).keys()
    console.run("/ip/dhcp-server/reset", {"numbers": key, "lease-time": "", "authoritative": ""})
    assert "authoritative" not in console.row("/ip/dhcp-server", key)
    assert console.row("/ip/dhcp-server", key)["name"] == "dhcp1"


def test_incoming_requests_of_radius(console: Console) -> None:
    assert console.rows("/radius/incoming") == [{"accept": "false", "port": "3799", "vrf": "main"}]
    console.run("/radius/incoming/set", {"accept": "yes"})
    assert console.rows("/radius/incoming")[0]["accept"] == "true"


@pytest.mark.parametrize("version", ["6.49", "7.16", "7.18", "7.21", "7.24"])
def test_every_version_prints_what_it_stores(version: str) -> None:
    console = Console(Router(name="r", clock=VirtualClock(), version=version))
    console.add("/interface/vlan", name="vlan10", interface="ether1", vlan_id="10")
    for menu, (given, record) in ADDED.items():
        key = console.run(f"{menu}/add", given).ret
        row = console.row(menu, key or "")
        assert {name: row[name] for name in record if name in row} == {
            name: value for name, value in record.items() if name in row
        }
    assert console.router.snapshot()
