"""Faults as clients meet them: on sessions, on logins, on listens, over the API and over REST."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router_sim.clock import VirtualClock
from router_sim.fault_effects import halved, sentences
from router_sim.fault_kinds import KINDS
from router_sim.faults import Fault, FaultPlan
from router_sim.fleet import Fleet, ServicePorts
from router_sim.reboot import Phase
from router_sim.router import Router
from tests.router_sim.bench import LISTS, Bench
from tests.router_sim.clients import RawClient, framed, unframed
from tests.router_sim.conftest import START, Console

ADD = (f"{LISTS}/add", "=list=l", "=address=192.0.2.1")


def entries(bench: Bench) -> list[str]:
    return [row["address"] for row in bench.router.snapshot()[LISTS]]


def test_a_reply_ends_in_the_middle_of_a_sentence() -> None:
    bench = Bench().logged_in()
    bench.faults.add(Fault("half_sentence", path="*/add", count=1))
    bench.session.receive(framed(*ADD))
    whole = framed("!done", "=ret=*1")
    assert bench.paper.written == halved(whole) == whole[: len(whole) // 2]
    assert bench.paper.closed
    assert entries(bench) == ["192.0.2.1"]
    assert bench.router.snapshot()["/user/active"] == []


def test_a_half_reply_never_ends_with_a_whole_sentence() -> None:
    first, second = framed("!re", "=a=1"), framed("!re", "=a=2")
    assert unframed(halved(first + second)) == []
    assert halved(first + second) == first[:-1]
    assert sentences(first + second) == [first, second]
    for words in range(1, 9):
        reply = framed(*["!re"] * words) + framed("!done")
        assert unframed(halved(reply)) != unframed(reply)


def test_the_sentences_of_a_reply_come_one_by_one() -> None:
    bench = Bench().logged_in()
    for number in range(3):
        bench.say(f"{LISTS}/add", "=list=l", f"=address=192.0.2.{number}")
    bench.faults.add(Fault("pace", path=f"{LISTS}/print", delay=0.5, count=1))
    bench.faults.add(Fault("latency", path=f"{LISTS}/print", delay=2, count=1))
    bench.paper.delays.clear()
    assert len(bench.say(f"{LISTS}/print", "=.proplist=address")) == 4
    assert bench.paper.delays == [2, 2.5, 3, 3.5]
    bench.paper.delays.clear()
    bench.say(f"{LISTS}/print")
    assert bench.paper.delays == [0]


def test_a_slow_write_takes_effect_later() -> None:
    bench = Bench().logged_in()
    bench.faults.add(Fault("slow_write", path="*/add", delay=3, count=2))
    assert bench.say(*ADD, ".tag=1") == []
    assert bench.say("/system/identity/print", "=.proplist=name", ".tag=2")[-1] == ["!done", ".tag=2"]
    assert entries(bench) == []
    assert [alarm.seconds for alarm in bench.paper.alarms] == [3]
    bench.paper.ring()
    assert bench.taken() == [["!done", ".tag=1", "=ret=*1"]]
    assert entries(bench) == ["192.0.2.1"]
    bench.say(f"{LISTS}/add", "=list=l", "=address=192.0.2.2")
    bench.session.connection_lost()
    bench.paper.ring()
    assert entries(bench) == ["192.0.2.1"]


def test_a_full_disk_refuses_what_writes_a_file() -> None:
    bench = Bench().logged_in()
    bench.faults.add(Fault("disk_full", seconds=60))
    for command in (
        ("/file/add", "=name=a.txt"),
        ("/certificate/add", "=name=c", "=common-name=c"),
        ("/ip/address/export", "=file=a"),
    ):
        assert bench.say(*command) == [["!trap", "=message=failure: not enough disk space"], ["!done"]]
    assert bench.say(*ADD) == [["!done", "=ret=*1"]]
    bench.faults.clear()
    assert bench.say("/certificate/add", "=name=c", "=common-name=c")[-1][0] == "!done"


def test_another_administrator_is_faster_or_right_behind() -> None:
    bench = Bench().logged_in()
    bench.faults.add(
        Fault("other_admin", path=f"{LISTS}/add", count=1, commands=(ADD, (f"{LISTS}/frobnicate",)))
    )
    trap, _ = bench.say(*ADD)
    assert trap[0] == "!trap"
    assert trap[-1] == "=message=failure: already have such entry"
    bench.faults.add(
        Fault(
            "other_admin",
            path=f"{LISTS}/add",
            count=1,
            when="after",
            admin="other",
            commands=((f"{LISTS}/remove", "=numbers=*2"),),
        )
    )
    bench.say("/user/add", "=name=other", "=group=full", "=password=pw")
    assert bench.say(f"{LISTS}/add", "=list=l", "=address=192.0.2.2")[-1] == ["!done", "=ret=*2"]
    assert entries(bench) == ["192.0.2.1"]
    last = bench.router.journal.entries()[-1]
    assert (last.user, last.command) == ("other", f"{LISTS}/remove")


def test_the_clock_jumps_right_before_a_command() -> None:
    bench = Bench().logged_in()
    (row, _) = bench.say("/system/clock/print", "=.proplist=date")
    bench.faults.add(Fault("clock_jump", path="/system/clock/print", jump=-86400 * 400, count=1))
    (other, _) = bench.say("/system/clock/print", "=.proplist=date")
    assert other != row


def test_a_router_restarts_instead_of_answering() -> None:
    bench = Bench().logged_in()
    bench.faults.add(Fault("reboot", path="*/add", skip=1, count=1))
    assert bench.say(*ADD)[-1][0] == "!done"
    assert bench.say(f"{LISTS}/add", "=list=l", "=address=192.0.2.2") == []
    assert bench.paper.aborted
    assert entries(bench) == ["192.0.2.1"]
    assert bench.router.phase is Phase.OFF


def test_faults_may_concern_one_user_or_one_service_alone() -> None:
    bench = Bench().logged_in()
    bench.faults.add(Fault("trap", user="somebody", count=1))
    bench.faults.add(Fault("trap", service="rest-api", count=1))
    assert bench.say(*ADD)[-1] == ["!done", "=ret=*1"]
    bench.faults.add(Fault("trap", user="admin", service="api", message="no", count=1))
    assert bench.say("/system/identity/print")[0] == ["!trap", "=message=no"]


def test_a_listen_falls_silent_and_stays_so() -> None:
    bench = Bench().logged_in()
    bench.say(f"{LISTS}/listen", ".tag=1")
    bench.say("/ip/address/listen", ".tag=2")
    bench.say(f"{LISTS}/listen", ".tag=3")
    bench.faults.add(Fault("listen_lost", path=f"{LISTS}/listen", count=1))
    tags = [words[1] for words in bench.say(*ADD) if words[0] == "!re"]
    assert tags == [".tag=3"]
    assert not bench.faults
    tags = [words[1] for words in bench.say(f"{LISTS}/remove", "=numbers=*1") if words[0] == "!re"]
    assert tags == [".tag=3"]
    assert ["!trap", ".tag=1", "=category=2", "=message=interrupted"] in bench.say("/cancel", "=tag=1")


kinds = st.sampled_from(sorted(KINDS))
words = st.sampled_from(
    [
        ("/login", "=name=admin", "=password=test"),
        ADD,
        (f"{LISTS}/print",),
        (f"{LISTS}/remove", "=numbers=*1"),
        (f"{LISTS}/listen", ".tag=1"),
        (f"{LISTS}/print", "=interval=1s", ".tag=2"),
        ("/system/resource/monitor", ".tag=3"),
        ("/file/add", "=name=a.txt"),
        ("/cancel",),
        ("/quit",),
        ("/system/reboot",),
        ("nonsense",),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(kinds, st.integers(0, 3), st.booleans()), max_size=6), st.lists(words, max_size=12))
def test_any_faults_and_any_commands_leave_a_session_in_order(
    planned: list[tuple[str, int, bool]], commands: list[tuple[str, ...]]
) -> None:
    bench = Bench().logged_in()
    for kind, skip, again in planned:
        values = {
            "delay": 1.0,
            "jump": -5.0,
            "user": "admin",
            "password": "x",
            "commands": (ADD,),
            "seconds": 50.0,
        }
        needed = {name: values[name] for name in KINDS[kind].needs}
        bench.faults.add(Fault(kind, skip=skip, count=2 if again else 1, **needed))  # type: ignore[arg-type]
    for command in commands:
        before = bench.paper.written
        bench.session.receive(framed(*command))
        assert bench.paper.written.startswith(before)
        bench.paper.ring()
        if bench.paper.aborted or bench.paper.closed:
            break
    if not (bench.paper.aborted or bench.paper.closed):
        unframed(bench.paper.written)
        bench.faults.clear()
        bench.paper.written = b""
        assert bench.say("/system/identity/print", ".tag=9")[-1] == ["!done", ".tag=9"]
    bench.session.connection_lost()
    assert bench.router.snapshot()["/user/active"] == []


class Lab:
    """A router with API and REST, on a clock moved by hand."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START, monotonic=lambda: 0.0)
        self.router = Router(name="one", clock=self.clock, password="x")
        self.faults = FaultPlan(self.clock.now)
        self.fleet = Fleet({"127.0.9.5": self.router}, ports=ServicePorts(api=0, www=0), faults=self.faults)

    def client(self) -> RawClient:
        return RawClient("127.0.9.5", self.fleet.port)

    def http(self, password: str = "x") -> httpx2.AsyncClient:  # noqa: S107
        url = f"http://127.0.9.5:{self.fleet.ports.www}/rest"
        return httpx2.AsyncClient(base_url=url, auth=("admin", password), trust_env=False)


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    lab = Lab()
    async with lab.fleet:
        yield lab


