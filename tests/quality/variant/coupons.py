"""Coupons and the schedules that make them. Runs are at six in the morning; one that is missed is not made up.

In a month without the day there is no run.
"""

from __future__ import annotations

import calendar
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.quality.variant.agenda import Agenda
from tests.quality.variant.book import EFFECT_AFTER, Habits, Instance, Later
from tests.quality.variant.refusals import Refusal, missing

RUNS_AT = time(6)
"""The time of day of every run, where the schedule lives."""

LATEST = timedelta(hours=1)
"""How late a run may be before it counts as missed."""

LENGTH = 6


@dataclass(slots=True)
class Coupon:
    """A code for one stay; `schedule` is the id of what has made it, if it was no batch."""

    id: str
    code: str
    instance: str
    schedule: str | None
    created_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None = None

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "code": self.code,
            "created_at": _written(self.created_at),
            "expires_at": _written(self.expires_at),
            "redeemed_at": None if self.redeemed_at is None else _written(self.redeemed_at),
            "printable": f"{self.code[:3]}-{self.code[3:]}",
        }


@dataclass(slots=True)
class Schedule:
    """`values` are those that were sent; `made` the coupons of the last run."""

    id: str
    instance: str
    created_at: datetime
    values: dict[str, Any]
    next_run: datetime | None = None
    last_run: datetime | None = None
    made: tuple[Coupon, ...] = ()
    call_off: Callable[[], None] = lambda: None


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def next_run(values: Mapping[str, Any], after: datetime) -> datetime:
    """The first moment after another at which a schedule with these values runs."""
    zone = ZoneInfo(values["timezone"])
    day = after.astimezone(zone).date()
    for _ in range(800):
        moment = datetime.combine(day, RUNS_AT, zone).astimezone(UTC)
        if moment > after and _runs_on(values, day):
            return moment
        day += timedelta(days=1)
    raise AssertionError("a schedule runs every other month at least")


def _runs_on(values: Mapping[str, Any], day: date) -> bool:
    match values["recurrence_type"]:
        case "daily":
            return True
        case "weekly":
            return (calendar.weekday(day.year, day.month, day.day) + 1) % 7 == values["day_of_week"]
        case _:
            return bool(day.day == values["day_of_month"])


