"""Everything a router knows, and how its items are found and printed."""

import heapq
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from router_sim.behaviour import BehaviourSet
from router_sim.clock import Clock
from router_sim.menus.catalogue import catalogue, untouched_stores
from router_sim.schema import Menu, Presence, Property
from router_sim.store import Hold, Item, Store, parse_key
from router_sim.values import Reference, split_list

Resolve = Callable[[str], Collection[str]]


def nothing_resolves(name: str) -> Collection[str]:
    """An upstream name server that knows no name."""
    return ()


class State:
    """The stores of one router with the tables and behaviours that give them their meaning.

    `resolve` gives the addresses, in dotted form, that the name servers of the router's uplink have for a
    name; none for a name they do not know.
    """

    def __init__(
        self, version: str, clock: Clock, behaviours: BehaviourSet, resolve: Resolve = nothing_resolves
    ) -> None:
        self.version = version
        self.clock = clock
        self.booted = clock.now()
        self.catalogue = catalogue(version)
        self.menus: Mapping[str, Menu] = self.catalogue.menus
        self.stores: dict[str, Store] = dict(untouched_stores(version))
        self.deadlines: list[tuple[float, str, int]] = []
        self._sequence = 0
        self._moment: datetime | None = None
        self.behaviours = behaviours
        self.resolve = resolve

    # -- looking things up -------------------------------------------------------------------------

    def store(self, path: str) -> Store:
        """The store at `path`, for reading."""
        return self.stores[path]

    def writable(self, path: str) -> Store:
        """The store at `path`, made this router's own so that it can be written to."""
        store = self.stores[path]
        if store.frozen:
            store = self.stores[path] = store.thaw()
        return store

    def views(self, store: str, kind: str) -> tuple[Menu, ...]:
        """The menus that show items of this kind, the one of the kind itself first."""
        return self.catalogue.views[store, kind]

    def referrers(self, store: str) -> tuple[tuple[Menu, Property, Reference], ...]:
        """The properties, with their menus, that can name an item of `store`."""
        return self.catalogue.referrers.get(store, ())

    def item(self, menu: Menu, text: str) -> Item | None:
        """The item of `menu` with this identifier or name."""
        store = self.stores[menu.store]
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
        return [item for item in self.stores[menu.store] if not menu.kind or item.kind == menu.kind]

    def find(self, store: str, text: str) -> str | None:
        """The identifier of the item of `store` that a reference's text means."""
        if store not in self.stores:
            return None
        found = self.item(self.menus[store], text)
        return found.key if found else None

    def name_of(self, store: str, stored: str) -> str:
        """What a stored reference is printed as: its item's name, or the number if that is gone."""
        sign, key = ("!", stored[1:]) if stored.startswith("!") else ("", stored)
        number = parse_key(key)
        held = self.stores.get(store)
        if number is None or held is None:
            return stored
        item = held.get(number)
        return sign + item.values.get("name", "") if item else stored

    def value(self, menu: Menu, item: Item, name: str) -> str:
        """The stored value of a property, or its default; references as `*` and number."""
        held = item.values.get(name)
        return held if held is not None else (menu.by_name[name].default or "")

    # -- time ----------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The moment at which things happen, aware UTC: the present, or that of `at`."""
        return self._moment or self.clock.now()

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

    def restore(self, stores: Mapping[str, Store]) -> None:
        """Go back to frozen stores, and to the deadlines of their items."""
        self.stores = dict(stores)
        self.deadlines = []
        for path, store in stores.items():
            for item in store:
                self.schedule(path, item)

    # -- printing ------------------------------------------------------------------------------------

    def printed(self, menu: Menu, item: Item, only: Collection[str] | None = None) -> dict[str, str]:
        """The record of an item: `.id`, then properties in the order of the table.

        `only` limits it to these names; one the item lacks is simply absent.
        """
        derived = self.behaviours.of(menu.store).derive(self, menu, item)
        row: dict[str, str] = {}
        if not menu.singleton and (only is None or ".id" in only):
            row[".id"] = item.key
        values = item.values
        for name, default, plain, each in menu.plan:
            if only is not None and name not in only:
                continue
            value = derived.get(name)
            if value is None:
                value = values.get(name, default) if plain else self._shown(menu, item, each)
            if value is not None:
                row[name] = value
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
