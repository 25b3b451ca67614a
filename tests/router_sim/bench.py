"""A session without sockets: a router, an outlet that keeps what is written, and timers that go off when told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from router_sim.clock import VirtualClock
from router_sim.faults import FaultPlan
from router_sim.router import Router
from router_sim.session import Session
from tests.router_sim.clients import framed, unframed

CHALLENGE = bytes.fromhex("259e0bc05acd6f46926dc2f809ed1bba")
LISTS = "/ip/firewall/address-list"


@dataclass
class Alarm:
    seconds: float
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Paper:
    """An outlet that keeps what is written, and timers that go off when told."""

    written: bytes = b""
    delays: list[float] = field(default_factory=list)
    closed: bool = False
    aborted: bool = False
    full: bool = False
    alarms: list[Alarm] = field(default_factory=list)

    def write(self, data: bytes, delay: float = 0.0) -> None:
        self.written += data
        self.delays.append(delay)

    def close(self, delay: float = 0.0) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Alarm:
        self.alarms.append(Alarm(seconds, callback))
        return self.alarms[-1]

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | Alarm:
        try:
            return asyncio.get_running_loop().create_task(work)
        except RuntimeError:  # a test without a loop: what goes on stands still
            work.close()
            return Alarm(0, lambda: None)

    def ring(self) -> None:
        for alarm in [alarm for alarm in self.alarms if not alarm.cancelled]:
            self.alarms.remove(alarm)
            alarm.callback()


class Bench:
    """A router, an outlet and a session between them."""

    def __init__(self, version: str = "7.22.3") -> None:
        self.clock = VirtualClock()
        self.router = Router(name="r", clock=self.clock, version=version, password="test")
        self.faults = FaultPlan()
        self.paper = Paper()
        self.session = self.another(self.paper, 1)

    def another(self, paper: Paper, connection: int) -> Session:
        return Session(
            self.router,
            paper,
            address="127.0.0.1",
            connection=connection,
            challenge=lambda: CHALLENGE,
            faults=self.faults,
        )

    def say(self, *words: str) -> list[list[str]]:
        """Send one sentence and take what was written since."""
        return self.feed(framed(*words))

    def feed(self, data: bytes) -> list[list[str]]:
        self.session.receive(data)
        return self.taken()

    def taken(self) -> list[list[str]]:
        data, self.paper.written = self.paper.written, b""
        return unframed(data)

    def logged_in(self) -> Bench:
        assert self.say("/login", "=name=admin", "=password=test") == [["!done"]]
        return self
