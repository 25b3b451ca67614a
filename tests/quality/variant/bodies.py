"""What callers may send: one table of checks for each kind of body.

Unknown and read-only properties are refused, no property of an update is required, and 3600.0 is an integer.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Any

from starlette.requests import Request

from tests.quality.variant.refusals import Refusal, unreadable, wrong

LONGEST_NAME, LONGEST_TERMS, LARGEST_BODY = 160, 20_000, 100_000
COLOURS: Mapping[str, str] = {
    "accent_text": "#101010",
    "accent_color": "#7C3AED",
    "text_color": "#222222",
    "secondary_text_color": "#777777",
    "background_color": "#FAFAF5",
    "border_color": "#D4D4D4",
    "box_color": "#FFFFFE",
}
"""The colours of a portal and what they are until somebody sets them."""

Check = Callable[[Any], Any]


class WrongValue(ValueError):
    """A value breaks its rule; the message ends the sentence `this property ...`."""


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValue("must be text")
    name = unicodedata.normalize("NFC", value).strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise WrongValue(f"must have 1 to {LONGEST_NAME} characters")
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise WrongValue("must be one line without control characters")
    return name


def _strategy(value: Any) -> str:
    if value not in ("oauth2", "coupon") or not isinstance(value, str):
        raise WrongValue("must be oauth2 or coupon")
    return value


def _seconds(least: int, most: int) -> Check:
    def check(value: Any) -> int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole:
            raise WrongValue("must be a whole number of seconds")
        if not least <= value <= most:
            raise WrongValue(f"must lie between {least} and {most}")
        return int(value)

    return check


def _terms(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise WrongValue("must be text or null")
    if value is not None and len(value) > LONGEST_TERMS:
        raise WrongValue(f"must not have more than {LONGEST_TERMS} characters")
    return value


def _colour(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("#[0-9A-Fa-f]{6}", value):
        raise WrongValue("must be a colour such as #7C3AED")
    return value.upper()


def _integration(value: Any) -> None:
    if value is not None:
        raise WrongValue("names no auth integration of this account")


def _theme(value: Any) -> dict[str, str]:
    return _object(value, dict.fromkeys(COLOURS, _colour), "theme")


def _subnet(value: Any) -> str:
    try:
        network = ip_network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        network = None
    if not isinstance(network, IPv4Network):
        raise WrongValue("must hold IPv4 networks such as 192.0.2.0/24")
    return str(network)


def _sites(value: Any) -> dict[str, list[str]]:
    if not isinstance(value, list):
        raise WrongValue("must be a list")
    sites: dict[str, list[str]] = {}
    for entry in value:
        site = _object(entry, {"id": _text, "subnets": _subnets}, "sites")
        if set(site) != {"id", "subnets"}:
            raise WrongValue("must each have an id and subnets")
        if site["id"] in sites:
            raise WrongValue("must not name a site twice")
        sites[site["id"]] = site["subnets"]
    return sites


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValue("must be text")
    return value.lower()


def _subnets(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise WrongValue("must be a list")
    return sorted({_subnet(entry) for entry in value})


CREATION: Mapping[str, Check] = {
    "name": _name,
    "strategy": _strategy,
    "session_ttl": _seconds(1200, 604800),
    "auth_integration_id": _integration,
}
UPDATE: Mapping[str, Check] = {
    **CREATION,
    "auth_window_ttl": _seconds(120, 900),
    "theme": _theme,
    "terms_text": _terms,
    "sites": _sites,
}
NEEDED_TO_CREATE = ("name", "strategy", "session_ttl")


def _object(value: Any, table: Mapping[str, Check], what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WrongValue("must be an object")
    unknown = [name for name in value if name not in table]
    if unknown:
        raise Refusal(400, "unknown_property", f"{what} does not take {', '.join(sorted(unknown))}.")
    return {name: table[name](part) for name, part in value.items()}


def checked(body: Mapping[str, Any], table: Mapping[str, Check], needed: tuple[str, ...]) -> dict[str, Any]:
    """The properties in the form they are kept. Raises `Refusal`."""
    unknown = sorted(name for name in body if name not in table)
    if unknown:
        raise Refusal(400, "unknown_property", f"An instance does not take {', '.join(unknown)}.")
    faults = {name: "is missing" for name in needed if name not in body}
    kept: dict[str, Any] = {}
    for name, value in body.items():
        try:
            kept[name] = table[name](value)
        except WrongValue as fault:
            faults[name] = str(fault)
    if kept.get("strategy") == "oauth2":
        faults.setdefault("auth_integration_id", "must name an auth integration of this account")
    elif "auth_window_ttl" in kept:
        faults["auth_window_ttl"] = "means nothing for an instance with coupons"
    if faults:
        raise wrong(faults)
    return kept


async def json_object(request: Request) -> dict[str, Any]:
    """The body, whatever its media type says, if it is a JSON object of moderate size."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > LARGEST_BODY:
            raise Refusal(413, "too_large", f"A body has at most {LARGEST_BODY} bytes.")
    try:
        body = json.loads(content.decode("utf-8-sig"))
        # Half of a surrogate pair can be read but never sent again.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise unreadable("The body is not JSON in UTF-8.") from None
    if not isinstance(body, dict):
        raise unreadable("The body is JSON, but no object.")
    return body
