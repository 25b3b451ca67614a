"""The verdict of a run on the terminal."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from contract_tests.events import Exchange
from contract_tests.report.bodies import media_type, shown, visible
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
from contract_tests.verdicts import RequirementResult, RunResult, fails

REPORT_DIRECTORY = Path("portal-contract-report")
LONGEST_CURL = 2_000
_MOST_IDS = 8
_BODY_LINES = 20
_FAINT = "bright_black"
_STYLES = {
    "passed": "green",
    "failed": "red",
    "warned": "yellow",
    "not verified": "bright_black",
    "waived": "magenta",
    "conforms": "bold green",
    "does not conform": "bold red",
    "could not be judged": "bold yellow",
}


def print_verdict(
    console: Console,
    info: RunInfo,
    result: RunResult,
    *,
    verbosity: int = 0,
    directory: Path = REPORT_DIRECTORY,
) -> None:
    """Print what a run found; `directory` is where its reports are, named in the last line.

    Verbosity below 0: the last lines alone. 0: failures in full, warnings in a line each. 1: also the bodies
    of answers, warnings in full, and every id that was not verified. 2: also what passed. Colour, width and
    NO_COLOR are the console's affair. Command lines are never wrapped, so that they can be copied.
    """
    _Printer(console, info, result, verbosity, directory).everything()


class _Printer:
    def __init__(
        self, console: Console, info: RunInfo, result: RunResult, verbosity: int, directory: Path
    ) -> None:
        self._console = console
        self._info = info
        self._result = result
        self._verbosity = verbosity
        self._directory = directory

    def everything(self) -> None:
        if self._verbosity >= 0:
            self._profiles()
            self._problems()
            failed = [item for item in self._result.requirements if fails(item, self._info.fail_on)]
            warned = [item for item in self._with_verdict("warned") if item not in failed]
            self._in_full("Failed", failed)
            if self._verbosity >= 1:
                self._in_full("Warnings", warned)
            else:
                self._in_short("Warnings", warned)
            self._in_short("Waived", self._with_verdict("waived"))
            if self._verbosity >= 2:
                self._in_short("Passed", self._with_verdict("passed"))
            self._not_verified()
            self._leftovers()
            self._console.print()
        self._last_lines()

    def _with_verdict(self, verdict: str) -> list[RequirementResult]:
        return [item for item in self._result.requirements if item.verdict == verdict]

    def _line(self, *parts: str | tuple[str, str], indent: int = 0) -> None:
        """A wrapped line; a part is a text, or a text and its style."""
        styled = (part if isinstance(part, tuple) else (part, "") for part in parts)
        text = Text.assemble(*((visible(words), style) for words, style in styled))
        self._console.print(
            Padding(text, (0, 0, 0, indent), expand=False) if indent else text, highlight=False
        )

    def _raw(self, text: str, style: str = "", indent: int = 4) -> None:
        """Lines that are not wrapped, to be copied."""
        for line in visible(text).split("\n"):
            self._console.print(Text(" " * indent + line, style=style), soft_wrap=True, highlight=False)

    def _title(self, text: str, count: int | None, style: str) -> None:
        self._console.print()
        words = text if count is None else f"{text} ({count})"
        self._console.print(Rule(Text(words, style=f"bold {style}"), align="left", style=_FAINT))

    def _profiles(self) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for item in self._result.requirements:
            counts[item.requirement.profile][item.verdict] += 1
        columns = [
            verdict
            for verdict in ("passed", "failed", "warned", "not verified", "waived")
            if any(count[verdict] for count in counts.values())
        ]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
        table.add_column("profile", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        for column in columns:
            table.add_column(column, justify="right")
        for profile, verdict in self._result.profiles.items():
            cells = [
                Text(str(count), style=_STYLES[column]) if count else Text("·", style=_FAINT)
                for column in columns
                for count in [counts[profile][column]]
            ]
            table.add_row(Text(visible(profile)), Text(verdict, style=_STYLES[verdict]), *cells)
        self._console.print(table)

    def _problems(self) -> None:
        incomplete = cut_short(self._info, self._result)
        if not self._result.problems and not incomplete:
            return
        self._title("Problems of the harness", None, "yellow")
        if incomplete:
            self._line("incomplete run: ", incomplete)
        for problem in self._result.problems:
            self._line(("fatal: " if problem.fatal else "", "bold"), problem.message)
            if problem.test:
                self._line((problem.test, _FAINT), indent=2)

    def _in_full(self, title: str, items: Sequence[RequirementResult]) -> None:
        if not items:
            return
        self._title(title, len(items), _STYLES[items[0].verdict])
        for position, item in enumerate(items):
            if position:
                self._console.print()
            self._finding(item)

    def _finding(self, item: RequirementResult) -> None:
        requirement = item.requirement
        self._line(
            (requirement.id, f"bold {_STYLES[item.verdict]}"),
            ("  " + LEVEL_WORDS[requirement.level], "bold"),
            "  " + requirement.statement,
        )
        self._line((f"{SOURCE_WORDS[requirement.source.kind]}: {requirement.source.where}", _FAINT), indent=2)
        self._line(item.reason, indent=2)
        for judgement in item.evidence[:1]:
            held = [
                self._result.exchanges[key] for key in judgement.exchanges if key in self._result.exchanges
            ]
            for place, exchange in enumerate(held):
                self._exchange(exchange, requirement.id, place)
            if judgement.device:
                self._line(("on the router", "bold"), indent=2)
                for row in judgement.device:
                    self._raw(row, {"-": "red", "+": "green"}.get(row[:1], ""))
        further = len(item.evidence) - 1
        if further > 0:
            checks = "check" if further == 1 else "checks"
            self._line((f"and {further} more failing {checks}, see the report", _FAINT), indent=2)
        self._line(("again", "bold"), indent=2)
        self._raw(self._info.replay_command(requirement.id), "cyan")

    def _exchange(self, exchange: Exchange, requirement: str, place: int) -> None:
        answer = exchange.error or "no answer" if exchange.status is None else str(exchange.status)
        self._line((exchange.purpose, "bold"), f" → {answer}", indent=2)
        line = curl(exchange)
        if len(line) > LONGEST_CURL:
            path = f'.requirements[] | select(.id=="{requirement}") | .evidence[0].exchanges[{place}].curl'
            report = shlex.quote(str(self._directory / "report.json"))
            line = f"jq -r '{path}' {report} | bash   # {len(line):,} characters, too long to show"
        self._raw(line, "cyan")
        if self._verbosity >= 1 and exchange.response_body:
            self._response_body(exchange)

    def _response_body(self, exchange: Exchange) -> None:
        body = shown(exchange.response_body, media_type(exchange.response_headers))
        lines = body.text.split("\n") if body.text else [f"({body.note})"]
        self._raw("\n".join(lines[:_BODY_LINES]), _FAINT, indent=6)
        if len(lines) > _BODY_LINES:
            self._raw(f"… {len(lines) - _BODY_LINES} more lines, see the report", _FAINT, indent=6)

    def _in_short(self, title: str, items: Sequence[RequirementResult]) -> None:
        if not items:
            return
        self._title(title, len(items), _STYLES[items[0].verdict])
        for item in items:
            said = item.reason if item.verdict in ("warned", "waived") else item.requirement.statement
            self._line((item.requirement.id, _STYLES[item.verdict]), "  " + _first_line(said))

    def _not_verified(self) -> None:
        items = self._with_verdict("not verified")
        if not items:
            return
        groups: dict[str, list[str]] = defaultdict(list)
        for item in items:
            groups[item.reason].append(item.requirement.id)
        self._title("Not verified", len(items), "default")
        for reason, ids in sorted(groups.items(), key=lambda group: -len(group[1])):
            self._line(f"{len(ids):>3}  {_first_line(reason)}")
            named = ids if self._verbosity >= 1 else ids[:_MOST_IDS]
            more = f" and {len(ids) - len(named)} more" if len(named) < len(ids) else ""
            self._line((", ".join(named) + more, _FAINT), indent=5)

    def _leftovers(self) -> None:
        if not self._result.leftovers:
            return
        self._title("Left behind", len(self._result.leftovers), "yellow")
        for item in self._result.leftovers:
            self._line(f"{item.resource} {item.name} ", (item.id, _FAINT))
            self._raw(item.command, "cyan")

    def _last_lines(self) -> None:
        verdict = headline(self._result)
        self._line((verdict.capitalize(), _STYLES[verdict]), ". ", explanation(self._info, self._result))
        summary = self._result.summary
        requests = f"{summary.requests:,} request{'' if summary.requests == 1 else 's'}"
        self._raw(
            f"{requests} in {duration(summary.seconds)} · generation {self._info.generation} · "
            f"seed {self._info.seed} · {self._directory / 'report.html'}",
            _FAINT,
            indent=0,
        )


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rstrip("\r")
