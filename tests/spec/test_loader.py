"""The loader: operations, where a path belongs, and validators."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from spec import loader
from spec.loader import ContractError, load_contract, read_yaml

ID = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"


def test_the_contract_is_read_once() -> None:
    assert load_contract() is load_contract()


def test_an_unknown_generation() -> None:
    with pytest.raises(ContractError, match="generation 'v9' is not one of v1"):
        load_contract("v9")


def test_no_reference_is_left() -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    assert list(references(load_contract().document["paths"])) == []


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/instances", "listInstances"),
        ("get", "/instances/", "listInstances"),
        ("POST", "/instances", "createInstance"),
        ("GET", f"/instances/{ID}", "getInstance"),
        ("DELETE", "/instances/anything", "deleteInstance"),
        ("POST", f"/instances/{ID}/images/logo", "uploadInstanceImage"),
        ("PATCH", "/instances", None),
        ("GET", "/", None),
        ("GET", "/instance", None),
        ("GET", f"/instances/{ID}/images", None),
        ("GET", f"/instances/{ID}/images/logo/more", None),
    ],
)
def test_the_operation_that_a_path_belongs_to(method: str, path: str, operation: str | None) -> None:
    found = load_contract().operation_at(method, path)
    assert (found.id if found else None) == operation


def test_every_operation_finds_itself() -> None:
    contract = load_contract()
    for operation in contract:
        path = operation.path
        for name in operation.path_parameters:
            path = path.replace(f"{{{name}}}", f"some-{name}")
        assert contract.operation_at(operation.method, path) is operation
        assert set(operation.path_parameters) == set(re.findall(r"{(\w+)}", operation.path))


def test_a_path_is_made_of_its_parameters() -> None:
    contract = load_contract()
    assert contract.path("listInstances") == "/instances"
    assert contract.path("getInstance", instanceId=ID) == f"/instances/{ID}"
    assert (
        contract.path("uploadInstanceImage", instanceId="a/b c", type="é?")
        == "/instances/a%2Fb%20c/images/%C3%A9%3F"
    )
    with pytest.raises(TypeError, match=r"getInstance takes instanceId, not \['id'\]"):
        contract.path("getInstance", id=ID)
    with pytest.raises(TypeError, match="listInstances takes no parameter"):
        contract.path("listInstances", instanceId=ID)
    with pytest.raises(KeyError):
        contract.path("dance")


def test_a_fixed_segment_wins_over_a_parameter() -> None:
    contract = load_contract()
    for operation in contract:
        if not operation.path_parameters:
            assert contract.operation_at(operation.method, operation.path) is operation


def test_schemas_of_an_operation() -> None:
    operations = load_contract().operations
    create, delete, upload = (
        operations[name] for name in ("createInstance", "deleteInstance", "uploadInstanceImage")
    )
    schema = create.request_schema()
    assert schema is not None
    assert "session_ttl" in schema["properties"]
    assert create.request_schema("application/xml") is None
    assert delete.request_schema() is None
    assert delete.success_schema() is None
    assert upload.request_schema() is None
    assert upload.request_schema("multipart/form-data") is not None
    assert create.response_schema(418) is None


def test_validators_are_built_once_and_know_their_reading() -> None:
    contract = load_contract()
    documented = contract.request_validator("createInstance")
    strict = contract.request_validator("createInstance", documented_only=False)
    assert documented is contract.request_validator("createInstance")
    assert documented is not strict
    assert contract.request_validator("deleteInstance") is None
    assert contract.success_validator("deleteInstance") is None
    assert contract.success_validator("getInstance") is not None


def test_the_hash_is_of_the_three_files() -> None:
    files = (loader.OPENAPI, loader.REQUIREMENTS, loader.DEVICE_CONTRACT)
    assert load_contract().sha256 == hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()


@pytest.mark.parametrize("path", [loader.OPENAPI, loader.REQUIREMENTS, loader.DEVICE_CONTRACT])
def test_no_word_is_read_otherwise_by_yaml_1_2(path: Path) -> None:
    assert read_yaml(path) == YAML(typ="safe", pure=True).load(path)


def test_a_reference_that_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(
        "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {/x: {$ref: '#/components/nowhere'}}\n",
        "utf-8",
    )
    monkeypatch.setattr(loader, "OPENAPI", path)
    load_contract.cache_clear()
    try:
        with pytest.raises(ContractError, match=r"broken\.yaml: .*nowhere"):
            load_contract()
    finally:
        load_contract.cache_clear()
