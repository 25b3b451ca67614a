"""The catalogue: what its shape allows, and what the real one promises."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from spec.catalogue import NEEDS, Catalogue, CatalogueError, catalogue_from
from spec.loader import load_catalogue, load_contract

DATA: dict[str, Any] = {
    "version": "1",
    "profiles": {"core": "c", "device": "d"},
    "requirements": {
        "core": [
            {
                "id": "A-01",
                "level": "must",
                "operations": ["list"],
                "source": {"documented": "page"},
                "statement": "It\n  holds.",
            },
            {"id": "A-02", "level": "should", "source": {"inferred": "why"}, "statement": "It should."},
        ],
        "device": [
            {
                "id": "D-01",
                "level": "may",
                "source": {"device": "D1"},
                "needs": ["api", "device"],
                "statement": "It may.",
            }
        ],
    },
}


def built(**changes: Any) -> Catalogue:
    """The catalogue of DATA, its first requirement changed."""
    data = copy.deepcopy(DATA)
    data["requirements"]["core"][0] |= changes
    return catalogue_from(data, ["list"])


def test_a_catalogue_keeps_its_order_and_its_defaults() -> None:
    catalogue = built()
    assert [requirement.id for requirement in catalogue] == ["A-01", "A-02", "D-01"]
    assert len(catalogue) == 3
    assert "A-01" in catalogue
    assert "A-99" not in catalogue
    first = catalogue["A-01"]
    assert (first.statement, first.needs, first.profile) == ("It holds.", ("api",), "core")
    assert catalogue["A-02"].operations == ()


def test_an_unknown_id_says_where_to_look() -> None:
    with pytest.raises(KeyError, match=r"A-99 is not in the requirement catalogue \(spec/requirements"):
        built()["A-99"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"level": "shall"}, "requirement A-01: level: 'shall' is none of must, should, may"),
        ({"needs": ["router"]}, "requirement A-01: needs: 'router'"),
        ({"source": {"heard": "it"}}, "requirement A-01: source: 'heard'"),
        ({"operations": ["dance"]}, "requirement A-01: unknown operation 'dance'"),
        ({"statement": " \n "}, "requirement A-01: the statement is empty"),
        ({"id": "A-02"}, "requirement A-02 is defined twice"),
    ],
)
def test_a_mistake_names_its_entry(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(words)):
        built(**changes)


def test_an_unknown_profile() -> None:
    data = copy.deepcopy(DATA)
    data["requirements"]["extras"] = data["requirements"].pop("device")
    with pytest.raises(CatalogueError, match="D-01: unknown profile 'extras'"):
        catalogue_from(data, ["list"])


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [
        ({}, ["A-01", "A-02", "D-01"]),
        ({"profiles": ["device"]}, ["D-01"]),
        ({"only": ["A-*"]}, ["A-01", "A-02"]),
        ({"only": ["A-01", "D-*"]}, ["A-01", "D-01"]),
        ({"skip": ["A-*"]}, ["D-01"]),
        ({"only": ["*-01"], "skip": ["D-*"]}, ["A-01"]),
        ({"profiles": ["core"], "only": ["D-*"]}, []),
    ],
)
def test_selection(chosen: dict[str, list[str]], ids: list[str]) -> None:
    assert [requirement.id for requirement in built().select(**chosen)] == ids


def test_the_catalogue_of_the_project_is_orderly() -> None:
    catalogue = load_contract().catalogue
    outcomes = load_contract().device.outcomes
    for requirement in catalogue:
        assert re.fullmatch(r"[A-Z]+(-[A-Z]+)*-[0-9]{2}", requirement.id)
        assert requirement.statement.endswith(".")
        assert requirement.needs[0] == "api"
        assert list(requirement.needs) == [need for need in NEEDS if need in requirement.needs]
        if requirement.source.kind == "device":
            assert requirement.source.where in outcomes
        if requirement.source.kind == "inferred":
            assert requirement.level != "must", requirement.id
        if requirement.profile == "device":
            assert "device" in requirement.needs
    assert {requirement.profile for requirement in catalogue} == set(catalogue.profiles)
    statements = [requirement.statement for requirement in catalogue]
    assert len(set(statements)) == len(statements)


def test_the_catalogue_alone_is_the_same() -> None:
    contract = load_contract()
    alone = load_catalogue(set(contract.operations))
    assert list(alone) == list(contract.catalogue) == list(load_catalogue())
