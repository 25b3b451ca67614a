"""From events to verdicts: pure functions over the event stream and the catalogue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from contract_tests.events import DeviceWrite, Event, Exchange, Judgement, Leftover, Problem
from spec.catalogue import Requirement

Verdict = Literal["passed", "failed", "warned", "not verified", "waived"]
ProfileVerdict = Literal["passed", "failed", "not verified"]
FailOn = Literal["must", "should"]

NOT_JUDGED = "no check of this run judged it"


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """The verdict on one requirement and what it rests on."""

    requirement: Requirement
    verdict: Verdict
    reason: str
    evidence: tuple[
        Judgement, ...
    ]  # failed/warned: the failing judgements, shortest first; else the last ones
    checks: int  # judgements that could tell (passed or failed)
    requests: int  # distinct exchanges those judgements name


@dataclass(frozen=True, slots=True)
class Summary:
    passed: int
    failed: int
    warned: int
    not_verified: int
    waived: int
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything a report shows about the judgement of one run."""

    conforms: bool
    judged: bool  # False: the run could not be carried through, so `conforms` says nothing
    summary: Summary
    profiles: Mapping[str, ProfileVerdict]
    requirements: tuple[RequirementResult, ...]
    problems: tuple[Problem, ...]
    leftovers: tuple[Leftover, ...]
    exchanges: Mapping[str, Exchange]
    device_writes: tuple[DeviceWrite, ...]


def _requirement_result(
    requirement: Requirement,
    judgements: Sequence[Judgement],
    ruled_out: str | None,
    incomplete: str | None,
    waiver: str | None,
) -> RequirementResult:
    failures = sorted(
        (judgement for judgement in judgements if judgement.outcome == "failed"),
        key=lambda judgement: (len(judgement.exchanges), len(judgement.message)),
    )
    passes = [judgement for judgement in judgements if judgement.outcome == "passed"]
    undecided = [judgement for judgement in judgements if judgement.outcome == "not verified"]
    told = [*failures, *passes]
    requests = len({key for judgement in told for key in judgement.exchanges})
    if failures:
        verdict: Verdict = "failed" if requirement.level == "must" else "warned"
        reason = failures[0].message
        if waiver is not None:
            verdict, reason = "waived", waiver
        return RequirementResult(requirement, verdict, reason, tuple(failures[:5]), len(told), requests)
    # What the run leaves out cannot pass by the few things that are seen all the same.
    if passes and ruled_out is None and not any(judgement.cause == "run" for judgement in undecided):
        return RequirementResult(
            requirement, "passed", passes[-1].message, tuple(passes[-1:]), len(told), requests
        )
    reason = undecided[0].message if undecided else ruled_out or incomplete or NOT_JUDGED
    return RequirementResult(requirement, "not verified", reason, tuple(undecided[:1]), 0, 0)


def _undecidable(judgements: Sequence[Judgement]) -> bool:
    """Was the requirement looked at, and does the target leave nothing to decide?"""
    return bool(judgements) and all(judgement.cause == "target" for judgement in judgements)


def _profile_verdict(results: Iterable[RequirementResult], fail_on: FailOn) -> ProfileVerdict:
    """`passed`: every must of the profile passed. One failure fails it; one gap leaves it not verified.

    A profile that nothing documented obliges to (all of it is inferred) passes when what was seen of it is good.
    """
    found = list(results)
    verdicts = [result for result in found if result.requirement.level == "must" or fails(result, fail_on)]
    if any(fails(result, fail_on) for result in verdicts):
        return "failed"
    if not any(result.requirement.level == "must" for result in found):
        seen = {result.verdict for result in found} - {"not verified"}
        return "passed" if seen == {"passed"} else "not verified"
    if not verdicts or any(result.verdict == "not verified" for result in verdicts):
        return "not verified"
    return "passed"


def fails(result: RequirementResult, fail_on: FailOn) -> bool:
    """Does this result keep the deployment from conforming?"""
    return result.verdict == "failed" or (
        fail_on == "should" and result.verdict == "warned" and result.requirement.level == "should"
    )


def judge(
    requirements: Sequence[Requirement],
    events: Iterable[Event],
    *,
    seconds: float,
    unavailable: Mapping[str, str] | None = None,
    incomplete: str | None = None,
    waivers: Mapping[str, str] | None = None,
    fail_on: FailOn = "must",
) -> RunResult:
    """Judge a run.

    `requirements` are those selected for the run; judgements on others are left out. `unavailable` tells, by
    requirement id, why the target or the options of the run rule a check out (no router given, read-only): such a
    gap is the user's choice. A requirement that was looked at, but about which this target leaves nothing to decide,
    leaves its profile not verified, and the rest judged. `incomplete` says why a run ended before its plan did
    (budget, time, interrupt): then a `must` left over means that the deployment could not be judged. `waivers` maps
    the ids whose failure somebody answers for to the reason.
    """
    judgements: dict[str, list[Judgement]] = defaultdict(list)
    exchanges: dict[str, Exchange] = {}
    writes: list[DeviceWrite] = []
    problems: list[Problem] = []
    leftovers: list[Leftover] = []
    for event in events:
        match event:
            case Judgement():
                judgements[event.requirement].append(event)
            case Exchange():
                exchanges[event.key] = event
            case DeviceWrite():
                writes.append(event)
            case Problem():
                problems.append(event)
            case Leftover():
                leftovers.append(event)
    ruled_out = dict(unavailable or {})
    results = tuple(
        _requirement_result(
            requirement,
            judgements[requirement.id],
            ruled_out.get(requirement.id),
            incomplete,
            (waivers or {}).get(requirement.id),
        )
        for requirement in requirements
    )
    by_profile: dict[str, list[RequirementResult]] = defaultdict(list)
    for result in results:
        by_profile[result.requirement.profile].append(result)
    counts = {
        verdict: sum(result.verdict == verdict for result in results)
        for verdict in ("passed", "failed", "warned", "not verified", "waived")
    }
    failed = any(fails(result, fail_on) for result in results)
    gaps = [
        result
        for result in results
        if result.verdict == "not verified"
        and result.requirement.level == "must"
        and result.requirement.id not in ruled_out
        and not _undecidable(judgements[result.requirement.id])
    ]
    told = any(result.checks for result in results)
    judged = failed or (told and not gaps and not problems)
    return RunResult(
        conforms=judged and not failed,
        judged=judged,
        summary=Summary(
            passed=counts["passed"],
            failed=counts["failed"],
            warned=counts["warned"],
            not_verified=counts["not verified"],
            waived=counts["waived"],
            requests=len(exchanges),
            seconds=seconds,
        ),
        profiles={
            profile: _profile_verdict(profile_results, fail_on)
            for profile, profile_results in by_profile.items()
        },
        requirements=results,
        problems=tuple(problems),
        leftovers=tuple(leftovers),
        exchanges=exchanges,
        device_writes=tuple(writes),
    )
