"""The session without sockets: login, tags, errors, commands that go on, cancelling, faults."""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin, Reply
from router_sim.faults import Fault, FaultPlan
from router_sim.router import Router
from router_sim.session import Session
from router_sim.wire import encode_sentence
from tests.router_sim.clients import framed, unframed

CHALLENGE = bytes.fromhex("259e0bc05acd6f46926dc2f809ed1bba")
LISTS = "/ip/firewall/address-list"


@dataclass
class Alarm:
    seconds: float
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Paper:
    """An outlet that keeps what is written, and timers that go off when told."""

    written: bytes = b""
    delays: list[float] = field(default_factory=list)
    closed: bool = False
    aborted: bool = False
    full: bool = False
    alarms: list[Alarm] = field(default_factory=list)

    def write(self, data: bytes, delay: float = 0.0) -> None:
        self.written += data
        self.delays.append(delay)

    def close(self, delay: float = 0.0) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Alarm:
        self.alarms.append(Alarm(seconds, callback))
        return self.alarms[-1]

    def ring(self) -> None:
        for alarm in [alarm for alarm in self.alarms if not alarm.cancelled]:
            self.alarms.remove(alarm)
            alarm.callback()


class Bench:
    """A router, an outlet and a session between them."""

    def __init__(self, version: str = "7.22.3") -> None:
        self.router = Router(name="r", clock=VirtualClock(), version=version, password="test")
        self.faults = FaultPlan()
        self.paper = Paper()
        self.session = self.another(self.paper, 1)

    def another(self, paper: Paper, connection: int) -> Session:
        return Session(
            self.router,
            paper,
            address="127.0.0.1",
            connection=connection,
            challenge=lambda: CHALLENGE,
            faults=self.faults,
        )

    def say(self, *words: str) -> list[list[str]]:
        """Send one sentence and take what was written since."""
        return self.feed(framed(*words))

    def feed(self, data: bytes) -> list[list[str]]:
        self.session.receive(data)
        return self.taken()

    def taken(self) -> list[list[str]]:
        data, self.paper.written = self.paper.written, b""
        return unframed(data)

    def logged_in(self) -> Bench:
        assert self.say("/login", "=name=admin", "=password=test") == [["!done"]]
        return self


def test_plain_login() -> None:
    bench = Bench()
    assert bench.say("/login", "=name=admin", "=password=test") == [["!done"]]
    assert bench.session.user == "admin"


def token_response(password: str, challenge: bytes) -> str:
    return "00" + hashlib.md5(b"\0" + password.encode() + challenge).hexdigest()  # noqa: S324


def test_the_known_answer_to_the_known_challenge() -> None:
    assert token_response("test", CHALLENGE) == "00c7fd865183a43a772dde231f6d0bff13"


@pytest.mark.parametrize("version", ["6.42.12", "6.43", "6.44.6"])
def test_token_login_before_6_45_1(version: str) -> None:
    bench = Bench(version)
    assert bench.say("/login") == [["!done", f"=ret={CHALLENGE.hex()}"]]
    response = token_response("test", CHALLENGE)
    assert bench.say("/login", "=name=admin", f"=response={response}") == [["!done"]]
    assert bench.session.user == "admin"


def test_a_challenge_is_good_for_one_answer() -> None:
    bench = Bench("6.42.12")
    bench.say("/login")
    wrong = [["!trap", "=message=cannot log in"], ["!done"]]
    assert bench.say("/login", "=name=admin", "=response=00ff") == wrong
    response = token_response("test", CHALLENGE)
    assert bench.say("/login", "=name=admin", f"=response={response}") == wrong


@pytest.mark.parametrize("version", ["6.45.1", "6.49.18", "7.22.3"])
def test_newer_routers_give_a_challenge_and_refuse_its_answer(version: str) -> None:
    bench = Bench(version)
    assert bench.say("/login") == [["!done", f"=ret={CHALLENGE.hex()}"]]
    response = token_response("test", CHALLENGE)
    assert bench.say("/login", "=name=admin", f"=response={response}") == [
        ["!trap", "=message=invalid user name or password (6)"],
        ["!done"],
    ]


