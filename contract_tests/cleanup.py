"""Removes what an interrupted run left: reads its ledger, finds what still exists, deletes it, the newest first."""

from __future__ import annotations

import dataclasses
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

    A creation whose answer never came is found in the list of its kind by the name it was given. Raises
    `LedgerError`, `TargetLost`, or `CleanupError` when the target refuses the token or a list cannot be read.
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
    known = [resource for resource in resources if resource.id is not None]
    unknown = [resource for resource in resources if resource.id is None]

    def delete(wanted: Sequence[Resource]) -> list[Resource]:
        """Delete what can be; gives the rest. What is in use resists until what uses it is gone."""
        left = list(wanted)
        while left:
            resisting = []
            for resource in left:
                assert resource.id is not None
                client.invent(resource.id)
                for parent in resource.path.split("/"):
                    client.invent(parent)
                answer = client.send(
                    "DELETE", resource.path, purpose="clean up", token=resource.tenant, essential=True
                )
                if answer.ok or answer.status == 404:
                    (deleted if answer.ok else gone).append(resource)
                    ledger.deleted(resource.id)
                else:
                    resisting.append(resource)
            if len(resisting) == len(left):
                break
            left = resisting
        return left

    # What is known goes first: the deployment may be one whose list cannot be read.
    left = delete([_with_path(client, resource) for resource in known])
    if unknown:
        left += delete(_find(client, ledger, [_with_path(client, resource) for resource in unknown]))
    return CleanupResult(tuple(deleted), tuple(gone), tuple(leftover(resource, path) for resource in left))


def _with_path(client: Client, resource: Resource) -> Resource:
    """A ledger of old holds instances alone, and no path of them."""
    if resource.path:
        return resource
    contract = client.contract
    if resource.id is None:
        return dataclasses.replace(resource, path=contract.path("listInstances"))
    return dataclasses.replace(resource, path=contract.path("deleteInstance", instanceId=resource.id))


def _find(client: Client, ledger: Ledger, unknown: Sequence[Resource]) -> list[Resource]:
    """What unanswered creations made after all, by name in their list; the rest is struck out."""
    found: list[Resource] = []
    lists: dict[tuple[str, str], list[object]] = {}
    for intent in unknown:
        where = intent.path, intent.tenant
        if where not in lists:
            lists[where] = _list(client, *where)
        matches = [
            dataclasses.replace(intent, id=item["id"], path=f"{intent.path}/{item['id']}")
            for item in lists[where]
            if intent.name and isinstance(item, dict) and item.get("name") == intent.name and item.get("id")
        ]
        for match in matches:
            assert match.id is not None
            ledger.created(match.key, match.kind, match.id, match.name, path=match.path, tenant=match.tenant)
        if not matches:
            ledger.refused(intent.key, 0)
        found += matches
    return found


def _list(client: Client, path: str, tenant: str) -> list[object]:
    """What the list at this path holds; nothing if what it belongs to is gone."""
    answer = client.send(
        "GET", path, purpose="find what an interrupted creation made", token=tenant, essential=True
    )
    if answer.status in (401, 403):
        raise CleanupError(f"the target refuses the token: {answer.text}")
    listed = answer.json()
    if answer.status == 404:
        return []
    if not answer.ok or not isinstance(listed, list):
        raise CleanupError(f"the list at {path} cannot be read: {answer.text}")
    return listed
