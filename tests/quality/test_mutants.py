"""Every mutant of the reference is caught, by the requirement that it breaks and with evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spec.loader import GENERATIONS, load_contract
from tests.quality import (
    mutants_bystanders,
    mutants_captives,
    mutants_coupons,
    mutants_devices,
    mutants_gardens,
    mutants_generations,
    mutants_guests,
    mutants_http,
    mutants_images,
    mutants_integrations,
    mutants_integrations_in_use,
    mutants_links,
    mutants_recurrences,
    mutants_redeeming,
    mutants_resilience,
    mutants_runs,
    mutants_schedules,
    mutants_semantics,
    mutants_site_users,
    mutants_tenants,
    mutants_traces,
    mutants_validation,
    mutants_walks,
    mutants_windows,
)
from tests.quality.harness import Outcome, deployment, judge
from tests.quality.mutants_stage import Mutant, Stage

pytestmark = [pytest.mark.quality, pytest.mark.timeout(120)]

MUTANTS: tuple[Mutant, ...] = (
    *mutants_images.MUTANTS,
    *mutants_http.MUTANTS,
    *mutants_validation.MUTANTS,
    *mutants_semantics.MUTANTS,
    *mutants_devices.MUTANTS,
    *mutants_traces.MUTANTS,
    *mutants_bystanders.MUTANTS,
    *mutants_coupons.MUTANTS,
    *mutants_links.MUTANTS,
    *mutants_schedules.MUTANTS,
    *mutants_recurrences.MUTANTS,
    *mutants_runs.MUTANTS,
    *mutants_site_users.MUTANTS,
    *mutants_integrations.MUTANTS,
    *mutants_integrations_in_use.MUTANTS,
    *mutants_gardens.MUTANTS,
    *mutants_resilience.MUTANTS,
    *mutants_tenants.MUTANTS,
    *mutants_generations.MUTANTS,
    *mutants_guests.MUTANTS,
    *mutants_redeeming.MUTANTS,
    *mutants_windows.MUTANTS,
    *mutants_captives.MUTANTS,
    *mutants_walks.MUTANTS,
)
LEVELS = {
    (generation, requirement.id): requirement.level
    for generation in GENERATIONS
    for requirement in load_contract(generation).catalogue
}

BUDGET = 30
"""Requests within which a fault is found; what the suite would do after them is not waited for."""


def _id(mutant: Mutant) -> str:
    return f"{mutant.breaks}-{mutant.name}".replace(" ", "-")


async def _judged(
    mutant: Mutant, stage: Stage, directory: Path, *options: str, beside: tuple[str, ...] = ()
) -> Outcome:
    mutant.apply(stage)
    async with deployment(directory, make_app=stage.make_app, generation=mutant.generation) as running:
        if stage.prepare is not None:
            stage.prepare(running.lab)
        return await judge(
            running.config,
            directory / "report",
            only=[mutant.breaks, *beside],
            options=("--budget", str(mutant.budget or BUDGET), *options),
        )


@pytest.mark.timeout(600)
async def test_the_reference_is_not_caught(tmp_path: Path) -> None:
    """The whole suite, under the conditions of the mutants, finds nothing wrong with the reference."""
    async with deployment(tmp_path) as running:
        outcome = await judge(
            running.config, tmp_path / "report", options=("--fail-on", "should"), patience=550
        )
    assert not outcome.faults
    assert outcome.exit_code == 0, outcome.text


async def test_a_door_changes_nothing_by_itself(stage: Stage, tmp_path: Path) -> None:
    """What mutants of the door are caught for is their fault, not the door."""

    async def door(call: Any, inside: Any, settings: Any) -> Any:
        return await inside(call)

    stage.door(door)
    async with deployment(tmp_path, make_app=stage.make_app) as running:
        outcome = await judge(
            running.config,
            tmp_path / "report",
            only=("AUTH-*", "ERR-05", "INST-LIST-*", "IMG-*"),
            options=("--fail-on", "should"),
        )
    assert not outcome.faults
    assert outcome.exit_code == 0, outcome.text


def _cases() -> Iterator[Any]:
    """The first mutant of each requirement is tested always, the others where everything is."""
    seen: set[tuple[str, str]] = set()
    for mutant in MUTANTS:
        key = (mutant.generation, mutant.breaks)
        yield pytest.param(mutant, id=_id(mutant), marks=[pytest.mark.exhaustive] if key in seen else [])
        seen.add(key)


@pytest.mark.parametrize("mutant", list(_cases()))
async def test_mutant_is_caught(mutant: Mutant, stage: Stage, tmp_path: Path) -> None:
    must = LEVELS[mutant.generation, mutant.breaks] == "must"
    outcome = await _judged(mutant, stage, tmp_path, *(() if must else ("--fail-on", "should")))
    entry = outcome.requirement(mutant.breaks)
    assert entry["verdict"] == ("failed" if must else "warned"), f"{entry['reason']}\n{outcome.text}"
    assert outcome.exit_code == 1, outcome.text
    _check_evidence(mutant, entry)


def _check_evidence(mutant: Mutant, entry: dict[str, Any]) -> None:
    """A person can see what happened: a message, the requests as commands, what the router shows."""
    failures = [item for item in entry["evidence"] if item["outcome"] == "failed"]
    assert failures
    assert entry["reason"]
    assert all(item["message"] for item in failures)
    # The last look at the routers belongs to the whole run, so no request leads to it.
    if mutant.breaks != "DEV-FINAL-01":
        commands = [exchange["curl"] for item in failures for exchange in item["exchanges"]]
        assert any("curl " in command for command in commands), failures
    if mutant.class_.startswith("device") and mutant.difference:
        assert any(item["device"] for item in failures), failures


async def test_a_should_warns_and_conforms(stage: Stage, tmp_path: Path) -> None:
    """Without `--fail-on should` the same fault is a warning alone."""
    # More requests than it takes to see the fault: what stands beside it has to be judged to the end.
    mutant = replace(next(mutant for mutant in MUTANTS if mutant.breaks == "AUTH-05"), budget=200)
    outcome = await _judged(mutant, stage, tmp_path, beside=("AUTH-01",))
    assert outcome.requirement("AUTH-05")["verdict"] == "warned"
    assert outcome.exit_code == 0, outcome.text


def test_every_requirement_has_a_mutant() -> None:
    assert {(mutant.generation, mutant.breaks) for mutant in MUTANTS} <= LEVELS.keys()
    broken = {mutant.breaks for mutant in MUTANTS}
    assert not {identifier for (_, identifier), level in LEVELS.items() if level != "may"} - broken


def test_the_table_is_large_and_its_names_tell_apart() -> None:
    assert [name for name, count in Counter(mutant.name for mutant in MUTANTS).items() if count > 1] == []
    assert len(MUTANTS) >= 60
    assert sum(mutant.class_.startswith("device") for mutant in MUTANTS) >= 30
