"""The journal: what was written to a router, by whom, and what each item was before and after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one item, or one refused write.

    Changes the router makes by itself have an empty `user` and `connection` 0. `before` is None for
    a new item, `after` for a removed one; a refused write has neither, and its `trap`.
    """

    seq: int
    time: datetime
    user: str
    connection: int
    command: str
    menu: str
    id: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None
    trap: str | None = None

    def as_json(self) -> str:
        """One line of JSON with the fields as keys, the time in ISO form with a `Z`."""
        record = {
            "seq": self.seq,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "user": self.user,
            "connection": self.connection,
            "command": self.command,
            "menu": self.menu,
            "id": self.id,
            "before": None if self.before is None else dict(self.before),
            "after": None if self.after is None else dict(self.after),
            "trap": self.trap,
        }
        return json.dumps(record, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str) -> "Entry":
        """The entry of such a line. ValueError if it is none."""
        try:
            record = json.loads(line)
            return cls(**{**record, "time": datetime.fromisoformat(record["time"])})
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError(f"this is no entry of a journal: {error}") from None


class Journal:
    """Entries in the order in which they happened."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._first = 1

    def append(
        self,
        *,
        time: datetime,
        user: str,
        connection: int,
        command: str,
        menu: str,
        id: str,
        before: Mapping[str, str] | None = None,
        after: Mapping[str, str] | None = None,
        trap: str | None = None,
    ) -> Entry:
        """Write the next entry and return it."""
        entry = Entry(
            self._first + len(self._entries), time, user, connection, command, menu, id, before, after, trap
        )
        self._entries.append(entry)
        return entry

    def entries(self, after: int = 0) -> list[Entry]:
        """The entries whose `seq` is greater than `after`."""
        return self._entries[max(0, after - self._first + 1) :]

    def ndjson(self, after: int = 0) -> str:
        """The same entries, a line of JSON each."""
        return "".join(entry.as_json() + "\n" for entry in self.entries(after))

    def clear(self) -> None:
        """Forget all entries. Numbers go on, so a reader's place stays valid."""
        self._first += len(self._entries)
        self._entries.clear()
