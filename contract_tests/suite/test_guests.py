"""Guests who come to a portal with a coupon: led to it, let in once, and not disturbed until their session ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from urllib.parse import urlsplit

import pytest

from contract_tests import journeys
from contract_tests.context import Context, Site
from contract_tests.coupons import coupons_in
from contract_tests.device import judge
from contract_tests.instances import COLOURS, Instances
from contract_tests.laboratory import Guests
from contract_tests.suite.portals import (
    Portal,
    at_once,
    bears,
    close,
    hand_over,
    open_portal,
    shown,
    trail,
    verdict,
)
from contract_tests.suite.provisioning import changed, open_address, say
from contract_tests.verifier import CannotTell, Verifier

TTL, OTHER_TTL, LONGER_TTL = 3671, 1999, 7384
TERMS = "Guests of the {0} agree to § {0} & <all> else."


@pytest.mark.site(1)
@pytest.mark.verifies(
    "GUEST-PORTAL-01",
    "GUEST-PORTAL-02",
    "GUEST-PORTAL-03",
    "GUEST-PORTAL-04",
    "DEV-CAPTIVE-01",
    "GUEST-COUPON-01",
    "GUEST-COUPON-02",
    "GUEST-COUPON-03",
    "GUEST-COUPON-05",
    "GUEST-COUPON-06",
    "GUEST-COUPON-07",
    "GUEST-SESSION-04",
    "GUEST-SESSION-05",
    "GUEST-SESSION-06",
    "GUEST-SESSION-07",
)
def test_guests_with_coupons(
    context: Context, instances: Instances, verify: Verifier, site: Site, guests: Guests
) -> None:
    """Two instances in two subnets; coupons of both, handed in once, twice, at once, and at the wrong one."""
    if len(site.subnets) < 2:
        raise CannotTell(f"site {site.id} lists one subnet; the check needs two")
    here = open_portal(
        context,
        site,
        guests,
        site.subnets[0],
        "here",
        session_ttl=TTL,
        update={"terms_text": TERMS.format("harbour")},
    )
    there = open_portal(
        context,
        site,
        guests,
        site.subnets[1],
        "there",
        session_ttl=OTHER_TTL,
        update={"terms_text": TERMS.format("station")},
    )
    _led_to_the_portal(verify, here, there)

    codes, (foreign, last) = here.coupons(4), there.coupons(2)
    guest = here.visitor()
    answer = journeys.redeem(guest, journeys.arrive(guest), codes[0])
    let_in = here.eventually(lambda: guest.online)
    message = f"a guest who handed in a new coupon is {'' if let_in else 'not '}let in; the portal said {shown(answer)}"
    if not verdict(verify, "GUEST-COUPON-01", let_in, message, guest):
        raise CannotTell("a coupon lets nobody in, so nothing about coupons can be told")

    several = [here.visitor() for _ in range(3)]
    pages = [journeys.arrive(who) for who in several]
    at_once([partial(journeys.redeem, who, page, codes[1]) for who, page in zip(several, pages, strict=True)])
    here.eventually(lambda: any(who.online for who in several))
    here.stays(lambda: True)
    inside = sum(who.online for who in several)
    message = (
        f"{len(several)} guests handed in one coupon at the same moment, and {inside} of them are let in"
    )
    verdict(verify, "GUEST-COUPON-03", inside == 1, message, *several)

    # Last of what is done with codes here: who has seen so many wrong ones may want a pause.
    _kept_out(
        verify,
        here,
        (
            ("GUEST-COUPON-02", codes[0], "a coupon for the second time"),
            (
                "GUEST-COUPON-02",
                codes[0].swapcase(),
                "a coupon for the second time, written in the other case",
            ),
            ("GUEST-COUPON-05", foreign, "a coupon of another instance"),
            ("GUEST-COUPON-06", _unmade(codes), "a code that nobody made"),
            ("GUEST-COUPON-06", _beside(codes), "a code that differs from a coupon in its last character"),
            ("GUEST-COUPON-06", "%" * len(codes[2]), "a pattern in place of a code"),
        ),
    )
    _redeemed_is_not_listed(verify, here, codes[0])

    # The same device in the other network, where it has no session.
    moved = journeys.visitor(guests.join(site.config, there.subnet, mac=guest.guest.mac))
    journeys.arrive(moved)
    captive = there.stays(lambda: not moved.online)
    message = (
        f"a guest with a session in {here.subnet} who moves to {there.subnet} is captive there: {captive}"
    )
    verdict(verify, "GUEST-SESSION-05", captive, message, moved)

    neighbour = there.visitor()
    answer = journeys.redeem(neighbour, journeys.arrive(neighbour), last)
    let_in = there.eventually(lambda: neighbour.online)
    message = (
        f"a guest of the second subnet is {'' if let_in else 'not '}let in; the portal said {shown(answer)}"
    )
    if not verdict(verify, "GUEST-COUPON-01", let_in, message, neighbour):
        raise CannotTell("a coupon lets nobody in at the second subnet")
    _without_the_instance(context, instances, verify, here, guest)
    message = (
        f"instances in {here.subnet} came and went; the guest in {there.subnet} is online: {neighbour.online}"
    )
    verdict(verify, "GUEST-SESSION-07", neighbour.online, message, neighbour)
    close(instances, there)


def _led_to_the_portal(verify: Verifier, here: Portal, there: Portal) -> None:
    """A guest in each subnet opens a site."""
    for portal, other in ((here, there), (there, here)):
        guest = portal.visitor()
        held = not guest.online and not guest.guest.reaches("198.51.100.10", 123, "udp")
        verdict(
            verify, "DEV-CAPTIVE-01", held, f"a guest of {portal.subnet} who never logged in is held", guest
        )
        _resolves(verify, portal, guest)
        page = journeys.arrive(guest)
        verdict(
            verify,
            "GUEST-PORTAL-01",
            journeys.is_portal(page),
            f"a guest of {portal.subnet} who opens a site is led to {shown(page)}",
            guest,
        )
        if not journeys.is_portal(page):
            raise CannotTell("guests are not led to a portal, so nothing about it can be told")
        own, wrong = bears(page, portal.instance), bears(page, other.instance)
        if own or wrong:
            message = f"guests of {portal.subnet} are led to the page of instance {portal.id}: {shown(page)}"
            verdict(verify, "GUEST-PORTAL-02", own and not wrong, message, guest)
        else:
            verify.cannot_tell("GUEST-PORTAL-02", "the page does not show whose it is")
        terms = " ".join(str(portal.instance.get("terms_text")).split())
        message = f"the portal shows {terms!r}: {shown(page)}"
        verdict(verify, "GUEST-PORTAL-03", journeys.shows(guest, page, terms), message, guest)


def _resolves(verify: Verifier, portal: Portal, guest: journeys.Visitor) -> None:
    lab = portal.context.config.lab
    names = [urlsplit(lab.website).hostname] if lab.website else []
    name = next(iter([*names, *(lab.identity.hosts.values() if lab.identity else ())]), None)
    if name is None:
        verify.cannot_tell("GUEST-PORTAL-04", "no name is known that the internet of the laboratory has")
        return
    found = guest.guest.resolve(name)
    verdict(verify, "GUEST-PORTAL-04", bool(found), f"the name {name} is resolved before login", guest)


def _kept_out(verify: Verifier, portal: Portal, codes: Sequence[tuple[str, str, str]]) -> None:
    """Guests hand in codes that are no good: (requirement, code, what is wrong with it)."""
    tried = [portal.refused(code) for _, code, _ in codes]
    portal.stays(lambda: True)
    for (requirement, _, wrong), (who, said) in zip(codes, tried, strict=True):
        verdict(verify, requirement, not who.online, f"{wrong}: the portal said {shown(said)}", who)


def _unmade(codes: Collection[str]) -> str:
    return next(code for code in ("QQQQQQ", "WWWWWW", "QWQWQW", "WQWQWQ", "QQWWQW") if code not in codes)


def _beside(codes: Sequence[str]) -> str:
    """Nearly the third code, which is still good, and none of the others."""
    return next(code for last in "QWRTPS" if (code := codes[2][:-1] + last) not in codes)


def _redeemed_is_not_listed(verify: Verifier, portal: Portal, code: str) -> None:
    listing = portal.context.collection("coupon").listing(instanceId=portal.id)
    if not listing.ok:
        verify.cannot_tell("GUEST-COUPON-07", f"coupons cannot be listed: {listing.text}")
        return
    listed = code in [coupon.code for coupon in coupons_in(listing.json())]
    message = f"a coupon that was redeemed is {'still' if listed else 'not'} listed"
    verify.check("GUEST-COUPON-07", not listed, message)


def _without_the_instance(
    context: Context, instances: Instances, verify: Verifier, portal: Portal, guest: journeys.Visitor
) -> None:
    """Another instance takes over the subnet while a guest is online; then that one is deleted, and a third comes."""
    verify.start_scenario()
    taker = hand_over(instances, portal, "takes over", session_ttl=OTHER_TTL)
    captive = taker.eventually(lambda: not guest.online)
    message = f"a guest of the instance that had the subnet before is captive: {captive}"
    verdict(verify, "GUEST-SESSION-06", captive, message, guest)
    _ended(verify, "GUEST-SESSION-06", portal, guest)
    online = taker.admit(taker.coupons(1)[0])
    if not instances.delete(taker.id).ok:
        raise CannotTell("the instance cannot be deleted")
    portal.site.rest()
    _ended(verify, "GUEST-SESSION-04", portal, online)
    last = open_portal(context, portal.site, portal.guests, portal.subnet, "comes last", session_ttl=TTL)
    captive = last.eventually(lambda: not online.online)
    message = f"a guest of an instance that was deleted is captive when another one comes: {captive}"
    verdict(verify, "GUEST-SESSION-04", captive, message, online)
    close(instances, last, portal)


def _ended(verify: Verifier, requirement: str, portal: Portal, who: journeys.Visitor) -> None:
    """Nothing of the session is left on the router: what is may let the guest in again another time."""
    mac, address = who.guest.mac, who.guest.address
    _, findings = portal.site.settle(lambda now: [judge.session_gone(now, mac, address)])
    say(verify, requirement, *findings)


@pytest.mark.site(1)
@pytest.mark.verifies("GUEST-SESSION-03", "GUEST-USER-01", "GUEST-USER-02")
def test_a_session_is_not_disturbed(
    context: Context, instances: Instances, verify: Verifier, site: Site, guests: Guests
) -> None:
    """Everything about the instance changes while a guest is online; then an operator disconnects that guest."""
    portal = open_portal(context, site, guests, site.subnets[0], "changing", session_ttl=TTL)
    codes = portal.coupons(2)
    guest, other = (portal.admit(code) for code in codes)
    instance = portal.instance
    for changes in (
        {"name": instances.name("renamed")},
        {"theme": {**_colours(instance), "accent_color": "#123456"}},
        {"terms_text": "Other terms."},
        {"session_ttl": LONGER_TTL},
        {"session_ttl": OTHER_TTL},
    ):
        instance = changed(instances, instance, purpose=f"change {', '.join(changes)}", **changes)
        _still_online(verify, portal, guest, f"a change of {', '.join(changes)}")
    entry = open_address(context, site, "192.0.2.64/28")
    _still_online(verify, portal, guest, "a new walled-garden entry")
    context.collection("walled-garden-entry").delete(entry["id"], siteId=site.id)
    _still_online(verify, portal, guest, "the deletion of a walled-garden entry", last=True)

    verify.start_scenario()
    users = context.collection("site-user")
    listing = users.listing(siteId=site.id)
    if not listing.ok or not isinstance(listing.json(), list):
        raise CannotTell(f"the users of a site cannot be listed: {listing.text}")
    found = [user for user in listing.json() if isinstance(user, dict) and _is(user, guest)]
    good = len(found) == 1 and found[0].get("active") is True and found[0].get("instance_id") == portal.id
    told = f"a guest with a session shows as {found}"
    verdict(verify, "GUEST-USER-01", good, f"{told}; active, and of instance {portal.id}, is expected", guest)
    if not found or not isinstance(found[0].get("id"), str):
        raise CannotTell("the guest is not among the users of the site, so cannot be disconnected")
    context.client.invent(found[0]["id"])  # the guest is ours, so is the session
    answer = users.delete(found[0]["id"], siteId=site.id)
    over = answer.ok and portal.eventually(lambda: not guest.online)
    message = f"a guest who was disconnected ({answer.text}) is captive: {over}"
    if answer.ok:
        verdict(verify, "GUEST-USER-02", over and other.online, message, guest, other)
    else:
        verify.cannot_tell("GUEST-USER-02", f"disconnecting a user is answered {answer.text}")
    close(instances, portal)


def _still_online(
    verify: Verifier, portal: Portal, guest: journeys.Visitor, after: str, *, last: bool = False
) -> None:
    # A change may take a while to reach the router; the last look waits for all of them.
    kept = portal.stays(lambda: guest.online) if last else guest.online
    message = f"after {after} the guest is {'still' if kept else 'no longer'} online"
    verify.check("GUEST-SESSION-03", kept, message, device=trail(guest))
    if not kept:
        raise CannotTell(f"the session is over after {after}, so nothing else can disturb it")


def _is(user: dict[str, object], who: journeys.Visitor) -> bool:
    mac, address = who.guest.mac, who.guest.address
    return (
        str(user.get("mac_address", "")).upper().replace("-", ":") == mac
        and user.get("ip_address") == address
    )


def _colours(instance: dict[str, object]) -> dict[str, str]:
    theme = instance.get("theme")
    return {
        name: value
        for name, value in (theme.items() if isinstance(theme, dict) else ())
        if isinstance(value, str) and name in COLOURS
    }
