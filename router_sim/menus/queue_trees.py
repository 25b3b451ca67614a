"""The queue tree: shares of what an interface, or all of them, send. No packet passes a simulated router."""

from router_sim.menus.queues import TYPE_STORE
from router_sim.schema import (
    COMMENT,
    LIST,
    TOGGLE,
    Menu,
    Property,
    Unique,
    about,
    comment,
    disabled,
    flag,
    shown,
)
from router_sim.values import Decimal, Duration, Int, Listed, Rate, Reference, Text

TREE = Menu(
    "/queue/tree",
    (
        Property("name"),
        Property("parent", Text(), required=True),
        Property("packet-mark", Listed(Text()), ""),
        Property("limit-at", Rate(), "0"),
        Property("queue", Reference(TYPE_STORE), "*9"),
        Property("priority", Int(1, 8), "8"),
        Property("max-limit", Rate(), "0"),
        Property("burst-limit", Rate(), "0"),
        Property("burst-threshold", Rate(), "0"),
        Property("burst-time", Duration(), "0s"),
        Property("bucket-size", Decimal(3), "0.1"),
        *(shown(name, "0") for name in ("rate", "packet-rate", "queued-bytes", "queued-packets")),
        *(shown(name, "0") for name in ("bytes", "packets", "dropped")),
        shown("pcq-queues"),
        flag("invalid"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"reset-counters", "reset-counters-all"},
    auto_name="queue",
    unique=(Unique(("name",), "already have such name"),),
    indexed=("parent",),
    print_arguments=frozenset({"bytes", "oid", "packets", "rate", "stats"}),
    noun="queue",
)

MENUS = (TREE,)
