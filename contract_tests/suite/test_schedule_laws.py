"""Laws of coupon schedules over time: with the clock of a laboratory, from one run to the next.

When a run is due is learned from the schedule's own next_run_at, never assumed. Jumps of the clock are few, and each
test makes what it needs itself: others may have moved the clock before.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contract_tests.context import Context
from contract_tests.coupons import PRECISION, Coupon, differing, instant, recurrence_of
from contract_tests.instances import Instances
from contract_tests.laboratory import LabClock
from contract_tests.recurrence_oracle import at_same_local_time, soonest_change
from contract_tests.resources import pauses
from contract_tests.suite.schedules import CouponDesk, Timeline
from contract_tests.verifier import CannotTell, Verifier

_VALID_FOR = 600  # minutes; longer than any check waits
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
# Deployments may look for what is due once a minute, or once in a few.
_LATEST = timedelta(minutes=15)
# Their clocks change at different times of the year, so that one of them is never far away.
_CHANGING_ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Sydney",
    "Pacific/Auckland",
)


@pytest.fixture
def desk(context: Context) -> CouponDesk:
    return CouponDesk(context)


@dataclass(slots=True)
class _Plan:
    """A schedule alone in its instance, so that every coupon there is its own."""

    instance: dict[str, Any]
    body: dict[str, Any]
    schedule: Mapping[str, Any]
    coupons: list[Coupon] = field(default_factory=list)

    @property
    def due(self) -> datetime | None:
        return instant(self.schedule.get("next_run_at"))

    @property
    def what(self) -> str:
        return f"the {self.body['recurrence_type']} schedule in {self.body['timezone']}"


class _Runs(Timeline):
    """Time as the deployment's schedules are expected to see it."""

    def run_of(self, plan: _Plan) -> datetime:
        """Go to where the schedule is due and wait for the run, at most the settle timeout; gives the time then."""
        due = plan.due
        assert due is not None
        now = self.reach(due + PRECISION)
        for pause in pauses(self.desk.schedules.settle_timeout):
            plan.schedule = self.desk.look(plan.instance, plan.schedule, purpose="wait for the run")
            plan.coupons = self.desk.listed(plan.instance, purpose="wait for the coupons of the run")
            if len(plan.coupons) >= plan.body["count"] and plan.due != due:
                break
            time.sleep(pause)
            if now < due + _LATEST:
                now = self.clock.advance(_MINUTE.total_seconds())
        return self.clock.now()


def _day_ahead(zone: ZoneInfo, now: datetime, days: int) -> int:
    """A day of the month so many days ahead, or a few more, that every month has."""
    return next(
        day for more in range(7) if (day := (now + timedelta(days=days + more)).astimezone(zone).day) <= 28
    )


