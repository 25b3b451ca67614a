"""What the suite reads out of answers on coupons, schedules and signed links."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.coupons import (
    SignedLink,
    about,
    coupons_in,
    differing,
    forged,
    instant,
    recurrence_of,
    repeated,
    signed_link,
)

COUPON = {
    "id": "B1C2D3E4-F5A6-47B8-89D0-E1F2A3B4C5D6",
    "code": "8B7W3D",
    "created_at": "2026-10-29T12:00:00Z",
    "expires_at": "2026-10-29T12:45:00.500+00:00",
    "redeemed_at": None,
}
LINK = "https://portal.example.net/captive/coupons?sid=1a2b&expires=1790000000&signature=abc%2Bdef"


@pytest.mark.parametrize("value", [None, 17, "soon", "", "2026-10-29", "2026-10-29T12:00:00", ["x"]])
def test_what_is_no_instant(value: Any) -> None:
    assert instant(value) is None


@pytest.mark.parametrize(
    "text", ["2026-10-29T12:00:00Z", "2026-10-29T12:00:00.000+00:00", "2026-10-29T14:00:00+02:00"]
)
def test_an_instant_however_it_is_written(text: str) -> None:
    assert instant(text) == datetime(2026, 10, 29, 12, tzinfo=UTC)


def test_a_coupon_is_read_with_its_lifetime() -> None:
    [coupon] = coupons_in([COUPON])
    assert coupon.id == str(COUPON["id"]).lower()
    assert coupon.lifetime == timedelta(minutes=45, milliseconds=500)
    [unknown] = coupons_in([COUPON | {"expires_at": "later"}])
    assert unknown.lifetime is None


@pytest.mark.parametrize("body", [None, {}, "x", [None, 1, {"id": 1, "code": "A"}, {"id": "a"}]])
def test_what_is_no_coupon_is_left_out(body: Any) -> None:
    assert coupons_in(body) == []


@given(st.lists(st.sampled_from("abc")))
def test_repeated_codes(codes: list[str]) -> None:
    assert repeated(codes) == sorted(code for code in set(codes) if codes.count(code) > 1)


def test_about_the_same() -> None:
    noon = datetime(2026, 10, 29, 12, tzinfo=UTC)
    assert about(noon, noon + timedelta(seconds=4))
    assert not about(noon, noon + timedelta(seconds=6))
    assert not about(noon, None)


def test_a_schedule_shows_what_was_sent_but_for_the_day_that_is_not_used() -> None:
    body = {
        "name": "passes",
        "count": 3,
        "recurrence_type": "weekly",
        "day_of_week": 2,
        "day_of_month": None,
        "timezone": "Asia/Tokyo",
    }
    assert differing(body, body | {"day_of_month": 15, "id": "x"}) == {}
    assert differing(body, body | {"day_of_week": 3, "count": 4}) == {"day_of_week": 3, "count": 4}
    assert differing({"count": 3, "recurrence_type": "daily"}, None) == {
        "count": None,
        "recurrence_type": None,
    }


def test_the_recurrence_of_a_body() -> None:
    monthly = recurrence_of({"recurrence_type": "monthly", "day_of_month": 12, "timezone": "Asia/Tokyo"})
    assert (monthly.type, monthly.day, monthly.zone.key) == ("monthly", 12, "Asia/Tokyo")
    assert recurrence_of({"recurrence_type": "daily", "day_of_week": 1, "timezone": "UTC"}).day is None


def test_a_signed_link_and_its_parts() -> None:
    link = signed_link({"signed_url": LINK})
    assert link == SignedLink(LINK, "1a2b", "1790000000", "abc+def")
    assert link.complete
    assert link.expiry == datetime.fromtimestamp(1790000000, UTC)


@pytest.mark.parametrize(
    "answer", [None, {}, {"signed_url": None}, {"signed_url": "coupons?sid=1"}, {"signed_url": "https://[x"}]
)
def test_what_is_no_link(answer: Any) -> None:
    assert signed_link(answer) is None


def test_a_link_without_a_part_is_not_complete() -> None:
    link = signed_link({"signed_url": "https://portal.example.net/coupons?sid=1&expires=2"})
    assert link is not None
    assert not link.complete


@pytest.mark.parametrize("expires", [None, "", "soon", "-1", "1790000000000", "²"])
def test_an_expiry_that_is_no_number_of_seconds(expires: str | None) -> None:
    assert SignedLink(LINK, "1", expires, "x").expiry is None


def test_a_link_with_other_parts() -> None:
    link = signed_link({"signed_url": LINK})
    assert link is not None
    assert link.altered() == LINK
    assert signed_link({"signed_url": link.altered(sid="9")}) == SignedLink(
        link.altered(sid="9"), "9", "1790000000", "abc+def"
    )
    without = signed_link({"signed_url": link.altered(signature=None)})
    assert without is not None
    assert (without.sid, without.signature) == ("1a2b", None)


@given(st.text(alphabet="0123456789abcdef", min_size=2, max_size=128))
def test_a_forged_signature_has_the_length_of_a_good_one(signature: str) -> None:
    assert forged(signature) != signature
    assert len(forged(signature)) == len(signature)
    assert set(forged(signature)) <= set(signature) | {"a", "b"}
