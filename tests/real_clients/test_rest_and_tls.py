"""Clients that talk REST, and the API over TLS: with a certificate they trust, and without any."""

from __future__ import annotations

from typing import Any

import pytest

from tests.real_clients.lab import Site, site

DUPLICATE = "failure: already have user with this name for this server"
INTERFACES = ["ether1", "lo", "bridge-guest", "vlan-guest-2", "vlan-office"]


async def test_librouteros_over_tls() -> None:
    async with site(all_services=True) as lab:
        told = await lab.python("drive_librouteros_tls", certificate=lab.certificate)
        assert (told["trusting"], told["trusting, asynchronous"]) == (INTERFACES, INTERFACES)
        # Without a certificate there is nothing to trust; clients have to ask for exchanges without one.
        lab.run("/ip/service/set", {".id": "api-ssl", "certificate": "none"})
        told = await lab.python("drive_librouteros_tls", certificate=lab.certificate)
    assert (told["anonymous"], told["anonymous, asynchronous"]) == (INTERFACES, INTERFACES)
    # A router ends the handshake with an alert, this simulator just ends it: the exceptions differ.
    assert isinstance(told["trusting"], str)
    assert isinstance(told["trusting, asynchronous"], str)


async def test_rosrestpy() -> None:
    async with site(all_services=True) as lab:
        told = await lab.python("drive_rosrestpy")
        guests = [row for row in lab.run("/ip/hotspot/user/print") if row["name"] == "guest 1"]
    assert told == {
        "resource": ["7.22.3 (stable)", 1073741824],
        "identity": "site",
        "servers": [["office-hotspot", "vlan-office", 2]],
        "profiles": [["default", "cookie,http-chap"], ["office-profile", "cookie,http-chap"]],
        "user profiles": [["default", 1, None], ["staff", 2, "8h"]],
        "bindings": [["02:00:5E:00:53:A0", "bypassed"]],
        "ports": ["ftp"],
        "lists": [0, 0, 0],
        "made": ["guest 1", "1h30m"],
        "set": 1000,
        "filtered": ["reception", "guest 1"],
        "nobody": [],
        "twice": [400, "Bad Request", DUPLICATE],
        "garden": ["*.office.example"],
        "interfaces": INTERFACES,
        "addresses": ["192.0.2.2/24", "10.5.50.1/24", "10.5.51.1/24", "172.20.0.1/24"],
        "log": ["user admin logged in from 127.0.0.1 via rest-api"],
    }
    (guest,) = guests
    assert (guest["disabled"], guest["comment"]) == ("true", "late")


def worked(name: str) -> dict[str, Any]:
    return {
        "identity": {"name": "site"},
        "made": [name, "1d30m", "false"],
        "changed": ["true", "ü"],
        "found": [name],
        "by name": "staff",
        "posted": 1,
        "removed": None,
        "nobody": [],
        "gone": "HTTP 404 : Not Found",
        "twice": f"HTTP 400 : {DUPLICATE}",
        "unknown": "HTTP 400 : unknown parameter colour",
        "nowhere": "HTTP 406 : no such command or directory (hotspots)",
    }


async def test_routeros_client() -> None:
    async with site(all_services=True) as lab:
        told = await lab.python("drive_routeros_client_rest", certificate=lab.certificate)
    assert told == {
        "www": worked("guest-www"),
        "www-ssl": worked("guest-www-ssl"),
        "wrong password": "HTTP 401 : Unauthorized",
    }


async def test_ansible_over_tls() -> None:
    trust = {"ssl": True, "validate_certs": False}
    async with site(all_services=True) as lab:
        secure = {"path": "system identity", "port": lab.fleet.ports.api_ssl}
        told = await lab.python(
            "ansible_modules",
            tasks=[("api_info", {**secure, **trust}), ("api_info", {**secure, "ssl": True})],
        )
    assert told[0]["result"] == [{"name": "site"}]
    assert "certificate verify failed" in told[1]["msg"]


async def test_a_server_of_tools_for_language_models() -> None:
    rule = {"chain": "forward", "action": "accept", "protocol": "tcp", "dst_port": "25", "comment": "mail"}
    async with site(all_services=True) as lab:
        last = await added(
            lab, "/ip/firewall/filter", {"chain": "forward", "action": "drop", "comment": "last"}
        )
        first = f"*{int(last[1:], 16) + 1:X}"
        told = await lab.python(
            "drive_mikrotik_mcp",
            calls=[
                ("system_info", {}),
                ("list_interfaces", {}),
                ("add_firewall_rule", {**rule, "place_before": last}),
                ("update_firewall_rule", {"rule_id": first, "dst_port": "25,587", "unset": ["comment"]}),
                ("set_firewall_rule_enabled", {"rule_id": first, "enabled": False}),
                ("move_firewall_rule", {"rule_id": first}),
                ("remove_firewall_rule", {"rule_id": last, "confirm_comment": "last"}),
                ("add_address_list_entry", {"list_name": "mail", "address": "198.51.100.9", "timeout": "1h"}),
                ("list_address_list_entries", {"list_name": "mail"}),
                ("list_address_lists", {}),
                ("add_dns_static", {"name": "a.example", "address": "192.0.2.9"}),
                ("add_dns_static", {"name": "a.example", "address": "192.0.2.9"}),
                ("list_routes", {"active_only": True}),
                ("get_logs", {}),
                ("connectivity_check", {}),
            ],
        )
        rules = [row for row in lab.run("/ip/firewall/filter/print") if row["dynamic"] == "false"]
    (info, interfaces, made, updated, _, moved, gone, entry, entries, lists, _, twice, routes, log, alive) = (
        told
    )
    assert info["resource"]["version"] == "7.22.3 (stable)"
    assert [each["name"] for each in interfaces] == INTERFACES
    assert (made["id"], made["rule"]["dst-port"]) == (first, "25")
    assert updated["after"]["dst-port"] == "25,587"
    assert "comment" not in updated["after"]
    assert [each["id"] for each in moved["chain_order"]][-2:] == [last, first]
    assert gone["deleted_rule"]["comment"] == "last"
    assert [(row[".id"], row["disabled"]) for row in rules] == [(first, "true")]
    assert (entry["entry"]["timeout"], entry["entry"]["dynamic"]) == ("1h", True)
    assert entries["matched"] == 1
    assert {each["list"]: each["with_timeout"] for each in lists["lists"]} == {"management": 0, "mail": 1}
    assert "failure: entry already exists" in twice
    assert {each["dst-address"] for each in routes} >= {"10.5.50.0/24", "10.5.51.0/24"}
    assert any("logged in" in each["message"] for each in log["entries"])
    assert alive == {"reachable": True, "identity": "site"}


async def added(lab: Site, menu: str, values: dict[str, str]) -> str:
    lab.run(f"{menu}/add", values)
    return lab.run(f"{menu}/print")[-1][".id"]


@pytest.mark.tool("node")
async def test_node_routeros_over_tls() -> None:
    async with site(version="7.16", all_services=True) as lab:
        told = await lab.node("node_routeros_tls", certificate=lab.certificate)
    assert told == {"interfaces": INTERFACES, "refused": True}
