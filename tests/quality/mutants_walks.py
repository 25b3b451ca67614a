"""Mutants that go wrong only after certain other things were done: what walks are for."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, select

from reference_impl.provisioning.desired import Claim
from reference_impl.records import CouponRecord, GardenRecord, ScheduleRecord
from reference_impl.stores.garden import GardenStore
from reference_impl.stores.schedules import ScheduleStore
from tests.quality.mutants_routers import claims
from tests.quality.mutants_stage import Mutant, Stage

BUDGET = 200
"""Requests of a whole walk, and of the tests before it."""


def _garden_of_the_first_holder(stage: Stage) -> None:
    """A subnet that has changed hands has no walled garden any more."""
    first: dict[tuple[str, str], str] = {}

    def changed(found: list[Claim]) -> list[Claim]:
        return [
            claim
            if first.setdefault((claim.site_id, claim.subnet), claim.instance_id) == claim.instance_id
            else replace(claim, garden=())
            for claim in found
        ]

    claims(changed)(stage)


def _closed_everywhere(stage: Stage) -> None:
    """An entry takes those of the same address at other sites with it."""

    async def remove(self: GardenStore, site_id: str, entry_id: str, tenant: str) -> bool:
        entry = await self.entry(site_id, entry_id, tenant)
        if entry is not None:
            async with self._database.writing() as session:
                await session.execute(
                    delete(GardenRecord).where(
                        GardenRecord.tenant == tenant,
                        GardenRecord.ip_address == entry.ip_address,
                        GardenRecord.id != entry.id,
                    )
                )
        known: bool = await original(self, site_id, entry_id, tenant)
        return known

    original = stage.patch(GardenStore, "delete", remove)


def _coupons_go_with_any_schedule(stage: Stage) -> None:
    """A schedule takes all coupons of its instance with it, not only its own."""

    async def remove(self: ScheduleStore, instance_id: str, schedule_id: str, tenant: str) -> bool:
        async with self._database.writing() as session:
            instance = await session.scalar(
                select(ScheduleRecord.instance_sequence).where(ScheduleRecord.id == schedule_id)
            )
            await session.execute(delete(CouponRecord).where(CouponRecord.instance_sequence == instance))
        known: bool = await original(self, instance_id, schedule_id, tenant)
        return known

    original = stage.patch(ScheduleStore, "delete", remove)


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "hand-over loses the walled garden",
        "device-missing",
        "DEV-GARDEN-02",
        _garden_of_the_first_holder,
        budget=BUDGET,
    ),
    Mutant(
        "an address is closed at all sites", "semantics", "GARDEN-DEL-02", _closed_everywhere, budget=BUDGET
    ),
    Mutant(
        "all coupons go with a schedule",
        "semantics",
        "COUPON-10",
        _coupons_go_with_any_schedule,
        budget=BUDGET,
    ),
)
