"""The pages tell of everything the command line has, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from contract_tests import cli
from contract_tests.config import Config, LabConfig, RouterConfig, RunConfig, SiteConfig, TargetConfig
from spec.loader import load_contract

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def told() -> str:
    return "\n".join(page.read_text("utf-8") for page in PAGES)


def plain(text: str) -> str:
    """The text without the marks that may surround an option."""
    return re.sub(r"[`|/,()\[\]]", " ", text)


def commands() -> dict[str, click.Command]:
    group = cli.portal_contract
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def test_every_command_and_every_option_is_told_of() -> None:
    text = plain(told())
    missing = []
    for name, command in commands().items():
        if not re.search(rf"portal-contract {name}\b", text):
            missing.append(name)
        for parameter in command.params:
            if not isinstance(parameter, click.Option) or parameter.hidden:
                continue
            if not any(re.search(rf"(?<!\S){re.escape(form)}\b", text) for form in parameter.opts):
                missing.append(f"{name} {parameter.opts[-1]}")
    assert missing == []


def test_every_command_that_is_told_of_exists() -> None:
    words = set(re.findall(r"`portal-contract ([a-z]+)\b", told()))
    assert words - set(commands()) == set()


@pytest.mark.parametrize("table", [TargetConfig, SiteConfig, RouterConfig, LabConfig, RunConfig, Config])
def test_every_key_of_the_configuration_is_told_of(table: type[Config]) -> None:
    text = told()
    assert [key for key in table.model_fields if not re.search(rf"\b{key}\b", text)] == []


def test_every_profile_is_told_of() -> None:
    text = told()
    assert [name for name in load_contract().catalogue.profiles if f"`{name}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if not re.match(r"[a-z]+:|#", target):
            assert (page.parent / target.partition("#")[0]).exists(), target
