"""Addresses of the router itself."""

from router_sim.network import Address, InterfaceAddress
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
)
from router_sim.values import Optional, Reference

SET = Presence.SET

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

MENUS = (ADDRESS,)
