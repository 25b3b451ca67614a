"""What every exchange tells, as a table of exchanges and the requirements they break."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from contract_tests.client import Answer, Request
from contract_tests.instances import COLOURS
from contract_tests.invariants import Observation, observe
from contract_tests.redaction import SECRET_PREFIX
from spec.loader import Contract
from tests.contract_tests.conftest import TOKEN

ERROR = {"type": "invalid_request_error", "code": "x", "message": "m", "doc_url": "https://d"}
INSTANCE = {
    "id": "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6",
    "name": "guests",
    "strategy": "coupon",
    "auth_integration_id": None,
    "session_ttl": 3600,
    "theme": dict.fromkeys(COLOURS, "#0396d5"),
    "terms_text": None,
    "sites": [],
    "created_at": "2030-01-02T12:00:00Z",
}
JSON = "application/json"


def look(
    contract: Contract,
    status: int | None,
    body: Any = b"",
    *,
    media_type: str | None = JSON,
    method: str = "GET",
    operation: str | None = "getInstance",
    headers: dict[str, str] | None = None,
    token: str | None = TOKEN,
) -> dict[str, Observation]:
    """The observations of one exchange by requirement; each requirement is observed once at most."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    all_headers = httpx2.Headers(headers or {})
    if media_type is not None:
        all_headers["content-type"] = media_type
    request = Request(method, "/instances/x", {}, b"", operation, "a test", token)
    answer = Answer("main-1", status, all_headers, content, None if status else "ReadTimeout", elapsed=0.1)
    seen = list(observe(contract, request, answer))
    by_requirement = {observation.requirement: observation for observation in seen}
    assert len(by_requirement) == len(seen)
    return by_requirement


def broken(seen: dict[str, Observation]) -> set[str]:
    return {requirement for requirement, observation in seen.items() if not observation.ok}


def test_a_good_answer_keeps_everything(api: Contract) -> None:
    seen = look(api, 200, INSTANCE)
    assert broken(seen) == set()
    assert set(seen) == {"ERR-04", "ERR-11", "WIRE-01", "WIRE-02", "WIRE-05"}


def test_no_answer_is_a_failure_of_the_service(api: Contract) -> None:
    seen = look(api, None)
    assert broken(seen) == {"ERR-04"} == set(seen)
    assert "ReadTimeout" in seen["ERR-04"].message


@pytest.mark.parametrize(
    ("status", "body", "media_type", "expected"),
    [
        (404, ERROR, JSON, set()),
        (404, {"message": "m"}, JSON, {"ERR-03"}),
        (404, {"message": ""}, JSON, {"ERR-01"}),
        (404, {**ERROR, "code": ""}, JSON, {"ERR-03"}),
        (404, {"message": "m", "code": 7}, JSON, {"ERR-01"}),
        (404, {"message": None}, JSON, {"ERR-01"}),
        (404, {"error": {"message": "m"}}, JSON, {"ERR-01"}),
        (404, [], JSON, {"ERR-01"}),
        (404, b"", JSON, {"ERR-01"}),
        (404, b"not found", JSON, {"ERR-01"}),
        (404, ERROR, "application/json; charset=utf-8", set()),
        (404, ERROR, "Application/JSON", set()),
        (404, ERROR, "text/html", {"ERR-01"}),
        (404, ERROR, None, {"ERR-01"}),
        (422, {"errors": []}, JSON, {"ERR-02"}),
        (422, ERROR, JSON, set()),
        (500, ERROR, JSON, {"ERR-04"}),
        (500, b"<h1>oops</h1>", "text/html", {"ERR-04", "ERR-01"}),
        (503, ERROR, JSON, {"ERR-04"}),
    ],
)
def test_the_shape_of_errors(
    api: Contract, status: int, body: Any, media_type: str | None, expected: set[str]
) -> None:
    assert broken(look(api, status, body, media_type=media_type)) == expected


def test_an_error_to_a_head_has_no_shape(api: Contract) -> None:
    assert "ERR-01" not in look(api, 404, b"", method="HEAD", media_type=None, operation=None)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"session_ttl": "3600"}, "session_ttl"),
        ({"strategy": "magic"}, "strategy"),
        ({"id": "not-a-uuid"}, "id"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"sites": None}, "sites"),
        ({"theme": "blue"}, "theme"),
    ],
)
def test_a_body_that_is_not_as_documented(api: Contract, changes: dict[str, Any], word: str) -> None:
    seen = look(api, 200, INSTANCE | changes)
    assert broken(seen) == {"WIRE-01"}
    assert word in seen["WIRE-01"].message


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"null", [INSTANCE], "text"])
def test_a_body_that_is_no_instance(api: Contract, body: Any) -> None:
    assert broken(look(api, 200, body)) == {"WIRE-01"}


