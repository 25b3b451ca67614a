"""Faults a simulated router can be told to have: seeded, counted, scoped, and limited in time.

A fault is data. `FaultPlan` keeps those in force and says, per connection and per command, what they do
to it; whoever serves the router carries that out (`router_sim.fault_effects`). The kinds are what a
controller meets on a real network; `router_sim.fault_kinds` lists them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from router_sim.fault_kinds import DEFAULT_MESSAGE, KINDS, SERVICES, TYPES, Occasion

_MOST_JUMP: Final = 10 * 366 * 86400.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, with its scope and its end.

    `router` is the name of one router, or None for all; `path` a glob over commands as sent
    ("/ip/hotspot/*", "*/remove"), where `/login` is only meant when it is named; `user` who sends them,
    `service` over what (api, api-ssl, rest-api), None for anybody and anything. It acts on the first
    `count` matches, after letting `skip` pass, or for `seconds` on the simulator's clock, or until the
    first of the two; one of them is required, so that no fault stays for ever. `probability` makes it act
    on a share of its matches, which `seed` chooses: the same ones each time, whatever other faults there are.

    `commands` are the sentences another administrator, named `admin`, sends `when` (before or after), each a
    tuple of words such as `("/ip/address/add", "=address=192.0.2.1/24")`.

    Raises ValueError that names the property at fault.
    """

    kind: str
    router: str | None = None
    path: str = "*"
    message: str = DEFAULT_MESSAGE
    category: int | None = None
    delay: float = 0.0
    count: int | None = None
    seconds: float | None = None
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    user: str | None = None
    service: str | None = None
    password: str | None = None
    jump: float = 0.0
    commands: tuple[tuple[str, ...], ...] = ()
    when: str = "before"
    admin: str = "admin"

    def __post_init__(self) -> None:
        for name, types in TYPES.items():
            value = getattr(self, name)
            if not isinstance(value, types) or (isinstance(value, bool)):
                raise ValueError(f"{name}: {value!r} has the wrong type")
        if self.kind not in KINDS:
            raise ValueError(f"kind: {self.kind!r} is none of {', '.join(KINDS)}")
        self._check_scope()
        self._check_end()
        self._check_action()

    def _check_scope(self) -> None:
        if not self.path.startswith(("/", "*", "?", "[")):
            raise ValueError(
                f"path: {self.path!r} matches no command; write it like /ip/hotspot/* or */remove"
            )
        if self.service is not None and self.service not in SERVICES:
            raise ValueError(f"service: {self.service!r} is none of {', '.join(SERVICES)}")

    def _check_end(self) -> None:
        if self.count is None and self.seconds is None:
            raise ValueError("count or seconds: give one of them, so that the fault ends")
        if self.count is not None and self.count < 1:
            raise ValueError(f"count: {self.count} is not at least 1")
        if self.seconds is not None and not 0 < self.seconds < 1e9:
            raise ValueError(f"seconds: {self.seconds} is not a time to live over 0")
        if self.skip < 0:
            raise ValueError(f"skip: {self.skip} is negative")
        if not 0 < self.probability <= 1:
            raise ValueError(f"probability: {self.probability} is not over 0 and at most 1")

    def _check_action(self) -> None:
        if not 0 <= self.delay <= 600:
            raise ValueError(f"delay: {self.delay} is not between 0 and 600 seconds")
        if not abs(self.jump) <= _MOST_JUMP:
            raise ValueError(
                f"jump: {self.jump} is not between -{_MOST_JUMP:.0f} and {_MOST_JUMP:.0f} seconds"
            )
        if self.category is not None and not 0 <= self.category <= 7:
            raise ValueError(f"category: {self.category} is not between 0 and 7")
        if self.when not in ("before", "after"):
            raise ValueError(f"when: {self.when!r} is neither before nor after")
        for words in self.commands:
            _check_sentence(words)
        for name in KINDS[self.kind].needs:
            if getattr(self, name) in (None, 0, ()):
                raise ValueError(f"{name}: a {self.kind} fault needs one")

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
        commands = value.get("commands", [])
        if not isinstance(commands, list | tuple):
            raise ValueError("commands: a list of sentences is needed, each a list of words")
        sentences = tuple(tuple(each) if isinstance(each, list) else each for each in commands)
        return cls(**{**value, "commands": sentences})

    def to_json(self) -> dict[str, Any]:
        """The JSON object `from_json` reads."""
        return asdict(self)

    @property
    def text(self) -> str:
        """What a refused command is told: the message given, or the one of the kind."""
        own = KINDS[self.kind].message
        return own if own and self.message == DEFAULT_MESSAGE else self.message


def _check_sentence(words: object) -> None:
    if not isinstance(words, tuple) or not words or not all(isinstance(word, str) for word in words):
        raise ValueError(f"commands: {words!r} is no sentence, a list of words such as /ip/dns/set")
    if not words[0].startswith("/") or not all(word.startswith("=") for word in words[1:]):
        raise ValueError(f"commands: {list(words)!r} is not a path and words such as =name=value")


