"""Mutants of coupons at the portal: whom a code lets in, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update

from reference_impl.provisioning import sessions as admissions
from reference_impl.provisioning.menus import (
    USER,
    Item,
)
from reference_impl.provisioning.sessions import GuestSessions
from reference_impl.records import CouponRecord, InstanceRecord
from reference_impl.settings import Settings
from reference_impl.stores.coupons import CouponStore, Redeemed, Refused
from tests.quality.mutants_guests import admitting, found_coupon
from tests.quality.mutants_routers import (
    Apply,
    desires,
)
from tests.quality.mutants_stage import Call, Inside, Mutant, Reply, Stage, replaces


async def _no_admission(self: GuestSessions, site_id: str, instance_id: str, ip: str, mac: str) -> None:
    """Nobody is let in."""


Redeem = Callable[[CouponStore, str, str, datetime], Awaitable[Redeemed | Refused]]


def _redeeming(redeem: Callable[[Redeem], Redeem]) -> Apply:
    """Coupons are used up otherwise; the arguments are instance, code and time."""
    return replaces(CouponStore, "redeem", redeem)


def _never_used_up(original: Redeem) -> Redeem:
    async def redeem(self: CouponStore, instance_id: str, code: str, now: datetime) -> Redeemed | Refused:
        outcome = await original(self, instance_id, code, now)
        if isinstance(outcome, Redeemed):
            await self.give_back(outcome.coupon_id)
        return outcome

    return redeem


def _used_up_as_written(original: Redeem) -> Redeem:
    """What is used up is looked for as the guest wrote it, what is valid in capitals."""

    async def redeem(self: CouponStore, instance_id: str, code: str, now: datetime) -> Redeemed | Refused:
        outcome = await original(self, instance_id, code, now)
        if outcome == Refused("redeemed") and code != code.upper():
            coupon = await found_coupon(self, CouponRecord.code == code.upper())
            return outcome if coupon is None else Redeemed(coupon.id)
        return outcome

    return redeem


def _looked_at_before(original: Redeem) -> Redeem:
    """Whether a coupon is valid is asked first, and marked as used afterwards."""

    async def redeem(self: CouponStore, instance_id: str, code: str, now: datetime) -> Redeemed | Refused:
        coupon = await found_coupon(
            self, CouponRecord.valid_code == code.upper(), CouponRecord.expires_at > now
        )
        await asyncio.sleep(0.5)  # a database that is far away and busy
        if coupon is None:
            return await original(self, instance_id, code, now)
        async with self._database.writing() as session:
            await session.execute(
                update(CouponRecord)
                .where(CouponRecord.id == coupon.id)
                .values(valid_code=None, redeemed_at=now)
                .execution_options(synchronize_session=False)
            )
        return Redeemed(coupon.id)

    return redeem


def _second_click(original: Redeem) -> Redeem:
    """A coupon that was used up a second ago lets in, whoever has it: somebody clicked twice."""

    async def redeem(self: CouponStore, instance_id: str, code: str, now: datetime) -> Redeemed | Refused:
        outcome = await original(self, instance_id, code, now)
        coupon = (
            await found_coupon(self, CouponRecord.code == code.upper())
            if outcome == Refused("redeemed")
            else None
        )
        if coupon is not None and coupon.redeemed_at and now - coupon.redeemed_at < timedelta(seconds=1):
            return Redeemed(coupon.id)
        return outcome

    return redeem


def _at_another_time(shift: timedelta) -> Callable[[Redeem], Redeem]:
    def make(original: Redeem) -> Redeem:
        async def redeem(self: CouponStore, instance_id: str, code: str, now: datetime) -> Redeemed | Refused:
            return await original(self, instance_id, code, now + shift)

        return redeem

    return make


def _of_any_instance(original: Redeem) -> Redeem:
    async def redeem(self: CouponStore, instance_id: str, code: str, now: datetime) -> Redeemed | Refused:
        coupon = await found_coupon(self, CouponRecord.valid_code == code.upper())
        if coupon is None:
            return await original(self, instance_id, code, now)
        query = select(InstanceRecord.id).where(InstanceRecord.sequence == coupon.instance_sequence)
        async with self._database.reading() as session:
            its_own = await session.scalar(query)
        return await original(self, its_own or instance_id, code, now)

    return redeem


def _any_code(original: Redeem) -> Redeem:
    async def redeem(self: CouponStore, instance_id: str, code: str, now: datetime) -> Redeemed | Refused:
        outcome = await original(self, instance_id, code, now)
        return Redeemed(str(uuid4())) if outcome == Refused("unknown") and len(code) == 6 else outcome

    return redeem


def _matching(condition: Callable[[str], Any]) -> Callable[[Redeem], Redeem]:
    """Any valid coupon of the instance that meets a condition will do."""

    def make(original: Redeem) -> Redeem:
        async def redeem(self: CouponStore, instance_id: str, code: str, now: datetime) -> Redeemed | Refused:
            its_own = select(InstanceRecord.sequence).where(InstanceRecord.id == instance_id)
            coupon = await found_coupon(
                self,
                condition(code.upper()),
                CouponRecord.valid_code.is_not(None),
                CouponRecord.instance_sequence == its_own.scalar_subquery(),
            )
            return await original(self, instance_id, coupon.code if coupon else code, now)

        return redeem

    return make


def _given_back_when_refused(original: Redeem) -> Redeem:
    """The answer to a coupon that was used up before makes it valid again, as after a failed admission."""

    async def redeem(self: CouponStore, instance_id: str, code: str, now: datetime) -> Redeemed | Refused:
        outcome = await original(self, instance_id, code, now)
        coupon = (
            await found_coupon(self, CouponRecord.code == code.upper())
            if outcome == Refused("redeemed")
            else None
        )
        if coupon is not None:
            await self.give_back(coupon.id)
        return outcome

    return redeem


def _redeemed_are_listed(stage: Stage) -> None:
    async def valid(
        self: CouponStore, instance_id: str, tenant: str, now: datetime
    ) -> list[CouponRecord] | None:
        found: list[CouponRecord] | None = await original(self, instance_id, tenant, now)
        if found is None:
            return None
        its_own = select(InstanceRecord.sequence).where(InstanceRecord.id == instance_id)
        query = select(CouponRecord).where(
            CouponRecord.instance_sequence == its_own.scalar_subquery(), CouponRecord.expires_at > now
        )
        async with self._database.reading() as session:
            return list(await session.scalars(query.order_by(CouponRecord.sequence.desc())))

    original = stage.patch(CouponStore, "valid", valid)


def _posted(change: Callable[[bytes], bytes]) -> Apply:
    """The form of the portal arrives changed."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        if call.method == "POST" and call.path.startswith("/portal/"):
            body = change(call.body)
            call = replace(call, body=body).with_headers(**{"content-length": str(len(body))})
        return await inside(call)

    return lambda stage: stage.door(door)


