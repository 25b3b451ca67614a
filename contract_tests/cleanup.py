"""Removes what an interrupted run left: reads its ledger, finds what still exists, deletes it, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contract_tests.client import Client
from contract_tests.config import Config, parse_rate
from contract_tests.events import Leftover
from contract_tests.ledger import Ledger, Resource, read_ledger
from contract_tests.pacing import Pacer
from contract_tests.redaction import Redactor
from spec.loader import load_contract


class CleanupError(Exception):
    """Clean-up could not be carried out; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class CleanupResult:
    deleted: tuple[Resource, ...]
    gone: tuple[Resource, ...]  # of the ledger, but not there any more
    left: tuple[Leftover, ...]


def leftover(resource: Resource, ledger: Path) -> Leftover:
    """What is still there, with the command that removes it."""
    return Leftover(
        resource.kind, resource.id or "", resource.name or "", f"portal-contract cleanup {ledger}"
    )


def clean_up(config: Config, path: Path) -> CleanupResult:
    """Delete every resource that the ledger at `path` still holds.

    A creation whose answer never came is found in the list of instances by the name it was given. Raises
    `LedgerError`, `TargetLost`, or `CleanupError` when the target refuses the token or its list cannot be read.
    """
    header, resources = read_ledger(path)
    if header.base_url != config.target.base_url:
        raise CleanupError(f"{path} belongs to a run against {header.base_url}, not {config.target.base_url}")
    if config.run.read_only and resources:
        raise CleanupError(f"{path}: the configuration is read-only; clean up with one that may write")
    ledger = Ledger(path, worker="cleanup")
    client = Client(
        config,
        load_contract(config.target.generation),
        ledger=ledger,
        pacer=Pacer(parse_rate(config.target.rate), None),
        redactor=Redactor(config.secret_names),
        record=lambda exchange: None,
        worker="cleanup",
    )
    try:
        return _delete(client, ledger, path, resources)
    finally:
        client.close()
        ledger.close()


def _delete(client: Client, ledger: Ledger, path: Path, resources: Sequence[Resource]) -> CleanupResult:
    deleted: list[Resource] = []
    gone: list[Resource] = []
    left: list[Leftover] = []

    def delete(resource: Resource) -> None:
        assert resource.id is not None
        client.invent(resource.id)
        answer = client.send("DELETE", f"/instances/{resource.id}", purpose="clean up", essential=True)
        if answer.ok:
            deleted.append(resource)
        elif answer.status == 404:
            gone.append(resource)
        else:
            left.append(leftover(resource, path))
            return
        ledger.deleted(resource.id)

    # What is known goes first: the deployment may be one whose list cannot be read.
    for resource in resources:
        if resource.id is not None:
            delete(resource)
    unknown = [resource for resource in resources if resource.id is None]
    if unknown:
        for resource in _find(client, ledger, unknown):
            delete(resource)
    return CleanupResult(tuple(deleted), tuple(gone), tuple(left))


def _find(client: Client, ledger: Ledger, unknown: Sequence[Resource]) -> list[Resource]:
    """The instances that unanswered creations made after all, by name; the rest is struck out."""
    answer = client.send(
        "GET", "/instances", purpose="find what an interrupted creation made", essential=True
    )
    if answer.status in (401, 403):
        raise CleanupError(f"the target refuses the token: {answer.text}")
    listed = answer.json()
    if not answer.ok or not isinstance(listed, list):
        raise CleanupError(f"the list of instances cannot be read: {answer.text}")
    found: list[Resource] = []
    for intent in unknown:
        matches = [
            Resource(intent.kind, item["id"], intent.name, intent.key)
            for item in listed
            if intent.name and isinstance(item, dict) and item.get("name") == intent.name and item.get("id")
        ]
        for match in matches:
            assert match.id is not None
            ledger.created(match.key, match.kind, match.id, match.name)
        if not matches:
            ledger.refused(intent.key, 0)
        found += matches
    return found
