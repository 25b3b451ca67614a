"""The arguments that make a print go on: `follow`, `follow-only` and `interval`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from router_sim.durations import SECOND, parse_duration
from router_sim.sentences import Request
from router_sim.traps import bad_argument
from router_sim.values import split_list

STREAM_ARGUMENTS: Final = frozenset({"follow", "follow-only", "interval"})
SHORTEST_INTERVAL: Final = 0.01
LONGEST_INTERVAL: Final = 86400.0


def asked(attributes: Mapping[str, str], name: str) -> bool:
    """Is the switch given, and not as `no`?"""
    return attributes.get(name, "no") not in ("no", "false")


def interval_of(text: str) -> float:
    """The seconds between two prints. Raises Trap."""
    try:
        seconds = parse_duration(text) / SECOND
    except ValueError:
        raise bad_argument("invalid value for argument interval") from None
    if not SHORTEST_INTERVAL <= seconds <= LONGEST_INTERVAL:
        raise bad_argument("value of interval is out of range (00:00:00.010 .. 1d00:00:00)")
    return seconds


def columns_of(attributes: Mapping[str, str]) -> list[str] | None:
    """The properties asked for; None for all."""
    listed = attributes.get(".proplist", attributes.get("proplist"))
    return split_list(listed) if listed else None


def once(request: Request) -> Request:
    """The same print without what makes it go on."""
    kept = {name: value for name, value in request.attributes.items() if name not in STREAM_ARGUMENTS}
    return request._replace(attributes=kept)
