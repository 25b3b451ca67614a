"""Mutants that show when routers fail: they give up, do things twice, or let others wait for the router."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from librouteros.exceptions import LibRouterosError, TrapError

from reference_impl import app as application
from reference_impl.guests.doubts import Doubts
from reference_impl.provisioning import reconcile
from reference_impl.provisioning.connection import Connection
from reference_impl.provisioning.device import Device
from reference_impl.provisioning.menus import Operation
from reference_impl.provisioning.reconcile import Pace, RouterReconciler
from reference_impl.store import Store
from reference_impl.stores.coupons import CouponStore
from tests.quality.mutants_guests import service_of
from tests.quality.mutants_routers import Apply
from tests.quality.mutants_stage import Mutant, Stage, replaces


def _asks_routers_first(name: str) -> Apply:
    """An operation on an instance looks at the routers of its sites, and fails with them."""

    def apply(stage: Stage) -> None:
        service = service_of(stage)

        async def work(self: Store, identifier: str, *args: Any, **options: Any) -> Any:
            before = await Store.instance(self, identifier) if name != "instance" else None
            outcome = await original(self, identifier, *args, **options)
            found = outcome if name == "instance" else before
            sites = {site.site_id for site in found.sites} if found is not None else set()
            if args and name == "replace":
                sites |= {site.id for site in args[1].sites}
            for site_id in sites:
                await service().sessions.guests(site_id)
            return outcome

        original = stage.patch(Store, name, work)

    return apply


def _done_all_the_same(
    *failures: type[Exception], concerned: Callable[[RouterReconciler], bool] = lambda reconciler: True
) -> Apply:
    """After such a failure the work on a router counts as done, until something else wakes it."""

    def make(original: Any) -> Any:
        async def converge(self: RouterReconciler) -> None:
            try:
                await original(self)
            except failures:
                if not concerned(self):
                    raise

        return converge

    return replaces(RouterReconciler, "_converge", make)


def _patience(**seconds: float) -> Apply:
    """Routers are tried again at another pace."""

    def make(original: type[Pace]) -> Any:
        return lambda **given: original(**{**given, **seconds})

    return replaces(application, "Pace", make)


def _once(carry_out: Callable[[Device, Operation, Any], Any]) -> Apply:
    """A router is read once and written to once, by other means; nobody looks what came of it."""

    def apply(stage: Stage) -> None:
        async def step(self: Device, operation: Operation) -> None:
            await carry_out(self, operation, original)

        async def converge(self: RouterReconciler) -> None:
            self.claims = await self._read_claims(self.site_ids)
            actual = await self._device.read()
            goal = reconcile.desired(self.claims, actual, self._portal)
            self._report(goal.unprovisioned)
            for operation in reconcile.plan(goal.items, actual):
                await self._device.apply(operation)

        original = stage.patch(Device, "apply", step)
        stage.patch(RouterReconciler, "_converge", converge)

    return apply


async def _again(device: Device, operation: Operation, original: Any) -> None:
    """A command without an answer is sent again, whatever became of the first."""
    for _ in range(20):
        try:
            await original(device, operation)
            return
        except TrapError as trap:
            if "already have" not in trap.message:
                raise
            return
        except (LibRouterosError, OSError):
            await asyncio.sleep(0.05)


async def _on_to_the_next(device: Device, operation: Operation, original: Any) -> None:
    """A command that is refused is left out."""
    try:
        await original(device, operation)
    except TrapError:
        return


def _kept_for_good(stage: Stage) -> None:
    """A connection is made once and never again: one that broke is used on."""

    def disconnect(self: Connection) -> None:
        broken = self._api
        original(self)
        self._api = broken

    original = stage.patch(Connection, "disconnect", disconnect)


def _used_up_in_vain(stage: Stage) -> None:
    """The coupon of a guest whom the router did not let in stays used."""

    async def give_back(self: CouponStore, coupon_id: str) -> None:
        return

    stage.patch(Doubts, "add", lambda self, *doubt: None)
    stage.patch(CouponStore, "give_back", give_back)


def _going(reconciler: RouterReconciler) -> bool:
    return not reconciler.claims


MUTANTS: tuple[Mutant, ...] = (
    Mutant("an update waits for its router", "resilience", "RES-01", _asks_routers_first("replace")),
    Mutant("a deletion waits for its router", "resilience", "RES-01", _asks_routers_first("delete")),
    Mutant("a look waits for its router", "resilience", "RES-01", _asks_routers_first("instance")),
    Mutant(
        "routers out of reach are given up",
        "resilience",
        "RES-02",
        _done_all_the_same(LibRouterosError, OSError),
    ),
    Mutant(
        "deletions out of reach are given up",
        "resilience",
        "RES-02",
        _done_all_the_same(LibRouterosError, OSError, concerned=_going),
    ),
    Mutant("another try after a minute", "resilience", "RES-02", _patience(first_retry=60.0)),
    Mutant(
        "a lost connection is the end",
        "resilience",
        "RES-03",
        _done_all_the_same(LibRouterosError, OSError),
    ),
    Mutant(
        "a lost connection is the end of a removal",
        "resilience",
        "RES-03",
        _done_all_the_same(LibRouterosError, OSError, concerned=_going),
    ),
    Mutant("a connection is kept for good", "resilience", "RES-03", _kept_for_good),
    Mutant("commands without an answer are sent again", "resilience", "RES-03", _once(_again)),
    Mutant("a refusal is the end", "resilience", "RES-04", _done_all_the_same(TrapError)),
    Mutant("a refused command is left out", "resilience", "RES-04", _once(_on_to_the_next)),
    Mutant("a restart is the end", "resilience", "RES-05", _done_all_the_same(OSError, LibRouterosError)),
    Mutant("coupons are used up in vain", "resilience", "RES-06", _used_up_in_vain),
)
