"""Resources as the suite handles them: one handle for each kind that the contract's `x-resource` tables describe.

Every creation goes through the ledger, with the path that deletes it, so that whatever happens to the run, what it
made is found again and removed. What cannot be deleted (coupons) goes with the resource it belongs to.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.client import Answer, Client, NotAllowed, ReadOnly
from contract_tests.ledger import DEFAULT_TENANT, Ledger
from contract_tests.verifier import CannotTell, Verifier
from spec.loader import Contract

SITE = "site"  # the parent of what belongs to a site; sites themselves are the platform's


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource, as the contract tells of it.

    `parents` maps the path parameters of the collection to the kind they name. The operations are ids of the
    contract, None where there is none. `parameter` names one resource in a path. Property paths are dotted.
    """

    name: str
    parents: Mapping[str, str]
    collection: str | None
    create: str | None
    item: str | None
    update: str | None
    delete: str | None
    parameter: str | None
    identifier: str
    read_only: tuple[str, ...]
    write_only: tuple[str, ...]
    references: Mapping[str, str]


def resource_types(contract: Contract) -> dict[str, ResourceType]:
    """The kinds of resource that this generation has, by name."""
    found = {}
    for item in contract.document["paths"].values():
        table = item.get("x-resource")
        if table is None:
            continue
        operations = {
            role: table[role] if table.get(role) in contract.operations else None
            for role in ("collection", "create", "item", "update", "delete")
        }
        found[table["name"]] = ResourceType(
            name=table["name"],
            parents=table.get("parent", {}),
            **operations,
            parameter=table.get("parameter"),
            identifier=table["identifier"],
            read_only=tuple(table.get("read-only", ())),
            write_only=tuple(table.get("write-only", ())),
            references=table.get("references", {}),
        )
    return found


