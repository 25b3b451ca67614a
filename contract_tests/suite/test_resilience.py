"""Routers that fail while instances come and go: afterwards they are as if nothing had happened."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from contract_tests import journeys
from contract_tests.client import Answer
from contract_tests.context import Context, Site
from contract_tests.device import judge
from contract_tests.device.judge import Finding
from contract_tests.device.snapshot import Snapshot, differences
from contract_tests.instances import Instances
from contract_tests.laboratory import Faults, Guests, Laboratory
from contract_tests.resources import pauses
from contract_tests.suite.portals import Passing, close, open_portal, shown, verdict
from contract_tests.suite.provisioning import assign, provisioned, say, wish
from contract_tests.verifier import CannotTell, Verifier

TTL = 3671
OUTAGE = 5.0  # seconds
BOOT = 60.0  # seconds that a router may take to restart
ACT = 5.0  # seconds in which a command comes that a fault waits for


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and how many commands go well before, as items are added and as they are removed.

    Numbers below zero count from the last command, as far as there is one for each item.
    """

    kind: str
    adds: int
    removes: int


FAULTS = (
    ("RES-03", Fault("drop_before", 2, 0)),
    ("RES-03", Fault("drop_after", 0, 1)),
    ("RES-03", Fault("drop_after", 3, 2)),
    # What a router takes twice, such as rules, often comes after what it needs to have once.
    ("RES-03", Fault("drop_after", -2, -2)),
    ("RES-04", Fault("trap", 1, 1)),
)
RESTART = Fault("reboot", 2, 1)

