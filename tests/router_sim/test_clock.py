from datetime import UTC, datetime, timedelta

import pytest

from router_sim.clock import LATEST, RealClock, VirtualClock

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_virtual_clock_runs_with_real_time_and_can_be_advanced() -> None:
    real = 100.0
    clock = VirtualClock(START, monotonic=lambda: real)
    assert clock.now() == START
    real += 2.5
    assert clock.now() == START + timedelta(seconds=2.5)
    assert clock.advance(60) == START + timedelta(seconds=62.5)
    assert clock.now() == START + timedelta(seconds=62.5)


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan"), float("inf")])
def test_it_never_runs_backwards(seconds: float) -> None:
    clock = VirtualClock(START, monotonic=lambda: 0.0)
    with pytest.raises(ValueError, match="advanced"):
        clock.advance(seconds)
    assert clock.now() == START


def test_it_stays_where_dates_can_be_written() -> None:
    clock = VirtualClock(LATEST - timedelta(days=1), monotonic=lambda: 0.0)
    clock.advance(86400)
    with pytest.raises(ValueError, match="until 2500-01-01"):
        clock.advance(1)
    assert clock.now() == LATEST


def test_callbacks_hear_of_an_advance_until_they_are_stopped() -> None:
    clock = VirtualClock(START, monotonic=lambda: 0.0)
    heard: list[datetime] = []
    stop = clock.on_advance(lambda: heard.append(clock.now()))
    clock.advance(1)
    stop()
    stop()
    clock.advance(1)
    assert heard == [START + timedelta(seconds=1)]


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2026, 3, 1))  # noqa: DTZ001 - the very thing that is refused


def test_both_clocks_tell_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    for clock in (RealClock(), VirtualClock()):
        assert clock.now().tzinfo is UTC
        assert before <= clock.now() + timedelta(seconds=1)
