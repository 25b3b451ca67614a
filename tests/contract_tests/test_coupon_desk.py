"""What the suite learns of a deployment before it judges its coupons: notification groups, hosts of links, the time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore2
import httpx
import pytest
import respx

from contract_tests.config import Config
from contract_tests.context import Context
from contract_tests.laboratory import LabClock
from contract_tests.suite.schedules import GROUP, CouponDesk, Timeline
from contract_tests.verifier import CannotTell
from tests.contract_tests.conftest import BASE

INSTANCE = {"id": "9a7f1b2c-3d4e-4f6a-8b8c-9d0e1f2a3b4c"}
SCHEDULES = f"{BASE}/instances/{INSTANCE['id']}/coupon-schedules"
COUPONS = f"{BASE}/instances/{INSTANCE['id']}/coupons"
SCHEDULE = {"id": "1a2b3c4d-5e6f-4a8b-8c0d-1e2f3a4b5c6d"}
QUERY = "sid=1&expires=2&signature=3"
NOON = datetime(2026, 10, 29, 12, tzinfo=UTC)


@pytest.fixture
def behind() -> Iterator[respx.MockRouter]:
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        yield router


@pytest.fixture
def context(make_config: Callable[..., Config], tmp_path: Path) -> Iterator[Context]:
    made = Context(make_config(), tmp_path, tag="contract-abc123", seed=1)
    made.client.invent(INSTANCE["id"])
    yield made
    made.close()


@pytest.fixture
def desk(context: Context) -> CouponDesk:
    return CouponDesk(context)


def asked(route: respx.Route) -> list[Any]:
    return [json.loads(call.request.content).get("notification_group_id") for call in route.calls]


def test_a_group_that_has_to_exist_is_left_out_once_for_all(
    desk: CouponDesk, behind: respx.MockRouter
) -> None:
    def create(request: httpx.Request) -> httpx.Response:
        known = "notification_group_id" not in json.loads(request.content)
        return httpx.Response(201, json=SCHEDULE) if known else httpx.Response(400, json={"message": "who?"})

    route = behind.post(SCHEDULES).mock(side_effect=create)
    body, created = desk.make(INSTANCE, "passes")
    assert created == SCHEDULE
    assert "notification_group_id" not in body
    desk.make(INSTANCE, "passes")
    assert asked(route) == [GROUP, None, None]


def test_a_deployment_that_makes_no_schedules(desk: CouponDesk, behind: respx.MockRouter) -> None:
    behind.post(SCHEDULES).mock(httpx.Response(405, json={"message": "no"}))
    with pytest.raises(CannotTell, match="no coupon schedule could be created: 405"):
        desk.make(INSTANCE, "passes")


def test_a_link_to_the_target_is_followed_without_the_token(
    desk: CouponDesk, behind: respx.MockRouter
) -> None:
    route = behind.get(f"{BASE}/coupons?{QUERY}").mock(httpx.Response(200, json=[]))
    assert desk.follow(f"{BASE}/coupons?{QUERY}").ok
    assert "authorization" not in route.calls.last.request.headers


def test_a_link_to_another_host_is_followed_there(desk: CouponDesk, behind: respx.MockRouter) -> None:
    elsewhere = behind.get("https://public.test/captive/coupons").mock(
        side_effect=[httpx.Response(200, json=[]), httpx.Response(410)]
    )
    at_home = behind.get(f"{BASE}/coupons").mock(httpx.Response(200, json=[]))
    statuses = [desk.follow(f"https://public.test/captive/coupons?{QUERY}").status for _ in range(2)]
    assert statuses == [200, 410]
    assert (elsewhere.call_count, at_home.call_count) == (2, 0)


def test_where_the_other_host_knows_nothing_of_the_target_the_target_is_asked(
    desk: CouponDesk, behind: respx.MockRouter
) -> None:
    elsewhere = behind.get("https://public.test/captive/coupons").mock(httpx.Response(403))
    at_home = behind.get(f"{BASE}/coupons?{QUERY}").mock(httpx.Response(200, json=[]))
    for _ in range(2):
        assert desk.follow(f"https://public.test/captive/coupons?{QUERY}").ok
    assert (elsewhere.call_count, at_home.call_count) == (1, 2)


def test_a_link_that_neither_host_takes_is_answered_by_its_own(
    desk: CouponDesk, behind: respx.MockRouter
) -> None:
    behind.get("https://public.test/captive/coupons").mock(httpx.Response(410))
    behind.get(f"{BASE}/coupons").mock(httpx.Response(403))
    assert desk.follow(f"https://public.test/captive/coupons?{QUERY}").status == 410


def test_where_the_other_host_is_out_of_reach_the_target_is_asked(
    desk: CouponDesk, behind: respx.MockRouter
) -> None:
    elsewhere = behind.get("https://public.test/captive/coupons").mock(
        side_effect=httpcore2.ConnectError("no route")
    )
    at_home = behind.get(f"{BASE}/coupons?{QUERY}").mock(httpx.Response(200, json=[]))
    for _ in range(2):
        assert desk.follow(f"https://public.test/captive/coupons?{QUERY}").ok
    assert (elsewhere.call_count, at_home.call_count) == (1, 2)


def test_a_schedule_is_looked_up_in_the_list(desk: CouponDesk, behind: respx.MockRouter) -> None:
    listed = [{"id": SCHEDULE["id"].upper(), "count": 3}, {"id": "another"}, "no schedule"]
    behind.get(SCHEDULES).mock(httpx.Response(200, json=listed))
    assert desk.look(INSTANCE, SCHEDULE)["count"] == 3
    assert desk.look(INSTANCE, {"id": "unknown"}) == {}


def test_a_next_run_that_is_reckoned_later_is_looked_up(desk: CouponDesk, behind: respx.MockRouter) -> None:
    soon = SCHEDULE | {"next_run_at": "2026-10-30T00:00:00Z"}
    route = behind.get(SCHEDULES).mock(httpx.Response(200, json=[soon]))
    assert desk.dated(INSTANCE, soon) == soon
    assert not route.called
    assert desk.dated(INSTANCE, SCHEDULE | {"next_run_at": None}) == soon
    gone = {"id": "unknown", "next_run_at": None}
    assert desk.dated(INSTANCE, gone) == gone


@pytest.mark.parametrize("body", [{"data": []}, None])
def test_a_list_that_is_none_decides_nothing(desk: CouponDesk, behind: respx.MockRouter, body: Any) -> None:
    behind.get(SCHEDULES).mock(httpx.Response(200, json=body))
    behind.get(COUPONS).mock(httpx.Response(200, json=body))
    with pytest.raises(CannotTell):
        desk.look(INSTANCE, SCHEDULE)
    with pytest.raises(CannotTell):
        desk.listed(INSTANCE)


@pytest.fixture
def timeline(desk: CouponDesk, behind: respx.MockRouter) -> Iterator[Timeline]:
    """On a laboratory whose clock shows noon, and stands still but for being moved."""
    shown = [NOON]

    def now(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            shown[0] += timedelta(seconds=json.loads(request.content)["seconds"])
        return httpx.Response(200, json={"now": shown[0].isoformat()})

    behind.route(host="lab.test").mock(side_effect=now)
    clock = LabClock("http://lab.test/clock", None)
    yield Timeline(clock, desk)
    clock.close()


def test_the_clock_is_moved_forward_alone(timeline: Timeline) -> None:
    assert timeline.reach(NOON + timedelta(hours=3)) == NOON + timedelta(hours=3)
    assert timeline.reach(NOON) == NOON + timedelta(hours=3)


@pytest.mark.parametrize(("behind_by", "kept"), [(0, True), (4, True), (3600, False)])
def test_whether_the_deployment_keeps_the_time(
    timeline: Timeline, behind: respx.MockRouter, behind_by: int, kept: bool
) -> None:
    said = (NOON - timedelta(seconds=behind_by)).isoformat()
    coupon = {"id": "c", "code": "8B7W3D", "created_at": said, "expires_at": said, "redeemed_at": None}
    behind.post(COUPONS).mock(httpx.Response(201, json=[coupon]))
    if kept:
        timeline.is_kept(INSTANCE)
    else:
        with pytest.raises(CannotTell, match="does not go by the laboratory's clock"):
            timeline.is_kept(INSTANCE)
