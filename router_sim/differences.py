"""The difference of two snapshots as the commands that lead from the one to the other.

Rows that the router makes by itself, menus that only report and properties that change by themselves are left
out: what remains is what somebody configured. The commands come in an order in which they can be run: removals
first, then what others refer to before those who refer to it. A reference to something that does not exist yet
(two pools that name each other) is set at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from router_sim.configuration import (
    Row,
    can_be_given,
    is_built_in,
    is_made,
    is_setting,
    is_state,
    printed_default,
    settings,
)
from router_sim.naming import Naming
from router_sim.ordering import by_dependency, kept_in_place
from router_sim.schema import Menu
from router_sim.snapshots import Snapshot
from router_sim.statements import Selector, Statement


@dataclass(slots=True)
class _Pair:
    """A row of one menu before and after; one of them is None for a new or a removed row."""

    menu: Menu
    before: Row | None
    after: Row | None


@dataclass(slots=True)
class _Plan:
    """What is being compared, and the commands so far."""

    menus: Mapping[str, Menu]
    before: Snapshot
    after: Snapshot
    everything: bool
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    late: list[Statement] = field(default_factory=list)
    namings: dict[tuple[bool, str], Naming] = field(default_factory=dict)

    def naming(self, snapshot: Snapshot, path: str) -> Naming:
        """How rows of this menu are named in one of the two snapshots."""
        key = (snapshot is self.after, path)
        if key not in self.namings:
            self.namings[key] = Naming(self.menus[path], snapshot.menus.get(path, ()))
        return self.namings[key]


def compare(
    before: Snapshot,
    after: Snapshot,
    menus: Mapping[str, Menu],
    *,
    same_router: bool = True,
    leave_out: Iterable[str] = (),
    everything: bool = False,
) -> list[Statement]:
    """The commands that make of `before` what `after` is, as far as it is configuration.

    `menus` are the tables of the version. Rows are recognised by their identifiers if both snapshots are of
    the `same_router`, otherwise by their names and what else is unique, or all they hold. Menus in `leave_out`
    are not compared. `everything` gives every row of `after` with all its properties, defaults too, whether
    it differs or not.
    """
    skipped = frozenset(leave_out)
    served = [menu for path, menu in menus.items() if path in after.menus and path not in skipped]
    served.sort(key=lambda menu: menu.path != "/file")  # or the router makes those that a profile needs
    plan = _Plan(menus, before, after, everything)
    for snapshot in (before, after):
        for path, rows in snapshot.menus.items():
            if path in menus:
                plan.names |= {(menus[path].store, row.get(".id", "*0")): row.get("name", "") for row in rows}
    pairs: dict[str, list[_Pair]] = {}
    for menu in by_dependency([menu for menu in served if not is_state(menu)]):
        pairs[menu.path] = _pair(plan, menu, same_router)
    statements = [
        Statement(path, "remove", selector=plan.naming(before, path).selector(pair.before))
        for path in reversed(pairs)
        for pair in pairs[path]
        if pair.after is None and pair.before is not None and "remove" in menus[path].verbs
    ]
    statements += _build(plan, pairs)
    statements += plan.late
    for path, each in pairs.items():
        if menus[path].ordered:
            statements += _moves(plan, menus[path], each)
    return statements


def changed_state(before: Snapshot, after: Snapshot, menus: Mapping[str, Menu]) -> list[str]:
    """What the comparison leaves out, as lines of text: reported values and rows the router made.

    Rows are recognised by their identifiers.
    """
    lines = []
    for path, rows in after.menus.items():
        menu = menus.get(path)
        old = {row.get(".id", ""): row for row in before.menus.get(path, ())}
        new = {row.get(".id", ""): row for row in rows}
        for key in [*old, *(key for key in new if key not in old)]:
            reported = menu is None or is_state(menu) or is_made(old.get(key) or new[key])
            where = f"{path} {key}".rstrip()
            if key not in new or key not in old:
                if reported:
                    lines.append(f"{where}: {'gone' if key not in new else 'new'}")
                continue
            for name in dict.fromkeys([*old[key], *new[key]]):
                setting = not reported and menu is not None and _is_setting(menu, name)
                was, now = old[key].get(name), new[key].get(name)
                if was != now and not setting:
                    lines.append(f"{where}: {name} {_told(was)} -> {_told(now)}")
    return lines


def _is_setting(menu: Menu, name: str) -> bool:
    each = menu.by_name.get(name)
    return each is not None and is_setting(menu, each)


def _told(value: str | None) -> str:
    return "(none)" if value is None else repr(value)


# Which row is which


def _pair(plan: _Plan, menu: Menu, same_router: bool) -> list[_Pair]:
    old = _rows(plan, plan.before, menu)
    new = _rows(plan, plan.after, menu)
    if menu.singleton:
        return [_Pair(menu, dict(*old[:1]), row) for row in new[:1]]
    find = _by_id if same_router else _by_identity
    known = find(menu, old)
    pairs = [_Pair(menu, known.pop(key, None), row) for key, row in find(menu, new).items()]
    for pair in pairs:  # one that is there on every router may have been given another name
        if pair.before is None and pair.after is not None and _is_fixed(menu, pair.after):
            alike = [key for key, row in known.items() if row.get(".id") == pair.after.get(".id")]
            if alike and _is_fixed(menu, known[alike[0]]):
                pair.before = known.pop(alike[0])
    return pairs + [_Pair(menu, row, None) for row in known.values()]


def _is_fixed(menu: Menu, row: Row) -> bool:
    return is_built_in(row) or "add" not in menu.verbs


def _rows(plan: _Plan, snapshot: Snapshot, menu: Menu) -> list[Row]:
    """The rows that are configured in this menu: none made by the router, none another menu is for."""
    rows = [row for row in snapshot.menus.get(menu.path, ()) if not is_made(row)]
    if menu.kind or menu.singleton:
        return rows
    kinds = [other for other in plan.menus.values() if other.store == menu.store and other.kind]
    elsewhere = {row.get(".id") for other in kinds for row in snapshot.menus.get(other.path, ())}
    return [row for row in rows if row.get(".id") not in elsewhere]


def _by_id(menu: Menu, rows: Iterable[Row]) -> dict[object, Row]:
    return {row.get(".id", ""): row for row in rows}


def _by_identity(menu: Menu, rows: Iterable[Row]) -> dict[object, Row]:
    """By what names a row; the second of two that look alike is told from the first by its number."""
    found: dict[object, Row] = {}
    for row in rows:
        key: tuple[object, ...] = _identity(menu, row)
        number = 0
        while (key, number) in found:
            number += 1
        found[key, number] = row
    return found


def _identity(menu: Menu, row: Row) -> tuple[object, ...]:
    if is_built_in(row):
        return ("default", row.get("name", ""))
    if "default-name" in row:
        return ("default-name", row["default-name"])
    if row.get("name"):
        other = [name for unique in menu.unique if "name" in unique.properties for name in unique.properties]
        return ("name", row["name"], *(row.get(name, "") for name in other if name != "name"))
    for unique in menu.unique:
        values = tuple(row.get(name, "") for name in unique.properties)
        if any(values):
            return (unique.properties, values)
    return tuple(settings(menu, row).items())


# What has to be done


def _build(plan: _Plan, pairs: Mapping[str, list[_Pair]]) -> Iterator[Statement]:
    """Commands for new and changed rows, each once all it refers to is there."""
    present = {
        (menu.store, row.get("name", ""))
        for path, menu in plan.menus.items()
        # What is left out of the comparison is taken to be there.
        for row in (plan.before if path in pairs else plan.after).menus.get(path, ())
    }
    waiting = {path: [pair for pair in each if pair.after is not None] for path, each in pairs.items()}
    while any(waiting.values()):
        progress = False
        for path, queue in waiting.items():
            menu = plan.menus[path]
            blocked: list[_Pair] = []
            for pair in queue:
                # What comes in an order waits for what is before it.
                if (blocked and menu.ordered) or _unmet(pair, present):
                    blocked.append(pair)
                    continue
                progress = True
                yield from _statements(plan, pair, ())
                present.add((menu.store, (pair.after or {}).get("name", "")))
            waiting[path] = blocked
        if not progress:
            path = next(path for path, queue in waiting.items() if queue)
            pair = waiting[path].pop(0)
            optional = [name for name in _unmet(pair, present) if not plan.menus[path].by_name[name].required]
            yield from _statements(plan, pair, optional)
            present.add((plan.menus[path].store, (pair.after or {}).get("name", "")))


def _unmet(pair: _Pair, present: set[tuple[str, str]]) -> list[str]:
    """The properties that name something which is not there yet."""
    after = pair.after or {}
    unmet = []
    for each, reference in pair.menu.references():
        value = after.get(each.name, "").removeprefix("!")
        known = not value or value in reference.words or value.startswith("*")
        if not each.read_only and not known and (reference.store, value) not in present:
            unmet.append(each.name)
    return unmet


def _statements(plan: _Plan, pair: _Pair, late: Sequence[str]) -> Iterator[Statement]:
    menu, path = pair.menu, pair.menu.path
    if pair.after is None:
        return
    held = settings(menu, pair.after)
    if pair.before is None:
        values = {
            name: value
            for name, value in held.items()
            if plan.everything or _differs(plan, menu, name, value)
        }
        unset: tuple[str, ...] = ()
        selector = None
    else:
        values, unset = _changes(plan, menu, pair.before, held)
        selector = None if menu.singleton else plan.naming(plan.before, path).selector(pair.before)
    if plan.everything:
        values, unset = _all(plan, menu, held)
    later = {name: values.pop(name) for name in late if name in values}
    if pair.before is None:
        yield Statement(path, "add", values, row=pair.after)
    else:
        yield from _set(menu, values, unset, selector)
    if later:
        again = None if menu.singleton else plan.naming(plan.after, path).selector(pair.after)
        plan.late.append(Statement(path, "set", later, selector=again))


def _set(
    menu: Menu, values: Mapping[str, str], unset: Sequence[str], selector: Selector | None
) -> Iterator[Statement]:
    cleared = tuple(name for name in unset if menu.by_name[name].clearable and "unset" in menu.verbs)
    reset = tuple(name for name in unset if name not in cleared and "reset" in menu.verbs)
    if reset:
        yield Statement(menu.path, "reset", {}, reset, selector)
    if values or cleared:
        yield Statement(menu.path, "set", values, cleared, selector)


def _differs(plan: _Plan, menu: Menu, name: str, value: str) -> bool:
    """Is it something else than what a new item has by itself?"""
    return menu.by_name[name].required or value != printed_default(menu, name, plan.names)


def _changes(
    plan: _Plan, menu: Menu, before: Row, held: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What is to be set, and what is to lose its value."""
    was = settings(menu, before)
    values = {name: value for name, value in held.items() if was.get(name) != value}
    unset = []
    for name in was:
        if name in held:
            continue
        default = printed_default(menu, name, plan.names)
        # What shows only beside another property kept its value unseen; nothing is known of it.
        if menu.by_name[name].shown_with is not None:
            continue
        clearable = menu.by_name[name].clearable and "unset" in menu.verbs
        if default is not None and can_be_given(menu.by_name[name], default) and (default or not clearable):
            values[name] = default
        else:
            unset.append(name)
    return values, tuple(unset)


