"""The verifier: what a check says becomes a judgement with the requests that led to it."""

from __future__ import annotations

import pytest

from contract_tests.events import Exchange, Judgement
from contract_tests.verifier import MAX_SEQUENCE, CannotTell, RequirementFailed, Verifier
from spec.loader import Contract, load_contract

MUST, SHOULD = "INST-GET-01", "INST-CREATE-12"


def exchange(key: str, url: str = "https://api.test/captive/instances") -> Exchange:
    return Exchange(key, "2030-01-02T12:00:00Z", 0.1, None, "", "", "GET", url, (), b"", 200, (), b"")


@pytest.fixture
def said() -> list[Judgement]:
    return []


@pytest.fixture
def verifier(api: Contract, said: list[Judgement]) -> Verifier:
    made = Verifier(api.catalogue, said.append, clean=lambda text: text.replace("secret", "***"))
    made.start_test("test_one")
    return made


def test_a_check_that_holds(verifier: Verifier, said: list[Judgement]) -> None:
    verifier.sent(exchange("main-1"))
    assert verifier.check(MUST, True, "as expected")
    assert said == [Judgement(MUST, "passed", "as expected", "test_one", ("main-1",))]
    assert verifier.judged == {MUST}
    assert verifier.failures == ()


def test_a_must_that_is_broken_fails_the_test_at_its_end(verifier: Verifier, said: list[Judgement]) -> None:
    assert not verifier.check(MUST, False, "expected 1, seen 2")
    assert verifier.check(SHOULD, True, "fine")
    assert verifier.failures == (f"{MUST}: expected 1, seen 2",)
    assert [judgement.outcome for judgement in said] == ["failed", "passed"]


def test_a_should_that_is_broken_does_not(verifier: Verifier, said: list[Judgement]) -> None:
    verifier.check(SHOULD, False, "200")
    assert verifier.failures == ()
    assert said[0].outcome == "failed"


def test_a_demand_ends_the_test(verifier: Verifier, said: list[Judgement]) -> None:
    verifier.demand(MUST, True, "fine")
    with pytest.raises(RequirementFailed, match=f"{MUST}: not there"):
        verifier.demand(MUST, False, "not there")
    assert len(said) == 2


def test_what_cannot_be_told_is_no_failure(verifier: Verifier, said: list[Judgement]) -> None:
    verifier.cannot_tell(MUST, "nothing to compare with")
    assert (said[0].outcome, said[0].message) == ("not verified", "nothing to compare with")
    assert verifier.failures == ()
    assert verifier.judged == {MUST}


def test_an_id_nobody_defined_is_a_fault_of_the_suite(verifier: Verifier, said: list[Judgement]) -> None:
    for call in (verifier.check, verifier.demand):
        with pytest.raises(KeyError, match="not in the requirement catalogue"):
            call("NO-SUCH-01", True, "")
    with pytest.raises(KeyError):
        verifier.cannot_tell("NO-SUCH-01", "")
    assert said == []


def test_a_new_test_begins_with_nothing(verifier: Verifier, said: list[Judgement]) -> None:
    verifier.sent(exchange("main-1"))
    verifier.check(MUST, False, "x")
    verifier.start_test("test_two")
    assert (verifier.failures, verifier.judged) == ((), frozenset())
    verifier.check(MUST, True, "y")
    assert (said[-1].test, said[-1].exchanges) == ("test_two", ())


def test_a_scenario_shows_its_own_requests(verifier: Verifier, said: list[Judgement]) -> None:
    verifier.sent(exchange("main-1"))
    verifier.check(MUST, False, "x")
    verifier.start_scenario()
    verifier.sent(exchange("main-2"))
    verifier.check(MUST, True, "y")
    assert said[-1].exchanges == ("main-2",)
    assert verifier.failures == (f"{MUST}: x",)


def test_how_a_resource_came_to_be_is_shown(verifier: Verifier, said: list[Judgement]) -> None:
    verifier.sent(exchange("main-1"))
    verifier.made("id-1", "main-1")
    verifier.start_scenario()
    verifier.sent(exchange("main-2", "https://api.test/captive/instances/id-1"))
    verifier.sent(exchange("main-3", "https://api.test/captive/instances/id-1"))
    verifier.check(MUST, True, "y")
    assert said[-1].exchanges == ("main-1", "main-2", "main-3")


def test_a_creation_within_the_scenario_is_not_shown_twice(verifier: Verifier, said: list[Judgement]) -> None:
    verifier.sent(exchange("main-1"))
    verifier.made("id-1", "main-1")
    verifier.sent(exchange("main-2", "https://api.test/captive/instances/id-1"))
    verifier.check(MUST, True, "y")
    assert said[-1].exchanges == ("main-1", "main-2")


def test_a_judgement_of_one_exchange_shows_that_one(verifier: Verifier, said: list[Judgement]) -> None:
    for number in (1, 2, 3):
        verifier.sent(exchange(f"main-{number}"))
    verifier.check(MUST, True, "y", exchange="main-2")
    assert said[-1].exchanges == ("main-2",)
    verifier.check(MUST, True, "y")
    assert said[-1].exchanges == ("main-1", "main-2", "main-3")


def test_a_long_scenario_keeps_its_end(verifier: Verifier, said: list[Judgement]) -> None:
    for number in range(40):
        verifier.sent(exchange(f"main-{number}"))
    verifier.check(MUST, False, "y")
    assert len(said[-1].exchanges) == MAX_SEQUENCE
    assert said[-1].exchanges[-1] == "main-39"


def test_messages_and_router_lines_are_cleaned(verifier: Verifier, said: list[Judgement]) -> None:
    verifier.check(MUST, False, "a secret", device=["line with secret"])
    assert said[0].message == "a ***"
    assert said[0].device == ("line with ***",)


def test_what_the_generation_has_not_is_not_recorded(said: list[Judgement]) -> None:
    verifier = Verifier(load_contract("spa").catalogue, said.append)
    verifier.start_test("test_one")
    assert not verifier.check("IMG-01", False, "refused")
    verifier.demand("IMG-01", True, "fine")
    verifier.cannot_tell("IMG-01", "why")
    verifier.leave_open("IMG-01", "why")
    with pytest.raises(CannotTell, match="promises nothing about it, and the rest builds on it: refused"):
        verifier.demand("IMG-01", False, "refused")
    assert (said, verifier.judged, verifier.failed, verifier.failures) == ([], frozenset(), frozenset(), ())
    with pytest.raises(KeyError, match="NO-99"):
        verifier.check("NO-99", True, "an id that no generation has")
