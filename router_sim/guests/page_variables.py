"""The variables of hotspot pages and what they stand for, after RouterOS' manual, hotspot customisation.

Assumed: how `-nice` numbers look, that variables of features that are not used are empty, and that nothing is
escaped for HTML (the manual knows escaping for URLs only).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from router_sim.durations import SECOND, format_seconds, parse_duration
from router_sim.guests.messages import HttpRequest
from router_sim.hotspot_service import GuestStatus


@dataclass(slots=True)
class Context:
    """One request to the login pages: who asks, what was sent along, and where to go next.

    `directory` is where the pages are, `target` the subdirectory of the page set in use, `original` the URL
    the guest wanted at first, `destination` where a redirecting page leads. `logged_in` overrides the status,
    which after a logout is that of the session that ended.
    """

    request: HttpRequest
    fields: Mapping[str, str]
    status: GuestStatus
    identity: str
    directory: str = ""
    target: str = ""
    original: str = ""
    destination: str = ""
    error: str = ""
    error_original: str = ""
    error_key: str = ""
    logged_in: bool = False
    cookies: list[str] = field(default_factory=list)

    def value(self, name: str) -> str:
        """The value of a variable; empty for one there is not."""
        known = _VARIABLES.get(name)
        if known is not None:
            return known(self)
        if name.startswith("http-header-"):
            return self.request.headers.get(name.removeprefix("http-header-").lower(), "")
        return "0" if _RADIUS_NUMBER.fullmatch(name) else ""

    def link(self, page: str) -> str:
        """The URL of one of the pages, within the page set in use."""
        scheme = "https" if self.request.secure else "http"
        target = f"{self.target}/" if self.target else ""
        return f"{scheme}://{hostname(self.status)}/{target}{page}"

    @property
    def link_login(self) -> str:
        """The login page, with the URL wanted at first."""
        link = self.link("login")
        return f"{link}?dst={quote_plus(self.original, errors='surrogateescape')}" if self.original else link


def hostname(status: GuestStatus) -> str:
    """Name or address of the login pages."""
    return status.dns_name or status.server_address


def nice(number: int) -> str:
    """A number of bytes for people: `15.1 KiB`."""
    if number < 1024:
        return f"{number} B"
    amount = float(number)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1024:.1f} TiB"


_RADIUS_NUMBER = re.compile(r"radius\d+(-\d+)?u(\[\d+\])?", re.ASCII)
_Variable = Callable[[Context], str]


def _yes(found: Callable[[Context], bool]) -> _Variable:
    return lambda context: "yes" if found(context) else "no"


def _time(found: Callable[[GuestStatus], int | None]) -> _Variable:
    """A span of time as text; empty for none."""

    def shown(context: Context) -> str:
        seconds = found(context.status)
        return "" if seconds is None else format_seconds(seconds)

    return shown


def _seconds(found: Callable[[GuestStatus], int | None]) -> _Variable:
    """The same in seconds; 0 for none."""
    return lambda context: str(found(context.status) or 0)


def _count(found: Callable[[GuestStatus], int]) -> _Variable:
    return lambda context: str(found(context.status))


def _count_nice(found: Callable[[GuestStatus], int]) -> _Variable:
    return lambda context: nice(found(context.status))


def _limit(found: Callable[[GuestStatus], int | None], none: str = "---") -> _Variable:
    def shown(context: Context) -> str:
        number = found(context.status)
        return none if number is None else str(number)

    return shown


def _limit_nice(found: Callable[[GuestStatus], int | None], none: str = "---") -> _Variable:
    def shown(context: Context) -> str:
        number = found(context.status)
        return none if number is None else nice(number)

    return shown


def _span(text: str) -> int | None:
    return parse_duration(text) // SECOND if text[:1].isdigit() else None


def _refresh(status: GuestStatus) -> int | None:
    return _span(status.user_profile.get("status-autorefresh", "none"))


def _idle(status: GuestStatus) -> int | None:
    return _span(status.idle_timeout)


def _left(status: GuestStatus) -> int | None:
    return status.session_time_left


def _challenged(context: Context) -> bool:
    """Is the password to be answered for, rather than sent? Only where it would not go over TLS."""
    sealed = context.request.secure and "https" in context.status.login_by
    return "http-chap" in context.status.login_by and not context.logged_in and not sealed


def _octal(data: bytes) -> str:
    return "".join(f"\\{byte:03o}" for byte in data)


def _chap_id(context: Context) -> str:
    return _octal(bytes([context.status.challenge.id])) if _challenged(context) else ""


def _chap_challenge(context: Context) -> str:
    return _octal(context.status.challenge.value) if _challenged(context) else ""


def _username(context: Context) -> str:
    return context.status.user or context.fields.get("username", "")


_VARIABLES: Mapping[str, _Variable] = {
    # the server
    "hostname": lambda context: hostname(context.status),
    "identity": lambda context: context.identity,
    "server-name": lambda context: context.status.server,
    "server-address": lambda context: (
        f"{context.status.server_address}:{443 if context.request.secure else 80}"
    ),
    "interface-name": lambda context: context.status.interface,
    "plain-passwd": _yes(lambda context: "http-pap" in context.status.login_by),
    "ssl-login": _yes(lambda context: context.request.secure),
    "location-id": lambda context: context.status.profile.get("radius-location-id", ""),
    "location-name": lambda context: context.status.profile.get("radius-location-name", ""),
    # links
    "link-login": lambda context: context.link_login,
    "link-login-only": lambda context: context.link("login"),
    "link-logout": lambda context: context.link("logout"),
    "link-status": lambda context: context.link("status"),
    "link-orig": lambda context: context.original,
    "link-redirect": lambda context: context.destination,
    "target-dir": lambda context: f"{context.target}/" if context.target else "",
    # the guest
    "mac": lambda context: context.status.mac,
    "ip": lambda context: context.status.to_address,
    "host-ip": lambda context: context.status.address,
    "username": _username,
    "user": _username,
    "domain": lambda context: context.status.domain or context.fields.get("domain", ""),
    "logged-in": _yes(lambda context: context.logged_in),
    "login-by": lambda context: context.status.method,
    "login-by-mac": _yes(lambda context: context.status.method in ("mac", "mac-cookie")),
    "trial": _yes(lambda context: context.status.trial),
    "blocked": _yes(lambda context: context.status.blocked),
    "advert-pending": _yes(lambda context: False),
    "user-agent": lambda context: context.request.headers.get("user-agent", ""),
    # the session
    "uptime": _time(lambda status: status.uptime),
    "uptime-secs": _seconds(lambda status: status.uptime),
    "session-timeout": _time(_left),
    "session-timeout-secs": _seconds(_left),
    "session-time-left": _time(_left),
    "session-time-left-secs": _seconds(_left),
    "idle-timeout": _time(_idle),
    "idle-timeout-secs": _seconds(_idle),
    "refresh-timeout": _time(_refresh),
    "refresh-timeout-secs": _seconds(_refresh),
    "bytes-in": _count(lambda status: status.bytes_in),
    "bytes-in-nice": _count_nice(lambda status: status.bytes_in),
    "bytes-out": _count(lambda status: status.bytes_out),
    "bytes-out-nice": _count_nice(lambda status: status.bytes_out),
    "packets-in": _count(lambda status: status.packets_in),
    "packets-out": _count(lambda status: status.packets_out),
    "limit-bytes-in": _limit(lambda status: status.limit_bytes_in),
    "limit-bytes-out": _limit(lambda status: status.limit_bytes_out),
    "limit-bytes-total": _limit(lambda status: status.limit_bytes_total),
    "remain-bytes-in": _limit(lambda status: status.bytes_in_left),
    "remain-bytes-in-nice": _limit_nice(lambda status: status.bytes_in_left),
    "remain-bytes-out": _limit(lambda status: status.bytes_out_left),
    "remain-bytes-out-nice": _limit_nice(lambda status: status.bytes_out_left),
    "remain-bytes-total": _limit(lambda status: status.bytes_total_left, ""),
    "remain-bytes-total-nice": _limit_nice(lambda status: status.bytes_total_left, ""),
    # the request
    "session-id": lambda context: context.fields.get("session-id", ""),
    "var": lambda context: context.fields.get("var", ""),
    "popup": lambda context: "true" if context.fields.get("popup") in ("true", "on") else "false",
    "error": lambda context: context.error,
    "error-orig": lambda context: context.error_original,
    "error-type": lambda context: context.error_key,
    "chap-id": _chap_id,
    "chap-challenge": _chap_challenge,
}
