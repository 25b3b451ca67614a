"""The tests of the resources, once more with PostgreSQL as database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from reference_impl.app import create_app
from tests.reference_impl import (
    postgres,
    test_auth_integrations,
    test_coupon_schedules,
    test_coupons,
    test_instances,
    test_robustness,
    test_walled_garden,
)
from tests.reference_impl.conftest import TurnedClock, make_settings, running

pytestmark = pytest.mark.tool("postgres")

for _module in (
    test_auth_integrations,
    test_coupon_schedules,
    test_coupons,
    test_instances,
    test_robustness,
    test_walled_garden,
):
    for _name, _test in vars(_module).items():
        # Those that take no `api` would not touch the database of this module, those of a table of examples do
        # so little that once is enough.
        if _name.startswith("test_") and "api" in _test.__annotations__ and not hasattr(_test, "pytestmark"):
            assert _name not in globals(), f"two modules have a test called {_name}"
            globals()[_name] = _test


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as started:
        yield started


@pytest.fixture
async def app(tmp_path: Path, clock: TurnedClock, server: postgres.Server) -> AsyncIterator[FastAPI]:
    settings = make_settings(tmp_path, database=await server.empty())
    async with running(create_app(settings, clock=clock)) as app:
        assert app.state.service.database.dialect == "postgresql"
        yield app
