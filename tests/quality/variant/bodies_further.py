"""What callers may send about everything but instances: one table of checks for each kind of body."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.quality.variant.bodies import Check, WrongValue, checked, name, one_of, part, text, whole
from tests.quality.variant.refusals import wrong

LONGEST_BATCH = 144_000
"""Minutes for which coupons can be made at most: a hundred days."""


def _credential(value: Any) -> str:
    if not 1 <= len(text(value)) <= 500:
        raise WrongValue("must have 1 to 500 characters")
    return text(value)


_CONFIG: Mapping[str, Check] = {"client_id": _credential, "client_secret": _credential, "tenant": name}


def _config(value: Any) -> dict[str, str]:
    return part(value, _CONFIG, "config")


_INTEGRATION: Mapping[str, Check] = {
    "name": name,
    "type": one_of("azure", "github", "google"),
    "config": _config,
}


def integration(body: Mapping[str, Any], *, secret_needed: bool) -> dict[str, Any]:
    """An auth integration. Raises `Refusal`; one of azure without a tenant is refused as well."""
    kept = checked(body, _INTEGRATION, tuple(_INTEGRATION), "An auth integration")
    needed = ["client_id", *(["client_secret"] if secret_needed else [])]
    needed += ["tenant"] if kept["type"] == "azure" else []
    if missing := [key for key in needed if key not in kept["config"]]:
        raise wrong({"config": f"lacks {', '.join(missing)}"})
    return kept


_BATCH: Mapping[str, Check] = {"minutes_valid": whole(1, LONGEST_BATCH), "count": whole(1, 200)}


def batch(body: Mapping[str, Any]) -> dict[str, Any]:
    """How many coupons, and for how many minutes. Raises `Refusal`."""
    return checked(body, _BATCH, tuple(_BATCH), "A batch of coupons")


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(text(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongValue("must be a time zone such as Europe/Paris") from None


def _day(least: int, most: int) -> Check:
    number = whole(least, most)
    return lambda value: None if value is None else number(value)


_SCHEDULE: Mapping[str, Check] = {
    "name": name,
    "count": whole(1, 500),
    "recurrence_type": one_of("daily", "weekly", "monthly"),
    "valid_for_in_minutes": whole(1, 90_000),
    "timezone": _zone,
    "notification_group_id": text,
    "day_of_week": _day(0, 6),
    "day_of_month": _day(1, 31),
}
_DAYS = ("day_of_week", "day_of_month")


def schedule(body: Mapping[str, Any], *, knows_groups: bool) -> dict[str, Any]:
    """A coupon schedule; with `knows_groups` a group that does not exist is refused, and there is none."""
    needed = tuple(key for key in _SCHEDULE if key not in (*_DAYS, "notification_group_id"))
    kept = checked(body, _SCHEDULE, needed, "A coupon schedule")
    day = {"weekly": "day_of_week", "monthly": "day_of_month"}.get(kept["recurrence_type"])
    if day is not None and kept.get(day) is None:
        raise wrong({day: f"is needed for a {kept['recurrence_type']} schedule"})
    if knows_groups and "notification_group_id" in kept:
        raise wrong({"notification_group_id": "names no group of this account"})
    return {"notification_group_id": None, **dict.fromkeys(_DAYS), **kept}


def _address(value: Any) -> str:
    written = text(value)
    try:
        if "/" not in written:
            return str(IPv4Address(written))
        network = IPv4Network(written, strict=False)
    except ValueError:
        raise WrongValue("must be an IPv4 address or a network such as 192.0.2.0/24") from None
    if network.prefixlen == 0:
        raise WrongValue("must not be the whole internet")
    return str(network)


def _type(value: Any) -> str | None:
    return None if value is None else one_of("captive-auth", "captive-portal")(value)


_ENTRY: Mapping[str, Check] = {"name": name, "ip_address": _address, "type": _type}


def entry(body: Mapping[str, Any]) -> dict[str, Any]:
    """A walled-garden entry; what has bits beside its prefix is kept without them. Raises `Refusal`."""
    return checked(body, _ENTRY, ("name", "ip_address"), "An entry")
