"""The one event stream of a run: what was sent, what was judged, what a router did.

Producers (client, observer, suite) append events; verdicts, reports, coverage and progress only read them.
Events are frozen and go to disk as JSON lines, one file a worker, so a run that is killed leaves its evidence.
Secrets are replaced before an event is made; nothing below has to think of them again.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

Outcome = Literal["passed", "failed", "not verified"]
Cause = Literal["target", "run"]
WriteKind = Literal["added", "changed", "removed"]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer (`status` None: no answer, then `error` says why)."""

    kind: ClassVar[str] = "exchange"

    key: str  # "<worker>-<number>", unique in a run
    started_at: str  # ISO 8601, UTC
    elapsed: float  # seconds
    operation: str | None  # operationId of the contract
    purpose: str  # why it was sent, for people
    test: str  # node id of the test that sent it
    method: str
    url: str
    request_headers: Headers
    request_body: bytes
    status: int | None
    response_headers: Headers
    response_body: bytes
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """One check of one requirement. A requirement passes if it was judged and never failed."""

    kind: ClassVar[str] = "judgement"

    requirement: str
    outcome: Outcome
    message: str  # failed: expected and observed; not verified: why
    test: str
    exchanges: tuple[str, ...] = ()  # keys, in the order sent: the shortest sequence known
    device: tuple[str, ...] = ()  # the router's difference, one RouterOS command or row a line
    # Of a judgement that is not verified: `target` leaves nothing to decide, or the `run` did not get that far.
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class DeviceWrite:
    """A change on a router as the observer saw it."""

    kind: ClassVar[str] = "device-write"

    site: str
    at: str  # ISO 8601, when it was read
    menu: str
    id: str
    change: WriteKind
    record: Mapping[str, str]
    test: str


@dataclass(frozen=True, slots=True)
class Problem:
    """The harness could not do its work: never counted against the deployment."""

    kind: ClassVar[str] = "problem"

    test: str
    message: str
    fatal: bool = False  # the run could not go on (target lost, not authorised)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A resource of the run that is still there, with the command that removes it."""

    kind: ClassVar[str] = "leftover"

    resource: str
    id: str
    name: str
    command: str


Event = Exchange | Judgement | DeviceWrite | Problem | Leftover
_TYPES: dict[str, type[Event]] = {
    cls.kind: cls for cls in (Exchange, Judgement, DeviceWrite, Problem, Leftover)
}
_BODIES = ("request_body", "response_body")


def to_json(event: Event) -> dict[str, Any]:
    """The event as plain JSON data; bodies as text where they are UTF-8, else base64."""
    data: dict[str, Any] = {"kind": event.kind}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if field.name in _BODIES:
            try:
                data[field.name] = value.decode("utf-8")
            except UnicodeDecodeError:
                data[field.name] = {"base64": base64.b64encode(value).decode("ascii")}
        else:
            data[field.name] = dict(value) if isinstance(value, Mapping) else value
    return data


def from_json(data: Mapping[str, Any]) -> Event:
    """The event that `to_json` made this from."""
    fields = dict(data)
    cls = _TYPES[fields.pop("kind")]
    for name in _BODIES:
        if name in fields:
            value = fields[name]
            fields[name] = (
                value.encode("utf-8") if isinstance(value, str) else base64.b64decode(value["base64"])
            )
    for name in ("request_headers", "response_headers"):
        if name in fields:
            fields[name] = tuple((str(key), str(value)) for key, value in fields[name])
    for name in ("exchanges", "device"):
        if name in fields:
            fields[name] = tuple(fields[name])
    return cls(**fields)


class EventLog:
    """Appends events to a file; a line is written whole or not at all."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, event: Event) -> None:
        line = json.dumps(to_json(event), ensure_ascii=False, separators=(",", ":"))
        os.write(self._fd, line.encode("utf-8", "surrogatepass") + b"\n")

    def close(self) -> None:
        os.close(self._fd)


def read_events(paths: Iterable[Path]) -> Iterator[Event]:
    """Events of several files, file after file; a last line cut off by a kill is passed over."""
    for path in paths:
        with path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                yield from_json(json.loads(line.decode("utf-8", "surrogatepass")))
