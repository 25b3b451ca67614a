"""Plans request bodies from a schema: boundaries, and one violation for each documented constraint. Pure.

What is planned is known to be valid or invalid by the documented part of the contract alone, so that a deployment
that answers otherwise is wrong whatever it chose where the documents are silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

CaseKind = Literal["bound", "missing", "type", "enum"]

# One value of each JSON type that is wrong for the documented type; no null, which optional properties may take.
_WRONG: Mapping[str, tuple[Any, ...]] = {
    "string": (12345, True, ["text"], {"text": "text"}),
    "integer": ("3600", 3600.5, True, [3600], {"seconds": 3600}),
    "object": ("text", 12345, ["text"]),
    "array": ("text", 12345, {"text": "text"}),
    "boolean": ("true", 1),
}


@dataclass(frozen=True, slots=True)
class PlannedBody:
    """A body and what the contract says of it. `what` tells a person how it differs from a plain valid body."""

    kind: CaseKind
    property: str
    valid: bool
    what: str
    changes: Mapping[str, Any]  # put over a valid body; `...` takes the property out


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def plan(schema: Mapping[str, Any], situation: Mapping[str, Any]) -> Iterator[PlannedBody]:
    """The planned bodies for an operation's documented request schema (resolved OpenAPI form).

    `situation` holds the property values that every planned body has (such as strategy coupon): properties whose
    constraints apply in another situation alone (`x-applies-when`) are left out.
    """
    required = set(schema.get("required", ())) - set(schema.get("x-inferred-required", ()))
    for name, part in schema.get("properties", {}).items():
        if part.get("readOnly") or part.get("x-source") == "inferred" or not _applies(part, situation):
            continue
        if name in required:
            yield PlannedBody("missing", name, False, f"{name} left out", {name: ...})
        yield from _for_property(name, part, required=name in required)


def _applies(part: Mapping[str, Any], situation: Mapping[str, Any]) -> bool:
    return all(situation.get(key) == value for key, value in part.get("x-applies-when", {}).items())


def _for_property(name: str, part: Mapping[str, Any], *, required: bool) -> Iterator[PlannedBody]:
    inferred = set(part.get("x-inferred", ()))
    documented = {key: value for key, value in part.items() if key not in inferred}

    for keyword, beyond in (("minimum", -1), ("maximum", 1)):
        if keyword in documented:
            bound = documented[keyword]
            yield PlannedBody("bound", name, True, f"{name} {bound}", {name: bound})
            yield PlannedBody("bound", name, False, f"{name} {bound + beyond}", {name: bound + beyond})
    if "enum" in documented:
        for wrong in ("unheard-of", "", str(documented["enum"][0]).upper() + "X"):
            yield PlannedBody("enum", name, False, f"{name} {_short(wrong)}", {name: wrong})
    kind = documented.get("type")
    if isinstance(kind, str):
        for wrong in _WRONG.get(kind, ()):
            yield PlannedBody("type", name, False, f"{name} {_short(wrong)}", {name: wrong})
    if required and not part.get("nullable"):
        yield PlannedBody("type", name, False, f"{name} null", {name: None})
