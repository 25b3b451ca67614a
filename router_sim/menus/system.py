"""The router itself: identity, resources, clock, files, and the people who may log in to it."""

from router_sim.durations import DAY, MINUTE
from router_sim.network import Prefix
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
from router_sim.values import Bool, Choice, Duration, Pattern, Policy, Reference, Text

SET = Presence.SET
RIGHTS = (
    "local", "telnet", "ssh", "ftp", "reboot", "read", "write", "policy", "test", "winbox", "password",
    "web", "sniff", "sensitive", "api", "romon", "rest-api",
)  # fmt: skip

IDENTITY = Menu(
    "/system/identity",
    (Property("name", Text(), "MikroTik"),),
    CONFIGURE,
    singleton=True,
    print_arguments=frozenset({"oid"}),
)

RESOURCE = Menu(
    "/system/resource",
    (
        shown("uptime"),
        shown("version"),
        shown("build-time"),
        shown("factory-software"),
        shown("free-memory", "805306368"),
        shown("total-memory", "1073741824"),
        shown("cpu", "QEMU"),
        shown("cpu-count", "1"),
        shown("cpu-frequency", "2400"),
        shown("cpu-load", "0"),
        shown("free-hdd-space", "83886080"),
        shown("total-hdd-space", "134217728"),
        shown("write-sect-since-reboot", "1024"),
        shown("write-sect-total", "1024"),
        shown("bad-blocks"),
        shown("architecture-name", "x86_64"),
        shown("board-name", "CHR"),
        shown("platform", "MikroTik"),
    ),
    singleton=True,
    print_arguments=frozenset({"oid"}),
)

CLOCK = Menu(
    "/system/clock",
    (
        Property("date", Pattern(r"\d{4}-\d\d-\d\d|[A-Za-z]{3}/\d\d/\d{4}")),
        Property("time", Pattern(r"\d\d:\d\d(:\d\d)?")),
        Property("time-zone-autodetect", Bool(), "true"),
        Property("time-zone-name", Text(), "manual"),
        shown("gmt-offset"),
        shown("dst-active", "false"),
    ),
    CONFIGURE,
    singleton=True,
)

USER = Menu(
    "/user",
    (
        Property("name", Text(), required=True),
        Property("group", Reference("/user/group"), required=True),
        Property("address", Prefix(), "0.0.0.0/0"),
        Property("password", Text(), "", Presence.NEVER),
        Property("inactivity-policy", Choice(("lockscreen", "logout", "none")), "none",
                 span=Span(since="7.16")),
        Property("inactivity-timeout", Duration(MINUTE, DAY), "10m", span=Span(since="7.16")),
        shown("last-logged-in"),
        flag("expired"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT,
    unique=(Unique(("name",), "user with the same name already exists"),),
    built_in=(
        BuiltIn(1, {"name": "admin", "group": "*3", "comment": "system default user"}, protected=False),
    ),
    print_arguments=frozenset({"show-sensitive"}),
    noun="user",
)  # fmt: skip


def _rights(*denied: str) -> str:
    granted = [right for right in RIGHTS if right not in denied]
    return ",".join(granted + [f"!{right}" for right in RIGHTS if right in denied])


GROUP = Menu(
    "/user/group",
    (
        Property("name", Text(), required=True),
        Property("policy", Policy(RIGHTS), Policy(RIGHTS).parse("")),
        Property("skin", Text(), "default"),
        comment(),
        about(),
    ),
    LIST | COMMENT,
    unique=(Unique(("name",), "group with the same name already exists"),),
    built_in=(
        BuiltIn(1, {"name": "read", "policy": _rights("ftp", "write", "policy")}),
        BuiltIn(2, {"name": "write", "policy": _rights("ftp", "policy")}),
        BuiltIn(3, {"name": "full", "policy": _rights()}),
    ),
    noun="group",
)

ACTIVE = Menu(
    "/user/active",
    (
        shown("when"),
        shown("name"),
        shown("address"),
        shown("via"),
        shown("group"),
        flag("radius"),
        flag("by-romon", Presence.TRUE),
        about(),
    ),
)

LOG = Menu(
    "/log",
    (
        shown("time"),
        shown("buffer"),
        shown("topics"),
        shown("message"),
        shown("extra-info", span=Span(since="7.0")),
    ),
    frozenset({"debug", "error", "info", "warning"}),
    journaled=False,
)

MENUS = (IDENTITY, RESOURCE, CLOCK, USER, GROUP, ACTIVE, LOG)
