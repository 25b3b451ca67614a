"""The DHCP server: servers, the networks they tell their clients about, and leases.

Names follow the console of RouterOS 7.22. Most settings are printed only once they were given a value, as
on routers whose records over REST are known; `lease-time` and the like are always there.
"""

from router_sim.durations import DAY, HOUR, MINUTE, SECOND, WEEK
from router_sim.network import Address, InterfaceAddress, Mac
from router_sim.schema import (
    COMMENT,
    LIST,
    TOGGLE,
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
    when_given,
)
from router_sim.values import (
    Bool,
    Choice,
    Duration,
    Flags,
    Int,
    Listed,
    RateLimit,
    Reference,
    Text,
    Words,
)

SET = Presence.SET
LONGEST = 7101 * WEEK + 3 * DAY + 6 * HOUR + 28 * MINUTE + 15 * SECOND
LEASE_TIME = Duration(SECOND, LONGEST)
QUEUE = Reference("/queue/simple", ("none",))
# DHCP options have no menu here, so there is none that could be named.
NO_OPTIONS = Listed(Choice(()))

SERVER = Menu(
    "/ip/dhcp-server",
    (
        Property("name"),
        Property("interface", Reference("/interface"), required=True),
        when_given("relay", Address()),
        when_given("server-address", Address()),
        Property("address-pool", Reference("/ip/pool", ("static-only",)), "static-only"),
        Property("lease-time", LEASE_TIME, "10m"),
        when_given("bootp-lease-time", Words(("forever", "lease-time"), Duration())),
        when_given("bootp-support", Choice(("dynamic", "none", "static"))),
        when_given("authoritative", Choice(("after-10sec-delay", "after-2sec-delay", "no", "yes"))),
        when_given("add-arp", Bool()),
        when_given("always-broadcast", Bool()),
        when_given("delay-threshold", Words(("none",), Duration(), zero="none")),
        when_given("conflict-detection", Bool()),
        when_given("client-mac-limit", Words(("unlimited",), Int(0, 2**32 - 1))),
        when_given("allow-dual-stack-queue", Bool()),
        when_given("insert-queue-before", Choice(("bottom", "first"))),
        when_given("parent-queue", QUEUE),
        when_given("use-framed-as-classless", Bool()),
        when_given("dhcp-option-set", Choice(("none",))),
        Property("lease-script", Text(), ""),
        Property("address-lists", Listed(Text()), "", span=Span(since="7.17")),
        Property(
            "dynamic-lease-identifiers",
            Flags(("client-mac", "client-id", "opt-82")),
            "client-mac,client-id",
            span=Span(since="7.21"),
        ),
        Property("support-broadband-tr101", Bool(), "false", span=Span(since="7.21")),
        when_given("add-dns-entries", Bool(), Span(since="7.23")),
        Property("add-dns-entries-suffix", Text(), "lan", span=Span(since="7.23")),
        Property("use-radius", Choice(("accounting", "no", "yes")), "no"),
        Property("use-reconfigure", Bool(), "false", span=Span(since="7.19")),
        flag("invalid"),
        flag("dynamic"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT,
    auto_name="dhcp",
    unique=(Unique(("name",), "server with such name already exists"),),
    noun="server",
)

ADDRESSES = Listed(Address())

NETWORK = Menu(
    "/ip/dhcp-server/network",
    (
        Property("address", InterfaceAddress(), required=True),
        Property("gateway", ADDRESSES, ""),
        when_given("netmask", Int(0, 32)),
        Property("dns-server", ADDRESSES, ""),
        when_given("dns-none", Bool()),
        when_given("domain", Text()),
        Property("ntp-server", ADDRESSES, ""),
        when_given("ntp-none", Bool(), Span(since="7.20")),
        Property("wins-server", ADDRESSES, ""),
        Property("caps-manager", ADDRESSES, ""),
        when_given("next-server", Address(), clearable=True),
        when_given("boot-file-name", Text()),
        Property("dhcp-option", NO_OPTIONS, ""),
        when_given("dhcp-option-set", Choice(("none",))),
        flag("dynamic"),
        comment(),
        about(),
    ),
    LIST | COMMENT | {"unset"},
    unique=(Unique(("address",), "such network already exists"),),
    noun="network",
)

LEASE = Menu(
    "/ip/dhcp-server/lease",
    (
        Property("address", Address()),
        when_given("mac-address", Mac()),
        when_given("client-id", Text()),
        Property("address-lists", Listed(Text()), ""),
        Property("server", Reference("/ip/dhcp-server", ("all",)), "all", SET),
        Property("dhcp-option", NO_OPTIONS, ""),
        when_given("dhcp-option-set", Choice(("none",))),
        when_given("lease-time", Duration()),
        when_given("rate-limit", RateLimit()),
        when_given("routes", Text()),
        when_given("always-broadcast", Bool()),
        when_given("use-src-mac", Bool()),
        when_given("block-access", Bool()),
        when_given("allow-dual-stack-queue", Bool(), clearable=True),
        when_given("insert-queue-before", Choice(("bottom", "first")), clearable=True),
        when_given("parent-queue", QUEUE, clearable=True),
        when_given("queue-type", Reference("/queue/type"), clearable=True),
        Property("agent-circuit-id", Text(), "", span=Span(since="7.21")),
        Property("agent-remote-id", Text(), "", span=Span(since="7.21")),
        shown("status", "waiting"),
        shown("age"),
        shown("expires-after"),
        shown("last-seen"),
        shown("active-address"),
        shown("active-mac-address"),
        shown("active-client-id"),
        Property("active-server", Reference("/ip/dhcp-server"), read_only=True),
        shown("active-agent-circuit-id", "", span=Span(since="7.21")),
        shown("active-agent-remote-id", "", span=Span(since="7.21")),
        shown("host-name"),
        shown("class-id"),
        shown("src-mac-address"),
        shown("reconfigure-key", span=Span(since="7.19")),
        shown("reconfigure-status", span=Span(since="7.19")),
        shown("reconfigure-last-sent", span=Span(since="7.19")),
        flag("radius"),
        flag("dynamic"),
        flag("blocked"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"check-status", "make-static", "send-reconfigure", "unset"},
    verb_spans={"send-reconfigure": Span(since="7.19")},
    indexed=("address", "active-address", "mac-address", "server"),
    removable_dynamic=True,
    dynamic_noun="lease",
    print_arguments=frozenset({"active"}),
    filters={"active": ("status", "bound")},
    noun="lease",
)

MENUS = (SERVER, NETWORK, LEASE)
