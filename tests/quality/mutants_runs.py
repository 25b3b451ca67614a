"""Mutants of the runs of coupon schedules: when they are, and what they make."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update

from reference_impl.records import CouponRecord, ScheduleRecord
from reference_impl.recurrence import Recurrence
from reference_impl.schemas_coupons import ScheduleWrite
from reference_impl.stores import coupons, schedules
from reference_impl.stores.coupons import CouponStore
from reference_impl.stores.schedules import Run, Schedule, ScheduleStore
from tests.quality.mutants_doors import (
    Document,
    kept_after_deletion,
)
from tests.quality.mutants_stage import Mutant, Stage, each, on_body, replaces

_WRITABLE = schedules._WRITABLE


def _shows(*operations: str, **others: Callable[[Document], Any]) -> Callable[[Stage], None]:
    """Schedules are shown with other values of some properties."""
    return on_body(
        *operations,
        change=each(lambda item: item | {name: value(item) for name, value in others.items()}),
    )


@dataclass(frozen=True, slots=True)
class _After:
    """What stands for the recurrence of a schedule that runs now: `reckon` gives the next run."""

    recurrence: Recurrence
    due: datetime
    reckon: Callable[[Recurrence, datetime, datetime], datetime]

    def next_after(self, moment: datetime) -> datetime:
        return self.reckon(self.recurrence, self.due, moment)


def _afterwards(reckon: Callable[[Recurrence, datetime, datetime], datetime]) -> Callable[[Stage], None]:
    """After a run, the next one is what `reckon` says: of the recurrence, when it was due, and the time now."""

    def apply(stage: Stage) -> None:
        running = ContextVar("running", default=False)

        async def run_due(self: ScheduleStore, schedule_id: str, now: datetime) -> Run | None:
            token = running.set(True)
            try:
                run: Run | None = await run_as_due(self, schedule_id, now)
            finally:
                running.reset(token)
            return run

        def recurrence_of(record: ScheduleRecord) -> Any:
            right = read(record)
            return _After(right, record.next_run_at, reckon) if running.get() else right

        run_as_due = stage.patch(ScheduleStore, "run_due", run_due)
        read = stage.patch(schedules, "recurrence_of", recurrence_of)

    return apply


def _period(right: Recurrence, due: datetime, now: datetime) -> datetime:
    """Periods of so many hours, whatever clocks and calendars say; a month that has them is spared."""
    month = 30 if due.month == 2 else 28
    return due + timedelta(days={"daily": 1, "weekly": 7, "monthly": month}[right.type])


def _daily_from_now_on(right: Recurrence, due: datetime, now: datetime) -> datetime:
    return Recurrence("daily", right.timezone).next_after(now)


def _every_other_day(right: Recurrence, due: datetime, now: datetime) -> datetime:
    following = right.next_after(now)
    return right.next_after(following) if right.type == "daily" else following


def _a_day_of_24_hours(right: Recurrence, due: datetime, now: datetime) -> datetime:
    return due + timedelta(hours=24) if right.type == "daily" else right.next_after(now)


def _runs_with(**others: Callable[[ScheduleRecord], Any]) -> Callable[[Stage], None]:
    """A run goes by other properties than the schedule has."""

    def make(original: Any) -> Any:
        async def run(
            self: ScheduleStore, session: Any, record: ScheduleRecord, instance_id: str, now: datetime
        ) -> Run:
            right = {name: getattr(record, name) for name in others}
            for name, value in others.items():
                setattr(record, name, value(record))
            try:
                made: Run = await original(self, session, record, instance_id, now)
            finally:
                for name, was in right.items():
                    setattr(record, name, was)
            return made

        return run

    return replaces(ScheduleStore, "_run", make)


def _runs_as_created(stage: Stage) -> None:
    """What a run makes was laid down when the schedule was created; updates come too late for it."""
    counts: dict[str, int] = {}

    async def create(
        self: ScheduleStore, instance_id: str, tenant: str, wanted: ScheduleWrite, now: datetime
    ) -> Schedule | None:
        made: Schedule | None = await original(self, instance_id, tenant, wanted, now)
        if made is not None:
            counts[made.record.id] = made.record.count
        return made

    original = stage.patch(ScheduleStore, "create", create)
    _runs_with(count=lambda record: counts[record.id])(stage)


def _then(change: Callable[[ScheduleRecord], None]) -> Callable[[Stage], None]:
    """A run, and then a change to the schedule."""

    def make(original: Any) -> Any:
        async def run(
            self: ScheduleStore, session: Any, record: ScheduleRecord, instance_id: str, now: datetime
        ) -> Run:
            made: Run = await original(self, session, record, instance_id, now)
            change(record)
            return made

        return run

    return replaces(ScheduleStore, "_run", make)


def _last_run_unset(record: ScheduleRecord) -> None:
    record.last_run_at = None


def _twice(original: Any) -> Any:
    """Two processes run what is due, and neither knows of the other."""

    async def run(
        self: ScheduleStore, session: Any, record: ScheduleRecord, instance_id: str, now: datetime
    ) -> Run:
        await original(self, session, record, instance_id, now)
        made: Run = await original(self, session, record, instance_id, now)
        return made

    return run


def _first_run_alone(original: Any) -> Any:
    async def run(
        self: ScheduleStore, session: Any, record: ScheduleRecord, instance_id: str, now: datetime
    ) -> Run:
        if record.last_run_at is None:
            made: Run = await original(self, session, record, instance_id, now)
            return made
        record.last_run_at = now
        return Run(record.id, record.name, instance_id, record.notification_group_id, 0, now)

    return run


def _for_the_first_instance(original: Any) -> Any:
    """The coupons of every run belong to the instance that was made first."""

    async def run(
        self: ScheduleStore, session: Any, record: ScheduleRecord, instance_id: str, now: datetime
    ) -> Run:
        made: Run = await original(self, session, record, instance_id, now)
        first = select(ScheduleRecord.instance_sequence).order_by(ScheduleRecord.sequence).limit(1)
        await session.execute(
            update(CouponRecord)
            .where(CouponRecord.schedule_id == record.id)
            .values(instance_sequence=first.scalar_subquery())
        )
        return made

    return run


def _never(original: Any) -> Any:
    async def run_due(self: ScheduleStore, schedule_id: str, now: datetime) -> Run | None:
        return None

    return run_due


def _by_hand_nothing(original: Any) -> Any:
    async def run(
        self: ScheduleStore, instance_id: str, schedule_id: str, tenant: str, now: datetime
    ) -> Run | None:
        found = await self.schedule(instance_id, schedule_id, tenant)
        return None if found is None else Run(schedule_id, found.record.name, instance_id, "", 0, now)

    return run


def _by_hand_untold(original: Any) -> Any:
    """A run by hand is not written down."""

    async def run(
        self: ScheduleStore, instance_id: str, schedule_id: str, tenant: str, now: datetime
    ) -> Run | None:
        made: Run | None = await original(self, instance_id, schedule_id, tenant, now)
        async with self._database.writing() as session:
            await session.execute(
                update(ScheduleRecord).where(ScheduleRecord.id == schedule_id).values(last_run_at=None)
            )
        return made

    return run


def _kept_at_its_number(stage: Stage) -> None:
    """Coupons of a run that were there half an hour later are made up to `count` again when somebody looks."""

    async def valid(self: CouponStore, instance_id: str, tenant: str, now: datetime) -> Any:
        found = await original(self, instance_id, tenant, now)
        late = found and found[0].schedule_id and now - found[0].created_at > timedelta(minutes=30)
        if late and not any(coupon.schedule_id is None for coupon in found):
            async with self._database.writing() as session:
                sequence = await coupons.find_sequence(session, instance_id, tenant)
                await self.add(session, sequence or 0, 1, now, timedelta(hours=5))
            found = await original(self, instance_id, tenant, now)
        return found

    original = stage.patch(CouponStore, "valid", valid)


class _OwnJobs:
    """Runs come from a plan beside the schedules, which shows in their coupons alone."""

    def __init__(self, stage: Stage, on: Callable[[ScheduleRecord], Recurrence]) -> None:
        self._on = on
        self._jobs: dict[str, tuple[Recurrence, datetime]] = {}
        self._valid = stage.patch(CouponStore, "valid", self._listing())
        self._create = stage.patch(ScheduleStore, "create", self._creating())

    def _creating(self) -> Any:
        async def create(
            store: ScheduleStore, instance_id: str, tenant: str, wanted: ScheduleWrite, now: datetime
        ) -> Schedule | None:
            made: Schedule | None = await self._create(store, instance_id, tenant, wanted, now)
            if made is not None:
                job = self._on(made.record)
                self._jobs[made.record.id] = job, job.next_after(now)
            return made

        return create

    def _listing(self) -> Any:
        async def valid(store: CouponStore, instance_id: str, tenant: str, now: datetime) -> Any:
            async with store._database.writing() as session:
                sequence = await coupons.find_sequence(session, instance_id, tenant)
                query = select(ScheduleRecord).where(ScheduleRecord.instance_sequence == (sequence or 0))
                for record in list(await session.scalars(query)):
                    await self._catch_up(store, session, record, now)
            return await self._valid(store, instance_id, tenant, now)

        return valid

    async def _catch_up(
        self, store: CouponStore, session: Any, record: ScheduleRecord, now: datetime
    ) -> None:
        job, due = self._jobs[record.id]
        lifetime = timedelta(minutes=record.valid_for_in_minutes)
        right = schedules.recurrence_of(record)
        while due <= now:
            announced = right.next_after(due - timedelta(seconds=1)) == due
            if not announced and due + lifetime > now:
                await store.add(
                    session, record.instance_sequence, record.count, due, lifetime, schedule_id=record.id
                )
            due = job.next_after(due)
        self._jobs[record.id] = job, due


def _jobs(stage: Stage, on: Callable[[ScheduleRecord], Recurrence]) -> None:
    _OwnJobs(stage, on)


def _every_day_besides(record: ScheduleRecord) -> Recurrence:
    return Recurrence("daily", record.timezone)


def _forgets_the_last_run(stage: Stage) -> None:
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
            if record is not None:
                record.last_run_at = None
        stored: Schedule | None = await original(self, instance_id, schedule_id, tenant, wanted, now)
        return stored

    original = stage.patch(ScheduleStore, "replace", store)


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "no schedule runs", "semantics", "SCHED-RUN-01", replaces(ScheduleStore, "run_due", _never), budget=90
    ),
    Mutant(
        "a run makes one less",
        "semantics",
        "SCHED-RUN-01",
        _runs_with(count=lambda record: record.count - 1),
        budget=90,
    ),
    Mutant(
        "a run makes no more than a batch",
        "semantics",
        "SCHED-RUN-01",
        _runs_with(count=lambda record: min(record.count, 200)),
        budget=90,
    ),
    Mutant(
        "two run the same schedule",
        "semantics",
        "SCHED-RUN-01",
        replaces(ScheduleStore, "_run", _twice),
        budget=90,
    ),
    Mutant(
        "a schedule runs once",
        "semantics",
        "SCHED-RUN-01",
        replaces(ScheduleStore, "_run", _first_run_alone),
        budget=90,
    ),
    Mutant(
        "a run makes what was asked for at first", "semantics", "SCHED-RUN-01", _runs_as_created, budget=90
    ),
    Mutant(
        "runs for the first instance",
        "semantics",
        "SCHED-RUN-01",
        replaces(ScheduleStore, "_run", _for_the_first_instance),
        budget=90,
    ),
    Mutant(
        "coupons of a run for twice the time",
        "semantics",
        "SCHED-RUN-02",
        _runs_with(valid_for_in_minutes=lambda record: 2 * record.valid_for_in_minutes),
    ),
    Mutant(
        "coupons of a run for a month at most",
        "semantics",
        "SCHED-RUN-02",
        _runs_with(valid_for_in_minutes=lambda record: min(record.valid_for_in_minutes, 43200)),
        budget=60,
    ),
    Mutant("an update forgets the last run", "semantics", "SCHED-RUN-03", _forgets_the_last_run, budget=90),
    Mutant("no last run", "semantics", "SCHED-RUN-03", _then(_last_run_unset)),
    Mutant(
        "the last run is the last but one",
        "semantics",
        "SCHED-RUN-03",
        _shows("listCouponSchedules", last_run_at=lambda item: item["created_at"]),
    ),
    Mutant(
        "daily after the first run", "semantics", "SCHED-RUN-04", _afterwards(_daily_from_now_on), budget=60
    ),
    Mutant("a month of four weeks", "semantics", "SCHED-RUN-04", _afterwards(_period), budget=60),
    Mutant("every other day", "semantics", "SCHED-RUN-04", _afterwards(_every_other_day), budget=60),
    Mutant(
        "coupons made up to their number again", "semantics", "SCHED-RUN-05", _kept_at_its_number, budget=60
    ),
    Mutant(
        "every schedule also runs daily",
        "semantics",
        "SCHED-RUN-05",
        lambda stage: _jobs(stage, _every_day_besides),
        budget=60,
    ),
    Mutant(
        "an update leaves the old plan",
        "semantics",
        "SCHED-RUN-05",
        lambda stage: _jobs(stage, schedules.recurrence_of),
        budget=60,
    ),
    Mutant(
        "a deleted schedule runs",
        "semantics",
        "SCHED-RUN-06",
        kept_after_deletion("deleteCouponSchedule"),
        budget=60,
    ),
    Mutant(
        "tokens of a run not counted",
        "semantics",
        "SCHED-RUN-07",
        _shows("listCouponSchedules", tokens_generated_since_last_run=lambda item: 0),
        budget=60,
    ),
    Mutant(
        "no token is ever used",
        "semantics",
        "SCHED-18",
        _shows(
            "listCouponSchedules",
            tokens_used_since_last_run=lambda item: 0,
            tokens_available_since_last_run=lambda item: item["tokens_generated_since_last_run"],
        ),
    ),
    Mutant(
        "used tokens are still available",
        "semantics",
        "SCHED-18",
        _shows(
            "listCouponSchedules",
            tokens_available_since_last_run=lambda item: item["tokens_generated_since_last_run"],
        ),
    ),
    Mutant("a day of 24 hours", "semantics", "SCHED-RUN-08", _afterwards(_a_day_of_24_hours)),
    Mutant(
        "a run by hand makes nothing",
        "semantics",
        "SCHED-RUN-09",
        replaces(ScheduleStore, "run", _by_hand_nothing),
    ),
    Mutant(
        "a run by hand not written down",
        "semantics",
        "SCHED-RUN-09",
        replaces(ScheduleStore, "run", _by_hand_untold),
    ),
)
