"""mktxp, the Prometheus exporter, scrapes a simulated router with every collector it has."""

from __future__ import annotations

import re
from typing import Any

import pytest

from router_sim.menus.catalogue import catalogue
from tests.real_clients.lab import site

# Those it leaves out unless it is told otherwise.
MORE_COLLECTORS = (
    "interface_with_default_name", "routerboard", "wireguard_peers", "bridge_vlan", "dns", "ipv6_route", "ipv6_pool",
    "ipv6_firewall", "ipv6_neighbor", "w60g", "eoip", "gre", "ipip", "lte", "ipsec", "switch_port",
    "kid_control_assigned", "bfd", "bgp", "routing_stats", "certificate", "container",
)  # fmt: skip
NOT_READ = re.compile(r"(?:b\\?'|count for )(/[a-z0-9/-]+?)(?:/print)? ")


def values(metrics: dict[str, Any], name: str, label: str) -> dict[str, float]:
    return {labels[label]: value for labels, value in metrics[name]}


@pytest.mark.parametrize("version", ["7.22.3", "7.16", "6.49"])
async def test_a_scrape(version: str) -> None:
    settings = [*(f"{name} = True" for name in MORE_COLLECTORS), "address_list = management"]
    async with site(version=version) as lab:
        lab.run("/ip/firewall/filter/add", {"chain": "forward", "action": "drop", "comment": "last"})
        told = await lab.python("drive_mktxp", settings=settings)
    _, metrics = told["scrapes"]
    pools = {"pool-guest-1": 253.0, "pool-guest-2": 253.0, "pool-office": 241.0}
    assert values(metrics, "mktxp_ip_pool_total", "pool") == pools
    assert set(values(metrics, "mktxp_ip_pool_used", "pool").values()) == {0.0}
    running = {"ether1", "bridge-guest", "vlan-guest-2", "vlan-office"}
    assert values(metrics, "mktxp_interface_running", "name").items() >= dict.fromkeys(running, 1.0).items()
    assert values(metrics, "mktxp_interface_status", "name") == {"ether1": 1.0}
    ((identity, _),) = metrics["mktxp_system_identity_info"]
    assert identity["name"] == "site"
    ((resource, free),) = metrics["mktxp_system_free_memory"]
    assert (resource["version"], free) == (f"{version} (stable)", 805306368.0)
    assert metrics["mktxp_routes_total_routes"][0][1] == 4.0
    assert values(metrics, "mktxp_routes_protocol_count", "protocol")["connect"] == 4.0
    assert values(metrics, "mktxp_active_users_info", "via").keys() == {"api"}
    assert metrics["mktxp_firewall_address_list_selected_count"][0][1] == 2.0
    assert set(values(metrics, "mktxp_firewall_address_list", "address")) == {"198.51.100.0/24", "192.0.2.10"}

    # What it could not read are menus that are not there, and nothing else.
    menus = catalogue(version).menus
    troubles = [line for line in told["said"] if "rror" in line and "not supported" not in line]
    assert troubles
    served = [line for line in troubles if not (found := NOT_READ.search(line)) or found[1] in menus]
    assert not served, "\n".join(served)


async def test_a_scrape_over_tls_without_a_certificate() -> None:
    async with site(all_services=True) as lab:
        lab.run("/ip/service/set", {".id": "api-ssl", "certificate": "none"})
        settings = ["use_ssl = True", "no_ssl_certificate = True"]
        told = await lab.python("drive_mktxp", settings=settings, port=lab.fleet.ports.api_ssl)
    _, metrics = told["scrapes"]
    assert values(metrics, "mktxp_active_users_info", "via").keys() == {"api"}
    assert metrics["mktxp_system_identity_info"][0][0]["name"] == "site"
