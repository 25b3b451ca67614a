"""Address pools, and the addresses taken from them."""

from router_sim.network import Address, AddressRange
from router_sim.schema import (
    COMMENT,
    CONFIGURE,
    LIST,
    Menu,
    Presence,
    Property,
    Span,
    Unique,
    about,
    comment,
    shown,
)
from router_sim.values import Listed, Reference, Text

POOL = Menu(
    "/ip/pool",
    (
        Property("name"),
        Property("ranges", Listed(AddressRange(), low=1), required=True),
        Property("next-pool", Reference("/ip/pool", ("none",)), "none", Presence.SET),
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

# The console lists `set` and `reset` here, with these properties; every row is the router's own all the same.
USED = Menu(
    "/ip/pool/used",
    (
        Property("pool", Reference("/ip/pool")),
        Property("address", Address()),
        Property("owner", Text(), ""),
        Property("info", Text(), ""),
        about(),
    ),
    CONFIGURE,
    indexed=("address", "pool"),
    journaled=False,
    noun="address",
)

MENUS = (POOL, USED)
