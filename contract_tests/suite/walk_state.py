"""One random walk: its model, what it was let do, and handles for what it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contract_tests.context import Context
from contract_tests.instances import Instances
from contract_tests.resources import Collection, resource_types
from contract_tests.suite.schedules import CouponDesk
from contract_tests.suite.walk_model import GARDEN, INSTANCE, INTEGRATIONS, SCHEDULE, Model, Resource

# Networks for documentation (RFC 5737), none beside another: whatever else is open somewhere, it is not these.
ADDRESSES = ("203.0.113.20", "192.0.2.64/28", "203.0.113.64/27", "192.0.2.9")
MOST = {INSTANCE: 4, INTEGRATIONS: 3, GARDEN: 5, SCHEDULE: 4}


@dataclass(slots=True)
class Walk:
    """One walk: the model, and what was learned of the deployment.

    `subnets` maps the id of each site to those the suite may use there.
    """

    context: Context
    tenants: Sequence[str]
    subnets: Mapping[str, Sequence[str]]
    model: Model = field(default_factory=Model)
    refused: set[tuple[str, ...]] = field(default_factory=set)
    _desks: dict[str, CouponDesk] = field(default_factory=dict)

    def has(self, kind: str) -> bool:
        """Has the generation this kind, and lets the deployment make some?"""
        return kind in resource_types(self.context.contract) and (kind,) not in self.refused

    def collection(self, resource: Resource) -> Collection:
        return self.context.collection(resource.kind, tenant=resource.tenant)

    def instances(self, tenant: str) -> Instances:
        return self.context.instances_of(tenant)

    def desk(self, tenant: str) -> CouponDesk:
        if tenant not in self._desks:
            self._desks[tenant] = CouponDesk(self.context, tenant)
        return self._desks[tenant]

    def demand(self, requirement: str, holds: bool, message: str) -> None:
        self.context.verifier.demand(requirement, holds, message)

    def room(self, kind: str) -> bool:
        return self.has(kind) and len(self.model.of(kind)) < MOST[kind]
