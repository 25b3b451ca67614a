"""Mutants of the signed links that share the coupons of a schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import select
from sqlalchemy.sql import Select

from reference_impl import signing
from reference_impl.records import CouponRecord, ScheduleRecord
from reference_impl.settings import Settings
from reference_impl.signing import LinkSigner
from reference_impl.stores import coupons as store
from reference_impl.stores.coupons import CouponStore
from tests.quality.mutants_doors import REFUSAL
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


def _query(change: Callable[[Body], Body]) -> Callable[[Stage], None]:
    """Links are given out with another query; what they are checked for stays."""

    def changed(body: Body) -> Body:
        where, _, query = body["signed_url"].partition("?")
        return {"signed_url": f"{where}?{urlencode(change(dict(parse_qsl(query))))}"}

    return on_body("generateCouponUrl", change=changed)


def _without_end(query: Body) -> Body:
    return {name: value for name, value in query.items() if name != "expires"}


def _with_sid_of_nobody(query: Body) -> Body:
    return query | {"sid": "7d1f0c3a-9b52-4a86-8f5e-3c2b1a0d9e8f"}


def _with_token_alone(stage: Stage) -> None:
    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        if call.operation != "retrieveSharedCoupons" or "authorization" in call.headers:
            return await inside(call)
        return replace(REFUSAL, status=401)

    stage.door(door)


def _shares(condition: Callable[[str, int], Any]) -> Callable[[Stage], None]:
    """A link shows the valid coupons for which `condition`, of the schedule and the instance, is true."""

    def make(original: Any) -> Any:
        async def of_schedule(self: CouponStore, schedule_id: str, now: datetime) -> Records:
            async with self._database.reading() as session:
                instance = select(ScheduleRecord.instance_sequence).where(ScheduleRecord.id == schedule_id)
                sequence = await session.scalar(instance)
                query = store._valid(now).where(condition(schedule_id, sequence or 0))
                return list(await session.scalars(query))

        return of_schedule

    return replaces(CouponStore, "valid_of_schedule", make)


def _shares_with(query: Callable[[datetime], Select[Any]]) -> Callable[[Stage], None]:
    """A link takes other coupons of the schedule for valid than the list does."""

    def make(original: Any) -> Any:
        async def of_schedule(self: CouponStore, schedule_id: str, now: datetime) -> Records:
            async with self._database.reading() as session:
                found = query(now).where(CouponRecord.schedule_id == schedule_id)
                return list(await session.scalars(found))

        return of_schedule

    return replaces(CouponStore, "valid_of_schedule", make)


def _whether_expired_or_not(now: datetime) -> Select[Any]:
    unredeemed = select(CouponRecord).where(CouponRecord.redeemed_at.is_(None))
    return unredeemed.order_by(CouponRecord.sequence.desc())


def _not_expired(now: datetime) -> Select[Any]:
    """Those that were redeemed included."""
    return select(CouponRecord).where(CouponRecord.expires_at > now).order_by(CouponRecord.sequence.desc())


def _of_latest_run(stage: Stage) -> None:
    async def of_schedule(self: CouponStore, schedule_id: str, now: datetime) -> Records:
        found: Records = await original(self, schedule_id, now)
        return [coupon for coupon in found if coupon.made_by_run == found[0].made_by_run]

    original = stage.patch(CouponStore, "valid_of_schedule", of_schedule)


def _ends_a_day_later(item: Body) -> Body:
    """The end of a link is shown for that of a coupon."""
    later = datetime.fromisoformat(item["created_at"]) + timedelta(days=1)
    return item | {"expires_at": later.isoformat().replace("+00:00", "Z")}


Check = Callable[[LinkSigner, str, str, str, Callable[[], None]], None]
"""How a link is checked: signer, path, expires, signature, and the check as it should be."""


def _checks(check: Check) -> Callable[[Stage], None]:
    def make(original: Any) -> Any:
        def checked(self: LinkSigner, path: str, expires: str, signature: str) -> None:
            def genuine() -> None:
                original(self, path, expires, signature)

            if path.startswith("/coupons"):
                check(self, path, expires, signature, genuine)
            else:
                genuine()

        return checked

    return replaces(LinkSigner, "check", make)


def _not_by_signature(
    self: LinkSigner, path: str, expires: str, signature: str, genuine: Callable[[], None]
) -> None:
    if int(expires) <= self._clock.now().timestamp():
        raise signing._expired()


def _unless_empty(
    self: LinkSigner, path: str, expires: str, signature: str, genuine: Callable[[], None]
) -> None:
    if signature:
        genuine()


def _by_its_beginning(
    self: LinkSigner, path: str, expires: str, signature: str, genuine: Callable[[], None]
) -> None:
    wanted = self._paths.get_signature(f"{path}?expires={expires}").decode()
    if not signature or wanted[:6] != signature[:6]:
        genuine()


def _whenever(self: LinkSigner, path: str, expires: str, signature: str, genuine: Callable[[], None]) -> None:
    if not self._paths.verify_signature(f"{path}?expires={expires}", signature):
        genuine()


def _within_an_hour(
    self: LinkSigner, path: str, expires: str, signature: str, genuine: Callable[[], None]
) -> None:
    genuine()
    if int(expires) - self._clock.now().timestamp() < timedelta(hours=23).total_seconds():
        raise signing._expired()


def _signs(text: Callable[[str, str], str]) -> Callable[[Stage], None]:
    """The signature is of less: `text` gives what is signed, from path and expires."""

    def apply(stage: Stage) -> None:
        def link(self: LinkSigner, schedule_id: str) -> str:
            path = signing.coupons_path(schedule_id)
            expires = str(int((self._clock.now() + signing.COUPONS_LIFETIME).timestamp()))
            signature = self._paths.get_signature(text(path, expires)).decode()
            return f"{self._base}{path}&expires={expires}&signature={signature}"

        def check(
            self: LinkSigner, path: str, expires: str, signature: str, genuine: Callable[[], None]
        ) -> None:
            if not self._paths.verify_signature(text(path, expires), signature):
                genuine()
            _not_by_signature(self, path, expires, signature, genuine)

        stage.patch(LinkSigner, "coupons_link", link)
        _checks(check)(stage)

    return apply


def _once(stage: Stage) -> None:
    """A link is used up by the first who follows it."""
    used: set[str] = set()

    def check(self: LinkSigner, path: str, expires: str, signature: str, genuine: Callable[[], None]) -> None:
        genuine()
        if signature in used:
            raise signing._expired()
        used.add(signature)

    _checks(check)(stage)


def _latest_link_alone(stage: Stage) -> None:
    """A new link to the same schedule ends the one before."""
    made: list[str] = []
    latest: dict[str, str] = {}

    def link(self: LinkSigner, schedule_id: str) -> str:
        path = signing.coupons_path(schedule_id)
        # A second apart, so that two of the same moment differ.
        url = self.link(path, signing.COUPONS_LIFETIME - timedelta(seconds=len(made)))
        made.append(url)
        latest[path] = url.rpartition("=")[2]
        return url

    def check(self: LinkSigner, path: str, expires: str, signature: str, genuine: Callable[[], None]) -> None:
        genuine()
        if signature != latest.get(path):
            raise signing._expired()

    stage.patch(LinkSigner, "coupons_link", link)
    _checks(check)(stage)


def _without(name: str) -> Callable[[Stage], None]:
    """A link without one of its parameters is taken for good, as far as that one is concerned."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        lacks = call.operation == "retrieveSharedCoupons" and name not in dict(parse_qsl(call.query))
        return answer(200, []) if lacks else reply

    return through(door)


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant("a link of no schedule", "semantics", "LINK-01", _query(_with_sid_of_nobody)),
    Mutant("a link without its end", "http-shape", "LINK-01", _query(_without_end)),
    Mutant(
        "a link for an hour",
        "semantics",
        "LINK-02",
        replaces(signing, "COUPONS_LIFETIME", lambda day: timedelta(hours=1)),
    ),
    Mutant(
        "a link for a week",
        "semantics",
        "LINK-02",
        replaces(signing, "COUPONS_LIFETIME", lambda day: timedelta(days=7)),
    ),
    Mutant("a link for those with a token", "semantics", "LINK-03", _with_token_alone),
    Mutant(
        "shared coupons in an object",
        "http-shape",
        "LINK-03",
        on_body("retrieveSharedCoupons", change=lambda body: {"data": body}),
    ),
    Mutant(
        "all coupons of the instance shared",
        "semantics",
        "LINK-04",
        _shares(lambda schedule, instance: CouponRecord.instance_sequence == instance),
    ),
    Mutant(
        "coupons of all schedules shared",
        "semantics",
        "LINK-04",
        _shares(
            lambda schedule, instance: (
                (CouponRecord.instance_sequence == instance) & CouponRecord.schedule_id.is_not(None)
            )
        ),
        budget=40,
    ),
    Mutant(
        "one coupon shared",
        "semantics",
        "LINK-05",
        on_body("retrieveSharedCoupons", change=lambda body: body[:1]),
    ),
    Mutant("coupons of the latest run shared", "semantics", "LINK-05", _of_latest_run),
    Mutant(
        "shared coupons end with the link",
        "semantics",
        "LINK-05",
        on_body("retrieveSharedCoupons", change=each(_ends_a_day_later)),
    ),
    Mutant(
        "codes half hidden",
        "semantics",
        "LINK-05",
        on_body("retrieveSharedCoupons", change=each(lambda item: item | {"code": f"{item['code'][:3]}XXX"})),
    ),
    Mutant("no signature asked for", "semantics", "LINK-06", _checks(_not_by_signature)),
    Mutant("an empty signature is good", "semantics", "LINK-06", _checks(_unless_empty)),
    Mutant("the beginning of a signature is enough", "semantics", "LINK-06", _checks(_by_its_beginning)),
    Mutant("the end is not signed", "semantics", "LINK-07", _signs(lambda path, expires: path)),
    Mutant(
        "the schedule is not signed",
        "semantics",
        "LINK-08",
        _signs(lambda path, expires: f"/coupons {expires}"),
    ),
    Mutant("a link without a signature", "validation", "LINK-09", _without("signature")),
    Mutant("a link without an end is good", "validation", "LINK-09", _without("expires")),
    Mutant("a link to no schedule is good", "validation", "LINK-09", _without("sid")),
    Mutant("links never expire", "semantics", "LINK-10", _checks(_whenever)),
    Mutant("links expire after an hour", "semantics", "LINK-10", _checks(_within_an_hour)),
    Mutant("a link is good once", "semantics", "LINK-10", _once),
    Mutant("the latest link alone is good", "semantics", "LINK-10", _latest_link_alone),
    Mutant("redeemed coupons shared", "semantics", "LINK-12", _shares_with(_not_expired)),
    Mutant("expired coupons shared", "semantics", "LINK-11", _shares_with(_whether_expired_or_not)),
)
