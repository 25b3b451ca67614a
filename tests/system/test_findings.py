"""A deployment that breaks its contract: the verdict, the proof, and what can be done with the report."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.between import Between, Headers, between
from tests.system.processes import Lab, call, environment, report, verdicts

CHOSEN = ("--only", "WIRE-02", "--only", "AUTH-0[35]")


def untyped(method: str, path: str, status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
    """Every success is called plain text (a must), and no 401 tells its scheme (a should)."""
    kept = [(name, value) for name, value in headers if name.lower() != "www-authenticate"]
    if status < 400:
        kept = [(name, "text/plain" if name.lower() == "content-type" else value) for name, value in kept]
    return status, kept, body


@pytest.fixture(scope="module")
def broken(lab: Lab) -> Iterator[Between]:
    """The lab behind something that spoils its answers."""
    with between(lab.base_url, spoil=untyped) as made:
        yield made


@pytest.fixture(scope="module")
def found(lab: Lab, broken: Between, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run against the broken deployment."""
    directory = tmp_path_factory.mktemp("broken")
    done = call(
        "run", "--config", lab.path, "--base-url", broken.base_url, *CHOSEN, "--seed", 5,
        "--report-dir", "report", cwd=directory,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Does not conform" in done.stdout
    assert "WIRE-02" in done.stdout
    assert lab.token not in done.stdout
    return directory / "report"


def test_the_verdict_has_a_proof(found: Path) -> None:
    data = report(found)
    assert data["conforms"] is False
    entries = {entry["id"]: entry for entry in data["requirements"]}
    assert {name: entry["verdict"] for name, entry in entries.items()} == {
        "WIRE-02": "failed",
        "AUTH-03": "passed",
        "AUTH-05": "warned",
    }
    failed = entries["WIRE-02"]
    assert "text/plain" in failed["reason"]
    assert "expected application/json" in failed["reason"]
    assert failed["evidence"][0]["exchanges"]
    assert data["profiles"] == {"core": "failed"}
    failures = [
        case.get("name")
        for case in ET.parse(found / "junit.xml").iter("testcase")  # noqa: S314 - written by the run itself
        if case.find("failure") is not None
    ]
    assert len(failures) == 1
    assert "WIRE-02" in (found / "report.html").read_text("utf-8")


def test_a_curl_line_of_the_proof_sends_the_request_again(found: Path, lab: Lab, broken: Between) -> None:
    (entry,) = (entry for entry in report(found)["requirements"] if entry["id"] == "WIRE-02")
    lines = [exchange["curl"] for proof in entry["evidence"] for exchange in proof["exchanges"]]
    assert all(lab.token not in line for line in lines)
    reading = next(line for line in lines if "instances" in line)
    before = len(broken.seen)
    done = subprocess.run(
        ["bash", "-c", reading],
        env=environment(PORTAL_CONTRACT_TOKEN=lab.token),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(broken.seen) > before
    listed = {instance["id"]: instance for instance in lab.instances()}
    lab.delete(list(listed.values()))  # the line may well have created something


def test_a_replay_judges_what_failed_again(found: Path, lab: Lab) -> None:
    done = call("replay", found / "report.json", cwd=found)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"^FAILED +WIRE-02$", done.stdout, re.MULTILINE)
    assert "AUTH-03" not in verdicts(found / "replay")
    assert report(found / "replay")["seed"] == 5


def test_a_replay_without_the_configuration_takes_secrets_from_the_environment(
    found: Path, lab: Lab, tmp_path: Path
) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(found, copied)
    (copied / "ledger.jsonl").unlink()  # so nothing tells where the configuration was
    incomplete = call("replay", copied, cwd=copied)
    assert incomplete.returncode == 2
    assert "which is not set" in incomplete.stderr
    done = call("replay", copied, cwd=copied, **lab.variables)
    assert done.returncode == 1, done.stdout + done.stderr


def test_a_replay_against_a_mended_deployment(found: Path, lab: Lab) -> None:
    done = call("replay", found, "WIRE-02", "--config", lab.path, cwd=found)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^FIXED +WIRE-02$", done.stdout, re.MULTILINE)


def test_comparing_tells_what_got_worse_and_better(found: Path, lab: Lab, tmp_path: Path) -> None:
    done = call("run", "--config", lab.path, *CHOSEN, "--report-dir", "good", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    worse = call("compare", tmp_path / "good", found, cwd=tmp_path)
    assert worse.returncode == 1
    assert "WIRE-02" in worse.stdout
    better = call("compare", found, tmp_path / "good", cwd=tmp_path)
    assert better.returncode == 0
    assert "WIRE-02" in better.stdout


def judged(lab: Lab, broken: Between, directory: Path, *arguments: object) -> tuple[int, dict[str, str]]:
    done = call(
        "run", "--config", lab.path, "--base-url", broken.base_url, *CHOSEN, "--report-dir", "r", *arguments,
        cwd=directory,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, verdicts(directory / "r")


def test_a_baseline_lets_known_failures_pass(lab: Lab, broken: Between, found: Path, tmp_path: Path) -> None:
    code, now = judged(lab, broken, tmp_path, "--baseline", found / "report.json")
    assert (code, now["WIRE-02"]) == (0, "waived")


@pytest.mark.parametrize(
    ("expires", "code", "verdict"), [("2999-12-31", 0, "waived"), ("2020-01-01", 1, "failed")]
)
def test_a_waiver_holds_until_it_expires(
    lab: Lab, broken: Between, tmp_path: Path, expires: str, code: int, verdict: str
) -> None:
    (tmp_path / "waivers.toml").write_text(
        f'[[waivers]]\nid = "WIRE-02"\nreason = "the gateway is being replaced"\nexpires = {expires}\n',
        "utf-8",
    )
    seen, now = judged(lab, broken, tmp_path, "--waivers", "waivers.toml")
    assert (seen, now["WIRE-02"]) == (code, verdict)


def test_a_should_counts_when_asked_to(lab: Lab, broken: Between, tmp_path: Path) -> None:
    only = ("--only", "AUTH-05")
    lenient = call("run", "--config", lab.path, "--base-url", broken.base_url, *only, cwd=tmp_path)
    strict = call(
        "run", "--config", lab.path, "--base-url", broken.base_url, *only, "--fail-on", "should", cwd=tmp_path
    )
    assert strict.returncode == 1, strict.stdout
    assert lenient.returncode != 1, lenient.stdout


def test_everything_written_about_a_failure_is_free_of_secrets(found: Path, lab: Lab) -> None:
    for path in found.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in lab.secrets:
                assert secret.encode() not in content, path.name
                assert json.dumps(secret)[1:-1].encode() not in content, path.name
