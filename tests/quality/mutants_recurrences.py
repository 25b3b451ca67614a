"""Mutants of the days on which coupon schedules run, as they tell of them before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from reference_impl import recurrence
from reference_impl.recurrence import Recurrence
from reference_impl.schemas_coupons import ScheduleWrite
from reference_impl.stores import schedules
from reference_impl.stores.schedules import Schedule, ScheduleStore
from tests.quality.mutants_stage import Mutant, Stage, replaces

_WRITABLE = schedules._WRITABLE


Reckon = Callable[[Recurrence, datetime], datetime]

Next = Callable[[Recurrence, datetime, Reckon], datetime]
"""When a recurrence runs after a moment, given how it should be reckoned."""


def _next(reckon: Next) -> Callable[[Stage], None]:
    def make(original: Any) -> Any:
        return lambda self, moment: reckon(self, moment, original)

    return replaces(Recurrence, "next_after", make)


def _in_utc(self: Recurrence, moment: datetime, right: Reckon) -> datetime:
    return right(replace(self, timezone="UTC"), moment)


def _today(self: Recurrence, moment: datetime, right: Reckon) -> datetime:
    """The run of the day that has begun, which is over."""
    return right(self, moment - timedelta(days=1))


def _in_a_year(self: Recurrence, moment: datetime, right: Reckon) -> datetime:
    return right(self, moment + timedelta(days=365))


def _first_of_the_month(self: Recurrence, moment: datetime, right: Reckon) -> datetime:
    return right(replace(self, day_of_month=1) if self.day_of_month else self, moment)


def _sunday_is_no_day(self: Recurrence, moment: datetime, right: Reckon) -> datetime:
    """0 is taken for a day that was not given, and Monday for it."""
    return right(replace(self, day_of_week=self.day_of_week or 1), moment)


def _stale(original: Any) -> Any:
    """An update does not reckon the next run anew."""

    async def store(
        self: ScheduleStore,
        instance_id: str,
        schedule_id: str,
        tenant: str,
        wanted: ScheduleWrite,
        now: datetime,
    ) -> Schedule | None:
        async with self._database.writing() as session:
            record = await schedules._find(session, instance_id, schedule_id, tenant)
            if record is None:
                return None
            for name in _WRITABLE:
                setattr(record, name, getattr(wanted, name))
            return (await schedules._counted(session, [record], instance_id))[0]

    return store


def _by_type_alone(original: Any) -> Any:
    """An update reckons the next run anew if the schedule becomes daily, weekly or monthly, else not."""

    async def store(
        self: ScheduleStore,
        instance_id: str,
        schedule_id: str,
        tenant: str,
        wanted: ScheduleWrite,
        now: datetime,
    ) -> Schedule | None:
        before = await self.schedule(instance_id, schedule_id, tenant)
        stored: Schedule | None = await original(self, instance_id, schedule_id, tenant, wanted, now)
        if before is None or stored is None or before.record.recurrence_type != wanted.recurrence_type:
            return stored
        async with self._database.writing() as session:
            record = await schedules._find(session, instance_id, schedule_id, tenant)
            if record is not None:
                record.next_run_at = before.record.next_run_at
        return await self.schedule(instance_id, schedule_id, tenant)

    return store


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant("next run a year ahead", "semantics", "SCHED-NEXT-01", _next(_in_a_year)),
    Mutant("next run in the past", "semantics", "SCHED-NEXT-01", _next(_today)),
    Mutant(
        "weeks begin on Monday",
        "semantics",
        "SCHED-NEXT-02",
        replaces(recurrence, "_SUNDAY_FIRST", lambda days: tuple(range(7))),
    ),
    Mutant("weekdays in UTC", "semantics", "SCHED-NEXT-02", _next(_in_utc)),
    Mutant("Sunday is no day", "semantics", "SCHED-NEXT-02", _next(_sunday_is_no_day)),
    Mutant("days of the month in UTC", "semantics", "SCHED-NEXT-03", _next(_in_utc)),
    Mutant("the first of each month", "semantics", "SCHED-NEXT-03", _next(_first_of_the_month)),
    Mutant(
        "next run not reckoned anew", "semantics", "SCHED-NEXT-04", replaces(ScheduleStore, "replace", _stale)
    ),
    Mutant(
        "another day of the week changes no next run",
        "semantics",
        "SCHED-NEXT-04",
        replaces(ScheduleStore, "replace", _by_type_alone),
    ),
)
