"""Interfaces: the menu of all of them, and the menus of each kind, over one store.

The numbers of interfaces are shared, so an item has the same identifier in both of its menus.
"""

from router_sim.durations import DAY, HOUR, MINUTE, SECOND, WEEK
from router_sim.menus.ethernet_counters import COUNTERS
from router_sim.network import Mac
from router_sim.schema import (
    COMMENT,
    CONFIGURE,
    LIST,
    TOGGLE,
    BuiltIn,
    Menu,
    Presence,
    Property,
    Span,
    Unique,
    about,
    comment,
    disabled,
    flag,
    shown,
)
from router_sim.values import Bool, Choice, Duration, Int, Listed, Reference, Words

STORE = "/interface"
SET = Presence.SET
NAMES = (Unique(("name",), "already have interface with such name"),)
ARP = ("disabled", "enabled", "local-proxy-arp", "proxy-arp", "reply-only")
# The console's bound: 7101w3d6h28m15s.
LOOP_INTERVAL = Duration(SECOND, 7101 * WEEK + 3 * DAY + 6 * HOUR + 28 * MINUTE + 15 * SECOND)
LINK_MODES = (
    "10M-baseT-half", "10M-baseT-full", "100M-baseT-half", "100M-baseT-full", "1G-baseT-half",
    "1G-baseT-full", "1G-baseX", "2.5G-baseT", "2.5G-baseX", "5G-baseT", "10G-baseT", "10G-baseSR-LR",
    "10G-baseCR", "25G-baseSR-LR", "25G-baseCR", "40G-baseSR4-LR4", "40G-baseCR4", "50G-baseSR2-LR2",
    "50G-baseCR2", "100G-baseSR2-LR2", "100G-baseSR4-LR4", "100G-baseCR2", "100G-baseCR4",
    "100M-baseFX-half", "100M-baseFX-full", "200G-baseSR4-LR4", "200G-baseCR4",
    "400G-baseSR8-LR8", "400G-baseCR8", "50G-baseSR-LR", "50G-baseCR",
)  # fmt: skip
COUNTED = (
    "rx-byte", "tx-byte", "rx-packet", "tx-packet", "rx-drop", "tx-drop", "tx-queue-drop", "rx-error",
    "tx-error", "fp-rx-byte", "fp-tx-byte", "fp-rx-packet", "fp-tx-packet",
)  # fmt: skip


def arp() -> tuple[Property, Property]:
    """How the interface answers address resolution."""
    return (
        Property("arp", Choice(ARP), "enabled"),
        Property("arp-timeout", Words(("auto",), Duration()), "auto"),
    )


def loop_protection() -> tuple[Property, ...]:
    """Protection against loops of the wire."""
    return (
        Property("loop-protect", Choice(("default", "off", "on")), "default"),
        shown("loop-protect-status", "off"),
        Property("loop-protect-send-interval", LOOP_INTERVAL, "5s"),
        Property("loop-protect-disable-time", Duration(), "5m"),
    )


# The loopback interface is listed since 7.14; that it was that version is assumed.
ALL = Menu(
    STORE,
    (
        Property("name"),
        shown("default-name"),
        shown("type"),
        Property("mtu", Words(("auto",), Int(68, 65535))),
        shown("actual-mtu"),
        Property("l2mtu", Int(68, 65535)),
        shown("max-l2mtu"),
        shown("mac-address"),
        shown("vrf", "", SET, Span(since="7.15")),
        shown("last-link-down-time"),
        shown("last-link-up-time"),
        shown("link-downs", "0"),
        *(shown(name, "0") for name in COUNTED),
        shown("fp-rps-drop"),
        flag("running"),
        flag("dynamic", Presence.TRUE),
        flag("inactive", Presence.TRUE),
        flag("passthrough", Presence.TRUE),
        flag("slave", Presence.TRUE),
        disabled(),
        comment(),
        about(),
    ),
    CONFIGURE | TOGGLE | COMMENT | {"reset-counters", "monitor-traffic"},
    store=STORE,
    unique=NAMES,
    built_in=(BuiltIn(2, {"name": "lo"}, protected=False, span=Span(since="7.14")),),
    print_arguments=frozenset({"oid", "stats", "stats-detail"}),
    noun="interface",
)

ETHERNET = Menu(
    "/interface/ethernet",
    (
        Property("name"),
        shown("default-name"),
        Property("mtu", Int(68, 65535), "1500"),
        Property("l2mtu", Int(68, 65535)),
        Property("mac-address", Mac()),
        Property("orig-mac-address", Mac()),
        *arp(),
        *loop_protection(),
        Property("auto-negotiation", Bool(), "true"),
        Property("advertise", Listed(Choice(LINK_MODES))),
        Property("speed", Choice(LINK_MODES), "", SET),
        Property("tx-flow-control", Choice(("auto", "off", "on")), "off"),
        Property("rx-flow-control", Choice(("auto", "off", "on")), "off"),
        Property("cable-settings", Choice(("default", "short", "standard")), "", SET),
        Property("combo-mode", Choice(("auto", "copper", "sfp")), "", SET),
        Property("disable-running-check", Bool(), "true"),
        Property("fec-mode", Choice(("auto", "fec74", "fec91", "off")), "", SET),
        Property("mdix-enable", Bool(), "false", SET),
        Property("sfp-ignore-rx-los", Bool(), "false", SET),
        Property("sfp-rate-select", Choice(("high", "low")), "high", SET),
        Property("sfp-shutdown-temperature", Int(0, 200), "95", SET, clearable=True),
        shown("current-learned"),
        shown("not-learned"),
        *(shown(name) for name in COUNTERS),
        flag("running"),
        flag("slave", Presence.TRUE),
        disabled(),
        comment(),
        about(),
    ),
    CONFIGURE | TOGGLE | COMMENT | {"reset-counters", "unset", "monitor", "reset-mac-address"},
    store=STORE,
    kind="ether",
    unique=NAMES,
    print_arguments=frozenset({"stats", "stats-detail"}),
    built_in=(
        BuiltIn(
            1,
            {
                "name": "ether1",
                "default-name": "ether1",
                "mac-address": "02:00:5E:00:53:01",
                "orig-mac-address": "02:00:5E:00:53:01",
            },
            protected=False,
        ),
    ),
    noun="interface",
)

VLAN = Menu(
    "/interface/vlan",
    (
        Property("name"),
        Property("mtu", Int(68, 65535), "1500"),
        shown("l2mtu"),
        shown("mac-address"),
        *arp(),
        *loop_protection(),
        Property("mvrp", Bool(), "false", span=Span(since="7.15")),
        Property("vlan-id", Int(1, 4095), required=True),
        Property("interface", Reference(STORE), required=True),
        Property("use-service-tag", Bool(), "false"),
        flag("hw-offloaded", Presence.TRUE),
        flag("running"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT,
    store=STORE,
    kind="vlan",
    auto_name="vlan",
    unique=NAMES,
    noun="interface",
)

MENUS = (ALL, ETHERNET, VLAN)
