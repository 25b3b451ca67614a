"""How many calls a second the simulator answers, beside a bare echo on the same event loop.

A server process serves a simulated router and, on another port of the same loop, an "echo" that answers
each request with fixed bytes: the same number of bytes in and out, and no work in between. A second
process loads one after the other, each connection with one call at a time, in interleaved rounds. The
ratio says what the simulator costs on top of the loop; it carries over to other machines, the calls per
second do not.

    python benchmarks/simulator_calls.py [--seconds 1.5] [--rounds 3] [--loop uvloop|asyncio]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import cast

from router_sim.clock import VirtualClock
from router_sim.fleet import Fleet
from router_sim.seed import lab_router
from router_sim.wire import encode_sentence

ADDRESS = "127.0.7.1"
DONE = b"\x05!done\x00"
LOGIN = encode_sentence([b"/login", b"=name=admin", b"=password="])


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop
    return asyncio.new_event_loop


class Echo(asyncio.Protocol):
    """Answers each segment with the reply given to it."""

    def __init__(self, reply: bytes) -> None:
        self._reply = reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(DONE if data == LOGIN else self._reply)


async def serve(request: bytes) -> None:
    """Serve both until the standard input ends; each line on it asks for the CPU seconds used so far."""
    loop = asyncio.get_running_loop()
    router = lab_router("bench", clock=VirtualClock(), version="7.22.3", password="")
    async with Fleet({ADDRESS: router}, port=0) as fleet:
        reply = await one_reply(fleet.port, request)
        echo = await loop.create_server(lambda: Echo(reply), ADDRESS, 0)
        print(fleet.port, echo.sockets[0].getsockname()[1], len(reply), flush=True)
        lines = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while await lines.readline():
            print(time.process_time(), flush=True)
        echo.close()


async def one_reply(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(ADDRESS, port)
    writer.write(LOGIN)
    await reader.readuntil(DONE)
    writer.write(request)
    reply = await reader.readuntil(DONE)
    writer.close()
    return reply


class Caller(asyncio.Protocol):
    """One connection with one call at a time, from its login to the deadline."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.calls = -1  # the login is not one
        self.ready = asyncio.get_running_loop().create_future()
        self.running = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(LOGIN)

    def data_received(self, data: bytes) -> None:
        if not data.endswith(DONE):  # the rest of a reply in pieces is on its way
            return
        self.calls += 1
        if self.calls == 0:
            self.ready.set_result(None)
        elif self.running:
            self.transport.write(self._request)

    def go(self) -> None:
        self.transport.write(self._request)


async def load(port: int, connections: int, seconds: float, request: bytes) -> tuple[int, float]:
    """Calls answered and seconds taken."""
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda: Caller(request), ADDRESS, port))[1] for _ in range(connections)
    ]
    await asyncio.gather(*(caller.ready for caller in callers))
    start = time.perf_counter()
    for caller in callers:
        caller.go()
    await asyncio.sleep(seconds)
    calls, elapsed = sum(caller.calls for caller in callers), time.perf_counter() - start
    for caller in callers:
        caller.running = False
        caller.transport.close()
    return calls, elapsed


class Server:
    """The server process."""

    def __init__(self, loop: str, command: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", "--loop", loop, "--command", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        simulator, echo, self.reply_size = (int(word) for word in self._line().split())
        self.ports = {"echo": echo, "simulator": simulator}

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


def measure(arguments: argparse.Namespace, request: bytes) -> None:
    server = Server(arguments.loop, arguments.command)
    rates: dict[tuple[str, int], list[tuple[float, float]]] = {}
    with asyncio.Runner(loop_factory=loop_factory(arguments.loop)) as runner:
        for _ in range(arguments.rounds):
            for connections in (1, 100):
                for name, port in server.ports.items():
                    before = server.cpu()
                    calls, elapsed = runner.run(load(port, connections, arguments.seconds, request))
                    used = server.cpu() - before
                    rates.setdefault((name, connections), []).append((calls / elapsed, calls / used))
    server.stop()
    print(f"`python benchmarks/simulator_calls.py {' '.join(sys.argv[1:])}`".replace(" `", "`"))
    print()
    print(
        f"`{arguments.command}` on {arguments.loop}: {len(request)} bytes in, {server.reply_size} bytes out; "
        f"medians of {arguments.rounds} rounds of {arguments.seconds:g} s"
    )
    print()
    print("| connections | echo /s | simulator /s | ratio | echo /CPU s | simulator /CPU s | ratio |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for connections in (1, 100):
        echo, simulator = (
            [statistics.median(column) for column in zip(*rates[name, connections], strict=True)]
            for name in ("echo", "simulator")
        )
        print(
            f"| {connections} | {echo[0]:,.0f} | {simulator[0]:,.0f} | {simulator[0] / echo[0]:.2f} "
            f"| {echo[1]:,.0f} | {simulator[1]:,.0f} | {simulator[1] / echo[1]:.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Calls per second of the simulator, beside a bare echo.")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    parser.add_argument("--command", default="/system/resource/print")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    request = encode_sentence([arguments.command.encode()])
    if arguments.serve:
        with asyncio.Runner(loop_factory=loop_factory(arguments.loop)) as runner:
            runner.run(serve(request))
    else:
        measure(arguments, request)


if __name__ == "__main__":
    main()
