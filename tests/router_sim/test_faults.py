"""The plan of faults: scope, count, time to live, seed, and its JSON form."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from router_sim.fault_kinds import KINDS, Occasion
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


def test_the_share_of_a_fault_is_its_own() -> None:
    def run(seed: int, *others: Fault) -> list[bool]:
        plan = FaultPlan()
        for fault in (*others, Fault("latency", delay=1, probability=0.5, seed=seed, seconds=1000)):
            plan.add(fault)
        return [plan.on_command("a", "/x").delay >= 1 for _ in range(200)]

    assert run(1) == run(1) != run(2)
    assert run(1) == run(1, Fault("pace", delay=0.5, probability=0.5, seed=7, seconds=1000))


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
    sent = {"kind": "other_admin", "count": 1, "commands": [["/ip/dns/set", "=servers=192.0.2.1"]]}
    assert Fault.from_json(sent).commands == (("/ip/dns/set", "=servers=192.0.2.1"),)
    assert Fault.from_json(json.loads(json.dumps(Fault.from_json(sent).to_json()))) == Fault.from_json(sent)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_acts_on_its_occasion_alone(kind: str) -> None:
    needed = {"delay": 1.0, "jump": 1.0, "seconds": 9.0, "user": "u", "password": "p", "commands": (("/x",),)}
    plan = FaultPlan()
    plan.add(Fault(kind, count=1, **{name: needed[name] for name in KINDS[kind].needs}))
    path = (KINDS[kind].paths or ("/ip/dns/set",))[0]
    seen = {
        Occasion.CONNECTION: plan.refuses("r"),
        Occasion.LISTEN: plan.silences("r", "/ip/dns/listen", "u"),
        Occasion.LOGIN: plan.password_of("r", "u") is not None,
        Occasion.COMMAND: plan.on_command("r", path, "u") != NOTHING,
    }
    assert [occasion for occasion, acted in seen.items() if acted] == [KINDS[kind].occasion]
    assert not plan


def test_what_surrounds_a_command_is_told_apart_from_how_it_ends() -> None:
    plan = FaultPlan()
    command = (("/ip/dns/set",),)
    jump = plan.add(Fault("clock_jump", jump=5.0, count=1)).fault
    after = plan.add(Fault("other_admin", commands=command, when="after", count=1)).fault
    before = plan.add(Fault("other_admin", commands=command, count=1)).fault
    plan.add(Fault("disk_full", count=1))
    plan.add(Fault("pace", delay=0.5, count=1))
    plan.add(Fault("slow_write", delay=2.0, count=1))
    effect = plan.on_command("r", "/file/add")
    assert effect.before == (jump, before)
    assert effect.after == (after,)
    assert (effect.kind, effect.message) == ("trap", "failure: not enough disk space")
    assert (effect.delay, effect.pace, effect.hold) == (0, 0.5, 2)


def test_whoever_carries_faults_out_hears_of_new_ones() -> None:
    plan = FaultPlan()
    heard: list[Fault] = []
    plan.on_planned(heard.append)
    fault = plan.add(Fault("service_down", seconds=5)).fault
    assert heard == [fault]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "JSON object"),
        ({}, "kind: missing"),
        ({"kind": "explode", "count": 1}, "kind: 'explode' is none of trap"),
        ({"kind": "trap"}, "count or seconds"),
        ({"kind": "trap", "count": 0}, "count: 0"),
        ({"kind": "trap", "count": 1, "path": "ip/hotspot/*"}, "path: 'ip/hotspot/"),
        ({"kind": "trap", "count": 1, "service": "ftp"}, "service: 'ftp' is none of api, "),
        ({"kind": "trap", "count": 1, "category": 8}, "category: 8"),
        ({"kind": "clock_jump", "count": 1, "jump": 10**400}, "jump: 1000"),
        ({"kind": "trap", "count": True}, "count: True has the wrong type"),
        ({"kind": "trap", "count": "3"}, "count: '3' has the wrong type"),
        ({"kind": "trap", "seconds": -1}, "seconds: -1"),
        ({"kind": "trap", "seconds": float("inf")}, "seconds: inf"),
        ({"kind": "latency", "count": 1}, "delay: a latency fault needs one"),
        ({"kind": "latency", "count": 1, "delay": 601}, "delay: 601"),
        ({"kind": "trap", "count": 1, "skip": -1}, "skip: -1"),
        ({"kind": "trap", "count": 1, "probability": 0}, "probability: 0"),
        ({"kind": "trap", "count": 1, "colour": "red"}, "colour: a fault has no such property"),
        ({"kind": "pace", "count": 1}, "delay: a pace fault needs one"),
        ({"kind": "slow_write", "count": 1}, "delay: a slow_write fault needs one"),
        ({"kind": "service_down", "count": 1}, "seconds: a service_down fault needs one"),
        ({"kind": "password_change", "count": 1, "password": "x"}, "user: a password_change fault needs one"),
        ({"kind": "password_change", "count": 1, "user": "x"}, "password: a password_change fault needs one"),
        ({"kind": "clock_jump", "count": 1}, "jump: a clock_jump fault needs one"),
        ({"kind": "clock_jump", "count": 1, "jump": float("nan")}, "jump: nan"),
        ({"kind": "clock_jump", "count": 1, "jump": 1e12}, "jump: 1000000000000"),
        ({"kind": "other_admin", "count": 1}, "commands: a other_admin fault needs one"),
        ({"kind": "other_admin", "count": 1, "commands": "/x"}, "commands: a list of sentences"),
        ({"kind": "other_admin", "count": 1, "commands": ["/x"]}, "commands: '/x' is no sentence"),
        ({"kind": "other_admin", "count": 1, "commands": [[]]}, "commands: .* is no sentence"),
        ({"kind": "other_admin", "count": 1, "commands": [["x"]]}, "commands: .* is not a path"),
        ({"kind": "other_admin", "count": 1, "commands": [["/x", "y"]]}, "commands: .* is not a path"),
        ({"kind": "trap", "count": 1, "when": "now"}, "when: 'now' is neither before nor after"),
        ({"kind": "trap", "count": 1, "user": 1}, "user: 1 has the wrong type"),
    ],
)
def test_what_is_wrong_with_a_fault_is_named(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Fault.from_json(value)
