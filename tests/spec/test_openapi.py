"""The OpenAPI document is valid, complete, says where each statement comes from, and agrees with itself."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openapi_spec_validator
import prance
import pytest
from ruamel.yaml import YAML

import spec

Node = dict[str, Any]

DOCUMENT = Path(spec.__file__).with_name("openapi.yaml")
METHODS = ("get", "post", "put", "delete")
SOURCES = ("documented", "inferred")
FORMATS = {"binary", "date-time", "ipv4", "uri", "uuid", "ip-network", "ip-or-network", "time-zone"}

OPERATIONS = {
    "listInstances": ("get", "/instances"),
    "createInstance": ("post", "/instances"),
    "getInstance": ("get", "/instances/{instanceId}"),
    "updateInstance": ("put", "/instances/{instanceId}"),
    "deleteInstance": ("delete", "/instances/{instanceId}"),
    "uploadInstanceImage": ("post", "/instances/{instanceId}/images/{type}"),
    "listAuthIntegrations": ("get", "/auth-integrations"),
    "createAuthIntegration": ("post", "/auth-integrations"),
    "getAuthIntegration": ("get", "/auth-integrations/{authIntegrationId}"),
    "updateAuthIntegration": ("put", "/auth-integrations/{authIntegrationId}"),
    "deleteAuthIntegration": ("delete", "/auth-integrations/{authIntegrationId}"),
    "listCoupons": ("get", "/instances/{instanceId}/coupons"),
    "createCoupons": ("post", "/instances/{instanceId}/coupons"),
    "listCouponSchedules": ("get", "/instances/{instanceId}/coupon-schedules"),
    "createCouponSchedule": ("post", "/instances/{instanceId}/coupon-schedules"),
    "getCouponSchedule": ("get", "/instances/{instanceId}/coupon-schedules/{scheduleId}"),
    "updateCouponSchedule": ("put", "/instances/{instanceId}/coupon-schedules/{scheduleId}"),
    "deleteCouponSchedule": ("delete", "/instances/{instanceId}/coupon-schedules/{scheduleId}"),
    "generateCouponUrl": ("get", "/instances/{instanceId}/coupon-schedules/{scheduleId}/generate_url"),
    "runCouponSchedule": ("post", "/instances/{instanceId}/coupon-schedules/{scheduleId}/run"),
    "listWalledGardenEntries": ("get", "/walled-garden/{siteId}"),
    "createWalledGardenEntry": ("post", "/walled-garden/{siteId}"),
    "getWalledGardenEntry": ("get", "/walled-garden/{siteId}/{walledGardenEntryId}"),
    "updateWalledGardenEntry": ("put", "/walled-garden/{siteId}/{walledGardenEntryId}"),
    "deleteWalledGardenEntry": ("delete", "/walled-garden/{siteId}/{walledGardenEntryId}"),
    "listSiteUsers": ("get", "/site-users/{siteId}"),
    "disconnectSiteUser": ("delete", "/site-users/{siteId}/{siteUserId}"),
    "retrieveSharedCoupons": ("get", "/coupons"),
}

# No page of the API reference shows these.
INFERRED_OPERATIONS = {
    "deleteInstance",
    "createAuthIntegration",
    "deleteAuthIntegration",
    "createCouponSchedule",
    "getCouponSchedule",
    "runCouponSchedule",
    "listWalledGardenEntries",
    "updateWalledGardenEntry",
    "listSiteUsers",
    "disconnectSiteUser",
}


def load(version: str) -> Node:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = version
    loaded: Node = yaml.load(f"%YAML {version}\n---\n" + DOCUMENT.read_text(encoding="utf-8"))
    return loaded


RAW = load("1.2")
RESOLVED: Node = prance.ResolvingParser(
    str(DOCUMENT), backend="openapi-spec-validator", strict=True
).specification
SCHEMAS: Node = RESOLVED["components"]["schemas"]


def operations() -> Iterator[tuple[str, Node, Node]]:
    """Yields (path, path item, operation) with all references resolved."""
    for path, item in RESOLVED["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, item, item[method]


BY_ID: dict[str, Node] = {operation["operationId"]: operation for _, _, operation in operations()}


def parameters_of(operation_id: str) -> list[Node]:
    for _, item, operation in operations():
        if operation["operationId"] == operation_id:
            return [*item.get("parameters", []), *operation.get("parameters", [])]
    raise KeyError(operation_id)


def subschemas(schema: Node, where: str) -> Iterator[tuple[str, Node]]:
    yield where, schema
    for name, child in schema.get("properties", {}).items():
        yield from subschemas(child, f"{where}.{name}")
    if "items" in schema:
        yield from subschemas(schema["items"], f"{where}[]")


ALL_SUBSCHEMAS = [pair for name, schema in SCHEMAS.items() for pair in subschemas(schema, name)]


def test_openapi_validator_accepts_the_document() -> None:
    openapi_spec_validator.validate(RAW)


def test_the_head_names_the_api() -> None:
    assert RAW["openapi"] == "3.0.3"
    assert (RAW["info"]["title"], RAW["info"]["version"]) == ("Altostrat Captive Portal API", "1.0.0")
    assert [server["url"] for server in RAW["servers"]] == ["https://v1.api.altostrat.io/captive"]
    assert [tag["name"] for tag in RAW["tags"]] == [
        "Captive Portal Instances",
        "Auth Integrations",
        "Coupons",
        "Coupon Schedules",
        "Walled Garden",
        "Site Users",
        "Public Coupon URLs",
    ]


def test_yaml_1_1_and_1_2_readers_see_the_same() -> None:
    assert load("1.1") == RAW


def test_there_are_no_anchors() -> None:
    assert not re.search(r"(?m)(^|[:\-] )[&*][A-Za-z]", DOCUMENT.read_text(encoding="utf-8"))


def test_every_operation_is_there_once() -> None:
    found = [
        (operation["operationId"], (method, path))
        for path, item in RAW["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    assert len(found) == len(OPERATIONS) == 28
    assert dict(found) == OPERATIONS


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_an_operation_is_described(operation_id: str) -> None:
    operation = BY_ID[operation_id]
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"][0] in [tag["name"] for tag in RAW["tags"]]
    assert len(operation["tags"]) == 1
    if OPERATIONS[operation_id][0] in ("post", "put") and operation_id != "runCouponSchedule":
        assert operation["requestBody"]["required"] is True


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_an_operation_says_where_it_comes_from(operation_id: str) -> None:
    operation = BY_ID[operation_id]
    assert operation["x-source"] == ("inferred" if operation_id in INFERRED_OPERATIONS else "documented")
    assert ("externalDocs" in operation) == (operation["x-source"] == "documented")
    for parameter in parameters_of(operation_id):
        assert parameter["x-source"] in SOURCES
    if "requestBody" in operation:
        assert operation["requestBody"]["x-source"] in SOURCES
    for status, response in operation["responses"].items():
        assert response["x-source"] in SOURCES, status
        assert response["description"], status
        for header in response.get("headers", {}).values():
            assert header["x-source"] in SOURCES, status
        if "content" in response and status < "300":
            assert response["x-body-source"] in SOURCES, status


def test_only_the_image_upload_has_a_documented_success_code() -> None:
    documented = {
        (operation["operationId"], status)
        for operation in BY_ID.values()
        for status, response in operation["responses"].items()
        if status < "400" and response["x-source"] == "documented"
    }
    assert documented == {("uploadInstanceImage", "202")}


def test_only_five_error_codes_are_documented() -> None:
    documented = {
        status
        for operation in BY_ID.values()
        for status, response in operation["responses"].items()
        if status >= "400" and response["x-source"] == "documented"
    }
    assert documented == {"400", "401", "403", "404", "500"}


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_an_operation_has_the_errors_that_can_happen(operation_id: str) -> None:
    operation = BY_ID[operation_id]
    expected = {"401", "403", "429", "500"}
    if parameters_of(operation_id) or "requestBody" in operation:
        expected.add("400")
    if any(parameter["in"] == "path" for parameter in parameters_of(operation_id)):
        expected.add("404")
    if "requestBody" in operation:
        expected |= {"413", "415"}
    if operation_id == "deleteAuthIntegration":
        expected.add("409")
    failing = {status: response for status, response in operation["responses"].items() if status >= "400"}
    assert expected <= set(failing)
    assert set(failing) - expected <= {"404", "410"}
    for response in failing.values():
        assert response["content"]["application/json"]["schema"] == SCHEMAS["ErrorResponse"]
    assert "Retry-After" in failing["429"]["headers"]


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_an_operation_asks_for_a_token_unless_it_is_public(operation_id: str) -> None:
    security = BY_ID[operation_id].get("security", RAW["security"])
    assert security == ([] if operation_id == "retrieveSharedCoupons" else [{"bearerAuth": []}])


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_path_parameters_are_declared(operation_id: str) -> None:
    declared = [parameter["name"] for parameter in parameters_of(operation_id) if parameter["in"] == "path"]
    assert declared == re.findall(r"\{(\w+)\}", OPERATIONS[operation_id][1])
    assert all(p["required"] for p in parameters_of(operation_id) if p["in"] == "path")


def test_every_json_body_has_an_example() -> None:
    bare = [
        (operation["operationId"], place)
        for operation in BY_ID.values()
        for place, holder in {"request": operation.get("requestBody", {}), **operation["responses"]}.items()
        for media_type, media in holder.get("content", {}).items()
        if media_type == "application/json" and not media.get("examples")
    ]
    assert bare == []


@pytest.mark.parametrize(("where", "schema"), ALL_SUBSCHEMAS, ids=[where for where, _ in ALL_SUBSCHEMAS])
def test_a_schema_agrees_with_itself(where: str, schema: Node) -> None:
    properties = schema.get("properties", {})
    if "." not in where and "[" not in where:
        assert schema["x-source"] in SOURCES
    assert schema.get("description") or where.endswith("[]")
    assert "additionalProperties" not in schema
    assert set(schema.get("required", [])) <= set(properties)
    assert set(schema.get("x-inferred-required", [])) <= set(schema.get("required", []))
    assert set(schema.get("x-inferred", [])) <= set(schema)
    assert schema.get("format", "uri") in FORMATS
    if schema["type"] == "array":
        assert "type" in schema["items"]
    if None in schema.get("enum", []):
        assert schema["nullable"] is True
    for name, condition in schema.get("x-required-when", {}).items():
        assert name in properties
        assert name not in schema.get("required", [])
        assert_condition(condition, properties)
    for child in properties.values():
        assert_condition(child.get("x-applies-when", {}), {**properties_around(schema), **properties})


def properties_around(schema: Node) -> Node:
    """The properties beside a nested object, such as the type beside a config."""
    return {
        name: child
        for holder in SCHEMAS.values()
        if schema in holder["properties"].values()
        for name, child in holder["properties"].items()
    }


def assert_condition(condition: Node, properties: Node) -> None:
    for name, value in condition.items():
        assert value in properties[name]["enum"]


def test_no_answer_can_carry_the_client_secret() -> None:
    holders = {where for where, schema in ALL_SUBSCHEMAS if where.endswith(".client_secret")}
    for where, schema in ALL_SUBSCHEMAS:
        if where in holders:
            assert schema["writeOnly"] is True
    assert not any(where.startswith(("AuthIntegration.", "AuthIntegrationConfig.")) for where in holders)
    assert holders


def test_resources_name_operations_parameters_and_properties() -> None:
    resources = {
        item["x-resource"]["name"]: (path, item["x-resource"])
        for path, item in RESOLVED["paths"].items()
        if "x-resource" in item
    }
    assert set(resources) == {
        "instance",
        "auth-integration",
        "coupon",
        "coupon-schedule",
        "walled-garden-entry",
        "site-user",
    }
    for path, resource in resources.values():
        collection = BY_ID[resource["collection"]]
        member = collection["responses"]["200"]["content"]["application/json"]["schema"]["items"]
        assert OPERATIONS[resource["collection"]] == ("get", path)
        for role in ("item", "update", "delete"):
            if role in resource:
                assert OPERATIONS[resource[role]][1] == f"{path}/{{{resource['parameter']}}}"
        if "create" in resource:
            assert OPERATIONS[resource["create"]] == ("post", path)
        for name in [resource["identifier"], *resource["read-only"], *resource["references"]]:
            node = member
            for part in name.split("."):
                node = node["properties"][part]
        assert set(resource["references"].values()) <= set(resources)
        assert set(resource.get("parent", {}).values()) <= {*resources, "site"}
        assert list(resource.get("parent", {})) == re.findall(r"\{(\w+)\}", path)


def test_links_lead_to_operations_with_their_parameters() -> None:
    for operation in BY_ID.values():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                target = {p["name"]: p for p in parameters_of(link["operationId"])}
                assert set(link["parameters"]) <= set(target)
                left = {n for n, p in target.items() if p["in"] == "path"} - set(link["parameters"])
                assert left <= {"type"}
                for expression in link["parameters"].values():
                    assert_expression(expression, operation, response)


def assert_expression(expression: str, operation: Node, response: Node) -> None:
    own = {parameter["name"] for parameter in parameters_of(operation["operationId"])}
    if expression.startswith("$request.path."):
        assert expression.removeprefix("$request.path.") in own
    else:
        assert expression == "$response.body#/id"
        assert "id" in response["content"]["application/json"]["schema"]["required"]


def test_every_component_is_used() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    unused = [
        f"{kind}/{name}"
        for kind, members in RAW["components"].items()
        if kind != "securitySchemes"
        for name in members
        if f"'#/components/{kind}/{name}'" not in text
    ]
    assert unused == []
