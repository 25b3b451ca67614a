"""Clock, guests and faults through a real control API, over simulated routers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from contract_tests.config import LabConfig, SiteConfig
from contract_tests.laboratory import Guest, Laboratory, LaboratoryError
from router_sim.clock import VirtualClock
from router_sim.control import ControlServer, control_app
from router_sim.faults import FaultPlan
from router_sim.fleet import Fleet
from router_sim.guests.internet import Internet
from router_sim.guests.registry import Guests
from router_sim.seed import lab_router

START = datetime(2026, 1, 1, tzinfo=UTC)
SUBNET = "10.5.50.0/24"
ADDRESS = "127.0.77.1"
SITE = SiteConfig.model_validate(
    {
        "id": "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6",
        "subnets": [SUBNET],
        "router": {"host": ADDRESS, "password": "p"},
    }
)
WITHOUT_ROUTER = SITE.model_copy(update={"router": None})


async def _serve(told: list[str], ready: Event, stop: asyncio.Event) -> None:
    clock = VirtualClock(START, monotonic=lambda: 0.0)
    internet = Internet()
    internet.name("site.test", ["203.0.113.9"])
    router = lab_router(
        "r1", clock=clock, version="7.22.3", password="p", subnets=(SUBNET,), resolve=internet.resolve
    )
    fleet = Fleet({ADDRESS: router}, port=0, faults=FaultPlan(clock.now))
    guests = Guests(fleet.named, internet)
    control = ControlServer(control_app(fleet, clock, "s3cret", guests))
    async with fleet:
        await control.start()
        told.append(control.url)
        ready.set()
        await stop.wait()
        await guests.close()
        await control.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The control API of one router, served beside the tests, which are synchronous as the suite is."""
    told: list[str] = []
    ready, stop = Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = Thread(target=lambda: loop.run_until_complete(_serve(told, ready, stop)))
    thread.start()
    assert ready.wait(10)
    yield told[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def laboratory(url: str) -> Iterator[Laboratory]:
    parts = {name: f"{url}/{name}" for name in ("clock", "guests", "faults")}
    found = Laboratory(LabConfig.model_validate({**parts, "token": "s3cret"}))
    yield found
    found.close()


def joined(laboratory: Laboratory, **options: str) -> Guest:
    assert laboratory.guests is not None
    return laboratory.guests.join(SITE, SUBNET, **options)


def test_the_clock_moves_forward(laboratory: Laboratory) -> None:
    clock = laboratory.clock
    assert clock is not None
    before = clock.now()
    assert clock.advance(90) == before + timedelta(seconds=90) == clock.now()
    with pytest.raises(LaboratoryError, match=r"clock/advance: 400 .*not between 0"):
        clock.advance(-1)


def test_a_guest_comes_and_goes(laboratory: Laboratory) -> None:
    guests = laboratory.guests
    assert guests is not None
    guest = joined(laboratory)
    assert guest.address.startswith("10.5.50.")
    assert guest.reaches("203.0.113.9", 443)  # no hotspot guards the subnet
    assert list(guest.resolve("site.test")) == ["203.0.113.9"]
    visit = guest.request("http://203.0.113.9/")
    assert (visit.passes, visit.reached, visit.status) == (True, False, None)
    assert visit.text == "let through, but nobody is there"
    guest.logout()  # nothing to log out of
    assert len(guest.trail) == 3
    again = joined(laboratory, mac=guest.mac)
    assert again.mac == guest.mac
    guest.leave()
    guest.leave()
    guests.leave()
    assert again.gone
    with pytest.raises(LaboratoryError, match="no guest"):
        guest.reaches("203.0.113.9", 443)


def test_faults_are_planned_and_cleared(laboratory: Laboratory) -> None:
    faults = laboratory.faults
    assert faults is not None
    first = faults.plan(SITE, "trap", path="*/add", count=1)
    second = faults.plan(SITE, "refuse", count=3)
    assert faults.pending() == {first, second}
    faults.clear()
    assert faults.pending() == frozenset()
    faults.clear()
    with pytest.raises(LaboratoryError, match="kind"):
        faults.plan(SITE, "earthquake", count=1)


def test_a_site_without_a_router_has_neither(laboratory: Laboratory) -> None:
    assert laboratory.guests is not None
    assert laboratory.faults is not None
    with pytest.raises(LaboratoryError, match="has no router"):
        laboratory.guests.join(WITHOUT_ROUTER, SUBNET)
    with pytest.raises(LaboratoryError, match="has no router"):
        laboratory.faults.plan(WITHOUT_ROUTER, "trap", count=1)


def test_what_the_configuration_does_not_name_is_not_there() -> None:
    laboratory = Laboratory(LabConfig())
    assert (laboratory.clock, laboratory.guests, laboratory.faults) == (None, None, None)
    laboratory.close()


def test_a_control_api_that_is_not_there_is_told() -> None:
    laboratory = Laboratory(LabConfig(clock="http://127.0.0.1:1/clock"))
    assert laboratory.clock is not None
    with pytest.raises(LaboratoryError, match=r"GET http://127\.0\.0\.1:1/clock: ConnectError"):
        laboratory.clock.now()
    laboratory.close()
