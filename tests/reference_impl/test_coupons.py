"""Coupons: codes nobody confuses, valid for a while, redeemed once."""

import asyncio
import itertools
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_impl.schemas_coupons import CouponBatch
from reference_impl.stores.coupons import CouponStore, Redeemed, Refused, random_code
from tests.reference_impl.conftest import UNKNOWN, Api, TurnedClock, refused


async def batch(api: Api, instance: str, count: int = 2, minutes_valid: int = 60) -> list[dict[str, Any]]:
    answer = await api.send(
        "POST", f"/instances/{instance}/coupons", json={"count": count, "minutes_valid": minutes_valid}
    )
    assert answer.status_code == 201, answer.text
    made: list[dict[str, Any]] = answer.json()
    return made


async def listed(api: Api, instance: str) -> list[dict[str, Any]]:
    answer = await api.send("GET", f"/instances/{instance}/coupons")
    assert answer.status_code == 200
    coupons: list[dict[str, Any]] = answer.json()
    return coupons


def store(api: Api) -> CouponStore:
    coupons = api.app.state.service.coupons
    assert isinstance(coupons, CouponStore)
    return coupons


def test_codes_are_six_characters_of_the_alphabet() -> None:
    codes = [random_code() for _ in range(500)]
    assert {len(code) for code in codes} == {6}
    assert set("".join(codes)) == set("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
    assert len(set(codes)) == 500


async def test_a_batch_is_made_and_listed_newest_first(api: Api, other: Api, clock: TurnedClock) -> None:
    instance = (await api.create())["id"]
    first = await batch(api, instance, 3)
    clock.turn(minutes=1)
    second = await batch(api, instance, 2, minutes_valid=525600)
    assert await listed(api, instance) == second + first
    assert len({coupon["code"] for coupon in first + second}) == 5
    for coupon in first:
        assert coupon == {
            "id": coupon["id"],
            "code": coupon["code"],
            "expires_at": "2026-01-02T04:04:05Z",
            "redeemed_at": None,
            "created_at": "2026-01-02T03:04:05Z",
        }
    assert second[0]["expires_at"] == "2027-01-02T03:05:05Z"
    refused(await other.send("GET", f"/instances/{instance}/coupons"), 404)
    refused(
        await other.send("POST", f"/instances/{instance}/coupons", json={"count": 1, "minutes_valid": 1}), 404
    )
    refused(await api.send("GET", f"/instances/{UNKNOWN}/coupons"), 404)


@pytest.mark.parametrize(
    "body",
    [
        {"count": 0, "minutes_valid": 1},
        {"count": 201, "minutes_valid": 1},
        {"count": 1, "minutes_valid": 0},
        {"count": 1, "minutes_valid": 525601},
        {"count": 1, "minutes_valid": 10**40},
        {"count": "1", "minutes_valid": 1},
        {"count": 1.5, "minutes_valid": 1},
        {"count": True, "minutes_valid": 1},
        {"count": 1},
        {"minutes_valid": 1},
    ],
)
async def test_bounds_of_a_batch(api: Api, body: dict[str, Any]) -> None:
    instance = (await api.create())["id"]
    refused(await api.send("POST", f"/instances/{instance}/coupons", json=body), 400)
    assert await listed(api, instance) == []


async def test_the_largest_batch(api: Api) -> None:
    instance = (await api.create())["id"]
    made = await batch(api, instance, 200)
    assert len({coupon["code"] for coupon in made}) == 200
    assert await listed(api, instance) == made


async def test_a_coupon_is_valid_until_it_expires(api: Api, clock: TurnedClock) -> None:
    instance = (await api.create())["id"]
    [coupon] = await batch(api, instance, 1, minutes_valid=1)
    clock.turn(seconds=59)
    assert await listed(api, instance) == [coupon]
    clock.turn(seconds=1)
    assert await listed(api, instance) == []
    assert await store(api).redeem(instance, coupon["code"], clock.now()) == Refused("expired")


async def test_a_code_in_any_case_admits_once(api: Api, clock: TurnedClock) -> None:
    instance, elsewhere = (await api.create())["id"], (await api.create())["id"]
    coupon, left = await batch(api, instance)
    code = coupon["code"].lower()
    for unknown in ("AAAAAA", "", "\0" * 6, "ßßßßßß", code + "A"):
        assert await store(api).redeem(instance, unknown, clock.now()) == Refused("unknown")
    assert await store(api).redeem(elsewhere, code, clock.now()) == Refused("unknown")
    assert await store(api).redeem(UNKNOWN, code, clock.now()) == Refused("unknown")
    assert await store(api).redeem(instance, code, clock.now()) == Redeemed(coupon["id"])
    assert await store(api).redeem(instance, code, clock.now()) == Refused("redeemed")
    clock.turn(days=1)
    assert await store(api).redeem(instance, code, clock.now()) == Refused("redeemed")
    assert await store(api).redeem(instance, left["code"], clock.now()) == Refused("expired")


async def test_of_many_guests_at_once_one_is_admitted(api: Api, clock: TurnedClock) -> None:
    instance = (await api.create())["id"]
    coupons = await batch(api, instance, 5)
    tries = [coupon["code"] for coupon in coupons] * 8
    results = await asyncio.gather(*(store(api).redeem(instance, code, clock.now()) for code in tries))
    won = Counter(result.coupon_id for result in results if isinstance(result, Redeemed))
    assert won == Counter(coupon["id"] for coupon in coupons)
    assert {result for result in results if isinstance(result, Refused)} == {Refused("redeemed")}
    assert await listed(api, instance) == []


async def test_a_coupon_that_is_given_back_admits_again(api: Api, clock: TurnedClock) -> None:
    instance = (await api.create())["id"]
    [coupon] = await batch(api, instance, 1)
    await store(api).give_back(coupon["id"])
    assert await store(api).redeem(instance, coupon["code"], clock.now()) == Redeemed(coupon["id"])
    await store(api).give_back(coupon["id"])
    assert await listed(api, instance) == [coupon]
    assert await store(api).redeem(instance, coupon["code"], clock.now()) == Redeemed(coupon["id"])


def few_codes(api: Api, *codes: str) -> CouponStore:
    """A store whose source of codes has these alone, over and over."""
    source = itertools.cycle(codes)
    return CouponStore(api.app.state.service.database, new_code=lambda: next(source))


async def test_valid_coupons_never_share_a_code(api: Api, clock: TurnedClock) -> None:
    instance, elsewhere = (await api.create())["id"], (await api.create())["id"]
    coupons = few_codes(api, "AAAAAA", "AAAAAA", "BBBBBB", "CCCCCC")
    object.__setattr__(api.app.state.service, "coupons", coupons)
    assert {coupon["code"] for coupon in await batch(api, instance, 2)} == {"AAAAAA", "BBBBBB"}
    assert [coupon["code"] for coupon in await batch(api, elsewhere, 1)] == ["CCCCCC"]
    # An expired coupon and a redeemed one have given their codes back.
    assert isinstance(await coupons.redeem(elsewhere, "CCCCCC", clock.now()), Redeemed)
    clock.turn(hours=1)
    [again] = await batch(api, elsewhere, 1)
    assert again["code"] == "AAAAAA"
    assert await coupons.redeem(instance, "AAAAAA", clock.now()) == Refused("expired")
    assert await coupons.redeem(elsewhere, "AAAAAA", clock.now()) == Redeemed(again["id"])


async def test_a_code_given_to_another_coupon_is_not_given_back(api: Api, clock: TurnedClock) -> None:
    instance = (await api.create())["id"]
    coupons = few_codes(api, "AAAAAA")
    object.__setattr__(api.app.state.service, "coupons", coupons)
    [first] = await batch(api, instance, 1)
    await coupons.redeem(instance, "AAAAAA", clock.now())
    [second] = await batch(api, instance, 1)
    await coupons.give_back(first["id"])
    assert await listed(api, instance) == [second]


async def test_coupons_go_with_their_instance(api: Api, clock: TurnedClock) -> None:
    instance = (await api.create())["id"]
    [coupon] = await batch(api, instance, 1)
    assert (await api.send("DELETE", f"/instances/{instance}")).status_code == 204
    refused(await api.send("GET", f"/instances/{instance}/coupons"), 404)
    assert await store(api).redeem(instance, coupon["code"], clock.now()) == Refused("unknown")


CODES = ("AAAAAA", "BBBBBB", "CCCCCC", "DDDDDD", "EEEEEE")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("make"), st.integers(1, 2), st.integers(1, 3)),
        st.tuples(st.just("redeem"), st.sampled_from(CODES), st.none()),
        st.tuples(st.just("give back"), st.integers(0, 9), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 2), st.none()),
    ),
    max_size=20,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_coupons_do_what_a_simple_model_does(
    api: Api, clock: TurnedClock, steps: list[tuple[Any, Any, Any]]
) -> None:
    """Batches, redemptions, returns and time in any order, with so few codes that they come back often."""
    instance = (await api.create())["id"]
    source = random.Random(0)
    coupons = CouponStore(api.app.state.service.database, new_code=lambda: source.choice(CODES))
    model: list[dict[str, Any]] = []

    def valid() -> list[dict[str, Any]]:
        return [coupon for coupon in model if not coupon["used"] and coupon["end"] > clock.now()]

    for step, first, second in steps:
        if step == "make" and len(valid()) + first <= len(CODES):
            for coupon in model:
                coupon["holds"] &= coupon["end"] > clock.now()
            wanted = CouponBatch(count=first, minutes_valid=second)
            made = await coupons.create(instance, "a", wanted, clock.now()) or []
            end = clock.now() + timedelta(minutes=second)
            model += [
                {"id": coupon.id, "code": coupon.code, "used": False, "holds": True, "end": end}
                for coupon in reversed(made)
            ]
        elif step == "redeem":
            of_code = [coupon for coupon in model if coupon["code"] == first]
            chosen = next((coupon for coupon in valid() if coupon["code"] == first), None)
            result = await coupons.redeem(instance, first.lower(), clock.now())
            if chosen is not None:
                assert result == Redeemed(chosen["id"])
                chosen |= {"used": True, "holds": False}
            elif of_code:
                assert result == Refused("redeemed" if of_code[-1]["used"] else "expired")
            else:
                assert result == Refused("unknown")
        elif step == "give back" and first < len(model):
            coupon = model[first]
            await coupons.give_back(coupon["id"])
            # An expired coupon holds its code until the next batch.
            if coupon["used"] and coupon["code"] not in {other["code"] for other in model if other["holds"]}:
                coupon |= {"used": False, "holds": True}
        elif step == "wait":
            clock.turn(minutes=first)
        now_valid = valid()
        assert len({coupon["code"] for coupon in now_valid}) == len(now_valid)
        assert [coupon["id"] for coupon in await listed(api, instance)] == [
            coupon["id"] for coupon in reversed(now_valid)
        ]
    await api.send("DELETE", f"/instances/{instance}")
