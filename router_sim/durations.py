"""Time intervals as RouterOS reads and prints them.

Printed as `1w2d3h4m5s` with empty parts left out and `0s` for nothing; fractions of a second as
`ms` and `us`. Read in the same form, as `[1w][1d][ ]HH:MM[:SS[.f]]`, or as a plain number of seconds.
"""

import math
import re

MICROSECOND = 1
MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

UNITS = (
    ("w", WEEK),
    ("d", DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", SECOND),
    ("ms", MILLISECOND),
    ("us", MICROSECOND),
)

# Digits are bounded so that hostile input cannot make arbitrarily large numbers.
_DIGITS = r"(\d{1,12})"
_BY_UNIT = re.compile("".join(rf"(?:{_DIGITS}{unit}(?![a-z]))?" for unit, _ in UNITS), re.ASCII)
_BY_COLON = re.compile(
    rf"(?:{_DIGITS}w)?(?:{_DIGITS}d)? ?{_DIGITS}:(\d\d)(?::(\d\d)(?:\.(\d{{1,6}}))?)?", re.ASCII
)
_SECONDS = re.compile(rf"{_DIGITS}(?:\.(\d{{1,6}}))?", re.ASCII)


def parse_duration(text: str) -> int:
    """Microseconds meant by `text`. Raises ValueError if it is no time interval."""
    if plain := _SECONDS.fullmatch(text):
        return int(plain[1]) * SECOND + _fraction(plain[2])
    if colon := _BY_COLON.fullmatch(text):
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in colon.groups()[:5])
        if minutes > 59 or seconds > 59:
            raise ValueError(f"not a time interval: {text!r}")
        whole = weeks * WEEK + days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND
        return whole + _fraction(colon[6])
    units = _BY_UNIT.fullmatch(text)
    if not text or units is None:
        raise ValueError(f"not a time interval: {text!r}")
    return sum(int(part) * size for part, (_, size) in zip(units.groups(), UNITS, strict=True) if part)


def format_duration(microseconds: int) -> str:
    """The printed form of a non-negative number of microseconds."""
    if not microseconds:
        return "0s"
    parts = []
    rest = microseconds
    for unit, size in UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def format_seconds(seconds: int) -> str:
    """The printed form of a non-negative number of whole seconds."""
    return format_duration(seconds * SECOND)


def format_elapsed(seconds: float) -> str:
    """Whole seconds that have passed; a millisecond short of one counts, as float sums are inexact."""
    return format_seconds(max(0, math.floor(seconds + 0.001)))


def format_remaining(seconds: float) -> str:
    """Whole seconds still to come, rounded up so that a fresh hour reads `1h`."""
    return format_seconds(max(0, math.ceil(seconds - 0.001)))


def format_colon(microseconds: int) -> str:
    """The form error texts use: `00:00:10`, `1d00:00:00`, `00:00:00.020`."""
    days, rest = divmod(microseconds, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds, rest = divmod(rest, SECOND)
    weeks, days = divmod(days, 7)
    head = (f"{weeks}w" if weeks else "") + (f"{days}d" if days else "")
    tail = f".{rest // MILLISECOND:03d}" if rest else ""
    return f"{head}{hours:02d}:{minutes:02d}:{seconds:02d}{tail}"


def _fraction(digits: str | None) -> int:
    return int(digits.ljust(6, "0")) if digits else 0
