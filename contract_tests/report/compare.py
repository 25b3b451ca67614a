"""What changed between two runs, requirement by requirement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from contract_tests.report.bodies import visible

# From best to worst. A verdict that became "not verified" is neither: see `Comparison.unproven`.
_ORDER = {"passed": 0, "not verified": 1, "warned": 2, "waived": 3, "failed": 4}


@dataclass(frozen=True, slots=True)
class Change:
    """A requirement whose verdict is another one in the new run."""

    id: str
    statement: str
    old: str
    new: str
    reason: str  # of the new run


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    `unproven` holds what the old run could tell and the new one could not: the deployment may be as it was.
    `same` counts requirements whose verdict did not change, by verdict. `only_old` and `only_new` are ids
    that the other run did not select. `notes` say what besides the verdicts differs (target, catalogue, …).
    """

    worse: tuple[Change, ...]
    better: tuple[Change, ...]
    unproven: tuple[Change, ...]
    same: Mapping[str, int]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    notes: tuple[str, ...]


_NOTED = (
    ("target", lambda report: report.get("target", {}).get("base_url")),
    ("generation", lambda report: report.get("target", {}).get("generation")),
    ("requirement catalogue", lambda report: report.get("catalogue_version")),
    ("specification", lambda report: str(report.get("spec_sha256", ""))[:12]),
    ("capabilities", lambda report: ", ".join(report.get("capabilities", []))),
)


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    """Compare two reports as `read.load_report` gives them, in the order of the new one."""
    before = {item["id"]: item for item in old["requirements"]}
    after = {item["id"]: item for item in new["requirements"]}
    worse, better, unproven = [], [], []
    same: Counter[str] = Counter()
    for identifier, item in after.items():
        if identifier not in before:
            continue
        was, now = before[identifier]["verdict"], item["verdict"]
        change = Change(identifier, item["statement"], was, now, item["reason"])
        if was == now:
            same[now] += 1
        elif now == "not verified":
            unproven.append(change)
        elif _ORDER[now] > _ORDER[was]:
            worse.append(change)
        else:
            better.append(change)
    return Comparison(
        worse=tuple(worse),
        better=tuple(better),
        unproven=tuple(unproven),
        same=dict(same),
        only_old=tuple(identifier for identifier in before if identifier not in after),
        only_new=tuple(identifier for identifier in after if identifier not in before),
        notes=tuple(
            f"{name}: {value(old) or 'none'} → {value(new) or 'none'}"
            for name, value in _NOTED
            if value(old) != value(new)
        ),
    )


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print what got worse, what got better, and one line of counts."""
    for note in comparison.notes:
        console.print(Text(visible(f"differs besides the verdicts, {note}"), style="yellow"))
    for title, changes, style in (
        ("Worse", comparison.worse, "red"),
        ("Better", comparison.better, "green"),
        ("No longer verified", comparison.unproven, "yellow"),
    ):
        if changes:
            console.print(Text(f"{title} ({len(changes)})", style=f"bold {style}"))
        for change in changes:
            console.print(
                Text.assemble(
                    ("  " + change.id, style), f"  {change.old} → {change.new}  ", visible(change.statement)
                ),
                highlight=False,
            )
            if change.new != "passed":
                first_line = visible(change.reason.partition("\n")[0])
                console.print(Text("    " + first_line, style="bright_black"), highlight=False)
    for title, ids in (
        ("Only in the old run", comparison.only_old),
        ("Only in the new run", comparison.only_new),
    ):
        if ids:
            console.print(Text(f"{title} ({len(ids)}): {visible(', '.join(ids))}"), highlight=False)
    unchanged = ", ".join(f"{count} {verdict}" for verdict, count in sorted(comparison.same.items()))
    console.print(
        Text(
            f"{len(comparison.worse)} worse, {len(comparison.better)} better, "
            f"{len(comparison.unproven)} no longer verified, {sum(comparison.same.values())} the same"
            + (f" ({unchanged})" if unchanged else "")
        ),
        highlight=False,
    )
