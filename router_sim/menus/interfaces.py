"""Interfaces: the menu of all of them, and the menus of each kind, over one store.

The numbers of interfaces are shared, so an item has the same identifier in both of its menus.
"""

from router_sim.durations import DAY, HOUR, MILLISECOND, MINUTE, SECOND, WEEK
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
from router_sim.values import Bool, Choice, Duration, Int, Listed, Optional, Reference, Text, Words

STORE = "/interface"
SET = Presence.SET
NAMES = (Unique(("name",), "already have interface with such name"),)
ARP = ("disabled", "enabled", "local-proxy-arp", "proxy-arp", "reply-only")
# The console's bounds: 71w2h27m52s950ms for multicast intervals, 7101w3d6h28m15s for loop protection.
MULTICAST_INTERVAL = Duration(SECOND, 71 * WEEK + 2 * HOUR + 27 * MINUTE + 52 * SECOND + 950 * MILLISECOND)
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
    CONFIGURE | TOGGLE | COMMENT | {"reset-counters"},
    store=STORE,
    unique=NAMES,
    built_in=(BuiltIn(2, {"name": "lo"}, protected=False),),
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
    CONFIGURE | TOGGLE | COMMENT | {"reset-counters", "unset"},
    store=STORE,
    kind="ether",
    unique=NAMES,
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

BRIDGE = Menu(
    "/interface/bridge",
    (
        Property("name"),
        Property("mtu", Words(("auto",), Int(68, 65535)), "auto"),
        shown("actual-mtu"),
        shown("l2mtu"),
        *arp(),
        shown("mac-address"),
        Property("protocol-mode", Choice(("mstp", "none", "rstp", "stp")), "rstp"),
        Property("fast-forward", Bool(), "true"),
        Property("igmp-snooping", Bool(), "false"),
        Property("multicast-router", Choice(("disabled", "permanent", "temporary-query")),
                 "temporary-query", shown_with=("igmp-snooping", "true")),
        Property("multicast-querier", Bool(), "false", shown_with=("igmp-snooping", "true")),
        Property("startup-query-count", Int(0, 2**32 - 1), "2", shown_with=("igmp-snooping", "true")),
        Property("last-member-query-count", Int(0, 2**32 - 1), "2", shown_with=("igmp-snooping", "true")),
        Property("last-member-interval", MULTICAST_INTERVAL, "1s", shown_with=("igmp-snooping", "true")),
        Property("membership-interval", MULTICAST_INTERVAL, "4m20s", shown_with=("igmp-snooping", "true")),
        Property("querier-interval", MULTICAST_INTERVAL, "4m15s", shown_with=("igmp-snooping", "true")),
        Property("query-interval", MULTICAST_INTERVAL, "2m5s", shown_with=("igmp-snooping", "true")),
        Property("query-response-interval", MULTICAST_INTERVAL, "10s",
                 shown_with=("igmp-snooping", "true")),
        Property("startup-query-interval", MULTICAST_INTERVAL, "31s250ms",
                 shown_with=("igmp-snooping", "true")),
        Property("igmp-version", Choice(("2", "3")), "2", shown_with=("igmp-snooping", "true")),
        Property("mld-version", Choice(("1", "2")), "1", shown_with=("igmp-snooping", "true")),
        Property("auto-mac", Bool(), "true"),
        Property("admin-mac", Optional(Mac()), "", SET),
        Property("ageing-time", Duration(10 * SECOND, WEEK + 4 * DAY + 13 * HOUR + 46 * MINUTE + 40 * SECOND),
                 "5m"),
        Property("priority", Int(0, 65535, base16=True), "0x8000"),
        Property("max-message-age", Duration(6 * SECOND, 40 * SECOND), "20s"),
        Property("forward-delay", Duration(4 * SECOND, 30 * SECOND), "15s"),
        Property("transmit-hold-count", Int(1, 10), "6"),
        Property("max-hops", Int(6, 40), "20", shown_with=("protocol-mode", "mstp")),
        Property("region-name", Text(), "", SET),
        Property("region-revision", Int(0, 65535), "0", shown_with=("protocol-mode", "mstp")),
        Property("vlan-filtering", Bool(), "false"),
        Property("ether-type", Choice(("0x8100", "0x88a8", "0x9100")), "0x8100",
                 shown_with=("vlan-filtering", "true")),
        Property("pvid", Int(1, 4094), "1", shown_with=("vlan-filtering", "true")),
        Property("frame-types", Choice(("admit-all", "admit-only-untagged-and-priority-tagged",
                                        "admit-only-vlan-tagged")), "admit-all",
                 shown_with=("vlan-filtering", "true")),
        Property("ingress-filtering", Bool(), "true", shown_with=("vlan-filtering", "true")),
        Property("mvrp", Bool(), "false", shown_with=("vlan-filtering", "true")),
        Property("dhcp-snooping", Bool(), "false"),
        Property("add-dhcp-option82", Bool(), "false", shown_with=("dhcp-snooping", "true")),
        Property("port-cost-mode", Choice(("long", "short")), "long", span=Span(since="7.13")),
        Property("max-learned-entries", Words(("auto", "unlimited"), Int(0, 2**32 - 1)), "auto",
                 span=Span(since="7.16")),
        Property("forward-reserved-addresses", Bool(), "false", span=Span(since="7.16")),
        Property("mlag-heartbeat", Words(("none",), Duration(SECOND, 10 * SECOND)), "", SET,
                 span=Span(since="7.22")),
        Property("mlag-peer-port", Reference(STORE, ("none",)), "", SET, span=Span(since="7.22")),
        Property("mlag-priority", Int(0, 2**32 - 1), "", SET, span=Span(since="7.22")),
        Property("ra-guard", Bool(), "false", SET, span=Span(since="7.22")),
        Property("managed", Bool(), "false", Presence.TRUE, read_only=True, span=Span(since="7.22")),
        flag("running"),
        flag("dynamic", Presence.TRUE),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT,
    store=STORE,
    kind="bridge",
    auto_name="bridge",
    unique=NAMES,
    noun="interface",
)  # fmt: skip

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

MENUS = (ALL, ETHERNET, BRIDGE, VLAN)
