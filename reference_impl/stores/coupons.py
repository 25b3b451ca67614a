"""The store of coupons: making them in batches, listing the valid ones, redeeming each once."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Select, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from reference_impl.database import Database
from reference_impl.records import CouponRecord, InstanceRecord
from reference_impl.schemas_coupons import CouponBatch

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What codes are made of: nothing that looks like another character of it."""

CODE_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The coupon was valid, and is used up now."""

    coupon_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The code admits nobody: it is of no coupon of the instance, or too old, or already used."""

    reason: Literal["unknown", "expired", "redeemed"]


def random_code() -> str:
    """Return a code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


class CouponStore:
    """Coupons of all instances."""

    def __init__(self, database: Database, *, new_code: Callable[[], str] = random_code) -> None:
        self._database = database
        self._new_code = new_code

    async def valid(self, instance_id: str, tenant: str, now: datetime) -> list[CouponRecord] | None:
        """Return the coupons that can be redeemed, newest first; None if the tenant has no such instance."""
        async with self._database.reading() as session:
            instance = await find_sequence(session, instance_id, tenant)
            if instance is None:
                return None
            query = _valid(now).where(CouponRecord.instance_sequence == instance)
            return list(await session.scalars(query))

    async def valid_of_schedule(self, schedule_id: str, now: datetime) -> list[CouponRecord]:
        """Return the coupons that any run of a schedule made and that can be redeemed, newest first."""
        async with self._database.reading() as session:
            return list(await session.scalars(_valid(now).where(CouponRecord.schedule_id == schedule_id)))

    async def create(
        self, instance_id: str, tenant: str, batch: CouponBatch, now: datetime
    ) -> list[CouponRecord] | None:
        """Make a batch; return it newest first, or None if the tenant has no such instance."""
        async with self._database.writing() as session:
            instance = await find_sequence(session, instance_id, tenant)
            if instance is None:
                return None
            made = await self.add(session, instance, batch.count, now, timedelta(minutes=batch.minutes_valid))
        return made[::-1]

    async def add(
        self,
        session: AsyncSession,
        instance_sequence: int,
        count: int,
        now: datetime,
        lifetime: timedelta,
        *,
        schedule_id: str | None = None,
        made_by_run: datetime | None = None,
    ) -> list[CouponRecord]:
        """Make coupons inside a transaction of the caller; return them in order of creation."""
        # Expired coupons give their codes back, since only valid ones have to differ.
        await session.execute(
            update(CouponRecord)
            .where(CouponRecord.valid_code.is_not(None), CouponRecord.expires_at <= now)
            .values(valid_code=None)
            .execution_options(synchronize_session=False)
        )
        # In whole seconds, as it is answered: a coupon ends when it says so, not a moment later.
        expires_at = (now + lifetime).replace(microsecond=0)
        made = [
            CouponRecord(
                id=self._database.new_id(),
                instance_sequence=instance_sequence,
                schedule_id=schedule_id,
                made_by_run=made_by_run,
                code=code,
                valid_code=code,
                expires_at=expires_at,
                redeemed_at=None,
                created_at=now,
            )
            for code in await self._free_codes(session, count)
        ]
        session.add_all(made)
        await session.flush()
        return made

    async def redeem(self, instance_id: str, code: str, now: datetime) -> Redeemed | Refused:
        """Use up the coupon of this code, in any case of letters; of all who try at once, one succeeds."""
        code = code.upper()
        if len(code) != CODE_LENGTH or not set(code) <= set(ALPHABET):
            return Refused("unknown")
        async with self._database.writing() as session:
            instance = await find_sequence(session, instance_id, None)
            if instance is None:
                return Refused("unknown")
            # One statement that finds and marks: whoever comes second finds nothing any more.
            coupon_id = await session.scalar(
                update(CouponRecord)
                .where(
                    CouponRecord.instance_sequence == instance,
                    CouponRecord.valid_code == code,
                    CouponRecord.expires_at > now,
                )
                .values(valid_code=None, redeemed_at=now)
                .returning(CouponRecord.id)
                .execution_options(synchronize_session=False)
            )
            if coupon_id is not None:
                return Redeemed(coupon_id)
            query = (
                select(CouponRecord.redeemed_at)
                .where(CouponRecord.instance_sequence == instance, CouponRecord.code == code)
                .order_by(CouponRecord.sequence.desc())
            )
            latest = (await session.execute(query.limit(1))).first()
        if latest is None:
            return Refused("unknown")
        return Refused("expired" if latest.redeemed_at is None else "redeemed")

    async def give_back(self, coupon_id: str) -> None:
        """Make a redeemed coupon valid again, because the guest was not admitted after all.

        Nothing happens if its code has meanwhile been given to a new coupon.
        """
        other = aliased(CouponRecord)
        async with self._database.writing() as session:
            await session.execute(
                update(CouponRecord)
                .where(
                    CouponRecord.id == coupon_id,
                    CouponRecord.redeemed_at.is_not(None),
                    ~exists().where(other.valid_code == CouponRecord.code),
                )
                .values(valid_code=CouponRecord.code, redeemed_at=None)
                .execution_options(synchronize_session=False)
            )

    async def _free_codes(self, session: AsyncSession, count: int) -> list[str]:
        free: dict[str, None] = {}
        while len(free) < count:
            candidates = [self._new_code() for _ in range(count - len(free))]
            query = select(CouponRecord.valid_code).where(CouponRecord.valid_code.in_(candidates))
            taken = set(await session.scalars(query))
            free |= dict.fromkeys(code for code in candidates if code not in taken)
        return list(free)


async def find_sequence(session: AsyncSession, instance_id: str, tenant: str | None) -> int | None:
    """Return the number that rows refer to an instance by; None if there is none, or none of this tenant."""
    query = select(InstanceRecord.sequence).where(InstanceRecord.id == instance_id)
    if tenant is not None:
        query = query.where(InstanceRecord.tenant == tenant)
    return await session.scalar(query)


def _valid(now: datetime) -> Select[CouponRecord]:
    return (
        select(CouponRecord)
        .where(CouponRecord.valid_code.is_not(None), CouponRecord.expires_at > now)
        .order_by(CouponRecord.sequence.desc())
    )