def test_an_old_router_answers_a_plain_login_with_a_challenge() -> None:
    bench = Bench("6.42.12")
    assert bench.say("/login", "=name=admin", "=password=test") == [["!done", f"=ret={CHALLENGE.hex()}"]]
    assert bench.session.user is None


def test_the_fifth_sentence_before_login_ends_the_session() -> None:
    bench = Bench()
    for _ in range(4):
        assert bench.say("/login", "=name=admin", "=password=wrong") == [
            ["!trap", "=message=invalid user name or password (6)"],
            ["!done"],
        ]
    assert bench.say("/login", "=name=admin", "=password=test") == [
        ["!fatal", "too many commands before login"]
    ]
    assert bench.paper.closed
    assert bench.say("/login", "=name=admin", "=password=test") == []


def test_a_command_before_login_ends_the_session() -> None:
    bench = Bench()
    assert bench.say("/system/identity/print") == [["!fatal", "not logged in"]]
    assert bench.paper.closed


def test_strangers_cannot_send_large_sentences() -> None:
    bench = Bench()
    assert bench.feed(framed("/login", "=name=admin", "=password=" + "x" * 20_000)) == []
    assert bench.paper.closed
    bench = Bench().logged_in()
    bench.say("/system/identity/set", "=name=" + "x" * 20_000)
    assert not bench.paper.closed


def test_every_sentence_of_a_tagged_command_has_the_tag_behind_the_reply_word() -> None:
    bench = Bench().logged_in()
    assert bench.say("/system/identity/print", ".tag=7") == [
        ["!re", ".tag=7", "=name=MikroTik"],
        ["!done", ".tag=7"],
    ]
    assert bench.say("/nonsense/print", ".tag=a b=c") == [
        ["!trap", ".tag=a b=c", "=category=0", "=message=no such command or directory (nonsense)"],
        ["!trap", ".tag=a b=c", "=message=no such command prefix"],
        ["!done", ".tag=a b=c"],
    ]
    assert bench.say("/system/identity/print", ".tag=") == [["!re", "=name=MikroTik"], ["!done"]]


def test_the_tag_may_stand_anywhere_and_add_returns_the_id() -> None:
    bench = Bench().logged_in()
    (done,) = bench.say(f"{LISTS}/add", "=list=a", ".tag=x", "=address=10.0.0.1")
    assert done[:2] == ["!done", ".tag=x"]
    assert done[2].startswith("=ret=*")


@pytest.mark.parametrize("word", ["somethingthatdoesntexist", "#"])
def test_a_bare_word_is_refused_and_the_session_goes_on(word: str) -> None:
    bench = Bench().logged_in()
    assert bench.say(word, ".tag=1") == [
        ["!trap", ".tag=1", "=category=0", "=message=no such command prefix"],
        ["!done", ".tag=1"],
    ]
    assert len(bench.say("/system/identity/print")) == 2


def test_an_unknown_attribute_is_refused() -> None:
    bench = Bench().logged_in()
    first, done = bench.say("/system/identity/set", "=colour=red")
    assert first == ["!trap", "=category=1", "=message=unknown parameter colour"]
    assert done == ["!done"]


@pytest.mark.parametrize(("version", "empty"), [("7.17.2", False), ("7.18", True), ("7.22.3", True)])
def test_empty_stands_before_done_since_7_18(version: str, empty: bool) -> None:
    bench = Bench(version).logged_in()
    expected = [["!empty", ".tag=1"]] * empty + [["!done", ".tag=1"]]
    assert bench.say(f"{LISTS}/print", ".tag=1") == expected
    assert bench.say(f"{LISTS}/print", "?list=none", ".tag=1") == expected
    assert bench.say(f"{LISTS}/print", "=count-only=") == [["!done", "=ret=0"]]
    assert bench.say("/system/identity/set", "=name=x") == [["!done"]]


