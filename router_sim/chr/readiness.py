"""When a router that was just switched on can be used.

A router under QEMU takes connections and drops them, then refuses every password because its user database
is not there yet, then answers with half of what it knows. Two good answers in a row, a pause between them,
are what counts as ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from router_sim.chr.caller import Caller, CallerError

GOOD_ANSWERS: Final = 2
PAUSE: Final = 1.0

Look = Callable[[], Awaitable[Mapping[str, str]]]


class NotReady(Exception):
    """The router did not become ready; the message has its last sign of life."""


def resources(host: str, port: int, user: str, password: str) -> Look:
    """A look at /system/resource over the API service."""

    async def look() -> Mapping[str, str]:
        async with Caller(host, port, timeout=10.0) as caller:
            await caller.log_in(user, password)
            rows = await caller.rows("/system/resource/print")
            return rows[0] if rows else {}

    return look


async def wait_until_ready(
    look: Look,
    *,
    patience: float,
    alive: Callable[[], bool] = lambda: True,
    pause: float = PAUSE,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Mapping[str, str]:
    """Ask until two answers in a row name the board and the version; returns the last one.

    `alive` says whether the machine still runs. NotReady when it ended, or `patience` seconds passed.
    """
    good = 0
    last = "no answer yet"
    try:
        async with asyncio.timeout(patience):
            while alive():
                try:
                    answer = await look()
                except CallerError as error:
                    good, last = 0, str(error)
                else:
                    complete = bool(answer.get("board-name")) and bool(answer.get("version"))
                    good = good + 1 if complete else 0
                    last = f"it answers with {dict(answer)}"
                    if good == GOOD_ANSWERS:
                        return answer
                await sleep(pause)
    except TimeoutError:
        raise NotReady(f"the router was not ready within {patience:g} s; last: {last}") from None
    raise NotReady(f"the machine ended before the router was ready; last: {last}")
