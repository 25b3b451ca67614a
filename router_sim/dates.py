"""Dates and times of day as RouterOS prints them: ISO since 7.10, `sep/29/2022` before."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from router_sim.schema import version_key

ISO_DATES_SINCE = (7, 10)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def format_date(moment: datetime, version: str) -> str:
    """The date alone, in the form of the version."""
    if version_key(version) >= ISO_DATES_SINCE:
        return moment.strftime("%Y-%m-%d")
    return f"{MONTHS[moment.month - 1]}/{moment.day:02d}/{moment.year:04d}"


def format_moment(moment: datetime, version: str) -> str:
    """Date and time of day, in the form of the version."""
    return f"{format_date(moment, version)} {moment:%H:%M:%S}"


def parse_date(text: str) -> tuple[int, int, int]:
    """Year, month and day of a date in either form. Raises ValueError if there is no such day."""
    if "/" in text:
        name, day, year = text.split("/")
        if name.lower() not in MONTHS:
            raise ValueError(f"no such month: {name}")
        parts = (int(year), MONTHS.index(name.lower()) + 1, int(day))
    else:
        year, month, day = text.split("-")
        parts = (int(year), int(month), int(day))
    datetime(*parts, tzinfo=UTC)
    return parts


def zone(name: str) -> tzinfo:
    """The time zone of this name; `manual` is UTC. Raises ValueError if there is none."""
    if name == "manual":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no such time zone: {name}") from None


def format_offset(moment: datetime) -> str:
    """Offset from UTC as `+01:00`."""
    offset = moment.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    minutes = int(abs(offset).total_seconds()) // 60
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def from_seconds(seconds: float) -> datetime:
    """The moment so many seconds after the epoch, aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)
