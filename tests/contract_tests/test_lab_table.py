"""The table of a lab: everything a person copies stands in it whole."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from contract_tests.lab_table import Part, print_parts

TOKEN = "t0ken-" + "x" * 90
LONG = f"http://127.0.0.1:40000/{'captive' * 12}"


@pytest.mark.parametrize("width", [20, 80, 400])
def test_nothing_is_cut_off_or_wrapped(width: int) -> None:
    said = io.StringIO()
    console = Console(file=said, width=width)
    print_parts(console, [[Part("API", LONG)], [Part("tenant a", "", TOKEN), Part("b", "", "[red]x[/red]")]])
    rows = [line.split() for line in said.getvalue().splitlines()]
    assert ["API", LONG] in rows
    assert ["tenant", "a", TOKEN] in rows
    assert ["b", "[red]x[/red]"] in rows
    assert console.width == width
