"""What is looked at before the suite starts, and the one sentence for each thing that can be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpcore2
import httpx
import pytest
import respx

from contract_tests.config import Config
from contract_tests.preflight import PreflightError, check_routers, check_target
from contract_tests.selection import select
from spec.loader import Contract
from tests.contract_tests.conftest import BASE, TOKEN

MakeConfig = Callable[..., Config]
LIST = f"{BASE}/instances"
SITE = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"


@pytest.fixture
def behind() -> Iterator[respx.MockRouter]:
    with respx.mock(using="httpcore2") as router:
        yield router


def complaint(config: Config) -> str:
    with pytest.raises(PreflightError) as caught:
        check_target(config)
    sentence = str(caught.value)
    assert sentence.startswith(LIST)
    assert "\n" not in sentence
    assert TOKEN not in sentence
    return sentence


def test_one_request_with_the_token(make_config: MakeConfig, behind: respx.MockRouter) -> None:
    route = behind.get(LIST).mock(httpx.Response(200, json=[]))
    check_target(make_config())
    assert route.call_count == 1
    assert route.calls.last.request.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"data": []}),
        httpx.Response(200, text="[]"),
        httpx.Response(204),
        httpx.Response(400, json={}),
        httpx.Response(429),
        httpx.Response(500, text="oops"),
        httpx.Response(503),
    ],
    ids=lambda answer: str(answer.status_code),
)
def test_what_the_suite_can_judge_is_left_to_it(
    make_config: MakeConfig, behind: respx.MockRouter, answer: httpx.Response
) -> None:
    behind.get(LIST).mock(answer)
    check_target(make_config())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(401), ("401", "token is not accepted")),
        (httpx.Response(403), ("403", "token is not accepted")),
        (httpx.Response(404), ("404", "base_url must be the URL that /instances is appended to")),
        (
            httpx.Response(302, headers={"location": "https://login.test/"}),
            ("302", "redirect to https://login.test/", "never sent after a redirect"),
        ),
        (httpx.Response(301), ("301", "redirect to nowhere")),
        (httpx.Response(200, html="<h1>Welcome</h1>"), ("page of HTML", "base_url")),
    ],
    ids=["401", "403", "404", "302", "301", "html"],
)
def test_what_keeps_every_check_from_working(
    make_config: MakeConfig, behind: respx.MockRouter, answer: httpx.Response, words: tuple[str, ...]
) -> None:
    behind.get(LIST).mock(answer)
    sentence = complaint(make_config())
    assert all(word in sentence for word in words)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpcore2.ConnectError("[Errno 111] Connection refused"), ("cannot be reached", "refused")),
        (httpcore2.ConnectError("[Errno -2] Name or service not known"), ("cannot be reached", "Name")),
        (
            httpcore2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"),
            ("TLS connection failed", "verify_tls"),
        ),
        (httpcore2.ConnectError("[SSL: WRONG_VERSION_NUMBER]"), ("TLS connection failed",)),
        (httpcore2.ConnectTimeout("slow"), ("did not answer within 5 s",)),
        (httpcore2.ReadTimeout("slow"), ("did not answer within 5 s",)),
        (httpcore2.RemoteProtocolError("no HTTP"), ("no HTTP answer", "RemoteProtocolError")),
        (httpcore2.ReadError("reset"), ("no HTTP answer", "reset")),
    ],
)
def test_no_answer(
    make_config: MakeConfig, behind: respx.MockRouter, error: Exception, words: tuple[str, ...]
) -> None:
    behind.get(LIST).mock(side_effect=error)
    sentence = complaint(make_config(target={"timeout": 5}))
    assert all(word in sentence for word in words)


def router(port: int) -> list[dict[str, object]]:
    return [
        {
            "id": SITE,
            "subnets": ["10.5.50.0/24"],
            "router": {"host": "127.0.0.1", "port": port, "password": "router-password"},
        }
    ]


def test_a_router_that_is_not_there(make_config: MakeConfig, api: Contract, unused_tcp_port: int) -> None:
    config = make_config(sites=router(unused_tcp_port))
    with pytest.raises(PreflightError, match=f"site {SITE}: ") as caught:
        check_routers(config, select(config, api.catalogue), api.device)
    assert f"127.0.0.1:{unused_tcp_port}" in str(caught.value)
    assert "router-password" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("run", [{"no_device": True}, {"profile": ["core"]}])
def test_a_router_that_no_check_needs_is_left_alone(
    make_config: MakeConfig, api: Contract, unused_tcp_port: int, run: dict[str, object]
) -> None:
    config = make_config(sites=router(unused_tcp_port), run=run)
    check_routers(config, select(config, api.catalogue), api.device)
