"""Services by which the router is managed.

Every router has them, none can be added or removed. `certificate` and `tls-version` belong to those that
encrypt. The numbers of telnet (0) and www-ssl (6) are recorded, the others are assumed.
"""

from router_sim.network import Prefix
from router_sim.schema import (
    CONFIGURE,
    TOGGLE,
    BuiltIn,
    Menu,
    Presence,
    Property,
    Span,
    about,
    disabled,
    flag,
    shown,
)
from router_sim.values import Choice, Int, Listed, Reference, Text

SET = Presence.SET
NEWER = Span(since="7.18")
PORTS = (
    (0x0, "telnet", "23"),
    (0x1, "ftp", "21"),
    (0x2, "www", "80"),
    (0x3, "ssh", "22"),
    (0x6, "www-ssl", "443"),
    (0x7, "api", "8728"),
    (0x8, "winbox", "8291"),
    (0x9, "api-ssl", "8729"),
    (0xA, "reverse-proxy", "443"),
)
ENCRYPTED = ("www-ssl", "api-ssl", "reverse-proxy")
OFF = ("www-ssl", "reverse-proxy")
# Which version brought it is assumed.
SINCE = {"reverse-proxy": "7.20"}


def _built_in(id: int, name: str, port: str) -> BuiltIn:
    values = {"name": name, "port": port}
    if name in ENCRYPTED:
        values |= {"certificate": "none", "tls-version": "any"}
    if name in OFF:
        values["disabled"] = "true"
    return BuiltIn(id, values, span=Span(since=SINCE.get(name, "")))


SERVICE = Menu(
    "/ip/service",
    (
        shown("name"),
        Property("port", Int(1, 65535)),
        shown("proto", span=NEWER),
        Property("address", Listed(Prefix()), ""),
        Property("certificate", Reference("/certificate", ("none",))),
        Property("tls-version", Choice(("any", "only-1.2"))),
        Property("vrf", Choice(("main",)), "main", span=Span(since="7.15")),
        Property("max-sessions", Int(1, 1000), "20", span=Span(since="7.16")),
        # What newer consoles list and no record showed: from which networks the service can be had.
        Property("available-from", Text(), None, SET, span=Span(since="7.24")),
        shown("local", span=NEWER),
        shown("remote", span=NEWER),
        shown("container", "", SET, NEWER),
        shown("netns", "", SET, NEWER),
        flag("connection", Presence.TRUE),
        flag("invalid"),
        flag("dynamic"),
        disabled(),
        about(),
    ),
    CONFIGURE | TOGGLE | {"unset"},
    verb_spans={"unset": Span(until="7.17")},
    built_in=tuple(_built_in(*each) for each in PORTS),
    noun="service",
)

MENUS = (SERVICE,)
