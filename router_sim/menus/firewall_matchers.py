"""What a firewall rule can look at: the conditions that filter and address translation share.

Names and the words of each condition follow the console of RouterOS 7.22. Conditions of a composed form, such
as rates, are checked for their shape and kept as they came.
"""

from router_sim.menus.hotspot_access import PROTOCOLS
from router_sim.network import AddressRange, Mac, Ports
from router_sim.schema import EVER, Presence, Property, Span, shown
from router_sim.values import (
    Bool,
    Choice,
    Flags,
    Int,
    Listed,
    Matcher,
    Pattern,
    Reference,
    SignedFlags,
    Text,
    ValueType,
    Words,
)

INTERFACE = Reference(
    "/interface", ("all-ethernet", "all-ppp", "all-vlan", "all-wireless"), negatable=True, told="interface"
)
INTERFACE_LIST = Reference("/interface/list", negatable=True, told="interface-list")
ADDRESS_KINDS = Listed(Choice(("unicast", "local", "broadcast", "multicast", "blackhole")))
HOTSPOT = SignedFlags(("from-client", "to-client", "local-dst", "http", "auth"))
PORTS = Matcher(Listed(Ports()))
ADDRESSES = Matcher(AddressRange())
MARK = Matcher(Text())
TIME = r"[0-9a-z:]+-[0-9a-z:]+(,(sun|mon|tue|wed|thu|fri|sat))*"
CLASSIFIED = (
    "(both-addresses|both-addresses-and-ports|both-ports|dst-address|dst-address-and-port|dst-port"
    "|src-address|src-address-and-port|src-port)"
)
IPV4_OPTIONS = (
    "any", "loose-source-routing", "no-record-route", "no-router-alert", "no-source-routing", "no-timestamp",
    "none", "record-route", "router-alert", "strict-source-routing", "timestamp",
)  # fmt: skip


def condition(name: str, type: ValueType | Reference, span: Span = EVER) -> Property:
    """A condition of a rule; left out of the record while unset."""
    return Property(name, type, "", Presence.SET, clearable=True, span=span)


WHO = (
    condition("src-address", ADDRESSES),
    condition("dst-address", ADDRESSES),
    condition("src-address-type", Matcher(ADDRESS_KINDS)),
    condition("dst-address-type", Matcher(ADDRESS_KINDS)),
    condition("src-address-list", Matcher(Text())),
    condition("dst-address-list", Matcher(Text())),
    condition("src-mac-address", Matcher(Mac())),
    condition("protocol", Matcher(Words(PROTOCOLS, Int(0, 255)))),
    condition("src-port", PORTS),
    condition("dst-port", PORTS),
    condition("port", PORTS),
    condition("in-interface", INTERFACE),
    condition("out-interface", INTERFACE),
    condition("in-interface-list", INTERFACE_LIST),
    condition("out-interface-list", INTERFACE_LIST),
    condition("in-bridge-port", INTERFACE),
    condition("out-bridge-port", INTERFACE),
    condition("in-bridge-port-list", INTERFACE_LIST),
    condition("out-bridge-port-list", INTERFACE_LIST),
    condition("hotspot", HOTSPOT),
)

WHAT = (
    condition("connection-bytes", Pattern(r"\d{1,20}-\d{1,20}")),
    condition("connection-limit", Matcher(Pattern(r"\d{1,10},\d{1,2}"))),
    condition("connection-mark", MARK),
    condition("connection-rate", Matcher(Pattern(r"\d{1,12}[kKMG]?-\d{1,12}[kKMG]?"))),
    condition("connection-type", Matcher(Choice(("ftp", "h323", "irc", "pptp", "quake3", "sip", "tftp")))),
    condition("content", Matcher(Text())),
    condition("dscp", Matcher(Int(0, 63))),
    condition("dst-limit", Pattern(r"\d{1,10}(/[0-9a-z]+)?,\d{1,10},[a-z-]+(/[0-9a-z]+)?")),
    condition("fragment", Bool()),
    condition("icmp-options", Matcher(Pattern(r"\d{1,3}:\d{1,3}(-\d{1,3})?"))),
    condition("ingress-priority", Matcher(Int(0, 63))),
    condition("ipsec-policy", Pattern(r"(in|out),(ipsec|none)")),
    condition("ipv4-options", Choice(IPV4_OPTIONS)),
    # Expressions for layer 7 and further routing tables have no menu here, so none of them can be named.
    condition("layer7-protocol", Matcher(Choice(()))),
    condition("limit", Matcher(Pattern(r"\d{1,10}[kKMG]?(/[0-9a-z]+)?,\d{1,10}(:(packet|bit))?"))),
    condition("nth", Matcher(Pattern(r"\d{1,5},\d{1,5}"))),
    condition("packet-mark", MARK),
    condition("packet-size", Matcher(Ports())),
    condition("per-connection-classifier", Matcher(Pattern(rf"{CLASSIFIED}:\d{{1,5}}/\d{{1,5}}"))),
    condition("priority", Matcher(Int(0, 63))),
    condition("psd", Pattern(r"\d{1,10},[0-9a-z:]+,\d{1,10},\d{1,10}")),
    condition("random", Int(1, 99)),
    condition("realm", Matcher(Int(0, 2**32 - 1))),
    condition("routing-mark", Matcher(Choice(("main",)))),
    condition("tcp-mss", Matcher(Ports())),
    condition("time", Matcher(Pattern(TIME))),
    condition("tos", Matcher(Pattern(r"\d{1,3}|0x[0-9a-fA-F]{1,2}|[a-z-]+")), Span(since="7.21")),
    condition("ttl", Pattern(r"(equal|greater-than|less-than|not-equal):\d{1,3}")),
)

# What only filter rules can look at.
OF_FILTER = (
    condition("connection-state", Matcher(Flags(("invalid", "established", "related", "new", "untracked")))),
    condition("connection-nat-state", Matcher(Flags(("srcnat", "dstnat", "ein-snat", "ein-dnat")))),
    condition(
        "p2p",
        Matcher(
            Choice(
                ("all-p2p", "bit-torrent", "blubster", "direct-connect", "edonkey", "fasttrack", "gnutella",
                 "soulseek", "warez", "winmx")
            )
        ),
    ),
    condition("tcp-flags", SignedFlags(("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"))),
    condition("tls-host", Matcher(Text())),
)  # fmt: skip

COUNTED = (shown("bytes", "0"), shown("packets", "0"))