@pytest.mark.moves_clock
@pytest.mark.verifies(
    "SCHED-RUN-01",
    "SCHED-RUN-02",
    "SCHED-RUN-03",
    "SCHED-RUN-04",
    "SCHED-RUN-05",
    "SCHED-RUN-06",
    "SCHED-RUN-07",
)
def test_runs(instances: Instances, verify: Verifier, desk: CouponDesk, clock: LabClock) -> None:
    """A schedule of each recurrence until its first run, and a daily one that was deleted before.

    One makes more coupons than a batch may have, one was updated before, one makes coupons that last long.
    """
    timeline = _Runs(clock, desk)
    now = clock.now()
    weekday = (now + timedelta(days=3)).astimezone(ZoneInfo("America/Phoenix")).isoweekday() % 7
    # In zones whose clocks never change: what a change of the clocks does to a run is open.
    updated = _planned(instances, desk, count=5, timezone="America/Phoenix")
    former = _update(desk, updated, count=2, recurrence_type="weekly", day_of_week=weekday)
    plans = [
        _planned(instances, desk, count=201, timezone="Asia/Kathmandu"),
        updated,
        _planned(
            instances,
            desk,
            count=4,
            timezone="Australia/Brisbane",
            recurrence_type="monthly",
            day_of_month=_day_ahead(ZoneInfo("Australia/Brisbane"), now, 5),
            valid_for_in_minutes=90000,
        ),
    ]
    # Its coupons would last until they are looked for, days later.
    deleted = _planned(instances, desk, count=1, timezone="Asia/Kathmandu", valid_for_in_minutes=90000)
    if not desk.delete(deleted.instance, deleted.schedule).ok:
        verify.cannot_tell("SCHED-RUN-06", "the schedule could not be deleted")
    witness = instances.make("witness of the time")
    told = [plan for plan in plans if plan.due is not None]
    if not told or deleted.due is None:
        raise CannotTell("new schedules do not tell when they run next")
    # When a run that the update has called off would be over.
    over = former + _LATEST if former and updated.due and former + _LATEST < updated.due else None
    for number, plan in enumerate(sorted(told, key=lambda plan: plan.due or now)):
        verify.start_scenario()
        due = plan.due
        assert due is not None
        begin = over if over is not None and over < due else due + PRECISION
        timeline.reach(begin)
        if number == 0:
            timeline.is_kept(witness)
        if begin == over:
            _not_as_before(verify, timeline, updated)
            over = None
        _judge_run(verify, timeline, plan, due)
        later = timeline.reach(clock.now() + _HOUR)
        listed = desk.listed(plan.instance, purpose="list the coupons an hour after the run")
        verify.check(
            "SCHED-RUN-05",
            len(listed) <= len(plan.coupons),
            f"{plan.what} made {len(plan.coupons)} coupons at {due}; at {later} there are {len(listed)}",
        )
    _past_kept(verify, desk, plans[0])
    verify.start_scenario()
    timeline.reach(deleted.due + _LATEST)
    listed = desk.listed(deleted.instance, purpose="list the coupons of a schedule that was deleted")
    verify.check(
        "SCHED-RUN-06",
        not listed,
        f"a schedule deleted before its run at {deleted.due} has made {len(listed)} coupons",
    )
    for instance in (*(plan.instance for plan in plans), deleted.instance, witness):
        instances.delete(instance["id"])


def _planned(instances: Instances, desk: CouponDesk, **changes: Any) -> _Plan:
    instance = instances.make("runs")
    body, schedule = desk.make(instance, "runs", **({"valid_for_in_minutes": _VALID_FOR} | changes))
    return _Plan(instance, body, desk.dated(instance, schedule))


def _update(desk: CouponDesk, plan: _Plan, **changes: Any) -> datetime | None:
    """Change the schedule; gives when it was due before. None, and nothing has changed, if that is refused."""
    former, body = plan.due, plan.body | changes
    answer = desk.change(plan.instance, plan.schedule, body, "before it has run")
    for pause in pauses(desk.schedules.settle_timeout) if answer.ok else ():
        schedule = desk.look(plan.instance, plan.schedule)
        if not differing(body, schedule):
            plan.body, plan.schedule = body, schedule
            return former
        time.sleep(pause)
    return None


def _past_kept(verify: Verifier, desk: CouponDesk, plan: _Plan) -> None:
    """See that an update of the name, after a run, does not touch what is told of the run."""
    before = instant(desk.look(plan.instance, plan.schedule).get("last_run_at"))
    answer = desk.change(
        plan.instance, plan.schedule, plan.body | {"name": f"{plan.body['name']}s"}, "its name"
    )
    if before is None or not answer.ok:
        return
    after = desk.look(plan.instance, plan.schedule).get("last_run_at")
    verify.check(
        "SCHED-RUN-03",
        (instant(after) or before - _MINUTE) >= before,
        f"{plan.what} last ran at {before}; after an update of its name it shows the last_run_at {after!r}",
    )


def _not_as_before(verify: Verifier, timeline: _Runs, plan: _Plan) -> None:
    """See that a schedule has not run when it was due before its update."""
    listed = timeline.desk.listed(plan.instance, purpose="list the coupons before the run")
    verify.check(
        "SCHED-RUN-05",
        not listed,
        f"{plan.what} runs next at {plan.due}; at {timeline.clock.now()} it has made {len(listed)} coupons, having "
        "been due before an update",
    )


