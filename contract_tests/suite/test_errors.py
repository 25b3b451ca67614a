"""How the deployment says no: unknown ids, malformed requests, wrong methods and paths."""

from __future__ import annotations

import dataclasses
import hashlib
import uuid

import pytest

from contract_tests.context import Context
from contract_tests.instances import Instances
from contract_tests.resources import resource_types
from contract_tests.suite.requests import (
    ABSENT,
    Surroundings,
    every_operation,
    prepared,
    remove,
    surroundings,
    with_one_of_each,
)
from contract_tests.verifier import Verifier
from spec.loader import Operation


def unknown_id(seed: int) -> str:
    """A random-looking UUID (version 4) that the seed decides; that it names something is out of the question."""
    return str(uuid.UUID(bytes=hashlib.sha256(f"unknown {seed}".encode()).digest()[:16], version=4))


@pytest.fixture
def around(context: Context, request: pytest.FixtureRequest) -> Surroundings:
    """The instance that all tests share and a site; an id that names nothing for everything else."""
    shared = None if context.config.run.read_only else request.getfixturevalue("instance")
    return surroundings(context, unknown_id(context.seed), instance=shared)


def _last_id(operation: Operation) -> str | None:
    """The parameter of the path that names most closely what the operation is about."""
    named = [parameter for parameter in operation.path_parameters if parameter.endswith("Id")]
    return named[-1] if named else None


@pytest.mark.verifies("ERR-05", "ERR-01", "ERR-03", "ERR-04", "ERR-11", "WIRE-05")
def test_unknown_id(context: Context, around: Surroundings, verify: Verifier) -> None:
    """A well-formed id that names nothing, below parents that exist, with every operation that takes one.

    Sites are the platform's: what a list of an unknown one answers is open.
    """
    unknown = unknown_id(context.seed)
    for usual in every_operation(context, around):
        parameter = _last_id(usual.operation)
        if parameter is None or parameter == "siteId":
            continue
        verify.start_scenario()
        request = prepared(context, around, usual.operation.id, **{parameter: unknown})
        answer = request.send(context, purpose=f"{request.operation.id} of an unknown id")
        verify.check(
            "ERR-05",
            request.refused_with(answer, 404),
            f"{request.operation.id} of an id that names nothing was answered {answer.text}; expected 404",
            exchange=answer.key,
        )


@pytest.mark.verifies("ERR-06", "ERR-04")
@pytest.mark.parametrize("identifier", ["42", "not-a-uuid", "00000000-0000-0000-0000-00000000000g"])
def test_malformed_id(context: Context, around: Surroundings, verify: Verifier, identifier: str) -> None:
    """An id that is no UUID: of an instance all of them, of everything else one."""
    for operation in context.contract:
        parameter = _last_id(operation)
        if operation.method != "GET" or not operation.secured or parameter is None:
            continue
        if operation.id != "getInstance" and identifier != "not-a-uuid":
            continue
        verify.start_scenario()
        request = prepared(context, around, operation.id, **{parameter: identifier})
        answer = request.send(context, purpose=f"{operation.id} of a malformed id")
        verify.check(
            "ERR-06",
            answer.refused or (not operation.documented and answer.status in ABSENT),
            f"{operation.id} of the id {identifier!r} was answered {answer.text}; expected 400 or 404",
            exchange=answer.key,
        )


# What it is, its bytes, and whether an update must refuse it too: which properties an update needs is open, so a
# deployment may read some of these as an update of nothing.
MALFORMED: tuple[tuple[str, bytes, bool], ...] = (
    ("text that is no JSON", b"not json", True),
    ("JSON cut off in the middle", b'{"name": "guests", "strategy": "coup', True),
    ("a JSON string", b'"guests"', True),
    ("an empty body", b"", False),
    ("a JSON array", b"[]", False),
    ("JSON null", b"null", False),
)
NOT_UTF8 = b'{"name": "\xff\xfe", "strategy": "coupon", "session_ttl": 1}'


@pytest.mark.verifies("ERR-07", "ERR-01", "ERR-04")
@pytest.mark.parametrize(("what", "body", "also_update"), MALFORMED, ids=[what for what, _, _ in MALFORMED])
def test_malformed_body(
    context: Context,
    around: Surroundings,
    verify: Verifier,
    what: str,
    body: bytes,
    also_update: bool,
) -> None:
    """Bodies that no reading of the schema allows, to the creation and to the update."""
    _send_malformed(context, around, verify, "createInstance", what, body)
    if also_update:
        _send_malformed(context, around, verify, "updateInstance", what, body)


