"""What a report says about a run besides its verdicts, and the words all formats share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contract_tests.verdicts import FailOn, RunResult

Headline = Literal["conforms", "does not conform", "could not be judged"]

LEVEL_WORDS: Mapping[str, str] = {"must": "MUST", "should": "SHOULD", "may": "MAY"}
SOURCE_WORDS: Mapping[str, str] = {
    "documented": "API documentation",
    "inferred": "inferred",
    "protocol": "protocol standard",
    "device": "device contract",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What was run: everything a reader needs to understand the run and to repeat it.

    `command` repeats the run and holds no secret. `replay` is a command in which `{id}` stands for the id of
    a requirement. `started_at` carries a time zone. `options` are the settings as the user gave them.
    """

    run_id: str
    tag: str
    started_at: datetime
    version: str
    spec_sha256: str
    catalogue_version: str
    seed: int
    base_url: str
    generation: str
    sites: tuple[str, ...]
    capabilities: tuple[str, ...]
    command: str
    replay: str
    options: Mapping[str, object]
    environment: Mapping[str, str]
    incomplete: str | None = None
    fail_on: FailOn = "must"

    def replay_command(self, requirement: str) -> str:
        """The command that runs this requirement again."""
        return self.replay.replace("{id}", requirement)


def headline(result: RunResult) -> Headline:
    """The verdict on the deployment in the words of every format."""
    if not result.judged:
        return "could not be judged"
    return "conforms" if result.conforms else "does not conform"


def explanation(info: RunInfo, result: RunResult) -> str:
    """One sentence on why the verdict is what it is."""
    summary = result.summary
    judged = summary.passed + summary.failed + summary.warned + summary.waived
    total = len(result.requirements)
    if not result.judged:
        fatal = [problem.message for problem in result.problems if problem.fatal]
        other = [problem.message for problem in result.problems]
        if fatal:
            return f"The run could not be carried through: {_one_line(fatal[0])}"
        if info.incomplete:
            return f"The run ended before its plan did: {_one_line(info.incomplete)}"
        if other:
            return f"The harness met a problem, so requirements were left open: {_one_line(other[0])}"
        return "Requirements of level must were left without a check, so nothing can be said for the whole."
    if result.conforms:
        text = f"All {judged} requirements that this run judged hold"
        if summary.warned or summary.waived:
            excused = [
                f"{count} {word}"
                for count, word in ((summary.warned, "with a warning"), (summary.waived, "waived"))
                if count
            ]
            text = f"{summary.passed} of {judged} judged requirements hold, {' and '.join(excused)}"
        return (
            f"{text}; {summary.not_verified} of {total} were not verified."
            if summary.not_verified
            else f"{text}."
        )
    broken = summary.failed + (summary.warned if info.fail_on == "should" else 0)
    verb = "is" if broken == 1 else "are"
    profiles = [name for name, verdict in result.profiles.items() if verdict == "failed"]
    where = f" (profile{'s' if len(profiles) > 1 else ''} {', '.join(profiles)})" if profiles else ""
    return f"{broken} of {judged} judged requirements {verb} not met{where}."


def cut_short(info: RunInfo, result: RunResult) -> str | None:
    """Why the run is incomplete, unless one of its problems says just that."""
    if info.incomplete in {problem.message for problem in result.problems}:
        return None
    return info.incomplete


def _one_line(text: str) -> str:
    return " ".join(text.split())


def duration(seconds: float) -> str:
    """`0.4 s`, `12.3 s`, `3 min 5 s`, `1 h 2 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
