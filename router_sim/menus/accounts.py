"""The people who may log in to the router, their groups and their sessions."""

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
from router_sim.values import Bool, Choice, Duration, Int, Policy, Reference, Text

RIGHTS = (
    "local", "telnet", "ssh", "ftp", "reboot", "read", "write", "policy", "test", "winbox", "password",
    "web", "sniff", "sensitive", "api", "romon", "rest-api",
)  # fmt: skip

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
        Property("expired", Bool(), "false", read_only=True, span=Span(since="7.0")),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"expire-password"},
    unique=(Unique(("name",), "user with the same name already exists"),),
    built_in=(
        BuiltIn(
            1,
            {"name": "admin", "group": "*3", "comment": "system default user", "expired": "true"},
            protected=False,
        ),
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
    frozenset({"remove", "request-logout"}),
    journaled=False,
    noun="session",
    verb_spans={"remove": Span(since="7.20"), "request-logout": Span(until="7.20")},
)

SETTINGS = Menu(
    "/user/settings",
    (
        Property("minimum-password-length", Int(0, 255), "0"),
        Property("minimum-categories", Int(0, 4), "0"),
    ),
    CONFIGURE,
    singleton=True,
    span=Span(since="7.1"),
)

MENUS = (USER, GROUP, ACTIVE, SETTINGS)
