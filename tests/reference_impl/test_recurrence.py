"""When schedules run: at midnight of their zone, on the days asked for, whatever calendar and clocks do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.recurrence import Recurrence

# Zones that change their clocks at midnight, at another hour, by half an hour, and not at all; and one that once
# left out a day.
ZONES = (
    "UTC",
    "Australia/Sydney",
    "America/New_York",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Apia",
)


def runs(recurrence: Recurrence, after: datetime, count: int) -> list[datetime]:
    found = []
    for _ in range(count):
        after = recurrence.next_after(after)
        found.append(after)
    return found


def recurrences() -> st.SearchStrategy[Recurrence]:
    zones = st.sampled_from(ZONES)
    return st.one_of(
        st.builds(Recurrence, st.just("daily"), zones),
        st.builds(Recurrence, st.just("weekly"), zones, day_of_week=st.integers(0, 6)),
        st.builds(Recurrence, st.just("monthly"), zones, day_of_month=st.integers(1, 31)),
    )


moments = st.integers(1_104_537_600, 2_366_841_600).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(recurrences(), moments)
def test_runs_follow_each_other_at_local_midnight_on_their_days(
    recurrence: Recurrence, after: datetime
) -> None:
    zone = ZoneInfo(recurrence.timezone)
    found = runs(recurrence, after, 8)
    assert all(earlier < later for earlier, later in pairwise([after, *found]))
    for run in found:
        local = run.astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        exists = midnight.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == midnight.replace(
            tzinfo=None
        )
        if exists:
            assert run == midnight.astimezone(UTC)
        else:
            assert local - midnight <= timedelta(hours=1)
        tomorrow = local.date() + timedelta(days=1)
        if recurrence.type == "weekly":
            assert local.isoweekday() % 7 == recurrence.day_of_week
        if recurrence.type == "monthly":
            wanted = recurrence.day_of_month or 0
            assert local.day == wanted or (local.day < wanted and tomorrow.day == 1)


@given(recurrences(), moments)
def test_no_run_is_left_out(recurrence: Recurrence, after: datetime) -> None:
    """Asked again from any moment before a run, the answer is that run."""
    [first, second] = runs(recurrence, after, 2)
    halfway = first + (second - first) / 2
    assert recurrence.next_after(halfway) == second
    assert recurrence.next_after(second - timedelta(microseconds=1)) == second
    assert second - first <= timedelta(
        days={"daily": 3, "weekly": 8, "monthly": 32}[recurrence.type], hours=1
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (28, ["01-28", "02-28", "03-28", "04-28"]),
        (29, ["01-29", "02-28", "03-29", "04-29"]),
        (30, ["01-30", "02-28", "03-30", "04-30"]),
        (31, ["01-31", "02-28", "03-31", "04-30"]),
    ],
)
def test_a_day_that_a_month_lacks_is_its_last(day: int, expected: list[str]) -> None:
    found = runs(Recurrence("monthly", "UTC", day_of_month=day), datetime(2026, 1, 1, tzinfo=UTC), 4)
    assert [f"{run:%m-%d}" for run in found] == expected


def test_a_leap_day_is_a_last_day() -> None:
    january = datetime(2028, 1, 31, tzinfo=UTC)
    assert Recurrence("monthly", "UTC", day_of_month=31).next_after(january) == datetime(
        2028, 2, 29, tzinfo=UTC
    )


def test_the_moment_of_a_run_is_not_after_itself() -> None:
    midnight = datetime(2026, 1, 1, 13, 0, tzinfo=UTC)  # of 2 January in Sydney
    daily = Recurrence("daily", "Australia/Sydney")
    assert daily.next_after(midnight - timedelta(seconds=1)) == midnight
    assert daily.next_after(midnight) == midnight + timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        # Clocks go from 00:00 to 01:00: there is no midnight, so it is 01:00.
        ("America/Havana", "2026-03-07T12:00:00+00:00", "2026-03-08T05:00:00+00:00"),
        # Clocks go from 01:00 back to 00:00: the first of the two midnights.
        ("America/Havana", "2026-10-31T12:00:00+00:00", "2026-11-01T04:00:00+00:00"),
        ("Australia/Sydney", "2026-10-03T14:30:00+00:00", "2026-10-04T13:00:00+00:00"),
    ],
)
def test_days_whose_clocks_change(zone: str, after: str, expected: str) -> None:
    run = Recurrence("daily", zone).next_after(datetime.fromisoformat(after))
    assert run.isoformat() == expected


def test_a_day_the_calendar_left_out_makes_no_second_run() -> None:
    """Samoa went from 29 to 31 December 2011."""
    found = runs(Recurrence("daily", "Pacific/Apia"), datetime(2011, 12, 29, 0, tzinfo=UTC), 3)
    assert [run.isoformat()[:13] for run in found] == ["2011-12-29T10", "2011-12-30T10", "2011-12-31T10"]
