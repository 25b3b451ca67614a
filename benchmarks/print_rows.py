"""How long prints of a large menu take, beside an echo that sends the same bytes.

A server process serves a router with 10,000 hotspot users and, on another port of the same loop, an echo that
has the whole reply ready. The client reads with a plain blocking socket, and a reply counts from the
request to its last byte. Replies of this size are never remembered: the router makes every row anew each
time. A change of one user precedes every print, so that nothing else is left from the one before.

    python benchmarks/print_rows.py [--rows 10000] [--rounds 5] [--loop uvloop|asyncio]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
from typing import cast

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.fleet import Fleet
from router_sim.seed import lab_router
from router_sim.wire import encode_sentence

ADDRESS = "127.0.7.2"
USER = "/ip/hotspot/user"
DONE = b"\x05!done"
SEED = Origin("", "", "seed")


def sentence(*words: str) -> bytes:
    return encode_sentence([word.encode() for word in words])


LOGIN = sentence("/login", "=name=admin", "=password=")
CHANGE = sentence(f"{USER}/set", "=numbers=guest-1", "=comment=changed")
CASES = {
    "all": sentence(f"{USER}/print"),
    "three properties": sentence(f"{USER}/print", "=.proplist=.id,name,profile"),
    "count": sentence(f"{USER}/print", "=count-only="),
    "one of all, without an index": sentence(f"{USER}/print", "?comment=room 9"),
    "one of all, by name": sentence(f"{USER}/print", "?name=guest-9"),
}


class Echo(asyncio.Protocol):
    """Answers a case, known by its bytes, with the reply recorded for it."""

    def __init__(self, replies: dict[bytes, bytes]) -> None:
        self._replies = replies

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._replies.get(data, DONE + b"\0"))


async def serve(rows: int) -> None:
    """Serve both until the standard input ends; a line with the file names of replies fills the echo."""
    loop = asyncio.get_running_loop()
    router = lab_router("bench", clock=VirtualClock(), version="7.22.3", password="")
    for number in range(rows):
        given = {"name": f"guest-{number}", "comment": f"room {number}", "limit-uptime": "1d"}
        router.execute(Command(f"{USER}/add", given), SEED)
    replies: dict[bytes, bytes] = {}
    async with Fleet({ADDRESS: router}, port=0) as fleet:
        echo = await loop.create_server(lambda: Echo(replies), ADDRESS, 0)
        print(fleet.port, echo.sockets[0].getsockname()[1], flush=True)
        lines = asyncio.StreamReader(limit=1 << 30)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            replies.update({CASES[name]: bytes.fromhex(text) for name, text in json.loads(line).items()})
            print("ready", flush=True)
        echo.close()


class Client:
    """One connection that waits for whole replies."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((ADDRESS, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ask(LOGIN)

    def ask(self, request: bytes, size: int = 0) -> bytes:
        """Send a request and read its reply, of `size` bytes if that is known."""
        self._socket.sendall(request)
        parts: list[bytes] = []
        have, end = 0, b""
        while True:
            data = self._socket.recv(1 << 20)
            parts.append(data)
            have += len(data)
            end = (end + data)[-64:]
            if have == size or (not size and end.endswith(b"\0") and DONE in end):
                return b"".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description="Prints of a large menu, beside an echo.")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    parser.add_argument("--json", action="store_true", help="the figures as JSON, one object a line")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        if arguments.loop == "uvloop":
            import uvloop

            uvloop.run(serve(arguments.rows))
        else:
            asyncio.run(serve(arguments.rows))
        return
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", "--loop", arguments.loop, "--rows", str(arguments.rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    simulator, echo = (Client(int(port)) for port in server.stdout.readline().split())
    simulator.ask(CHANGE)
    replies = {name: simulator.ask(request) for name, request in CASES.items()}
    print(json.dumps({name: reply.hex() for name, reply in replies.items()}), file=server.stdin, flush=True)
    server.stdout.readline()
    if not arguments.json:
        print(f"`python benchmarks/print_rows.py {' '.join(sys.argv[1:])}`".replace(" `", "`"))
        print(f"\n{arguments.rows:,} rows on {arguments.loop}; medians of {arguments.rounds} rounds\n")
        print("| print | bytes | echo ms | simulator ms | times the echo | rows looked at /s |")
        print("|---|---:|---:|---:|---:|---:|")
    for name, request in CASES.items():
        times: dict[Client, list[float]] = {echo: [], simulator: []}
        for _ in range(arguments.rounds):
            for client, taken in times.items():
                client.ask(CHANGE)
                start = time.perf_counter()
                client.ask(request, len(replies[name]))
                taken.append(1000 * (time.perf_counter() - start))
        fast, slow = (statistics.median(taken) for taken in times.values())
        row = {"print": name, "bytes": len(replies[name]), "echo ms": fast, "simulator ms": slow}
        if arguments.json:
            print(json.dumps(row))
            continue
        looked_at = (
            f"{1000 * arguments.rows / slow:,.0f}" if name not in ("count", "one of all, by name") else ""
        )
        print(
            f"| {name} | {len(replies[name]):,} | {fast:.2f} | {slow:.2f} | {slow / fast:.1f} | {looked_at} |"
        )
    server.stdin.close()
    server.wait(10)


if __name__ == "__main__":
    main()
