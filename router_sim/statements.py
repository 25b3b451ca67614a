"""Console commands on items, as data: what an export is made of and what an import runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from router_sim.exchange import Command, Origin
from router_sim.router import Router
from router_sim.traps import no_such_item


@dataclass(frozen=True, slots=True)
class Selector:
    """Which items are meant: a name or identifier, or all that have these values."""

    item: str = ""
    conditions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """One command: `verb` (add, set, remove, move or reset) in `menu`.

    `values` are given to properties, those of `unset` lose theirs; `selector` says which items, None for a
    new item and for the one of a singleton. `destination` is where a moved item goes, None for the end.
    `row` is the record an `add` comes from, with the identifier it had.
    """

    menu: str
    verb: str
    values: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    selector: Selector | None = None
    destination: Selector | None = None
    row: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def id(self) -> str:
        """The identifier the item of an `add` had where it comes from, or nothing."""
        return self.row.get(".id", "")


def commands(statement: Statement, router: Router, origin: Origin) -> Iterator[Command]:
    """The API commands a statement comes to on a router as it is. Raises Trap if an item is not there."""
    menu, verb = statement.menu, statement.verb
    chosen = {}
    if statement.selector is not None:
        chosen = {"numbers": ",".join(_find(menu, statement.selector, router, origin))}
    if verb == "move":
        attributes = dict(chosen)
        if statement.destination is not None:
            attributes["destination"] = _find(menu, statement.destination, router, origin)[0]
        yield Command(f"{menu}/move", attributes)
        return
    if verb == "reset":
        yield Command(f"{menu}/reset", {**chosen, **dict.fromkeys(statement.unset, "")})
        return
    if statement.values or verb in ("add", "remove"):
        yield Command(f"{menu}/{verb}", {**chosen, **statement.values})
    for name in statement.unset if verb == "set" else ():
        yield Command(f"{menu}/unset", {**chosen, "value-name": name})


def run(statement: Statement, router: Router, origin: Origin) -> None:
    """Carry a statement out on a simulated router. Raises Trap with what the router says."""
    for command in commands(statement, router, origin):
        router.execute(command, origin)


def _find(menu: str, selector: Selector, router: Router, origin: Origin) -> list[str]:
    if selector.item:
        return [selector.item]
    queries = tuple(f"{name}={value}" for name, value in selector.conditions)
    reply = router.execute(Command(f"{menu}/print", {".proplist": ".id"}, queries), origin)
    if not reply.rows:
        raise no_such_item(router.version)
    return [row[".id"] for row in reply.rows]
