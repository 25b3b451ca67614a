"""Whole runs against the older generations of the API, which the lab serves beside v1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spec.loader import load_contract
from tests.system.processes import Lab, call, report, running, verdicts

# What each of them has otherwise than v1.
CHOSEN = {
    "root": ("GARDEN-*", "LINK-*"),
    "spa": ("INST-LOCALE-*", "INST-CREATE-11", "INST-GET-02", "INT-CREATE-04", "GARDEN-CREATE-*"),
}


def base_of(lab: Lab, generation: str) -> str:
    return f"{lab.base_url.removesuffix('/captive')}/{generation}"


@pytest.mark.parametrize("generation", CHOSEN)
def test_the_lab_conforms_in_each_generation(lab: Lab, tmp_path: Path, generation: str) -> None:
    base_url = base_of(lab, generation)
    path = lab.variant(tmp_path / "lab.toml", target={"base_url": base_url, "generation": generation})
    chosen = [word for glob in CHOSEN[generation] for word in ("--only", glob)]
    done = call("run", "--config", path, *chosen, "--seed", 1, "--report-dir", "report", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"generation {generation}" in done.stdout
    expected = load_contract(generation).catalogue.select(only=CHOSEN[generation])
    assert verdicts(tmp_path / "report").keys() == {requirement.id for requirement in expected}
    assert report(tmp_path / "report")["target"]["generation"] == generation
    har = json.loads((tmp_path / "report" / "exchanges.har").read_bytes())
    urls = {entry["request"]["url"] for entry in har["log"]["entries"]}
    assert urls
    # Signed links alone lead to where v1 is.
    assert all(url.startswith(base_url) or "/captive/" in url for url in urls)


def test_the_embedded_lab_serves_what_is_asked_for(tmp_path: Path) -> None:
    words = (
        "--generation",
        "spa",
        "--only",
        "INST-LOCALE-02",
        "--only",
        "INST-LOCALE-01",
        "--report-dir",
        "report",
    )
    done = call("run", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    data = report(tmp_path / "report")
    assert data["target"]["base_url"].endswith("/spa")
    har = json.loads((tmp_path / "report" / "exchanges.har").read_bytes())
    updates = [
        entry["response"]["status"] for entry in har["log"]["entries"] if entry["request"]["method"] == "PUT"
    ]
    assert 202 in updates
    again = call("replay", "report", "INST-LOCALE-02", cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "PASSED  INST-LOCALE-02" in again.stdout
    assert report(tmp_path / "report" / "replay")["target"]["generation"] == "spa"


def test_one_generation_is_not_mistaken_for_another(lab: Lab, tmp_path: Path) -> None:
    """The walled garden of root, asked for where v1 is: no path of it exists there."""
    path = lab.variant(tmp_path / "lab.toml", target={"generation": "root"})
    done = call("run", "--config", path, "--only", "GARDEN-*", "--report-dir", "report", cwd=tmp_path)
    assert done.returncode in (1, 3), done.stdout + done.stderr
    assert "passed" not in verdicts(tmp_path / "report").values()


def test_a_lab_for_one_generation_writes_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    with running("lab", "--write-config", path, "--generation", "root", "--sites", 1, cwd=tmp_path) as child:
        child.until(path.exists, "the lab has written its configuration")
        listed = call("run", "--config", path, "--only", "AUTH-03", "--report-dir", "report", cwd=tmp_path)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    target = report(tmp_path / "report")["target"]
    assert target["generation"] == "root"
    assert target["base_url"].endswith("/root")
