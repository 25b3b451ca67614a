"""Steps shared by checks with guests: time that passes, and whose a page is."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.browsing import Page
from contract_tests.laboratory import Visit
from contract_tests.suite.portals import LONGEST_REAL_WAIT, Passing, at_once, bears, shown
from contract_tests.verifier import CannotTell

INSTANCE = {"id": "9a7f1b2c-3d4e-4f6a-8b8c-9d0e1f2a3b4c", "name": "Harbour", "terms_text": None}


def page(url: str, text: str, status: int | None = 200) -> Page:
    return Page(url, status, text, Visit(url, True, status is not None, "no rule", status, (), text))


class Clock:
    def __init__(self) -> None:
        self.moved: list[float] = []

    def advance(self, seconds: float) -> None:
        self.moved.append(seconds)


def test_a_clock_is_moved_however_far() -> None:
    clock: Any = Clock()
    Passing(clock, sleep=lambda seconds: pytest.fail("it slept")).by(604800)
    assert clock.moved == [604800]


def test_without_a_clock_a_short_while_is_waited_for() -> None:
    slept: list[float] = []
    passing = Passing(None, sleep=slept.append)
    passing.by(LONGEST_REAL_WAIT)
    assert slept == [LONGEST_REAL_WAIT]
    with pytest.raises(CannotTell, match="takes a clock that can be moved"):
        passing.by(LONGEST_REAL_WAIT + 1)
    assert len(slept) == 1


@pytest.mark.parametrize(
    ("url", "text", "whose"),
    [
        (f"http://portal.test/{INSTANCE['id']}", "", True),
        ("http://portal.test/", "<h1>Harbour</h1>", True),
        ("http://portal.test/", f"<input type=hidden value={INSTANCE['id']}>", True),
        ("http://portal.test/", "<h1>None</h1>", False),
    ],
)
def test_whose_a_page_is(url: str, text: str, whose: bool) -> None:
    assert bears(page(url, text), INSTANCE) is whose


def test_a_page_in_short() -> None:
    assert (
        shown(page("http://portal.test/x?secret=1", "<p>no</p>", 422)) == "422 at http://portal.test/x: 'no'"
    )
    assert (
        shown(page("http://portal.test/x", "", None))
        == "let through, but nobody is there at http://portal.test/x"
    )


def test_all_at_once_keeps_the_order() -> None:
    assert at_once([lambda: 1, lambda: 2, lambda: 3]) == [1, 2, 3]
