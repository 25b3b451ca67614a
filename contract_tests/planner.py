"""Plans request bodies from a schema: boundaries, and one violation for each documented constraint. Pure.

What is planned is known to be valid or invalid by the documented part of the contract alone, so that a deployment
that answers otherwise is wrong whatever it chose where the documents are silent.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

CaseKind = Literal["bound", "missing", "type", "enum", "format"]

# One value of each JSON type that is wrong for the documented type; no null, which optional properties may take.
_WRONG: Mapping[str, tuple[Any, ...]] = {
    "string": (12345, True, ["text"], {"text": "text"}),
    "integer": ("3600", 3600.5, True, [3600], {"seconds": 3600}),
    "object": ("text", 12345, ["text"]),
    "array": ("text", 12345, {"text": "text"}),
    "boolean": ("true", 1),
}

# Texts that no reading of a documented format allows, and texts that every reading does. Host bits, IPv6 and names of
# hosts are left out: whether they are taken is for the deployment to say.
_FORMATS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ip-or-network": (
        ("192.0.2.7", "198.51.100.0/24", "203.0.113.9/32"),
        ("256.1.1.1", "192.0.2", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/24/8", "192.0.2.1-192.0.2.9", ""),
    ),
    "time-zone": (("UTC", "Australia/Sydney"), ("Mars/Olympus_Mons", "Australia/", "")),
    "uuid": ((), ("42", "not-a-uuid", "00000000-0000-0000-0000-00000000000g")),
}


@dataclass(frozen=True, slots=True)
class PlannedBody:
    """A body and what the contract says of it. `what` tells a person how it differs from a plain valid body."""

    kind: CaseKind
    property: str
    valid: bool
    what: str
    changes: Mapping[str, Any]  # put over a valid body; `...` takes the property out
    within: str = ""  # the property of the body that the changes are put over, if not the body itself


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def applied(body: Mapping[str, Any], case: PlannedBody) -> dict[str, Any]:
    """A valid body made into the planned one."""
    if case.within:
        return {**body, case.within: _changed(body[case.within], case.changes)}
    return _changed(body, case.changes)


def thinned(cases: Iterable[PlannedBody], *, each: int) -> Iterator[PlannedBody]:
    """At most `each` cases of one kind for one property: enough where requests are dear."""
    seen: Counter[tuple[str, str, str, bool]] = Counter()
    for case in cases:
        about = case.within, case.property, case.kind, case.valid
        seen[about] += 1
        if seen[about] <= each:
            yield case


def _changed(body: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**body, **changes}.items() if value is not ...}


def plan(
    schema: Mapping[str, Any], situation: Mapping[str, Any], *, nested: str = ""
) -> Iterator[PlannedBody]:
    """The planned bodies for an operation's documented request schema (resolved OpenAPI form).

    `situation` holds the property values that every planned body has (such as strategy coupon): properties whose
    constraints apply in another situation alone (`x-applies-when`) are left out, and those that it asks for
    (`x-required-when`) are required. The properties of the object `nested` are planned too.
    """
    required = set(schema.get("required", ())) - set(schema.get("x-inferred-required", ()))
    conditional = schema.get("x-required-when", {})
    required |= {name for name, when in conditional.items() if _holds(when, situation)}
    if nested:
        for case in plan(schema["properties"][nested], situation):
            yield dataclasses.replace(case, within=nested, what=f"{nested}.{case.what}")
    for name, part in schema.get("properties", {}).items():
        if part.get("readOnly") or part.get("x-source") == "inferred" or not _applies(part, situation):
            continue
        if name in required:
            yield PlannedBody("missing", name, False, f"{name} left out", {name: ...})
        yield from _for_property(name, part, required=name in required)
        if name not in conditional or name in required:
            yield from _for_format(name, part)


def _applies(part: Mapping[str, Any], situation: Mapping[str, Any]) -> bool:
    return _holds(part.get("x-applies-when", {}), situation)


def _holds(when: Mapping[str, Any], situation: Mapping[str, Any]) -> bool:
    return all(situation.get(key) == value for key, value in when.items())


def _for_format(name: str, part: Mapping[str, Any]) -> Iterator[PlannedBody]:
    if "format" in part.get("x-inferred", ()):
        return
    good, bad = _FORMATS.get(part.get("format", ""), ((), ()))
    for value in good:
        yield PlannedBody("format", name, True, f"{name} {_short(value)}", {name: value})
    for value in bad:
        yield PlannedBody("format", name, False, f"{name} {_short(value)}", {name: value})


def _for_property(name: str, part: Mapping[str, Any], *, required: bool) -> Iterator[PlannedBody]:
    inferred = set(part.get("x-inferred", ()))
    documented = {key: value for key, value in part.items() if key not in inferred}

    for keyword, beyond in (("minimum", -1), ("maximum", 1)):
        if keyword in documented:
            bound = documented[keyword]
            yield PlannedBody("bound", name, True, f"{name} {bound}", {name: bound})
            yield PlannedBody("bound", name, False, f"{name} {bound + beyond}", {name: bound + beyond})
    if "enum" in documented:
        # Some read an empty text as null.
        empty = () if part.get("nullable") else ("",)
        for wrong in ("unheard-of", *empty, str(documented["enum"][0]).upper() + "X"):
            yield PlannedBody("enum", name, False, f"{name} {_short(wrong)}", {name: wrong})
    kind = documented.get("type")
    if isinstance(kind, str):
        for wrong in _WRONG.get(kind, ()):
            yield PlannedBody("type", name, False, f"{name} {_short(wrong)}", {name: wrong})
    if required and not part.get("nullable"):
        yield PlannedBody("type", name, False, f"{name} null", {name: None})
