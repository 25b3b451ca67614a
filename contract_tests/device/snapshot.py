"""What a router holds at one moment, how two moments differ, and what recorded writes make of a moment."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from contract_tests.device import console
from contract_tests.events import DeviceWrite
from spec.device_contract import DeviceContract, ObservedMenu

Row = Mapping[str, str]
Kind = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows of the observed menus, in the router's order, every value as the router printed it.

    A menu the router lacks has no rows. Bytes that are not UTF-8 are kept as surrogate escapes.
    """

    menus: Mapping[str, tuple[Row, ...]]

    def rows(self, menu: str) -> tuple[Row, ...]:
        return self.menus.get(menu, ())


@dataclass(frozen=True, slots=True)
class Difference:
    """One item that is not what it was. `before` and `after` are whole rows without volatile properties."""

    menu: str
    kind: Kind
    id: str
    before: Row | None
    after: Row | None
    destination: str = ""  # moved: the id of the item it now stands before; empty: the end

    def command(self) -> str:
        """The difference as one line of the RouterOS console: what leads from `before` to `after`."""
        if self.before is None:
            return console.add(self.menu, self.after or {})
        if self.after is None:
            return console.remove(self.menu, self.before)
        if self.kind == "moved":
            return console.move(self.menu, self.after, self.destination)
        return console.change(self.menu, self.before, self.after, self.properties())

    def properties(self) -> tuple[str, ...]:
        """The names of the properties whose values differ."""
        return changed_properties(self.before or {}, self.after or {})


def changed_properties(before: Row, after: Row) -> tuple[str, ...]:
    """The names of the properties whose values differ; an id is not a property."""
    if before == after:
        return ()
    names = dict.fromkeys((*before, *after))
    return tuple(name for name in names if name != ".id" and before.get(name) != after.get(name))


def is_dynamic(row: Row) -> bool:
    """The router made the item, or it will go by itself."""
    return row.get("dynamic") == "true"


def is_enabled(row: Row) -> bool:
    return row.get("disabled", "false") != "true"


def is_invalid(row: Row) -> bool:
    return row.get("invalid") == "true"


def identity(row: Row, menu: ObservedMenu) -> str:
    """What makes a row the same item later: its id ("" for a singleton), or a file's name."""
    return row.get("name", "") if menu.pages else row.get(".id", "")


def differences(
    before: Snapshot, after: Snapshot, contract: DeviceContract, *, pages: bool = True, running: bool = False
) -> tuple[Difference, ...]:
    """What differs between two moments of one router, menu after menu in the order of the contract.

    Volatile properties never count. Dynamic items and menus of running state count only with `running`, files
    only with `pages`. In ordered menus the smallest set of items that explains a new order is reported as
    moved.
    """
    found: list[Difference] = []
    for menu in contract.menus.values():
        if (menu.configuration or running) and (pages or not menu.pages):
            found += _menu_differences(menu, before, after, running)
    return tuple(found)


def _menu_differences(
    menu: ObservedMenu, before: Snapshot, after: Snapshot, running: bool
) -> list[Difference]:
    if before.rows(menu.path) is after.rows(menu.path):
        return []
    old, new = (_items(moment.rows(menu.path), menu, running) for moment in (before, after))
    found = [Difference(menu.path, "removed", key, row, None) for key, row in old.items() if key not in new]
    found += [
        Difference(menu.path, "changed", key, row, new[key])
        for key, row in old.items()
        if key in new and changed_properties(row, new[key])
    ]
    if menu.ordered:
        found += _moved(menu, old, new)
    found += [Difference(menu.path, "added", key, None, row) for key, row in new.items() if key not in old]
    return found


def _items(rows: Iterable[Row], menu: ObservedMenu, running: bool) -> dict[str, Row]:
    return {
        identity(row, menu): {name: value for name, value in row.items() if name not in menu.volatile}
        for row in rows
        if running or not is_dynamic(row)
    }


