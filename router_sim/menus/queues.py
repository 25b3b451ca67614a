"""Simple queues, and the queue types they use.

Pairs are upload and download. Counters are printed for every queue, as over REST.
"""

from router_sim.durations import SECOND
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
    when_given,
)
from router_sim.values import (
    Choice,
    Decimal,
    Duration,
    Int,
    Listed,
    Matcher,
    Pair,
    Pattern,
    Rate,
    Reference,
    Text,
)

SIMPLE_STORE = "/queue/simple"
TYPE_STORE = "/queue/type"
RATES = Pair(Rate())
TYPE = Reference(TYPE_STORE)
TOTALS = Span(since="7.15")
TIME = r"[0-9a-z:]+-[0-9a-z:]+(,(sun|mon|tue|wed|thu|fri|sat))*"

SIMPLE = Menu(
    SIMPLE_STORE,
    (
        Property("name"),
        Property("target", Text(), required=True, clearable=True),
        Property("dst", Text(), None, Presence.SET, clearable=True),
        Property("parent", Reference(SIMPLE_STORE, ("none",)), "none"),
        Property("packet-marks", Listed(Text()), ""),
        Property("priority", Pair(Int(1, 8)), "8/8"),
        Property("queue", Pair(Text()), "default-small/default-small"),
        Property("limit-at", RATES, "0/0"),
        Property("max-limit", RATES, "0/0"),
        Property("burst-limit", RATES, "0/0"),
        Property("burst-threshold", RATES, "0/0"),
        Property("burst-time", Pair(Duration()), "0s/0s"),
        Property("bucket-size", Pair(Decimal(3)), "0.1/0.1"),
        Property("time", Matcher(Pattern(TIME)), "", Presence.SET, clearable=True),
        when_given("total-queue", TYPE, TOTALS),
        when_given("total-priority", Int(1, 8), TOTALS),
        when_given("total-limit-at", Rate(), TOTALS),
        when_given("total-max-limit", Rate(), TOTALS),
        when_given("total-burst-limit", Rate(), TOTALS),
        when_given("total-burst-threshold", Rate(), TOTALS),
        when_given("total-burst-time", Duration(), TOTALS),
        when_given("total-bucket-size", Decimal(3), TOTALS),
        shown("bytes", "0/0"),
        shown("packets", "0/0"),
        shown("dropped", "0/0"),
        shown("rate", "0/0"),
        shown("packet-rate", "0/0"),
        shown("queued-packets", "0/0"),
        shown("queued-bytes", "0/0"),
        shown("total-bytes", "0"),
        shown("total-packets", "0"),
        shown("total-dropped", "0"),
        shown("total-rate", "0"),
        shown("total-packet-rate", "0"),
        shown("total-queued-packets", "0"),
        shown("total-queued-bytes", "0"),
        shown("pcq-queues"),
        shown("total-pcq-queues"),
        flag("invalid"),
        flag("dynamic"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"move", "unset", "reset-counters", "reset-counters-all"},
    auto_name="queue",
    unique=(Unique(("name",), "already have such name"),),
    print_arguments=frozenset({"bytes", "oid", "packets", "rate", "stats"}),
    noun="queue",
)


def _of(kind: str, *settings: Property) -> tuple[Property, ...]:
    """Settings that belong to one kind of queue, printed with it."""
    return tuple(Property(each.name, each.type, each.default, shown_with=("kind", kind)) for each in settings)


LIMIT = Int(1, 2**32 - 1)
COUNT = Int(0, 2**32 - 1)
KINDS = ("bfifo", "mq-pfifo", "none", "pcq", "pfifo", "red", "sfq")

TYPE_MENU = Menu(
    TYPE_STORE,
    (
        Property("name", Text(), required=True),
        Property("kind", Choice(KINDS), required=True),
        *_of("bfifo", Property("bfifo-limit", LIMIT, "15000")),
        *_of("mq-pfifo", Property("mq-pfifo-limit", LIMIT, "50")),
        *_of("pfifo", Property("pfifo-limit", LIMIT, "50")),
        *_of(
            "pcq",
            Property("pcq-rate", Rate(), "0"),
            Property("pcq-limit", LIMIT, "50"),
            Property("pcq-classifier", Text(), ""),
            Property("pcq-total-limit", LIMIT, "2000"),
            Property("pcq-burst-rate", Rate(), "0"),
            Property("pcq-burst-threshold", Rate(), "0"),
            Property("pcq-burst-time", Duration(low=SECOND), "10s"),
            Property("pcq-src-address-mask", Int(0, 32), "32"),
            Property("pcq-dst-address-mask", Int(0, 32), "32"),
            Property("pcq-src-address6-mask", Int(0, 128), "128"),
            Property("pcq-dst-address6-mask", Int(0, 128), "128"),
        ),
        *_of(
            "red",
            Property("red-limit", LIMIT, "60"),
            Property("red-min-threshold", COUNT, "10"),
            Property("red-max-threshold", COUNT, "50"),
            Property("red-burst", COUNT, "20"),
            Property("red-avg-packet", COUNT, "1000"),
        ),
        *_of("sfq", Property("sfq-perturb", COUNT, "5"), Property("sfq-allot", COUNT, "1514")),
        flag("default", Presence.TRUE),
    ),
    LIST,
    unique=(Unique(("name",), "already have such name"),),
    # The numbers are assumed: a router counts some of its own types down from the highest number.
    built_in=(
        BuiltIn(0, {"name": "default", "kind": "pfifo"}),
        BuiltIn(1, {"name": "ethernet-default", "kind": "pfifo"}),
        BuiltIn(2, {"name": "wireless-default", "kind": "sfq"}),
        BuiltIn(3, {"name": "synchronous-default", "kind": "red"}),
        BuiltIn(4, {"name": "hotspot-default", "kind": "sfq"}),
        BuiltIn(5, {"name": "pcq-upload-default", "kind": "pcq", "pcq-classifier": "src-address"}),
        BuiltIn(6, {"name": "pcq-download-default", "kind": "pcq", "pcq-classifier": "dst-address"}),
        BuiltIn(7, {"name": "only-hardware-queue", "kind": "none"}),
        BuiltIn(8, {"name": "multi-queue-ethernet-default", "kind": "mq-pfifo"}),
        BuiltIn(9, {"name": "default-small", "kind": "pfifo", "pfifo-limit": "10"}),
    ),
    noun="type",
)

MENUS = (SIMPLE, TYPE_MENU)
