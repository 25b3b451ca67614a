"""The session without sockets: login, tags, errors, faults."""

from __future__ import annotations

import hashlib
import logging

import pytest

from router_sim.engine import Command, Origin, Reply
from router_sim.faults import Fault
from router_sim.wire import encode_sentence
from tests.router_sim.bench import CHALLENGE, LISTS, Bench, Paper
from tests.router_sim.clients import framed


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


def test_a_proplist_may_ask_for_object_identifiers() -> None:
    bench = Bench().logged_in()
    asked = "=.proplist=cpu-load,uptime.oid,cpu-load.oid,version.oid,nothing.oid"
    assert bench.say("/system/resource/print", asked) == [
        ["!re", "=cpu-load=0", "=cpu-load.oid=.1.3.6.1.2.1.25.3.3.1.2.1", "=uptime.oid=.1.3.6.1.2.1.1.3.0"],
        ["!done"],
    ]
    assert bench.say("/interface/print", "=.proplist=name,rx-byte.oid", "?name=lo") == [
        ["!re", "=name=lo", "=rx-byte.oid=.1.3.6.1.2.1.31.1.1.1.6.2"],
        ["!done"],
    ]
    assert bench.say("/ip/pool/print", "=.proplist=name.oid")[-1] == ["!done"]


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
