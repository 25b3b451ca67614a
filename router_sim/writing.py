"""The verbs that change items. Each checks everything before it writes anything."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from router_sim.behaviour import Call, Draft
from router_sim.exchange import Reply
from router_sim.schema import Menu, Presence, Property, Unique
from router_sim.selection import SELECTORS, chosen, expect, named, selectors
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.traps import ambiguous, bad_argument, failure, missing, no_match
from router_sim.values import BadValue, Reference, split_list


def add(call: Call) -> Reply:
    """A new item; returns its identifier. `!name` stands for a property without a value, as in `set_`."""
    menu = call.menu
    given, without = _told(menu, call.command.attributes)
    expect(given, menu.writable | {"copy-from"} | ({"place-before"} if menu.ordered else set()))
    values: dict[str, str] = {}
    if "copy-from" in given:
        source = named(call.state, menu, given["copy-from"])
        copied = menu.writable - {"name"}
        values = {name: value for name, value in source.values.items() if name in copied}
    before = named(call.state, menu, given["place-before"]).id if "place-before" in given else None
    parsed = _parsed(call.state, menu, given, {"copy-from", "place-before"})
    values.update(parsed)
    for name in without:
        values.pop(name, None)  # what `copy-from` brought
    if menu.auto_name and not values.get("name"):
        values["name"] = _free_name(call.state, menu)
    for each in menu.properties:
        if each.required and not values.get(each.name):
            raise missing(each.name)
    draft = Draft(None, values, {}, None, parsed.keys())
    _check(call.state, menu, draft)
    item = call.tx.add(
        menu.store,
        draft.values,
        kind=menu.kind,
        hold=draft.hold,
        marks=draft.marks,
        due=draft.due,
        before=before,
        own=True,
    )
    return Reply(ret=item.key)


def set_(call: Call) -> Reply:
    """Change properties of items; `!name` takes the value away from a property that can do without one."""
    given, without = _told(call.menu, call.command.attributes)
    expect(given, call.menu.writable | selectors(call.menu))
    return _change(call, _parsed(call.state, call.menu, given, SELECTORS), reset=without)


def enable(call: Call) -> Reply:
    """Set `disabled` to no."""
    return _toggle(call, "false")


def disable(call: Call) -> Reply:
    """Set `disabled` to yes."""
    return _toggle(call, "true")


def comment(call: Call) -> Reply:
    """Set the comment; an empty one takes it away."""
    given = call.command.attributes
    expect(given, selectors(call.menu) | {"comment"})
    return _change(call, {"comment": given.get("comment", "")}, reset=())


def unset(call: Call) -> Reply:
    """Take a value away from properties that can do without one."""
    given = call.command.attributes
    expect(given, selectors(call.menu) | {"value-name"})
    if "value-name" not in given:
        raise missing("value-name")
    names = split_list(given["value-name"])
    properties = call.menu.by_name
    if not names or not all(name in properties and _can_go(properties[name]) for name in names):
        raise no_match("value-name")
    return _change(call, {}, reset=names)


def reset(call: Call) -> Reply:
    """Put the named properties back to their defaults."""
    given = call.command.attributes
    expect(given, call.menu.writable | selectors(call.menu))
    names = [name for name in given if name not in SELECTORS]
    for name in names:
        if call.menu.by_name[name].required:
            raise missing(name)
    return _change(call, {}, reset=names)


def reset_counters(call: Call) -> Reply:
    """Counters back to zero: those the item holds, and the marks its behaviour counts in."""
    expect(call.command.attributes, selectors(call.menu))
    for item in chosen(call):
        _zero(call, item)
    return Reply()


def reset_counters_all(call: Call) -> Reply:
    """The counters of all items back to zero."""
    expect(call.command.attributes, frozenset())
    for item in call.state.items(call.menu):
        _zero(call, item)
    return Reply()


def remove(call: Call) -> Reply:
    """Remove items."""
    menu = call.menu
    expect(call.command.attributes, selectors(menu))
    items = chosen(call)
    behaviour = call.state.behaviours.of(menu.store)
    for item in items:
        # That both are refused is known, the nouns are not: no record of either text was found.
        if item.hold is Hold.BUILT_IN:
            raise failure(f"can not remove default {menu.noun}")
        if item.hold is Hold.DYNAMIC and not menu.removable_dynamic:
            raise failure(f"can not remove dynamic {menu.noun}")
        behaviour.check_removal(call.state, menu, item)
    for item in items:
        call.tx.drop(menu.store, item.id, own=True)
    return Reply()


def move(call: Call) -> Reply:
    """Put items in front of another, or at the end; there too if the other does not exist.

    That, and the refusal for an item put before itself, was seen on a router of 7.23. That dynamic items stay
    where they are is assumed.
    """
    given = call.command.attributes
    expect(given, selectors(call.menu) | {"destination"})
    items = chosen(call)
    if any(item.hold is Hold.DYNAMIC for item in items):
        raise failure("can not move dynamic")
    before = call.state.item(call.menu, given.get("destination", ""))
    if before is not None and before.id in {item.id for item in items}:
        raise failure("can not move object before itself")
    call.tx.move(call.menu.store, [item.id for item in items], before.id if before else None)
    return Reply()


def _toggle(call: Call, value: str) -> Reply:
    expect(call.command.attributes, selectors(call.menu))
    return _change(call, {"disabled": value}, reset=())


def _zero(call: Call, item: Item) -> None:
    marks = {name: value for name, value in item.marks.items() if not name.startswith("counted-")}
    call.tx.put(call.menu.store, replace(item, marks=marks), own=True)


def _change(call: Call, values: Mapping[str, str], reset: Collection[str]) -> Reply:
    menu = call.menu
    drafts: list[tuple[Item, Draft]] = []
    taken: set[tuple[str, ...]] = set()
    for item in chosen(call):
        if item.hold is Hold.DYNAMIC:
            raise failure(f"can not change dynamic {menu.dynamic_noun}".rstrip())
        kept = {name: value for name, value in item.values.items() if name not in reset}
        draft = Draft(item, {**kept, **values}, dict(item.marks), item.due, (*values, *reset), item.hold)
        _check(call.state, menu, draft)
        for key, refusal in _keys(menu, draft):
            if key in taken:
                raise failure(refusal)
            taken.add(key)
        drafts.append((item, draft))
    for item, draft in drafts:
        call.tx.put(menu.store, draft.item(item.id, item.kind), own=True)
    return Reply()


def _check(state: State, menu: Menu, draft: Draft) -> None:
    state.behaviours.of(menu.store).check(state, menu, draft)
    number = draft.before.id if draft.before else None
    store = state.store(menu.store)
    for unique in _binding(menu, draft):
        values = _identity(menu, draft, unique.properties)
        if any(values) and any(
            item.id != number and not (unique.among_enabled and item.values.get("disabled") == "true")
            for item in store.lookup(unique.properties, values)
        ):
            raise failure(unique.refusal)


def _binding(menu: Menu, draft: Draft) -> list[Unique]:
    """What must be unique of the item as it would be."""
    idle = draft.values.get("disabled") == "true"
    return [unique for unique in menu.unique if not (unique.among_enabled and idle)]


def _keys(menu: Menu, draft: Draft) -> list[tuple[tuple[str, ...], str]]:
    return [
        ((*unique.properties, *_identity(menu, draft, unique.properties)), unique.refusal)
        for unique in _binding(menu, draft)
    ]


def _identity(menu: Menu, draft: Draft, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(draft.values.get(name, menu.by_name[name].default or "") for name in names)


def _told(menu: Menu, given: Mapping[str, str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """The attributes with a value, and the names of the properties that are to have none.

    That `!name` does what `unset` does is how the console writes it in an export, and how declarative
    clients clear a value. For which properties it is accepted is assumed: those left out of a record
    while they hold nothing.
    """
    marked = [name for name in given if name.startswith("!")]
    if not marked:
        return given, ()
    named = {f"!{each.name}": each.name for each in menu.properties if _dispensable(each)}
    without = tuple(named[name] for name in marked if name in named)
    return {name: text for name, text in given.items() if name not in named}, without


def _can_go(each: Property) -> bool:
    """What `unset` takes: what the console completes, and the comment and switches that need not be there.

    The latter are in no completion; a client that was tried on a router clears them so.
    """
    given_only = each.default is None and each.name in ("disabled", "log", "log-prefix")
    return each.clearable or each.name == "comment" or given_only


def _dispensable(each: Property) -> bool:
    return (each.clearable or each.presence is Presence.SET) and not (each.read_only or each.required)


def _parsed(state: State, menu: Menu, given: Mapping[str, str], skip: Collection[str]) -> dict[str, str]:
    return {name: _parse(state, menu.by_name[name], text) for name, text in given.items() if name not in skip}


def _parse(state: State, each: Property, text: str) -> str:
    try:
        if isinstance(each.type, Reference):
            return each.type.resolve(text, state.find)
        if each.presence is Presence.SET and each.clearable and text == "":
            return ""
        return each.type.parse(text)
    except BadValue as bad:
        if isinstance(each.type, Reference) and _abbreviates(state, each.type.store, text):
            raise ambiguous(each.name) from None
        raise bad_argument(bad.describe(each.name)) from None


def _abbreviates(state: State, store: str, text: str) -> bool:
    """Do the names of several items begin with this text?

    A console completes names that are unambiguous; whether the API does is not known, so that here even
    those are refused.
    """
    if not text or store not in state.menus:
        return False
    names = [item.values.get("name", "") for item in state.items(state.menus[store])]
    return sum(name.startswith(text.removeprefix("!")) for name in names) > 1


def _free_name(state: State, menu: Menu) -> str:
    store = state.store(menu.store)
    number = 1
    while store.holds(("name",), (f"{menu.auto_name}{number}",)):
        number += 1
    return f"{menu.auto_name}{number}"
