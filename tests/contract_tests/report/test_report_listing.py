"""The requirement catalogue in its three forms."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from contract_tests.report.listing import Format, print_requirements
from spec.catalogue import Catalogue, Requirement, Source


def printed(catalogue: Catalogue, format: Format, width: int = 80) -> str:
    output = io.StringIO()
    print_requirements(Console(file=output, width=width, color_system=None, _environ={}), catalogue, format)
    return output.getvalue()


def test_json_is_whole_whatever_the_width(catalogue: Catalogue) -> None:
    data = json.loads(printed(catalogue, "json", width=20))
    assert data["version"] == "1"
    assert [item["id"] for item in data["requirements"]] == [requirement.id for requirement in catalogue]
    assert data["requirements"][5]["source"] == {"kind": "inferred", "where": "every page shows it"}


def test_markdown_has_a_row_for_each(catalogue: Catalogue) -> None:
    lines = printed(catalogue, "markdown", width=20).splitlines()
    assert lines[0] == "# Requirements (catalogue 1)"
    assert sum(line.startswith("| ") and "id | level" not in line for line in lines) == len(catalogue)
    assert (
        "| INST-ERR-04 | should | Errors carry a JSON object. | inferred: every page shows it | api |"
        in lines
    )


def test_markdown_cells_hold_their_text() -> None:
    odd = Requirement("A-1", "may", "core", (), Source("inferred", "a|b"), ("api",), "x | y <b> \\")
    text = printed(Catalogue("2", {"core": "Core."}, [odd]), "markdown")
    assert "| A-1 | may | x \\| y &lt;b> \\\\ | inferred: a\\|b | api |" in text


@pytest.mark.parametrize("width", [60, 200])
def test_table_names_every_requirement_whole(catalogue: Catalogue, width: int) -> None:
    text = printed(catalogue, "table", width)
    assert all(requirement.id in text for requirement in catalogue)
    assert "10 requirements, catalogue 1" in text
