"""How a test of the suite ends: what its end says about its requirements, the target and the harness."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from contract_tests.client import ReadOnly, TargetLost
from contract_tests.context import Context
from contract_tests.device.observer import ObserverError
from contract_tests.events import Problem
from contract_tests.pacing import BudgetExhausted
from contract_tests.selection import READ_ONLY
from contract_tests.verifier import CannotTell, RequirementFailed
from spec.loader import OperationMissingError

OUT_OF_BUDGET = "the budget of requests is used up"
OUT_OF_TIME = "the time limit is reached"


@contextlib.contextmanager
def conclude(context: Context, requirements: tuple[str, ...]) -> Iterator[None]:
    """Run the body of a test.

    Whatever ends it early leaves the requirements it has not judged `not verified`, with the reason. A fault of
    the harness is a problem of the run and never counts against the deployment.
    """
    verifier = context.verifier

    def leave(reason: str) -> None:
        # Those seen to hold are open too: what was still to come might have told otherwise.
        for requirement in requirements:
            if requirement not in verifier.failed:
                verifier.leave_open(requirement, reason)

    def cannot_tell(reason: str) -> None:
        for requirement in requirements:
            if requirement not in verifier.judged:
                verifier.cannot_tell(requirement, reason)

    before = {resource.id for resource in context.ledger.open}

    def clear() -> None:
        # What the test made would be in the way of those that follow, and be taken for a fault of the deployment.
        with contextlib.suppress(TargetLost, BudgetExhausted):
            context.delete_all(but=before)

    if context.lost is not None:
        leave(context.lost)
        pytest.skip(context.lost)
    if context.out_of_time:
        leave(OUT_OF_TIME)
        pytest.skip(OUT_OF_TIME)
    try:
        yield
    except RequirementFailed:
        cannot_tell("an earlier check of the same test failed")
        clear()
        raise
    except BudgetExhausted:
        leave(OUT_OF_BUDGET)
        pytest.skip(OUT_OF_BUDGET)
    except ReadOnly:
        cannot_tell(READ_ONLY)
        pytest.skip("read-only")
    except (CannotTell, OperationMissingError) as reason:
        cannot_tell(str(reason))
        clear()
        pytest.skip(str(reason))
    except TargetLost as error:
        context.lost = str(error)
        context.record(Problem(context.test, context.redactor.text(str(error)), fatal=True))
        leave(context.lost)
        pytest.skip(context.lost)
    except ObserverError as error:
        context.record(Problem(context.test, context.redactor.text(str(error))))
        leave(str(error))
        clear()
        raise
    except Exception as error:
        if not verifier.failures:
            message = f"{type(error).__name__}: {error}"
            context.record(Problem(context.test, context.redactor.text(message)))
        leave("the harness failed before this was judged")
        clear()
        raise
    if verifier.failures:
        raise RequirementFailed("\n".join(verifier.failures))


def finish(context: Context) -> None:
    """End of the worker: clean up and look at the routers once more, whatever state the target is in."""
    try:
        context.finish()
    except (TargetLost, ObserverError, BudgetExhausted, ReadOnly):
        # What could not be deleted is in the ledger; the process that started the run reports it.
        return
