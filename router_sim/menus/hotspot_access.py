"""Who is behind a hotspot and what may pass it: hosts, sessions, cookies, bindings, walled garden.

Up to 7.20 the menu of sessions also took a comment; it had a verb `add` as well, of which nothing is known.
"""

from dataclasses import replace

from router_sim.network import Address, AddressRange, Mac, Ports
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
    about,
    comment,
    disabled,
    flag,
    shown,
)
from router_sim.values import Choice, Int, Listed, Matcher, Optional, Reference, Text, Words

SET = Presence.SET
SERVER = Reference("/ip/hotspot", ("all",))
ANY_SERVER = Reference("/ip/hotspot", ("all",), negatable=True)
HTTP_METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE")
PROTOCOLS = (
    "dccp", "ddp", "egp", "encap", "etherip", "ggp", "gre", "hmp", "icmp", "icmpv6", "idpr-cmtp", "igmp",
    "ipencap", "ipip", "ipsec-ah", "ipsec-esp", "ipv6-encap", "ipv6-frag", "ipv6-nonxt", "ipv6-opts",
    "ipv6-route", "iso-tp4", "l2tp", "ospf", "pim", "pup", "rdp", "rspf", "rsvp", "sctp", "st", "tcp", "udp",
    "udp-lite", "vmtp", "vrrp", "xns-idp", "xtp",
)  # fmt: skip


def condition(name: str, matcher: Matcher | Reference) -> Property:
    """A matcher of a rule; absent from the record while unset."""
    return Property(name, matcher, "", SET, clearable=True)


ACTIVE = Menu(
    "/ip/hotspot/active",
    (
        Property("server", SERVER, read_only=True),
        shown("user"),
        shown("domain", "", SET),
        shown("address"),
        shown("mac-address"),
        shown("login-by"),
        shown("uptime"),
        shown("session-time-left"),
        shown("idle-time"),
        shown("idle-timeout"),
        shown("keepalive-timeout"),
        shown("limit-bytes-in"),
        shown("limit-bytes-out"),
        shown("limit-bytes-total"),
        shown("bytes-in", "0"),
        shown("bytes-out", "0"),
        shown("packets-in", "0"),
        shown("packets-out", "0"),
        flag("radius"),
        flag("blocked"),
        flag("advertisement", Presence.TRUE),
        shown("comment", "", SET),
        about(),
    ),
    frozenset({"login", "remove"}),
    indexed=("user", "address", "mac-address"),
    removable_dynamic=True,
    print_arguments=frozenset({"oid", "status", "stats"}),
    noun="session",
    span=Span(since="7.21"),
)
OLD_ACTIVE = replace(
    ACTIVE,
    properties=tuple(comment() if each.name == "comment" else each for each in ACTIVE.properties),
    verbs=ACTIVE.verbs | {"set", "reset", "comment"},
    span=Span(until="7.21"),
)

HOST = Menu(
    "/ip/hotspot/host",
    (
        shown("mac-address"),
        shown("address"),
        shown("to-address"),
        Property("server", SERVER, read_only=True),
        shown("bridge-port"),
        shown("vlan-id"),
        shown("uptime"),
        shown("idle-time"),
        shown("idle-timeout"),
        shown("keepalive-timeout"),
        shown("host-dead-time"),
        shown("bytes-in", "0"),
        shown("bytes-out", "0"),
        shown("packets-in", "0"),
        shown("packets-out", "0"),
        shown("found-by"),
        shown("http-proxy"),
        replace(flag("DHCP"), span=Span(since="7.0")),
        replace(flag("dhcp"), span=Span(until="7.0")),
        flag("authorized"),
        flag("bypassed"),
        flag("dynamic"),
        flag("static"),
        shown("comment", "", SET),
        about(),
    ),
    frozenset({"make-binding", "remove", "reset"}),
    indexed=("address", "to-address", "mac-address"),
    removable_dynamic=True,
    print_arguments=frozenset({"bytes", "packets", "status"}),
    noun="host",
)

COOKIE = Menu(
    "/ip/hotspot/cookie",
    (
        shown("user"),
        shown("domain", "", SET),
        shown("mac-address"),
        shown("expires-in"),
        flag("mac-cookie"),
        about(),
    ),
    frozenset({"remove"}),
    indexed=("mac-address",),
    removable_dynamic=True,
    noun="cookie",
)

BINDING = Menu(
    "/ip/hotspot/ip-binding",
    (
        Property("mac-address", Optional(Mac()), "", SET),
        Property("address", Optional(AddressRange("value of {name} expects range of ip addresses")), "", SET),
        Property("to-address", Optional(Address()), "", SET),
        Property("server", SERVER, "all", SET),
        Property("type", Choice(("blocked", "bypassed", "regular")), "regular", SET),
        flag("blocked", Presence.TRUE),
        flag("bypassed", Presence.TRUE),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"move"},
    noun="binding",
)

WALLED_GARDEN = Menu(
    "/ip/hotspot/walled-garden",
    (
        Property("action", Choice(("allow", "deny")), "allow"),
        condition("server", ANY_SERVER),
        condition("src-address", Matcher(AddressRange())),
        Property("dst-address", Text(), "", SET, read_only=True, clearable=True),
        condition("method", Matcher(Choice(HTTP_METHODS))),
        condition("dst-host", Matcher(Text())),
        condition("dst-port", Matcher(Listed(Ports()))),
        condition("path", Matcher(Text())),
        shown("hits", "0"),
        flag("dynamic"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"move", "unset", "reset-counters", "reset-counters-all"},
    noun="rule",
)

WALLED_GARDEN_IP = Menu(
    "/ip/hotspot/walled-garden/ip",
    (
        Property("action", Choice(("accept", "drop", "reject")), "accept"),
        condition("server", ANY_SERVER),
        condition("src-address", Matcher(AddressRange())),
        condition("src-address-list", Matcher(Text())),
        condition("dst-address", Matcher(AddressRange())),
        condition("dst-address-list", Matcher(Text())),
        Property("dst-host", Text(), "", SET),
        condition("protocol", Matcher(Words(PROTOCOLS, Int(0, 255)))),
        condition("dst-port", Matcher(Listed(Ports()))),
        flag("invalid"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"move", "unset"},
    noun="rule",
)

SERVICE_PORT = Menu(
    "/ip/hotspot/service-port",
    (
        shown("name"),
        Property("ports", Listed(Int(1, 65535), low=1), "21"),
        disabled(),
        about(),
    ),
    CONFIGURE | TOGGLE,
    built_in=(BuiltIn(1, {"name": "ftp"}),),
    noun="service",
)

MENUS = (ACTIVE, OLD_ACTIVE, HOST, COOKIE, BINDING, WALLED_GARDEN, WALLED_GARDEN_IP, SERVICE_PORT)
