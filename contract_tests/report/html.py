"""report.html: one file for people, without network, readable without JavaScript."""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC

import jinja2

from contract_tests.device import console
from contract_tests.events import DeviceWrite, Exchange, Judgement
from contract_tests.report.bodies import ShownBody, media_type, shown, visible
from contract_tests.report.curl import curl
from contract_tests.report.model import (
    LEVEL_WORDS,
    SOURCE_WORDS,
    RunInfo,
    cut_short,
    duration,
    explanation,
    headline,
)
from contract_tests.verdicts import RequirementResult, RunResult

LONGEST_CURL = 8_000
_VERDICT_ORDER = ("failed", "warned", "not verified", "waived", "passed")


@dataclass(frozen=True, slots=True)
class ShownExchange:
    """An exchange as the page shows it; `curl` is empty where the line is too long to copy from a page."""

    exchange: Exchange
    status: str
    tone: str  # "ok", "refused", "broken": the colour of the status
    request_body: ShownBody | None
    response_body: ShownBody | None
    curl: str
    from_json: str  # a command that prints the long curl line from report.json


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    judgement: Judgement
    exchanges: tuple[ShownExchange, ...]
    missing: int  # exchanges the judgement names and the run does not hold


@dataclass(frozen=True, slots=True)
class Finding:
    """A requirement that failed, warned or is waived, with what proves it."""

    item: RequirementResult
    evidence: tuple[ShownEvidence, ...]
    replay: str


@dataclass(frozen=True, slots=True)
class ProfileCard:
    name: str
    verdict: str
    counts: tuple[tuple[str, int, float], ...]  # verdict, requirements, percent
    total: int


def to_html(info: RunInfo, result: RunResult) -> str:
    """The page. Everything that came from outside is escaped by the template engine."""
    findings = _findings(info, result)
    return _template().render(
        info=info,
        result=result,
        started=info.started_at.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC"),
        duration=duration(result.summary.seconds),
        headline=headline(result),
        explanation=explanation(info, result),
        incomplete=cut_short(info, result),
        levels=LEVEL_WORDS,
        sources=SOURCE_WORDS,
        verdicts=_VERDICT_ORDER,
        tiles=_tiles(result),
        profiles=_profiles(result),
        failed=[finding for finding in findings if finding.item.verdict == "failed"],
        warned=[finding for finding in findings if finding.item.verdict == "warned"],
        waived=[finding for finding in findings if finding.item.verdict == "waived"],
        found={finding.item.requirement.id for finding in findings},
        gaps=_by_reason(result.requirements),
        writes=_writes_by_test(result.device_writes),
        options=_options(info.options),
    )


@functools.cache
def _template() -> jinja2.Template:
    """The compiled template: a constant of the package that is costly to make twice."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("contract_tests.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
    )
    environment.filters["thousands"] = lambda number: f"{number:,}"
    return environment.get_template("report.html.j2")


def _options(options: Mapping[str, object]) -> dict[str, str]:
    """The options that were set, lists joined."""
    return {
        name: ", ".join(map(str, value)) if isinstance(value, (list, tuple, set, frozenset)) else str(value)
        for name, value in options.items()
        if value not in (None, "", (), [], {})
    }


def _finalize(value: object) -> object:
    return visible(value) if type(value) is str else value


def _tiles(result: RunResult) -> list[tuple[str, int, str]]:
    summary = result.summary
    return [
        ("passed", summary.passed, "passed"),
        ("failed", summary.failed, "failed"),
        ("warned", summary.warned, "warned"),
        ("not verified", summary.not_verified, "not-verified"),
        *([("waived", summary.waived, "waived")] if summary.waived else []),
    ]


def _profiles(result: RunResult) -> list[ProfileCard]:
    by_profile: dict[str, list[str]] = defaultdict(list)
    for item in result.requirements:
        by_profile[item.requirement.profile].append(item.verdict)
    cards = []
    for name, verdict in result.profiles.items():
        verdicts = by_profile[name]
        total = len(verdicts)
        counts = tuple(
            (kind, verdicts.count(kind), 100 * verdicts.count(kind) / total)
            for kind in reversed(_VERDICT_ORDER)
            if kind in verdicts
        )
        cards.append(ProfileCard(name, verdict, counts, total))
    return cards


def _findings(info: RunInfo, result: RunResult) -> list[Finding]:
    page = _Page(result.exchanges)
    return [
        Finding(item, tuple(page.evidence(item)), info.replay_command(item.requirement.id))
        for item in result.requirements
        if item.verdict in ("failed", "warned", "waived")
    ]


class _Page:
    """Builds what the page shows of exchanges, each once."""

    def __init__(self, exchanges: Mapping[str, Exchange]) -> None:
        self._exchanges = exchanges
        self._bodies: dict[str, tuple[ShownBody | None, ShownBody | None, str]] = {}

    def evidence(self, item: RequirementResult) -> Iterable[ShownEvidence]:
        for number, judgement in enumerate(item.evidence):
            held = [key for key in judgement.exchanges if key in self._exchanges]
            rows = tuple(
                self._shown(key, item.requirement.id, number, place) for place, key in enumerate(held)
            )
            yield ShownEvidence(judgement, rows, len(judgement.exchanges) - len(held))

    def _shown(self, key: str, requirement: str, evidence: int, place: int) -> ShownExchange:
        exchange = self._exchanges[key]
        if key not in self._bodies:
            request, response = exchange.request_body, exchange.response_body
            self._bodies[key] = (
                shown(request, media_type(exchange.request_headers)) if request else None,
                shown(response, media_type(exchange.response_headers)) if response else None,
                curl(exchange),
            )
        request_body, response_body, line = self._bodies[key]
        path = (
            f'.requirements[] | select(.id=="{requirement}") | .evidence[{evidence}].exchanges[{place}].curl'
        )
        return ShownExchange(
            exchange=exchange,
            status="no answer" if exchange.status is None else str(exchange.status),
            tone=_tone(exchange.status),
            request_body=request_body,
            response_body=response_body,
            curl=line if len(line) <= LONGEST_CURL else "",
            from_json=f"jq -r '{path}' report.json | bash",
        )


def _tone(status: int | None) -> str:
    if status is None or status >= 500:
        return "broken"
    return "refused" if status >= 400 else "ok"


def _by_reason(results: Iterable[RequirementResult]) -> list[tuple[str, list[RequirementResult]]]:
    groups: dict[str, list[RequirementResult]] = defaultdict(list)
    for item in results:
        if item.verdict == "not verified":
            groups[item.reason].append(item)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def _writes_by_test(writes: Iterable[DeviceWrite]) -> list[tuple[str, list[tuple[DeviceWrite, str]]]]:
    """Runs of writes of one test, in the order they were seen."""
    return [
        (test, [(write, _command(write)) for write in group])
        for test, group in itertools.groupby(writes, key=lambda write: write.test)
    ]


def _command(write: DeviceWrite) -> str:
    """The change as the console command that makes it."""
    menu = console.path(write.menu)
    if write.change == "added":
        return console.add(write.menu, write.record)
    if write.change == "removed":
        return f"{menu} remove {write.id}"
    return f"{menu} set {write.id} {console.assignments(write.record)}"
