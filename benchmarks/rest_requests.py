"""How many REST requests a second the simulator answers, beside a bare Starlette route on the same stack.

A server process serves a simulated router's REST interface and, on another port of the same loop, a Starlette
application under uvicorn with one route that returns the very bytes the router returned. A second process
loads one after the other in interleaved rounds, each connection kept alive with one request at a time.
What the router does besides: it checks name and password of every request, as REST has no session, finds
the operation, runs it, and writes JSON.

    python benchmarks/rest_requests.py [--seconds 1] [--rounds 3] [--loop uvloop|asyncio]
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.fleet import Fleet, ServicePorts
from router_sim.seed import lab_router

ADDRESS = "127.0.7.3"
USERS = 1000
WORD = "bench"
CREDENTIALS = base64.b64encode(f"admin:{WORD}".encode()).decode()
CONNECTIONS = (1, 100)
SERVERS = ("Starlette", "simulator")


def request(method: str, path: str, body: str = "") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: router\r\nAuthorization: Basic {CREDENTIALS}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n{body}".encode()


CASES = {
    "one user by name": request("GET", "/rest/ip/hotspot/user?name=guest-7"),
    "a singleton": request("GET", "/rest/system/identity"),
    "a change": request("PATCH", "/rest/ip/hotspot/user/guest-7", '{"comment":"x"}'),
}


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop
    return asyncio.new_event_loop


async def serve(asked: bytes) -> None:
    """Serve both until the standard input ends; each line on it asks for the CPU seconds used so far."""
    loop = asyncio.get_running_loop()
    router = lab_router("bench", clock=VirtualClock(), version="7.22.3", password=WORD)
    seed = Origin("", "", "seed")
    router.execute(Command("/ip/service/set", {"numbers": "www", "max-sessions": "1000"}), seed)
    for number in range(USERS):
        router.execute(Command("/ip/hotspot/user/add", {"name": f"guest-{number}"}), seed)
    async with Fleet({ADDRESS: router}, ports=ServicePorts(0, 0, 0, 0)) as fleet:
        status, body = await one_answer(cast(int, fleet.ports.www), asked)

        async def answer(request: Request) -> Response:
            return Response(body, status, media_type="application/json")

        path = asked.split(b" ", 2)[1].decode().partition("?")[0]
        app = Starlette(routes=[Route(path, answer, methods=["GET", "PATCH"])])
        listening = socket.create_server((ADDRESS, 0))
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
        bare = uvicorn.Server(config)
        bare.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
        task = asyncio.create_task(bare.serve([listening]))
        while not bare.started:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)
        print(listening.getsockname()[1], fleet.ports.www, len(body), flush=True)
        lines = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while await lines.readline():
            print(time.process_time(), flush=True)
        bare.should_exit = True
        await task


async def one_answer(port: int, asked: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(ADDRESS, port)
    writer.write(asked)
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(length_of(head))
    writer.close()
    return int(head.split(b" ", 2)[1]), body


def length_of(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)


class Caller(asyncio.Protocol):
    """One connection with one request at a time, until the deadline."""

    def __init__(self, asked: bytes) -> None:
        self._asked = asked
        self._data = b""
        self.answered = 0
        self.running = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        if not found or len(body) < length_of(head):
            return
        self._data = b""
        self.answered += 1
        if self.running:
            self.go()

    def go(self) -> None:
        self.transport.write(self._asked)


async def load(port: int, connections: int, seconds: float, asked: bytes) -> tuple[int, float]:
    """Requests answered and seconds taken."""
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda: Caller(asked), ADDRESS, port))[1] for _ in range(connections)
    ]
    start = time.perf_counter()
    for caller in callers:
        caller.go()
    await asyncio.sleep(seconds)
    answered, elapsed = sum(caller.answered for caller in callers), time.perf_counter() - start
    for caller in callers:
        caller.running = False
        caller.transport.close()
    return answered, elapsed


def measured(name: str, arguments: argparse.Namespace) -> list[dict[str, float | str]]:
    """One row for each number of connections: medians of requests a second, and of the same per CPU second."""
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", "--loop", arguments.loop, "--case", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    given, answers = server.stdin, server.stdout
    *ports, size = (int(word) for word in answers.readline().split())

    def cpu() -> float:
        print(file=given, flush=True)
        return float(answers.readline())

    rates: dict[tuple[str, int], list[tuple[float, float]]] = {}
    with asyncio.Runner(loop_factory=loop_factory(arguments.loop)) as runner:
        for _ in range(arguments.rounds):
            for connections in CONNECTIONS:
                for kind, port in zip(SERVERS, ports, strict=True):
                    before = cpu()
                    count, elapsed = runner.run(load(port, connections, arguments.seconds, CASES[name]))
                    rates.setdefault((kind, connections), []).append(
                        (count / elapsed, count / (cpu() - before))
                    )
    given.close()
    server.wait(10)
    rows: list[dict[str, float | str]] = []
    for connections in CONNECTIONS:
        row: dict[str, float | str] = {"request": name, "connections": connections, "body": size}
        for kind in SERVERS:
            columns = zip(*rates[kind, connections], strict=True)
            row[kind], row[f"{kind} cpu"] = (statistics.median(column) for column in columns)
        row["ratio"] = float(row["simulator"]) / float(row["Starlette"])
        row["ratio cpu"] = float(row["simulator cpu"]) / float(row["Starlette cpu"])
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="REST requests per second, beside a bare Starlette route.")
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
            runner.run(serve(CASES[names[0]]))
        return
    if not arguments.json:
        print(f"`python benchmarks/rest_requests.py {' '.join(sys.argv[1:])}`".replace(" `", "`"))
        print(f"\n{arguments.loop}; medians of {arguments.rounds} rounds of {arguments.seconds:g} s\n")
        print("| request | connections | bare Starlette /s | simulator /s | ratio | ratio, CPU |")
        print("|---|---:|---:|---:|---:|---:|")
    for name in names:
        for row in measured(name, arguments):
            if arguments.json:
                print(json.dumps(row))
            else:
                print(
                    f"| {name} | {row['connections']} | {row['Starlette']:,.0f} | {row['simulator']:,.0f} "
                    f"| {row['ratio']:.2f} | {row['ratio cpu']:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