async def test_another_password_holds_for_a_time_on_every_way_in(lab: Lab) -> None:
    lab.faults.add(Fault("password_change", user="admin", password="other", seconds=60))
    async with lab.client() as client, lab.http() as http, lab.http("other") as changed:
        assert (await client.talk("/login", "=name=admin", "=password=x"))[0][0] == "!trap"
        await client.log_in(password="other")
        assert (await http.get("/system/identity")).status_code == 401
        assert (await changed.get("/system/identity")).status_code == 200
    lab.clock.advance(61)
    async with lab.client() as client, lab.http() as http:
        await client.log_in(password="x")
        assert (await http.get("/system/identity")).status_code == 200


async def test_a_service_is_gone_for_a_time(lab: Lab) -> None:
    async with lab.client() as client, lab.http() as http:
        await client.log_in(password="x")
        lab.faults.add(Fault("service_down", service="api", router="one", seconds=30))
        assert await client.read() is None
        async with lab.client() as refused:
            assert await refused.read() is None
        assert (await http.get("/system/identity")).status_code == 200
        lab.clock.advance(31)
        async with lab.client() as back:
            await back.log_in(password="x")


async def test_rest_requests_meet_the_same_faults(lab: Lab) -> None:
    console = Console(lab.router)
    body = {"list": "l", "address": "192.0.2.1"}
    async with lab.http() as http:
        lab.faults.add(Fault("trap", path=f"{LISTS}/add", service="rest-api", message="failure: no", count=1))
        refused = await http.put(LISTS, json=body)
        assert (refused.status_code, refused.json()["detail"]) == (400, "failure: no")
        lab.faults.add(Fault("drop_before", path=f"{LISTS}/add", count=1))
        with pytest.raises(httpx2.TransportError):
            await http.put(LISTS, json=body)
        assert console.rows(LISTS) == []
        for kind in ("half_sentence", "drop_after"):
            lab.faults.add(Fault(kind, path=f"{LISTS}/add", count=1))
            with pytest.raises(httpx2.TransportError):
                await http.put(LISTS, json=body)
            (row,) = console.rows(LISTS)
            console.run(f"{LISTS}/remove", {"numbers": row[".id"]})
        lab.faults.add(Fault("reboot", path=f"{LISTS}/add", count=1))
        with pytest.raises(httpx2.TransportError):
            await http.put(LISTS, json=body)
    assert lab.router.phase is Phase.OFF
