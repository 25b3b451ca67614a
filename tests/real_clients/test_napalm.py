"""napalm's getters, through its driver for RouterOS."""

from __future__ import annotations

from tests.real_clients.lab import site

GETTERS = (
    "get_facts",
    "get_interfaces",
    "get_interfaces_counters",
    "get_interfaces_ip",
    "get_arp_table",
    "get_config",
    "get_environment",
    "get_lldp_neighbors",
    "get_ntp_servers",
    "get_snmp_information",
    "get_users",
    "get_vlans",
)
ADDRESSES = {
    "ether1": "192.0.2.2",
    "bridge-guest": "10.5.50.1",
    "vlan-guest-2": "10.5.51.1",
    "vlan-office": "172.20.0.1",
}


async def test_getters() -> None:
    async with site() as lab:
        printer = {"address": "172.20.0.9", "mac-address": "02:00:5E:00:53:A0", "interface": "vlan-office"}
        lab.run("/ip/arp/add", printer)
        told = await lab.python("drive_napalm", getters=GETTERS)
    assert told["alive"] == {"is_alive": True}
    facts = told["get_facts"]
    assert (facts["vendor"], facts["model"], facts["hostname"]) == ("MikroTik", "CHR", "site")
    assert facts["os_version"] == "7.22.3 (stable)"
    assert facts["interface_list"] == ["bridge-guest", "ether1", "lo", "vlan-guest-2", "vlan-office"]
    bridge = told["get_interfaces"]["bridge-guest"]
    assert (bridge["is_up"], bridge["is_enabled"], bridge["description"]) == (True, True, "guests")
    assert told["get_interfaces_counters"].keys() == set(facts["interface_list"])
    assert told["get_interfaces_ip"] == {
        name: {"ipv4": {address: {"prefix_length": 24}}} for name, address in ADDRESSES.items()
    }
    (entry,) = told["get_arp_table"]
    assert (entry["interface"], entry["ip"], entry["mac"]) == (
        "vlan-office",
        "172.20.0.9",
        "02:00:5E:00:53:A0",
    )
    assert told["get_environment"]["cpu"] == {"cpu0": {"%usage": 0.0}}
    assert "add address=172.20.0.1/24 comment=office interface=vlan-office" in told["get_config"]["running"]
    assert told["get_lldp_neighbors"] == {}
    assert told["get_ntp_servers"] == {}
    assert told["get_snmp_information"]["community"] == {"public": {"acl": "::/0", "mode": "ro"}}
    assert told["get_users"]["admin"]["level"] == 15
    # A menu this simulator does not have is refused in the words of a router, and the client goes on.
    assert told["get_vlans"] == "no such command or directory (vlan), no such command prefix"
