"""The store of coupon schedules, and the runs that make their coupons."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reference_impl.database import Database
from reference_impl.records import CouponRecord, InstanceRecord, ScheduleRecord
from reference_impl.recurrence import Recurrence
from reference_impl.schemas_coupons import RecurrenceType, ScheduleWrite
from reference_impl.stores.coupons import CouponStore, find_sequence

_WRITABLE = (
    "name",
    "count",
    "recurrence_type",
    "day_of_week",
    "day_of_month",
    "valid_for_in_minutes",
    "timezone",
    "notification_group_id",
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule with its instance and the coupons of its latest run: how many it made, how many are used."""

    record: ScheduleRecord
    instance_id: str
    generated: int
    used: int


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of a schedule has made."""

    schedule_id: str
    name: str
    instance_id: str
    notification_group_id: str
    count: int
    expires_at: datetime


class ScheduleStore:
    """Schedules of all instances."""

    def __init__(self, database: Database, coupons: CouponStore) -> None:
        self._database = database
        self._coupons = coupons

    async def schedules(self, instance_id: str, tenant: str) -> list[Schedule] | None:
        """Return the schedules of an instance, oldest first; None if the tenant has no such instance."""
        async with self._database.reading() as session:
            if await find_sequence(session, instance_id, tenant) is None:
                return None
            query = _of_tenant(instance_id, tenant).order_by(ScheduleRecord.sequence)
            return await _counted(session, list(await session.scalars(query)), instance_id)

    async def schedule(self, instance_id: str, schedule_id: str, tenant: str) -> Schedule | None:
        """Return a schedule, or None if this instance of the tenant has no such one."""
        async with self._database.reading() as session:
            record = await _find(session, instance_id, schedule_id, tenant)
            return None if record is None else (await _counted(session, [record], instance_id))[0]

    async def exists(self, schedule_id: str) -> bool:
        """Return whether there is a schedule of this id, whoever's it is."""
        query = select(ScheduleRecord.sequence).where(ScheduleRecord.id == schedule_id)
        async with self._database.reading() as session:
            return await session.scalar(query) is not None

    async def create(
        self, instance_id: str, tenant: str, wanted: ScheduleWrite, now: datetime
    ) -> Schedule | None:
        """Store a new schedule, first due after `now`; None if the tenant has no such instance."""
        async with self._database.writing() as session:
            instance = await find_sequence(session, instance_id, tenant)
            if instance is None:
                return None
            record = ScheduleRecord(
                id=self._database.new_id(),
                instance_sequence=instance,
                last_run_at=None,
                created_at=now,
                **{field: getattr(wanted, field) for field in _WRITABLE},
            )
            record.next_run_at = recurrence_of(record).next_after(now)
            session.add(record)
        return Schedule(record, instance_id, 0, 0)

    async def replace(
        self, instance_id: str, schedule_id: str, tenant: str, wanted: ScheduleWrite, now: datetime
    ) -> Schedule | None:
        """Replace what is writable. Only a recurrence that has changed is reckoned anew from `now`."""
        async with self._database.writing() as session:
            record = await _find(session, instance_id, schedule_id, tenant)
            if record is None:
                return None
            before = recurrence_of(record)
            for field in _WRITABLE:
                setattr(record, field, getattr(wanted, field))
            recurrence = recurrence_of(record)
            if recurrence != before:
                record.next_run_at = recurrence.next_after(now)
            return (await _counted(session, [record], instance_id))[0]

    async def delete(self, instance_id: str, schedule_id: str, tenant: str) -> bool:
        """Delete a schedule and keep its coupons; return whether it was known."""
        async with self._database.writing() as session:
            record = await _find(session, instance_id, schedule_id, tenant)
            if record is None:
                return False
            await session.delete(record)
        return True

    async def run(self, instance_id: str, schedule_id: str, tenant: str, now: datetime) -> Run | None:
        """Make the coupons of one run now, whenever the next one is due; None if the schedule is unknown."""
        async with self._database.writing() as session:
            record = await _find(session, instance_id, schedule_id, tenant)
            return None if record is None else await self._run(session, record, instance_id, now)

    async def due(self, now: datetime) -> list[str]:
        """Return the ids of the schedules that are due, the longest overdue first."""
        query = select(ScheduleRecord.id).where(ScheduleRecord.next_run_at <= now)
        async with self._database.reading() as session:
            return list(await session.scalars(query.order_by(ScheduleRecord.next_run_at)))

    async def run_due(self, schedule_id: str, now: datetime) -> Run | None:
        """Run a schedule if it is due; None if it is not, or if another process has been quicker.

        Runs that were missed meanwhile are made up by this one: the next is the first one after `now`.
        """
        async with self._database.writing() as session:
            query = (
                select(ScheduleRecord, InstanceRecord.id)
                .join(InstanceRecord, InstanceRecord.sequence == ScheduleRecord.instance_sequence)
                .where(ScheduleRecord.id == schedule_id, ScheduleRecord.next_run_at <= now)
            )
            found = (await session.execute(query)).first()
            if found is None:
                return None
            record, instance_id = found
            # Claimed by the time it was due at: whoever read the same time and comes second changes no row.
            claimed = await session.scalar(
                update(ScheduleRecord)
                .where(ScheduleRecord.id == schedule_id, ScheduleRecord.next_run_at == record.next_run_at)
                .values(next_run_at=recurrence_of(record).next_after(now))
                .returning(ScheduleRecord.id)
                .execution_options(synchronize_session=False)
            )
            return None if claimed is None else await self._run(session, record, instance_id, now)

    async def next_due(self) -> datetime | None:
        """Return when the next schedule is due, None if there is none."""
        async with self._database.reading() as session:
            return await session.scalar(select(func.min(ScheduleRecord.next_run_at)))

    async def _run(
        self, session: AsyncSession, record: ScheduleRecord, instance_id: str, now: datetime
    ) -> Run:
        # Coupons are counted by the run that made them, so no two runs may bear the same time.
        moment = now
        if record.last_run_at is not None:
            moment = max(now, record.last_run_at + timedelta(microseconds=1))
        lifetime = timedelta(minutes=record.valid_for_in_minutes)
        await self._coupons.add(
            session,
            record.instance_sequence,
            record.count,
            now,
            lifetime,
            schedule_id=record.id,
            made_by_run=moment,
        )
        record.last_run_at = moment
        return Run(
            record.id, record.name, instance_id, record.notification_group_id, record.count, now + lifetime
        )


