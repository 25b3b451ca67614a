"""Which items a command means, and which attributes it may have."""

from collections.abc import Collection, Iterable, Mapping

from router_sim.behaviour import Call
from router_sim.query import compile_query
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.traps import missing, no_such_item, unknown_parameter
from router_sim.values import split_list

SELECTORS = (".id", "numbers")


def expect(given: Iterable[str], allowed: Collection[str]) -> None:
    """Refuse the first attribute that is not among those allowed."""
    for name in given:
        if name not in allowed:
            raise unknown_parameter(name)


def selectors(menu: Menu) -> frozenset[str]:
    """The attributes that name the items of a command; a singleton needs none."""
    return frozenset() if menu.singleton else frozenset(SELECTORS)


def named(state: State, menu: Menu, text: str) -> Item:
    """The item of this identifier or name. Raises Trap."""
    item = state.item(menu, text)
    if item is None:
        raise no_such_item(state.version)
    return item


def listed(state: State, menu: Menu, text: str) -> list[Item]:
    """The items of a comma list of identifiers or names; a name may hold a comma itself."""
    whole = state.item(menu, text)
    if whole is not None:
        return [whole]
    parts = split_list(text) or [text]
    return list({item.id: item for item in (named(state, menu, part) for part in parts)}.values())


def chosen(call: Call) -> list[Item]:
    """The items a command names by `.id` or `numbers`, in identifiers or names with commas."""
    if call.menu.singleton:
        return call.state.items(call.menu)
    for selector in SELECTORS:
        if selector in call.command.attributes:
            return listed(call.state, call.menu, call.command.attributes[selector])
    raise missing(".id")


def chosen_or_counted(call: Call) -> list[Item]:
    """As `chosen`; but `numbers` may also hold places in what print shows, counted from 0.

    Exporters ask monitors so. On a router the places are those of the last print of the session; here they are
    those of the moment. Commands that change something take no places: too much depends on a right one.
    """
    text = call.command.attributes.get("numbers", "")
    places = split_list(text)
    if not places or not all(place.isascii() and place.isdecimal() and len(place) < 9 for place in places):
        return chosen(call)
    if call.state.item(call.menu, text) is not None:
        return chosen(call)
    shown = call.state.items(call.menu)
    if any(int(place) >= len(shown) for place in places):
        raise no_such_item(call.state.version)
    return [shown[int(place)] for place in dict.fromkeys(places)]


def matching(call: Call, start: str | None) -> list[Item]:
    """The items that meet the queries, narrowed first by what an index can tell."""
    state, menu = call.state, call.menu
    if not call.command.queries:
        return state.items(menu) if start is None else listed(state, menu, start)
    query = compile_query(call.command.queries, menu.booleans)
    if start is not None:
        candidates = listed(state, menu, start)
    elif ".id" in query.equals and not menu.singleton:
        candidates = _indexed(state, menu, ".id", query.equals[".id"])
    elif "name" in query.equals and "name" in menu.by_name and not menu.singleton:
        candidates = _indexed(state, menu, "name", query.equals["name"])
    else:
        candidates = _narrowed(state, menu, query.equals)
    asked = columns(call, query.names)
    return [item for item in candidates if query.passes(state.columns(menu, item, asked))]


def columns(call: Call, names: Collection[str]) -> list[str]:
    """Those of the names the menu prints and the user may see, in the order of the table."""
    return [name for name in call.menu.blank if name in names and name not in call.hidden]


def row(call: Call, item: Item) -> dict[str, str]:
    """The printed record without what the user may not see."""
    record = call.state.printed(call.menu, item)
    return {name: record[name] for name in record if name not in call.hidden} if call.hidden else record


def _indexed(state: State, menu: Menu, name: str, value: str) -> list[Item]:
    if name == ".id":
        found = state.item(menu, value)
        return [found] if found is not None and found.key == value.upper() else []
    found_by_name = state.store(menu.store).lookup(("name",), (value,))
    if len(found_by_name) == 1 and not menu.kind:
        return found_by_name
    return sorted(
        (item for item in found_by_name if not menu.kind or item.kind == menu.kind), key=lambda item: item.id
    )


def _narrowed(state: State, menu: Menu, equals: Mapping[str, str]) -> list[Item]:
    """The items among which those are that have these values, in print order."""
    store = state.store(menu.store)
    for name, value in equals.items():
        if (
            name not in menu.plain
            or name in menu.booleans
            or state.behaviours.may_derive(menu.store, (name,))
        ):
            continue
        if store.indexes(name, menu.by_name[name].default):
            found = store.lookup((name,), (value,))
            if len(found) < 2:
                return [item for item in found if not menu.kind or item.kind == menu.kind]
            numbers = {item.id for item in found}
            return [item for item in state.items(menu) if item.id in numbers]
    return state.items(menu)
