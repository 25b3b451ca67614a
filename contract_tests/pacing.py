"""How fast a run may ask: a rate, a budget, and the wishes of the server."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 120.0  # seconds; a server that asks for more makes the run impossible rather than slow


class BudgetExhausted(Exception):
    """The run has sent as many requests as it may."""


class Pacer:
    """Spaces requests evenly to `per_second` (None: as fast as they come) and counts them against `budget`."""

    def __init__(
        self,
        per_second: float | None,
        budget: int | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 0.0 if per_second is None else 1.0 / per_second
        self._left = budget
        self._monotonic = monotonic
        self._sleep = sleep
        self._next = 0.0

    @property
    def spent(self) -> bool:
        """Is the budget used up?"""
        return self._left is not None and self._left <= 0

    def admit(self, *, essential: bool = False) -> None:
        """Wait for the turn of the next request. Raises `BudgetExhausted` when none is left.

        An `essential` request (clean-up) keeps the rate, but no budget holds it back.
        """
        if self._left is not None and not essential:
            if self._left <= 0:
                raise BudgetExhausted
            self._left -= 1
        if not self._interval:
            return
        now = self._monotonic()
        if now < self._next:
            self._sleep(self._next - now)
            now = self._next
        self._next = now + self._interval

    def wait(self, seconds: float) -> None:
        """Wait as the server asked."""
        self._sleep(seconds)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds from a Retry-After header: a number or an HTTP date. None when absent or not understood."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
