"""REST requests as commands, without a connection."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.menus.catalogue import catalogue
from router_sim.rest import responses
from router_sim.rest.json_text import BadJson, argument, dump_object, dump_records, parse_object, words
from router_sim.rest.operations import Answer, HttpRequest, Operation, Refusal, operation
from router_sim.rest.performing import Ongoing, perform
from router_sim.router import Router
from router_sim.traps import Trap, bad_argument, no_such_command, not_permitted

MENUS = catalogue("7.22.3")
LISTS = "/ip/firewall/address-list"


def asked(method: str, path: str, query: str = "", body: bytes = b"") -> Operation:
    return operation(HttpRequest(method, path, query, body), MENUS)


def refusal(method: str, path: str, body: bytes = b"") -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        asked(method, path, body=body)
    return caught.value.status, caught.value.detail


@pytest.mark.parametrize(
    ("method", "path", "command", "answer", "item"),
    [
        ("GET", f"/rest{LISTS}", f"{LISTS}/print", Answer.LIST, ""),
        ("GET", f"/rest{LISTS}/", f"{LISTS}/print", Answer.LIST, ""),
        ("GET", "/rest/system/identity", "/system/identity/print", Answer.OBJECT, ""),
        ("GET", f"/rest{LISTS}/*1", f"{LISTS}/print", Answer.OBJECT, "*1"),
        ("GET", "/rest/interface/my%20port", "/interface/print", Answer.OBJECT, "my port"),
        ("GET", "/rest/interface/a%2Fb", "/interface/print", Answer.OBJECT, "a/b"),
        ("PUT", f"/rest{LISTS}", f"{LISTS}/add", Answer.CREATED, ""),
        ("PATCH", f"/rest{LISTS}/*1", f"{LISTS}/set", Answer.CHANGED, "*1"),
        ("DELETE", f"/rest{LISTS}/*1", f"{LISTS}/remove", Answer.NOTHING, "*1"),
        ("POST", f"/rest{LISTS}/add", f"{LISTS}/add", Answer.RESULT, ""),
        ("POST", "/rest/nonsense/add", "/nonsense/add", Answer.RESULT, ""),
        ("GET", "/rest/nonsense/path", "/nonsense/path/print", Answer.LIST, ""),
    ],
)
def test_method_and_path_make_the_command(
    method: str, path: str, command: str, answer: Answer, item: str
) -> None:
    made = asked(method, path)
    assert (made.command.path, made.answer, made.item) == (command, answer, item)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("PATCH", "/rest/system/identity", (400, "missing or invalid resource identifier")),
        ("PATCH", f"/rest{LISTS}", (400, "missing or invalid resource identifier")),
        ("DELETE", f"/rest{LISTS}", (400, "missing or invalid resource identifier")),
        ("DELETE", f"/rest{LISTS}/%2A1", (400, "missing or invalid resource identifier")),
        ("GET", f"/rest{LISTS}/%2a1", (400, "missing or invalid resource identifier")),
        ("GET", "/rest", (400, "no such command")),
        ("GET", "/rest/ip", (400, "no such command")),
        ("POST", f"/rest{LISTS}", (400, "no such command")),
        ("POST", "/rest/", (400, "no such command")),
        ("HEAD", f"/rest{LISTS}", (501, "")),
        ("OPTIONS", f"/rest{LISTS}", (501, "")),
        ("BREW", "/rest", (501, "")),
    ],
)
def test_what_comes_to_no_command(method: str, path: str, expected: tuple[int, str]) -> None:
    assert refusal(method, path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/rest{LISTS}/*99", (404, "")),
        (f"/rest{LISTS}/print", (400, "no such command")),
        (f"/rest{LISTS}/remove", (400, "no such command")),
        (f"/rest{LISTS}/guests", (400, "no such command prefix")),
        ("/rest/interface/nobody", (404, "")),
        ("/rest/system/identity/x", (404, "")),
    ],
)
def test_what_is_said_of_an_item_that_is_not_there(path: str, expected: tuple[int, str]) -> None:
    missing = asked("GET", path).if_missing
    assert missing is not None
    assert (missing.status, missing.detail) == expected


def test_the_query_string_filters_and_chooses_properties() -> None:
    command = asked(
        "GET", f"/rest{LISTS}", "list=a%26b&comment=two+words&.proplist=.id,list&dynamic&.id=*39"
    ).command
    assert command.attributes == {".proplist": ".id,list"}
    assert command.queries == ("=list=a&b", "=comment=two words", "dynamic", "=.id=*39")


def test_a_post_has_queries_and_properties_in_its_body() -> None:
    body = {".proplist": ["name", "type"], ".query": ["type=ether", "type=vlan", "#|"], "detail": ""}
    command = asked("POST", "/rest/interface/print", body=json.dumps(body).encode()).command
    assert command.queries == ("type=ether", "type=vlan", "#|")
    assert command.attributes == {".proplist": "name,type", "detail": ""}


def test_values_become_text() -> None:
    body = b'{"a":"x","b":true,"c":false,"d":12,"e":017,"f":0x1F,"g":-3,"h":["*1","*2"],"i":null,"j":1.50,"k":"017"}'
    made = asked("PUT", f"/rest{LISTS}", body=body)
    assert made.command == Command(
        f"{LISTS}/add",
        {
            "a": "x", "b": "true", "c": "false", "d": "12", "e": "15", "f": "31", "g": "-3", "h": "*1,*2", "i": "",
            "j": "1.50", "k": "017",
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b'"x"', b"7", b"null", b'{"a":1e3}', b'{"a":089}', b'{"a":NaN}', b'{"a":{"b":1}}', b"\xff",
        b'{"a":"\n"}', b"{'a':1}", b'{"a":' + b"[" * 5000, b'{"a":0x' + b"F" * 5000 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_object_of_values_is_not_parsed(body: bytes) -> None:
    for method, path in (("PUT", LISTS), ("PATCH", f"{LISTS}/*1"), ("POST", f"{LISTS}/add")):
        assert refusal(method, f"/rest{path}", body) == (400, "Failed to parse json")


def test_no_body_is_an_empty_object() -> None:
    assert asked("POST", f"/rest{LISTS}/print", body=b" \r\n").command.attributes == {}


def test_replies_are_strings_in_ascii_order() -> None:
    assert dump_records([{"b": "1", "HTTPS": "false", ".id": "*1", "a": "é"}]) == (
        '[{".id":"*1","HTTPS":"false","a":"é","b":"1"}]'.encode()
    )
    assert dump_records([]) == b"[]"
    assert dump_object({"x": '\x01\x1f"\\'}) == rb'{"x":"\u0001\u001f\"\\"}'
    assert json.loads(dump_object({"x": "a\udcff"})) == {"x": "a\udcff"}


def test_bytes_that_are_no_text_come_back() -> None:
    assert argument(json.loads(dump_object({"x": "a\udcff"}))["x"]) == "a\udcff"
    assert argument("\ud800").encode("utf-8", "surrogateescape") == b"\xed\xa0\x80"
    assert words("a") == ("a",)
    with pytest.raises(BadJson):
        words([{"a": 1}])


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
def test_any_object_is_read_as_json_reads_it(value: dict[str, object]) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        read = parse_object(text.encode("utf-8", "surrogatepass"))
        assert {name: argument(held) for name, held in read.items()}.keys() == value.keys()
        for name, held in value.items():
            assert argument(read[name]) == argument(str(held) if type(held) is int else held)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(BadJson):
        parse_object(data)


@given(
    st.sampled_from(["GET", "PUT", "PATCH", "DELETE", "POST"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
)
def test_any_path_is_a_command_or_refused(method: str, path: str, query: str) -> None:
    with contextlib.suppress(Refusal):
        made = asked(method, f"/rest{LISTS}/{path}", query, b"{}")
        assert made.command.path.startswith("/")


@pytest.mark.parametrize(
    ("trap", "status", "body"),
    [
        (bad_argument("invalid value for argument address"), 400,
         '{"detail":"invalid value for argument address","error":400,"message":"Bad Request"}'),
        (no_such_command("remove"), 406,
         '{"detail":"no such command or directory (remove)","error":406,"message":"Not Acceptable"}'),
        (not_permitted(), 500,
         '{"detail":"not enough permissions (9)","error":500,"message":"Internal Server Error"}'),
        (Trap(("interrupted", 2)), 400, '{"detail":"interrupted","error":400,"message":"Bad Request"}'),
    ],
)  # fmt: skip
def test_traps_as_responses(trap: Trap, status: int, body: str) -> None:
    made = responses.trapped(trap)
    assert (made.status, made.body.decode()) == (status, body)
    assert made.headers == ((b"content-type", b"application/json"),)


def test_errors_of_http_have_no_detail() -> None:
    assert responses.error(401).body == b'{"error":401,"message":"Unauthorized"}'
    assert (b"www-authenticate", b'Basic realm="RouterOS"') in responses.error(401).headers
    assert responses.error(404).body == b'{"error":404,"message":"Not Found"}'


ROUTER_MENUS = sorted(MENUS.menus)
PIECES = [
    "*1", "*0", "*99", "default", "ether1", "print", "add", "set", "remove", "move", "listen", "get", "find", "x%20y",
    "unset", "comment", "sign", "update", "%2A1", "%FF", "*1,*2", "monitor-traffic", "..", "%00",
]  # fmt: skip
NAMES = [
    ".id", "numbers", "name", "address", ".proplist", ".query", "disabled", "comment", "count-only", "once",
    "duration", "interval", "place-before", "destination", "value-name", "interface", "from", "zzz", "",
]  # fmt: skip
VALUES = [
    "",
    "yes",
    True,
    7,
    -1,
    None,
    "*1",
    ["a", "b"],
    ["#!", "name=x"],
    "10.0.0.1/24",
    "\udcff",
    "1s",
    {"a": 1},
]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "PUT", "PATCH", "DELETE", "POST"]),
            st.sampled_from(ROUTER_MENUS),
            st.sampled_from(["", *PIECES]),
            st.sampled_from(["", "name=x", ".proplist=name,.id", ".id=*1", "a&b&=", "#=1", "%=%"]),
            st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=4),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_request_on_any_menu_has_an_answer(
    sent: list[tuple[str, str, str, str, dict[str, object]]],
) -> None:
    router = Router(name="r", clock=VirtualClock())
    origin = Origin("admin", "127.0.0.1", "rest-api", 1)
    for method, menu, piece, query, body in sent:
        if menu.startswith("/user") and method != "GET":
            continue
        path = f"/rest{menu}/{piece}".rstrip("/")
        try:
            made = operation(HttpRequest(method, path, query, json.dumps(body).encode()), MENUS)
            outcome = perform(router, made, origin)
        except (Refusal, Trap):
            continue
        if isinstance(outcome, Ongoing):
            continue
        assert outcome.status in (200, 201, 204)
        assert outcome.status == 204 or isinstance(json.loads(outcome.body), list | dict)
