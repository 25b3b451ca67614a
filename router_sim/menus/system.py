"""The router itself: identity, resources, clock, files, and the people who may log in to it."""

from router_sim.schema import CONFIGURE, Menu, Property, Span, flag, shown
from router_sim.values import Bool, Choice, Pattern, Text

# Menus of one item can be reset since the version in which every menu can.
RESET = {"reset": Span(since="7.21")}

IDENTITY = Menu(
    "/system/identity",
    (Property("name", Text(), "MikroTik"),),
    CONFIGURE,
    singleton=True,
    print_arguments=frozenset({"oid"}),
    verb_spans=RESET,
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
        shown("free-hdd-space"),
        shown("total-hdd-space", "134217728"),
        shown("write-sect-since-reboot", "1024"),
        shown("write-sect-total", "1024"),
        shown("bad-blocks"),
        shown("architecture-name", "x86_64"),
        shown("board-name", "CHR"),
        shown("platform", "MikroTik"),
    ),
    frozenset({"monitor"}),
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
    verb_spans=RESET,
)

LICENSE = Menu(
    "/system/license",
    (
        shown("system-id"),
        shown("level", "free"),
        shown("limited-upgrades"),
        shown("next-renewal-at"),
        shown("deadline-at"),
    ),
    frozenset({"generate-new-id", "renew"}),
    singleton=True,
    print_arguments=frozenset({"oid"}),
)

_SENSORS = (
    "12v", "3.3v", "5v", "board-temp", "core", "cpu-temp", "fan1", "fan2", "fan3", "lm87-temp", "temp1", "temp2",
    "temp3", *(f"voltage{number}" for number in range(1, 11)),
)  # fmt: skip

HEALTH = Menu(
    "/system/health",
    (
        shown("state", "disabled"),
        Property("state-after-reboot", Choice(("disabled", "enabled")), "disabled"),
        *(shown(name) for name in _SENSORS),  # a virtual machine has none of them
    ),
    CONFIGURE,
    singleton=True,
    print_arguments=frozenset({"oid"}),
    verb_spans=RESET,
)

ROUTERBOARD = Menu("/system/routerboard", (flag("routerboard"),), singleton=True)

NOTE = Menu(
    "/system/note",
    (
        Property("show-at-login", Bool(), "true"),
        Property("show-at-cli-login", Bool(), "false", span=Span(since="7.14")),
        Property("note", Text(), ""),
    ),
    CONFIGURE,
    singleton=True,
    verb_spans=RESET,
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
    print_arguments=frozenset({"with-extra-info"}),
    journaled=False,
)

MENUS = (IDENTITY, RESOURCE, CLOCK, LICENSE, HEALTH, ROUTERBOARD, NOTE, LOG)
