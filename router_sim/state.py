"""Everything a router knows, and how its items are found and printed."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from router_sim.behaviour import BehaviourSet
from router_sim.clock import Clock
from router_sim.menus.catalogue import catalogue, untouched_stores
from router_sim.schema import Menu, Presence, Property
from router_sim.store import Hold, Item, Store, parse_key
from router_sim.values import Reference, split_list

Resolve = Callable[[str], Collection[str]]
_TOLD_BY_HOLD = ("dynamic", "default")
_MOST_NAMES = 256
_ROUNDING = 1e-5  # seconds by which a moment as datetime and as float may differ, with room to spare
DISK_BYTES = 80 * 1024 * 1024  # what the disk of a fresh CHR has left


def nothing_resolves(name: str) -> Collection[str]:
    """An upstream name server that knows no name."""
    return ()


@dataclass(frozen=True)
class Mark:
    """What a router held at one moment: stores it shares with others, those of its own, and deadlines."""

    shared: Mapping[str, Store]
    own: dict[str, Store]
    deadlines: tuple[tuple[float, str, int], ...]

    @cached_property
    def everything(self) -> Mapping[str, Store]:
        """All stores by their paths."""
        return {**self.shared, **self.own}


class State:
    """The stores of one router with the tables and behaviours that give them their meaning.

    `resolve` gives the addresses, in dotted form, that the name servers of the router's uplink have for a
    name; none for a name they do not know. `disk_bytes` is the room there is for files, used or free.
    """

    def __init__(
        self, version: str, clock: Clock, behaviours: BehaviourSet, resolve: Resolve = nothing_resolves
    ) -> None:
        self.version = version
        self.booted = clock.now()
        self.catalogue = catalogue(version)
        self.menus: Mapping[str, Menu] = self.catalogue.menus
        self.revision = 0  # another one after every write
        self.outside = 0  # how often was looked at what changes without a write: the time, other hosts
        self.deadlines: list[tuple[float, str, int]] = []
        # Most routers of a fleet never change most of their stores, so each has only its own ones.
        self._shared: Mapping[str, Store] = untouched_stores(version)
        self._own: dict[str, Store] = {}
        self._marked = False  # whether `_own` belongs to a mark as well and has to be left as it is
        self._clock = clock
        self._names: dict[tuple[str, str], str] = {}  # what references were last printed as
        self._named_at = 0  # the revision for which that is so
        self._sequence = 0
        self._moment: datetime | None = None
        self.behaviours = behaviours
        self._resolve = resolve
        self.disk_bytes = DISK_BYTES
        self.name = ""  # that of the router, which makes its serial numbers its own
        # What a command wants done to the power once it is answered: "reboot", "shutdown" or nothing.
        self.power_request = ""

    # -- the stores --------------------------------------------------------------------------------

    @property
    def stores(self) -> Mapping[str, Store]:
        """All stores by their paths, as they are now, for reading."""
        return {**self._shared, **self._own}

    def store(self, path: str) -> Store:
        """The store at `path`, for reading. KeyError where the version has none."""
        own = self._own.get(path)
        return self._shared[path] if own is None else own

    def writable(self, path: str) -> Store:
        """The store at `path`, made this router's own so that it can be written to.

        Ask anew before each write: that is what ends the life of answers that are remembered.
        """
        self.revision += 1
        store = self.store(path)
        if store.frozen:
            store = store.thaw()
            self._hold(path, store)
        return store

    def _hold(self, path: str, store: Store) -> None:
        if self._marked:
            self._own, self._marked = dict(self._own), False
        self._own[path] = store

    def mark(self) -> Mark:
        """What the router holds at this moment, to go back to with `restore`."""
        for store in self._own.values():
            store.frozen = True
        self._marked = True
        return Mark(self._shared, self._own, tuple(self.deadlines))

    def restore(self, mark: Mark, *, keep: Collection[str] = ()) -> None:
        """Go back to what was held then, deadlines included; the stores of the paths `keep` stay."""
        kept = {path: self.store(path) for path in keep}
        self._shared, self._own, self._marked = mark.shared, mark.own, True
        self._begin(mark)
        for path, store in kept.items():
            self._hold(path, store)

    def branch(self, mark: Mark) -> None:
        """Hold what another router of the same version held then, all of it shared."""
        self._shared, self._own, self._marked = mark.everything, {}, False
        self._begin(mark)

    def _begin(self, mark: Mark) -> None:
        self.revision += 1
        self.deadlines = list(mark.deadlines)

    # -- looking things up -------------------------------------------------------------------------

    def views(self, store: str, kind: str) -> tuple[Menu, ...]:
        """The menus that show items of this kind, the one of the kind itself first."""
        return self.catalogue.views[store, kind]

    def referrers(self, store: str) -> tuple[tuple[Menu, Property, Reference], ...]:
        """The properties, with their menus, that can name an item of `store`."""
        return self.catalogue.referrers.get(store, ())

    def item(self, menu: Menu, text: str) -> Item | None:
        """The item of `menu` with this identifier or name."""
        store = self.store(menu.store)
        number = parse_key(text)
        found = store.get(number) if number is not None else None
        if found is None and text and "name" in menu.by_name and not menu.singleton:
            named = store.lookup(("name",), (text,))
            found = named[0] if named else None
        if found is not None and menu.kind and found.kind != menu.kind:
            return None
        return found

    def items(self, menu: Menu) -> list[Item]:
        """The items of `menu` in print order."""
        return [item for item in self.store(menu.store) if not menu.kind or item.kind == menu.kind]

    def find(self, store: str, text: str) -> str | None:
        """The identifier of the item of `store` that a reference's text means."""
        menu = self.menus.get(store)
        found = self.item(menu, text) if menu is not None else None
        return found.key if found else None

    def name_of(self, store: str, stored: str) -> str:
        """What a stored reference is printed as: its item's name, or the number if that is gone."""
        if self._named_at != self.revision or len(self._names) > _MOST_NAMES:
            self._names = {}
            self._named_at = self.revision
        name = self._names.get((store, stored))
        if name is None:
            name = self._names[store, stored] = self._name_of(store, stored)
        return name

    def _name_of(self, store: str, stored: str) -> str:
        sign, key = ("!", stored[1:]) if stored.startswith("!") else ("", stored)
        number = parse_key(key)
        if number is None or store not in self._shared:
            return stored
        item = self.store(store).get(number)
        return sign + item.values.get("name", "") if item else stored

    def value(self, menu: Menu, item: Item, name: str) -> str:
        """The stored value of a property, or its default; references as `*` and number."""
        held = item.values.get(name)
        return held if held is not None else (menu.by_name[name].default or "")

    # -- time and other hosts ------------------------------------------------------------------------

    @property
    def clock(self) -> Clock:
        """The router's clock."""
        self.outside += 1
        return self._clock

    def now(self) -> datetime:
        """The moment at which things happen, aware UTC: the present, or that of `at`."""
        self.outside += 1
        return self._moment or self._clock.now()

    def may_be_due(self) -> bool:
        """Whether a deadline may have come; quick, and never wrong about one that has."""
        return bool(self.deadlines) and self.deadlines[0][0] <= self._clock.timestamp() + _ROUNDING

    def resolve(self, name: str) -> Collection[str]:
        """The addresses the upstream name servers have for `name`, in dotted form."""
        self.outside += 1
        return self._resolve(name)

    @property
    def upstream(self) -> Resolve:
        """What `resolve` asks."""
        return self._resolve

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Inside, it is `moment`: for what was due earlier and is brought about only now."""
        self._moment = moment
        try:
            yield
        finally:
            self._moment = None

    def next_number(self) -> int:
        """A running number, for what must be remembered in the order in which it happened."""
        self._sequence += 1
        return self._sequence

    def schedule(self, store: str, item: Item) -> None:
        """Remember that the router acts on `item` when it is due."""
        if item.due is not None:
            heapq.heappush(self.deadlines, (item.due, store, item.id))

    def pop_deadline(self) -> tuple[float, str, int]:
        """Take out the earliest of the noted moments, with store and number of its item."""
        return heapq.heappop(self.deadlines)

    # -- printing ------------------------------------------------------------------------------------

    def printed(self, menu: Menu, item: Item, only: Collection[str] | None = None) -> dict[str, str]:
        """The record of an item: `.id`, then properties in the order of the table.

        `only` limits it to these names; one the item lacks is simply absent.
        """
        if only is not None:
            return self.columns(menu, item, [name for name in menu.blank if name in only])
        row = dict(menu.blank)
        if ".id" in row:
            row[".id"] = item.key
        plain, optional, named = menu.plain, menu.optional, menu.named
        for name, value in item.values.items():
            if name in plain:
                row[name] = value
            elif name in optional:
                if value not in optional[name]:
                    row[name] = value
            elif name in named:
                row[name] = self.name_of(named[name], value)
            elif name in row:
                row[name] = self._shown(menu, item, menu.by_name[name])
        for each in menu.conditional:
            row[each.name] = self._shown(menu, item, each)
        if item.hold is not Hold.FREE:
            for name in _TOLD_BY_HOLD:
                if name in row:
                    row[name] = self._shown(menu, item, menu.by_name[name])
        for name, derived in self.behaviours.of(menu.store).derive(self, menu, item).items():
            if name in row:
                row[name] = derived
        return {name: text for name, text in row.items() if text is not None}

    def columns(self, menu: Menu, item: Item, names: Collection[str]) -> dict[str, str]:
        """The properties of these names as they are printed, in the order given."""
        derived: Mapping[str, str] = {}
        if self.behaviours.may_derive(menu.store, names):
            derived = self.behaviours.of(menu.store).derive(self, menu, item)
        row: dict[str, str] = {}
        for name in names:
            text = derived.get(name)
            if text is None:
                if name in menu.plain:
                    text = item.values.get(name, menu.blank[name])
                elif name == ".id":
                    text = item.key
                else:
                    text = self._shown(menu, item, menu.by_name[name])
            if text is not None:
                row[name] = text
        return row

    def _shown(self, menu: Menu, item: Item, each: Property) -> str | None:
        """The printed value of a property that is not derived, or None where it stays out."""
        value = item.values.get(each.name, each.default)
        if each.presence is Presence.NEVER or value is None:
            return None
        if (item.hold is Hold.DYNAMIC and each.name == "dynamic") or (
            item.hold is Hold.BUILT_IN and each.name == "default"
        ):
            value = "true"
        if each.presence is Presence.SET and value in ("", each.default):
            return None
        if each.presence is Presence.TRUE and value != "true":
            return None
        if each.shown_with and each.shown_with[1] not in split_list(
            self.value(menu, item, each.shown_with[0])
        ):
            return None
        return self.name_of(each.type.store, value) if isinstance(each.type, Reference) else value