def test_a_record_without_any_listed_property_is_a_bare_re() -> None:
    bench = Bench().logged_in()
    bench.say(f"{LISTS}/add", "=list=a", "=address=10.0.0.1")
    assert bench.say(f"{LISTS}/print", "=.proplist=comment") == [["!re"], ["!done"]]


def test_values_are_opaque_bytes() -> None:
    bench = Bench().logged_in()
    value = b"caf\xe9 \xff\xfe=?\r\n.tag=1 \xc3\xa9"
    bench.feed(encode_sentence([b"/system/identity/set", b"=name=" + value]))
    bench.session.receive(framed("/system/identity/print"))
    assert b"=name=" + value in bench.paper.written


def test_words_of_every_length_form() -> None:
    bench = Bench().logged_in()
    for size in (127, 128, 256, 16383, 16384, 70_000):
        (done,) = bench.say(
            f"{LISTS}/add", "=list=a", f"=address=10.1.{size % 250}.1", "=comment=" + "y" * size
        )
        assert done[0] == "!done"
        rows = bench.say(f"{LISTS}/print", "=.proplist=comment", f"?address=10.1.{size % 250}.1")
        assert rows[0] == ["!re", "=comment=" + "y" * size]


def test_quit() -> None:
    bench = Bench().logged_in()
    assert bench.say("/quit") == [["!fatal", "session terminated on request"]]
    assert bench.paper.closed
    assert bench.say("/system/identity/print") == []


def test_bytes_out_of_frame_end_the_session_after_what_came_before() -> None:
    bench = Bench().logged_in()
    assert len(bench.feed(framed("/system/identity/print") + b"\xff")) == 2
    assert bench.paper.closed


def test_a_user_is_active_while_the_session_lasts() -> None:
    bench = Bench().logged_in()
    rows = bench.say("/user/active/print", "=.proplist=name,address,via")
    assert rows == [["!re", "=name=admin", "=address=127.0.0.1", "=via=api"], ["!done"]]
    paper = Paper()
    other = bench.another(paper, 2)
    other.receive(framed("/login", "=name=admin", "=password=test"))
    assert len(bench.say("/user/active/print")) == 3
    other.connection_lost()
    assert len(bench.say("/user/active/print")) == 2


def test_a_second_login_on_a_connection_changes_its_user_and_rights() -> None:
    bench = Bench().logged_in()
    bench.say("/user/add", "=name=guest", "=password=g", "=group=read")
    assert bench.say("/login", "=name=guest", "=password=wrong")[0][0] == "!trap"
    assert bench.session.user == "admin"
    assert bench.say("/login", "=name=guest", "=password=g") == [["!done"]]
    assert bench.say("/user/active/print", "=.proplist=name") == [["!re", "=name=guest"], ["!done"]]
    assert bench.say("/system/identity/set", "=name=x", ".tag=1") == [
        ["!trap", ".tag=1", "=message=not enough permissions (9)"],
        ["!done", ".tag=1"],
    ]


# Commands that go on


def test_listen_shows_changes_of_any_session_until_cancelled() -> None:
    bench = Bench().logged_in()
    assert bench.say(f"{LISTS}/listen", ".tag=L", "=.proplist=.id,list,comment") == []
    other = bench.another(Paper(), 2)
    other.receive(framed("/login", "=name=admin", "=password=test"))
    other.receive(framed(f"{LISTS}/add", "=list=a", "=address=10.0.0.1"))
    (added,) = bench.taken()
    number = added[2].removeprefix("=.id=")
    assert added == ["!re", ".tag=L", f"=.id={number}", "=list=a"]
    other.receive(framed(f"{LISTS}/set", f"=.id={number}", "=comment=x"))
    assert bench.taken() == [["!re", ".tag=L", f"=.id={number}", "=list=a", "=comment=x"]]
    other.receive(framed(f"{LISTS}/remove", f"=.id={number}"))
    assert bench.taken() == [["!re", ".tag=L", f"=.id={number}", "=.dead=true"]]
    assert bench.say("/cancel", "=tag=L", ".tag=C") == [
        ["!trap", ".tag=L", "=category=2", "=message=interrupted"],
        ["!done", ".tag=C"],
        ["!done", ".tag=L"],
    ]
    other.receive(framed(f"{LISTS}/add", "=list=a", "=address=10.0.0.2"))
    assert bench.taken() == []


