"""Guests who sign in at an identity provider: through a window that is theirs alone, and closes."""

from __future__ import annotations

import pytest

from contract_tests import journeys
from contract_tests.context import Context, Site
from contract_tests.instances import Instances
from contract_tests.journeys import Visitor
from contract_tests.laboratory import Guests, Laboratory
from contract_tests.suite.portals import (
    Passing,
    Portal,
    close,
    open_portal,
    shown,
    trail,
    until_it_answers,
    verdict,
)
from contract_tests.suite.provisioning import make_integration
from contract_tests.verifier import CannotTell, Verifier

TTL = 3671
WINDOW = 120  # seconds, the shortest that is documented
EARLY, LATE = 90, 45  # seconds: well within the window, and then well after its end


def _portal(context: Context, site: Site, guests: Guests, kind: str) -> tuple[Portal, str]:
    """An oauth2 instance in the first subnet, and the id of its integration."""
    integration = make_integration(context, kind)
    portal = open_portal(
        context,
        site,
        guests,
        site.subnets[0],
        f"sign in with {kind}",
        strategy="oauth2",
        auth_integration_id=integration["id"],
        session_ttl=TTL,
        update={"auth_window_ttl": WINDOW},
    )
    return portal, str(integration["id"])


def _hosts(context: Context) -> dict[str, str]:
    identity = context.config.lab.identity
    if identity is None or not identity.hosts:
        raise CannotTell("the target offers no identity provider ([lab] identity)")
    return identity.hosts


def _reaches(who: Visitor, host: str) -> bool:
    """Does the router let the guest through to the provider?"""
    return (
        who.guest.request(f"http://{host}/", method="HEAD").passes
        or who.guest.request(f"https://{host}/").passes
    )


@pytest.mark.site(1)
@pytest.mark.verifies("GUEST-OAUTH-01", "GUEST-OAUTH-02", "GUEST-OAUTH-03", "DEV-WINDOW-01")
def test_guests_sign_in(
    context: Context, instances: Instances, verify: Verifier, site: Site, guests: Guests
) -> None:
    """With each kind of provider: one guest signs in, another one turns round at its page, a third only watches."""
    hosts = _hosts(context)
    for kind, host in hosts.items():
        verify.start_scenario()
        portal, integration = _portal(context, site, guests, kind)
        guest, watching = portal.visitor(), portal.visitor()
        verdict(verify, "DEV-WINDOW-01", not _reaches(guest, host), f"{host} is closed before a login", guest)
        page = journeys.to_provider(guest, journeys.arrive(guest), kind, set(hosts.values()))
        page = until_it_answers(portal, guest, page)
        there = page.host == host and page.status is not None and page.status < 400
        message = f"from the portal a guest gets to the page of {kind} at {host}: {shown(page)}"
        if not verdict(verify, "GUEST-OAUTH-01", there, message, guest):
            raise CannotTell("the provider is not reached, so nobody can sign in")
        shut = not _reaches(watching, host)
        message = f"{host} is {'closed' if shut else 'open'} to a guest while another one is logging in"
        verdict(verify, "GUEST-OAUTH-03", shut, message, watching)
        turned_round = _without_signing_in(portal, kind, set(hosts.values()))
        assert context.config.lab.identity is not None
        answer = journeys.sign_in(guest, page, context.config.lab.identity.username, set(hosts.values()))
        let_in = portal.eventually(lambda guest=guest: guest.online)  # type: ignore[misc]
        message = (
            f"a guest who signed in is {'' if let_in else 'not '}let in; the portal said {shown(answer)}"
        )
        verdict(verify, "GUEST-OAUTH-01", let_in, message, guest)
        portal.stays(lambda: True)
        for who, did in turned_round:
            message = f"a guest who {did} is {'' if who.online else 'not '}let in"
            verdict(verify, "GUEST-OAUTH-02", not who.online, message, who)
        close(instances, portal)
        context.collection("auth-integration").delete(integration)


def _without_signing_in(portal: Portal, kind: str, hosts: set[str]) -> list[tuple[Visitor, str]]:
    """Guests who were at the provider and did not sign in there, each with what they did instead."""
    done: list[tuple[Visitor, str]] = []
    for answer, did in (
        (None, "only saw the page of the provider"),
        ({"error": "access_denied"}, "declined at the provider"),
        ({"code": "portal-contract-made-this-up"}, "came back from the provider with a code of their own"),
    ):
        who = portal.visitor()
        page = journeys.to_provider(who, journeys.arrive(who), kind, hosts)
        if answer is None or journeys.come_back(who, page, answer) is not None:
            done.append((who, did))
    return done


@pytest.mark.moves_clock
@pytest.mark.site(1)
@pytest.mark.verifies("GUEST-OAUTH-04", "GUEST-OAUTH-05", "GUEST-COUPON-04")
def test_what_runs_out_before_a_login(
    context: Context,
    instances: Instances,
    verify: Verifier,
    site: Site,
    guests: Guests,
    laboratory: Laboratory,
) -> None:
    """A login window of two minutes, and a coupon of one."""
    if len(site.subnets) < 2:
        raise CannotTell(f"site {site.id} lists one subnet; the check needs two")
    passing = Passing(laboratory.clock)
    hosts = _hosts(context)
    kind, host = next(iter(hosts.items()))
    portal, integration = _portal(context, site, guests, kind)
    slow = portal.visitor()
    page = journeys.to_provider(slow, journeys.arrive(slow), kind, set(hosts.values()))
    page = until_it_answers(portal, slow, page)
    if not _reaches(slow, host):
        raise CannotTell(f"the provider was never open to the guest: {shown(page)}")
    expiring = open_portal(context, site, guests, site.subnets[-1], "expiring", session_ttl=TTL)
    (code,) = expiring.coupons(1, minutes_valid=1)
    passing.by(EARLY)
    still = _reaches(slow, host)
    message = (
        f"{EARLY} s after a guest began a login the provider is {'still' if still else 'no longer'} open"
    )
    verdict(verify, "GUEST-OAUTH-04", still, f"{message}; auth_window_ttl is {WINDOW}", slow)
    late, said = expiring.refused(code)
    kept_out = expiring.stays(lambda: not late.online)
    message = f"a coupon valid for a minute, {EARLY} s after it was made: the portal said {shown(said)}"
    if kept_out or passing.kept_by(expiring):
        verdict(verify, "GUEST-COUPON-04", kept_out, message, late)
    else:
        verify.cannot_tell("GUEST-COUPON-04", "the deployment does not go by the clock of the laboratory")
    passing.by(WINDOW - EARLY + LATE)
    shut = portal.eventually(lambda: not _reaches(slow, host))
    after = WINDOW + LATE
    message = (
        f"{after} s after a guest began a login the provider is {'closed' if shut else 'open'} to that guest"
    )
    if shut or passing.kept_by(expiring):
        verify.check("GUEST-OAUTH-05", shut, f"{message}; auth_window_ttl is {WINDOW}", device=trail(slow))
    else:
        verify.cannot_tell("GUEST-OAUTH-05", "the deployment does not go by the clock of the laboratory")
    close(instances, portal, expiring)
    context.collection("auth-integration").delete(integration)
