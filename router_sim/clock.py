"""Clocks. Everything on a router that has to do with time asks one of these."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

# Far from where dates end, so that whatever lasts from now on has an end that can be written.
LATEST: Final = datetime(2500, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells the time; every reader gets it passed in."""

    def now(self) -> datetime:
        """The present moment as an aware UTC datetime."""
        ...

    def timestamp(self) -> float:
        """The same in seconds since the epoch, to a few microseconds; cheaper."""
        ...


class RealClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment as an aware UTC datetime."""
        return datetime.now(UTC)

    def timestamp(self) -> float:
        """The present moment in seconds since the epoch."""
        return time.time()


class VirtualClock:
    """Runs along with real time from `start`, and can be moved forward at will.

    `start` is an aware datetime, now when left out. `monotonic` counts real seconds; pass a
    constant function to get a clock that moves only by `advance`.
    """

    def __init__(
        self, start: datetime | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("VirtualClock needs an aware datetime as its start; add tzinfo=UTC")
        self._start = datetime.now(UTC) if start is None else start.astimezone(UTC)
        self._monotonic = monotonic
        self._origin = monotonic()
        self._epoch = self._start.timestamp() - self._origin
        self._added = 0.0
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._next_token = 0

    def now(self) -> datetime:
        """The present moment as an aware UTC datetime."""
        return self._start + timedelta(seconds=self._monotonic() - self._origin + self._added)

    def timestamp(self) -> float:
        """The present moment in seconds since the epoch, to a few microseconds."""
        return self._epoch + self._monotonic() + self._added

    def advance(self, seconds: float) -> datetime:
        """Move forward by `seconds` and run the callbacks; returns the new time.

        Raises ValueError for a negative or non-finite number, as this clock never runs backwards, and for one
        that leads past `LATEST`.
        """
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"a clock can only be advanced by 0 or more seconds, not by {seconds}")
        if self.timestamp() + seconds > LATEST.timestamp():
            raise ValueError(
                f"a clock can be advanced until {LATEST:%Y-%m-%d}, not by {seconds} seconds more"
            )
        self._added += seconds
        for callback in list(self._callbacks.values()):
            callback()
        return self.now()

    def on_advance(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after each `advance`; returns the function that stops it."""
        token = self._next_token
        self._next_token += 1
        self._callbacks[token] = callback

        def stop() -> None:
            self._callbacks.pop(token, None)

        return stop
