"""The progress line on a terminal, and its silence elsewhere."""

from __future__ import annotations

import contextlib
import io

import pytest
from rich.console import Console

from contract_tests.report.progress import Progress


def test_silent_where_there_is_no_terminal() -> None:
    output = io.StringIO()
    progress = Progress(Console(file=output, force_terminal=False, _environ={}))
    progress.start(3)
    progress.advance("t::a", "A-1")
    progress.stop()
    assert output.getvalue() == ""


def test_shows_counts_and_the_last_requirement_and_leaves_no_line() -> None:
    output = io.StringIO()
    progress = Progress(Console(file=output, force_terminal=True, width=100, _environ={"TERM": "xterm"}))
    progress.start(2)
    first = output.getvalue()
    progress.advance("suite/test_a.py::test_a", "INST-CREATE-01", "INST-[red]02")
    progress.advance("suite/test_a.py::test_b\x1b[2J")
    progress.stop()
    text = output.getvalue()
    assert "0/2" in first
    assert "2/2" in text
    assert "\u241b[2J" in text
    assert "\x1b[2J" not in text
    assert text.endswith("\x1b[2K")


def test_goes_to_the_stream_of_its_making(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen, log = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(screen):
        progress = Progress(Console(force_terminal=True, width=100))
    with contextlib.redirect_stdout(log):
        progress.start(None)
        print("a line of pytest")
        progress.start(1)
        progress.advance("t::a", "A-1")
        progress.stop()
    assert log.getvalue() == "a line of pytest\n"
    assert "0/?" in screen.getvalue()
    assert "1/1" in screen.getvalue()
    assert "a line of pytest" not in screen.getvalue()


def test_any_order_of_calls_is_harmless() -> None:
    output = io.StringIO()
    progress = Progress(Console(file=output, force_terminal=True, width=100, _environ={"TERM": "xterm"}))
    progress.advance("t", "A-1")
    progress.stop()
    assert output.getvalue() == ""
    progress.start(1)
    progress.start(1)
    progress.stop()
    progress.stop()
