"""Mutants of coupon schedules: what is taken, kept, shown and deleted of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from reference_impl.records import ScheduleRecord
from reference_impl.schemas_coupons import ScheduleWrite
from reference_impl.stores import schedules
from reference_impl.stores.schedules import Schedule, ScheduleStore
from tests.quality.mutants_doors import (
    Document,
    deleting,
    kept_after_deletion,
    refused_but_done,
    refusing,
    rewriting,
    to_others,
    with_body,
)
from tests.quality.mutants_stage import Mutant, Stage, each, on_body, replaces

_SHOWING = ("createCouponSchedule", "updateCouponSchedule", "getCouponSchedule", "listCouponSchedules")
_WRITABLE = schedules._WRITABLE


def _shows(*operations: str, **others: Callable[[Document], Any]) -> Callable[[Stage], None]:
    """Schedules are shown with other values of some properties."""
    return on_body(
        *operations,
        change=each(lambda item: item | {name: value(item) for name, value in others.items()}),
    )


def _keeps(name: str) -> Callable[[Stage], None]:
    """An update leaves one property as it was, and shows the new one in its answer."""

    def make(original: Any) -> Any:
        async def store(
            self: ScheduleStore,
            instance_id: str,
            schedule_id: str,
            tenant: str,
            wanted: ScheduleWrite,
            now: datetime,
        ) -> Schedule | None:
            current = await self.schedule(instance_id, schedule_id, tenant)
            if current is None:
                return None
            kept = wanted.model_copy(update={name: getattr(current.record, name)})
            stored: Schedule | None = await original(self, instance_id, schedule_id, tenant, kept, now)
            if stored is not None:
                setattr(stored.record, name, getattr(wanted, name))
            return stored

        return store

    return replaces(ScheduleStore, "replace", make)


def _made_anew(stage: Stage) -> None:
    """An update makes the schedule anew: it has no past any more."""

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
                record.created_at = now + timedelta(minutes=1)
        stored: Schedule | None = await original(self, instance_id, schedule_id, tenant, wanted, now)
        return stored

    original = stage.patch(ScheduleStore, "replace", store)


def _of_every_instance(original: Any) -> Any:
    async def found(self: ScheduleStore, instance_id: str, tenant: str) -> list[Schedule]:
        async with self._database.reading() as session:
            records = list(await session.scalars(select(ScheduleRecord)))
            return await schedules._counted(session, records, instance_id)

    return found


def _below_any_instance(original: Any) -> Any:
    async def find(session: Any, instance_id: str, schedule_id: str, tenant: str) -> ScheduleRecord | None:
        query = select(ScheduleRecord).where(ScheduleRecord.id == schedule_id)
        found: ScheduleRecord | None = await session.scalar(query)
        return found

    return find


def _sets(name: str) -> Callable[[Document, Document], Document | None]:
    return lambda other, sent: {key: other[key] for key in _WRITABLE} | {name: sent[name]}


def _any_number(body: Document) -> Document:
    return {name: int(value) for name, value in body.items() if isinstance(value, str) and value.isdecimal()}


def _whole_number(body: Document) -> Document:
    return {name: int(value) for name, value in body.items() if isinstance(value, float)}


def _text_of_anything(name: str) -> Callable[[Document], Document | None]:
    return lambda body: None if isinstance(body.get(name), str) else {name: str(body.get(name))}


def _known_recurrence(body: Document) -> Document | None:
    known = body.get("recurrence_type") in ("daily", "weekly", "monthly")
    return None if known else {"recurrence_type": "daily"}


def _within(name: str, least: int, most: int) -> Callable[[Document], Document | None]:
    """The nearest number that is allowed stands for one that is not."""

    def clamp(body: Document) -> Document | None:
        number = body.get(name)
        return {name: max(least, min(most, number))} if type(number) is int else None

    return clamp


def _default(name: str, value: Any) -> Callable[[Document], Document | None]:
    return lambda body: {name: value} if body.get(name) is None else None


def _known_zone(body: Document) -> Document | None:
    return {"timezone": "UTC"} if "Mars" in str(body.get("timezone")) else None


def _half_updated(now: Document, sent: Document) -> Document:
    """Properties are stored one by one, until the one at fault."""
    return {name: now[name] for name in _WRITABLE} | {"name": sent["name"], "count": sent["count"]}


def _not_deleted(original: Any) -> Any:
    async def delete(self: ScheduleStore, instance_id: str, schedule_id: str, tenant: str) -> bool:
        return await self.schedule(instance_id, schedule_id, tenant) is not None

    return delete


def _without_its_instance(stage: Stage) -> None:
    """The list of schedules does not look for the instance, only for what refers to it."""

    async def found(self: ScheduleStore, instance_id: str, tenant: str) -> list[Schedule]:
        return await original(self, instance_id, tenant) or []

    original = stage.patch(ScheduleStore, "schedules", found)


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "a count of one is shown",
        "semantics",
        "SCHED-01",
        _shows("createCouponSchedule", count=lambda item: 1),
    ),
    Mutant(
        "a schedule of itself",
        "semantics",
        "SCHED-01",
        _shows("createCouponSchedule", instance_id=lambda item: item["id"]),
    ),
    Mutant("every schedule in UTC", "semantics", "SCHED-01", _shows(*_SHOWING, timezone=lambda item: "UTC")),
    Mutant(
        "one schedule reads as its id",
        "semantics",
        "SCHED-02",
        _shows("getCouponSchedule", name=lambda item: item["id"]),
    ),
    Mutant(
        "the latest schedule not listed yet",
        "semantics",
        "SCHED-03",
        on_body("listCouponSchedules", change=lambda body: body[:-1]),
    ),
    Mutant(
        "the first schedule twice",
        "semantics",
        "SCHED-03",
        on_body("listCouponSchedules", change=lambda body: body[:1] + body),
    ),
    Mutant(
        "schedules of every instance",
        "semantics",
        "SCHED-04",
        replaces(ScheduleStore, "schedules", _of_every_instance),
    ),
    Mutant(
        "a schedule below any instance",
        "semantics",
        "SCHED-05",
        replaces(schedules, "_find", _below_any_instance),
    ),
    Mutant(
        "at most a hundred coupons a run",
        "validation",
        "SCHED-06",
        refusing("updateCouponSchedule", when=with_body(lambda body: body.get("count") == 500)),
    ),
    Mutant(
        "at most a month of validity",
        "validation",
        "SCHED-06",
        refusing(
            "updateCouponSchedule", when=with_body(lambda body: body.get("valid_for_in_minutes") == 90000)
        ),
    ),
    Mutant(
        "Sunday refused",
        "validation",
        "SCHED-06",
        refusing("updateCouponSchedule", when=with_body(lambda body: body.get("day_of_week") == 0)),
    ),
    Mutant(
        "days that some months lack refused",
        "validation",
        "SCHED-06",
        refusing("updateCouponSchedule", when=with_body(lambda body: body.get("day_of_month") == 31)),
        budget=60,
    ),
    *(
        Mutant(
            f"{name} clamped",
            "validation",
            "SCHED-07",
            rewriting("updateCouponSchedule", change=_within(name, least, most)),
            budget=60,
        )
        for name, least, most in (
            ("count", 1, 500),
            ("valid_for_in_minutes", 1, 90000),
            ("day_of_week", 0, 6),
            ("day_of_month", 1, 31),
        )
    ),
    Mutant(
        "numbers by text", "validation", "SCHED-08", rewriting("updateCouponSchedule", change=_any_number)
    ),
    Mutant(
        "other recurrences are daily",
        "validation",
        "SCHED-08",
        rewriting("updateCouponSchedule", change=_known_recurrence),
    ),
    Mutant(
        "a name of any type",
        "validation",
        "SCHED-08",
        rewriting("updateCouponSchedule", change=_text_of_anything("name")),
    ),
    Mutant(
        "501 coupons are 500",
        "validation",
        "SCHED-09",
        rewriting("createCouponSchedule", change=_within("count", 1, 500)),
        budget=60,
    ),
    Mutant(
        "no minutes are one",
        "validation",
        "SCHED-09",
        rewriting("createCouponSchedule", change=_within("valid_for_in_minutes", 1, 90000)),
        budget=60,
    ),
    Mutant(
        "yearly is daily",
        "validation",
        "SCHED-09",
        rewriting("createCouponSchedule", change=_known_recurrence),
        budget=60,
    ),
    Mutant(
        "weekly on Mondays unless said",
        "validation",
        "SCHED-09",
        rewriting("createCouponSchedule", change=_default("day_of_week", 1)),
        budget=60,
    ),
    Mutant(
        "monthly on the first unless said",
        "validation",
        "SCHED-09",
        rewriting("createCouponSchedule", change=_default("day_of_month", 1)),
        budget=60,
    ),
    Mutant(
        "updates to some day",
        "validation",
        "SCHED-10",
        rewriting("updateCouponSchedule", change=_default("day_of_week", 1)),
        budget=60,
    ),
    Mutant(
        "unknown zones are UTC",
        "validation",
        "SCHED-11",
        rewriting("updateCouponSchedule", change=_known_zone),
        budget=60,
    ),
    Mutant(
        "half an update",
        "semantics",
        "SCHED-12",
        refused_but_done("updateCouponSchedule", _half_updated),
        budget=60,
    ),
    *(
        Mutant(f"an update keeps {name}", "semantics", "SCHED-13", _keeps(name))
        for name in ("name", "count", "valid_for_in_minutes", "timezone")
    ),
    Mutant("an update makes a schedule anew", "semantics", "SCHED-13", _made_anew),
    Mutant(
        "an update of the count for all",
        "semantics",
        "SCHED-14",
        to_others("updateCouponSchedule", _sets("count")),
    ),
    Mutant(
        "an update of the zone for all",
        "semantics",
        "SCHED-14",
        to_others("updateCouponSchedule", _sets("timezone")),
    ),
    Mutant(
        "schedules are not deleted", "semantics", "SCHED-15", replaces(ScheduleStore, "delete", _not_deleted)
    ),
    Mutant(
        "a deleted schedule is still shared",
        "semantics",
        "SCHED-15",
        kept_after_deletion("deleteCouponSchedule", "generateCouponUrl"),
    ),
    Mutant(
        "all schedules deleted",
        "semantics",
        "SCHED-16",
        deleting("deleteCouponSchedule", lambda other, target: True),
    ),
    Mutant(
        "available is what was generated, and one",
        "semantics",
        "SCHED-17",
        _shows("listCouponSchedules", tokens_available_since_last_run=lambda item: item["count"]),
    ),
    Mutant("no schedules where no instance is", "semantics", "SCHED-19", _without_its_instance),
)
