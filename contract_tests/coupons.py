"""Coupons, schedules and signed links as answers show them, read into values that compare. Pure.

What is not as documented reads as None or is left out; that the shape is wrong is for others to say (WIRE-01).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from contract_tests.recurrence_oracle import Recurrence

# Instants are written to the second, and an answer may be put together a moment after what it tells of.
PRECISION = timedelta(seconds=5)


def instant(value: Any) -> datetime | None:
    """An instant of an answer as an aware UTC datetime; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Coupon:
    id: str
    code: str
    created_at: datetime | None
    expires_at: datetime | None
    redeemed_at: Any

    @property
    def lifetime(self) -> timedelta | None:
        """How long it can be redeemed."""
        if self.created_at is None or self.expires_at is None:
            return None
        return self.expires_at - self.created_at


def coupons_in(body: Any) -> list[Coupon]:
    """The coupons of a list that an answer holds."""
    return [
        Coupon(
            item["id"].lower(),
            item["code"],
            instant(item.get("created_at")),
            instant(item.get("expires_at")),
            item.get("redeemed_at"),
        )
        for item in (body if isinstance(body, list) else [])
        if isinstance(item, Mapping) and isinstance(item.get("id"), str) and isinstance(item.get("code"), str)
    ]


def repeated(codes: Iterable[str]) -> list[str]:
    """The codes that occur more than once, sorted."""
    seen: set[str] = set()
    again: set[str] = set()
    for code in codes:
        (again if code in seen else seen).add(code)
    return sorted(again)


def about(left: datetime | None, right: datetime | None, *, within: timedelta = PRECISION) -> bool:
    """Are both known, and the same but for `within`?"""
    return left is not None and right is not None and abs(left - right) <= within


WRITABLE = (
    "name",
    "count",
    "recurrence_type",
    "valid_for_in_minutes",
    "timezone",
    "notification_group_id",
    "day_of_week",
    "day_of_month",
)
DAY_OF = {"weekly": "day_of_week", "monthly": "day_of_month"}


def recurrence_of(schedule: Mapping[str, Any]) -> Recurrence:
    """The recurrence that a body for a schedule (one that the suite sent) asks for."""
    kind = schedule["recurrence_type"]
    day = schedule[DAY_OF[kind]] if kind in DAY_OF else None
    return Recurrence(kind, ZoneInfo(schedule["timezone"]), day)


def differing(wanted: Mapping[str, Any], found: Any) -> dict[str, Any]:
    """The properties of a schedule's body that the schedule does not show, with what it shows instead.

    The day that its recurrence does not use is left out: it may be kept, reset or null.
    """
    shown = found if isinstance(found, Mapping) else {}
    used = DAY_OF.get(str(wanted.get("recurrence_type")))
    return {
        name: shown.get(name)
        for name in WRITABLE
        if name in wanted
        and not (name in DAY_OF.values() and name != used)
        and shown.get(name) != wanted[name]
    }


@dataclass(frozen=True, slots=True)
class SignedLink:
    """A signed coupon URL; `expires` is its query parameter as it stands."""

    url: str
    sid: str | None
    expires: str | None
    signature: str | None

    @property
    def complete(self) -> bool:
        return bool(self.sid and self.expires and self.signature)

    @property
    def expiry(self) -> datetime | None:
        """`expires` read as seconds since the epoch; None for what cannot be that."""
        if self.expires is None or not (self.expires.isascii() and self.expires.isdecimal()):
            return None
        seconds = int(self.expires)
        return datetime.fromtimestamp(seconds, UTC) if seconds < 10**11 else None

    def altered(self, **changes: str | None) -> str:
        """The URL with other values of its query parameters; None takes one out."""
        parts = urlsplit(self.url)
        query = [
            (name, changes.get(name, value))
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if changes.get(name, value) is not None
        ]
        return urlunsplit(parts._replace(query=urlencode(query)))


def signed_link(answer: Any) -> SignedLink | None:
    """The link in the answer of generateCouponUrl; None if there is none."""
    url = answer.get("signed_url") if isinstance(answer, Mapping) else None
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    query = dict(parse_qsl(parts.query))
    return SignedLink(url, query.get("sid"), query.get("expires"), query.get("signature"))


def forged(signature: str) -> str:
    """The signature with a few characters changed in the middle, its alphabet kept.

    Not at its end: in base64 the last character may carry bits that mean nothing.
    """
    middle = len(signature) // 2
    part = "".join("b" if character == "a" else "a" for character in signature[middle : middle + 3])
    return signature[:middle] + part + signature[middle + 3 :]
