"""Admissions of which nobody knows whether they took place: the router fell silent when it was asked.

The coupon of such a guest is neither given back, since another guest could be admitted by it as well, nor lost: the
guest may try it again, and as soon as the router answers, that tells which of the two is right.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from reference_impl.clock import Clock
from reference_impl.guests.arrival import Arrival
from reference_impl.provisioning.reconcile import Pace
from reference_impl.provisioning.sessions import GuestSessions, RouterUnreachableError
from reference_impl.records import InstanceRecord
from reference_impl.stores.admissions import AdmissionStore
from reference_impl.stores.coupons import CouponStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """A guest that redeemed a coupon at an instance, and of whom the router then said nothing."""

    instance: InstanceRecord
    arrival: Arrival
    code: str
    coupon_id: str
    since: datetime


class Doubts:
    """The doubts of one process, each with a task that asks the router, at the given pace in real time.

    They end with the process, the coupons of those that are left stay used: the side on which nobody is admitted
    twice. Used as an asynchronous context manager.
    """

    def __init__(
        self,
        sessions: GuestSessions,
        admissions: AdmissionStore,
        coupons: CouponStore,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._sessions = sessions
        self._admissions = admissions
        self._coupons = coupons
        self._clock = clock
        self._pace = pace
        self._tasks: dict[Doubt, asyncio.Task[None]] = {}
        self._open: set[Doubt] = set()

    def add(self, instance: InstanceRecord, arrival: Arrival, code: str, coupon_id: str) -> None:
        """Begin to find out whether a guest was admitted."""
        doubt = Doubt(instance, arrival, code.upper(), coupon_id, self._clock.now())
        task = asyncio.create_task(self._find_out(doubt), name=f"coupon {coupon_id}")
        self._open.add(doubt)
        self._tasks[doubt] = task
        task.add_done_callback(lambda _task: self._tasks.pop(doubt))

    async def take(self, instance: InstanceRecord, arrival: Arrival, code: str) -> str | None:
        """Return the coupon that this guest tries again, and leave it to the caller.

        None if there is no doubt about it, or not any more: then what was found out is stored.
        """
        tried = (instance.id, arrival.site_id, arrival.ip, arrival.mac, code.upper())
        for doubt, task in self._tasks.items():
            where = doubt.arrival
            if tried == (doubt.instance.id, where.site_id, where.ip, where.mac, doubt.code):
                if doubt in self._open:
                    self._open.discard(doubt)
                    task.cancel()
                    return doubt.coupon_id
                await asyncio.wait([task])
                return None
        return None

    async def settled(self) -> None:
        """Wait until there is no doubt left."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        waiting = set(self._tasks.values())
        while waiting:
            # Asked more than once, since librouteros may lose a cancellation that comes with a reply.
            for task in waiting:
                task.cancel()
            _, waiting = await asyncio.wait(waiting, timeout=0.05)

    async def _find_out(self, doubt: Doubt) -> None:
        wait = self._pace.first_retry
        inside: bool | None = None
        while True:
            await asyncio.sleep(wait)
            wait = min(wait * 2, self._pace.longest_retry)
            try:
                if inside is None:
                    inside = await self._inside(doubt)
                    if inside is None:
                        continue
                    # Nothing is awaited since the answer: either the guest was faster, or it no longer can be.
                    if doubt not in self._open:
                        return
                    self._open.discard(doubt)
                await self._settle(doubt, inside)
                return
            # Whatever the database may answer: nobody else is going to try again.
            except Exception:
                _log.exception("coupon %s: what became of its guest cannot be stored yet", doubt.coupon_id)

    async def _inside(self, doubt: Doubt) -> bool | None:
        """Tell whether the guest has a session; None while nobody knows."""
        wanted = (doubt.instance.id[:8], doubt.arrival.ip, doubt.arrival.mac)
        try:
            guests = await self._sessions.guests(doubt.arrival.site_id)
        except RouterUnreachableError:
            # Whatever session there was is over by then.
            over = doubt.since + timedelta(seconds=doubt.instance.session_ttl)
            return False if self._clock.now() > over else None
        return any(guest.active and (guest.instance, guest.ip, guest.mac) == wanted for guest in guests)

    async def _settle(self, doubt: Doubt, inside: bool) -> None:
        _log.info("coupon %s: the guest was %s", doubt.coupon_id, "admitted" if inside else "not admitted")
        if not inside:
            await self._coupons.give_back(doubt.coupon_id)
            return
        arrival = doubt.arrival
        await self._admissions.log(
            doubt.instance,
            site_id=arrival.site_id,
            ip=arrival.ip,
            mac=arrival.mac,
            identity=doubt.coupon_id,
            now=doubt.since,
        )
