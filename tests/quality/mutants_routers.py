"""Where mutants lay hands on provisioning: what is wanted, what is planned, what is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from reference_impl.provisioning import desired as wishes
from reference_impl.provisioning import reconcile
from reference_impl.provisioning.desired import Claim, Desired, Portal
from reference_impl.provisioning.device import Device
from reference_impl.provisioning.menus import SERVER, Actual, Item, Operation, Row, duration
from reference_impl.provisioning.reconcile import Provisioning
from reference_impl.store import Store
from tests.quality.mutants_stage import Stage

Apply = Callable[[Stage], None]


def claims(change: Callable[[list[Claim]], list[Claim]]) -> Apply:
    """What instances ask of routers is read differently from the database."""

    def apply(stage: Stage) -> None:
        async def read(self: Store, site_ids: Iterable[str]) -> list[Claim]:
            return change(await original(self, site_ids))

        original = stage.patch(Store, "claims", read)

    return apply


def nobody_watches(stage: Stage) -> None:
    """Routers hear of a change from the request that makes it, and of no other."""

    async def watch(self: Provisioning) -> None:
        """Looks at nothing."""

    stage.patch(Provisioning, "_watch", watch)


def named_claims(change: Callable[[Claim, str], Claim]) -> Apply:
    """Claims change with the name of their instance."""

    def apply(stage: Stage) -> None:
        async def read(self: Store, site_ids: Iterable[str]) -> list[Claim]:
            found: list[Claim] = await original(self, site_ids)
            records = [await self.instance(claim.instance_id) for claim in found]
            return [
                change(claim, record.name)
                for claim, record in zip(found, records, strict=True)
                if record is not None
            ]

        original = stage.patch(Store, "claims", read)

    return apply


def desires(change: Callable[[list[Item]], list[Item]]) -> Apply:
    """Routers shall hold other items."""

    def apply(stage: Stage) -> None:
        def wanted(claims: Iterable[Claim], actual: Actual, portal: Portal) -> Desired:
            goal: Desired = original(claims, actual, portal)
            return replace(goal, items=tuple(change(list(goal.items))))

        original = stage.patch(reconcile, "desired", wanted)

    return apply


def without(*menus: str) -> Apply:
    """No item of these menus is made."""
    return desires(lambda items: [item for item in items if item.menu not in menus])


def of(menu: str, change: Callable[[Item], Item]) -> Apply:
    """The items of one menu are made differently."""
    return desires(lambda items: [change(item) if item.menu == menu else item for item in items])


def having(menu: str, **properties: str) -> Apply:
    """The items of one menu have these properties (written with `_` for `-`), kept as they are."""
    fixed = {name.replace("_", "-"): value for name, value in properties.items()}
    return of(menu, lambda item: replace(item, properties={**item.properties, **fixed}))


def given(menu: str, **properties: str) -> Apply:
    """The items of one menu get these properties when they are made."""
    fixed = {name.replace("_", "-"): value for name, value in properties.items()}
    return of(menu, lambda item: replace(item, initial={**item.initial, **fixed}))


def limits(change: Callable[[int], int]) -> Apply:
    """The session limit on the router is worked out from session_ttl in another way."""
    return lambda stage: stage.patch(wishes, "duration", lambda seconds: duration(change(seconds)))


Plan = list[Operation]


def plans(change: Callable[[Plan, Sequence[Item], Actual], Plan]) -> Apply:
    """Other writes lead to what is desired."""

    def apply(stage: Stage) -> None:
        def plan(items: Sequence[Item], actual: Actual) -> Plan:
            return change(original(items, actual), items, actual)

        original = stage.patch(reconcile, "plan", plan)

    return apply


def never(verb: str, *menus: str) -> Apply:
    """Writes of this kind are left out."""
    return plans(
        lambda plan, items, actual: [step for step in plan if not (step.verb == verb and step.menu in menus)]
    )


def writes(change: Callable[[Operation], Iterable[Operation]]) -> Apply:
    """Each write becomes others."""

    def apply(stage: Stage) -> None:
        async def carry_out(self: Device, operation: Operation) -> None:
            for step in change(operation):
                await original(self, step)

        original = stage.patch(Device, "apply", carry_out)

    return apply


def meddling(when: Callable[[Operation], bool], deed: Callable[[Device], Awaitable[None]]) -> Apply:
    """After the first write of a kind to a router, something else is done to it, once."""

    def apply(stage: Stage) -> None:
        done: set[Device] = set()

        async def carry_out(self: Device, operation: Operation) -> None:
            await original(self, operation)
            if when(operation) and self not in done:
                done.add(self)
                await deed(self)

        original = stage.patch(Device, "apply", carry_out)

    return apply


async def change_foreign(device: Device, menu: str, query: str, verb: str, *words: str) -> None:
    """Carry out a command on the one item that a query word such as `?name=staff` finds."""
    [row] = await device.connection.print(menu, "", query)
    await device.connection.call(f"{menu}/{verb}", f"=.id={row['.id']}", *words)


def row_of(actual: Actual, menu: str, target: str | None) -> Row:
    """The row with this `.id`, or an empty one."""
    return next((row for row in actual.get(menu, ()) if row[".id"] == target), {})


def when_a_server_comes(deed: Callable[[Device], Awaitable[None]]) -> Apply:
    """When the first hotspot server is made on a router, something else is done to it."""
    return meddling(lambda step: step.verb == "add" and step.menu == SERVER, deed)
