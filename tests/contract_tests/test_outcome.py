"""How a test of the suite ends, and what that says about its requirements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from contract_tests.client import ReadOnly, TargetLost
from contract_tests.config import Config
from contract_tests.context import EVENTS_DIRECTORY, Context
from contract_tests.device.observer import ObserverError
from contract_tests.events import Judgement, Problem, read_events
from contract_tests.outcome import OUT_OF_BUDGET, OUT_OF_TIME, conclude
from contract_tests.pacing import BudgetExhausted
from contract_tests.selection import READ_ONLY
from contract_tests.verifier import CannotTell, RequirementFailed
from spec.loader import OperationMissingError
from tests.contract_tests.conftest import TOKEN

IDS = ("INST-GET-01", "INST-GET-02")


@pytest.fixture
def context(make_config: Callable[..., Config], tmp_path: Path) -> Iterator[Context]:
    made = Context(make_config(), tmp_path, tag="contract-abc123", seed=1)
    made.start_test("test_one")
    yield made
    made.close()


def told(tmp_path: Path) -> tuple[dict[str, tuple[str, str]], list[Problem]]:
    """Requirement -> (outcome, message) of the last judgement, and the problems."""
    events = list(read_events([tmp_path / EVENTS_DIRECTORY / "main.jsonl"]))
    judgements = {e.requirement: (e.outcome, e.message) for e in events if isinstance(e, Judgement)}
    return judgements, [event for event in events if isinstance(event, Problem)]


def ending(context: Context, checks: Sequence[tuple[str, bool, str]], error: Exception | None = None) -> None:
    """A test of the suite that makes these checks, and then meets the error."""
    with conclude(context, IDS):
        for requirement, holds, message in checks:
            context.verifier.check(requirement, holds, message)
        if error is not None:
            raise error


def test_a_test_that_passes_adds_nothing(context: Context, tmp_path: Path) -> None:
    ending(context, [(identifier, True, "fine") for identifier in IDS])
    judgements, problems = told(tmp_path)
    assert set(judgements.values()) == {("passed", "fine")}
    assert problems == []


def test_a_test_that_saw_a_must_broken_fails_at_its_end(context: Context, tmp_path: Path) -> None:
    with pytest.raises(RequirementFailed, match="INST-GET-01: seen 2"):
        ending(context, [("INST-GET-01", False, "seen 2"), ("INST-GET-02", True, "fine")])
    judgements, problems = told(tmp_path)
    assert judgements["INST-GET-02"] == ("passed", "fine")
    assert problems == []


def test_what_an_early_end_left_open_says_so(context: Context, tmp_path: Path) -> None:
    with pytest.raises(RequirementFailed), conclude(context, IDS):
        context.verifier.demand("INST-GET-01", False, "not there")
    judgements, _ = told(tmp_path)
    assert judgements["INST-GET-02"] == ("not verified", "an earlier check of the same test failed")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ReadOnly(), READ_ONLY),
        (CannotTell("nothing to compare"), "nothing to compare"),
    ],
)
def test_an_end_that_is_nobodys_fault(
    context: Context, tmp_path: Path, error: Exception, reason: str
) -> None:
    with pytest.raises(pytest.skip.Exception):
        ending(context, [("INST-GET-01", True, "fine")], error)
    judgements, problems = told(tmp_path)
    assert judgements == {"INST-GET-01": ("passed", "fine"), "INST-GET-02": ("not verified", reason)}
    assert problems == []


def test_a_budget_that_ends_leaves_open_what_had_only_been_seen_to_hold(
    context: Context, tmp_path: Path
) -> None:
    with pytest.raises(pytest.skip.Exception):
        ending(context, [("INST-GET-01", True, "fine")], BudgetExhausted())
    judgements, problems = told(tmp_path)
    assert judgements == {
        "INST-GET-01": ("not verified", OUT_OF_BUDGET),
        "INST-GET-02": ("not verified", OUT_OF_BUDGET),
    }
    assert problems == []


def test_a_target_that_is_lost_ends_this_test_and_all_others(context: Context, tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception), conclude(context, IDS):
        raise TargetLost(f"it is gone, with {TOKEN}")
    ran = False
    with pytest.raises(pytest.skip.Exception), conclude(context, ("AUTH-01",)):
        ran = True
    assert not ran
    judgements, (problem,) = told(tmp_path)
    assert {outcome for outcome, _ in judgements.values()} == {"not verified"}
    assert set(judgements) == {*IDS, "AUTH-01"}
    assert problem.fatal
    assert TOKEN not in problem.message
    assert all(TOKEN not in message for _, message in judgements.values())


def test_a_fault_of_the_harness_is_a_problem_and_no_failure(context: Context, tmp_path: Path) -> None:
    with pytest.raises(KeyError), conclude(context, IDS):
        raise KeyError(TOKEN)
    judgements, (problem,) = told(tmp_path)
    assert {outcome for outcome, _ in judgements.values()} == {"not verified"}
    assert "KeyError" in problem.message
    assert TOKEN not in problem.message
    assert not problem.fatal


def test_what_breaks_after_a_failure_is_put_down_to_the_failure(context: Context, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        ending(context, [("INST-GET-01", False, "no id")], TypeError("None is not subscriptable"))
    judgements, problems = told(tmp_path)
    assert judgements["INST-GET-01"][0] == "failed"
    assert problems == []


def test_a_router_that_cannot_be_watched_is_a_problem(context: Context, tmp_path: Path) -> None:
    with pytest.raises(ObserverError), conclude(context, IDS):
        raise ObserverError("the router is gone")
    judgements, (problem,) = told(tmp_path)
    assert problem.message == "the router is gone"
    assert judgements["INST-GET-01"] == ("not verified", "the router is gone")


def test_out_of_time(make_config: Callable[..., Config], tmp_path: Path) -> None:
    moments = iter([0.0, 11.0])
    context = Context(
        make_config(run={"time_limit": 10}), tmp_path, tag="t", seed=1, monotonic=lambda: next(moments)
    )
    with pytest.raises(pytest.skip.Exception), conclude(context, IDS):
        raise AssertionError("never begun")
    context.close()
    judgements, _ = told(tmp_path)
    assert set(judgements.values()) == {("not verified", OUT_OF_TIME)}


@pytest.mark.parametrize(
    "error",
    [
        CannotTell("no coupons"),
        OperationMissingError("spa", "createCoupons"),
        RequirementFailed("no coupons"),
        ObserverError("the router is gone"),
        KeyError("id"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_what_a_test_made_goes_with_it_when_it_ends_early(
    context: Context, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    context.ledger.created(context.ledger.intend("instance", "n"), "instance", "id-before", "n")
    deleted: list[str] = []
    monkeypatch.setattr(context, "_delete", lambda resource, identifier: deleted.append(identifier))

    def test() -> None:
        with conclude(context, IDS):
            context.ledger.created(context.ledger.intend("instance", "n"), "instance", "id-during", "n")
            raise error

    with pytest.raises((pytest.skip.Exception, type(error)), match=str(error)):
        test()
    assert set(deleted) == {"id-during"}
