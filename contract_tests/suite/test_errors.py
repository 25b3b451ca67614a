"""How the deployment says no: unknown ids, malformed requests, wrong methods and paths."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest

from contract_tests.context import Context
from contract_tests.instances import Instances
from contract_tests.suite.requests import every_operation
from contract_tests.verifier import Verifier


def unknown_id(seed: int) -> str:
    """A random-looking UUID (version 4) that the seed decides; that it names something is out of the question."""
    return str(uuid.UUID(bytes=hashlib.sha256(f"unknown {seed}".encode()).digest()[:16], version=4))


@pytest.mark.verifies("ERR-05", "ERR-01", "ERR-03", "ERR-04", "ERR-11", "WIRE-05")
def test_unknown_id(context: Context, instances: Instances, verify: Verifier) -> None:
    """A well-formed id that names nothing, with every operation on an instance."""
    unknown = context.client.invent(unknown_id(context.seed))
    ghost: dict[str, Any] = {"id": unknown, "name": "nobody", "strategy": "coupon", "session_ttl": 3600}
    for prepared in every_operation(instances, ghost, of_item=True):
        answer = context.client.send(
            prepared.method,
            prepared.path,
            purpose=f"{prepared.operation} of an unknown id",
            **prepared.options,
        )
        verify.check(
            "ERR-05",
            answer.status == 404,
            f"{prepared.operation} of an id that names nothing was answered {answer.text}; expected 404",
            exchange=answer.key,
        )


@pytest.mark.verifies("ERR-06", "ERR-04")
@pytest.mark.parametrize("identifier", ["42", "not-a-uuid", "00000000-0000-0000-0000-00000000000g"])
def test_malformed_id(context: Context, verify: Verifier, identifier: str) -> None:
    answer = context.client.send("GET", f"/instances/{identifier}", purpose="read a malformed id")
    verify.check(
        "ERR-06",
        answer.refused,
        f"reading the id {identifier!r} was answered {answer.text}; expected 400 or 404",
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
    instances: Instances,
    instance: dict[str, Any],
    verify: Verifier,
    what: str,
    body: bytes,
    also_update: bool,
) -> None:
    """Bodies that no reading of the schema allows, to the creation and to the update."""
    options: dict[str, Any] = {"body": body, "headers": {"content-type": "application/json"}}
    answer = instances.create_raw(
        None, lambda: context.client.send("POST", "/instances", purpose=f"create from {what}", **options)
    )
    message = f"from {what} was answered {answer.text}; expected a client error"
    verify.check("ERR-07", answer.refused, f"a creation {message}", exchange=answer.key)
    if also_update:
        answer = context.client.send(
            "PUT", f"/instances/{instance['id']}", purpose=f"update from {what}", **options
        )
        message = f"from {what} was answered {answer.text}; expected a client error"
        verify.check("ERR-07", answer.refused, f"an update {message}", exchange=answer.key)


@pytest.mark.verifies("ERR-04")
def test_body_that_is_not_utf8(context: Context, instances: Instances) -> None:
    """It may be refused or repaired (its session_ttl is refused either way); only it must not be a server error."""
    instances.create_raw(
        None,
        lambda: context.client.send(
            "POST",
            "/instances",
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
            "/instances",
            purpose="create from a form",
            body=f"name={name.replace(' ', '+')}&strategy=coupon&session_ttl=3600".encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        ),
    )
    verify.check(
        "ERR-08", answer.refused, f"a creation from a form was answered {answer.text}; expected 415 or 400"
    )


@pytest.mark.verifies("ERR-09", "ERR-02")
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PATCH", "/instances", {"GET", "POST"}), ("PUT", "/instances", {"GET", "POST"})],
)
def test_wrong_method(context: Context, verify: Verifier, method: str, path: str, allowed: set[str]) -> None:
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
