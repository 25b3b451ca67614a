"""junit.xml: a suite for each profile, a case for each requirement, for CI servers that read this format."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable

from contract_tests.report.curl import curl
from contract_tests.report.json_report import utc_text
from contract_tests.report.model import SOURCE_WORDS, RunInfo, explanation, headline
from contract_tests.verdicts import RequirementResult, RunResult, fails

LONGEST_CURL = 4_000
HARNESS = "harness"

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(info: RunInfo, result: RunResult) -> bytes:
    """The document, UTF-8.

    What keeps the deployment from conforming is a `failure`; not verified and waived are `skipped` with their
    reason; a warning is a passing case whose `system-out` says so. What the harness itself could not do is an
    `error` of the suite `harness`. Characters that XML forbids are replaced by U+FFFD.
    """
    root = ET.Element("testsuites", name="portal-contract", time=_seconds(result.summary.seconds))
    by_profile: dict[str, list[RequirementResult]] = defaultdict(list)
    for item in result.requirements:
        by_profile[item.requirement.profile].append(item)
    for profile, items in by_profile.items():
        suite = _element(root, "testsuite", name=profile, timestamp=utc_text(info.started_at))
        properties = _element(suite, "properties")
        for name, value in _properties(info, result):
            _element(properties, "property", name=name, value=value)
        for item in items:
            _case(suite, info, result, item)
    if result.problems:
        suite = _element(root, "testsuite", name=HARNESS, timestamp=utc_text(info.started_at))
        for problem in result.problems:
            case = _element(suite, "testcase", classname=HARNESS, name=problem.test or "run", time="0.000")
            first_line = problem.message.partition("\n")[0]
            kind = "fatal problem" if problem.fatal else "problem"
            _element(case, "error", problem.message, message=first_line, type=kind)
    _count(root, list(root))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _properties(info: RunInfo, result: RunResult) -> Iterable[tuple[str, str]]:
    yield "target", info.base_url
    yield "generation", info.generation
    yield "run", info.run_id
    yield "seed", str(info.seed)
    yield "verdict", headline(result)
    yield "explanation", explanation(info, result)


def _case(suite: ET.Element, info: RunInfo, result: RunResult, item: RequirementResult) -> None:
    requirement = item.requirement
    keys = {key for judgement in item.evidence for key in judgement.exchanges}
    elapsed = sum(result.exchanges[key].elapsed for key in keys if key in result.exchanges)
    case = _element(
        suite,
        "testcase",
        classname=requirement.profile,
        name=f"{requirement.id} {requirement.statement}",
        time=_seconds(elapsed),
    )
    first_line = item.reason.partition("\n")[0]
    if fails(item, info.fail_on):
        _element(case, "failure", _account(info, result, item), message=first_line, type=requirement.level)
    elif item.verdict == "not verified":
        _element(case, "skipped", message=f"not verified: {item.reason}")
    elif item.verdict == "waived":
        _element(case, "skipped", message=f"waived: {item.reason}")
    elif item.verdict == "warned":
        _element(case, "system-out", f"WARNED: {_account(info, result, item)}")


def _account(info: RunInfo, result: RunResult, item: RequirementResult) -> str:
    """What was observed, how to see it again, and what the router held."""
    requirement = item.requirement
    lines = [
        item.reason,
        "",
        f"requirement: {requirement.id} ({requirement.level})",
        f"source: {SOURCE_WORDS[requirement.source.kind]}: {requirement.source.where}",
    ]
    for judgement in item.evidence[:1]:
        for key in judgement.exchanges:
            if key in result.exchanges:
                exchange = result.exchanges[key]
                answer = exchange.error or "no answer" if exchange.status is None else str(exchange.status)
                line = curl(exchange)
                if len(line) > LONGEST_CURL:
                    line = f"{exchange.method} {exchange.url}  (the curl line is long: report.json holds it)"
                lines += ["", f"# {exchange.purpose}: {answer}", line]
        if judgement.device:
            lines += ["", "router:", *(f"  {row}" for row in judgement.device)]
    lines += ["", f"seed: {info.seed}", f"replay: {info.replay_command(requirement.id)}"]
    return "\n".join(lines)


def _count(root: ET.Element, suites: list[ET.Element]) -> None:
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in suites:
        counts = {
            "tests": len(suite.findall("testcase")),
            "failures": len(suite.findall("testcase/failure")),
            "errors": len(suite.findall("testcase/error")),
            "skipped": len(suite.findall("testcase/skipped")),
        }
        for name, count in counts.items():
            suite.set(name, str(count))
            totals[name] += count
        suite.set("time", _seconds(sum(float(case.get("time", "0")) for case in suite.findall("testcase"))))
    for name, count in totals.items():
        root.set(name, str(count))


def _element(parent: ET.Element, name: str, body: str | None = None, /, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, {key: _legal(value) for key, value in attributes.items()})
    if body is not None:
        element.text = _legal(body)
    return element


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)


def _seconds(value: float) -> str:
    return f"{value:.3f}"
