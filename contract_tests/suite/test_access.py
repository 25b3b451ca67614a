"""What guests who have not logged in may reach, as far as the rows of a router tell."""

from __future__ import annotations

import pytest

from contract_tests.context import Context, Site
from contract_tests.device import judge
from contract_tests.device.judge_access import captive, captive_throughout, operators_own, providers_closed
from contract_tests.instances import Instances
from contract_tests.suite.provisioning import (
    assign,
    changed,
    make_integration,
    provider_hosts,
    provisioned,
    say,
    wish,
)
from contract_tests.verifier import CannotTell, Verifier

FIRST_TTL, SECOND_TTL, LONGER_TTL = 3671, 1999, 7384


@pytest.mark.site(1)
@pytest.mark.verifies("DEV-CAPTIVE-01", "DEV-OPEN-01", "DEV-COUPON-01", "DEV-WINDOW-01", "DEV-ISO-01")
def test_two_instances_on_a_router(
    context: Context, instances: Instances, verify: Verifier, site: Site
) -> None:
    """Coupons in one subnet; then sign-in at a provider in another one comes, changes and goes."""
    if len(site.subnets) < 2:
        raise CannotTell(f"site {site.id} lists one subnet; the check needs two")
    first, second = site.subnets[:2]
    hosts = provider_hosts(context)
    coupons = instances.make("coupons", session_ttl=FIRST_TTL)
    before, mark = site.snapshot(), site.mark()
    assign(instances, site, coupons, [first])
    provisioned(site, {first: FIRST_TTL})
    site.rest()
    alone = site.snapshot()
    if not say(verify, "DEV-CAPTIVE-01", captive(alone, first)):
        raise CannotTell(
            f"guests of {first} are not captive, so nothing else about what is open can be judged"
        )
    say(verify, "DEV-OPEN-01", captive_throughout(before, site.writes(mark), first))
    say(verify, "DEV-COUPON-01", providers_closed(alone, first, hosts))

    def still_as_alone() -> None:
        now = site.snapshot()
        say(verify, "DEV-ISO-01", judge.same_server(alone, now, first))
        say(verify, "DEV-ISO-01", *judge.session_limit(now, site.baseline, first, FIRST_TTL))
        say(verify, "DEV-COUPON-01", providers_closed(now, first, hosts))

    verify.start_scenario()
    integration = make_integration(context)
    beside = instances.make(
        "providers", strategy="oauth2", auth_integration_id=integration["id"], session_ttl=SECOND_TTL
    )
    mark = site.mark()
    beside = assign(instances, site, beside, [second])
    provisioned(site, {first: FIRST_TTL, second: SECOND_TTL})
    site.rest()
    now = site.snapshot()
    for subnet in (first, second):
        say(verify, "DEV-CAPTIVE-01", captive(now, subnet))
        say(verify, "DEV-OPEN-01", captive_throughout(alone, site.writes(mark), subnet))
    say(verify, "DEV-WINDOW-01", providers_closed(now, second, hosts))
    still_as_alone()

    mark = site.mark()
    changed(instances, beside, purpose="change the session_ttl of the other instance", session_ttl=LONGER_TTL)
    provisioned(site, {first: FIRST_TTL, second: LONGER_TTL})
    if not instances.delete(beside["id"]).ok:
        raise CannotTell("the instance cannot be deleted")
    provisioned(site, {first: FIRST_TTL})
    site.rest()
    for subnet in (first, second):
        say(verify, "DEV-OPEN-01", captive_throughout(now, site.writes(mark), subnet))
    still_as_alone()
    instances.delete(coupons["id"])
    context.collection("auth-integration").delete(integration["id"])


@pytest.mark.site(1)
@pytest.mark.verifies("DEV-COLLIDE-01")
def test_a_subnet_that_the_operator_serves(
    context: Context, instances: Instances, verify: Verifier, site: Site
) -> None:
    """An instance asks for it beside one that is free; whatever the answer, the operator's hotspot is left alone."""
    if not site.config.occupied_subnets:
        raise CannotTell(f"site {site.id} names no occupied_subnets")
    occupied = site.config.occupied_subnets[0]
    instance = instances.make("asks for an occupied subnet", session_ttl=FIRST_TTL)
    for wanted in ([occupied], [occupied, site.subnets[0]]):
        verify.start_scenario()
        answer = instances.change(instance, purpose="ask for an occupied subnet", sites=wish(site, wanted))
        if answer.ok:
            site.rest()
        else:
            site.writes_after_patience(site.mark())
        now = site.snapshot()
        say(
            verify,
            "DEV-COLLIDE-01",
            operators_own(site.baseline, now, occupied),
            judge.untouched(site.baseline, now, site.contract),
        )
    instances.delete(instance["id"])
