"""Examples fit their schemas, bounds lie where they should, and the documented part alone is never unfair."""

import copy
import ipaddress
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import prance
import pytest

import spec

Node = dict[str, Any]

RESOLVED: Node = prance.ResolvingParser(
    str(Path(spec.__file__).with_name("openapi.yaml")), backend="openapi-spec-validator", strict=True
).specification
SCHEMAS: Node = RESOLVED["components"]["schemas"]
OPERATIONS: list[Node] = [
    operation
    for item in RESOLVED["paths"].values()
    for operation in item.values()
    if isinstance(operation, dict) and "operationId" in operation
]


def nullable_translated(schema: Any) -> Any:
    """OpenAPI 3.0 writes nullable: true where JSON Schema writes a list of types."""
    if isinstance(schema, list):
        return [nullable_translated(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    translated = {key: nullable_translated(value) for key, value in schema.items()}
    if translated.pop("nullable", None) is True:
        translated["type"] = [translated["type"], "null"]
    return translated


def accepts(check: Any, text: str) -> bool:
    try:
        check(text)
    except ValueError:
        return False
    return True


def ip_network(text: str) -> bool:
    return "/" in text and accepts(lambda value: ipaddress.ip_network(value, strict=False), text)


def ip_or_network(text: str) -> bool:
    return ip_network(text) or accepts(ipaddress.ip_address, text)


def time_zone(text: str) -> bool:
    return text in zoneinfo.available_timezones()


FORMATS = {"ip-network": ip_network, "ip-or-network": ip_or_network, "time-zone": time_zone}


def errors(schema: Node, value: Any) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator(
        nullable_translated(schema), validate_formats=True, formats=FORMATS
    )
    return [str(error) for error in validator.iter_errors(value)]


def named_examples() -> Iterator[Any]:
    for operation in OPERATIONS:
        places = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for place, holder in places.items():
            for media in holder.get("content", {}).values():
                for name, example in media.get("examples", {}).items():
                    label = f"{operation['operationId']}-{place}-{name}"
                    yield pytest.param(media["schema"], example["value"], id=label)


@pytest.mark.parametrize(("schema", "value"), list(named_examples()))
def test_a_named_example_fits_its_schema(schema: Node, value: Any) -> None:
    assert errors(schema, value) == []


@pytest.mark.parametrize(
    "parameter", list(RESOLVED["components"]["parameters"].values()), ids=lambda p: p["name"]
)
def test_a_parameter_example_fits_its_schema(parameter: Node) -> None:
    assert errors(parameter["schema"], parameter["schema"]["example"]) == []


def example_of(schema: Node) -> Any:
    """The value that the examples of the properties make together."""
    if "properties" in schema:
        return {name: example_of(child) for name, child in schema["properties"].items()}
    if schema["type"] == "array":
        return [example_of(schema["items"])]
    return "picture" if schema.get("format") == "binary" else schema["example"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_examples_of_the_properties_fit_together(name: str) -> None:
    assert errors(SCHEMAS[name], example_of(SCHEMAS[name])) == []


def label(value: Any) -> str:
    return value if isinstance(value, str) else ""


BOUNDS = [
    # schema, property, accepted, refused
    ("InstanceCreate", "session_ttl", [1200, 604800], [1199, 604801, "43200", 1200.5, None]),
    ("InstanceCreate", "strategy", ["oauth2", "coupon"], ["OAuth2", "none", None]),
    ("InstanceCreate", "auth_integration_id", [None], ["c4d5e6f7", 1]),
    ("InstanceUpdate", "session_ttl", [1200, 604800], [1199, 604801]),
    ("InstanceUpdate", "auth_window_ttl", [120, 900], [119, 901]),
    ("InstanceUpdate", "terms_text", ["", None], [1]),
    ("ThemeWrite", "accent_color", ["#abcdef", "#ABCDEF"], ["abcdef", "#abc", "#abcdeg", "red"]),
    ("SiteWrite", "subnets", [[], ["10.0.0.0/8"]], [["10.0.0.0"], ["10.0.0.0/33"], ["::/0"], "10.0.0.0/8"]),
    ("AuthIntegrationWrite", "type", ["azure", "github", "google"], ["saml2", "Azure", None]),
    ("CouponBatch", "count", [1, 200], [0, 201]),
    ("CouponBatch", "minutes_valid", [1, 90001], [0, -1]),
    ("CouponScheduleWrite", "count", [1, 500], [0, 501]),
    ("CouponScheduleWrite", "valid_for_in_minutes", [1, 90000], [0, 90001]),
    ("CouponScheduleWrite", "day_of_week", [0, 6, None], [-1, 7]),
    ("CouponScheduleWrite", "day_of_month", [1, 31, None], [0, 32]),
    ("CouponScheduleWrite", "timezone", ["UTC", "America/New_York"], ["Mars/Olympus", ""]),
    (
        "WalledGardenEntryWrite",
        "ip_address",
        ["8.8.8.8", "8.8.8.0/24"],
        ["8.8.8", "8.8.8.256", "example.com", "::1"],
    ),
    ("WalledGardenEntryWrite", "type", ["captive-auth", "captive-portal", None], ["captive", ""]),
    ("Coupon", "code", ["8B7W3D", "abcdef"], ["8B7W3", "8B7W3DX", "8B-W3D"]),
]


@pytest.mark.parametrize(("name", "key", "accepted", "refused"), BOUNDS, ids=label)
def test_bounds(name: str, key: str, accepted: list[Any], refused: list[Any]) -> None:
    whole = example_of(SCHEMAS[name])
    for value in accepted:
        assert errors(SCHEMAS[name], {**whole, key: value}) == [], value
    for value in refused:
        assert errors(SCHEMAS[name], {**whole, key: value}) != [], value


def documented_part(schema: Any) -> Any:
    """What is left of a schema without its inferred keywords; a check of this part may never be unfair."""
    if isinstance(schema, list):
        return [documented_part(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    dropped = set(schema.get("x-inferred", [])) - {"nullable"}
    kept = {key: documented_part(value) for key, value in schema.items() if key not in dropped}
    if "required" in kept:
        kept["required"] = [n for n in kept["required"] if n not in schema.get("x-inferred-required", [])]
    return kept


ABSENT = object()


def changed(value: Node, path: str, new: Any) -> Node:
    """A copy of the value with the property at the dotted path replaced or, for ABSENT, left out."""
    whole = copy.deepcopy(value)
    *parents, last = path.split(".")
    holder = whole
    for name in parents:
        holder = holder[name]
    if new is ABSENT:
        del holder[last]
    else:
        holder[last] = new
    return whole


# Answers on which the documentation is silent: any of these may come from a conforming deployment.
OPEN_ANSWERS = [
    ("Instance", "theme.logo", [ABSENT, None, "", "https://cdn.example.net/default.png"]),
    ("Instance", "theme.icon", [ABSENT, None, ""]),
    ("Instance", "theme.accent_color", ["#fff", "rgb(3, 150, 213)", "teal"]),
    ("Instance", "auth_integration_id", [None, "C4D5E6F7-8A9B-0C1D-2E3F-4A5B6C7D8E9F"]),
    ("Instance", "auth_window_ttl", [ABSENT, None, 0]),
    ("Instance", "session_ttl", [43200.0, 900]),
    ("Instance", "terms_text", [ABSENT, None, ""]),
    ("Instance", "preview_url", [ABSENT, None]),
    ("Instance", "created_at", ["2025-10-29T12:00:00.123456Z", "2025-10-29T12:00:00+00:00"]),
    ("Instance", "sites", [[], [{"id": "a1b2c3d4-e5f6-a7b8-c9d0-e1f2a3b4c5d6", "subnets": ["10.5.50.7"]}]]),
    ("Instance", "locale", ["en"]),
    ("AuthIntegration", "config.tenant", [ABSENT, None]),
    ("CouponSchedule", "day_of_week", [ABSENT, None]),
    ("CouponSchedule", "day_of_month", [ABSENT, None]),
    ("CouponSchedule", "last_run_at", [ABSENT, None]),
    ("CouponSchedule", "next_run_at", [ABSENT, None]),
    ("CouponSchedule", "notification_group_id", [ABSENT, None]),
    ("CouponSchedule", "tokens_used_since_last_run", [ABSENT, None]),
    ("CouponSchedule", "tokens_generated_since_last_run", [ABSENT, None]),
    ("CouponSchedule", "tokens_available_since_last_run", [ABSENT, None]),
    ("WalledGardenEntry", "type", [None, "captive-portal"]),
    ("WalledGardenEntry", "ip_address", ["172.217.16.7/24", "0.0.0.0/0", "2001:db8::/32", "203.0.113.9/32"]),
    ("SignedUrl", "signed_url", ["http://127.0.0.1:8000/coupons?sid=1&expires=2&signature=3"]),
    ("ErrorResponse", "doc_url", [ABSENT]),
]


@pytest.mark.parametrize(("name", "path", "answers"), OPEN_ANSWERS, ids=label)
def test_the_documented_part_takes_either_side_of_an_open_question(
    name: str, path: str, answers: list[Any]
) -> None:
    schema = documented_part(SCHEMAS[name])
    for answer in answers:
        assert errors(schema, changed(example_of(SCHEMAS[name]), path, answer)) == [], answer


# Requests whose refusal nobody has documented.
OPEN_REQUESTS = [
    ("InstanceUpdate", "name", [ABSENT, "", "x" * 300]),
    ("InstanceUpdate", "session_ttl", [ABSENT]),
    ("InstanceUpdate", "strategy", [ABSENT]),
    ("ThemeWrite", "accent_color", ["#fff", "teal"]),
    ("CouponBatch", "minutes_valid", [10_000_000]),
    ("CouponScheduleWrite", "notification_group_id", [ABSENT, ""]),
    ("AuthIntegrationWrite", "config.tenant", [ABSENT]),
    ("AuthIntegrationUpdate", "config.client_secret", [ABSENT]),
    ("WalledGardenEntryWrite", "type", [ABSENT, None]),
    ("WalledGardenEntryWrite", "ip_address", ["2001:db8::/32", "172.217.16.7/24"]),
]


@pytest.mark.parametrize(("name", "path", "requests"), OPEN_REQUESTS, ids=label)
def test_the_documented_part_does_not_forbid_open_requests(name: str, path: str, requests: list[Any]) -> None:
    schema = documented_part(SCHEMAS[name])
    for request in requests:
        assert errors(schema, changed(example_of(SCHEMAS[name]), path, request)) == [], request


# Documented facts: these stay wrong when every inference is taken away.
WRONG = [
    ("Instance", "id", [ABSENT, None, 7, "9a7f"]),
    ("Instance", "strategy", [ABSENT, "voucher"]),
    ("Instance", "session_ttl", [ABSENT, "43200", 1200.5]),
    ("Instance", "theme", [ABSENT, None, []]),
    ("Instance", "sites", [ABSENT, None, {}]),
    ("Instance", "created_at", [ABSENT, "29.10.2025", 1761739200]),
    ("InstanceCreate", "name", [ABSENT, None, 7]),
    ("InstanceCreate", "session_ttl", [ABSENT, 1199, 604801]),
    ("InstanceUpdate", "auth_window_ttl", [119, 901]),
    ("AuthIntegration", "test_url", [ABSENT, None]),
    ("AuthIntegrationWrite", "config", [ABSENT, None]),
    ("Coupon", "code", [ABSENT, "8B7W3", "8B7W3D9"]),
    ("Coupon", "redeemed_at", [ABSENT, "yesterday"]),
    ("CouponBatch", "count", [ABSENT, 0, 201]),
    ("CouponBatch", "minutes_valid", [ABSENT, 0]),
    ("CouponSchedule", "instance_id", [ABSENT, None]),
    ("CouponScheduleWrite", "count", [0, 501]),
    ("CouponScheduleWrite", "valid_for_in_minutes", [0, 90001]),
    ("CouponScheduleWrite", "timezone", ["Mars/Olympus"]),
    ("SignedUrl", "signed_url", [ABSENT, None]),
    ("WalledGardenEntryWrite", "ip_address", [ABSENT, "example.com", "10.0.0.0/33"]),
    ("ErrorResponse", "message", [None, ["a", "b"], {}]),
]


@pytest.mark.parametrize(("name", "path", "values"), WRONG, ids=label)
def test_the_documented_part_still_refuses_what_is_wrong(name: str, path: str, values: list[Any]) -> None:
    schema = documented_part(SCHEMAS[name])
    for value in values:
        assert errors(schema, changed(example_of(SCHEMAS[name]), path, value)) != [], value
