"""Laws over batches of coupons: how many, how long, told from each other, listed while they are valid."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from contract_tests.context import Context
from contract_tests.coupons import PRECISION, Coupon, about, coupons_in, repeated
from contract_tests.instances import Instances
from contract_tests.laboratory import Laboratory
from contract_tests.planner import plan
from contract_tests.suite.schedules import CouponDesk
from contract_tests.verifier import CannotTell, Verifier
from spec.loader import Contract

_RULES = {"bound": "COUPON-06", "missing": "COUPON-07", "type": "COUPON-08"}
_DAY = 1440  # minutes
_LONG = 70 * _DAY


@pytest.fixture
def desk(context: Context) -> CouponDesk:
    return CouponDesk(context)


def _told(coupons: list[Coupon], missing: set[str]) -> str:
    return ", ".join(coupon.code for coupon in coupons if coupon.id in missing) or "none"


@pytest.mark.verifies(
    "COUPON-01",
    "COUPON-02",
    "COUPON-03",
    "COUPON-04",
    "COUPON-10",
    "COUPON-11",
    "COUPON-12",
    "COUPON-14",
    "WIRE-01",
    "WIRE-05",
)
def test_batches_of_two_instances(instances: Instances, verify: Verifier, desk: CouponDesk) -> None:
    """Two batches for one instance, a second apart, one for another: each list shows its own."""
    instance, other = instances.make("coupons"), instances.make("other coupons")
    first = _batch(verify, desk, instance, minutes_valid=_DAY, count=200)
    begun = time.monotonic()
    foreign = _batch(verify, desk, other, minutes_valid=90, count=2)
    # Instants are told to the second; two batches of the same second have no order.
    time.sleep(max(0.0, begun + 1.1 - time.monotonic()))
    second = _batch(verify, desk, instance, minutes_valid=45, count=3)
    same = repeated(coupon.code for coupon in (*first, *second))
    verify.check(
        "COUPON-02", not same, f"of 203 coupons two have the code {', '.join(same) or 'of no other'}"
    )
    answer = desk.listing(instance)
    listed = coupons_in(answer.json())
    verify.demand(
        "COUPON-10",
        answer.ok and isinstance(answer.json(), list),
        f"the list of coupons was answered {answer.text[:200]}",
    )
    _listed_as_made(verify, [*first, *second], listed)
    strangers = {coupon.id for coupon in listed} & {coupon.id for coupon in foreign}
    verify.check(
        "COUPON-11", not strangers, f"the list shows of another instance: {_told(foreign, strangers)}"
    )
    _newest_first(verify, first, second, listed)
    deletion = instances.delete(other["id"])
    if deletion.ok:
        gone = desk.listing(other, purpose="list the coupons of the deleted instance")
        verify.check(
            "COUPON-14", gone.status == 404, f"the list of a deleted instance was answered {gone.text[:160]}"
        )
    instances.delete(instance["id"])


def _batch(
    verify: Verifier, desk: CouponDesk, instance: Mapping[str, Any], *, minutes_valid: int, count: int
) -> list[Coupon]:
    answer = desk.create(instance, {"minutes_valid": minutes_valid, "count": count})
    coupons = coupons_in(answer.json())
    verify.demand(
        "COUPON-01",
        answer.ok and len(coupons) == count,
        f"a batch of {count} was answered {answer.status} with {len(coupons)} coupons"
        + ("" if answer.ok else f": {answer.text}"),
    )
    _lasting(verify, coupons, minutes_valid)
    used = [coupon.redeemed_at for coupon in coupons if coupon.redeemed_at is not None]
    verify.check("COUPON-04", not used, f"new coupons have the redeemed_at {used[:3] or 'null'}")
    return coupons


def _lasting(verify: Verifier, coupons: list[Coupon], minutes_valid: int) -> None:
    wanted = timedelta(minutes=minutes_valid)
    wrong = {coupon.lifetime for coupon in coupons if abs((coupon.lifetime or -wanted) - wanted) > PRECISION}
    verify.check(
        "COUPON-03",
        not wrong,
        f"coupons of {minutes_valid} minutes are valid for {_durations(wrong) or 'as long'}",
    )


def _durations(durations: set[timedelta | None]) -> str:
    return ", ".join(sorted("an unknown time" if each is None else f"{each}" for each in durations)[:3])


def _listed_as_made(verify: Verifier, made: list[Coupon], listed: list[Coupon]) -> None:
    twice = repeated(coupon.id for coupon in listed)
    shown = {coupon.id: coupon for coupon in listed}
    missing = {coupon.id for coupon in made} - shown.keys()
    verify.check(
        "COUPON-10",
        not twice and not missing,
        f"of {len(made)} coupons the list does not show {_told(made, missing)}; twice: {', '.join(twice) or 'none'}",
    )
    otherwise = [
        f"{coupon.code} is listed as {now.code}, {now.created_at} to {now.expires_at}"
        for coupon in made
        if (now := shown.get(coupon.id)) is not None
        and not (
            now.code == coupon.code
            and about(now.created_at, coupon.created_at)
            and about(now.expires_at, coupon.expires_at)
        )
    ]
    verify.check(
        "COUPON-10", not otherwise, "; ".join(otherwise[:3]) or "the list shows them as they were made"
    )
    used = [coupon.code for coupon in listed if coupon.redeemed_at is not None]
    verify.check("COUPON-04", not used, f"listed as redeemed: {', '.join(used[:5]) or 'none'}")


def _newest_first(verify: Verifier, first: list[Coupon], second: list[Coupon], listed: list[Coupon]) -> None:
    place = {coupon.id: position for position, coupon in enumerate(listed)}
    old = [place[coupon.id] for coupon in first if coupon.id in place]
    new = [place[coupon.id] for coupon in second if coupon.id in place]
    if old and new:
        verify.check(
            "COUPON-12",
            max(new) < min(old),
            f"the later batch is listed at places {min(new)} to {max(new)}, the earlier one at "
            f"{min(old)} to {max(old)}",
        )


@pytest.mark.verifies(
    "COUPON-03", "COUPON-05", "COUPON-06", "COUPON-07", "COUPON-08", "COUPON-09", "ERR-01", "ERR-04"
)
def test_limits_of_a_batch(
    contract: Contract, instances: Instances, verify: Verifier, desk: CouponDesk
) -> None:
    """The documented bounds, and one violation for each constraint: what is refused leaves nothing behind."""
    instance = instances.make("limits of coupons")
    valid = {"minutes_valid": 60, "count": 1}
    schema = contract.operations["createCoupons"].request_schema()
    assert schema is not None
    made = len(desk.batch(instance, minutes_valid=60, count=2))
    # How long coupons may last at most is for the deployment to say; what it takes it has to keep.
    long = coupons_in(desk.create(instance, {"minutes_valid": _LONG, "count": 1}).json())
    if long:
        _lasting(verify, long, _LONG)
    made += len(long)
    for case in plan(schema, {}):
        if any(isinstance(value, list | dict) for value in case.changes.values()):
            continue  # the other wrong types tell as much
        verify.start_scenario()
        body = {name: value for name, value in (valid | dict(case.changes)).items() if value is not ...}
        answer = desk.create(instance, body, purpose=f"make coupons: {case.what}")
        if case.valid:
            verify.check("COUPON-05", answer.ok, f"a batch with {case.what} was answered {answer.text[:200]}")
            made += len(coupons_in(answer.json()))
        else:
            verify.check(
                _RULES.get(case.kind, "COUPON-08"),
                answer.refused,
                f"a batch with {case.what} was answered {answer.text[:160]}; expected a client error",
            )
            if answer.ok:
                made += len(coupons_in(answer.json()))  # told above
    verify.start_scenario()
    listed = desk.listed(instance, purpose="list the coupons after batches were refused")
    verify.check(
        "COUPON-09",
        len(listed) <= made,
        f"the list shows {len(listed)} coupons, the answers to batches showed {made}",
    )
    instances.delete(instance["id"])


@dataclass(slots=True)
class _ShortLived:
    """Coupons of one minute, made early, so that nobody has to wait long when they are looked for."""

    instance: dict[str, Any] | None = None
    coupon: Coupon | None = None


@pytest.fixture(scope="session")  # the second test that uses it comes last of all
def short_lived() -> _ShortLived:
    return _ShortLived()


@pytest.mark.xdist_group("clock")
@pytest.mark.verifies("COUPON-13")
def test_short_lived_coupon_is_listed_at_first(
    instances: Instances, verify: Verifier, desk: CouponDesk, short_lived: _ShortLived
) -> None:
    short_lived.instance = instances.make("short-lived coupon")
    [short_lived.coupon] = desk.batch(short_lived.instance, minutes_valid=1, count=1)
    found = [coupon.id for coupon in desk.listed(short_lived.instance)]
    if short_lived.coupon.id not in found:
        raise CannotTell("a coupon of one minute is not listed even when it is new")


@pytest.mark.moves_clock
@pytest.mark.verifies("COUPON-13")
def test_expired_coupon_is_listed_no_longer(
    instances: Instances, verify: Verifier, desk: CouponDesk, laboratory: Laboratory, short_lived: _ShortLived
) -> None:
    """Late, and with the clock of the laboratory where there is one: otherwise the minute takes a minute."""
    instance = short_lived.instance or instances.make("short-lived coupon")
    coupon = short_lived.coupon or desk.batch(instance, minutes_valid=1, count=1)[0]
    expiry = coupon.expires_at
    if expiry is None or coupon.lifetime is None or coupon.lifetime > timedelta(minutes=2):
        raise CannotTell("a coupon of one minute does not tell when it expires, or only after minutes")
    if laboratory.clock is not None:
        laboratory.clock.advance(max(0.0, (expiry - laboratory.clock.now() + PRECISION).total_seconds()))
    # The deployment's own clock decides, and a coupon that it makes tells the time.
    [witness] = desk.batch(instance, minutes_valid=_DAY, count=1)
    now = witness.created_at
    if now is None:
        raise CannotTell("coupons do not tell when they were made")
    if now <= expiry:
        wait = expiry - now + PRECISION
        if wait > timedelta(minutes=2):
            raise CannotTell(f"a coupon that expires at {expiry} was made before one that was made at {now}")
        time.sleep(wait.total_seconds())
    listed = {each.id for each in desk.listed(instance, purpose="list the coupons after one has expired")}
    if witness.id not in listed:
        raise CannotTell("even a new coupon is not listed")
    verify.check(
        "COUPON-13",
        coupon.id not in listed,
        f"the coupon {coupon.code} expired at {coupon.expires_at} and is still listed",
    )
    instances.delete(instance["id"])
