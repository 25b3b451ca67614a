"""What the terminal shows, line by line, against the files in `expected/`."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from contract_tests.report.model import RunInfo, duration
from contract_tests.report.terminal import print_verdict
from contract_tests.verdicts import RunResult

EXPECTED = Path(__file__).parent / "expected"


def printed(info: RunInfo, result: RunResult, *, verbosity: int = 0, color: bool = False) -> str:
    output = io.StringIO()
    console = Console(
        file=output, width=100, force_terminal=color, color_system="standard" if color else None, _environ={}
    )
    print_verdict(console, info, result, verbosity=verbosity, directory=Path("out"))
    return output.getvalue()


@pytest.mark.parametrize(
    ("kind", "verbosity", "file"),
    [
        ("failing", 0, "failing.txt"),
        ("failing", 2, "failing_verbose.txt"),
        ("failing", -1, "failing_quiet.txt"),
        ("waived", 0, "waived.txt"),
        ("conforming", 0, "conforming.txt"),
        ("unjudged", 0, "unjudged.txt"),
    ],
)
def test_text(kind: str, verbosity: int, file: str, info: RunInfo, request: pytest.FixtureRequest) -> None:
    text = printed(info, request.getfixturevalue(kind), verbosity=verbosity)
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines == (EXPECTED / file).read_text(encoding="utf-8").splitlines()


def test_lines_to_copy_are_whole(info: RunInfo, failing: RunResult) -> None:
    lines = [line for line in printed(info, failing).splitlines() if "curl -sS" in line]
    assert lines
    assert all(line.endswith(("/captive/instances", "/captive/instances/9f1c")) for line in lines)
    assert max(map(len, lines)) > 100


def test_nothing_from_outside_reaches_the_terminal_raw(info: RunInfo, failing: RunResult) -> None:
    text = printed(info, failing, verbosity=2)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)


def test_markup_in_messages_is_text(info_with: Callable[..., RunInfo], failing: RunResult) -> None:
    assert "[bold]not markup[/bold] :smile:" in printed(
        info_with(incomplete="[bold]not markup[/bold] :smile:"), failing
    )


def test_colour_follows_the_console(info: RunInfo, failing: RunResult) -> None:
    assert "\x1b[1;31mDoes not conform" in printed(info, failing, color=True)
    assert "\x1b" not in printed(info, failing)


def test_should_counts_where_asked(info_with: Callable[..., RunInfo], failing: RunResult) -> None:
    text = printed(info_with(fail_on="should"), failing)
    assert "Failed (4)" in text
    assert "Warnings" not in text


def test_the_same_trouble_is_told_once(info_with: Callable[..., RunInfo], unjudged: RunResult) -> None:
    message = unjudged.problems[0].message
    assert "incomplete run" not in printed(info_with(incomplete=message), unjudged)
    assert "incomplete run: the budget is spent" in printed(
        info_with(incomplete="the budget is spent"), unjudged
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (12.34, "12.3 s"), (59.99, "1 min 0 s"), (185, "3 min 5 s"), (3725, "1 h 2 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
