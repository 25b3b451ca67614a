"""The requirement catalogue as a table, as JSON and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from contract_tests.report.model import LEVEL_WORDS, SOURCE_WORDS
from spec.catalogue import Catalogue, Requirement

Format = Literal["table", "json", "markdown"]


def print_requirements(console: Console, catalogue: Catalogue, format: Format) -> None:
    """Print every requirement; JSON and Markdown are printed without wrapping, fit for a file."""
    if format == "json":
        _plain(console, json.dumps(catalogue_json(catalogue), ensure_ascii=False, indent=2))
    elif format == "markdown":
        _plain(console, catalogue_markdown(catalogue))
    else:
        _table(console, catalogue)


def catalogue_json(catalogue: Catalogue) -> dict[str, Any]:
    """The catalogue as JSON data, requirements in the order of the catalogue."""
    return {
        "version": catalogue.version,
        "profiles": dict(catalogue.profiles),
        "requirements": [
            {
                "id": requirement.id,
                "level": requirement.level,
                "profile": requirement.profile,
                "statement": requirement.statement,
                "operations": list(requirement.operations),
                "source": {"kind": requirement.source.kind, "where": requirement.source.where},
                "needs": list(requirement.needs),
            }
            for requirement in catalogue
        ],
    }


def catalogue_markdown(catalogue: Catalogue) -> str:
    """The catalogue as a Markdown page, a table for each profile."""
    lines = [f"# Requirements (catalogue {catalogue.version})"]
    for profile, items in _by_profile(catalogue):
        lines += ["", f"## {profile}", "", _cell(catalogue.profiles[profile]), ""]
        lines += ["| id | level | statement | source | needs |", "|---|---|---|---|---|"]
        lines += [
            f"| {item.id} | {item.level} | {_cell(item.statement)} | "
            f"{SOURCE_WORDS[item.source.kind]}: {_cell(item.source.where)} | {', '.join(item.needs)} |"
            for item in items
        ]
    return "\n".join(lines)


def _by_profile(catalogue: Catalogue) -> Iterable[tuple[str, list[Requirement]]]:
    for profile in catalogue.profiles:
        items = [requirement for requirement in catalogue if requirement.profile == profile]
        if items:
            yield profile, items


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _plain(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True, highlight=False)


def _table(console: Console, catalogue: Catalogue) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("statement", ratio=1)
    table.add_column("needs")
    for profile, items in _by_profile(catalogue):
        table.add_row(
            Text(profile, style="bold"), "", Text(catalogue.profiles[profile], style="bright_black"), ""
        )
        for item in items:
            table.add_row(item.id, LEVEL_WORDS[item.level], Text(item.statement), ", ".join(item.needs))
    console.print(table)
    console.print(Text(f"{len(catalogue)} requirements, catalogue {catalogue.version}"))
