"""Faults a simulated router can be told to have: seeded, counted, scoped, and limited in time.

A fault is data. `FaultPlan` keeps those in force and says, per connection and per command, what they do
to it; the session and the server carry that out. The kinds are what a controller meets on a real
network: a router that refuses a command, one that loses the connection before or after a write took
effect, one that is not reachable for a while, one that is slow.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

KINDS: Final[Mapping[str, str]] = {
    "trap": "the command is refused with `message` and `category` and changes nothing",
    "drop_before": "the connection is lost before the command takes effect",
    "drop_after": "the command takes effect and the connection is lost before its reply",
    "refuse": "new connections are closed as soon as they are made",
    "latency": "the reply comes `delay` seconds late",
}

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "kind": (str,),
    "router": (str, type(None)),
    "path": (str,),
    "message": (str,),
    "category": (int, type(None)),
    "delay": (int, float),
    "count": (int, type(None)),
    "seconds": (int, float, type(None)),
    "skip": (int,),
    "probability": (int, float),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, with its scope and its end.

    `router` is the name of one router, or None for all; `path` a glob over commands as sent
    ("/ip/hotspot/*"), where `/login` is only meant when it is named. It acts on the first `count`
    matches, after letting `skip` pass, or for `seconds` on the simulator's clock, or until the first of
    the two; one of them is required, so that no fault stays for ever. `probability` makes it act on a
    seeded share of its matches. Raises ValueError that names the property at fault.
    """

    kind: str
    router: str | None = None
    path: str = "*"
    message: str = "failure: injected by the simulator"
    category: int | None = None
    delay: float = 0.0
    count: int | None = None
    seconds: float | None = None
    skip: int = 0
    probability: float = 1.0

    def __post_init__(self) -> None:
        for name, types in _TYPES.items():
            value = getattr(self, name)
            if not isinstance(value, types) or (isinstance(value, bool)):
                raise ValueError(f"{name}: {value!r} has the wrong type")
        if self.kind not in KINDS:
            raise ValueError(f"kind: {self.kind!r} is none of {', '.join(KINDS)}")
        if self.count is None and self.seconds is None:
            raise ValueError("count or seconds: give one of them, so that the fault ends")
        if self.count is not None and self.count < 1:
            raise ValueError(f"count: {self.count} is not at least 1")
        if self.seconds is not None and not 0 < self.seconds < 1e9:
            raise ValueError(f"seconds: {self.seconds} is not a time to live over 0")
        if not 0 <= self.delay <= 600:
            raise ValueError(f"delay: {self.delay} is not between 0 and 600 seconds")
        if self.kind == "latency" and self.delay == 0:
            raise ValueError("delay: a latency fault needs one")
        if self.skip < 0:
            raise ValueError(f"skip: {self.skip} is negative")
        if not 0 < self.probability <= 1:
            raise ValueError(f"probability: {self.probability} is not over 0 and at most 1")

    @classmethod
    def from_json(cls, value: object) -> Fault:
        """Build a fault from its JSON object; ValueError says which property is wrong, or unknown."""
        if not isinstance(value, dict):
            raise ValueError("a fault is a JSON object")
        unknown = set(value) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))}: a fault has no such property")
        if "kind" not in value:
            raise ValueError(f"kind: missing, one of {', '.join(KINDS)}")
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """The JSON object `from_json` reads."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Active:
    """A fault in force: its number, when it was planned, its matches so far and how often it acted."""

    number: int
    fault: Fault
    since: datetime
    matched: int = 0
    acted: int = 0

    def to_json(self) -> dict[str, Any]:
        """The fault's own properties, with `id` and `acted`."""
        return {"id": self.number, **self.fault.to_json(), "acted": self.acted}


@dataclass(frozen=True, slots=True)
class Effect:
    """What the faults in force do to one command; without a `kind` it only comes `delay` seconds late."""

    kind: str | None = None
    message: str = ""
    category: int | None = None
    delay: float = 0.0


NOTHING: Final = Effect()


def _real_now() -> datetime:
    return datetime.now(UTC)


class FaultPlan:
    """The faults in force for one fleet.

    `now` gives the time that times to live count against, `seed` the random source of `probability`.
    """

    def __init__(self, now: Callable[[], datetime] = _real_now, seed: int = 0) -> None:
        self._now = now
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose, nothing secret
        self._active: list[Active] = []
        self._last = 0

    def __bool__(self) -> bool:
        return bool(self._active)

    def add(self, fault: Fault) -> Active:
        """Put a fault in force from now on; returns it with its number."""
        self._last += 1
        active = Active(self._last, fault, self._now())
        self._active.append(active)
        return active

    def active(self) -> list[Active]:
        """The faults still in force, oldest first."""
        self._forget_ended()
        return list(self._active)

    def remove(self, number: int) -> bool:
        """End one fault; False when none in force has that number."""
        before = self.active()
        self._active = [active for active in before if active.number != number]
        return len(self._active) < len(before)

    def clear(self) -> None:
        """End all faults."""
        self._active.clear()

    def refuses(self, router: str) -> bool:
        """Whether a new connection to `router` is to be closed at once. Counts as one match."""
        if not self._active:
            return False
        return bool(self._acting(router, None))

    def on_command(self, router: str, path: str) -> Effect:
        """What happens to the next command of that path on that router. Counts as one match.

        Delays add up. Of the faults that end the command the oldest acts, and the others keep their
        count.
        """
        if not self._active:
            return NOTHING
        delay = 0.0
        chosen: Fault | None = None
        for fault in self._acting(router, path):
            delay += fault.delay
            if fault.kind != "latency":
                chosen = fault
        if chosen is None:
            return Effect(delay=delay) if delay else NOTHING
        return Effect(chosen.kind, chosen.message, chosen.category, delay)

    def _acting(self, router: str, path: str | None) -> list[Fault]:
        """The faults that act on this match, counted; of those that end a command only the first."""
        self._forget_ended()
        acting: list[Fault] = []
        ended = False
        for index, active in enumerate(self._active):
            fault = active.fault
            ends = fault.kind != "latency"
            if (ended and ends) or not _concerns(fault, router, path):
                continue
            matched, acted = active.matched + 1, active.acted
            if matched > fault.skip and (fault.probability >= 1 or self._random.random() < fault.probability):
                acted += 1
                acting.append(fault)
                ended = ended or ends
            self._active[index] = replace(active, matched=matched, acted=acted)
        self._forget_ended()
        return acting

    def _forget_ended(self) -> None:
        if self._active:
            now = self._now()
            self._active = [active for active in self._active if not _ended(active, now)]


def _concerns(fault: Fault, router: str, path: str | None) -> bool:
    if fault.router is not None and fault.router != router:
        return False
    if path is None or fault.kind == "refuse":
        return path is None and fault.kind == "refuse"
    if path == "/login":
        return fault.path == path
    return fnmatchcase(path, fault.path)


def _ended(active: Active, now: datetime) -> bool:
    fault = active.fault
    if fault.count is not None and active.acted >= fault.count:
        return True
    return fault.seconds is not None and now - active.since >= timedelta(seconds=fault.seconds)
