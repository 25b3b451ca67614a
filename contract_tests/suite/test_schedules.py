"""Laws over coupon schedules: kept as they were sent, within their bounds, with a next run on the right day."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.coupons import DAY_OF, about, coupons_in, differing, instant, recurrence_of
from contract_tests.instances import Instances
from contract_tests.planner import PlannedBody, plan
from contract_tests.resources import pauses
from contract_tests.suite.schedules import NOT_THERE, CouponDesk
from contract_tests.verifier import CannotTell, Verifier
from spec.loader import Contract

# No day lasts from one of these to the other: a day that is counted in UTC is another one here or there.
FAR_EAST, FAR_WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"


@pytest.fixture
def desk(context: Context) -> CouponDesk:
    return CouponDesk(context)


def _same(before: Mapping[str, Any], after: Any) -> dict[str, Any]:
    """What a schedule that nobody touched shows otherwise than before."""
    return differing(before, after) | (
        {}
        if after and instant(after.get("created_at")) == instant(before.get("created_at"))
        else {"all": after}
    )


@pytest.mark.verifies(
    "SCHED-01",
    "SCHED-02",
    "SCHED-03",
    "SCHED-04",
    "SCHED-05",
    "SCHED-13",
    "SCHED-14",
    "SCHED-15",
    "SCHED-16",
    "SCHED-17",
    "SCHED-19",
    "WIRE-01",
    "WIRE-02",
    "WIRE-05",
    "WIRE-06",
)
def test_life_of_schedules(instances: Instances, verify: Verifier, desk: CouponDesk) -> None:
    """A schedule of each recurrence in one instance, one in another: each stays where and what it is."""
    instance, other = instances.make("schedules"), instances.make("other schedules")
    made = [
        desk.make(instance, "daily", count=5, valid_for_in_minutes=90),
        desk.make(instance, "weekly", recurrence_type="weekly", day_of_week=5, timezone="Asia/Tokyo"),
        desk.make(instance, "monthly", recurrence_type="monthly", day_of_month=12, timezone="UTC"),
    ]
    _, foreign = desk.make(other, "elsewhere")
    listed = desk.schedules_of(instance)
    for body, created in made:
        found = [item for item in listed if str(item.get("id")).lower() == created["id"].lower()]
        _as_sent(verify, instance, body, created, "the answer")
        for item in found[:1]:
            _as_sent(verify, instance, body, item, "the list")
        wrong = _same(created, found[0]) if found else {}
        verify.check(
            "SCHED-03",
            len(found) == 1 and not wrong,
            f"the list holds the schedule {len(found)} times, expected once; it shows {wrong or 'the same'}",
        )
        _counted(verify, found[0] if found else created)
    strangers = [item.get("name") for item in listed if str(item.get("id")).lower() == foreign["id"].lower()]
    verify.check("SCHED-04", not strangers, f"the list shows of another instance: {strangers or 'nothing'}")
    reading = desk.schedules.read(made[0][1]["id"], instanceId=instance["id"])
    if reading.status in NOT_THERE:
        verify.cannot_tell("SCHED-02", f"a schedule is not read by its id: {reading.text[:120]}")
    else:
        wrong = _same(made[0][1], reading.json())
        verify.check("SCHED-02", not wrong, f"the schedule reads {wrong or 'as it is listed'}")
    _below_another(verify, desk, instance, other, made[2][1])
    _update_one(verify, desk, instance, [created for _, created in made])
    _delete_one(verify, desk, instance, [created for _, created in made])
    if instances.delete(other["id"]).ok:
        gone = desk.schedules.listing(
            purpose="list the schedules of the deleted instance", instanceId=other["id"]
        )
        verify.check(
            "SCHED-19",
            gone.status == 404,
            f"the schedules of a deleted instance were answered {gone.text[:160]}; expected 404",
        )
    instances.delete(instance["id"])


def _as_sent(
    verify: Verifier,
    instance: Mapping[str, Any],
    body: Mapping[str, Any],
    found: Mapping[str, Any],
    where: str,
) -> None:
    """No page tells what a creation is answered with: what the answer leaves out, the list has to show."""
    wrong = differing(body, found)
    if str(found.get("instance_id")).lower() != instance["id"].lower():
        wrong["instance_id"] = found.get("instance_id")
    if where == "the answer":
        wrong = {name: value for name, value in wrong.items() if value is not None}
    verify.check("SCHED-01", not wrong, f"sent {body}, {where} has {wrong or 'the same'}")


def _counted(verify: Verifier, schedule: Mapping[str, Any]) -> None:
    names = [f"tokens_{what}_since_last_run" for what in ("generated", "used", "available")]
    generated, used, available = (schedule.get(name) for name in names)
    if not all(isinstance(value, int) for value in (generated, used, available)):
        verify.cannot_tell("SCHED-17", "before its first run the schedule does not count tokens")
        return
    assert isinstance(generated, int)
    assert isinstance(used, int)
    verify.check(
        "SCHED-17",
        available == generated - used,
        f"the schedule counts {generated} generated, {used} used, {available} available",
    )


def _below_another(
    verify: Verifier,
    desk: CouponDesk,
    instance: Mapping[str, Any],
    other: Mapping[str, Any],
    schedule: Mapping[str, Any],
) -> None:
    """Ask for the schedule of one instance below the other."""
    attempts = {
        "an update": desk.change(other, schedule, desk.body("not here"), "below another instance"),
        "a link": desk.share(other, schedule),
        # Not through the collection: what is not deleted has to stay in the ledger.
        "a deletion": desk.schedules.client.send(
            "DELETE",
            desk.schedules.item_path(schedule["id"], instanceId=other["id"]),
            purpose="delete the schedule of another instance",
        ),
    }
    for what, answer in attempts.items():
        verify.check(
            "SCHED-05",
            answer.refused,
            f"{what} of a schedule below another instance was answered {answer.text[:160]}; expected 404",
        )
    wrong = _same(schedule, desk.look(instance, schedule, purpose="look whether it is still there"))
    verify.check("SCHED-05", not wrong, f"afterwards the schedule shows {wrong or 'the same'}")


def _update_one(
    verify: Verifier, desk: CouponDesk, instance: Mapping[str, Any], schedules: list[dict[str, Any]]
) -> None:
    target, bystander = schedules[0], schedules[1]
    body = desk.body(
        "changed",
        count=9,
        valid_for_in_minutes=61,
        timezone="America/New_York",
        recurrence_type="weekly",
        day_of_week=2,
    )
    answer = desk.change(instance, target, body, "all of it")
    wrong = _shown(desk, instance, target, answer.status, body)
    verify.check(
        "SCHED-13",
        answer.ok and not wrong,
        f"an update to {body} was answered {answer.status}; the schedule shows {wrong or 'the same'}",
    )
    made = [instant(each.get("created_at")) for each in (target, desk.look(instance, target))]
    verify.check("SCHED-13", made[0] == made[1], f"the update moved created_at from {made[0]} to {made[1]}")
    wrong = _same(bystander, desk.look(instance, bystander, purpose="look at the schedule beside it"))
    verify.check(
        "SCHED-14", not wrong, f"after the update of another schedule this one shows {wrong or 'the same'}"
    )


def _shown(
    desk: CouponDesk,
    instance: Mapping[str, Any],
    schedule: Mapping[str, Any],
    status: int | None,
    body: Mapping[str, Any],
) -> dict[str, Any]:
    """What the schedule shows otherwise than the body; an update that was only accepted is waited for."""
    wrong = differing(body, desk.look(instance, schedule))
    for pause in pauses(desk.schedules.settle_timeout) if status == 202 else ():
        if not wrong:
            break
        time.sleep(pause)
        wrong = differing(body, desk.look(instance, schedule))
    return wrong


def _delete_one(
    verify: Verifier, desk: CouponDesk, instance: Mapping[str, Any], schedules: list[dict[str, Any]]
) -> None:
    target, bystander = schedules[1], schedules[2]
    deletion = desk.delete(instance, target)
    if not deletion.ok:
        verify.check("SCHED-15", False, f"the deletion was answered {deletion.text[:200]}")
        return
    still = desk.look(instance, target, purpose="look for the deleted schedule")
    verify.check("SCHED-15", not still, f"the list shows {still.get('name') if still else 'it no longer'}")
    for what, answer in (
        ("an update", desk.change(instance, target, desk.body("ghost"), "it was deleted")),
        ("a link", desk.share(instance, target)),
    ):
        verify.check(
            "SCHED-15",
            answer.status == 404,
            f"{what} of a deleted schedule was answered {answer.text[:160]}; expected 404",
        )
    wrong = _same(bystander, desk.look(instance, bystander, purpose="look at the schedule beside it"))
    verify.check(
        "SCHED-16", not wrong, f"after the deletion of another schedule this one shows {wrong or 'the same'}"
    )


@pytest.mark.verifies(
    "SCHED-06", "SCHED-07", "SCHED-08", "SCHED-09", "SCHED-10", "SCHED-11", "SCHED-12", "ERR-01", "ERR-04"
)
def test_limits_of_a_schedule(
    contract: Contract, instances: Instances, verify: Verifier, desk: CouponDesk
) -> None:
    """The documented bounds, and one violation for each constraint, mostly as updates of one schedule."""
    instance = instances.make("limits of schedules")
    _, schedule = desk.make(instance, "limits")
    _updates_without_day(verify, desk, instance, schedule)
    schema = contract.operations["updateCouponSchedule"].request_schema()
    assert schema is not None
    for kind, day in {"daily": {}, "weekly": {"day_of_week": 3}, "monthly": {"day_of_month": 3}}.items():
        base = desk.body("limits", recurrence_type=kind, **day)
        for case in _chosen(plan(schema, base), DAY_OF.get(kind)):
            verify.start_scenario()
            body = {name: value for name, value in (base | dict(case.changes)).items() if value is not ...}
            answer = desk.change(instance, schedule, body, case.what)
            _judge(verify, case, answer)
            if case.valid and answer.ok:
                wrong = _shown(desk, instance, schedule, answer.status, body)
                verify.check("SCHED-13", not wrong, f"updated to {body}, the schedule shows {wrong or 'it'}")
    verify.start_scenario()
    answer = desk.change(
        instance, schedule, desk.body("limits", timezone="Mars/Olympus_Mons"), "a timezone of another planet"
    )
    verify.check(
        "SCHED-11", answer.refused, f"the timezone Mars/Olympus_Mons was answered {answer.text[:160]}"
    )
    _refused_update(verify, desk, instance, schedule)
    _refused_creations(verify, desk, instance)
    instances.delete(instance["id"])


def _chosen(cases: Iterable[PlannedBody], used_day: str | None) -> list[PlannedBody]:
    """Enough of them: each bound, one wrong type of each property, two wrong words; each day where it is used."""
    chosen: list[PlannedBody] = []
    for case in cases:
        if (used_day is not None) != (case.property == used_day):
            continue
        if case.kind == "missing":
            continue  # told above, of a schedule that has no day yet which might be kept
        alike = [other for other in chosen if (other.property, other.kind) == (case.property, case.kind)]
        if case.kind == "bound" or len(alike) < (2 if case.kind == "enum" else 1):
            chosen.append(case)
    return chosen


def _judge(verify: Verifier, case: PlannedBody, answer: Answer) -> None:
    said = f"an update with {case.what} was answered {answer.text[:160]}"
    if case.valid:
        verify.check("SCHED-06", answer.ok, said)
    else:
        requirement = "SCHED-07" if case.kind == "bound" else "SCHED-08"
        verify.check(requirement, answer.refused, f"{said}; expected a client error")


def _updates_without_day(
    verify: Verifier, desk: CouponDesk, instance: Mapping[str, Any], schedule: Mapping[str, Any]
) -> None:
    """Of a schedule that has no days yet, so there are none to keep."""
    for kind, day in DAY_OF.items():
        if schedule.get(day) is not None:
            continue
        verify.start_scenario()
        answer = desk.change(instance, schedule, desk.body("limits", recurrence_type=kind), f"no {day}")
        verify.check(
            "SCHED-10",
            answer.refused,
            f"an update to {kind} without {day} was answered {answer.text[:160]}; expected a client error",
        )


def _refused_update(
    verify: Verifier, desk: CouponDesk, instance: Mapping[str, Any], schedule: Mapping[str, Any]
) -> None:
    """One property at fault, all others new: none of them may come through."""
    before = desk.look(instance, schedule)
    body = desk.body("never", count=88, timezone="Africa/Nairobi", valid_for_in_minutes=0)
    answer = desk.change(instance, schedule, body, "valid_for_in_minutes 0 and all else new")
    if answer.refused:
        wrong = _same(before, desk.look(instance, schedule, purpose="look at it after a refused update"))
        verify.check(
            "SCHED-12", not wrong, f"after a refused update the schedule shows {wrong or 'the same'}"
        )


def _refused_creations(verify: Verifier, desk: CouponDesk, instance: Mapping[str, Any]) -> None:
    for requirement, what, changes in (
        ("SCHED-09", "count 501", {"count": 501}),
        ("SCHED-09", "valid_for_in_minutes 0", {"valid_for_in_minutes": 0}),
        ("SCHED-09", "the recurrence yearly", {"recurrence_type": "yearly"}),
        ("SCHED-09", "weekly without day_of_week", {"recurrence_type": "weekly"}),
        ("SCHED-09", "monthly without day_of_month", {"recurrence_type": "monthly"}),
    ):
        verify.start_scenario()
        answer = desk.attempt(instance, desk.body("refused", **changes), purpose=f"make a schedule: {what}")
        verify.check(
            requirement,
            answer.refused,
            f"a schedule with {what} was answered {answer.text[:160]}; expected a client error",
        )


@pytest.mark.verifies("SCHED-NEXT-01", "SCHED-NEXT-02", "SCHED-NEXT-03", "SCHED-NEXT-04")
def test_next_run(instances: Instances, verify: Verifier, desk: CouponDesk) -> None:
    """Days are counted where the schedule lives; the time of day is the deployment's choice."""
    instance = instances.make("next runs")
    daily: dict[str, Any] = {}
    for requirement, changes in (
        ("SCHED-NEXT-01", {}),
        ("SCHED-NEXT-01", {"recurrence_type": "monthly", "day_of_month": 31}),
        *(
            (requirement, day | {"timezone": zone})
            for requirement, day in (
                ("SCHED-NEXT-02", {"recurrence_type": "weekly", "day_of_week": 3}),
                ("SCHED-NEXT-03", {"recurrence_type": "monthly", "day_of_month": 15}),
            )
            for zone in (FAR_EAST, FAR_WEST)
        ),
        # Sunday is the number that may be taken for none.
        ("SCHED-NEXT-02", {"recurrence_type": "weekly", "day_of_week": 0}),
    ):
        verify.start_scenario()
        body, created = desk.make(instance, "next run", **changes)
        daily = daily or created
        schedule = desk.dated(instance, created)
        if requirement != "SCHED-NEXT-01":
            _right_day(verify, requirement, body, schedule)
        _in_time(verify, body, schedule)
    verify.start_scenario()
    for day in (3, 6):
        body = desk.body("moved", recurrence_type="weekly", day_of_week=day, timezone=FAR_WEST)
        answer = desk.change(instance, daily, body, f"weekly, on day {day}, from now on")
        if not answer.ok:
            raise CannotTell(f"the update that the check builds on was answered {answer.text[:160]}")
        _shown(desk, instance, daily, answer.status, body)
        _right_day(verify, "SCHED-NEXT-04", body, desk.look(instance, daily))
    instances.delete(instance["id"])


