"""The session without sockets: commands that go on until they are cancelled."""

from __future__ import annotations

import pytest

from router_sim.engine import Command, Origin
from tests.router_sim.bench import LISTS, Bench, Paper
from tests.router_sim.clients import framed


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


def test_an_empty_proplist_hides_nothing_from_who_follows() -> None:
    bench = Bench().logged_in()
    bench.say(f"{LISTS}/print", "=follow=", "=.proplist=", ".tag=o")
    bench.say(f"{LISTS}/print", "=follow-only=", "=proplist=list", ".tag=p")
    every, named, _ = bench.say(f"{LISTS}/add", "=list=a", "=address=10.0.0.1")
    assert every[:5] == ["!re", ".tag=o", "=.id=*1", "=list=a", "=address=10.0.0.1"]
    assert named == ["!re", ".tag=p", "=list=a"]


def test_interval_repeats_the_print_with_section_numbers() -> None:
    bench = Bench().logged_in()
    row = ["!re", ".tag=i", "=name=MikroTik", "=.section=0"]
    assert bench.say("/system/identity/print", "=interval=1s", ".tag=i") == [row]
    assert bench.paper.alarms[0].seconds == 1
    bench.paper.ring()
    row[3] = "=.section=1"
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
