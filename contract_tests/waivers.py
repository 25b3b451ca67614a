"""Failures that somebody answers for: waivers with a reason and an expiry, and the failures of a baseline report."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract_tests.config import ConfigError
from contract_tests.report.read import load_report
from spec.catalogue import Catalogue


class WaiverEntry(BaseModel):
    """One `[[waivers]]` table of a waiver file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)  # a requirement, or a glob over requirements
    reason: str = Field(min_length=1)
    expires: date
    ticket: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    waivers: list[WaiverEntry] = []


def read_waivers(path: Path, catalogue: Catalogue, today: date) -> dict[str, str]:
    """Requirement id -> reason, of all waivers that have not expired by `today`.

    Raises `ConfigError` for a file that cannot be read, an entry without reason or expiry, or an id that names no
    requirement.
    """
    try:
        entries = _File.model_validate(tomllib.loads(path.read_text("utf-8"))).waivers
    except OSError as error:
        raise ConfigError(f"{path}: the waiver file cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path}: {where}: {first['msg']}; a waiver has an id, a reason and a date of expiry"
        ) from None
    reasons: dict[str, str] = {}
    for entry in entries:
        matched = catalogue.select(only=[entry.id])
        if not matched:
            if any(fnmatchcase(identifier, entry.id) for identifier in catalogue.absent):
                continue  # one file may serve several generations
            raise ConfigError(
                f"{path}: {entry.id} is no requirement; `portal-contract requirements` lists them"
            )
        if all(
            fnmatchcase(requirement.id, entry.id)
            for requirement in catalogue
            if requirement.profile == "core"
        ):
            raise ConfigError(
                f"{path}: {entry.id} waives the whole profile core; name the requirements instead"
            )
        if entry.expires < today:
            continue
        text = f"waived until {entry.expires}: {entry.reason}" + (
            f" ({entry.ticket})" if entry.ticket else ""
        )
        for requirement in matched:
            reasons.setdefault(requirement.id, text)
    return reasons


def read_baseline(path: Path) -> dict[str, str]:
    """Requirement id -> reason, for everything that failed in an earlier report. Raises `ReportError`."""
    report: Mapping[str, Any] = load_report(path)
    entries: Sequence[Mapping[str, Any]] = report["requirements"]
    return {
        str(entry["id"]): f"failed in the baseline too: {entry.get('reason', '')}"
        for entry in entries
        if entry.get("verdict") in ("failed", "waived")
    }
