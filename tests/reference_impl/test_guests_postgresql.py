"""Logins and site users, once more with PostgreSQL as database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from reference_impl.settings import DatabaseSettings, ProviderSettings
from tests.reference_impl import postgres
from tests.reference_impl.bench import Bench
from tests.reference_impl.test_guest_coupons import (
    test_a_coupon_admits_and_is_used_up,
    test_a_silent_router_uses_no_coupon_up,
    test_two_guests_at_once_with_one_coupon,
)
from tests.reference_impl.test_guest_sign_in import (
    AUTHORIZE,
    TOKEN,
    USER,
    provider,
    test_another_browser_cannot_complete_a_sign_in,
    test_the_whole_way,
)
from tests.reference_impl.test_site_users import (
    test_a_session_that_the_router_ended_early,
    test_disconnecting_ends_the_session,
    test_names_of_devices_are_remembered,
    test_the_log_forgets,
)

__all__ = [
    "provider",
    "test_a_coupon_admits_and_is_used_up",
    "test_a_session_that_the_router_ended_early",
    "test_a_silent_router_uses_no_coupon_up",
    "test_another_browser_cannot_complete_a_sign_in",
    "test_disconnecting_ends_the_session",
    "test_names_of_devices_are_remembered",
    "test_the_log_forgets",
    "test_the_whole_way",
    "test_two_guests_at_once_with_one_coupon",
]

pytestmark = pytest.mark.tool("postgres")


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as started:
        yield started


@pytest.fixture
async def bench(tmp_path: Path, server: postgres.Server) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    async with bench.fleet:
        own = ProviderSettings(authorize_url=AUTHORIZE, token_url=TOKEN, user_url=USER)
        change = {"providers": {"google": own}, "database": DatabaseSettings(url=await server.empty())}
        async with bench.service(settings=bench.settings().model_copy(update=change)):
            assert bench.api.app.state.service.database.dialect == "postgresql"
            yield bench
