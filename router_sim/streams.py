"""Runs commands that go on: hands out their records, and what they may use of the router meanwhile.

A record of a command that goes on carries `.section`, its running number, unless the command was asked
`once`. `duration` ends such a command from outside, without a trap.

Source: recorded monitors and downloads over the API, where the number is the last word of the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

from router_sim.durations import SECOND, parse_duration
from router_sim.exchange import FetchRequest, FetchResult, Origin, Record, Reply
from router_sim.router import Router
from router_sim.transaction import Transaction
from router_sim.traps import bad_argument

Fetch = Callable[[FetchRequest], Awaitable[FetchResult]]


async def fetch_nothing(request: FetchRequest) -> FetchResult:
    """The way out of a router that has none."""
    raise OSError("network is unreachable")


class CommandRuntime:
    """What a command on `path` may use while it goes on, in the name of its user.

    Time is that of the machine. `fetch` asks other hosts.
    """

    def __init__(self, router: Router, path: str, origin: Origin, fetch: Fetch = fetch_nothing) -> None:
        self._router = router
        self._path = path
        self._origin = origin
        self._fetch = fetch

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds of real time."""
        await asyncio.sleep(seconds)

    def write(self, change: Callable[[Transaction], None]) -> None:
        """Change the router in one transaction, in the name of the command."""
        self._router.write(change, self._path, self._origin)

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask another host for something. Raises OSError with the reason as its text."""
        return await self._fetch(request)


def duration_of(attributes: Mapping[str, str]) -> float | None:
    """The seconds after which a command is to end, None for as long as it likes. Raises Trap."""
    text = attributes.get("duration", "")
    if not text:
        return None
    try:
        return parse_duration(text) / SECOND
    except ValueError:
        raise bad_argument("invalid value for argument duration") from None


async def run_stream(
    reply: Reply, runtime: CommandRuntime, emit: Callable[[Record], None], seconds: float | None
) -> None:
    """Hand the records of `reply.stream` to `emit` until it ends, or for so many seconds.

    Raises Trap where the command does. When the task is cancelled the command gets to clean up.
    """
    if reply.stream is None:
        return
    going = reply.stream(runtime)
    section = 0
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            async for record in going:
                if reply.numbered and ".section" not in record:
                    record = {**record, ".section": str(section)}
                section += 1
                emit(record)
    except TimeoutError:
        if not limit.expired():
            raise
    finally:
        if isinstance(going, AsyncGenerator):
            await going.aclose()