def _users_of_the_first_server(items: list[Item]) -> list[Item]:
    """A router has one technical user, who is bound to its first server."""
    users = [item for item in items if item.menu == USER]
    return [item for item in items if item not in users[1:]]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "nobody is let in on the router",
        "guest",
        "GUEST-COUPON-01",
        admitting(lambda original: _no_admission),
    ),
    Mutant(
        "another password at the login than on the router",
        "guest",
        "GUEST-COUPON-01",
        replaces(admissions, "technical_password", lambda original: lambda *words: original(*words)[:32]),
    ),
    Mutant(
        "acceptance of the terms gets lost",
        "guest",
        "GUEST-COUPON-01",
        _posted(lambda body: body.replace(b"terms=accepted", b"terms=on")),
    ),
    Mutant(
        "guests are let in at the first server alone",
        "guest",
        "GUEST-COUPON-01",
        desires(_users_of_the_first_server),
    ),
    Mutant("a coupon is never used up", "guest", "GUEST-COUPON-02", _redeeming(_never_used_up)),
    Mutant("a coupon is used up as written", "guest", "GUEST-COUPON-02", _redeeming(_used_up_as_written)),
    Mutant(
        "a coupon is looked at and then used up", "guest", "GUEST-COUPON-03", _redeeming(_looked_at_before)
    ),
    Mutant("a second click of anybody counts", "guest", "GUEST-COUPON-03", _redeeming(_second_click)),
    Mutant(
        "an hour of grace for coupons",
        "guest",
        "GUEST-COUPON-04",
        _redeeming(_at_another_time(timedelta(hours=-1))),
    ),
    Mutant(
        "expiry of coupons by the local time of another zone",
        "guest",
        "GUEST-COUPON-04",
        _redeeming(_at_another_time(timedelta(hours=-5, minutes=-30))),
    ),
    Mutant("coupons of any instance let in", "guest", "GUEST-COUPON-05", _redeeming(_of_any_instance)),
    Mutant("any six characters let in", "guest", "GUEST-COUPON-06", _redeeming(_any_code)),
    Mutant(
        "codes are patterns",
        "guest",
        "GUEST-COUPON-06",
        _redeeming(_matching(lambda code: CouponRecord.code.like(code))),
    ),
    Mutant(
        "five characters of a code suffice",
        "guest",
        "GUEST-COUPON-06",
        _redeeming(_matching(lambda code: CouponRecord.code.startswith(code[:5], autoescape=True))),
    ),
    Mutant("redeemed coupons are listed", "guest", "GUEST-COUPON-07", _redeemed_are_listed),
    Mutant(
        "a coupon is given back when it is refused",
        "guest",
        "GUEST-COUPON-02",
        _redeeming(_given_back_when_refused),
    ),
)
