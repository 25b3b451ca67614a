"""What commands that go on have in common: their arguments, and those that are asked only once."""

from collections.abc import Mapping

# `interval` and `duration` are kept by whoever runs the stream; the rest concerns a terminal.
ONGOING = frozenset({
    "append", "as-value", "do", "duration", "file", "freeze-frame-interval", "interval", "once", "without-paging",
})  # fmt: skip


def once(given: Mapping[str, str]) -> bool:
    """Does the command want one record only? Any value but a no means yes."""
    return given.get("once", "no") not in ("no", "false")
