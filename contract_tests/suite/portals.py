"""Steps that the checks with guests share: an instance in a subnet, coupons for it, visitors, and time that passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from contract_tests import journeys
from contract_tests.browsing import Page
from contract_tests.context import Context, Site
from contract_tests.coupons import coupons_in, instant
from contract_tests.device import judge
from contract_tests.instances import Instances
from contract_tests.journeys import Visitor
from contract_tests.laboratory import Guests, LabClock
from contract_tests.resources import pauses
from contract_tests.suite.provisioning import assign, wish
from contract_tests.verifier import CannotTell, Verifier

LONGEST_REAL_WAIT = 150.0  # seconds that a check waits where no clock can be moved
_LEAST_PATIENCE = 0.2  # seconds
_SAME_TIME = 30.0  # seconds between two clocks that are one

T = TypeVar("T")


@dataclass(slots=True)
class Portal:
    """An instance that guards one subnet of a site, and the guests who come to it."""

    context: Context
    site: Site
    guests: Guests
    subnet: str
    instance: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.instance["id"])

    def visitor(self) -> Visitor:
        """A new guest in the subnet."""
        return journeys.visitor(self.guests.join(self.site.config, self.subnet))

    def coupons(self, count: int, *, minutes_valid: int = 600) -> list[str]:
        """The codes of a new batch. Raises `CannotTell` if there is none."""
        coupons = self.context.collection("coupon")
        body = {"count": count, "minutes_valid": minutes_valid}
        answer = coupons.create(body, purpose=f"make {count} coupon(s) for guests", instanceId=self.id)
        made = coupons_in(answer.json()) if answer.ok else []
        if len(made) < count:
            raise CannotTell(f"no coupons could be made: {answer.text}")
        return [coupon.code for coupon in made]

    def eventually(self, wanted: Callable[[], bool]) -> bool:
        """Does it become so within the time that a device may take to follow?"""
        begun = time.monotonic()
        good = wanted()
        for pause in () if good else pauses(self.site.config.settle_timeout):
            time.sleep(pause)
            if good := wanted():
                break
        if good:
            self.guests.slowest = max(self.guests.slowest or 0.0, time.monotonic() - begun)
        return good

    def stays(self, wanted: Callable[[], bool]) -> bool:
        """Is it so, and still after thrice the longest time that the deployment took for a guest so far?"""
        if not wanted():
            return False
        slowest = self.guests.slowest
        patience = self.site.patience if slowest is None else max(_LEAST_PATIENCE, 3 * slowest)
        time.sleep(min(patience, self.site.config.settle_timeout))
        return wanted()

    def admit(self, code: str) -> Visitor:
        """A guest who has handed in a coupon. Raises `CannotTell` if that does not get them online."""
        who = self.visitor()
        answer = journeys.redeem(who, journeys.arrive(who), code)
        if not self.eventually(lambda: who.online):
            raise CannotTell(f"a guest with a new coupon is not let in, the portal answered {shown(answer)}")
        return who

    def refused(self, code: str) -> tuple[Visitor, Page]:
        """A guest who has tried a coupon that should not let them in, and what the portal said."""
        who = self.visitor()
        return who, journeys.redeem(who, journeys.arrive(who), code)


def open_portal(
    context: Context,
    site: Site,
    guests: Guests,
    subnet: str,
    label: str,
    *,
    update: Mapping[str, Any] | None = None,
    **properties: Any,
) -> Portal:
    """A new instance with its subnet guarded; `update` has what a creation does not take.

    Raises `CannotTell` if it cannot be had.
    """
    instances = context.instances
    made = instances.make(label, **properties)
    instance = assign(instances, site, made, [subnet], **(update or {}))
    _, findings = site.settle(lambda now: [judge.guarded(now, subnet)])
    portal = Portal(context, site, guests, subnet, instance)
    if not findings[0].ok:
        # Other mechanisms than a hotspot guard a subnet as well.
        probe = portal.visitor()
        if not portal.eventually(lambda: not probe.online):
            raise CannotTell(f"{subnet} is not guarded: {findings[0].message}")
    # A hotspot may work before the rest of what is wanted is in place.
    site.rest()
    return portal


def until_it_answers(portal: Portal, who: Visitor, page: Page) -> Page:
    """The page, asked for again while its host does not answer: what lets the guest there may follow the redirect."""
    url, host = page.url, page.host
    for pause in pauses(portal.site.config.settle_timeout):
        if page.status is not None and page.host == host:
            break
        time.sleep(pause)
        page = who.browser.open(url)
    return page


def shown(page: Page) -> str:
    """A page in short, for messages."""
    said = f": {page.words[:200]!r}" if page.words else ""
    return f"{page.status or page.visit.text} at {page.url.partition('?')[0]}{said}"


def trail(*visitors: Visitor) -> tuple[str, ...]:
    """What the guests did, for reports."""
    return tuple(line for who in visitors for line in who.guest.trail[-12:])


def at_once(actions: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of it at the same time; the results in order."""
    with ThreadPoolExecutor(len(actions)) as pool:
        return [future.result() for future in [pool.submit(action) for action in actions]]


