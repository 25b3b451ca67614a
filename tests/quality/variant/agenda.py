"""What is due at some moment of a clock: the end of a stay, of a login window, the run of a schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware datetime, and waits for a moment."""

    def now(self) -> datetime: ...

    async def sleep_until(self, moment: datetime) -> None: ...


class MachineClock:
    """The clock of the machine, which nobody moves."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        while (left := (moment - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time is what is waited for
            await asyncio.sleep(left)


class Agenda:
    """Actions that wait for their moment; those still waiting are dropped at the end of the service."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def at(self, moment: datetime, action: Callable[[], None]) -> Callable[[], None]:
        """Do it then; the function that comes back calls it off."""

        async def wait() -> None:
            await self._clock.sleep_until(moment)
            action()

        task = asyncio.create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return lambda: _cancel(task)

    def drop(self) -> None:
        for task in [*self._tasks]:
            task.cancel()


def _cancel(task: asyncio.Task[None]) -> None:
    # An action may call off others, and among them what has led to it.
    if task is not asyncio.current_task():
        task.cancel()
