"""The rate that a token may send at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reference_impl.app import create_app
from reference_impl.rate_limit import RateLimit
from tests.reference_impl.conftest import Api, TurnedClock, make_settings, refused, running


@pytest.fixture
async def api(tmp_path: Path, clock: TurnedClock) -> AsyncIterator[Api]:
    async with running(create_app(make_settings(tmp_path, rate="3/m"), clock=clock)) as app:
        yield Api(app)


async def status(api: Api, method: str = "GET", path: str = "/instances") -> int:
    return (await api.send(method, path)).status_code


async def test_a_token_that_is_too_quick_is_told_when_to_come_back(api: Api, clock: TurnedClock) -> None:
    assert await status(api) == 200
    clock.turn(seconds=20)
    assert await status(api, "HEAD") == 200
    assert await status(api, "GET", "/nothing") == 404
    clock.turn(seconds=0.5)
    answer = await api.send("GET", "/instances")
    assert refused(answer, 429, "rate_limit_exceeded")["type"] == "rate_limit_error"
    assert answer.headers["retry-after"] == "40"
    head = await api.send("HEAD", "/instances")
    assert (head.status_code, head.content) == (429, b"")
    clock.turn(seconds=39.4)
    assert (await api.send("GET", "/instances")).headers["retry-after"] == "1"
    clock.turn(seconds=0.1)
    assert await status(api) == 200
    assert await status(api) == 429


async def test_a_refused_request_changes_nothing(api: Api, clock: TurnedClock) -> None:
    for _ in range(2):
        await api.create()
    assert await status(api) == 200
    refused(
        await api.send("POST", "/instances", json={"name": "n", "strategy": "coupon", "session_ttl": 3600}),
        429,
    )
    clock.turn(minutes=1)
    assert len((await api.send("GET", "/instances")).json()) == 2


async def test_each_token_has_a_rate_of_its_own(api: Api) -> None:
    other, nobody = Api(api.app, "token-b"), Api(api.app, None)
    for _ in range(3):
        assert await status(api) == 200
    assert await status(api) == 429
    assert await status(other) == 200
    for _ in range(5):
        assert await status(nobody) == 401
        assert await status(nobody, "GET", "/coupons") == 400
    assert await status(api, "GET", "/coupons") == 400


async def test_without_a_rate_nothing_is_limited(tmp_path: Path, clock: TurnedClock) -> None:
    app = create_app(make_settings(tmp_path), clock=clock)
    assert all(middleware.cls is not RateLimit for middleware in app.user_middleware)
    async with running(app):
        api = Api(app)
        for _ in range(100):
            assert await status(api) == 200


@pytest.mark.parametrize("rate", ["0/m", "60", "60/d", "-1/s", "60/min", "", "1/s\n"])
def test_a_rate_is_a_number_and_a_period(tmp_path: Path, rate: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        make_settings(tmp_path, rate=rate)
