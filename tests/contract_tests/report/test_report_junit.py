"""junit.xml as a CI server reads it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from contract_tests.report.junit import to_junit
from contract_tests.report.model import RunInfo
from contract_tests.verdicts import RunResult


def parse(document: bytes) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 - made here, by the code under test


def cases(document: bytes) -> dict[str, ET.Element]:
    return {case.get("name", "").split(" ")[0]: case for case in parse(document).iter("testcase")}


def test_counts_and_suites(info: RunInfo, failing: RunResult) -> None:
    root = parse(to_junit(info, failing))
    assert [suite.get("name") for suite in root] == ["core", "images", "device", "guest", "harness"]
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "11",
        "failures": "3",
        "errors": "1",
        "skipped": "4",
    }
    core = root[0]
    assert (core.get("tests"), core.get("failures")) == ("4", "2")
    properties = {item.get("name"): item.get("value") for item in core.iter("property")}
    assert properties["target"] == "http://127.0.0.1:8000/captive"
    assert properties["verdict"] == "does not conform"


def test_a_failure_tells_how_to_see_it_again(info: RunInfo, failing: RunResult) -> None:
    case = cases(to_junit(info, failing))["INST-CREATE-02"]
    assert case.get("classname") == "core"
    assert case.get("name") == "INST-CREATE-02 A name that is already taken is refused with 409."
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == "expected: 409 for a name that is taken"
    text = failure.text or ""
    assert "observed: 201, and two instances" in text
    assert text.count("curl -sS -i ") == 2
    assert "  - /ip/hotspot add name=pc-9f1c-1" in text
    assert "replay: portal-contract replay portal-contract-report/report.json INST-CREATE-02" in text


def test_warned_passes_and_says_so(info: RunInfo, failing: RunResult) -> None:
    case = cases(to_junit(info, failing))["INST-ERR-04"]
    assert [child.tag for child in case] == ["system-out"]
    assert (case.findtext("system-out") or "").startswith("WARNED: expected a JSON object")


def test_warned_fails_where_should_counts(info_with: Callable[..., RunInfo], failing: RunResult) -> None:
    case = cases(to_junit(info_with(fail_on="should"), failing))["INST-ERR-04"]
    assert [child.tag for child in case] == ["failure"]


def test_gaps_are_skipped_with_their_reason(info: RunInfo, failing: RunResult) -> None:
    skipped = cases(to_junit(info, failing))["GUEST-LOGIN-01"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "not verified: needs guests, and the target offers none"


def test_waived_are_skipped_with_their_reason(info: RunInfo, waived: RunResult) -> None:
    case = cases(to_junit(info, waived))["INST-CREATE-02"]
    assert [child.tag for child in case] == ["skipped"]
    assert case[0].get("message") == "waived: accepted until 2026-06-01: vendor fix is on its way"


@pytest.mark.parametrize("kind", ["failing", "unjudged"])
def test_problems_are_errors_of_the_harness(kind: str, info: RunInfo, request: pytest.FixtureRequest) -> None:
    root = parse(to_junit(info, request.getfixturevalue(kind)))
    error = root.find("testsuite[@name='harness']/testcase/error")
    assert error is not None
    assert error.text


def test_illegal_characters_are_replaced(info: RunInfo, failing: RunResult) -> None:
    document = to_junit(info, failing)
    assert b"\x00" not in document
    assert b"\x1b" not in document
    failure = cases(document)["INST-CREATE-03"].find("failure")
    assert failure is not None
    assert "</script><script>alert(1)</script> ]]> & \ufffd \ufffd[31m" in (failure.text or "")


def test_long_lines_are_left_to_the_json(info: RunInfo, failing: RunResult) -> None:
    document = to_junit(info, failing)
    assert len(document) < 30_000
    failure = cases(document)["IMG-UPLOAD-01"].find("failure")
    assert failure is not None
    assert "report.json holds it" in (failure.text or "")