def _judge_run(verify: Verifier, timeline: _Runs, plan: _Plan, due: datetime) -> None:
    now = timeline.run_of(plan)
    count = plan.body["count"]
    verify.check(
        "SCHED-RUN-01",
        len(plan.coupons) == count,
        f"{plan.what} was due at {due}; at {now} {len(plan.coupons)} coupons are listed, expected {count}",
    )
    lasting = timedelta(minutes=plan.body["valid_for_in_minutes"])
    wrong = [
        coupon
        for coupon in plan.coupons
        if coupon.expires_at is None or not due - PRECISION <= coupon.expires_at - lasting <= now + PRECISION
    ]
    if plan.coupons:
        verify.check(
            "SCHED-RUN-02",
            not wrong,
            f"coupons of a run at {due}, valid for {lasting}, expire at {wrong[0].expires_at}"
            if wrong
            else f"they expire {lasting} after {due}",
        )
    last = instant(plan.schedule.get("last_run_at"))
    verify.check(
        "SCHED-RUN-03",
        last is not None and due - PRECISION <= last <= now + PRECISION,
        f"{plan.what} was due at {due}; at {now} its last_run_at is {plan.schedule.get('last_run_at')!r}",
    )
    _judge_next(verify, plan, due)
    names = [f"tokens_{what}_since_last_run" for what in ("generated", "used")]
    counted = [plan.schedule.get(name) for name in names]
    verify.check(
        "SCHED-RUN-07",
        counted == [count, 0],
        f"after a run of {count} coupons the schedule counts {counted[0]} generated, {counted[1]} used",
    )


def _judge_next(verify: Verifier, plan: _Plan, due: datetime) -> None:
    upcoming = plan.due
    if upcoming is None:
        verify.cannot_tell(
            "SCHED-RUN-04", f"after the run next_run_at is {plan.schedule.get('next_run_at')!r}"
        )
        return
    recurrence = recurrence_of(plan.body)
    wanted = recurrence.following(recurrence.local_date(due))
    verify.check(
        "SCHED-RUN-04",
        recurrence.local_date(upcoming) == wanted,
        f"{plan.what} ran at {due} and runs next at {upcoming}; expected on {wanted:%A %d %B %Y} there",
    )


@pytest.mark.moves_clock
@pytest.mark.verifies("SCHED-RUN-08", "SCHED-RUN-01")
def test_change_of_the_clocks(
    instances: Instances, verify: Verifier, desk: CouponDesk, clock: LabClock
) -> None:
    """A daily schedule over the days around the next change of some zone's clocks, of 23 or 25 hours."""
    found = soonest_change(_CHANGING_ZONES, clock.now() + timedelta(days=4))
    if found is None:
        raise CannotTell("no zone that is known here changes its clocks within a year")
    zone, change = found
    timeline = _Runs(clock, desk)
    timeline.reach(change - timedelta(days=2, hours=12))
    plan = _planned(instances, desk, count=1, timezone=zone.key)
    due = plan.due
    if due is None:
        raise CannotTell("a new schedule does not tell when it runs next")
    witness = instances.make("witness of the time")
    timeline.reach(due)
    timeline.is_kept(witness)
    while due < change + timedelta(days=1):
        verify.start_scenario()
        timeline.run_of(plan)
        upcoming = plan.due
        if upcoming is None or upcoming == due:
            raise CannotTell(f"{plan.what} did not run at {due}")
        # Those of the run before have expired: what is listed is of this run.
        verify.check(
            "SCHED-RUN-01",
            len(plan.coupons) == plan.body["count"],
            f"{plan.what} was due at {due}; afterwards {len(plan.coupons)} coupons are listed, expected 1",
        )
        days = recurrence_of(plan.body).local_date(upcoming) - recurrence_of(plan.body).local_date(due)
        verify.check(
            "SCHED-RUN-08",
            days == timedelta(days=1) and at_same_local_time(due, upcoming, zone, within=_MINUTE),
            f"the clocks of {zone.key} change at {change}; a daily schedule runs at {due.astimezone(zone)} and next "
            f"at {upcoming.astimezone(zone)}",
        )
        due = upcoming
    for instance in (plan.instance, witness):
        instances.delete(instance["id"])
