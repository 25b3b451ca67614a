"""Routes, and the tables they are in.

The names of 7.22; what version 6 calls otherwise (`type`, `gateway-status`) is there for version 6. Which
flags are left out while false is assumed.
"""

from dataclasses import replace

from router_sim.network import Address, Prefix
from router_sim.schema import (
    COMMENT,
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
from router_sim.values import Choice, Int, Optional, Reference, Text

SET, TRUE = Presence.SET, Presence.TRUE
ROUTE_STORE = "/ip/route"
TABLE_STORE = "/routing/table"
SEVEN = Span(since="7.1")
SIX = Span(until="7.1")


def since_seven(name: str, presence: Presence = TRUE) -> Property:
    """A flag that version 6 does not have."""
    return replace(flag(name, presence), span=SEVEN)


ROUTE = Menu(
    ROUTE_STORE,
    (
        Property("dst-address", Prefix(), "0.0.0.0/0"),
        Property("routing-table", Reference(TABLE_STORE), "*0", span=SEVEN),
        Property("pref-src", Optional(Address()), "", clearable=True),
        Property("gateway", Text(), "", clearable=True),
        shown("gateway-status", "", SET, SIX),
        shown("immediate-gw", "", SET, SEVEN),
        shown("local-address", "", SET, SEVEN),
        Property("check-gateway", Choice(("none", "arp", "ping")), "none", SET, clearable=True),
        Property("blackhole", Text(), None, SET, clearable=True, span=SEVEN),
        Property("type", Choice(("unicast", "blackhole", "prohibit", "unreachable")), "unicast", span=SIX),
        Property("distance", Int(1, 255), "1", clearable=True),
        Property("scope", Int(0, 255), "30", clearable=True),
        Property("target-scope", Int(0, 255), "10", clearable=True),
        Property("vrf-interface", Reference("/interface"), None, SET, clearable=True, span=SEVEN),
        flag("active", TRUE),
        *(flag(name, TRUE) for name in ("bgp", "connect", "ospf", "rip", "static")),
        *(since_seven(name) for name in ("bgp-mpls-vpn", "dhcp", "ecmp", "is-is", "modem", "vpn")),
        *(since_seven(name, Presence.ALWAYS) for name in ("hw-offloaded", "inactive")),
        flag("dynamic"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"unset"},
    indexed=("dst-address", "pref-src"),
    print_arguments=frozenset({"stats"}),
    noun="route",
    dynamic_noun="route",
)

TABLE = Menu(
    TABLE_STORE,
    (
        Property("name", required=True),
        Property("fib", Text(), None, SET, clearable=True),
        flag("invalid"),
        flag("used", TRUE),
        flag("dynamic"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"unset"},
    unique=(Unique(("name",), "routing table with such name exists"),),
    built_in=(BuiltIn(0, {"name": "main", "fib": ""}),),
    noun="routing table",
    span=SEVEN,
)

MENUS = (ROUTE, TABLE)
