"""Files on the router's disk."""

from router_sim.schema import LIST, Menu, Presence, Property, Span, Unique, about, flag, shown
from router_sim.values import Choice, Text

FILE = Menu(
    "/file",
    (
        Property("name", Text(), required=True),
        Property("type", Choice(("directory", "file")), "file"),
        shown("size"),
        shown("last-modified"),
        Property("contents", Text()),
        shown("package-name"),
        shown("package-version"),
        shown("package-architecture"),
        shown("package-build-time"),
        flag("shared", Presence.TRUE),
        about(),
    ),
    LIST | {"read"},
    unique=(Unique(("name",), "file with such name already exists"),),
    print_arguments=frozenset({"path", "recursive", "relative", "show-hidden"}),
    noun="file",
    verb_spans={"read": Span(since="7.13")},
)

MENUS = (FILE,)
