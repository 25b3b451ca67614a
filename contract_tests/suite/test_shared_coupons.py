"""Signed coupon URLs: the signature is the only credential, it is bound to what it names, and it runs out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from contract_tests.client import Answer
from contract_tests.context import Context, Site
from contract_tests.coupons import PRECISION, Coupon, SignedLink, coupons_in, forged, instant, signed_link
from contract_tests.instances import Instances
from contract_tests.laboratory import Guests, LabClock
from contract_tests.resources import pauses
from contract_tests.suite.portals import close, open_portal, verdict
from contract_tests.suite.schedules import CouponDesk, Timeline
from contract_tests.verifier import CannotTell, Verifier

_DAY = timedelta(hours=24)
_TOLERANCE = timedelta(minutes=2)


@pytest.fixture
def desk(context: Context) -> CouponDesk:
    return CouponDesk(context)


@pytest.mark.verifies(
    "LINK-01", "LINK-02", "LINK-03", "LINK-04", "LINK-06", "LINK-07", "LINK-08", "LINK-09", "ERR-01", "ERR-04"
)
def test_signed_links(instances: Instances, verify: Verifier, desk: CouponDesk) -> None:
    """A link, what it shows, and the same link with each of its parts altered or left out."""
    instance = instances.make("shared coupons")
    _, schedule = desk.make(instance, "shared")
    _, other = desk.make(instance, "also shared")
    batch = desk.batch(instance, minutes_valid=600, count=3)
    made = time.monotonic()
    answer = desk.share(instance, schedule)
    link = signed_link(answer.json()) if answer.ok else None
    complete = link is not None and link.complete
    verify.demand("LINK-01", complete, f"a signed coupon URL was answered {answer.text}")
    assert link is not None
    verify.check(
        "LINK-01",
        str(link.sid).lower() == schedule["id"].lower(),
        f"the link to the schedule {schedule['id']} has the sid {link.sid}",
    )
    _lifetime(verify, link, batch[0], time.monotonic() - made)
    shown = desk.follow(link.url)
    verify.demand(
        "LINK-03",
        shown.ok and isinstance(shown.json(), list),
        f"a signed coupon URL was answered {shown.text[:200]} without a token; expected a list",
    )
    strangers = {coupon.id for coupon in coupons_in(shown.json())} & {coupon.id for coupon in batch}
    verify.check(
        "LINK-04", not strangers, f"the link shows {len(strangers)} coupons that no schedule has made"
    )
    for requirement, what, changes in _alterations(link, other):
        verify.start_scenario()
        refused = desk.follow(link.altered(**changes), purpose=f"follow the link with {what}")
        _refused(verify, requirement, what, refused)
    instances.delete(instance["id"])


def _lifetime(verify: Verifier, link: SignedLink, witness: Coupon, elapsed: float) -> None:
    """The deployment's own clock counts: a coupon made just before, so many seconds ago, tells it."""
    if link.expiry is None or witness.created_at is None:
        verify.cannot_tell("LINK-02", f"expires {link.expires!r} is not read as a time by everybody")
        return
    ahead = link.expiry - witness.created_at - timedelta(seconds=elapsed)
    verify.check(
        "LINK-02",
        abs(ahead - _DAY) <= _TOLERANCE,
        f"expires is {link.expiry}, which is {ahead} ahead; expected {_DAY}",
    )


def _alterations(link: SignedLink, other: Mapping[str, Any]) -> list[tuple[str, str, dict[str, str | None]]]:
    later = str(int(link.expires) + 3600) if link.expiry is not None and link.expires else f"{link.expires}0"
    return [
        ("LINK-06", "an altered signature", {"signature": forged(str(link.signature))}),
        ("LINK-06", "an empty signature", {"signature": ""}),
        ("LINK-07", "a later expires", {"expires": later}),
        ("LINK-08", "the sid of another schedule", {"sid": other["id"]}),
        *(("LINK-09", f"no {name}", {name: None}) for name in ("sid", "expires", "signature")),
    ]


def _refused(verify: Verifier, requirement: str, what: str, answer: Answer) -> None:
    verify.check(
        requirement,
        answer.refused,
        f"a link with {what} was answered {answer.text[:160]}; expected a client error",
    )


@dataclass(slots=True)
class _Shared:
    """A schedule whose coupons a link shares."""

    schedule: Mapping[str, Any]
    count: int
    link: SignedLink | None = None
    shown: set[str] = field(default_factory=set)  # codes


