"""Two runs side by side."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from contract_tests.report.compare import Change, compare, print_comparison
from contract_tests.report.json_report import to_json
from contract_tests.report.model import RunInfo
from contract_tests.verdicts import RunResult


def report(verdicts: dict[str, str], **changes: Any) -> dict[str, Any]:
    requirements = [
        {"id": name, "statement": f"statement of {name}", "verdict": verdict, "reason": f"{verdict}!\nmore"}
        for name, verdict in verdicts.items()
    ]
    target = {"base_url": "http://a", "generation": "v1", "sites": []}
    return {"requirements": requirements, "target": target, **changes}


@pytest.mark.parametrize(
    ("was", "now", "where"),
    [
        ("passed", "failed", "worse"),
        ("passed", "warned", "worse"),
        ("passed", "waived", "worse"),
        ("not verified", "failed", "worse"),
        ("warned", "failed", "worse"),
        ("failed", "passed", "better"),
        ("failed", "warned", "better"),
        ("waived", "passed", "better"),
        ("not verified", "passed", "better"),
        ("passed", "not verified", "unproven"),
        ("failed", "not verified", "unproven"),
    ],
)
def test_each_change_has_its_place(was: str, now: str, where: str) -> None:
    comparison = compare(report({"A": was}), report({"A": now}))
    change = Change("A", "statement of A", was, now, f"{now}!\nmore")
    assert {name: getattr(comparison, name) for name in ("worse", "better", "unproven")} == {
        "worse": (),
        "better": (),
        "unproven": (),
        where: (change,),
    }
    assert comparison.same == {}


def test_same_and_one_sided() -> None:
    old = report({"A": "passed", "B": "passed", "C": "failed", "OLD": "passed"})
    new = report({"A": "passed", "B": "passed", "C": "failed", "NEW": "failed"})
    comparison = compare(old, new)
    assert comparison.same == {"passed": 2, "failed": 1}
    assert comparison.only_old == ("OLD",)
    assert comparison.only_new == ("NEW",)
    assert comparison.notes == ()


def test_print() -> None:
    old = report({"A": "passed", "B": "failed", "C": "passed", "D": "passed"})
    new = report(
        {"A": "failed", "B": "passed", "C": "not verified", "D": "passed", "E": "passed"},
        target={"base_url": "http://b", "generation": "v1", "sites": []},
    )
    output = io.StringIO()
    print_comparison(Console(file=output, width=100, color_system=None, _environ={}), compare(old, new))
    assert output.getvalue().splitlines() == [
        "differs besides the verdicts, target: http://a → http://b",
        "Worse (1)",
        "  A  passed → failed  statement of A",
        "    failed!",
        "Better (1)",
        "  B  failed → passed  statement of B",
        "No longer verified (1)",
        "  C  passed → not verified  statement of C",
        "    not verified!",
        "Only in the new run (1): E",
        "1 worse, 1 better, 1 no longer verified, 1 the same (1 passed)",
    ]


def test_real_reports_compare(info: RunInfo, failing: RunResult, conforming: RunResult) -> None:
    comparison = compare(to_json(info, conforming), to_json(info, failing))
    assert [change.id for change in comparison.worse] == ["INST-CREATE-02", "INST-CREATE-03"]
    assert comparison.same == {"passed": 1}
    assert len(comparison.only_new) == 7
