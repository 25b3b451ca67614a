"""From OpenAPI schemas to JSON Schema, in the strict and in the documented reading."""

from __future__ import annotations

from typing import Any

import pytest

from spec.schema import Validator, to_json_schema

INSTANCE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name", "ttl"],
    "x-inferred-required": ["ttl"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "readOnly": True},
        "name": {"type": "string", "maxLength": 5, "x-inferred": ["maxLength"], "example": "n"},
        "ttl": {"type": "integer", "minimum": 1200},
        "secret": {"type": "string", "writeOnly": True},
        "note": {"type": "string", "nullable": True, "x-source": "inferred"},
    },
}
ID = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"


def valid(instance: Any, **reading: bool) -> bool:
    return Validator(to_json_schema(INSTANCE, **reading)).is_valid(instance)


@pytest.mark.parametrize(
    ("instance", "strict", "documented"),
    [
        ({"id": ID, "name": "n", "ttl": 1200}, True, True),
        ({"id": ID, "name": "n"}, False, True),
        ({"id": ID, "name": "longer", "ttl": 1200}, False, True),
        ({"id": ID, "name": "n", "ttl": 1200, "note": 7}, False, True),
        ({"id": ID, "name": "n", "ttl": 1200, "note": None}, True, True),
        ({"id": ID, "name": 7, "ttl": 1200}, False, False),
        ({"id": ID, "name": "n", "ttl": 1199}, False, False),
        ({"id": ID, "name": None, "ttl": 1200}, False, False),
        ({"id": "one", "name": "n", "ttl": 1200}, False, False),
        ({"name": "n", "ttl": 1200}, False, False),
        ({"id": ID, "name": "n", "ttl": 1200, "secret": "s"}, False, False),
        ({"id": ID, "name": "n", "ttl": 1200, "unknown": 1}, True, True),
    ],
)
def test_two_readings_of_an_answer(instance: Any, strict: bool, documented: bool) -> None:
    assert valid(instance) is strict
    assert valid(instance, documented_only=True) is documented


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ({"name": "n", "ttl": 1200}, True),
        ({"name": "n", "ttl": 1200, "secret": "s"}, True),
        ({"name": "n", "ttl": 1200, "id": 7}, True),  # a deployment may ignore what it owns
        ({"ttl": 1200}, False),
        ({"name": "n", "ttl": 1200, "secret": 7}, False),
    ],
)
def test_a_request_body(instance: Any, expected: bool) -> None:
    assert valid(instance, write=True) is expected


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True}, [None, "x"], [1]),
        ({"type": "string", "enum": ["a"], "nullable": True}, [None, "a"], ["b"]),
        ({"type": "array", "items": {"type": "integer", "nullable": True}}, [[], [1, None]], [["x"]]),
        ({"additionalProperties": {"type": "integer"}}, [{}, {"a": 1}], [{"a": "x"}]),
        ({"additionalProperties": False}, [{}], [{"a": 1}]),
        ({"allOf": [{"minLength": 2}, {"maxLength": 3}]}, ["ab"], ["a", "abcd"]),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, ["a", 1], [None]),
        ({"oneOf": [{"minimum": 1}, {"maximum": 5}]}, [0, 9], [3]),
        ({"not": {"type": "string"}}, [1], ["x"]),
        ({"type": "string", "format": "binary"}, ["anything"], [1]),
        ({"type": "string", "format": "date-time"}, ["2030-01-02T12:00:00Z"], ["2030-01-02 12:00"]),
        ({"type": "string", "discriminator": {}, "example": 7, "xml": {}}, ["x"], [7]),
    ],
)
def test_keywords(schema: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    validator = Validator(to_json_schema(schema))
    assert all(validator.is_valid(instance) for instance in good)
    assert not any(validator.is_valid(instance) for instance in bad)


def test_an_inferred_format_is_dropped_from_the_documented_reading() -> None:
    schema = {"items": {"type": "string", "format": "uuid", "x-inferred": ["format"]}}
    assert not Validator(to_json_schema(schema)).is_valid(["x"])
    assert Validator(to_json_schema(schema, documented_only=True)).is_valid(["x"])


def test_nothing_but_json_schema_is_left() -> None:
    kept = to_json_schema(INSTANCE)
    assert set(kept) == {"type", "required", "properties"}
    assert set(kept["properties"]["name"]) == {"type", "maxLength"}
    assert "nullable" not in kept["properties"]["note"]


def test_errors_are_sentences_with_their_place() -> None:
    validator = Validator({"properties": {"sites": {"items": {"properties": {"id": {"type": "string"}}}}}})
    (error,) = validator.errors({"sites": [{}, {"id": 7}]})
    assert error == 'sites.1.id: 7 is not of type "string"'
    assert validator.errors({}) == []


def test_no_more_errors_than_asked_for() -> None:
    validator = Validator({"items": {"type": "string"}})
    assert len(validator.errors(list(range(20)))) == 5
    assert len(validator.errors(list(range(20)), at_most=2)) == 2


def test_the_schema_that_was_given_is_not_changed() -> None:
    kept = repr(INSTANCE)
    to_json_schema(INSTANCE, documented_only=True, write=True)
    assert repr(INSTANCE) == kept
