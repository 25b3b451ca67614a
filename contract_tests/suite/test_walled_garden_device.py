"""Walled gardens where they count: on the routers of the sites."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contract_tests.context import Context, Site
from contract_tests.device import judge
from contract_tests.device.judge import Finding
from contract_tests.device.judge_access import captive_throughout, closed, edges, opened
from contract_tests.device.snapshot import Snapshot
from contract_tests.instances import Instances
from contract_tests.suite.provisioning import assign, open_address, provisioned, say
from contract_tests.verifier import CannotTell, Verifier

TTL = 3671
# Networks for documentation (RFC 5737): whatever a deployment has open for itself, it is not these.
ADDRESS, PREFIX, OTHER_PREFIX = "203.0.113.20", "192.0.2.64/28", "192.0.2.128/27"


@pytest.mark.site(1)
@pytest.mark.verifies(
    "DEV-GARDEN-02",
    "DEV-GARDEN-03",
    "DEV-GARDEN-04",
    "DEV-GARDEN-06",
    "DEV-QUIET-03",
    "DEV-OPEN-01",
)
def test_a_walled_garden_follows_its_entries(
    context: Context, instances: Instances, verify: Verifier, site: Site
) -> None:
    """An address from before the instance, a prefix that comes, changes and goes beside it."""
    garden = context.collection("walled-garden-entry")
    subnets = list(site.subnets[:2])
    early = open_address(context, site, ADDRESS)
    instance = assign(instances, site, instances.make("garden", session_ttl=TTL), subnets)
    _guarded(site, subnets)
    inside, beside = edges(ADDRESS)
    now, findings = site.settle(lambda now: _each(subnets, lambda subnet: opened(now, subnet, inside)))
    say(verify, "DEV-GARDEN-02", *findings)
    say(verify, "DEV-GARDEN-03", *_each(subnets, lambda subnet: closed(now, subnet, beside)))

    verify.start_scenario()
    site.rest()
    before, mark = site.snapshot(), site.mark()
    entry = open_address(context, site, PREFIX)
    inside, beside = edges(PREFIX)
    now, findings = site.settle(lambda now: _each(subnets, lambda subnet: opened(now, subnet, inside)))
    say(verify, "DEV-GARDEN-02", *findings)
    say(verify, "DEV-GARDEN-03", *_each(subnets, lambda subnet: closed(now, subnet, beside)))

    body = {"name": entry["name"], "ip_address": OTHER_PREFIX}
    if garden.kind.update in context.contract.operations:
        update = garden.update(entry["id"], body, purpose="move the entry", siteId=site.id)
        if update.ok:
            there, inside_before = edges(OTHER_PREFIX)[0], inside

            def moved(now: Snapshot) -> list[Finding]:
                return [
                    finding
                    for subnet in subnets
                    for finding in (opened(now, subnet, there), closed(now, subnet, inside_before))
                ]

            _, findings = site.settle(moved)
            say(verify, "DEV-GARDEN-06", *findings)
            inside = there
        else:
            verify.cannot_tell("DEV-GARDEN-06", f"an update of an entry is answered {update.text}")
    else:
        verify.cannot_tell("DEV-GARDEN-06", "this generation has no such operation")

    if not garden.delete(entry["id"], siteId=site.id).ok:
        raise CannotTell("the entry cannot be deleted")
    now, findings = site.settle(lambda now: _each(subnets, lambda subnet: closed(now, subnet, inside)))
    say(verify, "DEV-GARDEN-04", *findings)
    still = edges(ADDRESS)[0]
    say(verify, "DEV-GARDEN-04", *_each(subnets, lambda subnet: opened(now, subnet, still)))
    site.rest()
    now = site.snapshot()
    for subnet in subnets:
        say(verify, "DEV-QUIET-03", judge.same_server(before, now, subnet))
        say(verify, "DEV-OPEN-01", captive_throughout(before, site.writes(mark), subnet))
    instances.delete(instance["id"])
    garden.delete(early["id"], siteId=site.id)


@pytest.mark.alone
@pytest.mark.site(0)
@pytest.mark.verifies("DEV-GARDEN-05")
def test_a_walled_garden_is_that_of_its_site(
    context: Context, instances: Instances, verify: Verifier, site: Site
) -> None:
    """One instance at two sites; an entry of the first says nothing about the second."""
    if len(context.config.observed_sites) < 2:
        raise CannotTell("only one site has a router to look at; the check needs two")
    other = context.site(1)
    other.start()
    instance = instances.make("two sites", session_ttl=TTL)
    entry = open_address(context, site, PREFIX)
    sites = [{"id": each.id, "subnets": [each.subnets[0]]} for each in (site, other)]
    if not instances.change(instance, purpose="give it a subnet at each of two sites", sites=sites).ok:
        raise CannotTell("an instance at two sites is refused")
    for each in (site, other):
        _guarded(each, [each.subnets[0]])
    inside = edges(PREFIX)[0]
    _, findings = site.settle(lambda now: [opened(now, site.subnets[0], inside)])
    if not all(finding.ok and finding.visible for finding in findings):
        raise CannotTell(f"the entry opens nothing at its own site: {findings[0].message}")
    other.rest()
    say(verify, "DEV-GARDEN-05", closed(other.snapshot(), other.subnets[0], inside))
    instances.delete(instance["id"])
    context.collection("walled-garden-entry").delete(entry["id"], siteId=site.id)
    other.restored()


def _guarded(site: Site, subnets: list[str]) -> None:
    now, _ = provisioned(site, dict.fromkeys(subnets, TTL))
    for subnet in subnets:
        found = judge.guarded(now, subnet)
        if not found.ok:
            raise CannotTell(f"{subnet} is not guarded: {found.message}")


def _each(subnets: list[str], judged: Callable[[str], Finding]) -> list[Finding]:
    return [judged(subnet) for subnet in subnets]