def _moved(menu: ObservedMenu, old: Mapping[str, Row], new: Mapping[str, Row]) -> list[Difference]:
    shared = [key for key in new if key in old]
    place = {key: index for index, key in enumerate(key for key in old if key in new)}
    stayed = _longest_rising([place[key] for key in shared])
    following = dict(zip(shared, [*shared[1:], ""], strict=False))
    return [
        Difference(menu.path, "moved", key, old[key], new[key], destination=following[key])
        for key in shared
        if place[key] not in stayed
    ]


def _longest_rising(numbers: Sequence[int]) -> frozenset[int]:
    """The members of a longest rising subsequence of distinct numbers (patience sorting)."""
    tops: list[int] = []
    below: dict[int, int | None] = {}
    for number in numbers:
        pile = bisect_left(tops, number)
        below[number] = tops[pile - 1] if pile else None
        tops[pile : pile + 1] = [number]
    members: list[int] = []
    last = tops[-1] if tops else None
    while last is not None:
        members.append(last)
        last = below[last]
    return frozenset(members)


def replayed(start: Snapshot, writes: Iterable[DeviceWrite]) -> Snapshot:
    """The moment that the writes make of `start`.

    A write does not tell the position of its item in an ordered menu: new items go to the end.
    """
    menus = {menu: {row.get(".id", ""): row for row in rows} for menu, rows in start.menus.items()}
    for write in writes:
        apply_write(menus.setdefault(write.menu, {}), write)
    return Snapshot({menu: tuple(rows.values()) for menu, rows in menus.items()})


def apply_write(rows: dict[str, Row], write: DeviceWrite) -> None:
    """Does to the rows of a menu, held by id, what the write did."""
    if write.change == "removed":
        rows.pop(write.id, None)
    else:
        rows[write.id] = write.record


def configuration_writes(
    writes: Iterable[DeviceWrite], contract: DeviceContract, before: Snapshot | None = None
) -> tuple[DeviceWrite, ...]:
    """Those writes that somebody made to the router's configuration.

    Left out: running state, files, dynamic items, and changes of volatile or derived properties alone, as far
    as the earlier record is known from `before` or from the writes themselves. A write that left its item as
    it was stays in: it was a write.
    """
    known: dict[tuple[str, str], Row] = {}
    if before is not None:
        known = {(menu, row.get(".id", "")): row for menu, rows in before.menus.items() for row in rows}
    kept: list[DeviceWrite] = []
    for write in writes:
        key = (write.menu, write.id)
        earlier = known.pop(key, None)
        if write.change != "removed":
            known[key] = write.record
        menu = contract.menus.get(write.menu)
        if menu is None or menu.pages or not menu.configuration:
            continue
        if is_dynamic(write.record) or (earlier is not None and is_dynamic(earlier)):
            continue
        if write.change == "changed" and earlier is not None:
            changed = _visible_changes(earlier, write.record)
            if changed and changed <= menu.volatile | contract.derived:
                continue
        kept.append(write)
    return tuple(kept)


def _visible_changes(before: Row, after: Row) -> set[str]:
    """Changed properties, apart from those whose value was taken out of the record."""
    return {
        name
        for name in changed_properties(before, after)
        if console.REDACTED not in (before.get(name), after.get(name))
    }


def contradicts(recorded: Snapshot, printed: Snapshot, contract: DeviceContract) -> tuple[Difference, ...]:
    """Where a replay of writes and the router's own print do not agree.

    Files, order, derived properties and values taken out of the record are not compared: the stream of
    changes does not carry them for certain.
    """
    found: list[Difference] = []
    for difference in differences(recorded, printed, contract, pages=False):
        if difference.kind == "moved":
            continue
        before, after = difference.before, difference.after
        if before is None or after is None or _visible_changes(before, after) - contract.derived:
            found.append(difference)
    return tuple(found)
