"""Hypothesis inside an ordinary test: seeded, bounded, shrunk only where that helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from contract_tests.client import TargetLost
from contract_tests.config import Config
from contract_tests.context import Context
from contract_tests.pacing import BudgetExhausted
from contract_tests.properties import for_all, walk
from contract_tests.verifier import RequirementFailed

NUMBERS = st.integers(0, 10**6)
MakeContext = Callable[..., Context]


@pytest.fixture
def make_context(make_config: Callable[..., Config], tmp_path: Path) -> Iterator[MakeContext]:
    made: list[Context] = []

    def make(seed: int = 1) -> Context:
        made.append(Context(make_config(), tmp_path / str(len(made)), tag="t", seed=seed))
        return made[-1]

    yield make
    for context in made:
        context.close()


def drawn(context: Context) -> list[int]:
    values: list[int] = []
    for_all(context, NUMBERS, values.append, max_examples=20)
    return values


def test_the_seed_alone_decides(make_context: MakeContext) -> None:
    assert drawn(make_context(7)) == drawn(make_context(7))
    assert drawn(make_context(7)) != drawn(make_context(8))


def test_no_more_examples_than_asked_for(make_context: MakeContext) -> None:
    assert 0 < len(drawn(make_context())) <= 20


def test_a_failure_is_shrunk(make_context: MakeContext) -> None:
    context = make_context()
    seen: list[int] = []

    def check(value: int) -> None:
        seen.append(value)
        context.verifier.demand("INST-GET-01", value < 1000, f"{value}")

    with pytest.raises(RequirementFailed, match=r"INST-GET-01: 1000\b"):
        for_all(context, NUMBERS, check, max_examples=50)
    assert min(value for value in seen if value >= 1000) == 1000


@pytest.mark.parametrize("error", [BudgetExhausted(), TargetLost("gone")])
def test_what_ends_the_run_is_not_searched_for(make_context: MakeContext, error: Exception) -> None:
    calls: list[int] = []

    def check(value: int) -> None:
        calls.append(value)
        if len(calls) == 3:
            raise error

    with pytest.raises(type(error)):
        for_all(make_context(), NUMBERS, check, max_examples=20)
    assert len(calls) == 3


def test_a_deployment_that_changes_its_mind_has_failed(make_context: MakeContext) -> None:
    context = make_context()
    answers = iter([False] + [True] * 1000)

    def check(value: int) -> None:
        context.verifier.demand("INST-GET-01", next(answers), f"once {value}")

    with pytest.raises(RequirementFailed, match="INST-GET-01: once"):
        for_all(context, NUMBERS, check, max_examples=20)


def test_each_example_is_a_scenario_of_its_own(make_context: MakeContext) -> None:
    context = make_context()
    begun: list[int] = []
    context.verifier.start_scenario = lambda: begun.append(1)  # type: ignore[method-assign]
    values = drawn(context)
    assert len(begun) == len(values)


def test_a_walk_is_seeded_too(make_context: MakeContext) -> None:
    def steps(seed: int) -> list[int]:
        taken: list[int] = []

        class Machine(RuleBasedStateMachine):
            @rule(value=NUMBERS)
            def step(self, value: int) -> None:
                taken.append(value)

        walk(make_context(seed), Machine, max_examples=3, steps=5)
        return taken

    assert steps(7) == steps(7)
    assert len(steps(7)) <= 15
    assert steps(7) != steps(8)
