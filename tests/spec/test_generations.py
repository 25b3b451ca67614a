"""The documents of the other generations: valid, orderly, and different from v1 where the sources say so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import openapi_spec_validator
import pytest
from ruamel.yaml import YAML

from spec.loader import (
    OVERLAYS,
    ContractError,
    OperationMissingError,
    load_contract,
    openapi_document,
    read_yaml,
)
from spec.schema import Validator, to_json_schema

ID = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
OTHERS = tuple(OVERLAYS)

# The shape of an overlay document, after the tables of the Overlay Specification 1.1.0.
OVERLAY_SHAPE: dict[str, Any] = {
    "type": "object",
    "required": ["overlay", "info", "actions"],
    "additionalProperties": False,
    "properties": {
        "overlay": {"const": "1.1.0"},
        "extends": {"type": "string", "format": "uri-reference"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "additionalProperties": False,
            "properties": {name: {"type": "string"} for name in ("title", "version", "description")},
        },
        "actions": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {
                "type": "object",
                "required": ["target"],
                "additionalProperties": False,
                "properties": {
                    "target": {"type": "string", "pattern": r"^\$"},
                    "description": {"type": "string"},
                    "update": {},
                    "copy": {"type": "string", "pattern": r"^\$"},
                    "remove": {"const": True},
                },
                "oneOf": [{"required": [kind]} for kind in ("update", "copy", "remove")],
            },
        },
    },
}


def ids_of(generation: str) -> dict[str, str]:
    return {operation.id: f"{operation.method} {operation.path}" for operation in load_contract(generation)}


@pytest.mark.parametrize("generation", OTHERS)
def test_an_overlay_has_the_shape_that_other_tools_read(generation: str) -> None:
    data = read_yaml(OVERLAYS[generation])
    jsonschema_rs.validator_for(OVERLAY_SHAPE).validate(data)
    assert (OVERLAYS[generation].parent / data["extends"]).resolve().name == "openapi.yaml"
    assert data == YAML(typ="safe", pure=True).load(OVERLAYS[generation])


@pytest.mark.parametrize("generation", OTHERS)
def test_the_document_is_valid_openapi(generation: str) -> None:
    openapi_spec_validator.validate(openapi_document(generation))
    openapi_spec_validator.validate(dict(load_contract(generation).document))


@pytest.mark.parametrize("generation", OTHERS)
def test_every_component_is_used(generation: str) -> None:
    document = openapi_document(generation)

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from [node["$ref"]] if "$ref" in node else []
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    used = set(references(document))
    kinds = {kind: members for kind, members in document["components"].items() if kind != "securitySchemes"}
    assert {f"#/components/{kind}/{name}" for kind, members in kinds.items() for name in members} == used
    tags = {operation.tag for operation in load_contract(generation)}
    assert [tag["name"] for tag in document["tags"] if tag["name"] not in tags] == []


@pytest.mark.parametrize("generation", OTHERS)
def test_named_examples_fit_the_strict_reading(generation: str) -> None:
    contract = load_contract(generation)
    for operation in contract:
        for holder in (operation.request_body or {}, *operation.responses.values()):
            write = holder is operation.request_body
            for media in holder.get("content", {}).values():
                validator = Validator(to_json_schema(media["schema"], write=write))
                for name, example in media.get("examples", {}).items():
                    assert validator.errors(example["value"]) == [], f"{operation.id}: {name}"


@pytest.mark.parametrize("generation", OTHERS)
def test_parameters_and_links_agree_with_the_paths(generation: str) -> None:
    contract = load_contract(generation)
    for operation in contract:
        assert list(operation.path_parameters.values()) == re.findall(r"{(\w+)}", operation.path)
        assert (operation.documented) == (
            "externalDocs" in contract.document["paths"][operation.path][operation.method.lower()]
        )
        for response in operation.responses.values():
            for link in response.get("links", {}).values():
                target = contract.operations[link["operationId"]]
                assert set(link["parameters"]) <= {parameter["name"] for parameter in target.parameters}
                for expression in link["parameters"].values():
                    name = expression.removeprefix("$request.path.")
                    assert expression == "$response.body#/id" or name in operation.path_parameters.values()


def test_root_has_every_operation_and_some_at_another_path() -> None:
    first, root = ids_of("v1"), ids_of("root")
    assert root.keys() == first.keys()
    assert {name: root[name] for name in root if root[name] != first[name]} == {
        "generateCouponUrl": "GET /instances/{instanceId}/coupon-schedules/{scheduleId}/generate-url",
        "listWalledGardenEntries": "GET /sites/{siteId}/walled-garden-entries",
        "createWalledGardenEntry": "POST /sites/{siteId}/walled-garden-entries",
        "getWalledGardenEntry": "GET /sites/{siteId}/walled-garden-entries/{walledGardenEntryId}",
        "updateWalledGardenEntry": "PUT /sites/{siteId}/walled-garden-entries/{walledGardenEntryId}",
        "deleteWalledGardenEntry": "DELETE /sites/{siteId}/walled-garden-entries/{walledGardenEntryId}",
        "retrieveSharedCoupons": "GET /captive/coupons",
    }


def test_spa_has_three_kinds_of_resources_and_its_own_names() -> None:
    assert ids_of("spa") == {
        "listInstances": "GET /instances",
        "createInstance": "POST /instances",
        "getInstance": "GET /instances/{instance}",
        "updateInstance": "PUT /instances/{instance}",
        "deleteInstance": "DELETE /instances/{instance}",
        "listAuthIntegrations": "GET /auth-integrations",
        "createAuthIntegration": "POST /auth-integrations",
        "getAuthIntegration": "GET /auth-integrations/{auth_integration}",
        "updateAuthIntegration": "PUT /auth-integrations/{auth_integration}",
        "deleteAuthIntegration": "DELETE /auth-integrations/{auth_integration}",
        "listWalledGardenEntries": "GET /walled-garden/{site}",
        "createWalledGardenEntry": "POST /walled-garden/{site}",
        "getWalledGardenEntry": "GET /walled-garden/{site}/{walledGardenEntryId}",
        "updateWalledGardenEntry": "PUT /walled-garden/{site}/{walledGardenEntryId}",
        "deleteWalledGardenEntry": "DELETE /walled-garden/{site}/{walledGardenEntryId}",
    }
    assert {operation.id for operation in load_contract("spa") if operation.documented} == {
        "listInstances", "createInstance", "getInstance", "updateInstance", "getAuthIntegration",
        "updateAuthIntegration", "createWalledGardenEntry",
    }  # fmt: skip


@pytest.mark.parametrize("generation", OTHERS)
def test_the_server_is_the_documented_one(generation: str) -> None:
    assert [server["url"] for server in openapi_document(generation)["servers"]] == [
        "https://api.altostrat.io"
    ]


def test_v1_names_lead_to_the_path_of_each_generation() -> None:
    paths = {name: load_contract(name).path("createWalledGardenEntry", siteId=ID) for name in ("v1", *OTHERS)}
    assert paths == {
        "v1": f"/walled-garden/{ID}",
        "root": f"/sites/{ID}/walled-garden-entries",
        "spa": f"/walled-garden/{ID}",
    }
    spa = load_contract("spa")
    assert spa.path("getInstance", instanceId=ID) == f"/instances/{ID}"
    found = spa.operation_at("GET", f"/instances/{ID}")
    assert found is spa.operations["getInstance"]


def test_an_operation_that_the_generation_lacks() -> None:
    with pytest.raises(OperationMissingError, match=r"^generation spa has no operation createCoupons$"):
        load_contract("spa").path("createCoupons", instanceId=ID)


INSTANCE = {"name": "Lobby", "strategy": "coupon", "session_ttl": 3600}


@pytest.mark.parametrize(
    ("operation", "body", "accepted"),
    [
        ("createInstance", INSTANCE | {"session_ttl": 123}, ["spa"]),
        ("createInstance", INSTANCE | {"session_ttl": 0}, ["spa"]),
        ("createInstance", INSTANCE | {"session_ttl": "123"}, []),
        ("updateInstance", INSTANCE | {"auth_window_ttl": 60}, ["spa"]),
        ("updateInstance", INSTANCE | {"locale": 3}, ["v1", "root"]),
        ("updateAuthIntegration", {"name": "n", "type": "saml2", "config": {"client_id": "c"}}, ["spa"]),
        ("updateAuthIntegration", {"name": "n", "type": "auth0", "config": {"client_id": "c"}}, []),
        ("createWalledGardenEntry", {"name": "n", "ip_address": "192.0.2.1"}, ["v1", "root", "spa"]),
    ],
)  # fmt: skip
def test_what_the_documented_part_takes(operation: str, body: dict[str, Any], accepted: list[str]) -> None:
    taken = []
    for generation in ("v1", *OTHERS):
        validator = load_contract(generation).request_validator(operation)
        assert validator is not None
        if validator.is_valid(body):
            taken.append(generation)
    assert taken == accepted


def test_what_only_spa_answers() -> None:
    strict = {
        generation: load_contract(generation).success_validator("getInstance", documented_only=False)
        for generation in ("v1", *OTHERS)
    }
    example = openapi_document("spa")["components"]["examples"]["instanceNewCoupon"]["value"]
    without = {name: value for name, value in example.items() if name not in ("locale", "coupon_ttl")}
    for validator in strict.values():
        assert validator is not None
        assert validator.is_valid(example)
    assert [name for name, validator in strict.items() if validator and not validator.is_valid(without)] == [
        "spa"
    ]


def test_only_spa_documents_the_code_of_an_update() -> None:
    found = {
        generation: [
            status
            for status, response in load_contract(generation).operations["updateInstance"].responses.items()
            if status < "300" and response["x-source"] == "documented"
        ]
        for generation in ("v1", *OTHERS)
    }
    assert found == {"v1": [], "root": [], "spa": ["202"]}


def test_an_overlay_that_does_not_fit(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(
        "overlay: 1.1.0\ninfo: {title: t, version: '1'}\nactions: [{target: $.x, remove: true}]\n", "utf-8"
    )
    monkeypatch.setitem(OVERLAYS, "root", path)
    with pytest.raises(ContractError, match=r"odd\.yaml: action 1, \$\.x: the target selects nothing"):
        openapi_document("root")