def _all(plan: _Plan, menu: Menu, held: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Every property: with its value, or with its default, or as unset."""
    values, unset = {}, []
    for each in menu.properties:
        if not is_setting(menu, each) or (menu.path == "/file" and each.name == "type"):
            continue
        value = held.get(each.name)
        if value is not None:
            values[each.name] = value
            continue
        if each.shown_with is not None:
            continue
        value = printed_default(menu, each.name, plan.names)
        if each.clearable and not value and "unset" in menu.verbs:
            unset.append(each.name)
        elif value is not None and can_be_given(each, value):
            values[each.name] = value
    return values, tuple(unset)


def _moves(plan: _Plan, menu: Menu, pairs: Sequence[_Pair]) -> Iterator[Statement]:
    """Commands that put the rows of an ordered menu into the order of `after`."""
    wanted = [pair for pair in pairs if pair.after is not None]
    place = {id(row): number for number, row in enumerate(plan.before.menus.get(menu.path, ()))}
    last = len(place)
    # New rows are added at the end, one after the other.
    now = [place[id(pair.before)] if pair.before is not None else last + n for n, pair in enumerate(wanted)]
    stays = kept_in_place(now)
    naming = plan.naming(plan.after, menu.path)
    following: Row | None = None
    for number in range(len(wanted) - 1, -1, -1):
        row = wanted[number].after
        if row is not None and number not in stays:
            before = naming.selector(following) if following is not None else None
            yield Statement(menu.path, "move", selector=naming.selector(row), destination=before)
        following = row
