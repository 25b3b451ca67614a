"""The verdict of a run on the terminal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
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
from contract_tests.report.model import LEVEL_WORDS, SOURCE_WORDS, RunInfo, duration, explanation, headline
from contract_tests.verdicts import RequirementResult, RunResult, fails

REPORT_DIRECTORY = Path("portal-contract-report")
LONGEST_CURL = 2_000
_MOST_IDS = 8
_BODY_LINES = 20
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
    console: Console, info: RunInfo, result: RunResult, *, verbosity: int = 0, directory: Path = REPORT_DIRECTORY
) -> None:
    """Print what a run found; `directory` is where its reports are, named in the last line.

    Verbosity below 0: the last line alone. 0: failures in full, warnings in a line each. 1: also the bodies
    of answers, warnings in full, and every id that was not verified. 2: also what passed. Colour, width and
    NO_COLOR are the console's affair. Command lines are never wrapped, so that they can be copied.
    """
    if verbosity >= 0:
        _profiles(console, result)
        failed = [item for item in result.requirements if fails(item, info.fail_on)]
        warned = [item for item in result.requirements if item.verdict == "warned" and item not in failed]
        _problems(console, info, result)
        _in_full(console, "Failed", failed, info, result, verbosity)
        if verbosity >= 1:
            _in_full(console, "Warnings", warned, info, result, verbosity)
        else:
            _in_short(console, "Warnings", warned)
        _in_short(console, "Waived", [item for item in result.requirements if item.verdict == "waived"])
        if verbosity >= 2:
            _in_short(console, "Passed", [item for item in result.requirements if item.verdict == "passed"])
        _not_verified(console, result.requirements, verbosity)
        _leftovers(console, result)
        console.print()
    _last_line(console, info, result, directory)


def _line(console: Console, *parts: str | tuple[str, str], indent: int = 0) -> None:
    """A wrapped line; a part is a text or a text with a style."""
    text = Text.assemble(
        *(visible(part) if isinstance(part, str) else (visible(part[0]), part[1]) for part in parts)
    )
    console.print(Padding(text, (0, 0, 0, indent), expand=False) if indent else text, highlight=False)


def _raw(console: Console, text: str, style: str = "", indent: int = 4) -> None:
    """Lines that are not wrapped, to be copied."""
    for line in visible(text).split("\n"):
        console.print(Text(" " * indent + line, style=style), soft_wrap=True, highlight=False)


def _title(console: Console, text: str, style: str) -> None:
    console.print()
    console.print(Rule(Text(text, style=style), align="left", style="bright_black", characters="─"))


def _profiles(console: Console, result: RunResult) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for item in result.requirements:
        counts[item.requirement.profile][item.verdict] += 1
    shown_counts = [
        name
        for name in ("passed", "failed", "warned", "not verified", "waived")
        if any(c[name] for c in counts.values())
    ]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    table.add_column("profile", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name in shown_counts:
        table.add_column(name, justify="right")
    for profile, verdict in result.profiles.items():
        cells = [
            Text(
                str(counts[profile][name] or "·"),
                style=_STYLES[name] if counts[profile][name] else "bright_black",
            )
            for name in shown_counts
        ]
        table.add_row(visible(profile), Text(verdict, style=_STYLES[verdict]), *cells)
    console.print(table)


def _problems(console: Console, info: RunInfo, result: RunResult) -> None:
    if not result.problems and not info.incomplete:
        return
    _title(console, "Problems of the harness", "bold yellow")
    if info.incomplete:
        _line(console, "incomplete run: ", info.incomplete)
    for problem in result.problems:
        _line(console, ("fatal: " if problem.fatal else "", "bold"), problem.message)
        _line(console, (problem.test, "bright_black"), indent=2)


def _in_full(
    console: Console,
    title: str,
    items: list[RequirementResult],
    info: RunInfo,
    result: RunResult,
    verbosity: int,
) -> None:
    if not items:
        return
    _title(console, f"{title} ({len(items)})", f"bold {_STYLES[items[0].verdict]}")
    for position, item in enumerate(items):
        if position:
            console.print()
        _finding(console, item, info, result, verbosity)


def _finding(
    console: Console, item: RequirementResult, info: RunInfo, result: RunResult, verbosity: int
) -> None:
    requirement = item.requirement
    _line(
        console,
        (requirement.id, f"bold {_STYLES[item.verdict]}"),
        ("  " + LEVEL_WORDS[requirement.level], "bold"),
        "  " + requirement.statement,
    )
    _line(
        console,
        (f"{SOURCE_WORDS[requirement.source.kind]}: {requirement.source.where}", "bright_black"),
        indent=2,
    )
    _line(console, item.reason, indent=2)
    for judgement in item.evidence[:1]:
        held = [result.exchanges[key] for key in judgement.exchanges if key in result.exchanges]
        for place, exchange in enumerate(held):
            _exchange(console, exchange, requirement.id, place, verbosity)
        if judgement.device:
            _line(console, ("on the router", "bold"), indent=2)
            for row in judgement.device:
                _raw(
                    console,
                    row,
                    style="red" if row.startswith("-") else "green" if row.startswith("+") else "",
                )
    if len(item.evidence) > 1:
        _line(
            console,
            (f"and {len(item.evidence) - 1} more failing check(s), see the report", "bright_black"),
            indent=2,
        )
    _line(console, ("again", "bold"), indent=2)
    _raw(console, info.replay_command(requirement.id))


def _exchange(console: Console, exchange: Exchange, requirement: str, place: int, verbosity: int) -> None:
    answer = exchange.error or "no answer" if exchange.status is None else str(exchange.status)
    _line(console, (exchange.purpose, "bold"), f" → {answer}", indent=2)
    line = curl(exchange)
    if len(line) > LONGEST_CURL:
        path = f'.requirements[] | select(.id=="{requirement}") | .evidence[0].exchanges[{place}].curl'
        line = f"jq -r '{path}' report.json | bash   # {len(line):,} characters: too long to show"
    _raw(console, line, style="cyan")
    if verbosity >= 1 and exchange.response_body:
        body = shown(exchange.response_body, media_type(exchange.response_headers))
        lines = body.text.split("\n") if body.text else []
        _raw(
            console,
            "\n".join(lines[:_BODY_LINES]) if lines else f"({body.note})",
            style="bright_black",
            indent=6,
        )
        if len(lines) > _BODY_LINES:
            _raw(
                console,
                f"… {len(lines) - _BODY_LINES} more lines, see the report",
                style="bright_black",
                indent=6,
            )


def _in_short(console: Console, title: str, items: list[RequirementResult]) -> None:
    if not items:
        return
    _title(console, f"{title} ({len(items)})", f"bold {_STYLES[items[0].verdict]}")
    for item in items:
        said = item.reason if item.verdict in ("warned", "waived") else item.requirement.statement
        _line(console, (item.requirement.id, _STYLES[item.verdict]), "  " + said.partition("\n")[0])


def _not_verified(console: Console, items: Iterable[RequirementResult], verbosity: int) -> None:
    groups: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if item.verdict == "not verified":
            groups[item.reason].append(item.requirement.id)
    if not groups:
        return
    _title(console, f"Not verified ({sum(map(len, groups.values()))})", "bold")
    for reason, ids in sorted(groups.items(), key=lambda group: -len(group[1])):
        _line(console, f"{len(ids):>3}  {reason.partition(chr(10))[0]}")
        named = ids if verbosity >= 1 else ids[:_MOST_IDS]
        more = f" and {len(ids) - len(named)} more" if len(named) < len(ids) else ""
        _line(console, (", ".join(named) + more, "bright_black"), indent=5)


def _leftovers(console: Console, result: RunResult) -> None:
    if not result.leftovers:
        return
    _title(console, f"Left behind ({len(result.leftovers)})", "bold yellow")
    for item in result.leftovers:
        _line(console, f"{item.resource} {item.name} ", (item.id, "bright_black"))
        _raw(console, item.command, style="cyan")


def _last_line(console: Console, info: RunInfo, result: RunResult, directory: Path) -> None:
    verdict = headline(result)
    _line(console, (verdict.capitalize(), _STYLES[verdict]), ". ", explanation(info, result))
    requests = result.summary.requests
    _raw(
        console,
        f"{requests:,} request{'' if requests == 1 else 's'} in {duration(result.summary.seconds)} · "
        f"seed {info.seed} · {directory / 'report.html'}",
        style="bright_black",
        indent=0,
    )
