"""Whole runs against a lab in another process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import contract_tests
from contract_tests.ledger import read_ledger
from tests.system.between import Seen, between
from tests.system.processes import Lab, call, environment, report, verdicts

SCHEMA = Path(contract_tests.__file__).parents[1] / "docs" / "report.schema.json"
ESC = "\x1b"


@pytest.fixture(scope="module")
def core(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the core profile: its working directory, with the report in `report`."""
    directory = tmp_path_factory.mktemp("core")
    done = call("run", "--config", lab.path, "--profile", "core", "--report-dir", "report", cwd=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    (directory / "terminal.txt").write_text(done.stdout, "utf-8")
    return directory


@pytest.fixture(scope="module")
def witnessed(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a few checks that use pictures, the routers and the tokens."""
    directory = tmp_path_factory.mktemp("witnessed")
    only = ("AUTH-02", "IMG-01", "DEV-GUARD-01", "DEV-HYGIENE-01")
    chosen = [word for identifier in only for word in ("--only", identifier)]
    done = call("run", "-v", "--config", lab.path, *chosen, "--report-dir", "report", cwd=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    (directory / "terminal.txt").write_text(done.stdout + done.stderr, "utf-8")
    return directory


def test_the_lab_conforms_and_stays_as_it_was(core: Path, lab: Lab, untouched: dict[str, Any]) -> None:
    found = verdicts(core / "report")
    assert set(found.values()) == {"passed"}
    assert lab.instances() == []
    assert lab.routers() == untouched


def test_a_second_run_gives_the_same_verdicts(core: Path, lab: Lab, tmp_path: Path) -> None:
    done = call("run", "--config", lab.path, "--profile", "core", "--report-dir", "again", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts(tmp_path / "again") == verdicts(core / "report")
    compared = call("compare", core / "report", tmp_path / "again" / "report.json", cwd=tmp_path)
    assert compared.returncode == 0, compared.stdout + compared.stderr


def test_two_workers_give_the_same_verdicts(core: Path, lab: Lab, tmp_path: Path) -> None:
    done = call(
        "run", "--config", lab.path, "--profile", "core", "--workers", 2, "--report-dir", "r", cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts(tmp_path / "r") == verdicts(core / "report")
    assert {path.name for path in (tmp_path / "r" / "events").iterdir()} == {"gw0.jsonl", "gw1.jsonl"}


def test_the_report_directory_holds_what_is_promised(core: Path, lab: Lab) -> None:
    directory = core / "report"
    data = report(directory)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_bytes())).validate(data)
    assert data["conforms"] is True
    assert data["summary"]["passed"] == len(data["requirements"])
    assert data["profiles"] == {"core": "passed"}
    assert data["target"]["base_url"] == lab.base_url
    html = (directory / "report.html").read_text("utf-8")
    assert html.lstrip().lower().startswith("<!doctype html")
    suites = ET.parse(directory / "junit.xml").getroot()  # noqa: S314 - written by the run itself
    cases = [case.get("name") or "" for case in suites.iter("testcase")]
    assert len(cases) == len(data["requirements"])
    assert not list(suites.iter("failure"))
    log = json.loads((directory / "exchanges.har").read_bytes())["log"]
    assert log["version"] == "1.2"
    assert len(log["entries"]) == data["summary"]["requests"]
    entries = [json.loads(line) for line in (directory / "ledger.jsonl").read_text("utf-8").splitlines()]
    created = {entry["id"] for entry in entries if entry["event"] == "created"}
    assert created
    assert read_ledger(directory / "ledger.jsonl")[1] == ()  # what lies below a deleted instance went with it


def test_every_name_that_was_given_carries_the_tag(core: Path) -> None:
    entries = (core / "report" / "ledger.jsonl").read_text("utf-8").splitlines()
    header, *rest = (json.loads(line) for line in entries)
    assert re.fullmatch(r"contract-[0-9a-f]{6}", header["tag"])
    names = [entry["name"] for entry in rest if entry["event"] == "created" and entry["name"]]
    assert names
    assert all(name.startswith(header["tag"]) for name in names)


@pytest.mark.parametrize("run", ["core", "witnessed"])
def test_no_secret_is_in_any_file_nor_on_the_terminal(
    run: str, lab: Lab, request: pytest.FixtureRequest
) -> None:
    directory: Path = request.getfixturevalue(run)
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert {"report.json", "report.html", "run.toml", "pytest.log", "terminal.txt"} <= {p.name for p in files}
    for path in files:
        content = path.read_bytes()
        for secret in lab.secrets:
            assert secret.encode() not in content, path.name
            assert json.dumps(secret)[1:-1].encode() not in content, path.name


def test_the_files_are_not_written_for_the_whole_world_where_they_hold_exchanges(core: Path) -> None:
    for path in (core / "report" / "ledger.jsonl", *(core / "report" / "events").iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_run_needs_no_checkout_and_leaves_nothing_else(witnessed: Path) -> None:
    assert {path.name for path in witnessed.iterdir()} == {"report", "terminal.txt"}


def test_a_run_that_only_reads(lab: Lab, tmp_path: Path) -> None:
    with between(lab.base_url) as recorder:
        done = call(
            "run", "--config", lab.path, "--base-url", recorder.base_url, "--profile", "core", "--read-only",
            "--report-dir", "r", cwd=tmp_path,
        )  # fmt: skip
    assert {seen.method for seen in recorder.seen} <= {"GET", "HEAD", "OPTIONS"}
    assert done.returncode == 0, done.stdout + done.stderr
    found = verdicts(tmp_path / "r")
    assert found["AUTH-03"] == "passed"
    assert found["INST-CREATE-01"] == "not verified"


def test_a_run_without_routers(lab: Lab, untouched: dict[str, Any], tmp_path: Path) -> None:
    done = call(
        "run", "--config", lab.path, "--no-device", "--only", "DEV-GUARD-01", "--only", "AUTH-03",
        "--report-dir", "r", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    entries = {entry["id"]: entry for entry in report(tmp_path / "r")["requirements"]}
    assert entries["DEV-GUARD-01"]["verdict"] == "not verified"
    assert "--no-device" in entries["DEV-GUARD-01"]["reason"]


def test_a_budget_bounds_the_requests(lab: Lab, tmp_path: Path) -> None:
    with between(lab.base_url) as recorder:
        done = call(
            "run", "--config", lab.path, "--base-url", recorder.base_url, "--profile", "core", "--budget", 40,
            "--report-dir", "r", cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    assert "budget" in done.stdout
    preflight = 1
    assert sum(seen.method != "DELETE" for seen in recorder.seen) <= 40 + preflight
    reasons = [entry["reason"] for entry in report(tmp_path / "r")["requirements"]]
    assert "the budget of requests is used up" in reasons


def test_a_time_limit_ends_the_run(lab: Lab, tmp_path: Path) -> None:
    done = call(
        "run", "--config", lab.path, "--profile", "core", "--time-limit", 1, "--rate", "20/s",
        "--report-dir", "r", cwd=tmp_path, timeout=30,
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    assert "time limit" in done.stdout
    assert report(tmp_path / "r")["conforms"] is False


def test_no_requirement_fails_for_want_of_budget_or_time(lab: Lab, tmp_path: Path) -> None:
    for option, value in (("--budget", 15), ("--time-limit", 0.5)):
        done = call("run", "--config", lab.path, option, value, "--report-dir", "r", cwd=tmp_path)
        assert done.returncode == 3, done.stdout + done.stderr
        assert "failed" not in set(verdicts(tmp_path / "r").values())


_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TAG = re.compile(r"contract-[0-9a-f]{6}")


def masked(seen: list[Seen]) -> list[tuple[str, str, str]]:
    """Requests without what a run cannot foresee: ids that the target gives out, and its own tag."""
    return [
        (
            request.method,
            _ID.sub("ID", request.path),
            _TAG.sub("TAG", _ID.sub("ID", request.body.decode("latin-1"))),
        )
        for request in seen
    ]


def test_the_seed_alone_decides_what_is_sent(lab: Lab, tmp_path: Path) -> None:
    sent: list[list[tuple[str, str, str]]] = []
    for seed in (7, 7, 8):  # the same one twice, then another
        with between(lab.base_url) as recorder:
            done = call(
                "run", "--config", lab.path, "--base-url", recorder.base_url, "--seed", seed,
                "--only", "INST-CREATE-02", "--report-dir", "r",
                cwd=tmp_path,
            )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        sent.append(masked(recorder.seen))
    assert sent[0] == sent[1]
    assert sent[0] != sent[2]


def test_plain_pytest_runs_the_suite(lab: Lab, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "--pyargs", "contract_tests.suite", "--import-mode=importlib",
            f"--portal-contract-config={lab.path}", f"--portal-contract-report-dir={tmp_path / 'r'}",
            "-p", "no:cacheprovider", "-k", "other_credentials", "-q", f"--rootdir={tmp_path}",
        ],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    assert not any(secret in done.stdout + done.stderr for secret in lab.secrets)


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("contract_tests.suite", 4, "the suite needs --portal-contract-config FILE"),
        ("contract_tests", 5, "no tests ran"),
    ],
)
def test_without_its_option_pytest_has_nothing_to_do(
    tmp_path: Path, target: str, code: int, words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--pyargs", target, "-p", "no:cacheprovider", "-q"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [((), {"NO_COLOR": "1", "FORCE_COLOR": "1"}), (("--no-color",), {"FORCE_COLOR": "1"})],
)
def test_no_colour_where_none_is_wanted(
    lab: Lab, tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str]
) -> None:
    def printed(*more: str, **variables: str) -> str:
        return call(
            "run",
            "--config",
            lab.path,
            "--only",
            "AUTH-03",
            "--report-dir",
            "r",
            *more,
            cwd=tmp_path,
            **variables,
        ).stdout

    # Colours are escape sequences with numbers of colours; without colours a terminal may still get bold type.
    coloured = re.compile(rf"{ESC}\[[0-9;]*(3[0-9]|9[0-7])[0-9;]*m")
    assert not coloured.search(printed(*arguments, **environ))
    assert ESC not in printed()


def test_quiet_says_only_the_verdict(lab: Lab, tmp_path: Path) -> None:
    done = call("run", "-q", "--config", lab.path, "--only", "AUTH-03", "--report-dir", "r", cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.strip().splitlines()) <= 2
    assert "Conforms" in done.stdout


def test_the_embedded_lab_needs_no_arguments(tmp_path: Path) -> None:
    done = call("run", "--only", "AUTH-03", cwd=tmp_path, PORTAL_CONTRACT_TOKEN="a token for another target")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "portal-contract-report" / "report.json").exists()
    replayed = call("replay", "portal-contract-report", "AUTH-03", cwd=tmp_path)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert re.search(r"^PASSED +AUTH-03$", replayed.stdout, re.MULTILINE)
    assert [path.name for path in tmp_path.iterdir()] == ["portal-contract-report"]


def test_nothing_to_replay(core: Path, lab: Lab, tmp_path: Path) -> None:
    done = call("replay", core / "report", "--config", lab.path, cwd=tmp_path)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert "Nothing failed" in done.stdout
    unknown = call("replay", core / "report", "IMG-01", "--config", lab.path, cwd=tmp_path)
    assert unknown.returncode == 2
    assert "has no requirement IMG-01" in unknown.stderr
