"""The one loader of the contract: OpenAPI document, requirement catalogue and device contract of a generation."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from prance.util.resolver import RefResolver
from prance.util.url import ResolutionError

from spec.catalogue import GENERATIONS, Catalogue, catalogue_from
from spec.device_contract import DeviceContract, device_contract_from
from spec.schema import Validator, to_json_schema

HERE = Path(__file__).parent
OPENAPI = HERE / "openapi.yaml"
REQUIREMENTS = HERE / "requirements.yaml"
DEVICE_CONTRACT = HERE / "device_contract.yaml"
OVERLAYS = {"root": HERE / "generations" / "root.yaml", "spa": HERE / "generations" / "spa.yaml"}
"""What makes the document of a generation out of the one of v1."""

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class ContractError(ValueError):
    """A file of the contract cannot be used; the message names the file and the fault."""


class OperationMissingError(KeyError):
    """The generation has no operation of this name."""

    def __init__(self, generation: str, operation_id: str) -> None:
        super().__init__(operation_id)
        self.message = f"generation {generation} has no operation {operation_id}"

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API, its schemas resolved."""

    id: str
    method: str  # upper case
    path: str  # template below the base URL: /instances/{instanceId}
    tag: str
    documented: bool
    secured: bool
    parameters: tuple[Mapping[str, Any], ...]
    request_body: Mapping[str, Any] | None
    responses: Mapping[str, Mapping[str, Any]]

    @property
    def path_parameters(self) -> Mapping[str, str]:
        """v1 name of each path parameter -> its name in this generation, in the order of the path."""
        return {
            parameter.get("x-v1-name", parameter["name"]): parameter["name"]
            for parameter in self.parameters
            if parameter["in"] == "path"
        }

    def request_schema(self, media_type: str = "application/json") -> Mapping[str, Any] | None:
        """The schema of the request body in this media type, None without one."""
        if self.request_body is None:
            return None
        content = self.request_body["content"].get(media_type)
        return None if content is None else content["schema"]

    def response_schema(self, status: int) -> Mapping[str, Any] | None:
        """The schema of the JSON body that answers with `status`, None where none is declared."""
        declared = self.responses.get(str(status)) or self.responses.get(f"{status // 100}XX")
        if declared is None:
            return None
        content = declared.get("content", {}).get("application/json")
        return None if content is None else content["schema"]

    def success_schema(self) -> Mapping[str, Any] | None:
        """The schema every successful answer shares: codes are inferred, the body is not."""
        for status in sorted(self.responses):
            if status.startswith("2"):
                schema = self.response_schema(int(status))
                if schema is not None:
                    return schema
        return None

    @property
    def success_documented(self) -> bool:
        """Does a page show the body of a successful answer?"""
        return all(
            response.get("x-body-source", "documented") == "documented"
            for status, response in self.responses.items()
            if status.startswith("2") and "content" in response
        )


@dataclass(frozen=True)
class Contract:
    """Everything the parts of this project know about the API, read once."""

    generation: str
    document: Mapping[str, Any]  # every $ref resolved
    operations: Mapping[str, Operation]
    catalogue: Catalogue
    device: DeviceContract
    sha256: str  # of its files, so that a report tells what it was judged by
    _validators: dict[tuple[str, str, bool, bool], Validator] = field(default_factory=dict, repr=False)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations.values())

    def operation_at(self, method: str, path: str) -> Operation | None:
        """The operation that a concrete path below the base URL belongs to; fixed segments win over parameters."""
        segments = path.strip("/").split("/")
        best: tuple[int, Operation] | None = None
        for operation in self:
            template = operation.path.strip("/").split("/")
            if operation.method != method.upper() or len(template) != len(segments):
                continue
            pairs = list(zip(template, segments, strict=True))
            if all(part == segment or part.startswith("{") for part, segment in pairs):
                fixed = sum(part == segment for part, segment in pairs)
                if best is None or fixed > best[0]:
                    best = (fixed, operation)
        return best[1] if best else None

    def path(self, operation_id: str, **parameters: str) -> str:
        """The concrete path of an operation in this generation, below the base URL, its parameters percent-encoded.

        Parameters go by their v1 names (`instanceId`, `siteId`) whatever this generation calls them. Raises
        `OperationMissingError` for an operation that the generation lacks, `TypeError` for a parameter missing or
        unknown.
        """
        operation = self.operations.get(operation_id)
        if operation is None:
            raise OperationMissingError(self.generation, operation_id)
        names = operation.path_parameters
        if set(parameters) != set(names):
            raise TypeError(
                f"{operation_id} takes {', '.join(names) or 'no parameter'}, not {sorted(parameters)}"
            )
        path = operation.path
        for name, own_name in names.items():
            path = path.replace(f"{{{own_name}}}", quote(parameters[name], safe=""))
        return path

    def success_validator(self, operation_id: str, *, documented_only: bool = True) -> Validator | None:
        """Validator of the body of a successful answer; None where the operation answers without a body."""
        schema = self.operations[operation_id].success_schema()
        return (
            None
            if schema is None
            else self._validator(operation_id, "response", schema, documented_only, False)
        )

    def request_validator(self, operation_id: str, *, documented_only: bool = True) -> Validator | None:
        """Validator of a JSON request body; None where the operation takes none."""
        schema = self.operations[operation_id].request_schema()
        return (
            None
            if schema is None
            else self._validator(operation_id, "request", schema, documented_only, True)
        )

    def _validator(
        self, name: str, part: str, schema: Mapping[str, Any], documented_only: bool, write: bool
    ) -> Validator:
        key = (name, part, documented_only, write)
        if key not in self._validators:
            self._validators[key] = Validator(
                to_json_schema(schema, documented_only=documented_only, write=write)
            )
        return self._validators[key]


