"""Every mutant of the reference is caught, by the requirement that it breaks and with evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spec.loader import load_catalogue
from tests.quality import (
    mutants_devices,
    mutants_http,
    mutants_images,
    mutants_semantics,
    mutants_traces,
    mutants_validation,
)
from tests.quality.harness import deployment, judge
from tests.quality.mutants_stage import Mutant, Stage

pytestmark = [pytest.mark.quality, pytest.mark.timeout(120)]

MUTANTS: tuple[Mutant, ...] = (
    *mutants_http.MUTANTS,
    *mutants_validation.MUTANTS,
    *mutants_semantics.MUTANTS,
    *mutants_images.MUTANTS,
    *mutants_devices.MUTANTS,
    *mutants_traces.MUTANTS,
)
LEVELS = {requirement.id: requirement.level for requirement in load_catalogue()}


@pytest.mark.parametrize(
    "mutant", MUTANTS, ids=lambda mutant: f"{mutant.breaks}-{mutant.name}".replace(" ", "-")
)
async def test_mutant_is_caught(mutant: Mutant, stage: Stage, tmp_path: Path) -> None:
    mutant.apply(stage)
    must = LEVELS[mutant.breaks] == "must"
    async with deployment(tmp_path, make_app=stage.make_app) as running:
        if stage.prepare is not None:
            stage.prepare(running.lab)
        outcome = await judge(
            running.config,
            tmp_path / "report",
            only=[mutant.breaks],
            options=() if must else ("--fail-on", "should"),
        )
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
    commands = [exchange["curl"] for item in failures for exchange in item["exchanges"]]
    assert any("curl " in command for command in commands), failures
    if mutant.class_.startswith("device") and mutant.difference:
        assert any(item["device"] for item in failures), failures
