"""RouterOS durations."""

from __future__ import annotations

import re

_UNITS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6}
_PART = re.compile(r"(\d+)(ms|us|[wdhms])")
_PARTS = re.compile(r"(?:\d+(?:ms|us|[wdhms]))+")
_COLONS = re.compile(r"(?P<parts>(?:\d+[wd])*)\s*(?P<h>\d+):(?P<m>\d{2}):(?P<s>\d{2}(?:\.\d+)?)")
_NO_TIME = frozenset({"", "none", "never", "unlimited"})


def seconds(text: str) -> float | None:
    """The length of a RouterOS duration in seconds; None where the router sets no time (`none`, `never`).

    Reads what a router prints (`1w2d3h4m5s`, `1s100ms`) and what its console takes (`1d00:10:00`, `600`).
    Zero stays zero here: whether it means "no limit" depends on the property. ValueError for anything else.
    """
    text = text.strip()
    if text in _NO_TIME:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    if _PARTS.fullmatch(text):
        return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if match := _COLONS.fullmatch(text):
        whole = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(match["parts"]))
        return whole + int(match["h"]) * 3600 + int(match["m"]) * 60 + float(match["s"])
    raise ValueError(f"{text!r} is not a RouterOS duration; expected a form such as 1d2h3m4s or 01:00:00")


def limit(text: str | None) -> float | None:
    """The seconds that session-timeout or limit-uptime allows; None: unlimited, which zero means there."""
    return (seconds(text) or None) if text is not None else None
