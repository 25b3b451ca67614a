"""Writing to the stores: each change is applied with all that follows from it, and recorded.

Commands are checked completely before the first write, and nothing that follows from a write can
fail, so there is nothing to roll back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item


@dataclass(slots=True)
class Change:
    """What became of one item: its printed record before, and the item now (None once removed).

    `own` is true for what the command itself asked for, false for what the router made of it.
    """

    menu: Menu
    store: str
    id: int
    kind: str
    before: Mapping[str, str] | None
    item: Item | None
    own: bool

    @property
    def key(self) -> str:
        """The item's identifier."""
        return f"*{self.id:X}"


class Transaction:
    """The writes of one command, or of one moment at which something was due.

    `now` is the moment at which they happen, in seconds since the epoch; the present unless given.
    """

    def __init__(self, state: State, now: float | None = None) -> None:
        self.state = state
        self._now = now
        self._changes: dict[tuple[str, int], Change] = {}

    @property
    def now(self) -> float:
        """The moment of all these writes, in seconds since the epoch."""
        if self._now is None:
            self._now = self.state.now().timestamp()
        return self._now

    @property
    def changes(self) -> Collection[Change]:
        """One change for each item that was written to, in the order of the first write."""
        return self._changes.values()

    def add(
        self,
        store: str,
        values: Mapping[str, str],
        *,
        kind: str = "",
        hold: Hold = Hold.FREE,
        marks: Mapping[str, float] | None = None,
        due: float | None = None,
        before: int | None = None,
        own: bool = False,
    ) -> Item:
        """Put a new item into `store`, in front of the item `before` if given; returns it."""
        number = self.state.writable(store).reserve()
        item = Item(number, values, kind, hold, marks or {}, due)
        self._record(store, item, None, item, own)
        self.state.writable(store).put(item, before=before)
        self.state.schedule(store, item)
        self._tell(store, None, item)
        return item

    def put(self, store: str, item: Item, *, own: bool = False) -> None:
        """Put a changed item in the place of the one with its number."""
        old = self.state.store(store).get(item.id)
        if old is None:
            return
        self._record(store, item, old, item, own)
        self.state.writable(store).put(item)
        if item.due != old.due:
            self.state.schedule(store, item)
        self._tell(store, old, item)

    def drop(self, store: str, number: int, *, own: bool = False) -> None:
        """Remove an item; one that has gone already, because of another removal, is no matter."""
        old = self.state.store(store).get(number)
        if old is None:
            return
        self._record(store, old, old, None, own)
        self.state.writable(store).drop(number)
        self._release(store, old)
        self._tell(store, old, None)

    def move(self, store: str, numbers: Collection[int], before: int | None) -> None:
        """Move items in front of the item `before`, or to the end."""
        held = self.state.writable(store)
        moved = [item for item in map(held.get, numbers) if item is not None]
        for item in moved:
            self._record(store, item, item, item, own=True)
        held.move(numbers, before)
        for item in moved:
            self._tell(store, item, item)

    def _record(self, store: str, item: Item, old: Item | None, new: Item | None, own: bool) -> None:
        change = self._changes.get((store, item.id))
        if change is None:
            menu = self.state.views(store, item.kind)[0]
            before = self.state.printed(menu, old) if old else None
            self._changes[store, item.id] = Change(menu, store, item.id, item.kind, before, new, own)
            return
        change.item = new
        change.own = change.own or own

    def _release(self, store: str, gone: Item) -> None:
        """Let go of a removed item: holders that say so fall back to their default."""
        for menu, each, reference in self.state.referrers(store):
            if reference.missing != "default":
                continue
            for holder in self.state.store(menu.store).lookup((each.name,), (gone.key,)):
                kept = {name: value for name, value in holder.values.items() if name != each.name}
                self.put(menu.store, replace(holder, values=kept))

    def _tell(self, store: str, before: Item | None, after: Item | None) -> None:
        for behaviour in self.state.behaviours.reactions(store):
            behaviour.changed(self, store, before, after)
