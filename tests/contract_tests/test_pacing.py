"""How fast a run may ask, on a clock that passes only when somebody sleeps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contract_tests.pacing import BudgetExhausted, Pacer, retry_after
from tests.contract_tests.conftest import FakeClock

NOON = datetime(2030, 1, 2, 12, 0, 0, tzinfo=UTC)


def pacer(clock: FakeClock, per_second: float | None, budget: int | None = None) -> Pacer:
    return Pacer(per_second, budget, monotonic=clock.monotonic, sleep=clock.sleep)


def test_requests_are_spaced_evenly(clock: FakeClock) -> None:
    paced = pacer(clock, 2.0)
    moments = []
    for _ in range(5):
        paced.admit()
        moments.append(clock.now)
    assert moments == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_time_spent_elsewhere_counts(clock: FakeClock) -> None:
    paced = pacer(clock, 1.0)
    paced.admit()
    clock.now += 0.75
    paced.admit()
    assert clock.slept == [0.25]


def test_idle_time_is_no_credit_for_a_burst(clock: FakeClock) -> None:
    paced = pacer(clock, 1.0)
    paced.admit()
    clock.now += 60
    paced.admit()
    paced.admit()
    assert clock.slept == [1.0]


def test_without_a_rate_nobody_waits(clock: FakeClock) -> None:
    paced = pacer(clock, None)
    for _ in range(100):
        paced.admit()
    assert clock.slept == []


def test_a_budget_ends(clock: FakeClock) -> None:
    paced = pacer(clock, None, budget=3)
    for _ in range(3):
        paced.admit()
    for _ in range(2):
        with pytest.raises(BudgetExhausted):
            paced.admit()


def test_clean_up_is_paced_but_never_too_dear(clock: FakeClock) -> None:
    paced = pacer(clock, 1.0, budget=1)
    paced.admit()
    for _ in range(3):
        paced.admit(essential=True)
    assert clock.slept == [1.0, 1.0, 1.0]
    with pytest.raises(BudgetExhausted):
        paced.admit()


def test_clean_up_takes_nothing_from_the_budget(clock: FakeClock) -> None:
    paced = pacer(clock, None, budget=1)
    paced.admit(essential=True)
    paced.admit()


def test_the_wish_of_the_server(clock: FakeClock) -> None:
    pacer(clock, None).wait(7.0)
    assert clock.slept == [7.0]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 3 ", 3.0),
        ("Wed, 02 Jan 2030 12:00:30 GMT", 30.0),
        ("Wed, 02 Jan 2030 11:59:00 GMT", 0.0),
        ("Wednesday, 02-Jan-30 12:00:30 GMT", 30.0),
        ("Wed Jan  2 12:00:30 2030", 30.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("99999-01-01", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOON) == seconds
