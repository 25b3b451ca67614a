"""Mutants of batches of coupons and of their list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.sql import Select

from reference_impl.records import CouponRecord
from reference_impl.schemas_coupons import CouponBatch
from reference_impl.settings import Settings
from reference_impl.stores import coupons as store
from reference_impl.stores.coupons import CouponStore
from tests.quality.mutants_doors import refusing, rewriting, with_body
from tests.quality.mutants_stage import (
    Call,
    Inside,
    Mutant,
    Reply,
    Stage,
    answer,
    each,
    on_body,
    replaces,
    through,
)

Records = list[CouponRecord]
Body = dict[str, Any]

# Batches.


def _makes(count: Callable[[int], int]) -> Callable[[Stage], None]:
    """A batch has another number of coupons than it was asked for."""

    def make(original: Any) -> Any:
        async def create(
            self: CouponStore, instance_id: str, tenant: str, batch: CouponBatch, now: datetime
        ) -> Records | None:
            other = batch.model_copy(update={"count": count(batch.count)})
            made: Records | None = await original(self, instance_id, tenant, other, now)
            return made

        return create

    return replaces(CouponStore, "create", make)


def _lasts(other: Callable[[timedelta], timedelta]) -> Callable[[Stage], None]:
    """Coupons are valid for another time than they should be."""

    def make(original: Any) -> Any:
        async def add(
            self: CouponStore,
            session: Any,
            instance: int,
            count: int,
            now: datetime,
            lifetime: timedelta,
            **run: Any,
        ) -> Records:
            made: Records = await original(self, session, instance, count, now, other(lifetime), **run)
            return made

        return add

    return replaces(CouponStore, "add", make)


def _codes(code: Callable[[int, str], str]) -> Callable[[Stage], None]:
    """Coupons show other codes: made of their place in the batch and of the code they have."""

    def apply(stage: Stage) -> None:
        codes: dict[str, str] = {}

        async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
            reply = await inside(call)
            if not reply.ok or call.operation not in ("createCoupons", "listCoupons"):
                return reply
            body = reply.json
            if call.operation == "createCoupons":
                codes.update({item["id"]: code(place, item["code"]) for place, item in enumerate(body)})
            return reply.with_json([item | {"code": codes.get(item["id"], item["code"])} for item in body])

        stage.door(door)

    return apply


def _local_time(item: Body) -> Body:
    """The time of creation of a server east of Greenwich, taken for UTC."""
    made = datetime.fromisoformat(item["created_at"]) + timedelta(hours=2)
    return item | {"created_at": made.isoformat().replace("+00:00", "Z")}


def _number_from_text(body: Body) -> Body:
    return {
        name: int(value) if isinstance(value, str) and value.isdecimal() else value
        for name, value in body.items()
    }


def _number_from_fraction(body: Body) -> Body:
    return {name: int(value) if isinstance(value, float) else value for name, value in body.items()}


def _null_is_default(body: Body) -> Body:
    return {name: 60 if value is None else value for name, value in body.items()}


def _clamped(name: str, least: int, most: int) -> Callable[[Body], Body]:
    """The nearest number that is allowed stands for one that is not."""

    def clamp(body: Body) -> Body:
        number = body.get(name)
        return body | {name: max(least, min(most, number))} if type(number) is int else body

    return clamp


def _after_refusal(change: Callable[[Body], Body | None]) -> Callable[[Stage], None]:
    """A batch that is refused has been made all the same, as `change` has it; None makes none."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation == "createCoupons" and reply.status == 400 and isinstance(call.json, dict):
            body = change(call.json)
            if body is not None:
                await inside(call.with_json(body))
        return reply

    return through(door)


def _two_hundred_first(body: Body) -> Body | None:
    """Coupons are stored one by one, until the one too many."""
    return body | {"count": 200} if body.get("count") == 201 else None


# Lists.


