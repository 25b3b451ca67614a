"""How many calls a second the simulator answers, beside echoes on the same event loop.

A server process serves a simulated router and, on further ports of the same loop, two echoes that answer with
the very bytes the router answered with: one at each segment, whatever is in it, and one that takes the
segments apart into sentences first and answers each. The first is the least that any program on the loop
can do. The second is the least that any server of the protocol can do: it must find the zero-length word
that ends a sentence before it may answer, as a segment may hold half a sentence or sixteen. A second
process loads one after the other, each connection with one call at a time, in interleaved rounds. The
ratios say what the simulator costs on top; they carry over to other machines, the calls per second do not.

The last two columns are the ratios of calls per CPU second of the server process, which suffer less from
whatever else the machine does.

    python benchmarks/simulator_calls.py [--case NAME ...] [--seconds 1] [--rounds 3] [--loop uvloop|asyncio]

The router has 5,000 hotspot users and 20 sessions. Cases: `repeated` is one read over and over, which the
router answers from memory; `tagged` the same under another tag each time; `other` a read of another user
each time, which is made anew; `time` the row of a session, which tells the time and is never remembered;
`write` adds a user and removes it again (a call is one of the two); `pipelined` sends 16 reads at once.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.fleet import Fleet
from router_sim.router import Router
from router_sim.seed import lab_router
from router_sim.wire import SentenceReader, encode_sentence

ADDRESS = "127.0.7.1"
DONE = b"\x05!done\x00"
USER = "/ip/hotspot/user"
WORD = "p"
USERS = 5000
SESSIONS = 20
BATCH = 16
CONNECTIONS = (1, 100)
SERVERS = ("echo", "splitting", "simulator")


def sentence(*words: str) -> bytes:
    return encode_sentence([word.encode() for word in words])


LOGIN = sentence("/login", "=name=admin", "=password=")


@dataclass(frozen=True)
class Case:
    """Segments sent in turn, the calls in each, and how the reply to one ends (`{}` is the tag)."""

    segments: list[bytes]
    calls: int = 1
    ends: list[bytes] | None = None


def named(number: int) -> str:
    return f"?name=guest-{number}"


def tagged() -> Case:
    tags = [f".tag={number}" for number in range(1_000_000, 1_005_000)]
    return Case(
        [sentence(f"{USER}/print", named(7), tag) for tag in tags],
        ends=[sentence("!done", tag) for tag in tags],
    )


def written() -> Case:
    pairs = [
        sentence(f"{USER}/add", f"=name=new-{number}", "=password=p", "=profile=default")
        + sentence(f"{USER}/remove", f"=numbers=new-{number}")
        for number in range(20_000)
    ]
    return Case(pairs, calls=2)


CASES: dict[str, Callable[[], Case]] = {
    "repeated": lambda: Case([sentence(f"{USER}/print", named(7))]),
    "tagged": tagged,
    "other": lambda: Case([sentence(f"{USER}/print", named(number)) for number in range(USERS)]),
    "time": lambda: Case(
        [sentence("/ip/hotspot/active/print", f"?user=guest-{number}") for number in range(SESSIONS)]
    ),
    "write": written,
    "pipelined": lambda: Case(
        [
            b"".join(sentence(f"{USER}/print", named(number)) for number in range(BATCH - 1))
            + sentence(f"{USER}/print", named(BATCH), ".tag=z")
        ],
        calls=BATCH,
        ends=[sentence("!done", ".tag=z")],
    ),
}


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop
    return asyncio.new_event_loop


def busy_router() -> Router:
    router = lab_router("bench", clock=VirtualClock(), version="7.22.3", password="")
    seed = Origin("", "", "seed")

    def add(menu: str, **values: str) -> None:
        router.execute(Command(f"{menu}", {name.replace("_", "-"): v for name, v in values.items()}), seed)

    add(
        "/ip/hotspot/add", name="guests", interface="bridge-guest", address_pool="pool-guest-1", disabled="no"
    )
    router.execute(Command("/ip/service/set", {"numbers": "api", "max-sessions": "1000"}), seed)
    for number in range(USERS):
        add(f"{USER}/add", name=f"guest-{number}", password=WORD, comment=f"room {number}", limit_uptime="1d")
    for number in range(SESSIONS):
        router.associate(f"02:00:5E:00:53:{number:02X}", f"10.5.50.{number + 10}", "bridge-guest")
        add("/ip/hotspot/active/login", user=f"guest-{number}", password=WORD, ip=f"10.5.50.{number + 10}")
    return router


class Echo(asyncio.Protocol):
    """Answers each segment with the reply given to it."""

    def __init__(self, reply: bytes) -> None:
        self._reply = reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(DONE if data == LOGIN else self._reply)


class SplittingEcho(asyncio.Protocol):
    """Takes the segments apart and answers the last of each `calls` sentences with the reply given to it."""

    def __init__(self, reply: bytes, calls: int) -> None:
        self._reply = reply
        self._calls = calls
        self._sentences = -1  # the login is not one
        self._reader = SentenceReader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        for _ in self._reader.feed(data):
            self._sentences += 1
            if not self._sentences:
                self._transport.write(DONE)
            elif self._sentences % self._calls == 0:
                self._transport.write(self._reply)


async def serve(case: Case) -> None:
    """Serve all until the standard input ends; each line on it asks for the CPU seconds used so far."""
    loop = asyncio.get_running_loop()
    async with Fleet({ADDRESS: busy_router()}, port=0) as fleet:
        reply = await one_reply(fleet.port, case)
        echo = await loop.create_server(lambda: Echo(reply), ADDRESS, 0)
        splitting = await loop.create_server(lambda: SplittingEcho(reply, case.calls), ADDRESS, 0)
        ports = [echo.sockets[0].getsockname()[1], splitting.sockets[0].getsockname()[1], fleet.port]
        print(*ports, len(reply), flush=True)
        lines = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while await lines.readline():
            print(time.process_time(), flush=True)
        echo.close()
        splitting.close()


async def one_reply(port: int, case: Case) -> bytes:
    reader, writer = await asyncio.open_connection(ADDRESS, port)
    writer.write(LOGIN)
    await reader.readuntil(DONE)
    writer.write(case.segments[0])
    reply = await reader.readuntil(case.ends[0] if case.ends else DONE)
    writer.close()
    return reply


class Caller(asyncio.Protocol):
    """One connection with one segment at a time, from its login to the deadline."""

    def __init__(self, case: Case, start: int, *, echoed: bool) -> None:
        self._segments = itertools.cycle(case.segments[start:] + case.segments[:start])
        ends = case.ends or [DONE]
        if echoed or len(ends) == 1:
            self._ends = itertools.repeat(ends[0])
        else:
            self._ends = itertools.cycle(ends[start:] + ends[:start])
        self._end = DONE
        self.answered = -1  # the login is not one
        self.ready = asyncio.get_running_loop().create_future()
        self.running = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(LOGIN)

    def data_received(self, data: bytes) -> None:
        if not data.endswith(self._end):  # the rest of a reply in pieces is on its way
            return
        self.answered += 1
        if self.answered == 0:
            self.ready.set_result(None)
        elif self.running:
            self.go()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("refused"))

    def go(self) -> None:
        self._end = next(self._ends)
        self.transport.write(next(self._segments))


async def load(
    port: int, connections: int, seconds: float, case: Case, *, echoed: bool, cpu: Callable[[], float]
) -> tuple[float, float]:
    """Calls answered per second, and per CPU second of the server; logging in does not count."""
    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(connections):
        start = random.randrange(len(case.segments))
        made = await loop.create_connection(lambda at=start: Caller(case, at, echoed=echoed), ADDRESS, port)
        callers.append(made[1])
    await asyncio.gather(*(caller.ready for caller in callers))
    used, start_time = cpu(), time.perf_counter()
    for caller in callers:
        caller.go()
    await asyncio.sleep(seconds)
    calls = case.calls * sum(caller.answered for caller in callers)
    elapsed, used = time.perf_counter() - start_time, cpu() - used
    for caller in callers:
        caller.running = False
        caller.transport.close()
    return calls / elapsed, calls / used


class Server:
    """The server process."""

    def __init__(self, loop: str, name: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", "--loop", loop, "--case", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        *ports, self.reply_size = (int(word) for word in self._line().split())
        self.ports = dict(zip(SERVERS, ports, strict=True))

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def cpu(self) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._line())

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def measured(name: str, arguments: argparse.Namespace) -> list[dict[str, float | str]]:
    """One row for each number of connections: medians of calls a second, and of the same per CPU second."""
    case = CASES[name]()
    server = Server(arguments.loop, name)
    rates: dict[tuple[str, int], list[tuple[float, float]]] = {}
    with asyncio.Runner(loop_factory=loop_factory(arguments.loop)) as runner:
        for _ in range(arguments.rounds):
            for connections in CONNECTIONS:
                for kind, port in server.ports.items():
                    rates.setdefault((kind, connections), []).append(
                        runner.run(
                            load(
                                port,
                                connections,
                                arguments.seconds,
                                case,
                                echoed=kind != "simulator",
                                cpu=server.cpu,
                            )
                        )
                    )
    server.stop()
    rows: list[dict[str, float | str]] = []
    for connections in CONNECTIONS:
        row: dict[str, float | str] = {"case": name, "connections": connections, "reply": server.reply_size}
        for kind in SERVERS:
            columns = zip(*rates[kind, connections], strict=True)
            row[kind], row[f"{kind} cpu"] = (statistics.median(column) for column in columns)
        for kind in SERVERS[:2]:
            row[f"of {kind}"] = float(row["simulator"]) / float(row[kind])
            row[f"of {kind} cpu"] = float(row["simulator cpu"]) / float(row[f"{kind} cpu"])
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Calls per second of the simulator, beside echoes.")
    parser.add_argument("--case", action="append", choices=tuple(CASES), help="all of them unless given")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    parser.add_argument("--json", action="store_true", help="the figures as JSON, one object a line")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names = arguments.case or list(CASES)
    if arguments.serve:
        with asyncio.Runner(loop_factory=loop_factory(arguments.loop)) as runner:
            runner.run(serve(CASES[names[0]]()))
        return
    if not arguments.json:
        print(f"`python benchmarks/simulator_calls.py {' '.join(sys.argv[1:])}`".replace(" `", "`"))
        print(f"\n{arguments.loop}; medians of {arguments.rounds} rounds of {arguments.seconds:g} s\n")
        print(
            "| case | connections | bare echo /s | splitting echo /s | simulator /s | of bare | of splitting "
            "| of bare, CPU | of splitting, CPU |"
        )
        print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name in names:
        for row in measured(name, arguments):
            if arguments.json:
                print(json.dumps(row))
            else:
                print(
                    f"| {name} | {row['connections']} | {row['echo']:,.0f} | {row['splitting']:,.0f} "
                    f"| {row['simulator']:,.0f} | {row['of echo']:.2f} | {row['of splitting']:.2f} "
                    f"| {row['of echo cpu']:.2f} | {row['of splitting cpu']:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
