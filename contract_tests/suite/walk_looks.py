"""Looks at a deployment in the middle of a random walk: lists and routers, against the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from contract_tests.context import Site
from contract_tests.device import judge
from contract_tests.device.judge import Finding
from contract_tests.device.judge_access import closed, edges, opened, providers_closed
from contract_tests.device.snapshot import Snapshot
from contract_tests.suite.provisioning import provider_hosts
from contract_tests.suite.schedules import NOT_THERE
from contract_tests.suite.walk_model import (
    COUPON,
    GARDEN,
    INSTANCE,
    INTEGRATIONS,
    SCHEDULE,
    Complaint,
    List,
    Step,
)
from contract_tests.suite.walk_state import ADDRESSES, Walk

Judged = tuple[str, Finding]


def lists(walk: Walk) -> list[List]:
    """Every list that tells something of the walk."""
    found: list[List] = []
    for tenant in walk.tenants:
        found += [(kind, tenant, "") for kind in (INSTANCE, INTEGRATIONS) if walk.has(kind)]
        found += [
            (GARDEN, tenant, site)
            for site in walk.subnets
            if walk.has(GARDEN) and ("site", tenant, site) not in walk.refused
        ]
        for instance in walk.model.instances(tenant):
            if walk.has(SCHEDULE) and (instance.had_schedules or not instance.signs_in):
                found.append((SCHEDULE, tenant, instance.id))
            if walk.has(COUPON) and not instance.signs_in:
                found.append((COUPON, tenant, instance.id))
    return [each for each in found if ("list", each[0]) not in walk.refused]


def look(walk: Walk, which: List, step: Step | None = None) -> None:
    """One list against the model; judged under the requirement that the first complaint names."""
    kind, tenant, place = which
    parents = {GARDEN: {"siteId": place}, SCHEDULE: {"instanceId": place}, COUPON: {"instanceId": place}}
    collection = walk.context.collection(kind, tenant=tenant)
    if collection.kind.collection not in walk.context.contract.operations:
        walk.refused.add(("list", kind))
        return
    answer = collection.listing(purpose=f"look at the list of {kind}", **parents.get(kind, {}))
    if kind == GARDEN and answer.status in NOT_THERE:  # no page tells of such an operation
        walk.refused.add(("list", kind))
        return
    if kind == COUPON:
        complaints = walk.model.coupon_complaints(walk.model.instance(place), answer.json())
        passed = "COUPON-10"
    else:
        complaints = walk.model.list_complaints(kind, tenant, place, answer.json(), step)
        passed = _PASSED[kind]
    if not answer.ok:
        complaints = [Complaint(passed, f"the list of {kind} was answered {answer.text[:160]}")]
    for complaint in complaints:
        walk.context.verifier.check(complaint.requirement, False, complaint.message, exchange=None)
    if complaints:
        walk.demand(complaints[0].requirement, False, complaints[0].message)
    walk.demand(passed, True, f"the list of {kind} is as the walk has made it")


_PASSED = {
    INSTANCE: "INST-LIST-01",
    INTEGRATIONS: "INT-LIST-01",
    GARDEN: "GARDEN-LIST-01",
    SCHEDULE: "SCHED-03",
}


class Routers:
    """The routers of the sites of a walk, each as it was after the last step."""

    def __init__(self, walk: Walk, sites: Mapping[str, Site]) -> None:
        self._walk = walk
        self._sites = sites
        self._hosts = provider_hosts(walk.context)
        self._before: dict[str, Snapshot] = {}
        self._held: dict[str, dict[str, str]] = {}

    def look(self, step: Step | None) -> None:
        """Wait until each router is as the model has it, at most its settle timeout, and judge it."""
        for identifier, site in self._sites.items():
            judged: list[Judged] = []

            def wanted(now: Snapshot, site: Site = site, judged: list[Judged] = judged) -> list[Finding]:
                judged[:] = self._wanted(site, now, step)
                return [finding for _, finding in judged]

            now, _ = site.settle(wanted)
            for requirement, finding in (*judged, *self._kept(identifier, now, step)):
                if finding.visible:
                    self._walk.context.verifier.demand(
                        requirement, finding.ok, finding.message, device=finding.difference
                    )
            held = {subnet: each.id for subnet, each in self._walk.model.holders(identifier).items()}
            before = self._held.get(identifier, {})
            if any(before.get(subnet, owner) != owner for subnet, owner in held.items()):
                # The server of who gave a subnet may serve it until that of who took it is in its place.
                site.rest()
                now = site.snapshot()
            self._before[identifier], self._held[identifier] = now, held

    def restored(self) -> None:
        """Everything was deleted: the routers are what they were."""
        for site in self._sites.values():
            _, findings = site.restored()
            for finding in findings:
                self._walk.context.verifier.demand(
                    "DEV-REMOVE-01", finding.ok, finding.message, device=finding.difference
                )

    def _wanted(self, site: Site, now: Snapshot, step: Step | None) -> list[Judged]:
        model = self._walk.model
        held = model.holders(site.id)
        wanted: list[Judged] = [("DEV-FRAME-01", judge.untouched(site.baseline, now, site.contract))]
        for subnet in site.subnets:
            instance = held.get(subnet)
            if instance is None:
                wanted.append(("DEV-REMOVE-02", judge.unguarded(now, site.baseline, subnet)))
                continue
            wanted.append(("DEV-GUARD-01", judge.guarded(now, subnet)))
            session_ttl = int(instance.body["session_ttl"])
            longer, shorter = judge.session_limit(now, site.baseline, subnet, session_ttl)
            wanted += [("DEV-SESSION-01", longer), ("DEV-SESSION-02", shorter)]
            login = "DEV-WINDOW-01" if instance.signs_in else "DEV-COUPON-01"
            wanted.append((login, providers_closed(now, subnet, self._hosts)))
            wanted += self._garden(site, now, subnet, instance.tenant, step)
        if not held and not model.open_at(site.id):
            wanted.append(("DEV-REMOVE-03", judge.restored(site.baseline, now, site.contract)))
        return wanted

    def _garden(
        self, site: Site, now: Snapshot, subnet: str, tenant: str, step: Step | None
    ) -> Iterator[Judged]:
        """What the walled garden of the tenant opens is open, what nobody opens here is closed.

        What another tenant has opened at the same site is left open in every sense.
        """
        model = self._walk.model
        moved = step is not None and (step.kind, step.verb) == (GARDEN, "update")
        removed = step is not None and (step.kind, step.verb) == (GARDEN, "delete")
        for address in ADDRESSES:
            inside, _ = edges(address)
            if address in model.open_at(site.id, tenant):
                requirement = "DEV-GARDEN-06" if moved else "DEV-GARDEN-04" if removed else "DEV-GARDEN-02"
                yield requirement, opened(now, subnet, inside)
            elif address not in model.open_at(site.id):
                elsewhere = any(address in model.open_at(other) for other in self._sites)
                requirement = "DEV-GARDEN-06" if moved else "DEV-GARDEN-05" if elsewhere else "DEV-GARDEN-04"
                yield requirement, closed(now, subnet, inside)

    def _kept(self, identifier: str, now: Snapshot, step: Step | None) -> Iterator[Judged]:
        """The servers of instances that the step was not about are the very same."""
        before = self._before.get(identifier)
        if before is None or step is None:
            return
        requirement = "DEV-QUIET-03" if step.kind == GARDEN else "DEV-ISO-01"
        for subnet, instance in self._walk.model.holders(identifier).items():
            if self._held[identifier].get(subnet) == instance.id and instance.id not in step.ids:
                yield requirement, judge.same_server(before, now, subnet)