def _lists(query: Callable[[datetime], Select[Any]]) -> Callable[[Stage], None]:
    """Other coupons are taken for valid."""
    return replaces(store, "_valid", lambda original: query)


def _unredeemed(now: datetime) -> Select[Any]:
    unredeemed = select(CouponRecord).where(CouponRecord.redeemed_at.is_(None))
    return unredeemed.order_by(CouponRecord.sequence.desc())


def _valid_with_grace(now: datetime) -> Select[Any]:
    grace = timedelta(minutes=30)
    return _unredeemed(now).where(CouponRecord.expires_at > now - grace)


def _valid_for_an_hour_yet(now: datetime) -> Select[Any]:
    return _unredeemed(now).where(CouponRecord.expires_at > now + timedelta(hours=1))


def _listed(change: Callable[[Records], Records]) -> Callable[[Stage], None]:
    def make(original: Any) -> Any:
        async def valid(self: CouponStore, instance_id: str, tenant: str, now: datetime) -> Records | None:
            found: Records | None = await original(self, instance_id, tenant, now)
            return None if found is None else change(found)

        return valid

    return replaces(CouponStore, "valid", make)


def _of_every_instance(original: Any) -> Any:
    async def valid(self: CouponStore, instance_id: str, tenant: str, now: datetime) -> Records | None:
        async with self._database.reading() as session:
            if await store.find_sequence(session, instance_id, tenant) is None:
                return None
            return list(await session.scalars(store._valid(now)))

    return valid


def _latest_batch_alone(stage: Stage) -> None:
    """A new batch ends the coupons of those before."""

    async def create(
        self: CouponStore, instance_id: str, tenant: str, batch: CouponBatch, now: datetime
    ) -> Any:
        made = await original(self, instance_id, tenant, batch, now)
        if made:
            async with self._database.writing() as session:
                await session.execute(
                    update(CouponRecord)
                    .where(
                        CouponRecord.instance_sequence == made[0].instance_sequence,
                        CouponRecord.id.not_in([coupon.id for coupon in made]),
                    )
                    .values(valid_code=None)
                )
        return made

    original = stage.patch(CouponStore, "create", create)


def _other_end(body: list[Body]) -> list[Body]:
    """The list reckons the end anew, from now on."""
    return [item | {"expires_at": item["created_at"]} for item in body]


