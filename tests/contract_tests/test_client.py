"""The client, with what is behind it mocked below the HTTP library."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import httpcore2
import httpx
import httpx2
import pytest
import respx

from contract_tests import client as module
from contract_tests.client import NotAllowed, ReadOnly, TargetLost, verification
from contract_tests.config import ConfigError
from contract_tests.pacing import BudgetExhausted
from tests.contract_tests.conftest import BASE, TOKEN, Wire

MakeWire = Callable[..., Wire]
LIST = f"{BASE}/instances"


@pytest.fixture
def behind() -> Iterator[respx.MockRouter]:
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        yield router


def test_a_request_and_its_answer(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    route = behind.get(LIST).mock(httpx.Response(200, json=[{"id": "x"}], headers={"x-a": "1"}))
    wire = make_wire()
    answer = wire.client.send("GET", "/instances", purpose="look")
    assert (answer.status, answer.ok, answer.refused) == (200, True, False)
    assert answer.json() == [{"id": "x"}]
    assert answer.media_type == "application/json"
    sent = route.calls.last.request
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert sent.headers["accept"] == "application/json"
    (exchange,) = wire.recorded
    assert exchange.key == answer.key == "main-1"
    assert (exchange.operation, exchange.purpose, exchange.url) == ("listInstances", "look", LIST)
    assert dict(exchange.request_headers)["authorization"] == "Bearer [redacted]"
    assert dict(exchange.response_headers)["x-a"] == "1"
    ((request, seen),) = wire.inspected
    assert request.operation == "listInstances"
    assert seen is answer


def test_nothing_recorded_holds_the_token(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    echo = {"token": TOKEN, "url": f"https://x/?signature=f00&next={TOKEN}"}
    behind.put(url__startswith=LIST).mock(httpx.Response(200, json=echo, headers={"x-token": TOKEN}))
    wire = make_wire()
    wire.client.invent("x")
    wire.client.send("PUT", f"/instances/x?token={TOKEN}", purpose="echo", json_body={"name": TOKEN})
    assert TOKEN not in repr(wire.recorded)
    assert "f00" not in repr(wire.recorded)


def test_credentials_are_left_out_or_replaced(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    route = behind.get(LIST).mock(httpx.Response(401, json={"message": "no"}))
    client = make_wire().client
    client.send("GET", "/instances", purpose="none", token=None)
    assert "authorization" not in route.calls.last.request.headers
    client.send("GET", "/instances", purpose="other", token="forged")
    assert route.calls.last.request.headers["authorization"] == "Bearer forged"
    client.send("GET", "/instances", purpose="own", token=None, headers={"Authorization": "Basic x"})
    assert route.calls.last.request.headers["authorization"] == "Basic x"


def test_json_bodies(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    route = behind.post(LIST).mock(httpx.Response(201, json={}))
    client = make_wire().client
    for body in ({"name": "Gäste 🎉"}, None, [], "text", 0):
        client.send("POST", "/instances", purpose="a body", json_body=body)
        sent = route.calls.last.request
        assert json.loads(sent.content) == body
        assert sent.headers["content-type"] == "application/json"
    client.send("POST", "/instances", purpose="half a letter", json_body={"name": "\ud800"})
    assert b"\xed\xa0\x80" in route.calls.last.request.content


def test_no_body_has_no_media_type(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    route = behind.post(LIST).mock(httpx.Response(400, json={}))
    make_wire().client.send("POST", "/instances", purpose="no body")
    sent = route.calls.last.request
    assert sent.content == b""
    assert "content-type" not in sent.headers


def test_a_raw_body_keeps_its_bytes(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    route = behind.post(LIST).mock(httpx.Response(400, json={}))
    make_wire().client.send(
        "POST", "/instances", purpose="raw", body=b"\x00{", headers={"Content-Type": "text/plain"}
    )
    sent = route.calls.last.request
    assert (sent.content, sent.headers["content-type"]) == (b"\x00{", "text/plain")


def test_a_multipart_body_can_be_read_and_is_always_the_same(
    make_wire: MakeWire, behind: respx.MockRouter
) -> None:
    route = behind.post(url__regex=r".*/images/logo").mock(httpx.Response(202))
    wire = make_wire()
    wire.client.invent("x")
    for _ in range(2):
        wire.client.send(
            "POST",
            "/instances/x/images/logo",
            purpose="upload",
            files={"file": ("logo.png", b"\x89PNG\r\n\x00", "image/png")},
        )
    first, second = (call.request for call in route.calls)
    assert first.content == second.content
    head = f"content-type: {first.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + first.content)
    (part,) = message.get_payload()
    assert part.get_filename() == "logo.png"
    assert part.get_content_type() == "image/png"
    assert part.get_payload(decode=True) == b"\x89PNG\r\n\x00"


def limited(*answers: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    given = iter(answers)
    return lambda request: next(given)


def test_too_many_requests_is_waited_for_and_not_returned(
    make_wire: MakeWire, behind: respx.MockRouter
) -> None:
    behind.get(LIST).mock(
        side_effect=limited(
            httpx.Response(429, headers={"Retry-After": "3"}),
            httpx.Response(429, headers={"Retry-After": "5"}),
            httpx.Response(200, json=[]),
        )
    )
    wire = make_wire()
    answer = wire.client.send("GET", "/instances", purpose="look")
    assert answer.status == 200
    assert wire.clock.slept == [3.0, 5.0]
    assert [exchange.status for exchange in wire.recorded] == [429, 429, 200]
    assert len(wire.inspected) == 1


def test_too_many_requests_without_a_time_waits_longer_each_time(
    make_wire: MakeWire, behind: respx.MockRouter
) -> None:
    behind.get(LIST).mock(
        side_effect=limited(httpx.Response(429), httpx.Response(429), httpx.Response(200, json=[]))
    )
    wire = make_wire()
    assert wire.client.send("GET", "/instances", purpose="look").status == 200
    assert wire.clock.slept == [2.0, 4.0]


def test_who_limits_for_ever_is_answered_to_the_suite(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    route = behind.get(LIST).mock(httpx.Response(429, headers={"Retry-After": "1"}))
    wire = make_wire()
    assert wire.client.send("GET", "/instances", purpose="look").status == 429
    assert route.call_count == module.MAX_WAITS + 1


def test_a_wait_that_would_take_hours_is_not_begun(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    behind.get(LIST).mock(httpx.Response(429, headers={"Retry-After": "7200"}))
    wire = make_wire()
    assert wire.client.send("GET", "/instances", purpose="look").status == 429
    assert wire.clock.slept == []


def test_a_service_unavailable_is_an_answer_unless_it_says_for_how_long(
    make_wire: MakeWire, behind: respx.MockRouter
) -> None:
    wire = make_wire()
    behind.get(LIST).mock(httpx.Response(503))
    assert wire.client.send("GET", "/instances", purpose="look").status == 503
    assert wire.clock.slept == []
    behind.get(LIST).mock(
        side_effect=limited(httpx.Response(503, headers={"Retry-After": "2"}), httpx.Response(200, json=[]))
    )
    assert wire.client.send("GET", "/instances", purpose="look").status == 200
    assert wire.clock.slept == [2.0]


def test_waiting_costs_budget(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    behind.get(LIST).mock(httpx.Response(429, headers={"Retry-After": "1"}))
    wire = make_wire(budget=3)
    with pytest.raises(BudgetExhausted):
        wire.client.send("GET", "/instances", purpose="look")
    assert len(wire.recorded) == 3


def test_a_redirect_is_an_answer_and_the_token_stays(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    elsewhere = behind.route(host="elsewhere.test").mock(httpx.Response(200, json=[]))
    behind.get(LIST).mock(httpx.Response(307, headers={"Location": "https://elsewhere.test/instances"}))
    answer = make_wire().client.send("GET", "/instances", purpose="look")
    assert answer.status == 307
    assert elsewhere.call_count == 0


def test_fetching_a_signed_url_sends_no_credentials(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    route = behind.get(url__startswith="https://assets.test/").mock(httpx.Response(200, content=b"\x89PNG"))
    wire = make_wire()
    answer = wire.client.fetch("https://assets.test/logo.png?signature=f00ba4", purpose="look")
    assert answer.body == b"\x89PNG"
    assert "authorization" not in route.calls.last.request.headers
    assert TOKEN not in str(route.calls.last.request.headers)
    assert "f00ba4" not in wire.recorded[0].url
    assert wire.inspected == []


def test_fetch_takes_no_other_scheme(make_wire: MakeWire) -> None:
    for url in ("file:///etc/passwd", "ftp://x/y", "logo.png", "//x/y"):
        with pytest.raises(ValueError, match="not an http"):
            make_wire().client.fetch(url, purpose="look")


class Endless(httpx2.SyncByteStream, httpx.SyncByteStream):
    """A body that goes on for as long as somebody reads."""

    def __init__(self, chunk: bytes, each: Callable[[], None] = lambda: None) -> None:
        self.chunk, self.each, self.sent = chunk, each, 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.each()
            self.sent += len(self.chunk)
            yield self.chunk


def test_an_oversized_body_is_not_read_to_its_end(
    make_wire: MakeWire, behind: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BODY", 10_000)
    endless = Endless(b"x" * 1000)
    behind.get(LIST).mock(
        side_effect=limited(httpx.Response(200, stream=endless), httpx.Response(200, json=[]))
    )
    answer = make_wire().client.send("GET", "/instances", purpose="look")
    assert answer.status is None
    assert answer.error == "the answer is larger than 10000 bytes"
    assert endless.sent <= 11_000


def test_a_compressed_bomb_is_measured_unpacked(
    make_wire: MakeWire, behind: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BODY", 10_000)
    bomb = gzip.compress(b"\0" * 1_000_000)
    behind.get(LIST).mock(
        side_effect=limited(
            httpx.Response(200, stream=httpx.ByteStream(bomb), headers={"content-encoding": "gzip"}),
            httpx.Response(200, json=[]),
        )
    )
    assert "larger" in (make_wire().client.send("GET", "/instances", purpose="look").error or "")


def test_a_body_that_drips_for_ever_is_cut_off(
    make_wire: MakeWire, behind: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(ticks)))
    behind.get(LIST).mock(
        side_effect=limited(httpx.Response(200, stream=Endless(b"x")), httpx.Response(200, json=[]))
    )
    answer = make_wire(target={"timeout": 5}).client.send("GET", "/instances", purpose="look")
    assert answer.error == "the answer did not end within 5 s"


def failing(*errors: Exception | httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    given = iter(errors)

    def answer(request: httpx.Request) -> httpx.Response:
        item = next(given)
        if isinstance(item, Exception):
            raise item
        return item

    return answer


def test_one_lost_request_is_an_answer_without_a_status(
    make_wire: MakeWire, behind: respx.MockRouter
) -> None:
    behind.get(LIST).mock(
        side_effect=failing(httpcore2.ReadError("connection reset"), httpx.Response(401, json={}))
    )
    wire = make_wire()
    answer = wire.client.send("GET", "/instances", purpose="look")
    assert answer.status is None
    assert answer.error is not None
    assert "connection reset" in answer.error
    assert "no answer" in answer.text
    assert (wire.recorded[0].status, wire.recorded[0].error) == (None, answer.error)


def test_a_target_that_is_gone_ends_the_run(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    behind.get(LIST).mock(
        side_effect=failing(httpcore2.ReadError("reset"), httpcore2.ConnectError("refused"))
    )
    wire = make_wire()
    with pytest.raises(TargetLost, match=f"{BASE} does not answer any more"):
        wire.client.send("GET", "/instances", purpose="look")
    assert len(wire.recorded) == 1


def test_the_second_look_carries_no_token(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    route = behind.get(LIST).mock(
        side_effect=failing(httpcore2.ReadError("reset"), httpx.Response(401, json={}))
    )
    make_wire().client.send("GET", "/instances", purpose="look")
    assert "authorization" not in route.calls.last.request.headers


def test_another_host_that_is_gone_does_not_end_the_run(
    make_wire: MakeWire, behind: respx.MockRouter
) -> None:
    behind.get("https://assets.test/logo").mock(side_effect=failing(httpcore2.ConnectError("refused")))
    answer = make_wire().client.fetch("https://assets.test/logo", purpose="look")
    assert answer.status is None
    assert answer.error is not None
    assert "refused" in answer.error


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "PATCH"])
def test_what_the_run_did_not_create_is_not_changed(
    make_wire: MakeWire, behind: respx.MockRouter, method: str
) -> None:
    anything = behind.route().mock(httpx.Response(200, json={}))
    wire = make_wire()
    for path in ("/instances/theirs", "/instances/theirs/images/logo", "/instances/theirs?x=/instances/mine"):
        with pytest.raises(NotAllowed, match="did not create theirs"):
            wire.client.send(method, path, purpose="harm", json_body={})
    assert anything.call_count == 0
    assert wire.recorded == []


def test_what_the_run_created_or_made_up_may_be_changed(
    make_wire: MakeWire, behind: respx.MockRouter
) -> None:
    behind.route().mock(httpx.Response(200, json={}))
    wire = make_wire()
    wire.ledger.created(wire.ledger.intend("instance", "n"), "instance", "mine", "n")
    assert wire.client.send("PUT", "/instances/mine", purpose="own", json_body={}).ok
    assert wire.client.send("DELETE", f"/instances/{wire.client.invent('made-up')}", purpose="own").ok
    wire.ledger.deleted("mine")
    with pytest.raises(NotAllowed):
        wire.client.send("DELETE", "/instances/mine", purpose="no longer own")


def test_a_read_only_run_reads_only(make_wire: MakeWire, behind: respx.MockRouter) -> None:
    anything = behind.route().mock(httpx.Response(200, json=[]))
    client = make_wire(run={"read_only": True}).client
    for method in ("GET", "HEAD", "OPTIONS"):
        assert client.send(method, "/instances", purpose="read").ok
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "X-ODD"):
        with pytest.raises(ReadOnly):
            client.send(method, "/instances", purpose="write")
    assert anything.call_count == 3


def test_a_budget_bounds_the_requests_but_not_the_clean_up(
    make_wire: MakeWire, behind: respx.MockRouter
) -> None:
    route = behind.route().mock(httpx.Response(200, json=[]))
    wire = make_wire(budget=2)
    for _ in range(2):
        wire.client.send("GET", "/instances", purpose="look")
    with pytest.raises(BudgetExhausted):
        wire.client.send("GET", "/instances", purpose="look")
    wire.client.invent("x")
    wire.client.send("DELETE", "/instances/x", purpose="clean up", essential=True)
    assert route.call_count == 3


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"{}", {}),
        (b"null", None),
        (b"", None),
        (b"{", None),
        (b"NaN", None),
        (b"[Infinity]", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
    ],
    ids=["object", "null", "nothing", "half", "NaN", "Infinity", "no text", "deep"],
)
def test_json_of_an_answer(make_wire: MakeWire, behind: respx.MockRouter, body: bytes, data: Any) -> None:
    behind.get(LIST).mock(httpx.Response(200, content=body))
    assert make_wire().client.send("GET", "/instances", purpose="look").json() == data


def test_verification_names_a_file_or_not(tmp_path: Path) -> None:
    assert verification(True) is True
    assert verification(False) is False
    (tmp_path / "empty.pem").write_text("no certificate", "utf-8")
    for path in (tmp_path / "nowhere.pem", tmp_path / "empty.pem"):
        with pytest.raises(ConfigError, match=f"{path.name} cannot be used as a file of CA certificates"):
            verification(str(path))
