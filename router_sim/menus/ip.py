"""Addresses, pools, name resolution and address lists."""

from router_sim.durations import DAY, SECOND, WEEK
from router_sim.network import Address, AddressOrName, AddressRange, InterfaceAddress
from router_sim.schema import (
    COMMENT,
    CONFIGURE,
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
)
from router_sim.values import Bool, Duration, Int, Listed, Optional, Reference, Text

SET = Presence.SET
# The console bounds the timeout of an entry at 35w3d13h13m56s.
LONGEST_TIMEOUT = 35 * WEEK + 3 * DAY + (13 * 3600 + 13 * 60 + 56) * SECOND

ADDRESS = Menu(
    "/ip/address",
    (
        Property("address", InterfaceAddress(), required=True),
        Property("network", Address()),
        Property("netmask", Address(), presence=Presence.NEVER, span=Span(since="7.15")),
        Property("broadcast", Optional(Address()), "", SET, span=Span(since="7.15")),
        Property("interface", Reference("/interface"), required=True),
        shown("actual-interface"),
        shown("vrf", "", SET, Span(since="7.15")),
        flag("invalid"),
        flag("dynamic"),
        flag("slave", Presence.TRUE),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT,
    unique=(Unique(("address", "interface"), "already have such address"),),
    noun="address",
)

POOL = Menu(
    "/ip/pool",
    (
        Property("name"),
        Property("ranges", Listed(AddressRange(), low=1), required=True),
        Property("next-pool", Reference("/ip/pool", ("none",)), "none", SET),
        shown("total", span=Span(since="7.14")),
        shown("used", "0", span=Span(since="7.14")),
        shown("available", span=Span(since="7.14")),
        comment(),
        about(),
    ),
    LIST | COMMENT,
    auto_name="pool",
    unique=(Unique(("name",), "pool with such name exists"),),
    noun="pool",
)

POOL_USED = Menu(
    "/ip/pool/used",
    (shown("pool"), shown("address"), shown("owner"), shown("info"), about()),
)

DNS = Menu(
    "/ip/dns",
    (
        Property("servers", Listed(Address()), ""),
        shown("dynamic-servers", ""),
        Property("use-doh-server", Text(), ""),
        Property("verify-doh-cert", Bool(), "false"),
        Property("doh-max-server-connections", Int(1, 65535), "5", span=Span(since="7.8")),
        Property("doh-max-concurrent-queries", Int(1, 65535), "50", span=Span(since="7.8")),
        Property("doh-timeout", Duration(), "5s", span=Span(since="7.8")),
        Property("allow-remote-requests", Bool(), "false"),
        Property("max-udp-packet-size", Int(50, 65507), "4096"),
        Property("query-server-timeout", Duration(), "2s"),
        Property("query-total-timeout", Duration(), "10s"),
        Property("max-concurrent-queries", Int(1, 65535), "100"),
        Property("max-concurrent-tcp-sessions", Int(1, 65535), "20"),
        Property("cache-size", Int(64, 2**32 - 1, unit="KiB"), "2048"),
        Property("cache-max-ttl", Duration(), "1w"),
        Property("address-list-extra-time", Duration(), "0s", span=Span(since="7.15")),
        Property("vrf", Text(), "main", span=Span(since="7.15")),
        Property("mdns-repeat-ifaces", Text(), "", span=Span(since="7.16")),
        shown("cache-used", "0"),
    ),
    CONFIGURE,
    singleton=True,
)

ADDRESS_LIST = Menu(
    "/ip/firewall/address-list",
    (
        Property("list", Text(), required=True),
        Property("address", AddressOrName(), required=True),
        shown("creation-time"),
        Property("timeout", Duration(high=LONGEST_TIMEOUT)),
        Property("dynamic", Bool(), "false"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT,
    unique=(Unique(("list", "address"), "already have such entry"),),
    indexed=("address", "list"),
    removable_dynamic=True,
    noun="entry",
)

MENUS = (ADDRESS, POOL, POOL_USED, DNS, ADDRESS_LIST)
