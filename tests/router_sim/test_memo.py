"""Remembered replies: never another than the one made anew, bounded, and gone with the last session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from router_sim import memo
from router_sim.clock import VirtualClock
from router_sim.faults import Fault, FaultPlan
from router_sim.memo import Memo, cut_tag, split_tag
from router_sim.recall import Recall
from router_sim.router import Router
from router_sim.seed import lab_router
from router_sim.session import Session
from tests.router_sim.bench import LISTS, Bench, Paper
from tests.router_sim.clients import framed, unframed

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
USERS = "/ip/hotspot/user"
ACTIVE = "/ip/hotspot/active"
HOSTS = "/ip/hotspot/host"


class NoRecall(Recall):
    """Remembers nothing."""

    __slots__ = ()

    def segment(self, data: bytes) -> bytes | None:
        return None

    def sentence(self, words: list[bytes], segment: bytes) -> bytes | None:
        return None


class Line:
    """A router of its own and a session on it, which remembers replies or does not."""

    def __init__(self, *, remembers: bool, monotonic: Callable[[], float] = lambda: 0.0) -> None:
        self.clock = VirtualClock(START, monotonic=monotonic)
        self.router: Router = lab_router("lab", clock=self.clock, password="test")
        self.faults = FaultPlan(self.clock.now)
        self.remembers = remembers
        self.users: dict[str, tuple[Session, Paper]] = {}

    def opened(self, user: str, password: str) -> None:
        paper = Paper()
        number = len(self.users) + 1
        session = Session(
            self.router,
            paper,
            address="127.0.0.1",
            connection=number,
            challenge=lambda: bytes(16),
            faults=self.faults,
        )
        if not self.remembers:
            session._recall = NoRecall(self.router, self.faults)
        self.users[user] = (session, paper)
        assert self.send(user, framed("/login", f"=name={user}", f"=password={password}")) == [["!done"]]

    def send(self, user: str, data: bytes) -> list[list[str]]:
        session, paper = self.users[user]
        session.receive(data)
        written, paper.written = paper.written, b""
        return unframed(written)


READS = [
    (f"{USERS}/print",),
    (f"{USERS}/print", "?name=a"),
    (f"{USERS}/print", "=.proplist=name,profile,uptime", "?profile=default"),
    (f"{USERS}/print", "=count-only="),
    (f"{USERS}/getall", "?>name=b"),
    (f"{USERS}/get", "=number=a", "=value-name=profile"),
    (f"{USERS}/print", "=unheard-of=1"),
    (f"{USERS}/profile/print",),
    (f"{ACTIVE}/print",),
    (f"{HOSTS}/print", "?authorized=true"),
    (f"{LISTS}/print",),
    (f"{LISTS}/print", "=from=*1"),
    ("/ip/hotspot/print",),
    ("/interface/print",),
    ("/user/print",),
    ("/user/active/print",),
    ("/log/print",),
    ("/system/resource/print",),
    ("/system/clock/print",),
    ("/system/identity/print",),
    (f"{USERS}/print", "=interval=no"),
    ("/nothing/print",),
]
NAMES = st.sampled_from(["a", "b", "c", "ü"])


class SameAnswers(RuleBasedStateMachine):
    """Two routers live the same life; one of them has a session that remembers."""

    @initialize()
    def start(self) -> None:
        self.lines = [Line(remembers=True), Line(remembers=False)]
        for line in self.lines:
            line.opened("admin", "test")
        self.say("/user/add", "=name=second", "=password=x", "=group=read")
        for line in self.lines:
            line.opened("second", "x")

    def say(self, *words: str, user: str = "admin") -> list[list[str]]:
        return self.feed(framed(*words), user)

    def feed(self, data: bytes, user: str = "admin") -> list[list[str]]:
        with_memory, without = (line.send(user, data) for line in self.lines)
        assert with_memory == without
        return without

    @rule(
        reads=st.lists(st.sampled_from(READS), min_size=1, max_size=3),
        user=st.sampled_from(["admin", "second"]),
        tags=st.sampled_from([(), (".tag=1",), (".tag=",), (".tag=1", ".tag=ü2")]),
        first=st.booleans(),
        times=st.integers(1, 3),
        together=st.booleans(),
    )
    def read(self, reads, user, tags, first, times, together) -> None:
        sentences = []
        for path, *rest in reads:
            sentences.append(framed(path, *tags, *rest) if first else framed(path, *rest, *tags))
        for _ in range(times):
            for data in [b"".join(sentences)] if together else sentences:
                self.feed(data, user)

    @rule(name=NAMES, limit=st.sampled_from(["0s", "10m"]))
    def add_user(self, name: str, limit: str) -> None:
        self.say(f"{USERS}/add", f"=name={name}", f"=limit-uptime={limit}")

    @rule(name=NAMES, comment=st.sampled_from(["", "x"]))
    def change_user(self, name: str, comment: str) -> None:
        self.say(f"{USERS}/set", f"=numbers={name}", f"=comment={comment}")

    @rule(name=NAMES)
    def remove_user(self, name: str) -> None:
        self.say(f"{USERS}/remove", f"=numbers={name}")

    @rule(name=st.sampled_from(["one", "two"]))
    def rename_profile(self, name: str) -> None:
        self.say(f"{USERS}/profile/set", "=numbers=default", f"=name={name}")

    @rule(timeout=st.sampled_from(["1m", "1h"]), address=st.integers(1, 3))
    def list_address(self, timeout: str, address: int) -> None:
        self.say(f"{LISTS}/add", "=list=l", f"=address=10.0.0.{address}", f"=timeout={timeout}")

    @rule(last=st.integers(10, 13))
    def see_guest(self, last: int) -> None:
        for line in self.lines:
            line.router.associate(f"02:00:5E:00:53:{last}", f"10.5.50.{last}", "bridge-guest")

    @rule()
    def serve_guests(self) -> None:
        self.say("/ip/hotspot/add", "=name=h", "=interface=bridge-guest", "=disabled=no")

    @rule(name=NAMES, last=st.integers(10, 13))
    def login(self, name: str, last: int) -> None:
        self.say(f"{ACTIVE}/login", f"=user={name}", f"=ip=10.5.50.{last}")

    @rule(group=st.sampled_from(["read", "full", "write"]))
    def change_rights(self, group: str) -> None:
        self.say("/user/set", "=numbers=second", f"=group={group}")

    @rule(policy=st.sampled_from(["read", "read,sensitive", "api"]))
    def change_group(self, policy: str) -> None:
        self.say("/user/group/set", "=numbers=read", f"=policy={policy}")

    @rule(seconds=st.sampled_from([0.4, 1, 59.5, 300, 3600]))
    def wait(self, seconds: float) -> None:
        for line in self.lines:
            line.clock.advance(seconds)

    @rule(path=st.sampled_from([f"{USERS}/print", "*"]))
    def plan_fault(self, path: str) -> None:
        for line in self.lines:
            line.faults.add(Fault("trap", path=path, message="broken", count=1))

    @rule()
    def reset(self) -> None:
        for line in self.lines:
            line.router.reset()
        self.say("/user/add", "=name=second", "=password=x", "=group=read")

    @invariant()
    def nothing_else_differs(self) -> None:
        one, other = (line.router for line in self.lines)
        assert one.snapshot() == other.snapshot()
        assert one.journal.ndjson() == other.journal.ndjson()


SameAnswers.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestSameAnswers = SameAnswers.TestCase


def test_a_repeated_read_is_not_made_twice() -> None:
    bench = Bench().logged_in()
    made: list[str] = []
    execute = bench.router.execute
    bench.router.execute = lambda command, origin: made.append(command.path) or execute(command, origin)
    first = bench.say(f"{USERS}/print", "?name=default-trial")
    assert first[0][0] == "!re"
    for _ in range(3):
        assert bench.say(f"{USERS}/print", "?name=default-trial") == first
    tagged = bench.say(f"{USERS}/print", ".tag=7", "?name=default-trial")
    assert [[words[0], *words[2:]] for words in tagged] == first
    assert all(words[1] == ".tag=7" for words in tagged)
    assert made == [f"{USERS}/print"]
    bench.say(f"{USERS}/add", "=name=x")
    assert bench.say(f"{USERS}/print", "?name=default-trial") == first
    assert made == [f"{USERS}/print", f"{USERS}/add", f"{USERS}/print"]


def test_faults_act_on_commands_that_were_answered_before() -> None:
    bench = Bench().logged_in()
    first = bench.say(f"{USERS}/print")
    assert bench.say(f"{USERS}/print") == bench.say(f"{USERS}/print", ".tag=") == first
    bench.faults.add(Fault("trap", path=f"{USERS}/print", message="broken", count=2))
    assert bench.say(f"{USERS}/print", ".tag=") == [["!trap", "=message=broken"], ["!done"]]
    assert bench.say(f"{USERS}/print")[0][0] == "!trap"
    assert bench.say(f"{USERS}/print") == first


def test_what_runs_out_meanwhile_is_not_shown_again() -> None:
    passed = 0.0
    line = Line(remembers=True, monotonic=lambda: passed)
    line.opened("admin", "test")
    line.send("admin", framed(f"{LISTS}/add", "=list=l", "=address=10.0.0.1", "=timeout=1m"))
    asked = framed(f"{LISTS}/print", "=count-only=")
    for _ in range(3):
        assert line.send("admin", asked) == [["!done", "=ret=3"]]
    assert len(line.router.memo) == 1
    passed = 61.0
    assert line.send("admin", asked) == [["!done", "=ret=2"]]
    assert line.send("admin", asked) == [["!done", "=ret=2"]]


def test_what_tells_the_time_is_made_every_time() -> None:
    bench = Bench().logged_in()
    for _ in range(2):
        bench.say("/system/clock/print")
        bench.say("/system/resource/print")
    bench.say("/system/identity/print")
    assert len(bench.router.memo) == 1


def test_writes_and_other_commands_are_not_remembered() -> None:
    bench = Bench().logged_in()
    bench.say("/log/info", "=message=x")
    bench.say(f"{USERS}/get", "=number=default-trial")
    bench.say(f"{USERS}/find")
    bench.say(f"{USERS}/listen", ".tag=1")
    bench.say(f"{USERS}/print", "=zzz=")
    assert len(bench.router.memo) == 0


def test_the_memory_is_bounded_and_goes_with_the_last_session() -> None:
    bench = Bench().logged_in()
    for number in range(memo.MOST_REPLIES + 20):
        bench.say(f"{USERS}/print", f"?name={number}")
    kept = bench.router.memo
    assert len(kept) == memo.MOST_REPLIES
    assert kept.size <= memo.MOST_BYTES
    bench.say("/interface/print", "?name=" + "x" * memo.LONGEST_REQUEST)
    assert len(kept) == memo.MOST_REPLIES
    bench.session.connection_lost()
    assert len(bench.router.memo) == 0


def test_the_bytes_kept_are_bounded() -> None:
    kept = Memo()
    reply = framed("!re", "=x=" + "y" * 30_000) + framed("!done")
    for number in range(40):
        words = (b"/x/print", b"?name=%d" % number)
        kept.keep("u", words, b"", 1, reply)
        found = kept.sentence("u", words)
        assert found is not None
        assert found.tagged(b"") == reply
        kept.know("u", b"segment %d" % number, found)
    assert kept.size <= memo.MOST_BYTES
    first, last = (kept.segment("u", b"segment %d" % number) for number in (0, 39))
    assert first is not None
    assert first.revision < 0
    assert first.size == 0
    assert last is not None
    assert last.tagged(b"") == reply
    assert kept.segment("v", b"segment 39") is None
    kept.know("u", b"s" * (memo.LONGEST_REQUEST + 1), last)
    assert kept.segment("u", b"s" * (memo.LONGEST_REQUEST + 1)) is None
    kept.keep("u", (b"/y/print",), b"", 1, b"z" * (memo.LONGEST_REPLY + 1))
    assert kept.sentence("u", (b"/y/print",)) is None


def test_a_reply_gets_another_tag() -> None:
    kept = Memo()
    kept.keep(
        "u", (b"/x/print",), b".tag=a", 1, framed("!re", ".tag=a", "=.tag==a") + framed("!done", ".tag=a")
    )
    found = kept.sentence("u", (b"/x/print",))
    assert found is not None
    assert found.tagged(b"") == framed("!re", "=.tag==a") + framed("!done")
    assert found.tagged(b".tag=bb") == framed("!re", ".tag=bb", "=.tag==a") + framed("!done", ".tag=bb")
    assert split_tag([b"/x", b".tag=1", b"=a=", b".tag=2"]) == ((b"/x", b"=a="), b".tag=2")
    assert split_tag([b"/x", b".tag=1", b".tag="]) == ((b"/x",), b".tag=")
    assert split_tag([b".tag=1", b"/x"]) == ((b".tag=1", b"/x"), b"")
    assert found.tagged(b".tag=") == found.tagged(b"")


def test_a_segment_is_known_by_its_start() -> None:
    start = framed("/x/print", "?a=b")[:-1]
    assert cut_tag(start + b"\0") == (start, b"")
    assert cut_tag(framed("/x/print", "?a=b", ".tag=17")) == (start, b".tag=17")
    assert cut_tag(framed("/x/print", ".tag=17", "?a=b"))[1] == b""
    assert cut_tag(start + b"\x06.tag=1") == (b"", b"")  # not at its end yet
    assert cut_tag(start) == (b"", b"")
    bench = Bench().logged_in()
    path, asked = f"{USERS}/print", "?name=default-trial"
    plain = bench.say(path, asked)
    for _ in range(3):
        assert bench.say(path, asked) == plain
        assert bench.say(path, asked, ".tag=") == plain
        for tags in ((".tag=7",), (".tag=a", ".tag=7"), (".tag=ä" * 30, ".tag=7")):
            for words in ((path, asked, *tags), (path, *tags, asked), (path, *tags[:-1], asked, tags[-1])):
                tagged = bench.say(*words)
                assert [[words[0], *words[2:]] for words in tagged] == plain
                assert {words[1] for words in tagged} == {".tag=7"}
        # A comment that looks like a tag at the end of its word is none.
        assert bench.say(path, asked, "?comment=\x06.tag=x")[0] == ["!empty"]
        assert bench.say(path, asked, ".tag=a")[-1] == ["!done", ".tag=a"]
        assert bench.say(path, "?name=", ".tag=a")[-1] == ["!done", ".tag=a"]
