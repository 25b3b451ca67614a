"""How a command names a row among the others of its menu."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from router_sim.configuration import Row, is_built_in, settings
from router_sim.schema import Menu
from router_sim.statements import Selector

_Key = tuple[str, ...]


class Naming:
    """Selectors for the rows of one menu, as short as they can be: by name, by what is unique, by all they hold.

    Rows that look alike are named by their identifiers.
    """

    def __init__(self, menu: Menu, rows: Sequence[Row]) -> None:
        self._menu = menu
        self._rows = rows
        self._counted: dict[_Key, Counter[_Key]] = {}

    def selector(self, row: Row) -> Selector:
        """What names the row."""
        menu = self._menu
        if "add" not in menu.verbs and row.get("name") and "default-name" not in row and not is_built_in(row):
            return Selector(item=row["name"])
        for key in self._keys(row):
            values = tuple(row.get(name, "") for name in key)
            if all(values) and self._count(key)[values] == 1:
                return Selector(conditions=tuple(zip(key, values, strict=True)))
        return Selector(item=row.get(".id", ""))

    def _keys(self, row: Row) -> list[_Key]:
        first: _Key = ("default",) if is_built_in(row) else ("default-name",)
        keys = [first, ("name",), *(unique.properties for unique in self._menu.unique), ("comment",)]
        held = tuple(name for name in settings(self._menu, row) if name not in ("disabled", "comment"))
        return [*keys, held] if held else keys

    def _count(self, key: _Key) -> Counter[_Key]:
        """How often each combination of values occurs in these properties."""
        counted = self._counted.get(key)
        if counted is None:
            counted = Counter(tuple(row.get(name, "") for name in key) for row in self._rows)
            self._counted[key] = counted
        return counted