class Collection:
    """The resources of one kind, as one tenant handles them.

    Names begin with the run's tag, so that people who meet one know whose it is. Parents are given by the names of
    their path parameters (`instanceId=…`, `siteId=…`), in every generation those of v1. Other options go to
    `Client.send`. `settle_timeout` (seconds) bounds the wait for an update that was only accepted (202).
    """

    def __init__(
        self,
        kind: ResourceType,
        client: Client,
        ledger: Ledger,
        verifier: Verifier,
        *,
        tag: str,
        tenant: str = DEFAULT_TENANT,
        settle_timeout: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.kind = kind
        self.client = client
        self.tenant = tenant
        self.settle_timeout = settle_timeout
        self._contract = client.contract
        self._ledger = ledger
        self._verifier = verifier
        self._tag = tag
        self._sleep = sleep
        self._numbers = itertools.count(1)

    def name(self, label: str) -> str:
        """A new name: the tag of the run, what it is for, a number."""
        return f"{self._tag} {label} {next(self._numbers)}"

    def path(self, operation_id: str | None, **parameters: str) -> str:
        """The path of an operation in the generation under test. Raises `CannotTell` if it has no such operation."""
        if operation_id not in self._contract.operations:
            raise CannotTell(
                f"generation {self._contract.generation} has no such operation on a {self.kind.name}"
            )
        assert operation_id is not None
        return self._contract.path(operation_id, **parameters)

    def item_path(self, identifier: str, **parents: str) -> str:
        """The path of one resource."""
        operation = self.kind.item or self.kind.update or self.kind.delete
        return self.path(operation, **{str(self.kind.parameter): identifier}, **parents)

    def create(self, body: Any, *, purpose: str, **options: Any) -> Answer:
        """Send a creation. Whatever comes into being, by right or by fault, is in the ledger."""
        parents, options = self._split(options)
        path = self.path(self.kind.create, **parents)
        return self.create_raw(
            named(body),
            lambda: self._send("POST", path, json_body=body, purpose=purpose, **options),
            **parents,
        )

    def create_raw(self, name: str | None, send: Callable[[], Answer], **parents: str) -> Answer:
        """Like `create`, for a request that somebody else builds; `name` is what it would be found by."""
        if self.kind.delete is None:
            answer = send()
            if answer.ok:
                for identifier in self._identifiers(answer):
                    self._verifier.made(identifier, answer.key)
            return answer
        collection = self.path(self.kind.create, **parents)
        key = self._ledger.intend(self.kind.name, name, path=collection, tenant=self.tenant)
        try:
            answer = send()
        except (ReadOnly, NotAllowed):
            self._ledger.refused(key, 0)  # by our own client: nothing was sent
            raise
        if answer.ok:
            for identifier in self._identifiers(answer):
                path = self.item_path(identifier, **parents)
                self._ledger.created(key, self.kind.name, identifier, name, path=path, tenant=self.tenant)
                self._verifier.made(identifier, answer.key)
        elif answer.status is not None:
            self._ledger.refused(key, answer.status)
        return answer

    def _identifiers(self, answer: Answer) -> Iterator[str]:
        body = answer.json()
        for item in body if isinstance(body, list) else [body]:
            identifier = item.get(self.kind.identifier) if isinstance(item, dict) else None
            if isinstance(identifier, str) and identifier and "/" not in identifier:
                yield identifier

    def make(self, label: str, *, body: Any, **parents: str) -> dict[str, Any]:
        """A new resource, for checks that only need one. Raises `CannotTell` if the deployment will not make it."""
        article = "an" if self.kind.name[0] in "aeiou" else "a"
        answer = self.create(body, purpose=f"make {article} {self.kind.name}: {label}", **parents)
        created = answer.json() if answer.ok else None
        if not isinstance(created, dict) or not isinstance(created.get(self.kind.identifier), str):
            raise CannotTell(f"no {self.kind.name} could be created: {answer.text}")
        return created

    def read(self, identifier: str, *, purpose: str | None = None, **options: Any) -> Answer:
        parents, options = self._split(options)
        path = self.path(self.kind.item, **{str(self.kind.parameter): identifier}, **parents)
        return self._send("GET", path, purpose=purpose or f"read the {self.kind.name}", **options)

    def listing(self, *, purpose: str | None = None, query: str = "", **options: Any) -> Answer:
        """The list; `query` is put behind a question mark as it stands."""
        parents, options = self._split(options)
        path = self.path(self.kind.collection, **parents) + (f"?{query}" if query else "")
        return self._send("GET", path, purpose=purpose or f"list the resources {self.kind.name}", **options)

    def update(self, identifier: str, body: Any, *, purpose: str, **options: Any) -> Answer:
        parents, options = self._split(options)
        path = self.path(self.kind.update, **{str(self.kind.parameter): identifier}, **parents)
        return self._send("PUT", path, json_body=body, purpose=purpose, **options)

    def delete(self, identifier: str, *, purpose: str | None = None, **options: Any) -> Answer:
        """Delete it; the ledger strikes it out when the deployment says it is gone. No budget forbids it.

        A deletion that was only accepted (202) is waited for.
        """
        parents, options = self._split(options)
        path = self.path(self.kind.delete, **{str(self.kind.parameter): identifier}, **parents)
        options = {"essential": True} | options
        answer = self._send("DELETE", path, purpose=purpose or f"delete the {self.kind.name}", **options)
        # What is said to a stranger, or below another parent, tells nothing: it still has to be deleted.
        known = self._ledger.find(identifier)
        ours = known is None or (known.tenant, known.path) == (options.get("token", self.tenant), path)
        if ours and (answer.ok or answer.status == 404):
            for gone in {identifier, *self._ledger.deleted(identifier)}:
                self.client.invent(gone)  # whatever answers under this id now, it was ours
            if answer.status == 202:
                self._await_end(identifier, parents)
        return answer

    def _await_end(self, identifier: str, parents: Mapping[str, str]) -> None:
        """Wait until the list does not hold a resource any more, or the patience ends."""
        if self.kind.collection is None:
            return
        for pause in pauses(self.settle_timeout):
            listed = self.listing(purpose=f"see whether the {self.kind.name} is gone", **parents).json()
            found = (
                [each for each in listed if _has_id(each, self.kind.identifier, identifier)]
                if isinstance(listed, list)
                else []
            )
            if not found:
                return
            self._sleep(pause)

    def reading_until(
        self,
        identifier: str,
        accepted: Answer,
        wanted: Callable[[Any], bool],
        *,
        purpose: str,
        **parents: str,
    ) -> Answer:
        """Read the resource; after a 202 again and again until it is as `wanted`, gone, or the patience ends."""
        answer = self.read(identifier, purpose=purpose, **parents)
        if accepted.status == 202:
            for pause in pauses(self.settle_timeout):
                if answer.status == 404 or (answer.ok and wanted(answer.json())):
                    break
                self._sleep(pause)
                answer = self.read(identifier, purpose=purpose, **parents)
        return answer

    def _split(self, options: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        """Parents, and what is for the client."""
        parents = {name: value for name, value in options.items() if name in self.kind.parents}
        return parents, {name: value for name, value in options.items() if name not in parents}

    def _send(self, method: str, path: str, **options: Any) -> Answer:
        return self.client.send(method, path, **({"token": self.tenant} | options))


def named(body: Any) -> str | None:
    """The name that a body gives, if it gives one."""
    name = body.get("name") if isinstance(body, Mapping) else None
    return name if isinstance(name, str) else None


def _has_id(item: Any, name: str, identifier: str) -> bool:
    return isinstance(item, Mapping) and str(item.get(name)).lower() == identifier.lower()


def pauses(total: float, *, first: float = 0.05, longest: float = 2.0) -> Iterator[float]:
    """Growing pauses (seconds) whose sum does not exceed `total`."""
    spent, pause = 0.0, first
    while spent < total:
        pause = min(pause, total - spent)
        yield pause
        spent += pause
        pause = min(pause * 1.6, longest)