def marks(instance: Mapping[str, Any]) -> tuple[str, ...]:
    """Words by which a page, or its address, tells whose it is: the id, the name, the terms of the instance."""
    told = (instance.get("id"), instance.get("name"), instance.get("terms_text"))
    return tuple(each for each in told if isinstance(each, str) and each)


def bears(page: Page, instance: Mapping[str, Any]) -> bool:
    """Does the page tell in its address, its words or its source that it is the instance's?"""
    return any(mark in text for mark in marks(instance) for text in (page.url, page.words, page.text))


class Passing:
    """Time as a check lets it pass: by the clock of the laboratory, else for a short while by waiting."""

    def __init__(self, clock: LabClock | None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._clock = clock
        self._sleep = sleep

    def by(self, seconds: float) -> None:
        """Let so many seconds pass. Raises `CannotTell` if there is no clock and that takes too long."""
        if self._clock is not None:
            self._clock.advance(seconds)
        elif seconds <= LONGEST_REAL_WAIT:
            self._sleep(seconds)
        else:
            raise CannotTell(f"waiting {seconds:.0f} s takes a clock that can be moved ([lab] clock)")

    def kept_by(self, portal: Portal) -> bool:
        """Does the deployment go by the same clock? Seen from when it says that a new coupon was made."""
        if self._clock is None:
            return True
        coupons = portal.context.collection("coupon")
        body = {"count": 1, "minutes_valid": 1}
        answer = coupons.create(body, purpose="see which time it is", instanceId=portal.id)
        first = next(iter(answer.json() or ()), None) if answer.ok else None
        made = instant(first.get("created_at")) if isinstance(first, dict) else None
        return made is not None and abs((self._clock.now() - made).total_seconds()) <= _SAME_TIME


def hand_over(instances: Instances, giver: Portal, label: str, **properties: Any) -> Portal:
    """A new instance takes over the subnet of another one; where that is refused, after the other let go of it.

    Raises `CannotTell` if that cannot be had.
    """
    site, subnet = giver.site, giver.subnet
    taker = instances.make(label, **properties)
    answer = instances.change(
        taker, purpose="take over the subnet of another instance", sites=wish(site, [subnet])
    )
    before = instances.read(giver.id).json()
    if not answer.ok or (isinstance(before, dict) and before.get("sites")):
        assign(instances, site, before if isinstance(before, dict) else giver.instance, [])
    taken = answer.json() if answer.ok else None
    if not isinstance(taken, dict):
        taken = assign(instances, site, taker, [subnet])
    portal = Portal(giver.context, site, giver.guests, subnet, taken)
    site.rest()
    return portal


def close(instances: Instances, *portals: Portal) -> None:
    """Delete the instances."""
    for portal in portals:
        instances.delete(portal.id)


def verdict(verify: Verifier, requirement: str, holds: bool, message: str, *visitors: Visitor) -> bool:
    """Record a check with what the guests did."""
    return verify.check(requirement, holds, message, device=trail(*visitors))
