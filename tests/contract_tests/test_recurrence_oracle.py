"""The oracle of recurrences, against a calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.recurrence_oracle import (
    Recurrence,
    at_same_local_time,
    next_change,
    soonest_change,
)

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def test_the_days_of_a_week_begin_with_sunday() -> None:
    sunday = date(2026, 3, 1)
    assert [
        next(
            day
            for day in range(7)
            if Recurrence("weekly", BERLIN, day).runs_on(sunday + timedelta(days=ahead))
        )
        for ahead in range(7)
    ] == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("day", "good", "bad"),
    [
        (15, ["2026-03-15"], ["2026-03-14", "2026-03-16", "2026-04-01"]),
        (31, ["2026-03-31", "2026-04-30", "2026-05-01"], ["2026-04-29", "2026-05-02", "2026-03-30"]),
        # Three days too far is what some libraries make of 31 February.
        (31, ["2026-02-28", "2026-03-01", "2026-03-03"], ["2026-02-27", "2026-03-02"]),
        (29, ["2024-02-29", "2026-02-28", "2026-03-01"], ["2024-02-28", "2024-03-01", "2026-03-02"]),
    ],
)
def test_a_month_that_is_too_short_leaves_room(day: int, good: list[str], bad: list[str]) -> None:
    monthly = Recurrence("monthly", BERLIN, day)
    assert [text for text in [*good, *bad] if monthly.runs_on(date.fromisoformat(text))] == good


@pytest.mark.parametrize(
    ("recurrence", "run", "following"),
    [
        (Recurrence("daily", BERLIN), "2026-02-28", "2026-03-01"),
        (Recurrence("weekly", BERLIN, 0), "2026-03-01", "2026-03-08"),
        (Recurrence("weekly", BERLIN, 6), "2026-03-01", "2026-03-07"),
        (Recurrence("monthly", BERLIN, 12), "2026-12-12", "2027-01-12"),
        (Recurrence("monthly", BERLIN, 31), "2026-03-31", "2026-05-31"),
    ],
)
def test_the_following_run(recurrence: Recurrence, run: str, following: str) -> None:
    assert recurrence.following(date.fromisoformat(run)) == date.fromisoformat(following)


@given(
    created=st.integers(1_577_836_800, 2_051_222_400).map(lambda second: datetime.fromtimestamp(second, UTC)),
    zone=st.sampled_from(["Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"]),
    kind=st.sampled_from([("daily", None), ("weekly", 4), ("monthly", 28)]),
    hours=st.integers(0, 23),
)
def test_the_first_run_may_be_today_or_on_the_next_day_that_fits(
    created: datetime, zone: str, kind: tuple[str, int | None], hours: int
) -> None:
    recurrence = Recurrence(kind[0], ZoneInfo(zone), kind[1])  # type: ignore[arg-type]
    latest = recurrence.latest_first_run(created)
    today = recurrence.local_date(created)
    coming = datetime.combine(recurrence.following(today), datetime.min.time(), recurrence.zone)
    assert created < coming + timedelta(hours=hours) < latest
    assert latest - created < timedelta(days={"daily": 4, "weekly": 23, "monthly": 94}[kind[0]])


def test_the_date_is_that_of_the_place() -> None:
    evening = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    assert Recurrence("daily", BERLIN).local_date(evening) == date(2026, 7, 1)
    assert Recurrence("daily", ZoneInfo("Pacific/Pago_Pago")).local_date(evening) == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        # 23 hours over the night in which the clocks are put forward, 25 when they are put back.
        ("2026-03-27T23:00Z", "2026-03-28T23:00Z", True),
        ("2026-03-28T23:00Z", "2026-03-29T22:00Z", True),
        ("2026-03-28T23:00Z", "2026-03-29T23:00Z", False),
        ("2026-10-24T22:00Z", "2026-10-25T23:00Z", True),
        ("2026-10-24T22:00Z", "2026-10-25T22:00Z", False),
        # 02:30 does not exist on 29 March: the hour before and the hour after are both good, and all between.
        ("2026-03-28T01:30Z", "2026-03-29T00:30Z", True),
        ("2026-03-28T01:30Z", "2026-03-29T01:00Z", True),
        ("2026-03-28T01:30Z", "2026-03-29T01:30Z", True),
        ("2026-03-28T01:30Z", "2026-03-29T02:30Z", False),
        # 02:30 exists twice on 25 October.
        ("2026-10-24T00:30Z", "2026-10-25T00:30Z", True),
        ("2026-10-24T00:30Z", "2026-10-25T01:30Z", True),
        ("2026-10-24T00:30Z", "2026-10-25T02:30Z", False),
    ],
)
def test_the_same_local_time(first: str, second: str, same: bool) -> None:
    moments = datetime.fromisoformat(first), datetime.fromisoformat(second)
    assert at_same_local_time(*moments, BERLIN, within=MINUTE) is same


def test_the_day_after_one_without_midnight_may_begin_at_midnight_again() -> None:
    zone = ZoneInfo("America/Santiago")  # where the clocks jump from midnight to one
    first, second = (datetime(2027, 9, 5, 4, tzinfo=UTC), datetime(2027, 9, 6, 3, tzinfo=UTC))
    assert (first.astimezone(zone).hour, second.astimezone(zone).hour) == (1, 0)
    assert at_same_local_time(first, second, zone, within=MINUTE)
    assert not at_same_local_time(first, second - timedelta(hours=1), zone, within=MINUTE)


def test_a_few_seconds_are_no_difference_even_around_midnight() -> None:
    first = datetime(2026, 1, 9, 23, 0, 0, tzinfo=UTC)  # midnight in Berlin
    for late in (-20, 20):
        second = first + timedelta(days=1, seconds=late)
        assert at_same_local_time(first, second, BERLIN, within=MINUTE)


def test_the_next_change_of_the_clocks() -> None:
    winter = datetime(2026, 1, 1, tzinfo=UTC)
    assert next_change(BERLIN, winter, days=100) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert next_change(BERLIN, winter, days=80) is None
    assert next_change(ZoneInfo("Asia/Tokyo"), winter, days=400) is None


def test_the_soonest_change_of_several_zones() -> None:
    found = soonest_change(
        ["Europe/Berlin", "America/New_York", "Asia/Tokyo"], datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert found is not None
    assert (found[0].key, found[1]) == ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC))
    assert soonest_change(["Asia/Tokyo"], datetime(2026, 1, 1, tzinfo=UTC)) is None
