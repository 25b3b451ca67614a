"""The length of sessions, on a clock that can be moved."""

from __future__ import annotations

import pytest

from contract_tests import journeys
from contract_tests.context import Context, Site
from contract_tests.instances import Instances
from contract_tests.laboratory import Guests, LabClock
from contract_tests.suite.portals import Passing, close, open_portal, verdict
from contract_tests.verifier import Verifier

TTL = 1200  # seconds, the shortest that is documented
MARGIN = 60  # seconds: what passes by itself while the check runs, and what a device may be late


@pytest.mark.moves_clock
@pytest.mark.site(1)
@pytest.mark.verifies("GUEST-SESSION-01", "GUEST-SESSION-02")
def test_sessions_end(
    context: Context, instances: Instances, verify: Verifier, site: Site, guests: Guests, clock: LabClock
) -> None:
    """Two guests, one of them with a coupon that expires while the session runs."""
    portal = open_portal(context, site, guests, site.subnets[0], "sessions", session_ttl=TTL)
    passing = Passing(clock)
    long, short = portal.coupons(1), portal.coupons(1, minutes_valid=1)
    visitors = [portal.admit(code) for code in (*long, *short)]
    passing.by(TTL - MARGIN)
    portal.stays(lambda: True)
    for who, coupon in zip(visitors, ("valid", "expired"), strict=True):
        message = f"{TTL - MARGIN} s of {TTL} s after being let in, coupon {coupon}: online {who.online}"
        verdict(verify, "GUEST-SESSION-02", who.online, message, who)
    passing.by(2 * MARGIN)
    for who in visitors:
        over = portal.eventually(lambda who=who: not who.online)  # type: ignore[misc]
        if over:
            # The portal has to ask again too, and not only the router.
            journeys.arrive(who)
            over = portal.stays(lambda who=who: not who.online)  # type: ignore[misc]
        message = f"{TTL + MARGIN} s after being let in for {TTL} s: {'captive' if over else 'still online'}"
        if over or passing.kept_by(portal):
            verdict(verify, "GUEST-SESSION-01", over, message, who)
        else:
            verify.cannot_tell(
                "GUEST-SESSION-01", "the deployment does not go by the clock of the laboratory"
            )
    close(instances, portal)