def test_an_untagged_cancel_ends_everything_that_runs() -> None:
    bench = Bench().logged_in()
    bench.say(f"{LISTS}/listen", ".tag=1")
    bench.say("/system/identity/listen")
    assert bench.say("/cancel", ".tag=C") == [
        ["!trap", ".tag=1", "=category=2", "=message=interrupted"],
        ["!trap", "=category=2", "=message=interrupted"],
        ["!done", ".tag=C"],
        ["!done", ".tag=1"],
        ["!done"],
    ]
    assert bench.say("/cancel") == [["!done"]]


def test_cancelling_an_unknown_tag_is_harmless() -> None:
    bench = Bench().logged_in()
    bench.say(f"{LISTS}/listen", ".tag=1")
    assert bench.say("/cancel", "=tag=2") == [["!done"]]
    bench.say(f"{LISTS}/add", "=list=a", "=address=10.0.0.1")
    assert len(bench.say("/cancel", "=tag=1")) == 3


def test_listening_where_there_is_no_menu_is_refused() -> None:
    bench = Bench().logged_in()
    assert bench.say("/nonsense/listen", ".tag=1")[0][0] == "!trap"
    assert bench.say("/cancel") == [["!done"]]


def test_follow_shows_the_rows_first_and_follow_only_does_not() -> None:
    bench = Bench().logged_in()
    bench.say(f"{LISTS}/add", "=list=a", "=address=10.0.0.1")
    shown = "=.proplist=address"
    assert bench.say(f"{LISTS}/print", "=follow=", shown, ".tag=f") == [
        ["!re", ".tag=f", "=address=10.0.0.1"]
    ]
    assert bench.say(f"{LISTS}/print", "=follow-only=", shown, ".tag=o") == []
    events = bench.say(f"{LISTS}/add", "=list=a", "=address=10.0.0.2")
    assert sorted(events[:2]) == [["!re", f".tag={tag}", "=address=10.0.0.2"] for tag in "fo"]
    assert bench.say(f"{LISTS}/print", "=follow=no", shown)[-1] == ["!done"]


def test_follow_keeps_to_the_query() -> None:
    bench = Bench().logged_in()
    bench.say(f"{LISTS}/print", "=follow-only=", "=.proplist=address", "?list=b", ".tag=o")
    assert len(bench.say(f"{LISTS}/add", "=list=a", "=address=10.0.0.1")) == 1
    assert bench.say(f"{LISTS}/add", "=list=b", "=address=10.0.0.2")[0] == [
        "!re",
        ".tag=o",
        "=address=10.0.0.2",
    ]


def test_interval_repeats_the_print_with_section_numbers() -> None:
    bench = Bench().logged_in()
    row = ["!re", ".tag=i", "=.section=0", "=name=MikroTik"]
    assert bench.say("/system/identity/print", "=interval=1s", ".tag=i") == [row]
    assert bench.paper.alarms[0].seconds == 1
    bench.paper.ring()
    row[2] = "=.section=1"
    assert bench.taken() == [row]
    bench.paper.full = True
    bench.paper.ring()
    assert bench.taken() == []
    bench.paper.full = False
    assert len(bench.say("/cancel", "=tag=i")) == 3
    bench.paper.ring()
    assert bench.taken() == []


