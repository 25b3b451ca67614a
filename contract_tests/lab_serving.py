"""Serving in a lab: an ASGI application on a loopback socket while a block runs, and the internet it appears in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp


class Internet(Protocol):
    """The internet of the lab, as far as servers put themselves into it."""

    def name(self, name: str, addresses: Collection[str]) -> None:
        """Give a name its addresses."""
        ...

    def serve(self, address: str, port: int, host: str, real_port: int) -> None:
        """Let the real server at `host` and `real_port` answer at `address` and `port`."""
        ...


class _Server(uvicorn.Server):
    """A server whose signals are somebody else's business, and that ends as soon as it is told to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.told = asyncio.Event()

    async def main_loop(self) -> None:
        # The loop of the base looks ten times a second whether it shall end; a test starts many labs.
        loop = asyncio.create_task(super().main_loop())
        await self.told.wait()
        loop.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def served(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve on a listening socket until the context ends.

    Raises RuntimeError when the application does not start; the log has its own words.
    """
    # Accepted connections inherit it. asyncio would set it itself if the socket had been made with a protocol number;
    # without it, an answer of two segments waits 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = _Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=2)
    )
    task = asyncio.create_task(_serve(server, listener))
    try:
        while not server.started:
            if task.done():
                raise RuntimeError("it did not start; its log tells why")
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        server.told.set()
        await task


async def _serve(server: _Server, listener: socket.socket) -> None:
    # The server ends its whole process when the application does not start; here there is more in that process.
    with contextlib.suppress(SystemExit):
        await server.serve([listener])


@contextlib.asynccontextmanager
async def served_when_visited(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve on a listening socket from the first connection until the context ends."""

    async def serve() -> None:
        await somebody_connects([listener])
        async with served(app, listener):
            await asyncio.Event().wait()

    task = asyncio.create_task(serve())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def somebody_connects(listeners: Sequence[socket.socket]) -> None:
    """Return when a connection waits to be accepted on one of the sockets."""
    loop = asyncio.get_running_loop()
    somebody = asyncio.Event()
    for listener in listeners:
        loop.add_reader(listener, somebody.set)
    try:
        await somebody.wait()
    finally:
        for listener in listeners:
            loop.remove_reader(listener)
