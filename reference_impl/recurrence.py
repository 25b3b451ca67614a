"""When a coupon schedule runs: at midnight of its time zone, every day, week or month."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule

_SUNDAY_FIRST = (6, 0, 1, 2, 3, 4, 5)
"""The weekdays of the API, 0 for Sunday, as dateutil counts them, 0 for Monday."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The days of a schedule. `day_of_week` counts from Sunday; `timezone` is a name of the IANA database.

    A `day_of_month` that a month does not have stands for its last day.
    """

    type: Literal["daily", "weekly", "monthly"]
    timezone: str
    day_of_week: int | None = None
    day_of_month: int | None = None

    def next_after(self, moment: datetime) -> datetime:
        """Return the first run that is later than `moment`, an aware datetime, in UTC.

        Where clocks skip midnight the run is as long after the midnight before as on other days, so it shows
        the hour that was skipped to; where they repeat it, the run is at the first one.
        """
        zone = ZoneInfo(self.timezone)
        today = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        # Begun a day early: where the date line was moved, today's midnight may be tomorrow's.
        days = self._days(today - timedelta(days=1))
        runs = (day.replace(tzinfo=zone).astimezone(UTC) for day in days)
        return next(run for run in runs if run > moment)

    def _days(self, start: datetime) -> rrule:
        match self.type:
            case "daily":
                return rrule(DAILY, dtstart=start)
            case "weekly":
                assert self.day_of_week is not None
                return rrule(WEEKLY, dtstart=start, byweekday=_SUNDAY_FIRST[self.day_of_week])
            case "monthly":
                assert self.day_of_month is not None
                # The last one of these days that the month has.
                candidates = range(min(self.day_of_month, 28), self.day_of_month + 1)
                return rrule(MONTHLY, dtstart=start, bymonthday=tuple(candidates), bysetpos=-1)