def test_a_list_is_judged_item_by_item(api: Contract) -> None:
    assert broken(look(api, 200, [], operation="listInstances")) == set()
    assert broken(look(api, 200, [INSTANCE], operation="listInstances")) == set()
    assert broken(look(api, 200, [INSTANCE, {**INSTANCE, "name": 7}], operation="listInstances")) == {
        "WIRE-01"
    }
    assert broken(look(api, 200, {"data": [INSTANCE]}, operation="listInstances")) == {"WIRE-01"}


def test_a_success_of_another_media_type(api: Contract) -> None:
    assert broken(look(api, 200, INSTANCE, media_type="text/plain")) == {"WIRE-02"}


def test_an_undeclared_status(api: Contract) -> None:
    seen = look(api, 299, INSTANCE)
    assert broken(seen) == {"WIRE-05"}
    assert "299" in seen["WIRE-05"].message


def test_an_answer_without_a_body_has_no_shape(api: Contract) -> None:
    seen = look(api, 204, b"", method="DELETE", operation="deleteInstance", media_type=None)
    assert broken(seen) == set()
    assert "WIRE-01" not in seen


def test_a_path_outside_the_contract_has_only_the_general_requirements(api: Contract) -> None:
    assert set(look(api, 200, b"hi", operation=None, media_type="text/plain")) == {"ERR-04", "ERR-11"}


def test_a_token_that_comes_back(api: Contract) -> None:
    assert broken(look(api, 404, {**ERROR, "message": f"bad {TOKEN}"})) == {"ERR-11"}
    assert broken(look(api, 200, INSTANCE, headers={"x-debug": f"Bearer {TOKEN}"})) == {"ERR-11"}
    assert "ERR-11" not in look(api, 200, INSTANCE, token=None)
    assert "ERR-11" not in look(api, 200, INSTANCE, token="short")


def test_no_message_repeats_the_token(api: Contract) -> None:
    seen = look(api, 200, INSTANCE, headers={"x-debug": TOKEN})
    assert TOKEN not in seen["ERR-11"].message


def test_everything_observed_is_in_the_catalogue(api: Contract) -> None:
    for status in (None, 200, 204, 299, 302, 400, 401, 404, 409, 422, 500):
        for requirement in look(api, status, b""):
            assert requirement in api.catalogue


MADE_UP = f"{SECRET_PREFIX}{'0123456789' * 4}"
INTEGRATION = {
    "id": "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6",
    "name": "sign-in",
    "type": "google",
    "config": {"client_id": "c"},
    "test_url": "https://x/y",
    "created_at": "2030-01-02T12:00:00Z",
}


def test_a_client_secret_that_comes_back(api: Contract) -> None:
    good = look(api, 200, [INTEGRATION], operation="listAuthIntegrations")
    assert broken(good) == set()
    assert "INT-SECRET-01" in good
    leaky = INTEGRATION | {"note": f"<{MADE_UP}>"}
    assert broken(look(api, 200, [leaky], operation="listAuthIntegrations")) == {"INT-SECRET-01"}
    assert broken(look(api, 404, {**ERROR, "message": MADE_UP})) == {"INT-SECRET-01"}
    seen = look(api, 200, INSTANCE, headers={"x-debug": MADE_UP})
    assert broken(seen) == {"INT-SECRET-01"}
    assert MADE_UP not in seen["INT-SECRET-01"].message
    assert "INT-SECRET-01" not in look(api, 200, INSTANCE)


def test_a_body_that_no_page_shows_is_no_must(api: Contract) -> None:
    wrong = {**INTEGRATION, "test_url": None}
    assert broken(look(api, 200, wrong, operation="getAuthIntegration")) == {"WIRE-06"}
    assert broken(look(api, 200, [wrong], operation="listAuthIntegrations")) == {"WIRE-01"}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_operation_that_no_page_tells_of_need_not_exist(api: Contract, status: int) -> None:
    gateway = look(api, status, b"<h1>no such page</h1>", media_type="text/html", operation="listSiteUsers")
    assert broken(gateway) == {"ERR-02"}
    assert "ERR-02" not in broken(look(api, 500, ERROR, operation="listSiteUsers"))
    assert "ERR-04" in broken(look(api, 500, ERROR, operation="listSiteUsers"))
    if status == 404:
        assert broken(look(api, status, b"<h1>gone</h1>", media_type="text/html")) == {"ERR-01"}
