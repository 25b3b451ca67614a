"""Telling notification groups of new coupons, through one outgoing webhook."""

import asyncio
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx2

from reference_impl.clock import instant
from reference_impl.signing import LinkSigner
from reference_impl.stores.schedules import Run

_log = logging.getLogger(__name__)

_SECONDS = 10.0
"""How long the webhook may take to answer."""


class Notifier:
    """Posts each run of a schedule to the webhook, or does nothing without one; a context manager.

    A message is JSON: `notification_group_id`, `schedule_id`, `schedule_name`, `instance_id`, `count`,
    `expires_at` and `signed_url`, the link to the coupons. Whatever becomes of a message, the coupons stay. One that
    cannot be delivered is tried again after each of the `delays`, real seconds; those left at the end are dropped.
    """

    def __init__(
        self, url: str | None, signer: LinkSigner, *, delays: Sequence[float] = (1.0, 5.0, 25.0)
    ) -> None:
        self._url = url
        self._signer = signer
        self._delays = tuple(delays)
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_once = asyncio.Semaphore(4)

    def tell(self, run: Run) -> None:
        """Have the group of the schedule told; returns at once."""
        if self._url is None:
            return
        task = asyncio.create_task(self._deliver(self._url, run), name=f"notification of {run.schedule_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, url: str, run: Run) -> None:
        message = {
            "notification_group_id": run.notification_group_id,
            "schedule_id": run.schedule_id,
            "schedule_name": run.name,
            "instance_id": run.instance_id,
            "count": run.count,
            "expires_at": instant(run.expires_at),
            "signed_url": self._signer.coupons_link(run.schedule_id),
        }
        for delay in (*self._delays, None):
            failure = await self._post(url, message)
            if failure is None:
                return
            remedy = "given up" if delay is None else f"trying again in {delay:g} s"
            _log.warning(
                "notification group %s was not told of schedule %s: %s; %s",
                run.notification_group_id,
                run.schedule_id,
                failure,
                remedy,
            )
            if delay is not None:
                await asyncio.sleep(delay)

    async def _post(self, url: str, message: dict[str, Any]) -> str | None:
        """Return why the webhook did not take the message, None if it did."""
        try:
            async with self._at_once, httpx2.AsyncClient(timeout=_SECONDS) as client:
                answer = await client.post(url, json=message)
        except httpx2.HTTPError as error:
            return f"{type(error).__name__}: {error}".rstrip(": ")
        return None if answer.is_success else f"the webhook answered {answer.status_code}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
