"""No false alarm: two implementations that keep the contract each in its own way pass the suite, seed after seed."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contract_tests.device.snapshot import Snapshot, differences
from contract_tests.lab import Lab
from reference_impl.app import create_app
from spec.loader import load_contract
from tests.quality.harness import Deployment, Outcome, deployment, judge
from tests.quality.variant.app import LISTING, TAKING_OVER, make_app

# A group of ten runs takes about two and a half minutes on two cores, most of it waiting.
pytestmark = [pytest.mark.quality, pytest.mark.long, pytest.mark.timeout(600)]

SETTLE_TIMEOUT = 10.0
"""Seconds the suite waits for a router: the variant takes its time, and ten runs share the machine."""

PATIENCE = 500.0
"""Seconds one run may take."""


@dataclass(frozen=True, slots=True)
class Implementation:
    """What is judged: `abreast` deployments share the seeds of a test, each serves its share one after another.

    `warned` are the requirements of level should that it chooses not to meet, each with what it does instead;
    `not_verified` those that a run may be unable to judge it by, with the choice of its own that is the reason.
    """

    make_app: Callable[..., Any]
    abreast: int
    warned: Mapping[str, str]
    not_verified: Mapping[str, str]


REFERENCE = Implementation(create_app, abreast=3, warned={}, not_verified={})

_OWN_CODES: Mapping[str, str] = {
    "ERR-03": "errors have two of the four documented fields",
    "WIRE-05": "a creation is answered 200, a deletion 200 or 202",
    "INST-CREATE-12": "a creation is answered 200",
    "INST-DEL-01": "a deletion is answered 200 or 202",
    "IMG-07": "logos may have any size",
    "COUPON-12": "coupons are listed with the oldest first",
}


def _because(reason: str, *requirements: str) -> dict[str, str]:
    return dict.fromkeys(requirements, reason)


VARIANT = Implementation(
    make_app,
    abreast=10,
    warned=_OWN_CODES,
    not_verified={
        **_because("test links lead to a host that is out of reach", "INT-URL-02", "INT-URL-03"),
        **_because("entries are not updated", "GARDEN-UPD-01", "GARDEN-UPD-02", "DEV-GARDEN-06"),
        **_because("no operation is about site users", *(f"USER-0{number}" for number in range(1, 6))),
        **_because("no operation is about site users", "GUEST-USER-01", "GUEST-USER-02"),
        **_because("it goes by the clock of the machine", "GUEST-COUPON-04", "GUEST-OAUTH-05"),
        **_because("one schedule is not read by its id", "SCHED-02"),
        **_because(
            "nothing about runs is told of a schedule that has not run",
            *("SCHED-17", "SCHED-18", "SCHED-NEXT-01", "SCHED-NEXT-02", "SCHED-NEXT-03", "SCHED-NEXT-04"),
            *(f"SCHED-RUN-0{number}" for number in range(1, 9)),
            *("LINK-10", "LINK-11", "LINK-12"),
        ),
    },
)
OTHER_HABITS = Implementation(
    functools.partial(make_app, habits=TAKING_OVER),
    abreast=5,
    warned=_OWN_CODES,
    not_verified={
        **_because("test links show a page of which only a button leads on", "INT-URL-02", "INT-URL-03"),
        **_because(
            "guests are let in by bindings or lists, which do not have them before they come",
            *("DEV-SESSION-01", "DEV-SESSION-02", "DEV-SESSION-03"),
        ),
        **_because("schedules are not run by hand", "SCHED-RUN-09"),
    },
)


LISTED = replace(OTHER_HABITS, make_app=functools.partial(make_app, habits=LISTING))


@pytest.mark.parametrize(
    ("implementation", "seeds"),
    [
        pytest.param(VARIANT, range(1, 4), id="variant-1-3"),
        pytest.param(OTHER_HABITS, range(11, 13), id="variant-11-12"),
        pytest.param(LISTED, range(16, 18), id="variant-16-17"),
        pytest.param(REFERENCE, range(1, 4), id="reference-1-3"),
        pytest.param(VARIANT, range(4, 11), id="variant-4-10", marks=pytest.mark.exhaustive),
        pytest.param(OTHER_HABITS, range(13, 16), id="variant-13-15", marks=pytest.mark.exhaustive),
        pytest.param(LISTED, range(18, 21), id="variant-18-20", marks=pytest.mark.exhaustive),
        pytest.param(REFERENCE, range(4, 11), id="reference-4-10", marks=pytest.mark.exhaustive),
        pytest.param(REFERENCE, range(11, 21), id="reference-11-20", marks=pytest.mark.exhaustive),
    ],
)
async def test_no_alarm(
    tmp_path_factory: pytest.TempPathFactory, implementation: Implementation, seeds: Sequence[int]
) -> None:
    shares = {
        tmp_path_factory.mktemp("deployment"): seeds[index :: implementation.abreast]
        for index in range(implementation.abreast)
    }
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_runs(directory, implementation, share)) for directory, share in shares.items()
        ]
    outcomes = {seed: outcome for task in tasks for seed, outcome in task.result().items()}
    assert sorted(outcomes) == list(seeds)
    alarms = {
        seed: complaints
        for seed, outcome in sorted(outcomes.items())
        if (complaints := _complaints(outcome, implementation))
    }
    assert alarms == {}


async def _runs(directory: Path, implementation: Implementation, seeds: Sequence[int]) -> dict[int, Outcome]:
    """Full runs against one deployment, which afterwards is what it was. `directory` exists."""
    async with deployment(
        directory, make_app=implementation.make_app, settle_timeout=SETTLE_TIMEOUT
    ) as deployed:
        before = await _state(deployed)
        outcomes = {
            seed: await judge(deployed.config, directory / f"seed-{seed}", seed=seed, patience=PATIENCE)
            for seed in seeds
        }
        after = await _state(deployed)
        for _ in range(100):  # a deletion that was only accepted may be the last thing a run did
            if after.listed == before.listed:
                break
            await asyncio.sleep(0.02)
            after = await _state(deployed)
    assert after.listed == before.listed
    contract = load_contract().device
    for address, snapshot in before.routers.items():
        found = differences(snapshot, after.routers[address], contract)
        assert [difference.command() for difference in found] == []
    return outcomes


def _complaints(outcome: Outcome, implementation: Implementation) -> list[str]:
    """Everything that a run of a conforming deployment must not say."""
    if not outcome.report:
        return [f"exit code {outcome.exit_code} and no report: {outcome.text}"]
    complaints = [] if outcome.exit_code == 0 else [f"exit code {outcome.exit_code}"]
    for entry in outcome.report["requirements"]:
        identifier, verdict = entry["id"], entry["verdict"]
        expected = "warned" if identifier in implementation.warned else "passed"
        unable = verdict == "not verified" and identifier in implementation.not_verified
        if verdict != expected and not unable:
            complaints.append(f"{identifier} is {verdict}, expected {expected}: {entry['reason']}")
    complaints += [f"problem: {problem}" for problem in outcome.report["problems"]]
    complaints += [f"left behind: {leftover}" for leftover in outcome.report["leftovers"]]
    return complaints


@dataclass(frozen=True, slots=True)
class State:
    """What a run must leave as it was: what each tenant lists, what each router holds."""

    listed: list[Any]
    routers: dict[str, Snapshot]


async def _state(deployed: Deployment) -> State:
    return State(
        await _listed(deployed.lab),
        {
            address: Snapshot({menu: tuple(rows) for menu, rows in router.snapshot().items()})
            for address, router in deployed.lab.fleet.routers.items()
        },
    )


async def _listed(lab: Lab) -> list[Any]:
    gardens = (f"/walled-garden/{site.id}" for site in lab.settings.sites)
    paths = ("/instances", "/auth-integrations", *gardens)
    async with httpx2.AsyncClient(trust_env=False) as client:
        answers = [
            await client.get(f"{lab.base_url}{path}", headers={"authorization": f"Bearer {tenant.token}"})
            for tenant in lab.settings.tenants
            for path in paths
        ]
    return [answer.raise_for_status().json() for answer in answers]