def _right_day(
    verify: Verifier, requirement: str, body: Mapping[str, Any], schedule: Mapping[str, Any]
) -> None:
    recurrence = recurrence_of(body)
    moment = instant(schedule.get("next_run_at"))
    if moment is None:
        verify.cannot_tell(requirement, f"next_run_at is {schedule.get('next_run_at')!r}")
        return
    day = recurrence.local_date(moment)
    verify.check(
        requirement,
        recurrence.runs_on(day),
        f"a {recurrence.type} schedule for day {recurrence.day} in {body['timezone']} runs next at {moment}, "
        f"which is {day:%A %d %B} there",
    )


def _in_time(verify: Verifier, body: Mapping[str, Any], schedule: Mapping[str, Any]) -> None:
    recurrence = recurrence_of(body)
    created, moment = instant(schedule.get("created_at")), instant(schedule.get("next_run_at"))
    if created is None or moment is None:
        verify.cannot_tell("SCHED-NEXT-01", "the schedule does not tell when it was made or runs next")
        return
    latest = recurrence.latest_first_run(created)
    verify.check(
        "SCHED-NEXT-01",
        created < moment < latest,
        f"a {recurrence.type} schedule created at {created} runs next at {moment}; expected before {latest}",
    )


@pytest.mark.verifies("SCHED-RUN-09", "LINK-05")
def test_run_now(instances: Instances, verify: Verifier, desk: CouponDesk) -> None:
    """What a deployment need not offer; where it does, a link to coupons can be looked at without waiting."""
    instance = instances.make("run now")
    _, schedule = desk.make(instance, "run now", count=4)
    answer = desk.run(instance, schedule)
    if answer.status in NOT_THERE:
        instances.delete(instance["id"])
        raise CannotTell(f"schedules cannot be run by hand: {answer.text[:120]}")
    now: Mapping[str, Any] = {}
    listed = desk.listed(instance)
    for pause in pauses(desk.schedules.settle_timeout):
        now = desk.look(instance, schedule)
        if len(listed) >= 4 and now.get("last_run_at"):
            break
        time.sleep(pause)
        listed = desk.listed(instance)
    verify.check(
        "SCHED-RUN-09",
        len(listed) == 4 and instant(now.get("last_run_at")) is not None,
        f"a run by hand was answered {answer.status}; of 4 coupons {len(listed)} are listed, "
        f"last_run_at is {now.get('last_run_at')!r}",
    )
    # The link is of all runs, not of the last one. A deployment need not run twice so soon.
    if desk.run(instance, schedule).ok:
        for pause in pauses(desk.schedules.settle_timeout):
            listed = desk.listed(instance)
            if len(listed) >= 8:
                break
            time.sleep(pause)
    shared = desk.follow(desk.link(instance, schedule).url)
    shown = {coupon.code: coupon for coupon in coupons_in(shared.json())}
    missing = [coupon.code for coupon in listed if coupon.code not in shown]
    verify.check(
        "LINK-05",
        shared.ok and not missing,
        f"the link was answered {shared.status}; it does not show {', '.join(missing) or 'none'}",
    )
    otherwise = [
        f"{coupon.code} until {shown[coupon.code].expires_at} for {coupon.expires_at}"
        for coupon in listed
        if coupon.code in shown and not about(coupon.expires_at, shown[coupon.code].expires_at)
    ]
    verify.check(
        "LINK-05", not otherwise, f"the link shows {'; '.join(otherwise[:3]) or 'what the instance lists'}"
    )
    instances.delete(instance["id"])
