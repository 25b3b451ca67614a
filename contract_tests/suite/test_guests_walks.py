"""Random days of guests in two networks, against a model of who is online: all are looked at after every step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from contract_tests import journeys
from contract_tests.context import Context, Site
from contract_tests.journeys import Visitor
from contract_tests.laboratory import Guests, LabClock
from contract_tests.properties import walk
from contract_tests.suite.portals import Passing, Portal, close, open_portal, shown, trail
from contract_tests.suite.provisioning import changed
from contract_tests.verifier import CannotTell, Verifier

WALKS, STEPS = 2, 10
TTL = 1200.0  # seconds
UNSURE = 20.0  # seconds before the end of a session or a coupon in which nothing is judged
MOST_GUESTS = 6


@dataclass(slots=True)
class Ticket:
    """A coupon as the model knows it; it expires at the model's time `until`."""

    code: str
    portal: Portal
    until: float
    used: bool = False


@dataclass(slots=True)
class Someone:
    """A guest as the model knows it: `until` is when the session ends, None without one."""

    visitor: Visitor
    portal: Portal
    until: float | None = None


@dataclass(slots=True)
class Day:
    """What the rules of a walk act on.

    The model's time is what the rules let pass, in seconds, so that it is the same whenever the walk is gone again.
    What the walk itself takes comes on top of it, and is left out of what is judged.
    """

    verify: Verifier
    clock: LabClock
    guests: Guests
    portals: tuple[Portal, Portal]
    begun: datetime
    now: float = 0.0
    tickets: list[Ticket] = field(default_factory=list)
    people: list[Someone] = field(default_factory=list)

    def make(self, which: int, minutes: int) -> Ticket:
        """A new coupon of one of the instances."""
        portal = self.portals[which]
        (code,) = portal.coupons(1, minutes_valid=minutes)
        self.tickets.append(Ticket(code, portal, self.now + 60 * minutes))
        return self.tickets[-1]

    def hand_in(self, ticket: Ticket, which: int) -> None:
        """A new guest hands in a coupon at the portal of a network, which need not be the right one."""
        portal = self.portals[which]
        who = portal.visitor()
        page = journeys.redeem(who, journeys.arrive(who), ticket.code)
        expected, requirement = True, "GUEST-COUPON-01"
        if ticket.portal is not portal:
            expected, requirement = False, "GUEST-COUPON-05"
        elif ticket.used:
            expected, requirement = False, "GUEST-COUPON-02"
        elif ticket.until <= self.now:
            expected, requirement = False, "GUEST-COUPON-04"
        ticket.used = ticket.used or expected
        if not expected:
            good = portal.stays(lambda: not who.online)
        elif ticket.until - self.now > self.drift + UNSURE:
            good = portal.eventually(lambda: who.online)
        else:
            return  # it may have expired, or not; nobody looks at this guest
        message = f"a guest should {'' if expected else 'not '}be let in; the portal said {shown(page)}"
        self.verify.demand(requirement, good, message, device=trail(who))
        self.people.append(Someone(who, portal, self.now + TTL if expected else None))

    def move(self, someone: Someone) -> None:
        """A device turns up in the other network."""
        other = self.portals[someone.portal is self.portals[0]]
        mac = someone.visitor.guest.mac
        there = journeys.visitor(self.guests.join(other.site.config, other.subnet, mac=mac))
        captive = other.stays(lambda: not there.online)
        message = "a guest of one instance is captive in the network of another"
        self.verify.demand("GUEST-SESSION-05", captive, message, device=trail(there))
        # What becomes of a session whose device is elsewhere is for the router to say.
        self.people.remove(someone)
        for guest in (there.guest, someone.visitor.guest):
            guest.leave()

    def look(self) -> None:
        """Everybody is where the model has them."""
        for someone in self.people:
            who = someone.visitor
            left = None if someone.until is None else someone.until - self.now
            if left is None:
                continue
            if left > self.drift + UNSURE:
                message = f"a guest has {left:.0f} s left and is online"
                self.verify.demand("GUEST-SESSION-02", who.online, message, device=trail(who))
            elif left <= 0:
                over = someone.portal.eventually(lambda who=who: not who.online)  # type: ignore[misc]
                message = f"a guest whose session ended {-left:.0f} s ago is captive"
                self.verify.demand("GUEST-SESSION-01", over, message, device=trail(who))
                someone.until = None

    @property
    def drift(self) -> float:
        """Seconds by which the clock is ahead of the model."""
        return (self.clock.now() - self.begun).total_seconds() - self.now


