"""The catalogue and the suite agree: every requirement is judged somewhere, every id that is judged exists."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import contract_tests
from spec.loader import load_catalogue

PACKAGE = Path(contract_tests.__file__).parent
SUITE = PACKAGE / "suite"
FIRST_WORDS = sorted({requirement.id.partition("-")[0] for requirement in load_catalogue()})
IDENTIFIER = re.compile(rf"(?:{'|'.join(FIRST_WORDS)})(?:-[A-Z]+)*-[0-9]{{2}}")
OUTSIDE_THE_SUITE = ("invariants.py", "context.py", "plugin.py")


def strings(path: Path) -> Iterator[str]:
    """Every string constant of a module that is an id and nothing else."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and IDENTIFIER.fullmatch(node.value)
        ):
            yield node.value


def marked() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every test of the suite and the ids that its `verifies` marks name."""
    for path in sorted(SUITE.glob("test_*.py")):
        module = importlib.import_module(f"contract_tests.suite.{path.stem}")
        for name, function in vars(module).items():
            if name.startswith("test_") and inspect.isfunction(function):
                marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "verifies"]
                yield f"{path.name}::{name}", tuple(argument for mark in marks for argument in mark.args)


def test_every_requirement_is_judged_by_a_test_or_by_every_exchange() -> None:
    used = {identifier for _, identifiers in marked() for identifier in identifiers}
    for name in OUTSIDE_THE_SUITE:
        used |= set(strings(PACKAGE / name))
    catalogue = load_catalogue()
    assert {requirement.id for requirement in catalogue} - used == set()


def test_every_id_in_the_code_is_in_the_catalogue() -> None:
    catalogue = load_catalogue()
    for path in PACKAGE.rglob("*.py"):
        unknown = {identifier for identifier in strings(path) if identifier not in catalogue}
        assert unknown == set(), path.name
    for name, identifiers in marked():
        assert {identifier for identifier in identifiers if identifier not in catalogue} == set(), name


def test_every_test_of_the_suite_says_what_it_verifies() -> None:
    tests = list(marked())
    assert tests
    assert [name for name, identifiers in tests if not identifiers] == []
    for name, identifiers in tests:
        assert len(set(identifiers)) == len(identifiers), name
