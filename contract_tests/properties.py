"""Runs Hypothesis inside an ordinary test: seeded, without a database, within the bounds of the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from contract_tests.client import ReadOnly, TargetLost
from contract_tests.context import Context
from contract_tests.pacing import BudgetExhausted
from contract_tests.verifier import CannotTell, RequirementFailed

_ENDS_THE_TEST = (BudgetExhausted, TargetLost, CannotTell, ReadOnly)


class _Ended(Exception):
    """Something other than the property ended the test; Hypothesis must not look for a simpler example of it."""


def settings_for(max_examples: int, **more: Any) -> settings:
    """Settings of every property: the seed alone decides, time does not; a failure is shrunk, not explained."""
    return settings(
        max_examples=max_examples,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        **more,
    )


def for_all(
    context: Context, strategy: SearchStrategy[Any], check: Callable[[Any], None], *, max_examples: int
) -> None:
    """Call `check` with up to `max_examples` values; each is a scenario of its own.

    A check that fails raises `RequirementFailed`, which Hypothesis shrinks. What ends the whole test (budget, lost
    target, cannot tell) passes through unshrunk.
    """
    ended: list[BaseException] = []

    def example(value: Any) -> None:
        if ended or context.out_of_time:
            return
        context.verifier.start_scenario()
        try:
            check(value)
        except _ENDS_THE_TEST as error:
            ended.append(error)

    run = settings_for(max_examples)(hypothesis.given(strategy)(example))
    try:
        hypothesis.seed(context.seed)(run)()
    except hypothesis.errors.Flaky as error:
        if not context.verifier.failures:
            raise
        # The deployment did not answer the same way twice. What it was seen to break is on record.
        raise RequirementFailed("\n".join(context.verifier.failures)) from error
    if ended:
        raise ended[0]


def walk(
    context: Context,
    machine: type[RuleBasedStateMachine],
    *,
    max_examples: int,
    steps: int,
) -> None:
    """Run a state machine: `max_examples` walks of at most `steps` rules."""
    # Not shrunk: every step may wait for a router, and a walk is short enough to be read.
    hypothesis_settings = settings(
        settings_for(max_examples, stateful_step_count=steps), phases=(Phase.explicit, Phase.generate)
    )
    seeded = hypothesis.seed(context.seed)(machine)
    try:
        run_state_machine_as_test(seeded, settings=hypothesis_settings)
    except hypothesis.errors.Flaky as error:
        if not context.verifier.failures:
            if context.client.out_of_budget:
                # The walk that ran out of it cannot be walked again, which looks flaky.
                raise BudgetExhausted from error
            raise
        raise RequirementFailed("\n".join(context.verifier.failures)) from error
