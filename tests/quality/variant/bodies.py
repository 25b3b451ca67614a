"""What callers may send: how a body is read and checked against a table, and the tables of instances.

Unknown and read-only properties are refused, no property of an update is required, and 3600.0 is an integer.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
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


def name(value: Any) -> str:
    """A name of people's choice, in one line."""
    if not isinstance(value, str):
        raise WrongValue("must be text")
    kept = unicodedata.normalize("NFC", value).strip()
    if not 1 <= len(kept) <= LONGEST_NAME:
        raise WrongValue(f"must have 1 to {LONGEST_NAME} characters")
    if any(unicodedata.category(character) == "Cc" for character in kept):
        raise WrongValue("must be one line without control characters")
    return kept


def one_of(*words: str) -> Check:
    """One of these words."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise WrongValue(f"must be one of {', '.join(words)}")
        return value

    return check


def whole(least: int, most: int) -> Check:
    """A whole number, however it is written."""

    def check(value: Any) -> int:
        integral = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not integral:
            raise WrongValue("must be a whole number")
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


def _integration(value: Any) -> str | None:
    return None if value is None else _identifier(value)


def _theme(value: Any) -> dict[str, str]:
    return part(value, dict.fromkeys(COLOURS, _colour), "theme")


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
        site = part(entry, {"id": _identifier, "subnets": _subnets}, "sites")
        if set(site) != {"id", "subnets"}:
            raise WrongValue("must each have an id and subnets")
        if site["id"] in sites:
            raise WrongValue("must not name a site twice")
        sites[site["id"]] = site["subnets"]
    return sites


def text(value: Any) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise WrongValue("must be text")
    return value


def _identifier(value: Any) -> str:
    return text(value).lower()


def _subnets(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise WrongValue("must be a list")
    return sorted({_subnet(entry) for entry in value})


CREATION: Mapping[str, Check] = {
    "name": name,
    "strategy": one_of("oauth2", "coupon"),
    "session_ttl": whole(1200, 604800),
    "auth_integration_id": _integration,
}
UPDATE: Mapping[str, Check] = {
    **CREATION,
    "auth_window_ttl": whole(120, 900),
    "theme": _theme,
    "terms_text": _terms,
    "sites": _sites,
}
NEEDED_TO_CREATE = ("name", "strategy", "session_ttl")


def part(value: Any, table: Mapping[str, Check], what: str) -> dict[str, Any]:
    """An object within a body. Raises `WrongValue`, or `Refusal` for a property that it does not have."""
    if not isinstance(value, dict):
        raise WrongValue("must be an object")
    _refuse_unknown(value, table, what)
    return {key: table[key](each) for key, each in value.items()}


def checked(
    body: Mapping[str, Any], table: Mapping[str, Check], needed: Sequence[str], what: str
) -> dict[str, Any]:
    """The properties in the form they are kept. Raises `Refusal`."""
    _refuse_unknown(body, table, what)
    faults = {key: "is missing" for key in needed if key not in body}
    kept: dict[str, Any] = {}
    for key, value in body.items():
        try:
            kept[key] = table[key](value)
        except WrongValue as fault:
            faults[key] = str(fault)
    if faults:
        raise wrong(faults)
    return kept


def _refuse_unknown(body: Mapping[str, Any], table: Mapping[str, Check], what: str) -> None:
    unknown = sorted(key for key in body if key not in table)
    if unknown:
        raise Refusal(400, "unknown_property", f"{what} does not take {', '.join(unknown)}.")


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
