"""Firewall: filter rules, address translation, and lists of addresses.

`disabled`, `log` and `log-prefix` of a rule are printed once the rule was given them, whatever their value; a
router of 7.23 was seen to do that, and older ones to print them always.
"""

from router_sim.durations import DAY, SECOND, WEEK
from router_sim.menus.firewall_matchers import COUNTED, OF_FILTER, WHAT, WHO, condition
from router_sim.network import Address, AddressOrName, AddressRange, Ports
from router_sim.schema import (
    COMMENT,
    EVER,
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
    when_given,
)
from router_sim.values import Bool, Choice, Duration, Int, Matcher, Pattern, Text, Words

# The console bounds the timeout of an entry at 35w3d13h13m56s.
LONGEST_TIMEOUT = 35 * WEEK + 3 * DAY + (13 * 3600 + 13 * 60 + 56) * SECOND
FILTER_ACTIONS = (
    "accept", "add-dst-to-address-list", "add-src-to-address-list", "drop", "fasttrack-connection", "jump",
    "log", "passthrough", "reject", "return", "tarpit",
)  # fmt: skip
SOCKS = Span(since="7.20")
NAT_ACTIONS = (
    "accept", "add-dst-to-address-list", "add-src-to-address-list", "dst-nat", "endpoint-independent-nat",
    "jump", "log", "masquerade", "netmap", "passthrough", "redirect", "return", "same", "socksify", "src-nat",
)  # fmt: skip
REJECTIONS = (
    "icmp-admin-prohibited", "icmp-host-prohibited", "icmp-host-unreachable", "icmp-net-prohibited",
    "icmp-network-unreachable", "icmp-port-unreachable", "icmp-protocol-unreachable", "tcp-reset",
)  # fmt: skip
RULE_VERBS = LIST | TOGGLE | COMMENT | {"move", "unset", "reset-counters", "reset-counters-all"}
PRINTS = frozenset({"all", "chain", "dynamic", "static", "stats"})
FILTERS = {"chain": ("chain", ""), "dynamic": ("dynamic", "true"), "static": ("dynamic", "false")}


def given_only(name: str, type: Bool | Pattern, span: Span = EVER) -> Property:
    """A switch of a rule, printed once it was given."""
    return Property(name, type, None, span=span)


ENDING = (
    given_only("log", Bool()),
    given_only("log-prefix", Pattern(r"(?s).{0,31}")),
    flag("invalid"),
    flag("dynamic"),
    given_only("disabled", Bool()),
    comment(),
    about(),
)
LISTING = (
    condition("address-list", Text()),
    condition("address-list-timeout", Words(("none-dynamic", "none-static"), Duration(high=LONGEST_TIMEOUT))),
)

FILTER = Menu(
    "/ip/firewall/filter",
    (
        Property("chain", Text(), required=True),
        Property("action", Choice(FILTER_ACTIONS), "accept"),
        condition("jump-target", Text()),
        Property(
            "reject-with", Choice(REJECTIONS), "icmp-network-unreachable", shown_with=("action", "reject")
        ),
        given_only("hw-offload", Bool(), Span(until="7.21")),
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

NAT = Menu(
    "/ip/firewall/nat",
    (
        Property("chain", Text(), required=True),
        Property("action", Choice(NAT_ACTIONS), "accept"),
        condition("jump-target", Text()),
        condition("to-addresses", AddressRange()),
        condition("to-ports", Ports()),
        Property("randomise-ports", Bool(), None, Presence.SET, span=Span(since="7.10")),
        Property("same-not-by-dst", Bool(), None, Presence.SET),
        when_given("socks5-server", Address(), SOCKS),
        when_given("socks5-port", Int(0, 65535), SOCKS),
        when_given("socksify-service", Choice(()), SOCKS),
        condition("tls-host", Matcher(Text()), Span(until="7.16")),
        *LISTING,
        *WHO,
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
    unique=(Unique(("list", "address"), "already have such entry", among_enabled=True),),
    indexed=("address", "list"),
    removable_dynamic=True,
    noun="entry",
)

MENUS = (FILTER, NAT, ADDRESS_LIST)
