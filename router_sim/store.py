"""Items and the stores that hold them.

An item is never changed: a change puts a new item in the place of the old one. A store can
therefore be shared by many routers until one of them writes to it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

Key = tuple[str, ...]
_HEXADECIMAL = "0123456789abcdefABCDEF"


class Hold(Enum):
    """Who may change an item."""

    FREE = "free"
    BUILT_IN = "built-in"  # can be set, cannot be removed
    DYNAMIC = "dynamic"  # made by the router, cannot be set


@dataclass(frozen=True, slots=True)
class Item:
    """One item.

    `values` holds canonical texts of what differs from the defaults (references as `*` and number).
    `marks` holds numbers the router keeps for itself. `due` is the moment, in seconds since the
    epoch, at which the router acts on the item by itself.
    """

    id: int
    values: Mapping[str, str]
    kind: str = ""
    hold: Hold = Hold.FREE
    marks: Mapping[str, float] = field(default_factory=dict)
    due: float | None = None

    @property
    def key(self) -> str:
        """The identifier as it is printed: `*` and upper-case hexadecimal."""
        return f"*{self.id:X}"


def parse_key(text: str) -> int | None:
    """The number in an identifier such as `*1F`, or None if the text is none. Any case is accepted."""
    digits = text[1:]
    if text[:1] != "*" or not 1 <= len(digits) <= 8 or digits.strip(_HEXADECIMAL):
        return None
    return int(digits, 16)


class Store:
    """Items in print order, with look-up by number and by the declared keys.

    `keys` are the groups of properties to look up by; `defaults` the values an item has where it
    holds none of its own. All look-ups take constant time.
    """

    __slots__ = ("_defaults", "_index", "_items", "_keys", "_next_id", "frozen")

    def __init__(self, keys: Collection[Key], defaults: Mapping[str, str]) -> None:
        self._keys = tuple(dict.fromkeys(keys))
        self._defaults = defaults
        self._items: dict[int, Item] = {}
        self._index: dict[Key, dict[Key, dict[int, None]]] = {key: {} for key in self._keys}
        self._next_id = 1
        self.frozen = False

    def thaw(self) -> "Store":
        """This store if it may be written to, otherwise a copy that may."""
        if not self.frozen:
            return self
        copy = Store(self._keys, self._defaults)
        copy._items = dict(self._items)
        copy._index = {
            key: {value: dict(ids) for value, ids in entries.items()} for key, entries in self._index.items()
        }
        copy._next_id = self._next_id
        return copy

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def get(self, number: int) -> Item | None:
        """The item with this number."""
        return self._items.get(number)

    def indexes(self, name: str, default: str | None) -> bool:
        """Can items be looked up by this property alone, those without a value by this default?"""
        return (name,) in self._index and self._defaults.get(name) == default

    def lookup(self, key: Key, values: Key) -> list[Item]:
        """The items whose properties `key` have these `values`, oldest entry first."""
        return [self._items[number] for number in self._index[key].get(values, ())]

    def holds(self, key: Key, values: Key) -> bool:
        """Is there any item whose properties `key` have these `values`?"""
        return bool(self._index[key].get(values))

    def count(self, key: Key, values: Key) -> int:
        """How many items have these `values` in the properties `key`."""
        return len(self._index[key].get(values, ()))

    def latest(self, key: Key, values: Key) -> Item | None:
        """The item that was the last to get these `values` in the properties `key`."""
        found = self._index[key].get(values)
        return self._items[next(reversed(found))] if found else None

    def reserve(self) -> int:
        """A number that was never used here and never will be again."""
        while self._next_id in self._items:  # after `number_from`
            self._next_id += 1
        number = self._next_id
        self._next_id += 1
        return number

    def number_from(self, number: int) -> int:
        """Give new items numbers from this one on; returns the one that would have been the next."""
        following, self._next_id = self._next_id, number
        return following

    def put(self, item: Item, *, before: int | None = None) -> None:
        """Put a new item at the end (or in front of the item `before`), or a changed one in its place."""
        old = self._items.get(item.id)
        if old is None:
            self._next_id = max(self._next_id, item.id + 1)
            self._items[item.id] = item
            self._enter(item)
            if before is not None:
                self.move([item.id], before)
            return
        self._items[item.id] = item
        if old.values is not item.values:
            self._leave(old)
            self._enter(item)

    def drop(self, number: int) -> None:
        """Take the item out."""
        self._leave(self._items.pop(number))

    def move(self, numbers: Collection[int], before: int | None) -> None:
        """Move items, kept in the order given, in front of the item `before`, or to the end."""
        moving = {number: self._items[number] for number in numbers}
        if before in moving:
            return
        result: dict[int, Item] = {}
        for number, item in self._items.items():
            if number == before:
                result.update(moving)
            if number not in moving:
                result[number] = item
        if before is None:
            result.update(moving)
        self._items = result

    def _value(self, key: Key, item: Item) -> Key:
        return tuple(item.values.get(name, self._defaults.get(name, "")) for name in key)

    def _enter(self, item: Item) -> None:
        for key, entries in self._index.items():
            entries.setdefault(self._value(key, item), {})[item.id] = None

    def _leave(self, item: Item) -> None:
        for key, entries in self._index.items():
            value = self._value(key, item)
            ids = entries[value]
            del ids[item.id]
            if not ids:
                del entries[value]
