"""The plan of faults: scope, count, time to live, seed, and its JSON form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from router_sim.faults import NOTHING, Effect, Fault, FaultPlan


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def test_a_trap_acts_on_the_next_commands_of_its_path_and_router_alone() -> None:
    plan = FaultPlan()
    plan.add(Fault("trap", router="a", path="/ip/hotspot/*", message="no", category=4, count=2))
    assert plan.on_command("a", "/ip/address/add") == NOTHING
    assert plan.on_command("b", "/ip/hotspot/add") == NOTHING
    assert plan.on_command("a", "/ip/hotspot/add") == Effect("trap", "no", 4)
    assert plan.on_command("a", "/ip/hotspot/user/add").kind == "trap"
    assert plan.on_command("a", "/ip/hotspot/add") == NOTHING
    assert not plan


def test_login_is_meant_only_when_named() -> None:
    plan = FaultPlan()
    plan.add(Fault("drop_before", count=1))
    assert plan.on_command("a", "/login") == NOTHING
    plan.add(Fault("trap", path="/login", count=1))
    assert plan.on_command("a", "/login").kind == "trap"
    assert plan.on_command("a", "/ip/address/print").kind == "drop_before"


def test_a_time_to_live_counts_on_the_clock_given() -> None:
    clock = Hands()
    plan = FaultPlan(clock.now)
    plan.add(Fault("refuse", seconds=10))
    clock.advance(9.9)
    assert plan.refuses("a")
    assert plan.on_command("a", "/ip/address/print") == NOTHING
    clock.advance(0.1)
    assert not plan.refuses("a")
    assert plan.active() == []


def test_delays_add_up_and_the_oldest_ending_fault_acts_alone() -> None:
    plan = FaultPlan()
    plan.add(Fault("latency", delay=0.5, count=2))
    plan.add(Fault("drop_after", delay=0.25, count=1))
    plan.add(Fault("trap", message="later", count=1))
    assert plan.on_command("a", "/x") == Effect("drop_after", Fault("trap", count=1).message, None, 0.75)
    assert plan.on_command("a", "/x") == Effect("trap", "later", None, 0.5)
    assert plan.on_command("a", "/x") == NOTHING


def test_skip_lets_matches_pass() -> None:
    plan = FaultPlan()
    plan.add(Fault("trap", path="/x", skip=2, count=1))
    assert [plan.on_command("a", path).kind for path in ("/x", "/y", "/x", "/x", "/x")] == [
        None,
        None,
        None,
        "trap",
        None,
    ]


def test_probability_is_a_seeded_share() -> None:
    def run(seed: int) -> list[str | None]:
        plan = FaultPlan(seed=seed)
        plan.add(Fault("trap", probability=0.3, seconds=1000))
        return [plan.on_command("a", "/x").kind for _ in range(400)]

    assert run(1) == run(1) != run(2)
    assert 80 < run(1).count("trap") < 160


def test_ending_faults_by_number_and_all() -> None:
    plan = FaultPlan()
    first, second = plan.add(Fault("trap", count=1)), plan.add(Fault("refuse", count=1))
    assert plan.remove(first.number)
    assert not plan.remove(first.number)
    assert plan.active() == [second]
    plan.clear()
    assert not plan.refuses("a")
    assert plan.add(Fault("trap", count=1)).number == 3


def test_json_round_trip() -> None:
    fault = Fault("trap", router="a", path="/ip/*", message="m", category=1, count=3, seconds=2.5, skip=1)
    assert Fault.from_json(fault.to_json()) == fault
    active = FaultPlan().add(fault)
    assert active.to_json() == {"id": 1, **fault.to_json(), "acted": 0}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "JSON object"),
        ({}, "kind: missing"),
        ({"kind": "explode", "count": 1}, "kind: 'explode' is none of trap"),
        ({"kind": "trap"}, "count or seconds"),
        ({"kind": "trap", "count": 0}, "count: 0"),
        ({"kind": "trap", "count": True}, "count: True has the wrong type"),
        ({"kind": "trap", "count": "3"}, "count: '3' has the wrong type"),
        ({"kind": "trap", "seconds": -1}, "seconds: -1"),
        ({"kind": "trap", "seconds": float("inf")}, "seconds: inf"),
        ({"kind": "latency", "count": 1}, "delay: a latency fault needs one"),
        ({"kind": "latency", "count": 1, "delay": 601}, "delay: 601"),
        ({"kind": "trap", "count": 1, "skip": -1}, "skip: -1"),
        ({"kind": "trap", "count": 1, "probability": 0}, "probability: 0"),
        ({"kind": "trap", "count": 1, "colour": "red"}, "colour: a fault has no such property"),
    ],
)
def test_what_is_wrong_with_a_fault_is_named(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Fault.from_json(value)
