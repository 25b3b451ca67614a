"""Fixtures of the mutants."""

from __future__ import annotations

import pytest

from tests.quality.mutants_stage import Stage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Where a mutant is put on."""
    return Stage(monkeypatch)
