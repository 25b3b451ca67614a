"""What came and went between versions, as their own consoles list it, and the rest of a version's profile.

A row says: since this version, in this menu, these verbs or writable properties are there, and these no more. With
the names of 7.22.3 (`crawl.json`) that gives the names of every other version from 7.9 on.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from router_sim.menus.catalogue import catalogue
from router_sim.schema import version_key

CRAWL = json.loads(Path(__file__).with_name("crawl.json").read_text("utf-8"))
CRAWLED = "7.22.3"
NOT_PROPERTIES = {"copy-from", "place-before", "numbers", ".id"}


class Change(NamedTuple):
    since: str
    menu: str
    kind: str
    came: str = ""
    went: str = ""


CHANGES = (
    Change("7.10", "/ip/dns", "property", "address-list-extra-time"),
    Change("7.10", "/ip/firewall/nat", "property", "randomise-ports"),
    Change("7.12", "/interface/ethernet", "property", went="full-duplex"),
    Change("7.13", "/file", "verb", "read"),
    Change("7.13", "/interface/bridge", "property", "port-cost-mode"),
    Change("7.13", "/interface/bridge/port", "verb", "unset"),
    Change("7.15", "/file", "property", "type"),
    Change("7.15", "/interface/bridge", "property", "mvrp"),
    Change("7.15", "/interface/bridge/port", "property", "mvrp-applicant-state mvrp-registrar-state"),
    Change("7.15", "/interface/ethernet", "property", "sfp-ignore-rx-los"),
    Change("7.15", "/interface/vlan", "property", "mvrp"),
    Change("7.15", "/ip/dns", "property", "vrf"),
    Change("7.15", "/radius", "property", "require-message-auth"),
    Change("7.16", "/interface/bridge", "property", "forward-reserved-addresses max-learned-entries"),
    Change("7.16", "/ip/dns", "property", "mdns-repeat-ifaces"),
    Change("7.16", "/ip/firewall/nat", "property", went="tls-host"),
    Change("7.16", "/ip/service", "property", "max-sessions"),
    Change("7.16", "/user", "property", "inactivity-policy inactivity-timeout"),
    Change("7.17", "/ip/dhcp-server", "property", "address-lists"),
    Change("7.17", "/ip/service", "verb", went="unset"),
    Change("7.18", "/system/package", "verb", "apply-changes"),
    Change("7.19", "/ip/dhcp-server", "property", "use-reconfigure"),
    Change("7.19", "/ip/dhcp-server/lease", "verb", "send-reconfigure"),
    Change("7.19.3", "/radius", "property", "radsec-timeout"),
    Change("7.20", "/ip/dhcp-server/network", "property", "ntp-none"),
    Change("7.20", "/ip/firewall/nat", "property", "socks5-port socks5-server socksify-service"),
    Change("7.20", "/user/active", "verb", "add remove", "request-logout"),
    Change("7.21", "/certificate", "property", "trust-store"),
    Change("7.21", "/ip/dhcp-server", "property", "dynamic-lease-identifiers support-broadband-tr101"),
    Change("7.21", "/ip/dhcp-server/lease", "property", "agent-circuit-id agent-remote-id"),
    Change("7.21", "/ip/dns", "verb", "reset"),
    Change("7.21", "/ip/firewall/filter", "property", "tos", "hw-offload"),
    Change("7.21", "/ip/firewall/nat", "property", "tos"),
    Change("7.21", "/ip/hotspot/active", "verb", went="add comment reset set"),
    Change("7.21", "/ip/hotspot/active", "property", went="comment"),
    Change("7.21", "/ip/hotspot/user", "property", "totp-secret"),
    Change("7.21", "/radius/incoming", "verb", "reset"),
    Change("7.21", "/system/clock", "verb", "reset"),
    Change("7.21", "/system/health", "verb", "reset"),
    Change("7.21", "/system/identity", "verb", "reset"),
    Change("7.21.3", "/ip/hotspot/user", "property", "otp-secret", "totp-secret"),
    Change("7.22", "/certificate", "verb", "add-acme"),
    Change("7.22", "/interface/bridge", "property", "mlag-heartbeat mlag-peer-port mlag-priority ra-guard"),
    Change("7.22", "/interface/bridge/port", "property", "trusted-ra"),
    Change("7.23", "/file", "verb", "copy head tail"),
    Change("7.23", "/interface/bridge", "verb", "unset"),
    Change(
        "7.23",
        "/interface/bridge",
        "property",
        "dhcp-agent-circuit-id dhcp-agent-remote-id dhcpv6-agent-circuit-id dhcpv6-agent-remote-id"
        " dhcpv6-snooping",
        "add-dhcp-option82",
    ),
    Change("7.23", "/interface/bridge/port", "property", "trusted-dhcpv6"),
    Change("7.23", "/ip/dhcp-server", "property", "add-dns-entries add-dns-entries-suffix"),
    Change("7.24", "/certificate", "verb", "acme-renew"),
    Change("7.24", "/interface/bridge", "property", "querier-uses-bridge-address"),
    Change("7.24", "/ip/service", "property", "available-from"),
    Change("7.24", "/system/scheduler", "verb", "unset"),
    Change("7.24", "/system/scheduler", "property", "days"),
    Change("7.24", "/system/script", "verb", "unset"),
)
"""Trees of the consoles of 51 releases from 7.9 to 7.24, compared with one another."""

PROFILES = ("7.16", "7.18", "7.21", "7.24")

# Verbs with no effect outside a terminal, a cloud service or real hardware; see test_crawl.py.
NOT_SERVED = {
    "blink", "cable-test", "recursive-print", "setup", "add-acme", "acme-renew",
    "add-scep", "card-reinstall", "card-verify", "enable-ssl-certificate", "scep-renew",
    "copy", "head", "tail",  # of /file since 7.23; their arguments are not known
}  # fmt: skip
# What adding does to lists that the router itself keeps is not known.
NOT_SERVED_HERE = {("/user/active", "add"), ("/ip/hotspot/active", "add")}


def names(version: str, menu: str, kind: str) -> set[str]:
    """What the version has: the names of 7.22.3, with what changed between the two undone or done."""
    verbs = CRAWL[menu]["verbs"]
    found = set(verbs) if kind == "verb" else {*verbs.get("add", ()), *verbs.get("set", ())} - NOT_PROPERTIES
    here, there = version_key(version), version_key(CRAWLED)
    for change in reversed(CHANGES):
        at = version_key(change.since)
        if change.menu == menu and change.kind == kind and here < at <= there:
            found = (found - set(change.came.split())) | set(change.went.split())
    for change in CHANGES:
        at = version_key(change.since)
        if change.menu == menu and change.kind == kind and there < at <= here:
            found = (found - set(change.went.split())) | set(change.came.split())
    return found


def served(version: str, menu: str) -> set[str]:
    """The verbs of the version that this simulator has."""
    not_here = {verb for path, verb in NOT_SERVED_HERE if path == menu}
    return names(version, menu, "verb") - NOT_SERVED - not_here


def test_the_rows_are_in_order_and_about_menus_there_are() -> None:
    assert [version_key(change.since) for change in CHANGES] == sorted(
        version_key(change.since) for change in CHANGES
    )
    assert {change.menu for change in CHANGES} <= CRAWL.keys()


@pytest.mark.parametrize("version", PROFILES)
def test_properties_of_a_version(version: str) -> None:
    menus = catalogue(version).menus
    wrong = {
        menu: sorted(found ^ wanted)
        for menu in CRAWL
        if (found := set(menus[menu].writable)) != (wanted := names(version, menu, "property"))
    }
    assert wrong == {}


@pytest.mark.parametrize("version", PROFILES)
def test_verbs_of_a_version(version: str) -> None:
    menus = catalogue(version).menus
    wrong = {
        menu: sorted(found ^ wanted)
        for menu in CRAWL
        if (found := set(menus[menu].verbs)) != (wanted := served(version, menu))
    }
    assert wrong == {}
