"""Failures that somebody answers for: what a waiver must say, and how long it holds."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from contract_tests.config import ConfigError
from contract_tests.report.read import ReportError
from contract_tests.waivers import read_baseline, read_waivers
from spec.loader import Contract, load_contract

TODAY = date(2030, 6, 15)


def waivers(tmp_path: Path, text: str, api: Contract) -> dict[str, str]:
    path = tmp_path / "waivers.toml"
    path.write_text(text, "utf-8")
    return read_waivers(path, api.catalogue, TODAY)


def entry(identifier: str, expires: str = "2030-12-31", **more: str) -> str:
    lines = [f'id = "{identifier}"', 'reason = "known"', f"expires = {expires}"]
    return "\n".join(["[[waivers]]", *lines, *(f'{key} = "{value}"' for key, value in more.items()), ""])


def test_one_file_may_serve_several_generations(tmp_path: Path) -> None:
    text = entry("IMG-*") + entry("AUTH-05")
    assert list(waivers(tmp_path, text, load_contract("spa"))) == ["AUTH-05"]


@pytest.mark.parametrize(
    ("expires", "holds"), [("2030-06-14", False), ("2030-06-15", True), ("2030-06-16", True)]
)
def test_a_waiver_holds_through_its_last_day(
    tmp_path: Path, api: Contract, expires: str, holds: bool
) -> None:
    assert ("AUTH-05" in waivers(tmp_path, entry("AUTH-05", expires), api)) is holds


def test_the_reason_is_shown_with_its_end_and_ticket(tmp_path: Path, api: Contract) -> None:
    found = waivers(tmp_path, entry("AUTH-05", ticket="NET-7"), api)
    assert found == {"AUTH-05": "waived until 2030-12-31: known (NET-7)"}


def test_a_glob_waives_what_it_matches_and_the_first_entry_speaks(tmp_path: Path, api: Contract) -> None:
    text = entry("IMG-01", ticket="first") + entry("IMG-*")
    found = waivers(tmp_path, text, api)
    assert set(found) == {item.id for item in api.catalogue if item.id.startswith("IMG-")}
    assert "first" in found["IMG-01"]


def test_no_entry_is_no_waiver(tmp_path: Path, api: Contract) -> None:
    assert waivers(tmp_path, "", api) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[waivers", "not valid TOML"),
        ('[[waivers]]\nid = "AUTH-05"\nreason = "r"', "waivers.0.expires"),
        ('[[waivers]]\nid = "AUTH-05"\nexpires = 2030-12-31', "waivers.0.reason"),
        ('[[waivers]]\nid = "AUTH-05"\nreason = ""\nexpires = 2030-12-31', "waivers.0.reason"),
        ('[[waivers]]\nid = "AUTH-05"\nreason = "r"\nexpires = "soon"', "waivers.0.expires"),
        ('[[waivers]]\nid = "AUTH-05"\nreason = "r"\nexpires = 2030-12-31\nuntil = 1', "waivers.0.until"),
        ('[[waiver]]\nid = "AUTH-05"', "waiver"),
        (entry("NO-SUCH-*"), "NO-SUCH-* is no requirement"),
        (entry("*"), "waives the whole profile core"),
    ],
)
def test_a_waiver_that_cannot_be_used(tmp_path: Path, api: Contract, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        waivers(tmp_path, text, api)
    assert words in str(caught.value)
    assert "waivers.toml" in str(caught.value)


def test_a_waiver_file_that_is_not_there(tmp_path: Path, api: Contract) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_waivers(tmp_path / "nowhere.toml", api.catalogue, TODAY)


def test_a_baseline_knows_what_failed_and_what_was_waived(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    verdicts = {
        "A-01": "failed",
        "A-02": "waived",
        "A-03": "passed",
        "A-04": "warned",
        "A-05": "not verified",
    }
    entries = [{"id": key, "verdict": value, "reason": "because"} for key, value in verdicts.items()]
    path.write_text(json.dumps({"schema_version": "1.0", "requirements": entries}), "utf-8")
    assert read_baseline(path) == dict.fromkeys(("A-01", "A-02"), "failed in the baseline too: because")


def test_a_baseline_that_is_no_report(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("{}", "utf-8")
    with pytest.raises(ReportError):
        read_baseline(path)