def read_yaml(path: Path) -> Any:
    """The data of a YAML file. One reader for all three files; a test holds that no word in them (`no`, `on`) is
    read otherwise by YAML 1.2."""
    with path.open("rb") as stream:
        return yaml.load(stream, yaml.CSafeLoader)


def load_catalogue(operation_ids: set[str] | None = None) -> Catalogue:
    """The whole catalogue, also what no more than one generation has.

    Without reading the OpenAPI document when the ids of its operations are known.
    """
    if operation_ids is None:
        operation_ids = set(load_contract().operations)
    return catalogue_from(read_yaml(REQUIREMENTS), operation_ids)


def openapi_document(generation: str = "v1") -> dict[str, Any]:
    """The OpenAPI document of a generation as it is written, with its references.

    Raises `ContractError` for an unknown generation or an overlay that does not fit.
    """
    if generation not in GENERATIONS:
        raise ContractError(f"generation {generation!r} is not one of {', '.join(GENERATIONS)}")
    document: dict[str, Any] = read_yaml(OPENAPI)
    if generation not in OVERLAYS:
        return document
    from spec import (
        overlay,
    )  # v1 needs neither it nor its JSONPath, which takes longer to import than to apply

    try:
        return overlay.apply(read_yaml(OVERLAYS[generation]), document)
    except overlay.OverlayError as error:
        raise ContractError(f"{OVERLAYS[generation].name}: {error}") from error


@functools.cache
def load_contract(generation: str = "v1") -> Contract:
    """The contract of a generation, every `$ref` resolved by prance.

    That the document is valid OpenAPI is held by tests, not looked at again by every process. Raises
    `ContractError` for an unknown generation, an overlay that does not fit, or a reference that leads nowhere.
    """
    resolver = RefResolver(openapi_document(generation), OPENAPI.as_uri())
    try:
        resolver.resolve_references()
    except ResolutionError as error:
        raise ContractError(f"{OPENAPI.name}: {error}") from error
    document: dict[str, Any] = resolver.specs
    operations = {operation.id: operation for operation in _operations(document)}
    files = [OPENAPI, REQUIREMENTS, DEVICE_CONTRACT]
    if generation in OVERLAYS:
        files.append(OVERLAYS[generation])
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files))
    first = operations if generation == "v1" else load_contract("v1").operations
    catalogue = load_catalogue(set(first)).of_generation(
        generation,
        operations,
        [name for name, found in operations.items() if first[name].documented and not found.documented],
    )
    return Contract(
        generation=generation,
        document=document,
        operations=operations,
        catalogue=catalogue,
        device=device_contract_from(read_yaml(DEVICE_CONTRACT)),
        sha256=digest.hexdigest(),
    )


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method not in item:
                continue
            data = item[method]
            yield Operation(
                id=data["operationId"],
                method=method.upper(),
                path=path,
                tag=data["tags"][0],
                documented=data.get("x-source") == "documented",
                secured=bool(data.get("security", document.get("security"))),
                parameters=(*item.get("parameters", ()), *data.get("parameters", ())),
                request_body=data.get("requestBody"),
                responses={str(status): response for status, response in data["responses"].items()},
            )
