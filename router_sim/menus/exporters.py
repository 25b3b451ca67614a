"""What exporters and fact finders look at besides: neighbours, connections, SNMP, time servers, IPv6 addresses.

A simulated router has no neighbours and tracks no connections, asks no time server and answers no SNMP, so
these lists are empty and those settings are only kept. Link-local addresses are not made up.
"""

from router_sim.durations import MINUTE
from router_sim.network_v6 import AnyAddress, InterfaceAddressV6
from router_sim.schema import (
    COMMENT,
    CONFIGURE,
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
from router_sim.values import Bool, Choice, Duration, Flags, Int, Listed, Reference, Text, Words

SET, TRUE = Presence.SET, Presence.TRUE
COMMUNITY_STORE = "/snmp/community"
SEVEN = Span(since="7.1")


def told(*names: str) -> tuple[Property, ...]:
    """Properties of a row that the router would report."""
    return tuple(shown(name) for name in names)


def flags(*names: str) -> tuple[Property, ...]:
    """Flags of such a row."""
    return tuple(flag(name) for name in names)


NEIGHBOR = Menu(
    "/ip/neighbor",
    told(
        "interface", "interface-name", "address", "address4", "address6", "mac-address", "identity", "platform",
        "version", "unpack", "age", "uptime", "software-id", "board", "ipv6", "system-description", "system-caps",
        "system-caps-enabled", "discovered-by", "running", "about",
    ),
    frozenset({"unset"}),
    print_arguments=frozenset({"oid"}),
    journaled=False,
)  # fmt: skip

CONNECTION = Menu(
    "/ip/firewall/connection",
    (
        *told(
            "protocol", "src-address", "src-port", "dst-address", "dst-port", "reply-src-address", "reply-src-port",
            "reply-dst-address", "reply-dst-port", "icmp-type", "icmp-code", "icmp-id", "gre-key", "gre-version",
            "gre-protocol", "tcp-state", "timeout", "connection-mark", "connection-type", "orig-packets",
            "orig-bytes", "orig-fasttrack-packets", "orig-fasttrack-bytes", "orig-rate", "repl-packets",
            "repl-bytes", "repl-fasttrack-packets", "repl-fasttrack-bytes", "repl-rate", "about",
        ),
        *flags(
            "expected", "seen-reply", "assured", "confirmed", "dying", "fasttrack", "hw-offload", "srcnat",
            "dstnat", "uses-helper",
        ),
    ),
    frozenset({"remove"}),
    removable_dynamic=True,
    journaled=False,
)  # fmt: skip

ADDRESS_V6 = Menu(
    "/ipv6/address",
    (
        Property("address", InterfaceAddressV6(), required=True),
        Property("from-pool", Choice(("",)), ""),
        Property("interface", Reference("/interface"), required=True),
        shown("actual-interface"),
        Property("eui-64", Bool(), "false"),
        Property("advertise", Bool(), "true"),
        Property("no-dad", Bool(), "false"),
        Property("auto-link-local", Bool(), "true", span=Span(since="7.15")),
        shown("vrf", "", SET, Span(since="7.15")),
        flag("invalid"),
        flag("dynamic"),
        flag("slave", TRUE),
        flag("global"),
        flag("link-local"),
        *(flag(name, TRUE) for name in ("deprecated",)),
        shown("preferred", "", SET),
        shown("valid", "", SET),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT,
    unique=(Unique(("address", "interface"), "already have such address"),),
    noun="address",
    span=SEVEN,
)

COMMUNITY = Menu(
    COMMUNITY_STORE,
    (
        Property("name", required=True),
        Property("addresses", Text(), "::/0"),
        Property("security", Choice(("none", "authorized", "private")), "none"),
        Property("read-access", Bool(), "true"),
        Property("write-access", Bool(), "false"),
        Property("authentication-protocol", Choice(("MD5", "SHA1")), "MD5"),
        Property("encryption-protocol", Choice(("DES", "AES")), "DES"),
        Property("authentication-password", Text(), "", sensitive=True),
        Property("encryption-password", Text(), "", sensitive=True),
        flag("default"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT,
    unique=(Unique(("name",), "community with such name already exists"),),
    built_in=(BuiltIn(0, {"name": "public"}),),
    print_arguments=frozenset({"show-sensitive"}),
    noun="community",
)

SNMP = Menu(
    "/snmp",
    (
        Property("enabled", Bool(), "false"),
        Property("contact", Text(), ""),
        Property("location", Text(), ""),
        shown("engine-id", ""),
        Property("engine-id-suffix", Text(), "", span=SEVEN),
        Property("src-address", AnyAddress(), "::"),
        Property("trap-target", Listed(AnyAddress()), ""),
        Property("trap-community", Reference(COMMUNITY_STORE), "*0"),
        Property("trap-version", Int(1, 3), "1"),
        Property("trap-generators", Flags(("interfaces", "start-trap", "temp-exception")), "temp-exception"),
        Property("trap-interfaces", Text(), ""),
        Property("vrf", Choice(("main",)), "main", span=SEVEN),
    ),
    CONFIGURE,
    singleton=True,
)

CLOUD = Menu(
    "/ip/cloud",
    (
        Property("ddns-enabled", Choice(("auto", "yes")), "auto"),
        Property("ddns-update-interval", Words(("none",), Duration(MINUTE)), "none"),
        Property("update-time", Bool(), "true"),
        shown("public-address", "", SET),
        shown("public-address-ipv6", "", SET),
        shown("dns-name", "", SET),
        shown("status", "", SET),
        shown("warning", "", SET),
    ),
    CONFIGURE,
    singleton=True,
    print_arguments=frozenset({"show-sensitive"}),
    span=Span(since="7.17"),
)

NTP_CLIENT = Menu(
    "/system/ntp/client",
    (
        Property("enabled", Bool(), "false"),
        Property("mode", Choice(("unicast", "broadcast", "manycast", "multicast")), "unicast"),
        Property("servers", Listed(Text()), ""),
        Property("vrf", Choice(("main",)), "main", span=Span(since="7.4")),
        shown("freq-drift", "0 PPM"),
        shown("status", "stopped"),
        shown("synced-server", "", SET),
        shown("synced-stratum", "", SET),
        shown("system-offset", "0 ms"),
    ),
    CONFIGURE,
    singleton=True,
    span=SEVEN,
)

CPU = Menu(
    "/system/resource/cpu",
    (shown("cpu"), shown("load", "0"), shown("irq", "0"), shown("disk", "0"), shown("about", "", SET)),
    built_in=(BuiltIn(0, {"cpu": "cpu0"}, protected=False),),
    print_arguments=frozenset({"oid"}),
    journaled=False,
)

MENUS = (CPU, NEIGHBOR, CONNECTION, ADDRESS_V6, COMMUNITY, SNMP, CLOUD, NTP_CLIENT)
