"""What holds for every exchange, whoever sent it: pure functions from a request and its answer to findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contract_tests.client import Answer, Request
from contract_tests.redaction import MADE_UP
from spec.loader import Contract

_ERROR_FIELDS = ("type", "code", "message", "doc_url")
_INTEGRATIONS = "Auth Integrations"
_DOCUMENTED_ERRORS = frozenset({400, 401, 403, 404, 500})
# Gateways answer these for a service behind them; the contract knows them for the platform, not for an operation.
_EVERYWHERE = frozenset({400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500})


@dataclass(frozen=True, slots=True)
class Observation:
    """One requirement seen kept (`ok`) or broken by one exchange."""

    requirement: str
    ok: bool
    message: str


def observe(contract: Contract, request: Request, answer: Answer) -> Iterator[Observation]:
    """Everything one exchange tells about the requirements that hold for all exchanges."""
    what = f"{request.method} {request.path}"
    if answer.status is None:
        yield Observation("ERR-04", False, f"{what}: {answer.error}; expected an answer")
        return
    status = answer.status
    operation = None if request.operation is None else contract.operations[request.operation]
    # An operation that no page tells of need not exist, and what answers in its place may be a gateway.
    absent = operation is not None and not operation.documented and status in (404, 405, 501)
    yield Observation("ERR-04", status < 500 or absent, f"{what} was answered {answer.text}")
    if request.token and len(request.token) >= 8:
        leaked = request.token.encode() in answer.body or any(
            request.token in value for _, value in answer.headers.multi_items()
        )
        yield Observation("ERR-11", not leaked, f"{what}: the answer {status} repeats the bearer token")
    yield from _client_secrets(contract, request, answer, what)
    if status >= 400:
        if request.method != "HEAD":
            documented = operation is not None and status in _DOCUMENTED_ERRORS and not absent
            yield from _error_shape(what, answer, "ERR-01" if documented else "ERR-02")
    elif request.operation is not None and answer.ok:
        yield from _success(contract, request, answer, what)
    if request.operation is not None and status < 500:
        declared = contract.operations[request.operation].responses
        known = str(status) in declared or status in _EVERYWHERE
        yield Observation(
            "WIRE-05",
            known,
            f"{what} was answered {status}; the contract declares {', '.join(sorted(declared))}",
        )


def _client_secrets(contract: Contract, request: Request, answer: Answer, what: str) -> Iterator[Observation]:
    """Judged where a secret could be shown: any answer that shows one, every answer about auth integrations."""
    place: str | None = None
    if MADE_UP.search(answer.body.decode("utf-8", "replace")):
        place = "body"
    elif any(MADE_UP.search(value) for _, value in answer.headers.multi_items()):
        place = "headers"
    about = request.operation is not None and contract.operations[request.operation].tag == _INTEGRATIONS
    if place or about:
        yield Observation(
            "INT-SECRET-01",
            place is None,
            f"{what}: the answer {answer.status} holds a client_secret in its {place}"
            if place
            else f"{what}: the answer {answer.status} holds no client_secret",
        )


def _error_shape(what: str, answer: Answer, requirement: str) -> Iterator[Observation]:
    body = answer.json()
    fault: str | None = None
    if answer.media_type != "application/json":
        fault = f"it is declared {answer.media_type or 'without a content type'}, expected application/json"
    elif not isinstance(body, dict):
        fault = "it is no JSON object"
    else:
        wrong = [name for name in _ERROR_FIELDS if name in body and not isinstance(body[name], str)]
        if wrong:
            fault = f"{', '.join(wrong)} must be a string"
        elif not any(body.get(name) for name in _ERROR_FIELDS):
            fault = f"it has none of {', '.join(_ERROR_FIELDS)}"
    yield Observation(
        requirement, fault is None, f"{what}: the error answer {answer.text}: {fault or 'as documented'}"
    )
    if fault is None and isinstance(body, dict):
        missing = [name for name in _ERROR_FIELDS if not body.get(name)]
        yield Observation(
            "ERR-03",
            not missing,
            f"{what}: the error answer {answer.status} lacks {', '.join(missing) or 'nothing'}",
        )


def _success(contract: Contract, request: Request, answer: Answer, what: str) -> Iterator[Observation]:
    assert request.operation is not None
    validator = contract.success_validator(request.operation)
    if validator is None or request.method == "HEAD":
        return
    yield Observation(
        "WIRE-02",
        answer.media_type == "application/json",
        f"{what}: the answer {answer.status} is declared {answer.media_type or 'without a content type'}, "
        "expected application/json",
    )
    body = answer.json()
    errors = (
        validator.errors(body) if body is not None or answer.body == b"null" else ["the body is not JSON"]
    )
    yield Observation(
        "WIRE-01" if contract.operations[request.operation].success_documented else "WIRE-06",
        not errors,
        f"{what}: the body of the answer {answer.status} is not as documented: {'; '.join(errors)}"
        if errors
        else f"{what}: the body is as documented",
    )
