"""Address resolution."""

from router_sim.network import Address, Mac
from router_sim.schema import (
    COMMENT,
    LIST,
    TOGGLE,
    Menu,
    Presence,
    Property,
    Span,
    about,
    comment,
    disabled,
    flag,
    shown,
)
from router_sim.values import Bool, Reference

ARP = Menu(
    "/ip/arp",
    (
        Property("address", Address(), "0.0.0.0"),  # noqa: S104 - the unset address, nothing binds
        Property("mac-address", Mac(), "00:00:00:00:00:00"),
        Property("interface", Reference("/interface"), required=True),
        Property("published", Bool(), "false"),
        shown("status", span=Span(since="7.15")),
        shown("vrf", "", Presence.SET, Span(since="7.15")),
        flag("invalid"),
        flag("dhcp"),
        flag("dynamic"),
        flag("complete"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT,
    indexed=("address", "mac-address"),
    removable_dynamic=True,
    noun="entry",
)

MENUS = (ARP,)
