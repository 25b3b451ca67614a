"""Where the service takes the time from: passed in, so that a lab can turn it."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the present instant."""

    def now(self) -> datetime:
        """Return the present instant as an aware UTC datetime."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return when this clock shows `moment`, or soon after; at once if it is past."""
        ...


class RealClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        # In steps: whoever sets the clock of the machine does not move the timers of the event loop.
        while (left := (moment - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time is what is waited for
            await asyncio.sleep(min(left, 60.0))


def instant(moment: datetime) -> str:
    """Write an aware datetime the way the API does: `2025-10-29T12:00:00Z`, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
