"""From the schemas of an OpenAPI 3.0 document to JSON Schema, in two readings.

The document marks what no page of the API says: `x-source: inferred` beside a property, `x-inferred: [keyword, …]`
beside single keywords, `x-inferred-required: [name, …]` beside a `required` list. The *strict* reading keeps all of
it (our own implementations owe it), the *documented* reading drops it (what somebody else's deployment owes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs

Schema = Mapping[str, Any]

_KEPT_KEYWORDS = frozenset(
    {
        "type", "format", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
        "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "required", "properties", "items",
        "additionalProperties", "allOf", "anyOf", "oneOf", "not", "minProperties", "maxProperties",
    }
)  # fmt: skip
_NEVER_VALIDATED = frozenset({"binary", "byte", "password", "int32", "int64", "float", "double"})


def to_json_schema(schema: Schema, *, documented_only: bool = False, write: bool = False) -> dict[str, Any]:
    """JSON Schema (2020-12) of a resolved OpenAPI 3.0 schema.

    `documented_only` drops what is inferred. `write` reads the schema as a request body: read-only properties are
    taken out (a deployment may ignore or refuse them); otherwise write-only ones are forbidden, since an answer
    never contains them.
    """
    inferred = set(schema.get("x-inferred", ())) if documented_only else set()
    result: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword not in _KEPT_KEYWORDS or keyword in inferred:
            continue
        match keyword:
            case "properties":
                result[keyword] = _properties(value, documented_only, write)
            case "items" | "not":
                result[keyword] = to_json_schema(value, documented_only=documented_only, write=write)
            case "additionalProperties" if isinstance(value, Mapping):
                result[keyword] = to_json_schema(value, documented_only=documented_only, write=write)
            case "allOf" | "anyOf" | "oneOf":
                result[keyword] = [
                    to_json_schema(part, documented_only=documented_only, write=write) for part in value
                ]
            case "required":
                loose = set(schema.get("x-inferred-required", ())) if documented_only else set()
                hidden = {
                    name
                    for name, part in schema.get("properties", {}).items()
                    if part.get("readOnly" if write else "writeOnly")
                }
                result[keyword] = [name for name in value if name not in loose | hidden]
            case "format" if value in _NEVER_VALIDATED:
                continue
            case _:
                result[keyword] = value
    if schema.get("nullable"):
        _allow_null(result)
    return result


def _properties(properties: Mapping[str, Schema], documented_only: bool, write: bool) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, schema in properties.items():
        if write and schema.get("readOnly"):
            continue
        if not write and schema.get("writeOnly"):
            result[name] = False
        elif documented_only and schema.get("x-source") == "inferred":
            result[name] = {}
        else:
            result[name] = to_json_schema(schema, documented_only=documented_only, write=write)
    return result


def _allow_null(schema: dict[str, Any]) -> None:
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]


class Validator:
    """A compiled schema; `errors` gives sentences such as `session_ttl: 5 is less than the minimum of 1200`."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = dict(schema)
        self._compiled = jsonschema_rs.Draft202012Validator(self.schema, validate_formats=True)

    def is_valid(self, instance: object) -> bool:
        return bool(self._compiled.is_valid(instance))

    def errors(self, instance: object, *, at_most: int = 5) -> list[str]:
        sentences = []
        for error in self._compiled.iter_errors(instance):
            where = ".".join(str(part) for part in error.instance_path)
            sentences.append(f"{where}: {error.message}" if where else error.message)
            if len(sentences) == at_most:
                break
        return sentences
