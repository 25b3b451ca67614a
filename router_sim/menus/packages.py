"""The software the router runs."""

from router_sim.schema import CONFIGURE, BuiltIn, Menu, Presence, Property, Span, about, flag, shown
from router_sim.values import Choice

PACKAGE = Menu(
    "/system/package",
    (
        shown("name"),
        shown("version"),
        shown("build-time"),
        shown("scheduled", ""),
        shown("size"),
        shown("bundle"),
        flag("available", Presence.TRUE),
        flag("disabled"),
        about(),
    ),
    frozenset({"apply-changes", "disable", "downgrade", "enable", "uninstall", "unschedule"}),
    built_in=(BuiltIn(1, {"name": "routeros"}, protected=False),),
    noun="package",
    verb_spans={"apply-changes": Span(since="7.18")},
)

UPDATE = Menu(
    "/system/package/update",
    (
        Property("channel", Choice(("development", "long-term", "stable", "testing", "upgrade")), "stable"),
        shown("installed-version"),
        shown("latest-version"),
        shown("status"),
    ),
    CONFIGURE | {"cancel", "check-for-updates", "download", "install"},
    singleton=True,
    verb_spans={"reset": Span(since="7.21")},
)

MENUS = (PACKAGE, UPDATE)
