"""Runs a command that goes on without sockets, and without waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from router_sim.clock import VirtualClock
from router_sim.engine import Command
from router_sim.exchange import FetchRequest, FetchResult
from router_sim.streams import CommandRuntime, fetch_nothing, run_stream
from tests.router_sim.conftest import Console


class Hurried(CommandRuntime):
    """Sleeps by moving the router's clock."""

    clock: VirtualClock

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)


async def records(
    console: Console,
    clock: VirtualClock,
    path: str,
    attributes: dict[str, str] | None = None,
    fetch: Callable[[FetchRequest], Awaitable[FetchResult]] = fetch_nothing,
) -> list[dict[str, str]]:
    """All records of a command up to its end. Raises Trap as the command does."""
    reply = console.router.execute(Command(path, attributes or {}), console.origin)
    assert reply.stream is not None
    runtime = Hurried(console.router, path, console.origin, fetch)
    runtime.clock = clock
    got: list[dict[str, str]] = []
    await run_stream(reply, runtime, lambda record: got.append(dict(record)), None)
    return got