@dataclass(frozen=True, slots=True)
class Active:
    """A fault in force: its number, when it was planned, its matches so far and how often it acted.

    `chance` is what decides about a match where the fault acts on a share of them.
    """

    number: int
    fault: Fault
    since: datetime
    matched: int = 0
    acted: int = 0
    chance: random.Random = field(default_factory=random.Random, compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """The fault's own properties, with `id` and `acted`."""
        return {"id": self.number, **self.fault.to_json(), "acted": self.acted}


@dataclass(frozen=True, slots=True)
class Effect:
    """What the faults in force do to one command.

    `kind` says how it ends, if by a fault: `trap` (with `message` and `category`), `drop_before`,
    `drop_after`, `half_sentence` or `reboot`. The reply comes `delay` seconds late and `pace` seconds
    pass between its sentences; the command itself waits for `hold` seconds. `before` and `after` are
    what else happens to the router around it.
    """

    kind: str | None = None
    message: str = ""
    category: int | None = None
    delay: float = 0.0
    pace: float = 0.0
    hold: float = 0.0
    before: tuple[Fault, ...] = ()
    after: tuple[Fault, ...] = ()


NOTHING: Final = Effect()


def _real_now() -> datetime:
    return datetime.now(UTC)


class FaultPlan:
    """The faults in force for one fleet.

    `now` gives the time that times to live count against, `seed` goes into that of each fault.
    """

    def __init__(self, now: Callable[[], datetime] = _real_now, seed: int = 0) -> None:
        self._now = now
        self._seed = seed
        self._active: list[Active] = []
        self._last = 0
        self._watchers: list[Callable[[Fault], None]] = []

    def __bool__(self) -> bool:
        return bool(self._active)

    def on_planned(self, callback: Callable[[Fault], None]) -> None:
        """Call back with every fault put in force from now on."""
        self._watchers.append(callback)

    def add(self, fault: Fault) -> Active:
        """Put a fault in force from now on; returns it with its number."""
        self._last += 1
        # Repeatable on purpose, and nothing secret.
        chance = random.Random(f"{self._seed} {fault.seed}")  # noqa: S311
        active = Active(self._last, fault, self._now(), chance=chance)
        self._active.append(active)
        for callback in self._watchers:
            callback(fault)
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

    def refuses(self, router: str, service: str = "api") -> bool:
        """Whether a new connection to a service of `router` is to be closed at once. Counts as one match."""
        return bool(self._active) and bool(self._acting(Occasion.CONNECTION, router, "", "", service))

    def password_of(self, router: str, user: str) -> str | None:
        """The password that is taken for the user's instead of the one that was set. Counts as one match."""
        if not self._active:
            return None
        acting = self._acting(Occasion.LOGIN, router, "", user, "")
        return acting[-1].password if acting else None

    def silences(self, router: str, path: str, user: str = "", service: str = "api") -> bool:
        """Whether a listen with something to tell stops without a word. Counts as one match."""
        return bool(self._active) and bool(self._acting(Occasion.LISTEN, router, path, user, service))

    def on_command(self, router: str, path: str, user: str = "", service: str = "api") -> Effect:
        """What happens to the next command of that path on that router. Counts as one match.

        Delays add up. Of the faults that end the command the oldest acts, and the others keep their
        count.
        """
        if not self._active:
            return NOTHING
        acting = self._acting(Occasion.COMMAND, router, path, user, service)
        if not acting:
            return NOTHING

        def total(*kinds: str) -> float:
            return sum(fault.delay for fault in acting if fault.kind in kinds)

        chosen = next((fault for fault in acting if KINDS[fault.kind].ends), None)
        around = [fault for fault in acting if fault.kind in ("other_admin", "clock_jump")]
        effect = Effect(
            delay=sum(fault.delay for fault in acting if fault.kind not in ("pace", "slow_write")),
            pace=total("pace"),
            hold=total("slow_write"),
            before=tuple(fault for fault in around if fault.kind == "clock_jump" or fault.when == "before"),
            after=tuple(fault for fault in around if fault.kind == "other_admin" and fault.when == "after"),
        )
        if chosen is None:
            return effect
        kind = "trap" if chosen.kind == "disk_full" else chosen.kind
        return replace(effect, kind=kind, message=chosen.text, category=chosen.category)

    def _acting(self, occasion: Occasion, router: str, path: str, user: str, service: str) -> list[Fault]:
        """The faults that act on this match, counted; of those that end a command only the first."""
        self._forget_ended()
        acting: list[Fault] = []
        ended = False
        for index, active in enumerate(self._active):
            fault = active.fault
            kind = KINDS[fault.kind]
            if (ended and kind.ends) or kind.occasion is not occasion:
                continue
            if not _concerns(fault, router, path, user, service):
                continue
            matched, acted = active.matched + 1, active.acted
            if matched > fault.skip and (
                fault.probability >= 1 or active.chance.random() < fault.probability
            ):
                acted += 1
                acting.append(fault)
                ended = ended or kind.ends
            self._active[index] = replace(active, matched=matched, acted=acted)
        self._forget_ended()
        return acting

    def _forget_ended(self) -> None:
        if self._active:
            now = self._now()
            self._active = [active for active in self._active if not _ended(active, now)]


def _concerns(fault: Fault, router: str, path: str, user: str, service: str) -> bool:
    kind = KINDS[fault.kind]
    if fault.router is not None and fault.router != router:
        return False
    if fault.service is not None and service and fault.service != service:
        return False
    if kind.occasion is Occasion.CONNECTION:
        return True
    if fault.user is not None and fault.user != user:
        return False
    if kind.occasion is Occasion.LOGIN:
        return True
    if kind.paths and not any(fnmatchcase(path, each) for each in kind.paths):
        return False
    if path == "/login":
        return fault.path == path
    return fnmatchcase(path, fault.path)


def _ended(active: Active, now: datetime) -> bool:
    fault = active.fault
    if fault.count is not None and active.acted >= fault.count:
        return True
    return fault.seconds is not None and now - active.since >= timedelta(seconds=fault.seconds)
