"""Running coupon schedules when they are due."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from reference_impl.clock import Clock
from reference_impl.stores.schedules import Run, ScheduleStore

_log = logging.getLogger(__name__)


class ScheduleRunner:
    """One task that waits for the next due schedule, by the clock, and runs it; a context manager.

    Any number of processes may do so on one database: the store gives each run to one of them. `look_again` is
    how many real seconds may pass until a schedule that another process has made or moved is noticed, and until
    a failure is tried again. `ran` is called with every run.
    """

    def __init__(
        self,
        schedules: ScheduleStore,
        clock: Clock,
        *,
        ran: Callable[[Run], None],
        look_again: float = 30.0,
    ) -> None:
        self._schedules = schedules
        self._clock = clock
        self._ran = ran
        self._look_again = look_again
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Have a changed schedule noticed now; returns at once."""
        self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._run_due()
                await self._wait()
            # The task has to survive whatever the database does; it is the only one that runs schedules here.
            except Exception:
                _log.exception("coupon schedules were not run; trying again in %.0f s", self._look_again)
                await asyncio.sleep(self._look_again)

    async def _run_due(self) -> None:
        now = self._clock.now()
        failures: list[Exception] = []
        for schedule_id in await self._schedules.due(now):
            try:
                run = await self._schedules.run_due(schedule_id, now)
            # One that cannot run, its zone gone from the database of zones say, keeps no other from running.
            except Exception as error:
                error.add_note(f"coupon schedule {schedule_id}")
                failures.append(error)
                continue
            if run is not None:
                self._ran(run)
        if failures:
            raise ExceptionGroup("some are still due", failures)

    async def _wait(self) -> None:
        """Return when a schedule is due, one may have changed, or it is time to look again."""
        due = await self._schedules.next_due()
        waiting: list[asyncio.Task[Any]] = [asyncio.create_task(self._woken.wait())]
        if due is not None:
            waiting.append(asyncio.create_task(self._clock.sleep_until(due)))
        try:
            done, _ = await asyncio.wait(
                waiting, timeout=self._look_again, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="coupon schedules")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
