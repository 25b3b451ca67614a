"""Coupon schedules: their answers, their runs by the clock, and the links to what they made."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from fastapi import FastAPI

from reference_impl.app import create_app
from reference_impl.stores.coupons import Redeemed
from tests.reference_impl.conftest import UNKNOWN, Api, TurnedClock, make_settings, refused, running

DAILY: dict[str, Any] = {
    "name": "Daily Guest Passes",
    "count": 2,
    "recurrence_type": "daily",
    "valid_for_in_minutes": 480,
    "timezone": "Australia/Sydney",
    "notification_group_id": "ng_a1b2c3d4e5f6",
}
FIRST = "2026-01-02T13:00:00Z"
"""Midnight in Sydney after the moment that the clock of the tests begins at."""


async def arrange(api: Api, **changes: Any) -> tuple[str, dict[str, Any]]:
    """Make an instance with a schedule; return the path of the schedule and its answer."""
    instance = (await api.create())["id"]
    path = f"/instances/{instance}/coupon-schedules"
    answer = await api.send("POST", path, json=DAILY | changes)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"].endswith(f"/captive{path}/{made['id']}")
    return f"{path}/{made['id']}", made


async def read(api: Api, path: str) -> Any:
    answer = await api.send("GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def coupons_of(api: Api, path: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = await read(api, path.partition("/coupon-schedules")[0] + "/coupons")
    return made


async def ran_at(api: Api, path: str, moment: str) -> dict[str, Any]:
    """Wait until the latest run of a schedule is the one at this moment; return the schedule."""
    async with asyncio.timeout(10):
        while True:
            schedule: dict[str, Any] = await read(api, path)
            if schedule["last_run_at"] == moment:
                return schedule
            await asyncio.sleep(0.005)


def turn_to(clock: TurnedClock, moment: str) -> None:
    clock.turn(seconds=(datetime.fromisoformat(moment) - clock.now()).total_seconds())


async def test_a_new_schedule_has_not_run(api: Api, other: Api) -> None:
    path, made = await arrange(api, day_of_week=1)
    assert made == DAILY | {
        "id": made["id"],
        "instance_id": path.split("/")[2],
        "day_of_week": 1,
        "day_of_month": None,
        "last_run_at": None,
        "next_run_at": FIRST,
        "tokens_used_since_last_run": 0,
        "tokens_generated_since_last_run": 0,
        "tokens_available_since_last_run": 0,
        "created_at": "2026-01-02T03:04:05Z",
    }
    assert await read(api, path) == made
    assert await read(api, path.rpartition("/")[0]) == [made]
    assert await coupons_of(api, path) == []
    elsewhere = (await api.create())["id"]
    unknown = [
        (other, path),
        (api, f"/instances/{elsewhere}/coupon-schedules/{made['id']}"),
        (api, path.replace(made["id"], UNKNOWN)),
    ]
    for caller, place in unknown:
        refused(await caller.send("GET", place), 404)
        refused(await caller.send("PUT", place, json=DAILY), 404)
        refused(await caller.send("DELETE", place), 404)
        refused(await caller.send("POST", f"{place}/run"), 404)
        refused(await caller.send("GET", f"{place}/generate_url"), 404)
    refused(await other.send("GET", path.rpartition("/")[0]), 404)
    refused(await other.send("POST", path.rpartition("/")[0], json=DAILY), 404)
    assert await read(api, path) == made


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"name": ""}, "name"),
        ({"count": 0}, "count"),
        ({"count": 501}, "count"),
        ({"recurrence_type": "yearly"}, "recurrence_type"),
        ({"recurrence_type": "weekly"}, "day_of_week"),
        ({"recurrence_type": "monthly", "day_of_week": 1}, "day_of_month"),
        ({"day_of_week": 7}, "day_of_week"),
        ({"day_of_month": 0}, "day_of_month"),
        ({"day_of_month": 32}, "day_of_month"),
        ({"valid_for_in_minutes": 0}, "valid_for_in_minutes"),
        ({"valid_for_in_minutes": 90001}, "valid_for_in_minutes"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": "australia/sydney"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"notification_group_id": ""}, "notification_group_id"),
        ({"notification_group_id": None}, "notification_group_id"),
    ],
)
async def test_what_is_wrong_with_a_schedule_is_told(api: Api, change: dict[str, Any], word: str) -> None:
    path, made = await arrange(api)
    collection = path.rpartition("/")[0]
    assert word in refused(await api.send("POST", collection, json=DAILY | change), 400)["message"]
    assert word in refused(await api.send("PUT", path, json=DAILY | change), 400)["message"]
    assert await read(api, collection) == [made]


async def test_a_due_schedule_runs_once(api: Api, clock: TurnedClock) -> None:
    path, _ = await arrange(api)
    turn_to(clock, FIRST)
    schedule = await ran_at(api, path, FIRST)
    assert schedule["next_run_at"] == "2026-01-03T13:00:00Z"
    coupons = await coupons_of(api, path)
    assert [coupon["expires_at"] for coupon in coupons] == ["2026-01-02T21:00:00Z"] * 2
    assert [coupon["created_at"] for coupon in coupons] == [FIRST] * 2
    turn_to(clock, "2026-01-03T12:59:59Z")
    turn_to(clock, schedule["next_run_at"])
    await ran_at(api, path, schedule["next_run_at"])
    assert [coupon["created_at"] for coupon in await coupons_of(api, path)] == [schedule["next_run_at"]] * 2


async def test_runs_that_were_missed_are_made_up_by_one(api: Api, clock: TurnedClock) -> None:
    path, _ = await arrange(api)
    turn_to(clock, "2026-01-12T05:00:00Z")
    schedule = await ran_at(api, path, "2026-01-12T05:00:00Z")
    assert schedule["next_run_at"] == "2026-01-12T13:00:00Z"
    assert len(await coupons_of(api, path)) == 2


async def test_a_run_missed_while_the_service_was_down_is_made_up_once(
    tmp_path: Path, clock: TurnedClock
) -> None:
    async with running(create_app(make_settings(tmp_path), clock=clock)) as app:
        path, _ = await arrange(Api(app))
    clock.turn(days=3)
    for _ in range(2):
        async with running(create_app(make_settings(tmp_path), clock=clock)) as app:
            schedule = await ran_at(Api(app), path, "2026-01-05T03:04:05Z")
            assert len(await coupons_of(Api(app), path)) == 2
    assert schedule["next_run_at"] == "2026-01-05T13:00:00Z"


async def test_the_counts_are_those_of_the_latest_run(api: Api, clock: TurnedClock) -> None:
    path, _ = await arrange(api)
    service = api.app.state.service

    async def redeem(code: str) -> None:
        result = await service.coupons.redeem(path.split("/")[2], code, clock.now())
        assert isinstance(result, Redeemed)

    async def counts() -> list[int]:
        schedule = await read(api, path)
        return [schedule[f"tokens_{what}_since_last_run"] for what in ("used", "generated", "available")]

    # Twice while the clock stands: the runs are still told apart.
    for _ in range(2):
        answer = await api.send("POST", f"{path}/run")
        assert (answer.status_code, answer.content) == (202, b"")
    assert await counts() == [0, 2, 2]
    newest, _, _, oldest = await coupons_of(api, path)
    await redeem(oldest["code"])
    assert await counts() == [0, 2, 2]
    await redeem(newest["code"])
    assert await counts() == [1, 2, 1]
    schedule = await read(api, path)
    assert schedule["last_run_at"] == "2026-01-02T03:04:05Z"
    assert schedule["next_run_at"] == FIRST
    turn_to(clock, FIRST)
    await ran_at(api, path, FIRST)
    assert await counts() == [0, 2, 2]


async def test_an_update_reckons_only_changed_days_anew(api: Api, clock: TurnedClock) -> None:
    path, made = await arrange(api)
    answer = await api.send("PUT", path, json=DAILY | {"name": "n", "count": 3, "day_of_month": 9})
    assert answer.status_code == 200
    assert answer.json() == made | {"name": "n", "count": 3, "day_of_month": 9}
    assert await read(api, path) == answer.json()
    weekly = {"recurrence_type": "weekly", "day_of_week": 0, "timezone": "UTC"}
    updated = (await api.send("PUT", path, json=DAILY | weekly)).json()
    assert updated["next_run_at"] == "2026-01-04T00:00:00Z"
    assert updated["day_of_month"] is None
    turn_to(clock, FIRST)
    turn_to(clock, "2026-01-04T00:00:00Z")
    await ran_at(api, path, "2026-01-04T00:00:00Z")
    assert len(await coupons_of(api, path)) == 2


async def test_coupons_outlive_their_schedule_and_not_their_instance(api: Api, clock: TurnedClock) -> None:
    path, _ = await arrange(api)
    await api.send("POST", f"{path}/run")
    assert (await api.send("DELETE", path)).status_code == 204
    refused(await api.send("GET", path), 404)
    assert len(await coupons_of(api, path)) == 2
    turn_to(clock, FIRST)
    again, _ = await arrange(api)
    assert (await api.send("DELETE", again.partition("/coupon-schedules")[0])).status_code == 204
    turn_to(clock, "2026-01-03T13:00:00Z")
    assert await api.app.state.service.schedules.due(clock.now()) == []


async def test_a_failure_is_tried_again(
    app: FastAPI,
    api: Api,
    clock: TurnedClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = app.state.service
    monkeypatch.setattr(service.runner, "_look_again", 0.01)
    path, _ = await arrange(api)
    original = type(service.schedules).due
    failures = iter([True, True])

    async def due(self: Any, now: datetime) -> list[str]:
        if next(failures, False):
            raise OSError("the database is away")
        found: list[str] = await original(self, now)
        return found

    monkeypatch.setattr(type(service.schedules), "due", due)
    turn_to(clock, FIRST)
    service.runner.wake()
    await ran_at(api, path, FIRST)
    assert "the database is away" in caplog.text


async def test_a_schedule_that_cannot_run_stops_no_other(
    app: FastAPI,
    api: Api,
    clock: TurnedClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = app.state.service
    _, broken = await arrange(api)
    path, _ = await arrange(api)
    original = type(service.schedules).run_due

    async def run_due(self: Any, schedule_id: str, now: datetime) -> Any:
        if schedule_id == broken["id"]:
            raise LookupError("no such zone")
        return await original(self, schedule_id, now)

    monkeypatch.setattr(type(service.schedules), "run_due", run_due)
    turn_to(clock, FIRST)
    service.runner.wake()
    await ran_at(api, path, FIRST)
    assert "no such zone" in caplog.text
    assert broken["id"] in caplog.text


async def test_rivals_run_a_due_schedule_once(api: Api, clock: TurnedClock) -> None:
    path, made = await arrange(api)
    schedules = api.app.state.service.schedules
    now = clock.now() + timedelta(days=3)
    runs = await asyncio.gather(*(schedules.run_due(made["id"], now) for _ in range(8)))
    [run] = [run for run in runs if run is not None]
    assert (run.schedule_id, run.count, run.instance_id) == (made["id"], 2, path.split("/")[2])
    assert len(await schedules.due(now)) == 0


async def shared(api: Api, path: str) -> str:
    """Return the signed link to the coupons of a schedule, relative to the base path."""
    url = urlsplit((await read(api, f"{path}/generate_url"))["signed_url"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == "http://192.0.2.80:8080/captive/coupons"
    assert [name for name, _ in parse_qsl(url.query)] == ["sid", "expires", "signature"]
    return f"/coupons?{url.query}"


async def test_a_signed_link_shows_the_coupons_of_its_schedule(
    api: Api, nobody: Api, clock: TurnedClock
) -> None:
    path, _ = await arrange(api)
    link = await shared(api, path)
    assert await read(nobody, link) == []
    await api.send("POST", f"{path}/run")
    instance = path.partition("/coupon-schedules")[0]
    await api.send("POST", f"{instance}/coupons", json={"count": 1, "minutes_valid": 600})
    second = await api.send("POST", f"{instance}/coupon-schedules", json=DAILY)
    await api.send("POST", f"{instance}/coupon-schedules/{second.json()['id']}/run")
    answer = await nobody.send("GET", link)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == (await coupons_of(api, path))[-2:]
    await api.app.state.service.coupons.redeem(path.split("/")[2], answer.json()[0]["code"], clock.now())
    assert await read(nobody, link) == answer.json()[1:]
    clock.turn(hours=9)
    assert await read(nobody, link) == []


async def test_a_signed_link_is_good_for_a_day(api: Api, nobody: Api, clock: TurnedClock) -> None:
    path, _ = await arrange(api)
    link = await shared(api, path)
    clock.turn(hours=24, seconds=-1)
    assert (await nobody.send("GET", link)).status_code == 200
    clock.turn(seconds=1)
    refused(await nobody.send("GET", link), 403, "signature_expired")
    refused(await api.send("GET", link), 403, "signature_expired")


async def test_a_signed_link_is_bound_to_what_it_names(api: Api, nobody: Api) -> None:
    path, _ = await arrange(api)
    _, other_schedule = await arrange(api)
    link = dict(parse_qsl((await shared(api, path)).partition("?")[2]))

    async def asked(**changes: str | None) -> Any:
        query = {name: value for name, value in (link | changes).items() if value is not None}
        return await nobody.send("GET", f"/coupons?{urlencode(query)}")

    assert (await asked(sid=link["sid"].upper())).status_code == 200
    refused(await asked(sid=other_schedule["id"]), 403, "signature_invalid")
    for expires in (str(int(link["expires"]) + 1), "0" + link["expires"], "-1", "x", "9" * 50, ""):
        refused(await asked(expires=expires), 403, "signature_invalid")
    for signature in ("", link["signature"][:-1], link["signature"] + "a", "\u00e9", "a" * 9999):
        refused(await asked(signature=signature), 403, "signature_invalid")
    for name in ("sid", "expires", "signature"):
        assert name in refused(await asked(**{name: None}), 400, "parameter_missing")["message"]
    refused(await asked(sid="c3ab8c9b"), 400)
    twice = f"/coupons?{urlencode(link)}&sid={other_schedule['id']}"
    refused(await nobody.send("GET", twice), 400)
    assert (await api.send("DELETE", path)).status_code == 204
    refused(await asked(), 404)