Shape = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What an instance brings to a router that has no fault: items in each menu, and all of them, with pages."""

    shape: Shape
    items: int

    def skipped(self, number: int) -> int:
        """How many commands come before the one of this number."""
        return number if number >= 0 else max(0, self.items + number)


def _shape(site: Site, now: Snapshot) -> Shape:
    """How many items there are in each menu beyond those that were there before."""
    found = differences(site.baseline, now, site.contract, pages=False)
    return Counter(item.menu for item in found if item.kind == "added")


def _as_if_nothing_happened(site: Site, now: Snapshot, subnet: str, undisturbed: Shape) -> list[Finding]:
    shape = _shape(site, now)
    same = shape == undisturbed
    lines = tuple(
        f"{menu}: {shape.get(menu, 0)} new items, {undisturbed.get(menu, 0)} without the failure"
        for menu in sorted({*shape, *undisturbed})
        if shape.get(menu) != undisturbed.get(menu)
    )
    return [
        judge.guarded(now, subnet),
        *judge.session_limit(now, site.baseline, subnet, TTL),
        judge.untouched(site.baseline, now, site.contract),
        Finding(same, "the router holds as many items as after an undisturbed provisioning", lines),
    ]


@pytest.mark.site(1)
@pytest.mark.verifies("RES-03", "RES-04")
def test_failures_in_the_middle(instances: Instances, verify: Verifier, site: Site, faults: Faults) -> None:
    """First an undisturbed life of an instance, then one for each fault, once as it comes and once as it goes."""
    undisturbed = _undisturbed(instances, site)
    for requirement, fault in FAULTS:
        _disturbed(instances, verify, site, faults, requirement, fault, undisturbed)


@pytest.mark.moves_clock
@pytest.mark.site(1)
@pytest.mark.verifies("RES-05")
def test_a_restart_in_the_middle(
    instances: Instances, verify: Verifier, site: Site, faults: Faults, laboratory: Laboratory
) -> None:
    passing = Passing(laboratory.clock)
    undisturbed = _undisturbed(instances, site)
    _disturbed(instances, verify, site, faults, "RES-05", RESTART, undisturbed, lambda: passing.by(BOOT))


def _undisturbed(instances: Instances, site: Site) -> Undisturbed:
    subnet = site.subnets[0]
    instance = assign(instances, site, instances.make("undisturbed", session_ttl=TTL), [subnet])
    _, findings = provisioned(site, {subnet: TTL})
    if not all(finding.ok for finding in findings):
        raise CannotTell(f"{subnet} is not provisioned without any fault either")
    site.rest()
    now = site.snapshot()
    items = sum(item.kind == "added" for item in differences(site.baseline, now, site.contract))
    undisturbed = Undisturbed(_shape(site, now), items)
    instances.delete(instance["id"])
    site.restored()
    return undisturbed


def _disturbed(
    instances: Instances,
    verify: Verifier,
    site: Site,
    faults: Faults,
    requirement: str,
    fault: Fault,
    undisturbed: Undisturbed,
    after: Callable[[], None] = lambda: None,
) -> None:
    """An instance comes and goes; the fault acts both times, `after` is what has to happen then."""
    verify.start_scenario()
    subnet = site.subnets[0]
    instance = instances.make(f"disturbed by {fault.kind}", session_ttl=TTL)
    with _acting(faults, site, fault.kind, "add", undisturbed.skipped(fault.adds)) as (what, acted):
        answer = instances.change(instance, purpose=f"provision it: {what}", sites=wish(site, [subnet]))
        if not answer.ok:
            raise CannotTell(f"the update ({what}) is answered {answer.text}")
        if acted():
            after()
            _, findings = site.settle(
                lambda now: _as_if_nothing_happened(site, now, subnet, undisturbed.shape)
            )
            say(verify, requirement, *_explained(findings, what))
        else:
            verify.cannot_tell(requirement, f"nothing came of it: {what}")
    with _acting(faults, site, fault.kind, "remove", undisturbed.skipped(fault.removes)) as (what, acted):
        answer = instances.delete(instance["id"], purpose=f"delete it: {what}")
        if not answer.ok:
            raise CannotTell(f"the deletion ({what}) is answered {answer.text}")
        if acted():
            after()
            _, findings = site.restored()
            say(verify, requirement, *_explained(findings, what))


@contextlib.contextmanager
def _acting(
    faults: Faults, site: Site, kind: str, verb: str, skip: int
) -> Iterator[tuple[str, Callable[[], bool]]]:
    """While a fault is planned for one command: (words for it, waits until it acted and tells whether it did)."""
    number = faults.plan(site.config, kind, path=f"*/{verb}", skip=skip, count=1)

    def acted() -> bool:
        for pause in pauses(min(ACT, site.config.settle_timeout)):
            if number not in faults.pending():
                return True
            time.sleep(pause)
        return False

    try:
        yield f"{kind} at command {skip + 1} that has {verb}", acted
    finally:
        faults.clear()


def _explained(findings: Sequence[Finding], what: str) -> list[Finding]:
    return [
        Finding(finding.ok, f"after {what}: {finding.message}", finding.difference, finding.visible)
        for finding in findings
    ]


@pytest.mark.moves_clock
@pytest.mark.site(1)
@pytest.mark.verifies("RES-01", "RES-02")
def test_a_router_out_of_reach(
    context: Context,
    instances: Instances,
    verify: Verifier,
    site: Site,
    faults: Faults,
    laboratory: Laboratory,
) -> None:
    """An instance is provisioned, and another time deleted, while nobody gets through to the router."""
    passing = Passing(laboratory.clock)
    subnet = site.subnets[0]
    instance = instances.make("out of reach", session_ttl=TTL)

    def out_of_reach() -> None:
        faults.plan(site.config, "service_down", seconds=OUTAGE)

    def back() -> None:
        passing.by(OUTAGE)
        faults.clear()

    out_of_reach()
    answer = instances.change(
        instance, purpose="provision it on a router out of reach", sites=wish(site, [subnet])
    )
    _answered(verify, answer)
    _answered(verify, instances.read(instance["id"]))
    back()
    if answer.ok:
        _, findings = provisioned(site, {subnet: TTL})
        say(verify, "RES-02", *findings)
    else:
        assign(instances, site, instance, [subnet])
        provisioned(site, {subnet: TTL})
    out_of_reach()
    answer = instances.delete(instance["id"], purpose="delete it while its router is out of reach")
    _answered(verify, answer)
    back()
    if answer.ok:
        _, findings = site.restored()
        say(verify, "RES-02", *findings)
    else:
        instances.delete(instance["id"])


def _answered(verify: Verifier, answer: Answer) -> None:
    good = answer.status is not None and answer.status < 500
    verify.check("RES-01", good, f"while the router cannot be reached, the API answers {answer.text}")


@pytest.mark.moves_clock
@pytest.mark.site(1)
@pytest.mark.verifies("RES-06")
def test_a_coupon_for_a_router_out_of_reach(
    context: Context,
    instances: Instances,
    verify: Verifier,
    site: Site,
    guests: Guests,
    faults: Faults,
    laboratory: Laboratory,
) -> None:
    """A guest hands in a coupon while the portal cannot reach the router, and once more afterwards."""
    portal = open_portal(context, site, guests, site.subnets[0], "cut off", session_ttl=TTL)
    (code,) = portal.coupons(1)
    guest = portal.visitor()
    page = journeys.arrive(guest)
    faults.plan(site.config, "service_down", seconds=OUTAGE)
    first = journeys.redeem(guest, page, code)
    Passing(laboratory.clock).by(OUTAGE)
    faults.clear()
    if not guest.online:
        second = journeys.redeem(guest, journeys.arrive(guest), code)
        let_in = portal.eventually(lambda: guest.online)
        message = f"first {shown(first)}, then {shown(second)}"
        verdict(verify, "RES-06", let_in, f"a coupon handed in during and after an outage: {message}", guest)
    else:
        verdict(verify, "RES-06", True, f"the guest is let in after the outage: {shown(first)}", guest)
    close(instances, portal)
