"""One request for each operation of the contract, for checks that vary what surrounds the operation.

A table tells what each writing operation is sent; everything else comes from the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.ledger import DEFAULT_TENANT
from contract_tests.pictures import paint
from contract_tests.resources import Collection, named, resource_types
from contract_tests.suite.integrations import integration_body, make_integration
from contract_tests.suite.schedules import CouponDesk
from contract_tests.verifier import CannotTell
from spec.loader import Operation

# What a deployment may answer to an operation that no page tells of: it need not have it.
ABSENT = frozenset({404, 405, 501})
# Bodies that may be refused for themselves: whether the group that is told of new coupons has to exist is open.
_MAY_BE_REFUSED = frozenset({"createCouponSchedule", "updateCouponSchedule"})


@dataclass
class Surroundings:
    """Resources that requests name: path parameter (as v1 calls it) -> id.

    Those in `unreal` name nothing. `resources` holds what was made, by kind, as it was answered.
    """

    ids: dict[str, str]
    unreal: set[str]
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)

    def real(self, operation: Operation) -> bool:
        """Does everything exist that a request for the operation names?"""
        return self.unreal.isdisjoint(operation.path_parameters)


def surroundings(
    context: Context, unknown: str, *, instance: Mapping[str, Any] | None = None
) -> Surroundings:
    """An instance (made for this if none is given) and a site; everything else is named by the `unknown` id.

    A run that may not write has no instance either.
    """
    context.client.invent(unknown)
    ids = {parameter: unknown for operation in context.contract for parameter in operation.path_parameters}
    ids["type"] = "logo"
    resources: dict[str, dict[str, Any]] = {}
    if not context.config.run.read_only:
        known = dict(instance) if instance is not None else context.instances.make("surrounded")
        resources["instance"] = known
        ids["instanceId"] = known["id"]
    if context.config.usable_sites:
        ids["siteId"] = context.config.usable_sites[0].id
    return Surroundings(ids, {name for name in ids if ids[name] == unknown}, resources)


def with_one_of_each(context: Context, around: Surroundings) -> Surroundings:
    """Make an integration, a schedule and a walled garden entry; what cannot be made stays unreal."""
    if context.config.run.read_only:
        return around
    instance = around.resources["instance"]

    def entry() -> dict[str, Any]:
        if "siteId" in around.unreal:
            raise CannotTell("there is no site")
        entries = context.collection("walled-garden-entry")
        body = {"name": entries.name("surrounded"), "ip_address": "192.0.2.71"}
        return entries.make("surrounded", body=body, siteId=around.ids["siteId"])

    makers: Mapping[str, Callable[[], dict[str, Any]]] = {
        "auth-integration": lambda: make_integration(context, label="surrounded"),
        "coupon-schedule": lambda: CouponDesk(context).make(instance, "surrounded")[1],
        "walled-garden-entry": entry,
    }
    for kind, make in makers.items():
        try:
            made = make()
        except CannotTell:
            continue
        parameter = context.collection(kind).kind.parameter
        assert parameter is not None
        around.resources[kind] = made
        around.ids[parameter] = made["id"]
        around.unreal.discard(parameter)
    return around


def remove(context: Context, around: Surroundings) -> None:
    """Delete what was made, the newest first."""
    for kind, one in reversed(around.resources.items()):
        if context.ledger.owns(one["id"]):
            context.collection(kind).delete(one["id"], **parents(context.collection(kind), around))


def parents(collection: Collection, around: Surroundings) -> dict[str, str]:
    """The ids that the path of a collection names."""
    return {parameter: around.ids[parameter] for parameter in collection.kind.parents}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that would succeed as it is, if what it names exists."""

    operation: Operation
    path: str
    options: Mapping[str, Any]
    creates: Collection | None  # of which kind it makes one
    ids: Mapping[str, str]

    def send(self, context: Context, *, purpose: str, **more: Any) -> Answer:
        """Send it, with `more` put over its options. What it makes, by right or by fault, is in the ledger."""
        options = {**self.options, **more}

        def go() -> Answer:
            return context.client.send(self.operation.method, self.path, purpose=purpose, **options)

        if self.creates is None:
            return go()
        above = {name: self.ids[name] for name in self.creates.kind.parents}
        return self.creates.create_raw(self.name, go, **above)

    def refused_with(self, answer: Answer, *statuses: int) -> bool:
        """Is it an answer with one of the statuses, or one that this operation may give in their place?"""
        return (
            answer.status in statuses
            or (not self.operation.documented and answer.status in ABSENT)
            or (self.operation.id in _MAY_BE_REFUSED and answer.status in (400, 422))
        )

    @property
    def name(self) -> str | None:
        """The name that its body gives."""
        return named(self.options.get("json_body"))


def prepared(context: Context, around: Surroundings, operation_id: str, **ids: str) -> Prepared:
    """The request for one operation; `ids` are put over those of the surroundings."""
    operation = context.contract.operations[operation_id]
    every = {**around.ids, **ids}
    named_ids = {parameter: every[parameter] for parameter in operation.path_parameters}
    maker = OPTIONS.get(operation_id)
    return Prepared(
        operation=operation,
        path=context.contract.path(operation_id, **named_ids),
        options={} if maker is None else maker(context, around),
        creates=_creates(context, operation_id),
        ids=named_ids,
    )


def every_operation(context: Context, around: Surroundings) -> Iterator[Prepared]:
    """A request for each operation that asks for a token and that the run may send; what deletes comes last."""
    operations = sorted(context.contract, key=lambda operation: operation.method == "DELETE")
    for operation in operations:
        if operation.secured and (operation.method == "GET" or not context.config.run.read_only):
            yield prepared(context, around, operation.id)


def _creates(context: Context, operation_id: str, tenant: str = DEFAULT_TENANT) -> Collection | None:
    kinds = resource_types(context.contract).values()
    kind = next((kind for kind in kinds if kind.create == operation_id), None)
    return None if kind is None else context.collection(kind.name, tenant=tenant)


def _json(make: Callable[[Context, Surroundings], Any]) -> Callable[[Context, Surroundings], dict[str, Any]]:
    return lambda context, around: {"json_body": make(context, around)}


def _entry(context: Context, around: Surroundings) -> dict[str, Any]:
    return {"name": context.collection("walled-garden-entry").name("refused"), "ip_address": "192.0.2.72"}


def _integration(context: Context, around: Surroundings) -> dict[str, Any]:
    return integration_body(context, label="refused")


def _schedule(context: Context, around: Surroundings) -> dict[str, Any]:
    return CouponDesk(context).body("refused")


def _update(context: Context, around: Surroundings) -> dict[str, Any]:
    instances = context.instances
    return instances.update_body(around.resources["instance"], name=instances.name("refused"))


def _picture(context: Context, around: Surroundings) -> dict[str, Any]:
    return {"files": {"file": ("logo.png", paint(160, 100, (200, 30, 30)), "image/png")}}


OPTIONS: Mapping[str, Callable[[Context, Surroundings], dict[str, Any]]] = {
    "createInstance": _json(lambda context, around: context.instances.body("refused")),
    "updateInstance": _json(_update),
    "uploadInstanceImage": _picture,
    "createAuthIntegration": _json(_integration),
    "updateAuthIntegration": _json(_integration),
    "createCoupons": _json(lambda context, around: {"minutes_valid": 1, "count": 1}),
    "createCouponSchedule": _json(_schedule),
    "updateCouponSchedule": _json(_schedule),
    "createWalledGardenEntry": _json(_entry),
    "updateWalledGardenEntry": _json(_entry),
}