def test_a_repeated_print_ends_with_the_trap_that_meets_it() -> None:
    bench = Bench()
    admin = Origin("admin", "127.0.0.1")
    bench.router.execute(Command("/user/add", {"name": "guest", "password": "g", "group": "read"}), admin)
    bench.say("/login", "=name=guest", "=password=g")
    assert len(bench.say("/system/identity/print", "=interval=1s", ".tag=i")) == 1
    bench.router.execute(Command("/user/group/add", {"name": "blind", "policy": "api"}), admin)
    bench.router.execute(Command("/user/set", {".id": "guest", "group": "blind"}), admin)
    bench.paper.ring()
    assert bench.taken() == [
        ["!trap", ".tag=i", "=message=not enough permissions (9)"],
        ["!done", ".tag=i"],
    ]
    bench.paper.ring()
    assert bench.taken() == []


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ("soon", "invalid value for argument interval"),
        ("0", "value of interval is out of range (00:00:00.010 .. 1d00:00:00)"),
    ],
)
def test_an_interval_has_to_be_one(interval: str, text: str) -> None:
    bench = Bench().logged_in()
    assert bench.say("/system/identity/print", f"=interval={interval}") == [
        ["!trap", "=category=1", f"=message={text}"],
        ["!done"],
    ]


def test_the_end_of_the_connection_stops_what_runs() -> None:
    bench = Bench().logged_in()
    bench.say(f"{LISTS}/listen", ".tag=1")
    bench.say("/system/identity/print", "=interval=1s")
    bench.taken()
    bench.session.connection_lost()
    other = bench.another(Paper(), 2)
    other.receive(framed("/login", "=name=admin", "=password=test"))
    other.receive(framed(f"{LISTS}/add", "=list=a", "=address=10.0.0.1"))
    bench.paper.ring()
    assert bench.taken() == []


def test_a_slow_peer_makes_commands_wait() -> None:
    bench = Bench().logged_in()
    bench.paper.full = True
    assert bench.say("/system/identity/print") == []
    bench.paper.full = False
    bench.session.resume()
    assert len(bench.taken()) == 2


# Faults


def test_an_injected_trap_changes_nothing() -> None:
    bench = Bench().logged_in()
    bench.faults.add(Fault("trap", path="/system/identity/set", message="failure: busy", category=4, count=1))
    assert bench.say("/system/identity/set", "=name=x", ".tag=1") == [
        ["!trap", ".tag=1", "=category=4", "=message=failure: busy"],
        ["!done", ".tag=1"],
    ]
    assert bench.say("/system/identity/print")[0] == ["!re", "=name=MikroTik"]
    assert bench.say("/system/identity/set", "=name=x") == [["!done"]]


@pytest.mark.parametrize(("kind", "name"), [("drop_before", "MikroTik"), ("drop_after", "x")])
def test_a_connection_lost_before_or_after_the_write(kind: str, name: str) -> None:
    bench = Bench().logged_in()
    bench.faults.add(Fault(kind, path="/system/identity/set", count=1))
    assert bench.say("/system/identity/set", "=name=x") == []
    assert bench.paper.aborted
    rows = bench.router.execute(Command("/system/identity/print", {}), Origin("admin", "127.0.0.1")).rows
    assert rows[0]["name"] == name


def test_latency_delays_the_reply_of_its_command() -> None:
    bench = Bench().logged_in()
    bench.paper.delays.clear()
    bench.faults.add(Fault("latency", delay=1.5, count=1))
    bench.say("/system/identity/print")
    bench.say("/system/identity/print")
    assert bench.paper.delays == [1.5, 0.0]


def test_an_injected_trap_on_login() -> None:
    bench = Bench()
    bench.faults.add(Fault("trap", path="/login", message="could not authenticate - radius timeout", count=1))
    assert bench.say("/login", "=name=admin", "=password=test")[0] == [
        "!trap",
        "=message=could not authenticate - radius timeout",
    ]
    bench.logged_in()


def test_an_error_of_the_simulator_is_told_and_does_not_end_the_session(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench().logged_in()

    def broken(command: Command, origin: Origin) -> Reply:
        raise KeyError("oops")

    with monkeypatch.context() as patch:
        patch.setattr(bench.router, "execute", broken)
        with caplog.at_level(logging.ERROR):
            trap, done = bench.say("/ip/address/print", ".tag=1")
    assert trap[3] == "=message=simulator error in /ip/address/print: KeyError: 'oops'"
    assert done == ["!done", ".tag=1"]
    assert "router r: /ip/address/print failed" in caplog.text
    assert len(bench.say("/system/identity/print")) == 2


# Anything may be sent

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
