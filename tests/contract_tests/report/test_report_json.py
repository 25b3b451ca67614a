"""report.json against its schema and against the run it tells of."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from contract_tests.report.json_report import to_json
from contract_tests.report.model import RunInfo
from contract_tests.report.read import ReportError, load_report
from contract_tests.verdicts import RunResult

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text())


def problems(report: dict[str, Any]) -> list[str]:
    validator = jsonschema_rs.validator_for(SCHEMA)
    return [f"{error.instance_path}: {error.message[:200]}" for error in validator.iter_errors(report)]


@pytest.mark.parametrize("kind", ["failing", "waived", "conforming", "unjudged"])
def test_every_report_keeps_the_schema(kind: str, info: RunInfo, request: pytest.FixtureRequest) -> None:
    report = to_json(info, request.getfixturevalue(kind))
    assert problems(report) == []
    assert json.loads(json.dumps(report, ensure_ascii=False).encode("utf-8")) == report


def test_schema_notices_damage(info: RunInfo, failing: RunResult) -> None:
    report = to_json(info, failing)
    report["requirements"][0]["verdict"] = "perhaps"
    del report["summary"]["passed"]
    report["surprise"] = 1
    assert len(problems(report)) == 3


def test_keys_that_scripts_rely_on(info: RunInfo, failing: RunResult) -> None:
    report = to_json(info, failing)
    assert report["schema_version"] == "1.0"
    assert report["conforms"] is False
    assert report["judged"] is True
    assert report["verdict"] == "does not conform"
    assert report["summary"] == {
        "passed": 2,
        "failed": 3,
        "warned": 1,
        "not_verified": 4,
        "waived": 0,
        "requests": 4,
        "seconds": 83.4,
    }
    assert report["profiles"] == {
        "core": "failed",
        "images": "failed",
        "device": "not verified",
        "guest": "not verified",
    }
    assert report["seed"] == 20260301
    assert report["target"]["base_url"] == "http://127.0.0.1:8000/captive"
    assert report["started_at"] == "2026-03-01T09:30:00.000Z"


def test_a_failure_carries_its_proof(info: RunInfo, failing: RunResult) -> None:
    item = next(item for item in to_json(info, failing)["requirements"] if item["id"] == "INST-CREATE-02")
    assert item["replay"] == "portal-contract replay portal-contract-report/report.json INST-CREATE-02"
    assert item["source"] == {"kind": "documented", "where": "page “Create an instance”"}
    assert (item["checks"], item["requests"], len(item["evidence"])) == (2, 3, 2)
    first = item["evidence"][0]
    assert first["device"][0].startswith("- /ip/hotspot add")
    assert [exchange["key"] for exchange in first["exchanges"]] == ["w0-1", "w0-22"]
    sent = first["exchanges"][0]
    assert json.loads(sent["request"]["body"]["text"])["session_ttl"] == 3600
    assert sent["request"]["headers"][0] == ["Authorization", "Bearer [redacted]"]
    assert sent["response"]["status"] == 201
    assert sent["curl"].startswith("curl -sS -i ")


def test_bodies_keep_every_byte(info: RunInfo, failing: RunResult) -> None:
    items = {item["id"]: item for item in to_json(info, failing)["requirements"]}
    large = items["IMG-UPLOAD-01"]["evidence"][0]["exchanges"][0]
    assert base64.b64decode(large["request"]["body"]["base64"]) == bytes(range(256)) * 4096
    assert large["request"]["body"]["size"] == 1_048_576
    assert large["response"] is None
    assert large["error"] == "the connection was reset while the body was sent"
    broken = items["INST-CREATE-03"]["evidence"][0]["exchanges"][0]
    assert base64.b64decode(broken["response"]["body"]["base64"]).startswith(b"<h1>\xff\xfe broken</h1>")


def test_options_of_any_type_become_json(info_with: Callable[..., RunInfo], conforming: RunResult) -> None:
    info = info_with(options={"dir": Path("out"), "only": ("A*",), "seen": {"b", "a"}, "half": "x\ud800y"})
    report = to_json(info, conforming)
    assert report["options"] == {"dir": "out", "only": ["A*"], "seen": ["a", "b"], "half": "x\ufffdy"}
    assert problems(report) == []


def test_load_report_reads_file_and_directory(tmp_path: Path, info: RunInfo, conforming: RunResult) -> None:
    report = to_json(info, conforming)
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert load_report(tmp_path) == load_report(tmp_path / "report.json") == report


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "no report of portal-contract"),
        ('{"schema_version": "9.0"}', "has schema_version 9.0, and this version reads 1.0"),
        ('{"schema_version": "1.4"}', "`requirements` is missing"),
    ],
)
def test_load_report_says_what_is_wrong(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "old.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ReportError, match=said) as caught:
        load_report(file)
    assert str(file) in str(caught.value)
