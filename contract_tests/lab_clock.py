"""The lab's one clock, as the service keeps time by it: what sleeps wakes when the clock is advanced."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

_LONGEST = 60.0
"""Seconds of one sleep: the machine may have been suspended meanwhile."""


class MovableClock(Protocol):
    """A clock that somebody may advance."""

    def now(self) -> datetime:
        """The present instant as an aware UTC datetime."""
        ...

    def on_advance(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after each advance; returns the function that stops it."""
        ...


class LabClock:
    """The clock of a service whose routers run on `virtual`."""

    def __init__(self, virtual: MovableClock) -> None:
        self._virtual = virtual

    def now(self) -> datetime:
        """The present instant as an aware UTC datetime."""
        return self._virtual.now()

    async def sleep_until(self, moment: datetime) -> None:
        """Return when the clock shows `moment`, be it by waiting or because it was advanced."""
        loop = asyncio.get_running_loop()
        moved = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(moved.set)  # whoever advances may stand in another thread

        stop = self._virtual.on_advance(wake)
        try:
            while (left := (moment - self.now()).total_seconds()) > 0:
                moved.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, _LONGEST)):
                        await moved.wait()
        finally:
            stop()
