"""What commands that go on have in common: their arguments, and those that are asked only once."""

from collections.abc import Mapping

from router_sim.durations import MILLISECOND, SECOND, parse_duration
from router_sim.traps import bad_argument
from router_sim.values import BadValue, Duration

# `duration` is kept by whoever runs the stream; the rest concerns a terminal.
ONGOING = frozenset({
    "append", "as-value", "do", "duration", "file", "freeze-frame-interval", "interval", "once", "without-paging",
})  # fmt: skip


def once(given: Mapping[str, str]) -> bool:
    """Does the command want one record only? Any value but a no means yes."""
    return given.get("once", "no") not in ("no", "false")


def interval(given: Mapping[str, str], default: str = "1s") -> float:
    """The seconds between two records. Raises Trap for an `interval` that is none, or too short or long."""
    try:
        return (
            parse_duration(Duration(20 * MILLISECOND, 5 * SECOND).parse(given.get("interval", default)))
            / SECOND
        )
    except BadValue as bad:
        raise bad_argument(bad.describe("interval")) from None
