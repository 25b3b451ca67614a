"""The ledger: what a run created, on disk before it was asked for, so that a kill leaves nothing unknown behind.

One JSON line an entry. An `intent` is written before a creation is sent, `created` or `refused` after its answer,
`deleted` after the deletion. An intent without an answer may have been carried out: it is found again by its name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE_NAME = "ledger.jsonl"
DEFAULT_TENANT = "default"  # the one whose token the run is given
OTHER_TENANT = "other"  # the second one, of the isolation profile


class LedgerError(Exception):
    """The ledger cannot be used; the message says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Something on the deployment that the run made (`id`), or may have made (`id` None: look for `name`).

    `path` is what deletes it, or the list in which it is looked for; empty in ledgers of old, which held instances
    alone. `tenant` is whose token made it.
    """

    kind: str
    id: str | None
    name: str | None
    key: str = ""  # of the intent
    path: str = ""
    tenant: str = DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class RunHeader:
    run_id: str
    tag: str
    base_url: str
    generation: str
    config: str | None


class Ledger:
    """Appends to the ledger file; several workers may share it, each line is one write."""

    def __init__(self, path: Path, *, worker: str = "main") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._worker = worker
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._intents = 0
        self._owned: dict[str, Resource] = {}

    def _write(self, **entry: Any) -> None:
        os.write(self._fd, json.dumps(entry, ensure_ascii=True).encode() + b"\n")

    def start(self, header: RunHeader) -> None:
        self._write(
            event="run",
            run_id=header.run_id,
            tag=header.tag,
            base_url=header.base_url,
            generation=header.generation,
            config=header.config,
        )

    def intend(self, kind: str, name: str | None, *, path: str = "", tenant: str = DEFAULT_TENANT) -> str:
        """Note that a creation is about to be sent; on disk when this returns. The key goes to `created`/`refused`."""
        self._intents += 1
        key = f"{self._worker}-{self._intents}"
        self._write(event="intent", key=key, kind=kind, name=name, path=path, tenant=tenant)
        os.fsync(self._fd)
        return key

    def created(
        self,
        key: str,
        kind: str,
        identifier: str,
        name: str | None,
        *,
        path: str = "",
        tenant: str = DEFAULT_TENANT,
    ) -> None:
        self._write(event="created", key=key, kind=kind, id=identifier, name=name, path=path, tenant=tenant)
        self._owned[identifier] = Resource(kind, identifier, name, key, path, tenant)

    def refused(self, key: str, status: int) -> None:
        self._write(event="refused", key=key, status=status)

    def deleted(self, identifier: str) -> tuple[str, ...]:
        """Strike it out, with all that lies under its path; gives the ids that are gone."""
        self._write(event="deleted", id=identifier)
        return _strike_out(self._owned, identifier)

    def owns(self, identifier: str) -> bool:
        """Did this worker create it, and not delete it yet?"""
        return identifier in self._owned

    def find(self, identifier: str) -> Resource | None:
        """What this worker created under this id; None if it did not, or has deleted it."""
        return self._owned.get(identifier)

    @property
    def open(self) -> tuple[Resource, ...]:
        """What this worker created and did not delete, the newest first."""
        return tuple(reversed(self._owned.values()))

    def close(self) -> None:
        os.close(self._fd)


def _resource(entry: Mapping[str, Any], identifier: str | None) -> Resource:
    return Resource(
        entry["kind"],
        identifier,
        entry["name"],
        entry["key"],
        entry.get("path", ""),
        entry.get("tenant", DEFAULT_TENANT),
    )


def _strike_out(resources: dict[str, Resource], identifier: str) -> tuple[str, ...]:
    """Take a resource and what belonged to it out of `resources`; gives the keys that were taken out."""
    gone = resources.pop(identifier, None)
    if gone is None:
        return ()
    inside = [key for key, item in resources.items() if gone.path and item.path.startswith(f"{gone.path}/")]
    for key in inside:
        del resources[key]
    return (identifier, *inside)


def read_ledger(path: Path) -> tuple[RunHeader, tuple[Resource, ...]]:
    """The run's header and everything that may still exist, the newest first.

    Raises `LedgerError` for a file that is missing or no ledger. A last line cut off by a kill is passed over:
    what it would have said was not sent yet.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        raise LedgerError(
            f"{path}: there is no ledger; give the ledger.jsonl of the run's report directory"
        ) from None
    except OSError as error:
        raise LedgerError(f"{path}: cannot be read: {error}") from None
    header: RunHeader | None = None
    pending: dict[str, Resource] = {}
    for number, line in enumerate(lines[:-1], start=1):
        try:
            entry: Mapping[str, Any] = json.loads(line)
            match entry["event"]:
                case "run":
                    header = RunHeader(
                        entry["run_id"], entry["tag"], entry["base_url"], entry["generation"], entry["config"]
                    )
                case "intent":
                    pending[entry["key"]] = _resource(entry, None)
                case "created":
                    pending.pop(entry["key"], None)
                    pending[entry["id"]] = _resource(entry, entry["id"])
                case "refused":
                    pending.pop(entry["key"], None)
                case "deleted":
                    _strike_out(pending, entry["id"])
                case other:
                    raise LedgerError(f"{path}, line {number}: unknown event {other!r}")
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerError(f"{path}, line {number}: not an entry of a ledger ({error!r})") from None
    if header is None:
        raise LedgerError(f"{path}: no run is recorded in it; is it the ledger.jsonl of a report directory?")
    return header, tuple(reversed(pending.values()))
