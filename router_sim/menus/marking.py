"""Firewall rules that mark packets, and rules that come before the tracking of connections.

No packet passes a simulated router, so neither ever matches; what a marking rule needs besides its action is
not insisted on.
"""

from router_sim.menus.firewall import ENDING, FILTERS, LISTING, PRINTS, RULE_VERBS
from router_sim.menus.firewall_matchers import COUNTED, OF_FILTER, WHAT, WHO, condition
from router_sim.network import Address
from router_sim.schema import Menu, Property, when_given
from router_sim.values import Bool, Choice, Int, Pattern, Text, Words

MANGLE_ACTIONS = (
    "accept", "add-dst-to-address-list", "add-src-to-address-list", "change-dscp", "change-mss", "change-ttl",
    "clear-df", "fasttrack-connection", "jump", "log", "mark-connection", "mark-packet", "mark-routing",
    "passthrough", "return", "route", "set-priority", "sniff-pc", "sniff-tzsp", "strip-ipv4-options",
)  # fmt: skip
RAW_ACTIONS = (
    "accept", "add-dst-to-address-list", "add-src-to-address-list", "drop", "jump", "log", "notrack",
    "passthrough", "return",
)  # fmt: skip
# What only a tracked connection has.
TRACKED = frozenset(
    {
        "connection-bytes", "connection-limit", "connection-mark", "connection-nat-state", "connection-rate",
        "connection-state", "connection-type", "layer7-protocol", "p2p", "realm", "routing-mark",
    }
)  # fmt: skip

MANGLE = Menu(
    "/ip/firewall/mangle",
    (
        Property("chain", Text(), required=True),
        Property("action", Choice(MANGLE_ACTIONS), "accept"),
        condition("jump-target", Text()),
        condition("new-connection-mark", Text()),
        condition("new-packet-mark", Text()),
        condition("new-routing-mark", Choice(("main",))),
        condition("new-dscp", Words(("from-priority", "from-priority-to-high-3-bits"), Int(0, 63))),
        condition("new-mss", Words(("clamp-to-pmtu",), Int(0, 65535))),
        condition("new-priority", Words(("from-dscp", "from-dscp-high-3-bits", "from-ingress"), Int(0, 63))),
        condition("new-ttl", Pattern(r"(decrement|increment|set):\d{1,3}")),
        condition("route-dst", Address()),
        condition("sniff-id", Int(0, 65535)),
        condition("sniff-target", Address()),
        condition("sniff-target-port", Int(0, 65535)),
        when_given("passthrough", Bool(), clearable=True),
        *LISTING,
        *WHO,
        *OF_FILTER,
        *WHAT,
        *COUNTED,
        *ENDING,
    ),
    RULE_VERBS,
    indexed=("chain",),
    print_arguments=PRINTS,
    filters=FILTERS,
    noun="rule",
)

RAW = Menu(
    "/ip/firewall/raw",
    (
        Property("chain", Text(), required=True),
        Property("action", Choice(RAW_ACTIONS), "accept"),
        condition("jump-target", Text()),
        *LISTING,
        *(each for each in (*WHO, *OF_FILTER, *WHAT) if each.name not in TRACKED),
        *COUNTED,
        *ENDING,
    ),
    RULE_VERBS,
    indexed=("chain",),
    print_arguments=PRINTS,
    filters=FILTERS,
    noun="rule",
)

MENUS = (MANGLE, RAW)
