"""What was said to a router and what it answered, in a form in which two routers can be compared.

Identifiers, times and counters differ from one run to the next; they are written as `*` and `~`. All else is
left as it came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

FORMAT: Final = "portal-contract-probes-1"

VOLATILE: Final = frozenset(
    {
        "bytes-in", "bytes-out", "packets-in", "packets-out", "bytes", "packets", "creation-time", "date",
        "expires-in", "found-by", "free-hdd-space", "free-memory", "idle-time", "keepalive-timeout-left",
        "last-logged-in", "last-seen", "mac-address", "session-time-left", "time", "timeout", "uptime", "when",
    }
)  # fmt: skip
# found-by and mac-address tell which packet and card it was, not what the router does with them.

_IDENTIFIER: Final = re.compile(r"(\*|%2A)[0-9A-Fa-f]{1,8}\b")


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of a probe: what was sent, and the answers in order, masked."""

    probe: int
    step: int
    sent: str
    got: tuple[Any, ...]

    def to_json(self) -> str:
        """One line."""
        record = {"probe": self.probe, "step": self.step, "sent": self.sent, "got": list(self.got)}
        return json.dumps(record, ensure_ascii=True)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The answers of one router. `about` names it; `left_out` gives the reason for each probe not run."""

    about: Mapping[str, str]
    entries: tuple[Entry, ...]
    left_out: Mapping[int, str] = field(default_factory=dict)

    def to_ndjson(self) -> str:
        """A line that says what this is, then a line for each step."""
        head = {
            "format": FORMAT,
            "about": dict(self.about),
            "left_out": {str(number): why for number, why in self.left_out.items()},
        }
        return "".join(f"{line}\n" for line in (json.dumps(head), *(each.to_json() for each in self.entries)))

    @classmethod
    def from_ndjson(cls, text: str) -> Transcript:
        """What `to_ndjson` wrote. ValueError naming the line for anything else."""
        entries: list[Entry] = []
        head: Mapping[str, Any] | None = None
        for number, line in enumerate(text.splitlines(), 1):
            try:
                record = json.loads(line)
                if head is None:
                    if record["format"] != FORMAT:
                        raise ValueError(f"the format is {record['format']!r}, not {FORMAT}")
                    head = {"about": dict(record["about"]), "left_out": dict(record["left_out"])}
                    continue
                entries.append(Entry(record["probe"], record["step"], record["sent"], tuple(record["got"])))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"line {number} is no part of a transcript of probes: {error}") from error
        if head is None:
            raise ValueError("an empty file is no transcript of probes")
        left_out = {int(number): str(why) for number, why in head["left_out"].items()}
        return cls(head["about"], tuple(entries), left_out)


class Mask:
    """Takes out what is not the same in two laboratories.

    `names` are what differs from one laboratory to the next, such as the address of the guest; their values
    are written as `{name}`.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        known = sorted((names or {}).items(), key=lambda pair: -len(pair[1]))
        self._names = {value: f"{{{name}}}" for name, value in known if value}
        alternatives = "|".join(re.escape(value) for value in self._names)
        self._known = re.compile(rf"(?<![\w.:])(?:{alternatives})(?![\w:]|\.\d)") if alternatives else None

    def text(self, text: str) -> str:
        """The text without its identifiers, and with the laboratory's own values named."""
        if self._known is not None:
            text = self._known.sub(lambda match: self._names[match[0]], text)
        return _IDENTIFIER.sub(r"\1", text)

    def sentence(self, words: Sequence[str]) -> list[str]:
        """A sentence without identifiers and volatile values."""
        return [self._word(word) for word in words]

    def _word(self, word: str) -> str:
        if word.startswith("="):
            name, _, _ = word[1:].partition("=")
            if name in VOLATILE:
                return f"={name}=~"
        return self.text(word)

    def value(self, value: Any, name: str = "") -> Any:
        """The same for what JSON can hold."""
        if name in VOLATILE:
            return "~"
        if isinstance(value, dict):
            return {key: self.value(held, key) for key, held in value.items()}
        if isinstance(value, list):
            return [self.value(each) for each in value]
        return self.text(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Difference:
    """A step that two routers answered differently."""

    probe: int
    step: int
    sent: str
    left: tuple[Any, ...]
    right: tuple[Any, ...]

    def lines(self) -> Iterator[str]:
        """For people: what was sent, and both answers."""
        yield f"probe {self.probe}, step {self.step}: {self.sent}"
        for sign, answers in (("-", self.left), ("+", self.right)):
            for answer in answers or ("(no answer)",):
                yield f"  {sign} {answer if isinstance(answer, str) else json.dumps(answer)}"


def compare(left: Transcript, right: Transcript) -> list[Difference]:
    """The steps that both were asked and answered differently, in order."""
    others = {(entry.probe, entry.step): entry for entry in right.entries}
    return [
        Difference(entry.probe, entry.step, entry.sent, entry.got, other.got)
        for entry in left.entries
        if (other := others.get((entry.probe, entry.step))) is not None and other.got != entry.got
    ]


def probes_in_both(left: Transcript, right: Transcript) -> Iterable[int]:
    """The numbers of the probes that were put to both."""
    return sorted({entry.probe for entry in left.entries} & {entry.probe for entry in right.entries})
