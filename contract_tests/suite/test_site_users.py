"""The guests of a site as its operators see them. No page prints these operations, so nothing here is a must."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from contract_tests.client import Answer
from contract_tests.context import Context, Site
from contract_tests.coupons import about, instant
from contract_tests.instances import Instances
from contract_tests.journeys import Visitor
from contract_tests.laboratory import Guests
from contract_tests.ledger import OTHER_TENANT
from contract_tests.suite.portals import Portal, close, open_portal
from contract_tests.suite.schedules import NOT_THERE
from contract_tests.verifier import CannotTell, Verifier
from spec.loader import Contract

_TTL = 2400  # seconds
_LATENESS = timedelta(seconds=30)  # between the moment a guest is let in and the one that is written down


def _users(answer: Answer) -> list[Mapping[str, Any]]:
    if answer.status in NOT_THERE:
        raise CannotTell(f"the users of a site are not listed: {answer.text[:160]}")
    body = answer.json()
    if not answer.ok or not isinstance(body, list):
        raise CannotTell(f"the list of site users was answered {answer.text[:160]}")
    return [user for user in body if isinstance(user, Mapping)]


@pytest.mark.site(0)
@pytest.mark.verifies("USER-01", "USER-02", "USER-03", "USER-04", "USER-05")
def test_users_of_a_site(
    context: Context,
    contract: Contract,
    instances: Instances,
    verify: Verifier,
    site: Site,
    guests: Guests,
) -> None:
    """Two guests log in and an operator disconnects one of them."""
    users = context.collection("site-user")
    _users(users.listing(siteId=site.id, purpose="see whether site users are listed"))
    portal = open_portal(context, site, guests, site.subnets[0], "site users", session_ttl=_TTL)
    staying, leaving = (portal.admit(code) for code in portal.coupons(2))
    listing = users.listing(siteId=site.id)
    told = _told(_users(listing), portal, (staying, leaving))
    _described(contract, verify, listing, list(told.values()))
    if context.config.target.other_token:
        _hidden(context, verify, site, set(told))
    target = told[leaving.guest.mac]
    context.client.invent(target["id"])  # the guest is the suite's, so is the session
    answer = users.delete(target["id"], siteId=site.id)
    if not answer.ok:
        verify.cannot_tell("USER-04", f"disconnecting a user was answered {answer.text[:160]}")
        verify.cannot_tell("USER-02", "no guest is known whose session has ended")
    else:
        _after_the_end(verify, context, site, portal, staying, leaving)
    close(instances, portal)


def _told(
    listed: list[Mapping[str, Any]], portal: Portal, visitors: tuple[Visitor, ...]
) -> dict[str, Mapping[str, Any]]:
    """What the list tells of each of these guests, by their hardware address."""
    found: dict[str, Mapping[str, Any]] = {}
    for who in visitors:
        own = [user for user in listed if _mac(user) == who.guest.mac and isinstance(user.get("id"), str)]
        if not own:
            raise CannotTell(f"the guest {who.guest.mac} of instance {portal.id} is not listed")
        found[who.guest.mac] = own[0]
    return found


def _mac(user: Mapping[str, Any]) -> str:
    return str(user.get("mac_address", "")).upper().replace("-", ":")


def _described(contract: Contract, verify: Verifier, listing: Answer, users: list[Mapping[str, Any]]) -> None:
    validator = contract.success_validator("listSiteUsers", documented_only=False)
    assert validator is not None
    errors = validator.errors(listing.json())
    verify.check(
        "USER-01", not errors, f"the list differs from the contract in {'; '.join(errors) or 'nothing'}"
    )
    for user in users:
        begin, end = instant(user.get("authenticated_at")), instant(user.get("expires_at"))
        if begin is None or end is None:
            verify.cannot_tell("USER-03", "the user does not show when the session began or ends")
            continue
        verify.check(
            "USER-03",
            about(end, begin + timedelta(seconds=_TTL), within=_LATENESS),
            f"a session of an instance with session_ttl {_TTL} lasts from {begin} to {end}",
        )


def _hidden(context: Context, verify: Verifier, site: Site, macs: set[str]) -> None:
    answer = context.collection("site-user", tenant=OTHER_TENANT).listing(
        siteId=site.id, purpose="list the users of a site as another tenant"
    )
    body = answer.json()
    shown = {_mac(user) for user in body if isinstance(user, Mapping)} if isinstance(body, list) else set()
    verify.check(
        "USER-05",
        not shown & macs,
        f"another tenant, answered {answer.status}, sees of the guests: {', '.join(sorted(shown & macs)) or 'none'}",
    )


def _after_the_end(
    verify: Verifier, context: Context, site: Site, portal: Portal, staying: Visitor, leaving: Visitor
) -> None:
    users = context.collection("site-user")

    def shown(**filters: str) -> list[Mapping[str, Any]]:
        query = urlencode(filters)
        return _users(users.listing(siteId=site.id, query=query, purpose=f"list the users with {query}"))

    def running() -> set[str]:
        return {_mac(user) for user in shown(instance_id=portal.id) if user.get("active") is True}

    over = portal.eventually(lambda: leaving.guest.mac not in running())
    verify.check(
        "USER-04", over, f"a user who was disconnected is {'no longer' if over else 'still'} shown as active"
    )
    if not over:
        verify.cannot_tell("USER-02", "no guest is known whose session has ended")
        return
    active = shown(active="true")
    found = {_mac(user) for user in active}
    good = staying.guest.mac in found and all(user.get("active") is True for user in active)
    verify.check(
        "USER-02", good, f"of a guest who is online and one who is not, active=true shows {len(active)} users"
    )
    ended = shown(active="false")
    verify.check(
        "USER-02",
        not any(user.get("active") is True for user in ended),
        f"active=false shows {[user.get('active') for user in ended]}",
    )
    elsewhere = shown(instance_id=context.client.invent(_OTHER))
    verify.check(
        "USER-02", not elsewhere, f"instance_id of an instance without guests shows {len(elsewhere)} users"
    )


_OTHER = "5d0c1b2a-7e6f-4a3b-9c8d-0f1e2d3c4b5a"  # an id that names no instance
