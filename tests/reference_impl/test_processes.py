"""Several processes on one database: each coupon and each due run belongs to one of them."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from reference_impl.app import create_app
from tests.reference_impl import postgres
from tests.reference_impl.conftest import COUPON, Api, TurnedClock, make_settings, running
from tests.reference_impl.test_command import CONFIG, TOKEN, serving
from tests.reference_impl.test_coupon_schedules import DAILY, arrange, coupons_of, ran_at, turn_to
from tests.reference_impl.test_coupons import batch, listed

RIVALS = 2


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.tool("postgres"))],
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that several processes can open."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield f"sqlite+aiosqlite:///{tmp_path}/shared.sqlite3"
        else:
            yield stack.enter_context(postgres.server()).url


@pytest.fixture
async def api(tmp_path: Path, url: str, clock: TurnedClock) -> AsyncIterator[Api]:
    async with running(create_app(make_settings(tmp_path, database=url), clock=clock)) as app:
        yield Api(app)


async def test_each_coupon_and_each_due_run_goes_to_one_process(
    api: Api, url: str, clock: TurnedClock
) -> None:
    instance = (await api.create())["id"]
    coupons = await batch(api, instance, 20, minutes_valid=5000)
    schedules = []
    for number in range(5):
        answer = await api.send(
            "POST", f"/instances/{instance}/coupon-schedules", json=DAILY | {"name": f"n{number}"}
        )
        schedules.append(answer.json()["id"])
    due = clock.now() + timedelta(days=2)
    codes = ",".join(coupon["code"] for coupon in coupons)
    found = await compete(url, due.isoformat(), instance, codes, ",".join(schedules))
    assert Counter(found["coupons"]) == Counter(coupon["id"] for coupon in coupons)
    assert Counter(found["schedules"]) == Counter(schedules)
    clock.moment = due
    assert len(await listed(api, instance)) == 5 * DAILY["count"]


async def test_of_two_services_one_runs_a_due_schedule(
    api: Api, url: str, tmp_path: Path, clock: TurnedClock
) -> None:
    async with running(create_app(make_settings(tmp_path, database=url), clock=clock)) as second:
        runners = [app.state.service.runner for app in (api.app, second)]
        path, _ = await arrange(api)
        for day in range(3):
            turn_to(clock, f"2026-01-{2 + day:02}T13:00:00Z")
            # Beside the two tasks that the turned clock has woken.
            await asyncio.gather(*(runner._run_due() for runner in runners * 2))
            schedule = await ran_at(Api(second), path, f"2026-01-{2 + day:02}T13:00:00Z")
            assert schedule["tokens_generated_since_last_run"] == 2
            assert len(await coupons_of(api, path)) == 2


async def compete(*arguments: str) -> dict[str, list[str]]:
    """Let rivals loose at once; return what all of them got together."""
    rivals = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.reference_impl.rival", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(RIVALS)
    ]
    for rival in rivals:
        assert rival.stdout is not None
        assert await rival.stdout.readline() == b"ready\n", await rival.communicate()
    outputs = await asyncio.gather(*(rival.communicate(b"go\n") for rival in rivals))
    won: dict[str, list[str]] = {"coupons": [], "schedules": []}
    for out, err in outputs:
        assert err == b""
        for kind, ids in json.loads(out).items():
            won[kind] += ids
    return won


def test_two_commands_serve_one_database(tmp_path: Path, url: str) -> None:
    """Each sees what the other does."""
    config = tmp_path / "server.toml"
    config.write_text(CONFIG.replace("[[tenants]]", "provision = false\n[[tenants]]"), "utf-8")
    with (
        serving(tmp_path, config, url) as (_, first),
        serving(tmp_path, config, url) as (_, second),
        httpx2.Client(headers=TOKEN) as client,
    ):

        def send(method: str, place: str, body: Any = None) -> Any:
            answer = client.request(method, place, json=body)
            assert answer.is_success, answer.text
            return answer.json() if answer.content else None

        instance = send("POST", f"{first}/instances", COUPON)["id"]
        schedules = f"/instances/{instance}/coupon-schedules"
        schedule = send("POST", second + schedules, DAILY)["id"]
        send("POST", f"{first}{schedules}/{schedule}/run")
        made = send("POST", f"{second}/instances/{instance}/coupons", {"count": 3, "minutes_valid": 5})
        assert send("GET", f"{first}/instances/{instance}/coupons")[:3] == made
        assert len(send("GET", f"{second}/instances/{instance}/coupons")) == 5
        link = send("GET", f"{second}{schedules}/{schedule}/generate_url")["signed_url"]
        assert len(send("GET", link.replace(second, first))) == 2
