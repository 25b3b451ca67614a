"""How a lab tells where its parts are: a table in which nothing that a person copies is cut off or wrapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

_WIDEST = 10_000  # characters: wider than any table


@dataclass(frozen=True, slots=True)
class Part:
    """One row: what it is, its URL or address, and what opens it."""

    name: str
    where: str
    opens: str = ""


def print_parts(console: Console, groups: Sequence[Sequence[Part]]) -> None:
    """Print the parts, a line between groups, as wide as they need, however narrow the console is."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("part", "where", "what opens it"):
        table.add_column(heading, no_wrap=True)
    for group in groups:
        for part in group:
            table.add_row(Text(part.name), Text(part.where), Text(part.opens))
        table.add_section()
    width = console.width
    needed = Measurement.get(console, console.options.update(max_width=_WIDEST), table).maximum
    try:
        console.width = max(width, needed)
        console.print(table)
    finally:
        console.width = width
