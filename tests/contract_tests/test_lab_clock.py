"""The service's clock in a lab: what sleeps wakes when the clock is advanced, and not before."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from contract_tests.lab_clock import LabClock
from router_sim.clock import VirtualClock

START = datetime(2030, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def virtual() -> VirtualClock:
    """A clock that stands still until somebody advances it."""
    return VirtualClock(START, monotonic=lambda: 0.0)


async def turns() -> None:
    """Let everything that is ready run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_it_shows_what_the_routers_see(virtual: VirtualClock) -> None:
    clock = LabClock(virtual)
    assert clock.now() == START
    virtual.advance(90)
    assert clock.now() == virtual.now() == START + timedelta(seconds=90)


@pytest.mark.parametrize("ago", [timedelta(0), WEEK])
async def test_a_moment_that_is_past_is_not_waited_for(virtual: VirtualClock, ago: timedelta) -> None:
    async with asyncio.timeout(1):
        await LabClock(virtual).sleep_until(START - ago)


async def test_a_sleeper_wakes_at_its_moment_and_not_before(virtual: VirtualClock) -> None:
    sleeper = asyncio.create_task(LabClock(virtual).sleep_until(START + WEEK))
    await turns()
    virtual.advance(WEEK.total_seconds() - 1)
    await turns()
    assert not sleeper.done()
    virtual.advance(1)
    async with asyncio.timeout(1):
        await sleeper


async def test_many_sleepers_wake_each_at_their_own_moment(virtual: VirtualClock) -> None:
    clock = LabClock(virtual)
    sleepers = [
        asyncio.create_task(clock.sleep_until(START + timedelta(hours=hours))) for hours in range(1, 6)
    ]
    for awake in range(1, 6):
        await turns()
        virtual.advance(3600)
        await turns()
        assert [sleeper.done() for sleeper in sleepers] == [number <= awake for number in range(1, 6)]


async def test_time_that_merely_passes_wakes_too() -> None:
    virtual = VirtualClock(START)
    async with asyncio.timeout(5):
        await LabClock(virtual).sleep_until(START + timedelta(seconds=0.05))
    assert virtual.now() >= START + timedelta(seconds=0.05)


async def test_another_thread_may_advance(virtual: VirtualClock) -> None:
    sleeper = asyncio.create_task(LabClock(virtual).sleep_until(START + WEEK))
    await turns()
    await asyncio.to_thread(virtual.advance, WEEK.total_seconds())
    async with asyncio.timeout(1):
        await sleeper


async def test_who_gives_up_leaves_nothing_behind() -> None:
    class Counting:
        """A clock that knows how many wait for its moves."""

        def __init__(self) -> None:
            self.waiting = 0

        def now(self) -> datetime:
            return START

        def on_advance(self, callback: object) -> object:
            self.waiting += 1

            def stop() -> None:
                self.waiting -= 1

            return stop

    counting = Counting()
    sleeper = asyncio.create_task(LabClock(counting).sleep_until(START + WEEK))  # type: ignore[arg-type]
    await turns()
    assert counting.waiting == 1
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper
    assert counting.waiting == 0
