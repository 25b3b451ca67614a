"""Carrying out what a plan of faults decided for one command, for every way into a router."""

from __future__ import annotations

import contextlib

from router_sim.exchange import Command, Origin
from router_sim.faults import Effect, Fault
from router_sim.router import Router
from router_sim.traps import Trap
from router_sim.wire import SentenceReader, encode_sentence


def begin(effect: Effect, router: Router) -> None:
    """Bring about what happens to the router before the command, in the order in which it was planned."""
    for fault in effect.before:
        _act(fault, router)


def finish(effect: Effect, router: Router) -> None:
    """Bring about what happens to the router after the command."""
    for fault in effect.after:
        _act(fault, router)


def halved(data: bytes) -> bytes:
    """The first half of a reply, so cut that its last sentence is not complete."""
    half = data[: max(len(data) // 2, 1)]
    # A sentence ends with a zero byte; without that byte it has not ended, whatever the byte was.
    return half[:-1] if half.endswith(b"\0") else half


def sentences(data: bytes) -> list[bytes]:
    """The sentences of a reply, each for itself."""
    return [encode_sentence(words) for words in SentenceReader().feed(data)]


def _act(fault: Fault, router: Router) -> None:
    if fault.kind == "clock_jump":
        router.jump_clock(fault.jump)
        return
    for words in fault.commands:
        pairs = (word[1:].partition("=") for word in words[1:])
        attributes = {name: value for name, _, value in pairs}
        # Another administrator's mistake is his own; the journal has the trap.
        with contextlib.suppress(Trap):
            router.execute(Command(words[0], attributes), Origin(fault.admin, "", "winbox"))
