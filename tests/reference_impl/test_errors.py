"""Refusals: each an ErrorResponse with the right status, whatever the caller sends."""

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference_impl.conftest import COUPON, UNKNOWN, Api, refused

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dG9rZW4tYQ==",
        "Bearer token-c",
        "Bearer TOKEN-A",
        "token-a",
        "Bearer \xff",
    ],
)
async def test_requests_without_a_known_token(nobody: Api, authorization: str) -> None:
    headers = [("Authorization", authorization.encode("latin-1"))]
    for method, path in (
        ("GET", "/instances"),
        ("POST", "/instances"),
        ("GET", f"/instances/{UNKNOWN}"),
        ("GET", "/instances/malformed"),
        ("PATCH", "/instances"),
        ("GET", "/nowhere"),
    ):
        answer = await nobody.send(method, path, headers=headers, content=b"{")
        refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_sent_twice_is_refused(nobody: Api) -> None:
    headers = [("Authorization", "Bearer token-a"), ("Authorization", "Bearer token-b")]
    refused(await nobody.send("GET", "/instances", headers=headers), 401)


async def test_the_body_is_not_read_before_the_caller_is_known(nobody: Api) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"x"

    async def receive() -> dict[str, object]:
        read.append(True)
        return {"type": "http.request", "body": b"x", "more_body": True}

    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/captive/instances",
        "raw_path": b"/captive/instances",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
        "scheme": "http",
    }
    await nobody.app(scope, receive, send)
    assert sent[0]["status"] == 401
    assert read == []


async def test_bearer_is_recognised_in_any_case(nobody: Api) -> None:
    answer = await nobody.send("GET", "/instances", headers={"Authorization": "bEARER token-a"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/instances", "GET, HEAD, POST"),
        (f"/instances/{UNKNOWN}", "GET, HEAD, PUT, DELETE"),
        (f"/instances/{UNKNOWN}/images/logo", "POST"),
        ("/preauth", "GET, HEAD"),
    ],
)
async def test_wrong_methods_name_the_right_ones(api: Api, path: str, allowed: str) -> None:
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "WORD"} - set(
        allowed.split(", ")
    ):
        answer = await api.send(method, path)
        refused(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path",
    ["/", "", "/instances/", "/instance", f"/instances/{UNKNOWN}/", "/coupons/x", "/openapi.json", "/docs"],
)
async def test_unknown_paths(api: Api, path: str) -> None:
    refused(await api.send("GET", path), 404)


async def test_paths_outside_the_base_path_need_no_token(nobody: Api) -> None:
    refused(await nobody.client.get("/"), 404)
    refused(await nobody.client.get("/captiveinstances"), 404)


async def test_head_answers_like_get_without_body(api: Api) -> None:
    made = await api.create()
    for path in ("/instances", f"/instances/{made['id']}", "/nowhere"):
        head, get = await api.send("HEAD", path), await api.send("GET", path)
        assert head.status_code == get.status_code
        assert head.content == b""
        assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"\xff\xfe",
        b'{"name": "\xc3"}',
        b"\xef\xbb\xbf{}",
        b'{"name":"a","name":"b","strategy":"coupon","session_ttl":1200}',
        b'{"name":"\\ud800","strategy":"coupon","session_ttl":1200}',
        b'{"\\udfff":1,"name":"a","strategy":"coupon","session_ttl":1200}',
        b'{"name":"\\u0000","strategy":"coupon","session_ttl":1200}',
        b'{"name":"a","strategy":"coupon","session_ttl":NaN}',
        b'{"name":"a","strategy":"coupon","session_ttl":Infinity}',
        b'{"name":"a","strategy":"coupon","session_ttl":1e999}',
        b'{"name":"a","strategy":"coupon","session_ttl":' + b"9" * 5000 + b"}",
        b'{"name":"a","strategy":"coupon","session_ttl":1200} x',
        b'{"a":' * 30000,
        b"[" * 200000,
    ],
    ids=lambda body: repr(body[:50]),
)
async def test_broken_json(api: Api, body: bytes) -> None:
    refused(await api.send("POST", "/instances", content=body, headers=JSON), 400)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", "", None],
)
async def test_wrong_media_types(api: Api, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    refused(await api.send("POST", "/instances", content=json.dumps(COUPON), headers=headers), 415)


async def test_media_type_parameters_do_not_matter(api: Api) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    answer = await api.send("POST", "/instances", content=json.dumps(COUPON), headers=headers)
    assert answer.status_code == 201


async def test_bodies_over_the_limit(api: Api) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * 1024

    refused(await api.send("POST", "/instances", content=b" " * 300_000, headers=JSON), 413)
    refused(await api.send("POST", "/instances", content=chunks(), headers=JSON), 413)
    refused(await api.send("POST", "/instances", headers=JSON | {"Content-Length": "9" * 30}), 413)


PROPERTIES = ("name", "strategy", "session_ttl", "auth_integration_id", "theme", "terms_text", "sites")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("name", "strategy", "session_ttl", "auth_integration_id", "theme", "terms_text", "sites"), VALUES
        ),
    )
)
async def test_no_body_breaks_the_service(api: Api, body: dict[str, object]) -> None:
    made = await api.create()
    for method, path in (("POST", "/instances"), ("PUT", f"/instances/{made['id']}")):
        answer = await api.send(method, path, content=json.dumps(COUPON | body), headers=JSON)
        assert answer.status_code in (200, 201, 400), answer.text
        if answer.status_code == 400:
            refused(answer, 400)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "The 'name' parameter should have at least 1 character."),
        ({"name": 5}, "The 'name' parameter should be a valid string."),
        ({"session_ttl": 1}, "The 'session_ttl' parameter should be greater than or equal to 1200."),
        ({"theme": []}, "The 'theme' parameter should be a JSON object."),
        ({"sites": ["x"]}, "The 'sites.0' parameter should be a JSON object."),
    ],
)
async def test_a_complaint_is_a_sentence_in_the_words_of_the_api(
    api: Api, change: dict[str, object], sentence: str
) -> None:
    instance = await api.create()
    assert refused(await api.put(instance["id"], **change), 400)["message"] == sentence
