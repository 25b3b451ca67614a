"""RADIUS: the servers the router asks, and the requests it takes from them."""

from router_sim.durations import MILLISECOND, MINUTE
from router_sim.network import Address
from router_sim.schema import (
    COMMENT,
    CONFIGURE,
    LIST,
    TOGGLE,
    Menu,
    Presence,
    Property,
    Span,
    about,
    comment,
    disabled,
    shown,
)
from router_sim.values import Bool, Choice, Duration, Flags, Int, Reference, Text

PORT = Int(1, 65535)
TIMEOUT = Duration(10 * MILLISECOND, MINUTE)

RADIUS = Menu(
    "/radius",
    (
        Property("service", Flags(("ppp", "login", "hotspot", "wireless", "dhcp", "ipsec", "dot1x")), ""),
        Property("called-id", Text(), ""),
        Property("domain", Text(), ""),
        Property("address", Address(), required=True),
        Property("secret", Text(), "", sensitive=True),
        Property("authentication-port", PORT, "1812"),
        Property("accounting-port", PORT, "1813"),
        Property("timeout", TIMEOUT, "300ms"),
        Property("radsec-timeout", TIMEOUT, "3s300ms", span=Span(since="7.19.3")),
        Property("accounting-backup", Bool(), "false"),
        Property("realm", Text(), ""),
        Property("protocol", Choice(("radsec", "udp")), "udp"),
        Property("certificate", Reference("/certificate", ("none",)), "none"),
        Property(
            "require-message-auth",
            Choice(("no", "yes-for-request-resp")),
            "yes-for-request-resp",
            span=Span(since="7.15"),
        ),
        Property("src-address", Address(), "0.0.0.0"),  # noqa: S104 - the unset address, nothing binds
        shown("status", "", Presence.SET),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"move", "monitor", "reset-counters"},
    print_arguments=frozenset({"show-sensitive"}),
    noun="server",
)

INCOMING = Menu(
    "/radius/incoming",
    (
        Property("accept", Bool(), "false"),
        Property("port", PORT, "3799"),
        Property("vrf", Choice(("main",)), "main", span=Span(since="7.15")),
    ),
    CONFIGURE | {"monitor", "reset-counters"},
    verb_spans={"reset": Span(since="7.21")},
    singleton=True,
)

MENUS = (RADIUS, INCOMING)
