"""The verbs that return records: print, find and get."""

from router_sim.behaviour import Call
from router_sim.exchange import Reply
from router_sim.oids import SUFFIX, oids_of
from router_sim.selection import SELECTORS, columns, expect, matching, named, row
from router_sim.store import Item
from router_sim.traps import missing, no_match
from router_sim.values import split_list

# Arguments of print that only concern how a terminal shows the result, or that the session handles.
PRINT_ARGUMENTS = frozenset(
    [
        ".proplist",
        "append",
        "as-value",
        "brief",
        "comments",
        "count-only",
        "detail",
        "file",
        "follow",
        "follow-only",
        "from",
        "group-by",
        "interval",
        "on-event",
        "proplist",
        "show-ids",
        "terse",
        "timestamp",
        "value-list",
        "where",
        "without-paging",
    ]
)
SINGLETON_PRINT_ARGUMENTS = frozenset(
    [
        ".proplist",
        "as-value",
        "comments",
        "detail",
        "file",
        "follow",
        "follow-only",
        "interval",
        "proplist",
        "without-paging",
    ]
)


def print_(call: Call) -> Reply:
    """Records, or with `count-only` their number."""
    menu, given = call.menu, call.command.attributes
    allowed = SINGLETON_PRINT_ARGUMENTS if menu.singleton else PRINT_ARGUMENTS
    if given:
        expect(given, allowed | menu.print_arguments)
    items = _kept(call, matching(call, given.get("from")))
    if "count-only" in given and given["count-only"] not in ("no", "false"):
        return Reply(ret=str(len(items)), data=True)
    proplist = given.get(".proplist", given.get("proplist"))
    if not proplist:
        return Reply(tuple([row(call, item) for item in items]), data=True)
    listed = frozenset(split_list(proplist))
    names = columns(call, listed)
    rows = [call.state.columns(menu, item, names) for item in items]
    if SUFFIX in proplist:
        rows = [shown | oids_of(menu.path, item, listed) for item, shown in zip(items, rows, strict=True)]
    return Reply(tuple(rows), data=True)


def _kept(call: Call, items: list[Item]) -> list[Item]:
    """Those of the items that the arguments of print ask for which the menu has as filters."""
    for name, (wanted, value) in call.menu.filters.items():
        if name in call.command.attributes:
            held = value or call.command.attributes[name]
            names = columns(call, (wanted,))
            items = [item for item in items if call.state.columns(call.menu, item, names).get(wanted) == held]
    return items


def find(call: Call) -> Reply:
    """Identifiers of the matching items, with semicolons between them."""
    expect(call.command.attributes, frozenset({"where", "from"}))
    return Reply(ret=";".join(item.key for item in matching(call, call.command.attributes.get("from"))))


def get(call: Call) -> Reply:
    """One property of one item, or its whole record as `name=value` with semicolons."""
    menu, given = call.menu, call.command.attributes
    expect(given, frozenset({"number", "value-name", *SELECTORS}))
    item = _single(call)
    record = row(call, item)
    name = given.get("value-name")
    if name is None:
        return Reply(ret=";".join(f"{key}={value}" for key, value in record.items()))
    if name != ".id" and name not in menu.by_name:
        raise no_match("value-name")
    return Reply(ret=record.get(name, ""))


def _single(call: Call) -> Item:
    given = call.command.attributes
    if call.menu.singleton:
        return call.state.items(call.menu)[0]
    text = given.get("number", given.get(".id", given.get("numbers")))
    if text is None:
        raise missing("number")
    return named(call.state, call.menu, text)
