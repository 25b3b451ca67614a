"""The printed examples fit the documents of their generation, in both readings."""

from __future__ import annotations

import pytest

from spec.loader import load_contract
from spec.schema import Validator, to_json_schema
from tests.spec.documented_examples import CREATION, EXAMPLES, Example

READINGS = pytest.mark.parametrize("documented_only", [True, False], ids=["documented", "strict"])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.generation)
@READINGS
def test_an_example_fits_its_generation(example: Example, documented_only: bool) -> None:
    contract = load_contract(example.generation)
    operation = contract.operation_at(example.method, example.path)
    assert operation is contract.operations[example.operation]
    if example.body is not None:
        request = contract.request_validator(example.operation, documented_only=documented_only)
        assert request is not None
        assert request.errors(example.body) == []
    if example.file is not None:
        form = operation.request_schema("multipart/form-data")
        assert form is not None
        assert example.file in form["properties"]
    if example.answer is not None:
        answer = contract.success_validator(example.operation, documented_only=documented_only)
        assert answer is not None
        assert answer.errors(example.answer) == []
    for status, body in example.errors.items():
        schema = operation.response_schema(status)
        assert schema is not None, status
        assert Validator(to_json_schema(schema, documented_only=documented_only)).errors(body) == []


@pytest.mark.parametrize("generation", ["v1", "root"])
def test_the_oldest_example_breaks_the_bounds_of_the_newer_ones(generation: str) -> None:
    validator = load_contract(generation).request_validator(CREATION.operation)
    assert validator is not None
    assert [error.split(":")[0] for error in validator.errors(CREATION.body)] == ["session_ttl"]
