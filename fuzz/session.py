"""Fuzz a session after its login: whatever the sentences say, each command is answered once.

    PYTHONPATH=. /tmp/fuzz/bin/python fuzz/session.py -runs=100000 -max_len=120 -len_control=0 found

(`fuzz/wire.py` says how to install atheris; the other dependencies of the project have to be there too.) An input
is read as commands on a router with a hotspot, each of two bytes for menu and verb, one for the number of
attributes, and for each of these two bytes that choose name and value, or 255, a length and the word
itself.

Checked for every input: nothing is raised; there is exactly one `!done` or `!fatal` for each command, for
those that go on after a `/cancel`; no reply tells of a fault of the simulator; every sentence begins with a
reply word and carries the tag of a command.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

import atheris

with atheris.instrument_imports(include=["router_sim"]):
    from router_sim.engine import VERBS, Command, Origin
    from router_sim.seed import lab_router
    from router_sim.session import Session
    from router_sim.wire import SentenceReader, encode_sentence

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class StillClock:
    """It is always the same moment, and no router is remembered to be told of another."""

    def now(self) -> datetime:
        """The moment."""
        return START

    def timestamp(self) -> float:
        """The same in seconds since the epoch."""
        return START.timestamp()


FIRST = lab_router("fuzz", clock=StillClock())
FIRST.execute(
    Command("/ip/hotspot/add", {"name": "h", "interface": "bridge-guest", "disabled": "no"}),
    Origin("", "", "seed"),
)
FIRST.mark_initial()
OWN_VERBS = sorted({verb for menu in FIRST.menus.values() for verb in menu.verbs} - set(VERBS))
PLACES = [*sorted(FIRST.menus), "", "/nothing", "//", "x"]
ACTIONS = [*sorted(VERBS), *OWN_VERBS, "listen", "cancel", "quit", "login", "", "x"]
NAMES = [
    *(".id", "numbers", "number", "value-name", ".proplist", "count-only", "from", "follow", "follow-only"),
    *("interval", "duration", "once", "destination", "place-before", "copy-from", "tag", "zzz"),
    *sorted({name for menu in FIRST.menus.values() for name in menu.by_name}),
]
VALUES = [
    *("", "yes", "no", "true", "0", "1", "-1", "*0", "*1", "*1,*2", "*FFFFFFFFF", "default", "all", "none"),
    *("10.0.0.1", "10.0.0.1/24", "10.0.0.1-10.0.0.9", "999.1.1.1", "::1", "1h", "00:00:01", "1w2d", "-1s"),
    *(
        "ether1",
        "bridge-guest",
        "h",
        "admin",
        "name",
        "disabled",
        "x" * 300,
        "a,b",
        "!a",
        "02:00:5E:00:53:01",
    ),
    *("99999999999999999999", "1.5", "http", "tcp", "accept", "=", "?", "\udcff", "ü", "\r\n", "\0", "*"),
]
MARKS = ("=", "?", "?=", "?>", "?<", "?-", "?#")


class Paper:
    """An outlet that keeps what is written."""

    full = False

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def write(self, data: bytes, delay: float = 0.0) -> None:
        """Keep the data."""
        self.written += data

    def close(self, delay: float = 0.0) -> None:
        """The session is over."""
        self.closed = True

    abort = close

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Paper:
        """Never."""
        return self

    def spawn(self, work: Coroutine[Any, Any, None]) -> Paper:
        """Never either: what goes on stands still until it is cancelled."""
        work.close()
        return self

    def cancel(self) -> None:
        """Nothing was begun."""


def commands(data: bytes) -> Iterator[list[bytes]]:
    """The commands an input means."""
    taken = iter(data)

    def take() -> int:
        return next(taken, 0)

    while (first := next(taken, None)) is not None:
        path = f"{PLACES[first % len(PLACES)]}/{ACTIONS[take() % len(ACTIONS)]}"
        words = [path.encode()]
        for _ in range(take() % 6):
            chosen = take()
            if chosen == 255:
                words.append(bytes(take() for _ in range(take() % 40)) or b"?")
                continue
            mark, value = MARKS[chosen % len(MARKS)], VALUES[take() % len(VALUES)]
            name = NAMES[(chosen * 7 + take()) % len(NAMES)]
            words.append(f"{mark}{name}={value}".encode("utf-8", "surrogateescape"))
        yield words


def test_one_input(data: bytes) -> None:
    """What is said above, for one input."""
    paper = Paper()
    session = Session(
        FIRST.twin("twin"), paper, address="127.0.0.1", connection=1, challenge=lambda: bytes(16)
    )
    session.receive(encode_sentence([b"/login", b"=name=admin", b"=password="]))
    assert paper.written == b"\x05!done\x00"
    paper.written = b""
    sent: list[bytes] = []
    for words in commands(data):
        if paper.closed:
            break
        sent.append(b".tag=%d" % len(sent))
        session.receive(encode_sentence([*words, sent[-1]]))
    if not paper.closed:
        sent.append(b".tag=last")
        session.receive(encode_sentence([b"/cancel", sent[-1]]))
    ends: Counter[bytes] = Counter()
    for reply in SentenceReader().feed(paper.written):
        assert reply[0] in (b"!re", b"!done", b"!trap", b"!empty", b"!fatal"), reply
        assert reply[1] in sent, reply
        assert not any(word.startswith(b"=message=simulator error") for word in reply), reply
        ends[reply[1]] += reply[0] in (b"!done", b"!fatal")
    assert list(ends.values()) == [1] * len(ends), ends
    assert paper.closed or set(ends) == set(sent), (sent, ends)
    session.connection_lost()


def main() -> None:
    """Run with the arguments of the command line."""
    logging.disable(logging.CRITICAL)
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
