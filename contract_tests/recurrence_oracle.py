"""When a coupon schedule may run, told from its recurrence alone. Pure; an oracle independent of any scheduler.

The documents give the day in the schedule's time zone and leave the time of day open. So the oracle speaks of local
dates, and of two runs at the same local time; it never says at what time a run has to be.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

RecurrenceType = Literal["daily", "weekly", "monthly"]

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The days on which a schedule runs.

    `day` is the day of the week (0 Sunday to 6 Saturday) or of the month (1 to 31), None for a daily schedule.
    """

    type: RecurrenceType
    zone: ZoneInfo
    day: int | None = None

    def runs_on(self, day: date) -> bool:
        """May a run fall on this local date?

        The documents leave open what a month does that is too short: its last day and the first days of the next
        month are as good as none.
        """
        match self.type:
            case "daily":
                return True
            case "weekly":
                return day.isoweekday() % 7 == self.day
            case "monthly":
                assert self.day is not None
                return day.day == self.day or day in _stand_ins(day, self.day)

    def local_date(self, moment: datetime) -> date:
        """The date of an instant where the schedule lives."""
        return moment.astimezone(self.zone).date()

    def following(self, day: date) -> date:
        """The day of the run after one on `day`: the next regular one, stand-ins for short months aside."""
        return next(other for other in _days_after(day) if self._regular(other))

    def _regular(self, day: date) -> bool:
        return day.day == self.day if self.type == "monthly" else self.runs_on(day)

    def latest_first_run(self, created: datetime) -> datetime:
        """A schedule created at this instant has its first run before this one, which is a generous bound.

        It may begin with today, with the next fitting day, or with the next whole period.
        """
        second = self.following(self.following(self.local_date(created)))
        return datetime.combine(second + _ONE_DAY, time(), self.zone).astimezone(UTC)


def _stand_ins(near: date, day: int) -> Iterator[date]:
    """What may stand for the `day` of a month that has no such day: its last one, or as many days too far."""
    for first in (near.replace(day=1), (near.replace(day=1) - _ONE_DAY).replace(day=1)):
        length = calendar.monthrange(first.year, first.month)[1]
        if day > length:
            last = first.replace(day=length)
            yield last
            yield last + _ONE_DAY
            yield last + timedelta(days=day - length)


def _days_after(day: date) -> Iterator[date]:
    while True:
        day += _ONE_DAY
        yield day


def at_same_local_time(first: datetime, second: datetime, zone: ZoneInfo, *, within: timedelta) -> bool:
    """Does the clock on the wall show the same at both instants, give or take `within`?

    On the day of a change of the clocks a local time may not exist, or exist twice: then every instant that people
    would take for it is good. So either of the two may be what stands for the other's time on its day.
    """
    return _stands_for(first, second, zone, within) or _stands_for(second, first, zone, within)


def _stands_for(first: datetime, second: datetime, zone: ZoneInfo, within: timedelta) -> bool:
    """Is the second instant what the local time of the first is called on its own day?"""
    wanted = first.astimezone(zone).time().replace(tzinfo=None)
    day = second.astimezone(zone).date()
    return any(
        earliest - within <= second <= latest + within
        for earliest, latest in (
            _readings(near, wanted, zone) for near in (day - _ONE_DAY, day, day + _ONE_DAY)
        )
    )


def _readings(day: date, wall: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first and the last instant that may be called `wall` on this day."""
    both = [datetime.combine(day, wall.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1)]
    return min(both), max(both)


def next_change(zone: ZoneInfo, after: datetime, *, days: int) -> datetime | None:
    """The first instant after `after`, to the minute, at which the zone has another UTC offset than before.

    None when there is none within so many days.
    """
    before = after.astimezone(UTC)
    for _ in range(days):
        then = before + _ONE_DAY
        if _offset(then, zone) != _offset(before, zone):
            low, high = before, then
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                low, high = (
                    (low, middle) if _offset(middle, zone) != _offset(before, zone) else (middle, high)
                )
            return high.replace(second=0, microsecond=0)
        before = then
    return None


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def soonest_change(
    zones: Iterable[str], after: datetime, *, days: int = 400
) -> tuple[ZoneInfo, datetime] | None:
    """Of these zones the one whose clocks change next, and when; None if none of them does within so many days."""
    changes = [
        (change, name)
        for name in zones
        if (change := next_change(ZoneInfo(name), after, days=days)) is not None
    ]
    if not changes:
        return None
    change, name = min(changes)
    return ZoneInfo(name), change
