"""Name resolution: settings, static records, and what the router remembers of its answers."""

from router_sim.network import Address
from router_sim.schema import (
    COMMENT,
    CONFIGURE,
    LIST,
    TOGGLE,
    Menu,
    Property,
    Span,
    about,
    comment,
    disabled,
    flag,
    shown,
    when_given,
)
from router_sim.values import Bool, Choice, Duration, Int, Listed, Text

RECORD_TYPES = ("A", "AAAA", "CNAME", "FWD", "MX", "NS", "NXDOMAIN", "SRV", "TXT")

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
        Property("address-list-extra-time", Duration(), "0s", span=Span(since="7.10")),
        Property("vrf", Choice(("main",)), "main", span=Span(since="7.15")),
        Property("mdns-repeat-ifaces", Text(), "", span=Span(since="7.16")),
        shown("cache-used", "0"),
    ),
    CONFIGURE,
    verb_spans={"reset": Span(since="7.21")},
    singleton=True,
)

# The address of a record is an IPv4 or, for AAAA, an IPv6 one: which of them is checked with the type.
STATIC = Menu(
    "/ip/dns/static",
    (
        when_given("name", Text()),
        when_given("regexp", Text()),
        Property("type", Choice(RECORD_TYPES)),
        when_given("address", Text()),
        when_given("cname", Text()),
        when_given("mx-preference", Int(0, 65535)),
        when_given("mx-exchange", Text()),
        when_given("ns", Text()),
        when_given("srv-priority", Int(0, 65535)),
        when_given("srv-weight", Int(0, 65535)),
        when_given("srv-port", Int(0, 65535)),
        when_given("srv-target", Text()),
        when_given("text", Text()),
        when_given("forward-to", Text()),
        when_given("address-list", Text(), Span(since="7.5")),
        when_given("match-subdomain", Bool(), Span(since="7.5")),
        Property("ttl", Duration(), "1d"),
        flag("dynamic"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"move"},
    indexed=("name", "regexp"),
    noun="entry",
)

CACHE = Menu(
    "/ip/dns/cache",
    (
        shown("name"),
        shown("type"),
        shown("data"),
        shown("ttl"),
        flag("static"),
        about(),
    ),
    frozenset({"flush"}),
    journaled=False,
)

MENUS = (DNS, STATIC, CACHE)
