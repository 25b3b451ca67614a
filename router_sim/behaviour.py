"""What a router does about the items of a menu besides storing them.

A behaviour belongs to one store. The engine asks it before a change (`check`), when a record is
printed (`derive`), tells it after a change (`changed`) and when an item is due (`expired`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router_sim.exchange import Origin
from router_sim.store import Hold, Item

if TYPE_CHECKING:
    from router_sim.exchange import Command, Reply
    from router_sim.schema import Menu
    from router_sim.state import State
    from router_sim.transaction import Transaction

NOBODY = Origin("", "")


@dataclass(slots=True)
class Draft:
    """An item as a command would leave it; `check` may refuse it with a Trap or complete it.

    `given` are the names of the properties the command named; `before` the item as it is, None
    for a new one.
    """

    before: Item | None
    values: dict[str, str]
    marks: dict[str, float]
    due: float | None
    given: Collection[str]
    hold: Hold = Hold.FREE

    def item(self, number: int, kind: str) -> Item:
        """The finished item."""
        return Item(number, self.values, kind, self.hold, self.marks, self.due)


@dataclass(frozen=True, slots=True)
class Call:
    """A command on its way: the menu it goes to and the transaction it writes through.

    `hidden` are the properties the user may not see, `origin` says who the user is, `rights` what the
    user's group grants (None: everything).
    """

    menu: Menu
    command: Command
    state: State
    tx: Transaction
    hidden: frozenset[str] = frozenset()
    origin: Origin = NOBODY
    rights: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of its own: the attributes it accepts, and what it does.

    It takes the place of a common verb of the same name. Without `arguments` it looks at them itself.
    """

    run: Callable[[Call], Reply]
    arguments: frozenset[str] | None = field(default_factory=frozenset)


class Behaviour:
    """A behaviour that does nothing; others override what they need.

    `stored` are properties that `derive` never gives a value: to look for them nothing need be derived.
    """

    stored: frozenset[str] = frozenset()

    def __init__(self, store: str, watches: tuple[str, ...] = ()) -> None:
        self.store = store
        self.watches = watches

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Printed values that follow from the rest of the router; they win over stored ones."""
        return {}

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """Refuse or complete a change that is otherwise in order. Raises Trap."""

    def check_removal(self, state: State, menu: Menu, item: Item) -> None:
        """Refuse a removal. Raises Trap."""

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """An item of `store` was added, changed or removed: bring about what follows. Never raises.

        For one that was moved, `before` is `after`.
        """

    def expired(self, tx: Transaction, item: Item) -> None:
        """The moment `item.due` has come; `tx.now` is that moment."""

    def booted(self, tx: Transaction, *, cold: bool) -> None:
        """The router was started again, with `cold` after the power was cut: bring about what follows."""

    def verbs(self) -> Mapping[str, Verb]:
        """Verbs beyond the common ones, by name."""
        return {}


class BehaviourSet:
    """The behaviours of a kind of router, by store. They hold no state, so all routers share one set."""

    def __init__(self, behaviours: Collection[Behaviour]) -> None:
        self._by_store = {each.store: each for each in behaviours}
        self._deriving = {each.store for each in behaviours if type(each).derive is not Behaviour.derive}
        self._reactions: dict[str, list[Behaviour]] = {}
        for behaviour in behaviours:
            for store in (behaviour.store, *behaviour.watches):
                self._reactions.setdefault(store, []).append(behaviour)
        self._verbs = {each.store: each.verbs() for each in behaviours}

    def of(self, store: str) -> Behaviour:
        """What the router does by itself about the items of `store`."""
        return self._by_store.get(store, _PLAIN)

    def may_derive(self, store: str, names: Collection[str]) -> bool:
        """Can the value of any of these properties follow from the rest of the router?"""
        return store in self._deriving and not self._by_store[store].stored.issuperset(names)

    def reactions(self, store: str) -> Collection[Behaviour]:
        """Those that want to know of changes in `store`."""
        return self._reactions.get(store, ())

    def tell_booted(self, tx: Transaction, *, cold: bool) -> None:
        """Tell those of the router's own menus that it was started again."""
        for store, behaviour in self._by_store.items():
            if store in tx.state.stores:
                behaviour.booted(tx, cold=cold)

    def verbs(self, store: str) -> Mapping[str, Verb]:
        """The verbs of their own that the menus of `store` have."""
        return self._verbs.get(store, {})


_PLAIN = Behaviour("")