def recurrence_of(record: ScheduleRecord) -> Recurrence:
    """Return the days a schedule runs on; days that its type does not use are left out."""
    kind = cast(RecurrenceType, record.recurrence_type)
    return Recurrence(
        kind,
        record.timezone,
        record.day_of_week if kind == "weekly" else None,
        record.day_of_month if kind == "monthly" else None,
    )


def _of_tenant(instance_id: str, tenant: str) -> Select[ScheduleRecord]:
    return (
        select(ScheduleRecord)
        .join(InstanceRecord, InstanceRecord.sequence == ScheduleRecord.instance_sequence)
        .where(InstanceRecord.id == instance_id, InstanceRecord.tenant == tenant)
    )


async def _find(
    session: AsyncSession, instance_id: str, schedule_id: str, tenant: str
) -> ScheduleRecord | None:
    return await session.scalar(_of_tenant(instance_id, tenant).where(ScheduleRecord.id == schedule_id))


async def _counted(session: AsyncSession, records: list[ScheduleRecord], instance_id: str) -> list[Schedule]:
    """Return the schedules with the counts of their latest runs."""
    query = (
        select(ScheduleRecord.id, func.count(), func.count(CouponRecord.redeemed_at))
        .join(
            CouponRecord,
            (CouponRecord.schedule_id == ScheduleRecord.id)
            & (CouponRecord.made_by_run == ScheduleRecord.last_run_at),
        )
        .where(ScheduleRecord.id.in_([record.id for record in records]))
        .group_by(ScheduleRecord.id)
    )
    counts = {id_: (made, used) for id_, made, used in (await session.execute(query)).all()}
    return [Schedule(record, instance_id, *counts.get(record.id, (0, 0))) for record in records]