@pytest.mark.moves_clock
@pytest.mark.verifies("LINK-04", "LINK-05", "LINK-10", "LINK-11")
def test_links_over_time(instances: Instances, verify: Verifier, desk: CouponDesk, clock: LabClock) -> None:
    """Two schedules of one instance run; a link shows the coupons of its own until they expire, and then it does."""
    instance = instances.make("links over time")
    shared = [
        _Shared(desk.make(instance, "links over time", count=count, valid_for_in_minutes=180)[1], count)
        for count in (2, 1)
    ]
    dues = [instant(desk.dated(instance, each.schedule).get("next_run_at")) for each in shared]
    known = [due for due in dues if due is not None]
    if len(known) < len(dues):
        raise CannotTell("a new schedule does not tell when it runs next")
    timeline, witness = Timeline(clock, desk), instances.make("witness of the time")
    timeline.reach(max(known) + PRECISION)
    timeline.is_kept(witness)
    coupons = _coupons_of_runs(timeline, instance, wanted=sum(each.count for each in shared))
    generated = clock.now()
    for each in shared:
        each.link = desk.link(instance, each.schedule)
    link = shared[0].link
    assert link is not None
    if len(coupons) == sum(each.count for each in shared):
        _shown_while_valid(verify, timeline, shared, coupons)
    else:
        for requirement in ("LINK-05", "LINK-11"):
            verify.cannot_tell(requirement, f"the schedules have made {len(coupons)} coupons by {generated}")
    verify.start_scenario()
    desk.share(instance, shared[0].schedule)  # another link, which takes nothing from the first
    timeline.reach(generated + _DAY - _TOLERANCE)
    early = desk.follow(link.url, purpose="follow the link just before it expires")
    verify.check(
        "LINK-10",
        early.ok,
        f"a link of {generated} was answered {early.text[:160]} at {clock.now()}; expected its coupons",
    )
    timeline.reach(generated + _DAY + _TOLERANCE)
    late = desk.follow(link.url, purpose="follow the link after it has expired")
    verify.check(
        "LINK-10",
        late.refused,
        f"a link of {generated} was answered {late.text[:160]} at {clock.now()}; expected a client error",
    )
    for each_instance in (instance, witness):
        instances.delete(each_instance["id"])


@pytest.mark.moves_clock
@pytest.mark.site(0)
@pytest.mark.verifies("LINK-12", "SCHED-18")
def test_coupon_of_a_run_is_used(
    context: Context,
    instances: Instances,
    verify: Verifier,
    desk: CouponDesk,
    site: Site,
    guests: Guests,
    clock: LabClock,
) -> None:
    """A guest hands in one of three coupons that a schedule has made."""
    portal = open_portal(context, site, guests, site.subnets[0], "coupons of a schedule")
    _, schedule = desk.make(portal.instance, "for guests", count=3, valid_for_in_minutes=180)
    due = instant(desk.dated(portal.instance, schedule).get("next_run_at"))
    if due is None:
        raise CannotTell("a new schedule does not tell when it runs next")
    timeline = Timeline(clock, desk)
    timeline.reach(due + PRECISION)
    coupons = _coupons_of_runs(timeline, portal.instance, wanted=3)
    if len(coupons) < 3:
        raise CannotTell(f"the schedule was due at {due} and has made {len(coupons)} coupons of 3")
    link, used = desk.link(portal.instance, schedule), coupons[0].code

    def shared() -> set[str]:
        return {coupon.code for coupon in coupons_in(desk.follow(link.url).json())}

    if used not in shared():
        raise CannotTell("the link does not show the coupons of its schedule")
    who = portal.admit(used)
    gone = portal.eventually(lambda: used not in shared())
    message = f"the link shows a coupon that was redeemed {'no longer' if gone else 'still'}"
    verdict(verify, "LINK-12", gone, message, who)

    def counted() -> list[Any]:
        now = desk.look(portal.instance, schedule)
        return [now.get(f"tokens_{what}_since_last_run") for what in ("generated", "used", "available")]

    wanted = [3, 1, 2]
    good = portal.eventually(lambda: counted() == wanted)
    message = f"of 3 coupons one was redeemed; counted as generated, used, available: {wanted if good else counted()}"
    verdict(verify, "SCHED-18", good, message, who)
    close(instances, portal)


def _coupons_of_runs(timeline: Timeline, instance: Mapping[str, Any], *, wanted: int) -> list[Coupon]:
    """The coupons of the instance once the runs are through, at most the settle timeout after they are due."""
    desk = timeline.desk
    coupons = desk.listed(instance, purpose="wait for the coupons of the runs")
    for pause in pauses(desk.schedules.settle_timeout):
        if len(coupons) >= wanted:
            break
        time.sleep(pause)
        timeline.clock.advance(60)
        coupons = desk.listed(instance, purpose="wait for the coupons of the runs")
    return coupons


def _shown_while_valid(
    verify: Verifier, timeline: Timeline, shared: list[_Shared], coupons: list[Coupon]
) -> None:
    desk = timeline.desk
    for each in shared:
        assert each.link is not None
        each.shown = {coupon.code for coupon in coupons_in(desk.follow(each.link.url).json())}
    twice = shared[0].shown & shared[1].shown
    verify.check("LINK-04", not twice, f"two links, to two schedules, both show {', '.join(sorted(twice))}")
    listed = {coupon.code for coupon in coupons}
    missing = listed - shared[0].shown - shared[1].shown
    verify.check(
        "LINK-05",
        not missing,
        f"two schedules have made {', '.join(sorted(listed))}; their links do not show "
        f"{', '.join(sorted(missing)) or 'none'}",
    )
    expiries = [coupon.expires_at for coupon in coupons if coupon.expires_at is not None]
    if not expiries or max(expiries) > timeline.clock.now() + _DAY - 2 * _TOLERANCE:
        verify.cannot_tell("LINK-11", "the coupons do not expire before the link does")
        return
    timeline.reach(max(expiries) + PRECISION)
    for each in shared:
        assert each.link is not None
        answer = desk.follow(each.link.url, purpose="follow the link after its coupons have expired")
        if not answer.ok:
            verify.cannot_tell(
                "LINK-11", f"a link that should still be valid was answered {answer.text[:120]}"
            )
            continue
        left = {coupon.code for coupon in coupons_in(answer.json())} & listed
        verify.check("LINK-11", not left, f"the link still shows {', '.join(sorted(left)) or 'none'}")
