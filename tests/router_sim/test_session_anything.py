"""The session without sockets: whatever is sent, and however it is cut, is answered."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from router_sim.wire import encode_sentence
from tests.router_sim.bench import LISTS, Bench
from tests.router_sim.clients import framed

requests = st.lists(
    st.sampled_from(
        [
            framed("/system/identity/print", ".tag=1"),
            framed(f"{LISTS}/add", "=list=a", "=address=10.0.0.1", ".tag=2"),
            framed(f"{LISTS}/print", ".tag=3"),
            framed(f"{LISTS}/listen", ".tag=4"),
            framed(f"{LISTS}/print", "=follow=", ".tag=5"),
            framed("/cancel", ".tag=6"),
            framed("#"),
            framed("/", "=", "?", ".tag"),
            framed("/print"),
            framed("/listen"),
            framed("//listen", "=.id=*"),
        ]
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(requests, st.lists(st.integers(0, 1000), max_size=12))
def test_cutting_the_requests_does_not_change_the_replies(sent: list[bytes], places: list[int]) -> None:
    data = b"".join(sent)
    whole, cut = Bench().logged_in(), Bench().logged_in()
    expected = whole.feed(data)
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    got: list[list[str]] = []
    for start, stop in itertools.pairwise(edges):
        got += cut.feed(data[start:stop])
    assert got == expected
    tagged = [words for words in expected if words[1:2] == [".tag=1"]]
    assert len(tagged) == 2 * sent.count(framed("/system/identity/print", ".tag=1"))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=5), max_size=5))
def test_any_sentence_is_answered(sentences: list[list[bytes]]) -> None:
    bench = Bench().logged_in()
    for words in sentences:
        if words[0] in (b"/quit", b"/login", b"/cancel"):
            continue
        answered(bench.feed(encode_sentence(words)))


MENUS = sorted(Bench().router.snapshot())
# fmt: off
VERBS = [
    "print", "getall", "add", "set", "remove", "enable", "disable", "comment", "unset", "reset", "move",
    "get", "find",
]
NAMES = [
    ".id", "numbers", "name", "address", "interface", "disabled", "comment", "profile", "server", "list",
    "user", "password", "mac-address", "timeout", "type", "contents", "destination", "place-before",
    "copy-from", "value-name", "count-only", ".proplist", "from", "zzz",
]
VALUES = [
    "", "yes", "no", "0", "-1", "*0", "*1", "*1,*2", "*FFFF", "default", "10.0.0.1", "10.0.0.1/24",
    "10.0.0.1-10.0.0.9", "1h", "ether1", "x", "a,b", "all", "00:11:22:33:44:55", "99999999999999999999",
    "\udcff", "read,write",
]
# fmt: on
attributes = st.builds("={}={}".format, st.sampled_from(NAMES), st.sampled_from(VALUES))
queries = st.builds("?{}".format, attributes | st.sampled_from(["#!", "#|", "#0.", "-comment", ">name=a"]))
commands = st.tuples(
    st.builds("{}/{}".format, st.sampled_from(MENUS), st.sampled_from(VERBS)),
    st.lists(attributes | queries, max_size=4),
)


# The same examples each time: a rare refusal that is none belongs into a test of its own menu.
@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(commands, min_size=1, max_size=8))
def test_any_command_on_any_menu_is_answered(sent: list[tuple[str, list[str]]]) -> None:
    bench = Bench().logged_in()
    for path, words in sent:
        if path not in ("/user/remove", "/user/disable", "/user/set"):
            answered(bench.say(path, *words, ".tag=t"))


def answered(got: list[list[str]]) -> None:
    assert got[-1][0] == "!done"
    assert not any("simulator error" in word for sentence in got for word in sentence)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=50), max_size=10), st.booleans())
def test_any_bytes_are_survived(chunks: list[bytes], first_log_in: bool) -> None:
    bench = Bench()
    if first_log_in:
        bench.logged_in()
    for chunk in chunks:
        assert all(words[0].startswith("!") for words in bench.feed(chunk))
    bench.session.connection_lost()
    assert bench.router.snapshot()["/user/active"] == []
