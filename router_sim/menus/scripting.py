"""Scripts, and what the router does at its own time."""

from router_sim.menus.accounts import RIGHTS
from router_sim.schema import (
    COMMENT,
    LIST,
    TOGGLE,
    Menu,
    Property,
    Span,
    Unique,
    about,
    comment,
    disabled,
    flag,
    shown,
)
from router_sim.values import Bool, Choice, Duration, Flags, Optional, Pattern, Text, Words

# In the router's order; a scheduler's entry may hold the rights of the services, too.
SCRIPT_RIGHTS = (
    "ftp", "reboot", "read", "write", "policy", "test", "password", "sniff", "sensitive", "romon",
)  # fmt: skip
DEFAULT_RIGHTS = ",".join(SCRIPT_RIGHTS)
_EVENT_RIGHTS = (*SCRIPT_RIGHTS, *(right for right in RIGHTS if right not in SCRIPT_RIGHTS))
DATE = r"\d{4}-\d\d-\d\d|[A-Za-z]{3}/\d\d/\d{4}"
TIME = r"\d\d:\d\d(:\d\d)?"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

SCRIPT = Menu(
    "/system/script",
    (
        Property("name", Text()),
        Property("owner", Text()),
        Property("policy", Flags(SCRIPT_RIGHTS), DEFAULT_RIGHTS),
        Property("dont-require-permissions", Bool(), "false"),
        shown("last-started"),
        shown("run-count", "0"),
        Property("source", Text(), ""),
        flag("invalid"),
        comment(),
        about(),
    ),
    LIST | COMMENT | {"run", "unset"},
    auto_name="script",
    unique=(Unique(("name",), "item with this name already exists"),),
    noun="script",
    verb_spans={"unset": Span(since="7.24")},
)

JOB = Menu(
    "/system/script/job",
    (
        shown("script"),
        shown("owner"),
        shown("policy"),
        Property("started", Text()),
        Property("type", Choice(("api-login", "command", "login"))),
        shown("parent"),
        shown("trace"),
        comment(),
        about(),
    ),
    COMMENT | {"remove", "reset", "set"},
    journaled=False,
    noun="job",
)

SCHEDULER = Menu(
    "/system/scheduler",
    (
        Property("name", Text()),
        Property("start-date", Pattern(DATE)),
        Property("start-time", Words(("startup",), Pattern(TIME))),
        Property("interval", Duration(), "0s"),
        Property("days", Optional(Flags(DAYS)), "", clearable=True, span=Span(since="7.24")),
        Property("on-event", Text(), ""),
        shown("owner"),
        Property("policy", Flags(_EVENT_RIGHTS), DEFAULT_RIGHTS),
        shown("run-count", "0"),
        shown("next-run"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"unset"},
    auto_name="schedule",
    unique=(Unique(("name",), "item with this name already exists"),),
    noun="schedule",
    verb_spans={"unset": Span(since="7.24")},
)

MENUS = (SCRIPT, JOB, SCHEDULER)
