"""From judgements to verdicts, and from verdicts to "conforms"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from contract_tests.events import Cause, DeviceWrite, Event, Exchange, Judgement, Leftover, Outcome, Problem
from contract_tests.run import exit_code
from contract_tests.verdicts import NOT_JUDGED, RunResult, judge
from spec.catalogue import Level, Requirement, Source


def requirement(identifier: str, level: Level = "must", profile: str = "core") -> Requirement:
    return Requirement(identifier, level, profile, (), Source("documented", "p"), ("api",), f"{identifier}.")


M1, M2, M3 = (requirement(f"M-0{number}") for number in (1, 2, 3))
S1, Y1 = requirement("S-01", "should"), requirement("Y-01", "may")
D1 = requirement("D-01", "must", "device")


def said(item: Requirement, outcome: Outcome, message: str = "m", *exchanges: str) -> Judgement:
    return Judgement(item.id, outcome, message, "t", exchanges)


def verdict(requirements: Sequence[Requirement], *events: Event, **options: Any) -> RunResult:
    return judge(requirements, events, seconds=1.5, **options)


def of(result: RunResult, item: Requirement) -> str:
    return next(found.verdict for found in result.requirements if found.requirement is item)


@pytest.mark.parametrize(
    ("level", "outcomes", "expected"),
    [
        ("must", ["passed"], "passed"),
        ("must", ["failed"], "failed"),
        ("must", ["passed", "failed", "passed"], "failed"),
        ("must", ["not verified"], "not verified"),
        ("must", ["not verified", "passed"], "passed"),
        ("must", ["not verified", "failed"], "failed"),
        ("must", [], "not verified"),
        ("should", ["failed", "passed"], "warned"),
        ("should", ["passed"], "passed"),
        ("should", [], "not verified"),
        ("may", ["failed"], "warned"),
    ],
)
def test_the_verdict_on_one_requirement(level: Level, outcomes: list[Outcome], expected: str) -> None:
    item = requirement("R-01", level)
    result = verdict([item], *(said(item, outcome) for outcome in outcomes))
    assert of(result, item) == expected


def test_all_passed_conforms() -> None:
    result = verdict([M1, M2, S1], said(M1, "passed"), said(M2, "passed"), said(S1, "passed"))
    assert (result.conforms, result.judged, exit_code(result)) == (True, True, 0)
    assert result.profiles == {"core": "passed"}


def test_one_must_that_failed_does_not_conform() -> None:
    result = verdict([M1, M2], said(M1, "passed"), said(M2, "failed"))
    assert (result.conforms, result.judged, exit_code(result)) == (False, True, 1)
    assert result.profiles == {"core": "failed"}


def test_a_should_that_failed_conforms_unless_asked_otherwise() -> None:
    events = said(M1, "passed"), said(S1, "failed"), said(Y1, "failed")
    lenient = verdict([M1, S1, Y1], *events)
    assert (lenient.conforms, lenient.summary.warned, lenient.profiles) == (True, 2, {"core": "passed"})
    strict = verdict([M1, S1, Y1], *events, fail_on="should")
    assert (strict.conforms, exit_code(strict), strict.profiles) == (False, 1, {"core": "failed"})


def test_a_may_never_fails() -> None:
    assert verdict([M1, Y1], said(M1, "passed"), said(Y1, "failed"), fail_on="should").conforms


def test_what_the_target_lacks_is_the_users_choice() -> None:
    result = verdict([M1, D1], said(M1, "passed"), unavailable={D1.id: "no router"})
    assert (result.conforms, exit_code(result)) == (True, 0)
    assert of(result, D1) == "not verified"
    assert result.requirements[1].reason == "no router"
    assert result.profiles == {"core": "passed", "device": "not verified"}


def test_what_the_run_leaves_out_passes_by_nothing_but_fails_by_anything() -> None:
    left_out = {M1.id: "the run is read-only"}
    assert of(verdict([M1], said(M1, "passed"), unavailable=left_out), M1) == "not verified"
    assert of(verdict([M1], said(M1, "failed"), unavailable=left_out), M1) == "failed"


def test_a_gap_that_nobody_chose_cannot_be_judged() -> None:
    result = verdict([M1, M2], said(M1, "passed"))
    assert (result.conforms, result.judged, exit_code(result)) == (False, False, 3)
    assert result.requirements[1].reason == NOT_JUDGED
    assert result.profiles == {"core": "not verified"}


def test_a_should_left_open_is_no_gap() -> None:
    assert verdict([M1, S1], said(M1, "passed")).conforms


def test_why_a_run_ended_early_is_the_reason_of_its_gaps() -> None:
    result = verdict([M1, M2], said(M1, "passed"), incomplete="the time limit is reached")
    assert result.requirements[1].reason == "the time limit is reached"
    assert exit_code(result) == 3


def test_a_check_that_could_not_tell_says_why_itself() -> None:
    result = verdict([M1], said(M1, "not verified", "nothing there"), incomplete="the time limit is reached")
    assert result.requirements[0].reason == "nothing there"
    assert result.requirements[0].checks == 0


def test_a_failure_before_the_end_counts_all_the_same() -> None:
    result = verdict([M1, M2], said(M1, "failed"), incomplete="it was interrupted")
    assert (result.judged, exit_code(result)) == (True, 1)


def test_a_problem_of_the_harness_leaves_it_unjudged() -> None:
    problem = Problem("t", "KeyError: 'x'")
    result = verdict([M1], said(M1, "passed"), problem)
    assert (result.conforms, result.judged, exit_code(result)) == (False, False, 3)
    assert result.problems == (problem,)
    failed = verdict([M1], said(M1, "failed"), problem)
    assert exit_code(failed) == 1


def test_nothing_passed_is_nothing_judged() -> None:
    assert exit_code(verdict([M1], unavailable={M1.id: "no router"})) == 3
    assert exit_code(verdict([])) == 3


def test_judgements_on_what_was_not_selected_are_left_out() -> None:
    result = verdict([M1], said(M1, "passed"), said(M2, "failed"))
    assert result.conforms
    assert [found.requirement.id for found in result.requirements] == [M1.id]


def test_the_shortest_failure_comes_first_and_five_are_kept() -> None:
    events = [
        said(M1, "failed", f"{number}", *(f"main-{n}" for n in range(number))) for number in range(9, 0, -1)
    ]
    (found,) = verdict([M1], *events).requirements
    assert [len(item.exchanges) for item in found.evidence] == [1, 2, 3, 4, 5]
    assert found.reason == "1"
    assert (found.checks, found.requests) == (9, 9)


def test_what_a_report_counts() -> None:
    exchange = Exchange("main-1", "", 0, None, "", "", "GET", "u", (), b"", 200, (), b"")
    write = DeviceWrite("s", "", "/ip/hotspot", "*1", "added", {}, "t")
    left = Leftover("instance", "i", "n", "c")
    result = verdict(
        [M1, M2, M3, S1],
        exchange,
        write,
        left,
        said(M1, "passed"),
        said(M2, "failed"),
        said(S1, "failed"),
    )
    summary = result.summary
    assert (summary.passed, summary.failed, summary.warned, summary.not_verified) == (1, 1, 1, 1)
    assert (summary.requests, summary.seconds, summary.waived) == (1, 1.5, 0)
    assert result.exchanges == {"main-1": exchange}
    assert (result.device_writes, result.leftovers) == ((write,), (left,))


@pytest.mark.parametrize(
    ("outcomes", "profile"),
    [
        (("passed", "passed"), "passed"),
        (("passed", None), "passed"),
        (("passed", "failed"), "not verified"),  # which is a warning for each, and no proof for the whole
        ((None, None), "not verified"),
    ],
)
def test_a_profile_that_obliges_to_nothing(
    outcomes: tuple[Outcome | None, Outcome | None], profile: str
) -> None:
    others = [requirement(name, "should", "extras") for name in ("S-02", "S-03")]
    said_of = [said(item, outcome) for item, outcome in zip(others, outcomes, strict=True) if outcome]
    result = verdict([M1, *others], said(M1, "passed"), *said_of)
    assert result.profiles == {"core": "passed", "extras": profile}
    assert result.conforms


def open_for(item: Requirement, cause: Cause) -> Judgement:
    return replace(said(item, "not verified", "why"), cause=cause)


def test_what_the_target_leaves_undecidable_leaves_the_rest_judged() -> None:
    seen, hidden = requirement("A-01"), requirement("A-02", profile="device")
    result = verdict([seen, hidden], said(seen, "passed"), open_for(hidden, "target"))
    assert result.conforms
    assert dict(result.profiles) == {"core": "passed", "device": "not verified"}
    assert of(result, hidden) == "not verified"


def test_what_the_run_left_open_is_not_passed_by_the_checks_before() -> None:
    item = requirement("A-01")
    result = verdict([item], said(item, "passed"), open_for(item, "run"), incomplete="it ended early")
    assert of(result, item) == "not verified"
    assert not result.judged
    assert not result.conforms


def test_what_the_target_left_undecidable_once_may_be_decided_elsewhere() -> None:
    item = requirement("A-01")
    result = verdict([item], open_for(item, "target"), said(item, "passed"))
    assert of(result, item) == "passed"
    assert result.conforms


def test_a_warning_alone_is_a_judgement() -> None:
    item = requirement("A-01", level="should")
    result = verdict([item], said(item, "failed"))
    assert result.judged
    assert result.conforms