def _machine(
    context: Context, clock: LabClock, guests: Guests, portals: tuple[Portal, Portal]
) -> type[RuleBasedStateMachine]:
    class Walk(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            context.verifier.start_scenario()
            self.day = Day(context.verifier, clock, guests, portals, clock.now())

        @precondition(lambda self: len(self.day.people) < MOST_GUESTS)
        @rule(which=st.integers(0, 1), minutes=st.sampled_from([5, 600]))
        def come(self, which: int, minutes: int) -> None:
            """A guest with a coupon of the right instance; the latest one, if it was not handed in yet."""
            ticket = self.day.tickets[-1] if self.day.tickets else None
            if ticket is None or ticket.used or ticket.portal is not portals[which]:
                ticket = self.day.make(which, minutes)
            self.day.hand_in(ticket, which)
            self.day.look()

        @rule(which=st.integers(0, 1), minutes=st.sampled_from([5, 600]))
        def make(self, which: int, minutes: int) -> None:
            self.day.make(which, minutes)

        @precondition(lambda self: self.day.tickets and len(self.day.people) < MOST_GUESTS)
        @rule(index=st.integers(0, MOST_GUESTS), elsewhere=st.booleans())
        def hand_in(self, index: int, elsewhere: bool) -> None:
            """Any coupon, at either portal."""
            ticket = self.day.tickets[index % len(self.day.tickets)]
            self.day.hand_in(ticket, int((ticket.portal is portals[1]) != elsewhere))
            self.day.look()

        @precondition(lambda self: self.day.tickets)
        @rule(seconds=st.sampled_from([70, 650, 650]))
        def wait(self, seconds: int) -> None:
            clock.advance(seconds)
            self.day.now += seconds
            self.day.look()

        @precondition(lambda self: any(someone.until for someone in self.day.people))
        @rule(index=st.integers(0, MOST_GUESTS))
        def move(self, index: int) -> None:
            online = [someone for someone in self.day.people if someone.until]
            self.day.move(online[index % len(online)])
            self.day.look()

        @precondition(lambda self: any(someone.until for someone in self.day.people))
        @rule(which=st.integers(0, 1))
        def rename(self, which: int) -> None:
            portal = portals[which]
            name = context.instances.name("renamed")
            portal.instance = changed(context.instances, portal.instance, purpose="rename it", name=name)
            self.day.look()

        def teardown(self) -> None:
            guests.leave()

    return Walk


@pytest.mark.moves_clock
@pytest.mark.site(1)
@pytest.mark.verifies(
    "GUEST-COUPON-01",
    "GUEST-COUPON-02",
    "GUEST-COUPON-04",
    "GUEST-COUPON-05",
    "GUEST-SESSION-01",
    "GUEST-SESSION-02",
    "GUEST-SESSION-05",
)
def test_days_of_guests(context: Context, site: Site, clock: LabClock, guests: Guests) -> None:
    if len(site.subnets) < 2:
        raise CannotTell(f"site {site.id} lists one subnet; the check needs two")
    first, second = (
        open_portal(context, site, guests, subnet, label, session_ttl=int(TTL))
        for subnet, label in zip(site.subnets, ("here", "there"), strict=False)
    )
    clock.advance(60)
    if not Passing(clock).kept_by(first):
        raise CannotTell("the deployment does not go by the clock of the laboratory")
    walk(context, _machine(context, clock, guests, (first, second)), max_examples=WALKS, steps=STEPS)
    close(context.instances, first, second)
