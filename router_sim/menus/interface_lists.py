"""Lists of interfaces, and what is on them."""

from router_sim.schema import (
    COMMENT,
    TOGGLE,
    BuiltIn,
    Menu,
    Property,
    Unique,
    about,
    comment,
    disabled,
    flag,
)
from router_sim.schema import (
    LIST as CONFIGURABLE,
)
from router_sim.values import Reference, Text

STORE = "/interface/list"
FIRST = 0x2000000  # numbers of the lists every router has start here

LIST = Menu(
    STORE,
    (
        Property("name", Text(), required=True),
        Property("include", Text(), ""),
        Property("exclude", Text(), ""),
        flag("builtin"),
        flag("dynamic"),
        comment(),
        about(),
    ),
    CONFIGURABLE | COMMENT,
    unique=(Unique(("name",), "list with such name already exists"),),
    built_in=(
        BuiltIn(FIRST, {"name": "all", "comment": "contains all interfaces"}),
        BuiltIn(FIRST + 1, {"name": "none", "comment": "contains no interfaces"}),
        BuiltIn(FIRST + 2, {"name": "dynamic", "comment": "contains dynamic interfaces"}),
        BuiltIn(FIRST + 3, {"name": "static", "comment": "contains static interfaces"}),
    ),
    noun="list",
)

MEMBER = Menu(
    "/interface/list/member",
    (
        Property("list", Reference(STORE), required=True),
        Property("interface", Reference("/interface"), required=True),
        flag("dynamic"),
        disabled(),
        comment(),
        about(),
    ),
    CONFIGURABLE | TOGGLE | COMMENT,
    unique=(Unique(("list", "interface"), "already have such entry"),),
    noun="member",
)

MENUS = (LIST, MEMBER)
