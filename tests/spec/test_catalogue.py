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
        ({"generations": ["v9"]}, "requirement A-01: generations: 'v9' is none of v1, root, spa"),
        ({"levels": {"v9": "may"}}, "requirement A-01: levels: 'v9'"),
        ({"levels": {"spa": "shall"}}, "requirement A-01: levels: 'shall' is none of must, should, may"),
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


def generation_of(changes: dict[str, Any], operations: list[str], undocumented: list[str]) -> Catalogue:
    """The catalogue of DATA as spa has it, its first requirement changed to be about `list` and `make`."""
    data = copy.deepcopy(DATA)
    data["requirements"]["core"][0] |= {"operations": ["list", "make"]} | changes
    return catalogue_from(data, ["list", "make"]).of_generation("spa", operations, undocumented)


def test_a_generation_loses_operations_and_the_requirements_without_any() -> None:
    assert generation_of({}, ["make"], [])["A-01"].operations == ("make",)
    lost = generation_of({}, [], [])
    assert "A-01" not in lost
    assert lost.absent == {"A-01"}
    assert "A-02" in lost  # it is about no operation


def test_a_requirement_may_belong_to_some_generations() -> None:
    assert generation_of({"generations": ["v1", "root"]}, ["list", "make"], []).absent == {"A-01"}
    assert generation_of({"generations": ["spa"]}, ["list", "make"], []).absent == set()


def test_the_generations_of_a_profile_are_those_of_its_entries() -> None:
    data = DATA | {"generations": {"device": ["v1"]}}
    found = catalogue_from(data, ["list"]).of_generation("root", ["list"], [])
    assert list(found.profiles) == ["core"]
    assert found.absent == {"D-01"}


def test_what_a_generation_does_not_document_is_no_must_there() -> None:
    assert generation_of({}, ["list", "make"], [])["A-01"].level == "must"
    weaker = generation_of({}, ["list", "make"], ["make"])["A-01"]
    assert (weaker.level, weaker.source.kind) == ("should", "inferred")
    assert weaker.source.where == "no page of spa says it; of v1: page"


def test_a_level_of_its_own_wins() -> None:
    assert generation_of({"levels": {"spa": "must"}}, ["make"], ["make"])["A-01"].level == "must"
    assert generation_of({"levels": {"spa": "may"}}, ["make"], [])["A-01"].level == "may"
    assert generation_of({"levels": {"root": "may"}}, ["make"], [])["A-01"].level == "must"


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
    assert list(alone) == list(load_catalogue())
    elsewhere = {requirement.id for requirement in alone if requirement.generations == ("spa",)}
    assert [requirement for requirement in alone if requirement.id not in elsewhere] == list(
        contract.catalogue
    )
    assert contract.catalogue.absent == elsewhere