def _send_malformed(
    context: Context, around: Surroundings, verify: Verifier, operation_id: str, what: str, body: bytes
) -> None:
    request = dataclasses.replace(
        prepared(context, around, operation_id),
        options={"body": body, "headers": {"content-type": "application/json"}},
    )
    answer = request.send(context, purpose=f"{operation_id} from {what}")
    verify.check(
        "ERR-07",
        answer.refused,
        f"{operation_id} from {what} was answered {answer.text}; expected a client error",
        exchange=answer.key,
    )


# It makes a walled garden entry, which reaches the router of the site.
@pytest.mark.site(0)
@pytest.mark.verifies("ERR-07", "ERR-01", "ERR-04")
def test_malformed_body_of_other_resources(context: Context, around: Surroundings, verify: Verifier) -> None:
    """Half a JSON text to every other operation that takes JSON; a list to those that make something."""
    with_one_of_each(context, around)
    for operation in context.contract:
        takes_json = operation.request_schema() is not None
        if (
            not takes_json
            or operation.id in ("createInstance", "updateInstance")
            or not around.real(operation)
        ):
            continue
        verify.start_scenario()
        _send_malformed(context, around, verify, operation.id, "JSON cut off in the middle", b'{"name": "gue')
        if operation.method == "POST":
            _send_malformed(context, around, verify, operation.id, "a JSON array", b"[]")
    del around.resources["instance"]  # it is used by others too
    remove(context, around)


@pytest.mark.verifies("ERR-04")
def test_body_that_is_not_utf8(context: Context, instances: Instances) -> None:
    """It may be refused or repaired (its session_ttl is refused either way); only it must not be a server error."""
    instances.create_raw(
        None,
        lambda: context.client.send(
            "POST",
            context.contract.path("createInstance"),
            purpose="create from bytes that are not UTF-8",
            body=NOT_UTF8,
            headers={"content-type": "application/json"},
        ),
    )


@pytest.mark.verifies("ERR-08", "ERR-02")
def test_wrong_media_type(context: Context, instances: Instances, verify: Verifier) -> None:
    name = instances.name("form")
    answer = instances.create_raw(
        name,
        lambda: context.client.send(
            "POST",
            context.contract.path("createInstance"),
            purpose="create from a form",
            body=f"name={name.replace(' ', '+')}&strategy=coupon&session_ttl=3600".encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        ),
    )
    verify.check(
        "ERR-08", answer.refused, f"a creation from a form was answered {answer.text}; expected 415 or 400"
    )


@pytest.mark.verifies("ERR-09", "ERR-02")
def test_wrong_method(context: Context, around: Surroundings, verify: Verifier) -> None:
    """PATCH, which no path has, on every list; PUT on the list of instances."""
    for kind in resource_types(context.contract).values():
        if kind.create is None:
            continue
        template = context.contract.operations[kind.create].path
        allowed = {
            operation.method
            for operation in context.contract
            if operation.path == template and operation.documented
        }
        path = prepared(context, around, kind.create).path
        for method in ("PATCH", "PUT") if kind.name == "instance" else ("PATCH",):
            _wrong_method(context, verify, method, path, allowed)


def _wrong_method(context: Context, verify: Verifier, method: str, path: str, allowed: set[str]) -> None:
    verify.start_scenario()
    answer = context.client.send(method, path, purpose="a method that the path does not have", json_body={})
    named = {part.strip().upper() for part in answer.headers.get("allow", "").split(",")}
    verify.check(
        "ERR-09",
        answer.status == 405 and allowed <= named,
        f"{method} {path} was answered {answer.text} with Allow {answer.headers.get('allow')!r}; "
        f"expected 405 with Allow naming {', '.join(sorted(allowed))}",
    )


@pytest.mark.verifies("ERR-10", "ERR-01")
def test_unknown_path(context: Context, verify: Verifier) -> None:
    answer = context.client.send("GET", "/no-such-resource", purpose="a path that does not exist")
    verify.check(
        "ERR-10", answer.status == 404, f"GET /no-such-resource was answered {answer.text}; expected 404"
    )