def _nothing_instead_of_404(stage: Stage) -> None:
    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        gone = call.operation == "listCoupons" and reply.status == 404
        return answer(200, []) if gone else reply

    stage.door(door)


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant("a batch has one more", "semantics", "COUPON-01", _makes(lambda count: count + 1)),
    Mutant("a batch ends at a hundred", "semantics", "COUPON-01", _makes(lambda count: min(count, 100))),
    Mutant(
        "codes come out of a hundred",
        "semantics",
        "COUPON-02",
        _codes(lambda place, code: f"{sum(map(ord, code)) % 100:06}"),
    ),
    Mutant(
        "codes are numbered anew in each batch",
        "semantics",
        "COUPON-02",
        _codes(lambda place, code: f"AB{place:04}"),
    ),
    Mutant("an hour more", "semantics", "COUPON-03", _lasts(lambda time: time + timedelta(hours=1))),
    Mutant("seconds for minutes", "semantics", "COUPON-03", _lasts(lambda time: time / 60)),
    Mutant(
        "whole days of the validity lost",
        "semantics",
        "COUPON-03",
        _lasts(lambda time: timedelta(seconds=time.seconds or 60)),
    ),
    Mutant(
        "no coupon for more than a month",
        "semantics",
        "COUPON-03",
        _lasts(lambda time: min(time, timedelta(days=30))),
    ),
    Mutant(
        "made in local time",
        "semantics",
        "COUPON-03",
        on_body("createCoupons", "listCoupons", change=each(_local_time)),
    ),
    Mutant(
        "new coupons are redeemed",
        "semantics",
        "COUPON-04",
        on_body("createCoupons", change=each(lambda item: item | {"redeemed_at": item["created_at"]})),
    ),
    Mutant(
        "listed as redeemed when they expire",
        "semantics",
        "COUPON-04",
        on_body("listCoupons", change=each(lambda item: item | {"redeemed_at": item["expires_at"]})),
    ),
    Mutant(
        "two hundred refused",
        "validation",
        "COUPON-05",
        refusing("createCoupons", when=with_body(lambda body: body.get("count") == 200)),
    ),
    Mutant(
        "one refused",
        "validation",
        "COUPON-05",
        refusing("createCoupons", when=with_body(lambda body: body.get("count") == 1)),
    ),
    Mutant(
        "a minute refused",
        "validation",
        "COUPON-05",
        refusing("createCoupons", when=with_body(lambda body: body.get("minutes_valid") == 1)),
    ),
    Mutant(
        "too many coupons clamped",
        "validation",
        "COUPON-06",
        rewriting("createCoupons", change=_clamped("count", -(10**9), 200)),
    ),
    Mutant(
        "no coupons clamped",
        "validation",
        "COUPON-06",
        rewriting("createCoupons", change=_clamped("count", 1, 10**9)),
    ),
    Mutant(
        "no minutes clamped",
        "validation",
        "COUPON-06",
        rewriting("createCoupons", change=_clamped("minutes_valid", 1, 10**9)),
    ),
    Mutant(
        "minutes_valid has a default",
        "validation",
        "COUPON-07",
        rewriting("createCoupons", change=lambda body: {"minutes_valid": 60} | body),
    ),
    Mutant(
        "count has a default",
        "validation",
        "COUPON-07",
        rewriting("createCoupons", change=lambda body: {"count": 1} | body),
    ),
    Mutant(
        "coupons by text", "validation", "COUPON-08", rewriting("createCoupons", change=_number_from_text)
    ),
    Mutant(
        "coupons by fractions",
        "validation",
        "COUPON-08",
        rewriting("createCoupons", change=_number_from_fraction),
    ),
    Mutant(
        "null minutes are an hour",
        "validation",
        "COUPON-08",
        rewriting("createCoupons", change=_null_is_default),
    ),
    Mutant(
        "a refused batch leaves one",
        "semantics",
        "COUPON-09",
        _after_refusal(lambda body: {"count": 1, "minutes_valid": 60}),
    ),
    Mutant("a batch refused at its end", "semantics", "COUPON-09", _after_refusal(_two_hundred_first)),
    Mutant("a page of a hundred coupons", "semantics", "COUPON-10", _listed(lambda found: found[:100])),
    Mutant("the latest batch alone", "semantics", "COUPON-10", _latest_batch_alone),
    Mutant("coupons about to expire left out", "semantics", "COUPON-10", _lists(_valid_for_an_hour_yet)),
    Mutant("a coupon twice in the list", "semantics", "COUPON-10", _listed(lambda found: found + found[:1])),
    Mutant("another end in the list", "semantics", "COUPON-10", on_body("listCoupons", change=_other_end)),
    Mutant(
        "coupons of every instance",
        "semantics",
        "COUPON-11",
        replaces(CouponStore, "valid", _of_every_instance),
    ),
    Mutant("oldest coupons first", "semantics", "COUPON-12", _listed(lambda found: found[::-1])),
    Mutant(
        "coupons by their codes",
        "semantics",
        "COUPON-12",
        _listed(lambda found: sorted(found, key=lambda coupon: coupon.code)),
    ),
    Mutant("expired coupons listed", "semantics", "COUPON-13", _lists(_unredeemed)),
    Mutant("a grace of half an hour", "semantics", "COUPON-13", _lists(_valid_with_grace)),
    Mutant("no coupons where no instance is", "semantics", "COUPON-14", _nothing_instead_of_404),
)
