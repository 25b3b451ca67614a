"""exchanges.har as a reader of HAR 1.2 takes it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from contract_tests.report.har import to_har
from contract_tests.report.model import RunInfo
from contract_tests.verdicts import RunResult


@pytest.fixture
def entries(info: RunInfo, failing: RunResult) -> list[dict[str, Any]]:
    log = json.loads(to_har(info, failing))["log"]
    assert log["version"] == "1.2"
    assert log["creator"] == {"name": "portal-contract", "version": "0.1.0"}
    found: list[dict[str, Any]] = log["entries"]
    return found


def test_every_exchange_is_there_in_order(entries: list[dict[str, Any]], failing: RunResult) -> None:
    assert len(entries) == len(failing.exchanges)
    times = [entry["startedDateTime"] for entry in entries]
    assert times == sorted(times)
    assert (
        entries[0]["comment"] == "create the first instance [suite/test_instances.py::test_name_taken] w0-1"
    )


@pytest.mark.parametrize("part", ["startedDateTime", "time", "request", "response", "cache", "timings"])
def test_required_parts(entries: list[dict[str, Any]], part: str) -> None:
    assert all(part in entry for entry in entries)


def test_required_fields_of_messages(entries: list[dict[str, Any]]) -> None:
    request = {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"}
    response = {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"}
    for entry in entries:
        assert request <= entry["request"].keys()
        assert response <= entry["response"].keys()
        assert {"size", "mimeType"} <= entry["response"]["content"].keys()


def test_text_and_binary_bodies(entries: list[dict[str, Any]], nasty: str) -> None:
    assert entries[2]["request"]["postData"]["text"] == nasty
    content = entries[2]["response"]["content"]
    assert content["encoding"] == "base64"
    assert base64.b64decode(content["text"]) == b"<h1>\xff\xfe broken</h1>" + nasty.encode()
    upload = entries[3]["request"]
    assert upload["bodySize"] == 1_048_576
    assert upload["postData"]["comment"] == "base64"
    assert base64.b64decode(upload["postData"]["text"]) == bytes(range(256)) * 4096
    assert upload["queryString"] == [{"name": "tags[]", "value": "a"}, {"name": "tags[]", "value": "/"}]


def test_no_answer_is_status_zero(entries: list[dict[str, Any]]) -> None:
    assert entries[3]["response"]["status"] == 0
    assert entries[3]["response"]["comment"] == "the connection was reset while the body was sent"


def test_a_run_without_exchanges_is_a_valid_archive(info: RunInfo, unjudged: RunResult) -> None:
    assert json.loads(to_har(info, unjudged))["log"]["entries"] == []
