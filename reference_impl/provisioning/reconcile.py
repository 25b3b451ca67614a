"""Keeping routers as they shall be: one task per router, woken by changes, by time and by failures."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from librouteros.exceptions import LibRouterosError
from sqlalchemy.exc import SQLAlchemyError

from reference_impl.providers import PROVIDERS, provider_of
from reference_impl.provisioning.connection import routers_of
from reference_impl.provisioning.desired import Claim, Portal, ReadClaims, Unprovisioned, desired
from reference_impl.provisioning.device import Device
from reference_impl.provisioning.plan import plan
from reference_impl.settings import RouterSettings, Settings

_log = logging.getLogger(__name__)

_PASSES = 5
"""Plans in a row before a router counts as not following: each is made from what it then really holds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Real seconds: between looks at a quiet router, after a first failure, after many at most.

    `unmet` is between looks at a router that cannot meet a claim at present, `watch` between looks into the
    database for what other processes have written.
    """

    resync: float = 30.0
    first_retry: float = 0.2
    longest_retry: float = 30.0
    unmet: float = 5.0
    watch: float = 1.0


class NotFollowingError(Exception):
    """The router accepts writes but does not become what it shall be."""


class RouterReconciler:
    """Leads one router to what the claims on its sites ask for, again and again.

    A pass reads claims and router, plans and writes, until there is nothing left to write. Whatever goes
    wrong in between, the next pass starts from what the router then holds, so nothing is done twice.
    """

    def __init__(
        self, router: RouterSettings, site_ids: Sequence[str], claims: ReadClaims, portal: Portal, pace: Pace
    ) -> None:
        self.name = "{}:{}".format(*router.endpoint)
        self.site_ids = tuple(site_ids)
        self.unprovisioned: tuple[Unprovisioned, ...] = ()
        self.failure: str | None = "not reached yet"
        self.claims: list[Claim] | None = None
        """What the latest pass was made for; None before the first."""
        self._device = Device(router)
        self._read_claims = claims
        self._portal = portal
        self._pace = pace
        self._woken = asyncio.Event()
        self._requested = 1
        self._done = 0
        self._progress = asyncio.Condition()

    def wake(self) -> None:
        """Have the router looked at now; returns at once."""
        self._requested += 1
        self._woken.set()

    async def settled(self) -> None:
        """Wait until the router holds everything that was asked for before this call."""
        goal = self._requested
        async with self._progress:
            await self._progress.wait_for(lambda: self._done >= goal)

    async def run(self) -> None:
        """Work until cancelled."""
        retry = self._pace.first_retry
        try:
            while True:
                self._woken.clear()
                goal = self._requested
                try:
                    await self._converge()
                except (LibRouterosError, OSError, TimeoutError, NotFollowingError) as error:
                    self._failed(error, retry)
                    wait, retry = retry, min(retry * 2, self._pace.longest_retry)
                # The task has to survive whatever a router answers; it is the only one that tries again.
                except Exception as error:
                    _log.exception("router %s: unexpected failure", self.name)
                    self._failed(error, retry)
                    wait, retry = retry, min(retry * 2, self._pace.longest_retry)
                else:
                    self.failure = None
                    wait, retry = self._pace.resync, self._pace.first_retry
                    if self.unprovisioned:
                        wait = min(wait, self._pace.unmet)
                    async with self._progress:
                        self._done = goal
                        self._progress.notify_all()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._woken.wait()
        finally:
            self._device.disconnect()

    async def _converge(self) -> None:
        for _ in range(_PASSES):
            self.claims = await self._read_claims(self.site_ids)
            actual = await self._device.read()
            goal = desired(self.claims, actual, self._portal)
            self._report(goal.unprovisioned)
            operations = plan(goal.items, actual)
            if not operations:
                return
            for operation in operations:
                _log.debug("router %s: %s", self.name, operation)
                await self._device.apply(operation)
        raise NotFollowingError(f"still not as desired after {_PASSES} passes, next would be {operations[0]}")

    def _failed(self, error: Exception, retry: float) -> None:
        text = f"{type(error).__name__}: {error}".rstrip(": ")
        if text != self.failure:
            _log.warning("router %s: %s; trying again in %.1f s and until it works", self.name, text, retry)
        self.failure = text

    def _report(self, unprovisioned: tuple[Unprovisioned, ...]) -> None:
        for claim in unprovisioned:
            if claim not in self.unprovisioned:
                _log.warning(
                    "router %s: subnet %s of instance %s is not provisioned: %s",
                    self.name,
                    claim.subnet,
                    claim.instance_id,
                    claim.reason,
                )
        self.unprovisioned = unprovisioned


class Provisioning:
    """The reconcilers of all routers; used as an asynchronous context manager, inside which they run.

    Sites that name the same router share its reconciler, since each would take the other's items for
    leftovers. There are none where the settings leave provisioning to another process.
    """

    def __init__(self, settings: Settings, claims: ReadClaims, pace: Pace) -> None:
        own = {str(type_): table for type_, table in settings.providers.items()}
        hosts = {type_: provider_of(type_, own).hosts for type_ in PROVIDERS}
        portal = Portal(settings.public_base, settings.portal_address, settings.server.secret, hosts)
        self.reconcilers = [
            RouterReconciler(router, site_ids, claims, portal, pace)
            for router, site_ids in (routers_of(settings) if settings.server.provision else ())
        ]
        self._claims = claims
        self._pace = pace
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self, site_ids: Iterable[str]) -> None:
        """Have the routers of these sites follow; returns at once."""
        concerned = set(site_ids)
        for reconciler in self.reconcilers:
            if concerned.intersection(reconciler.site_ids):
                reconciler.wake()

    def unprovisioned(self, site_id: str) -> list[Unprovisioned]:
        """Return the claims at a site that its router could not meet when it was last looked at."""
        return [
            claim
            for reconciler in self.reconcilers
            if site_id in reconciler.site_ids
            for claim in reconciler.unprovisioned
            if claim.site_id == site_id
        ]

    async def settled(self) -> None:
        """Wait until every router holds what was asked for before this call."""
        await asyncio.gather(*(reconciler.settled() for reconciler in self.reconcilers))

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(reconciler.run(), name=f"router {reconciler.name}")
            for reconciler in self.reconcilers
        ]
        if self._tasks:
            self._tasks.append(asyncio.create_task(self._watch(), name="claims of other processes"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        waiting = set(self._tasks)
        while waiting:
            # Asked more than once: in Python 3.11 asyncio.wait_for, which librouteros awaits every reply
            # with, forgets a cancellation that arrives together with the reply.
            for task in waiting:
                task.cancel()
            _, waiting = await asyncio.wait(waiting, timeout=0.05)

    async def _watch(self) -> None:
        """Wake the reconcilers whose claims have changed without a word, as by another process."""
        site_ids = [site_id for reconciler in self.reconcilers for site_id in reconciler.site_ids]
        while True:
            await asyncio.sleep(self._pace.watch)
            try:
                claims = await self._claims(site_ids)
            except SQLAlchemyError:
                # Told by the requests that need the database, and by every pass of a reconciler.
                _log.debug("claims cannot be read", exc_info=True)
                continue
            for reconciler in self.reconcilers:
                theirs = [claim for claim in claims if claim.site_id in reconciler.site_ids]
                if reconciler.claims is not None and reconciler.claims != theirs:
                    reconciler.wake()
