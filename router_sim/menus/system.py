"""The router itself: identity, resources, clock, files, and the people who may log in to it."""

from router_sim.schema import (
    CONFIGURE,
    Menu,
    Property,
    Span,
    shown,
)
from router_sim.values import Bool, Pattern, Text

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

MENUS = (IDENTITY, RESOURCE, CLOCK, LOG)