class Coupons:
    """The coupons and schedules of all instances."""

    def __init__(
        self, later: Later, agenda: Agenda, now: Callable[[], datetime], chance: random.Random, habits: Habits
    ) -> None:
        self._later = later
        self._agenda = agenda
        self._now = now
        self._chance = chance
        self._habits = habits
        self._coupons: list[Coupon] = []
        self._schedules: dict[str, Schedule] = {}

    # -- coupons ---------------------------------------------------------------------------------------

    def valid(self, instance: str, schedule: str | None = None) -> list[Coupon]:
        """Those of an instance, or of one of its schedules, that can be redeemed; the oldest first."""
        return [
            each
            for each in self._coupons
            if each.instance == instance
            and schedule in (None, each.schedule)
            and each.redeemed_at is None
            and each.expires_at > self._now()
        ]

    def make(self, instance: str, count: int, minutes: int, schedule: str | None = None) -> list[Coupon]:
        taken = {each.code for each in self._coupons if each.instance == instance}
        now = self._now()
        made = []
        for code in self._codes():
            if len(made) == count:
                break
            if code not in taken:
                taken.add(code)
                made.append(
                    Coupon(str(uuid4()), code, instance, schedule, now, now + timedelta(minutes=minutes))
                )
        self._coupons += made
        return made

    def _codes(self) -> Iterator[str]:
        while True:
            yield "".join(self._chance.choices(self._habits.codes, k=LENGTH))

    def redeem(self, instance: str, code: str) -> Coupon | None:
        """The coupon, used from now on; None if there is none that can be."""
        for each in self.valid(instance):
            if each.code == code.strip().lower():
                each.redeemed_at = self._now()
                return each
        return None

    def forget(self, instance: Instance) -> None:
        """The instance is no more."""
        self._coupons = [each for each in self._coupons if each.instance != instance.id]
        for schedule in self.schedules(instance.id):
            self._end(schedule)

    # -- schedules -------------------------------------------------------------------------------------

    def schedules(self, instance: str) -> list[Schedule]:
        return [each for each in self._schedules.values() if each.instance == instance]

    def schedule(self, instance: str, identifier: str) -> Schedule:
        """Raises `Refusal` for one that is not there, or not this instance's."""
        found = self._schedules.get(identifier.lower())
        if found is None or found.instance != instance:
            raise missing("coupon schedule")
        return found

    def shared(self, identifier: str) -> list[Coupon]:
        """The valid coupons of a schedule. Raises `Refusal` when it is not there any more."""
        found = self._schedules.get(identifier.lower())
        if found is None:
            raise Refusal(410, "gone", "These coupons are not shared any more.")
        return self.valid(found.instance, found.id)

    def plan(self, instance: str, values: Mapping[str, Any]) -> Schedule:
        """A new schedule."""
        made = Schedule(str(uuid4()), instance, self._now(), dict(values))
        self._schedules[made.id] = made
        self._wait(made)
        return made

    def replan(self, schedule: Schedule, values: Mapping[str, Any]) -> bool:
        """Accept an update; is it in effect already?"""

        def take_effect() -> None:
            schedule.values = dict(values)
            self._wait(schedule)

        if self._habits.strict:
            take_effect()
        else:
            self._later.call(EFFECT_AFTER, take_effect)
        return self._habits.strict

    def remove(self, schedule: Schedule) -> bool:
        """Forget it, now or a moment later; is it gone already?"""
        if self._habits.deletes_later:
            self._later.call(EFFECT_AFTER, lambda: self._end(schedule))
        else:
            self._end(schedule)
        if self._habits.clean:
            self._coupons = [each for each in self._coupons if each.schedule != schedule.id]
        return not self._habits.deletes_later

    def run(self, schedule: Schedule) -> None:
        """Make the coupons of one run."""
        values = schedule.values
        made = self.make(schedule.instance, values["count"], values["valid_for_in_minutes"], schedule.id)
        schedule.made, schedule.last_run = tuple(made), self._now()

    def shown(self, schedule: Schedule) -> dict[str, Any]:
        values = dict(schedule.values)
        if self._habits.strict:
            unused = {"daily": ("day_of_week", "day_of_month"), "weekly": ("day_of_month",)}
            values |= dict.fromkeys(unused.get(values["recurrence_type"], ("day_of_week",)))
        used = sum(each.redeemed_at is not None for each in schedule.made)
        counts: tuple[int | None, ...] = (used, len(schedule.made), len(schedule.made) - used)
        upcoming = schedule.next_run
        if self._habits.strict and schedule.last_run is None:
            # Nothing about runs is told of a schedule that has not run.
            counts, upcoming = (None, None, None), None
        names = (f"tokens_{what}_since_last_run" for what in ("used", "generated", "available"))
        return {
            "id": schedule.id,
            "instance_id": schedule.instance,
            **values,
            "last_run_at": None if schedule.last_run is None else _written(schedule.last_run),
            "next_run_at": None if upcoming is None else _written(upcoming),
            **dict(zip(names, counts, strict=True)),
            "created_at": _written(schedule.created_at),
            "paused": False,
        }

    def _wait(self, schedule: Schedule) -> None:
        """Work out the next run and wait for it."""
        schedule.call_off()
        if schedule.id not in self._schedules:
            return
        due = schedule.next_run = next_run(schedule.values, self._now())

        def act() -> None:
            if self._now() - due <= LATEST:
                self.run(schedule)
            self._wait(schedule)

        schedule.call_off = self._agenda.at(due, act)

    def _end(self, schedule: Schedule) -> None:
        schedule.call_off()
        self._schedules.pop(schedule.id, None)
