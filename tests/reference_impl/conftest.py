"""The service under test, in process or on a socket, with a clock that tests turn."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from reference_impl.app import create_app
from reference_impl.settings import (
    DatabaseSettings,
    RouterSettings,
    ServerSettings,
    Settings,
    SiteSettings,
    TenantSettings,
)

SITE = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
OTHER_SITE = "b1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
PRIVATE_SITE = "c1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
UNKNOWN = "9a7f1b2c-3d4e-5f6a-7b8c-9d0e1f2a3b4c"
COUPON = {"name": "Café Ω", "strategy": "coupon", "session_ttl": 43200}


class TurnedClock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        self._turned = asyncio.Event()

    def now(self) -> datetime:
        return self.moment

    def timestamp(self) -> float:
        return self.moment.timestamp()

    def turn(self, **parts: float) -> None:
        self.moment += timedelta(**parts)
        self._turned.set()
        self._turned = asyncio.Event()

    async def sleep_until(self, moment: datetime) -> None:
        while self.moment < moment:
            await self._turned.wait()


def make_settings(
    tmp_path: Path, router: RouterSettings | None = None, *, database: str | None = None, **server: Any
) -> Settings:
    return Settings(
        server=ServerSettings(
            secret="a secret of the tests",
            **{"public_url": "http://192.0.2.80:8080", "rate": "unlimited", **server},
        ),
        database=DatabaseSettings(url=database or f"sqlite+aiosqlite:///{tmp_path}/portal.sqlite3"),
        tenants=[TenantSettings(name="a", token="token-a"), TenantSettings(name="b", token="token-b")],
        sites=[
            SiteSettings(id=SITE, router=router),
            SiteSettings(id=OTHER_SITE),
            SiteSettings(id=PRIVATE_SITE, tenant="b"),
        ],
    )


class Api:
    """A caller with a token; paths are relative to the base path."""

    def __init__(self, app: FastAPI, token: str | None = "token-a", base: str = "/captive") -> None:  # noqa: S107 - not a secret
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.app = app
        self.base = base
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://192.0.2.80:8080", headers=headers
        )

    async def send(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        return await self.client.request(method, self.base + path, **arguments)

    async def create(self, **changes: Any) -> dict[str, Any]:
        answer = await self.send("POST", "/instances", json=COUPON | changes)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def put(self, instance: str, **changes: Any) -> httpx2.Response:
        return await self.send("PUT", f"/instances/{instance}", json=COUPON | changes)

    async def get(self, instance: str) -> dict[str, Any]:
        answer = await self.send("GET", f"/instances/{instance}")
        assert answer.status_code == 200, answer.text
        return answer.json()


def refused(answer: httpx2.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """Check that an answer is an ErrorResponse of this status and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = json.loads(answer.text)
    assert set(error) == {"type", "code", "message", "doc_url"}
    assert all(isinstance(value, str) and value for value in error.values())
    assert code is None or error["code"] == code
    return error


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def app(tmp_path: Path, clock: TurnedClock) -> AsyncIterator[FastAPI]:
    async with running(create_app(make_settings(tmp_path), clock=clock)) as app:
        yield app


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[Api]:
    api = Api(app)
    yield api
    await api.client.aclose()


@pytest.fixture
async def other(app: FastAPI) -> AsyncIterator[Api]:
    api = Api(app, "token-b")
    yield api
    await api.client.aclose()


@pytest.fixture
async def nobody(app: FastAPI) -> AsyncIterator[Api]:
    api = Api(app, None)
    yield api
    await api.client.aclose()
