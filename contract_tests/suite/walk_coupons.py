"""Moves of a random walk: coupons and their schedules."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from contract_tests.coupons import coupons_in, differing
from contract_tests.resources import pauses
from contract_tests.suite.schedules import NOT_THERE
from contract_tests.suite.walk_model import COUPON, SCHEDULE, Instance, Schedule, Step, step
from contract_tests.suite.walk_state import Walk
from contract_tests.verifier import CannotTell

_DAYS: tuple[dict[str, Any], ...] = (
    {},
    {"recurrence_type": "weekly", "day_of_week": 4, "timezone": "Asia/Tokyo"},
    {"recurrence_type": "monthly", "day_of_month": 28, "timezone": "America/New_York"},
)


def _seen_in_the_list(instance: Instance) -> Step:
    lists = frozenset({(COUPON, instance.tenant, instance.id)})
    return Step(COUPON, "create", frozenset({instance.id}), "COUPON-10", lists)


def with_coupons(walk: Walk) -> Sequence[Instance]:
    """Whether an instance whose guests sign in has coupons is left open."""
    if not walk.has(COUPON):
        return ()
    return [each for each in walk.model.instances() if not each.signs_in]


def make_coupons(walk: Walk, instance: Instance, number: int) -> Step:
    body = {"minutes_valid": 600 + number, "count": 1 + number % 3}
    answer = walk.desk(instance.tenant).create(instance.body, body)
    coupons = coupons_in(answer.json()) if answer.ok else []
    walk.demand(
        "COUPON-01",
        len(coupons) == body["count"],
        f"a batch of {body['count']} was answered {answer.status} with {len(coupons)} coupons",
    )
    instance.coupons |= {coupon.id: coupon for coupon in coupons}
    return _seen_in_the_list(instance)


def with_schedules(walk: Walk) -> Sequence[Instance]:
    return with_coupons(walk) if walk.room(SCHEDULE) else ()


def make_schedule(walk: Walk, instance: Instance, number: int) -> Step | None:
    try:
        body, created = walk.desk(instance.tenant).make(
            instance.body, "walk", count=1 + number % 3, **_DAYS[number % len(_DAYS)]
        )
    except CannotTell:  # no page tells how to make one
        walk.refused.add((SCHEDULE,))
        return None
    # No page shows the answer either: the list is what has to be as it was sent.
    made = Schedule(SCHEDULE, instance.tenant, created | body, instance.id)
    instance.had_schedules = True
    walk.model.add(made)
    return step("SCHED-03", "create", made)


def any_schedule(walk: Walk) -> Sequence[Schedule]:
    return walk.model.schedules()


def change_schedule(walk: Walk, schedule: Schedule, number: int) -> Step:
    instance, desk = walk.model.instance(schedule.place), walk.desk(schedule.tenant)
    group = schedule.body.get("notification_group_id")
    body = desk.body("changed", count=1 + number % 3, **_DAYS[number % len(_DAYS)])
    if "notification_group_id" in body and isinstance(group, str):
        body["notification_group_id"] = group
    answer = desk.change(instance.body, schedule.body, body, "all of it")
    walk.demand("SCHED-13", answer.ok, f"an update to {body} was answered {answer.text[:160]}")
    if answer.status == 202:
        for pause in pauses(desk.schedules.settle_timeout):
            if not differing(body, desk.look(instance.body, schedule.body)):
                break
            time.sleep(pause)
    schedule.body |= body
    return step("SCHED-13", "update", schedule)


def runnable(walk: Walk) -> Sequence[Schedule]:
    return () if (SCHEDULE, "run") in walk.refused else walk.model.schedules()


def run_schedule(walk: Walk, schedule: Schedule, number: int) -> Step | None:
    """Run it now, where that is offered; the coupons of the run are looked for in the list."""
    instance, desk = walk.model.instance(schedule.place), walk.desk(schedule.tenant)
    answer = desk.run(instance.body, schedule.body)
    if answer.status in NOT_THERE:
        walk.refused.add((SCHEDULE, "run"))
        return None
    known = {*instance.coupons, *instance.doubtful}
    count = int(schedule.body["count"])
    new = {}
    for pause in (0.0, *pauses(desk.schedules.settle_timeout)):
        time.sleep(pause)
        listed = desk.listed(instance.body, purpose="look for the coupons of the run")
        new = {coupon.id: coupon for coupon in listed if coupon.id not in known}
        if len(new) >= count:
            break
    walk.demand(
        "SCHED-RUN-09",
        answer.ok and len(new) >= count,
        f"a run was answered {answer.status}; of {count} coupons {len(new)} are listed",
    )
    instance.coupons |= new
    schedule.coupons |= new.keys()
    return _seen_in_the_list(instance)


def delete_schedule(walk: Walk, schedule: Schedule, number: int) -> Step:
    """Whether its coupons stay is left open; those of others do."""
    instance = walk.model.instance(schedule.place)
    answer = walk.desk(schedule.tenant).delete(instance.body, schedule.body)
    walk.demand("SCHED-15", answer.ok, f"the deletion was answered {answer.text[:160]}")
    instance.doubt(schedule.coupons)
    walk.model.remove(schedule)
    return step("SCHED-15", "delete", schedule, further=[(COUPON, instance.tenant, instance.id)])
