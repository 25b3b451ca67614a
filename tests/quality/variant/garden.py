"""The addresses that are open before login, site by site; each account sees those of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from tests.quality.variant.book import EFFECT_AFTER, Habits, Later
from tests.quality.variant.refusals import Refusal, missing


@dataclass(slots=True)
class Entry:
    id: str
    tenant: str
    site: str
    name: str
    type: str | None
    address: str
    created_at: datetime

    def shown(self) -> dict[str, Any]:
        return {
            "created_at": self.created_at.isoformat(),
            "ip_address": self.address,
            "type": self.type,
            "name": self.name,
            "id": self.id,
            "site": {"id": self.site},
        }


class Garden:
    """`moved` is called with the sites whose entries have changed."""

    def __init__(
        self,
        later: Later,
        now: Callable[[], datetime],
        moved: Callable[[Iterable[str]], None],
        habits: Habits,
    ) -> None:
        self._later = later
        self._now = now
        self._moved = moved
        self._habits = habits
        self._entries: dict[str, Entry] = {}

    def addresses(self, site: str) -> set[str]:
        """What is open at a site, whoever asked for it."""
        return {each.address for each in self._entries.values() if each.site == site}

    def of(self, tenant: str, site: str) -> list[Entry]:
        """Sorted by name."""
        found = [each for each in self._entries.values() if (each.tenant, each.site) == (tenant, site)]
        return sorted(found, key=lambda each: each.name)

    def get(self, tenant: str, site: str, identifier: str) -> Entry:
        """Raises `Refusal` for one that is not there, at another site, or somebody else's."""
        found = self._entries.get(identifier.lower())
        if found is None or (found.tenant, found.site) != (tenant, site):
            raise missing("walled-garden entry")
        return found

    def create(self, tenant: str, site: str, values: Mapping[str, Any]) -> Entry:
        open_already = {each.address for each in self.of(tenant, site)}
        if self._habits.strict and values["ip_address"] in open_already:
            raise Refusal(409, "open_already", f"{values['ip_address']} is open at this site.")
        made = Entry(
            str(uuid4()), tenant, site, values["name"], self._type(values), values["ip_address"], self._now()
        )
        self._entries[made.id] = made
        self._moved([site])
        return made

    def update(self, entry: Entry, values: Mapping[str, Any]) -> None:
        entry.name, entry.address, entry.type = values["name"], values["ip_address"], self._type(values)
        self._moved([entry.site])

    def delete(self, entry: Entry) -> bool:
        """Forget it, now or a moment later; is it gone already?"""
        if self._habits.deletes_later:
            self._later.call(EFFECT_AFTER, lambda: self._forget(entry))
        else:
            self._forget(entry)
        return not self._habits.deletes_later

    def _forget(self, entry: Entry) -> None:
        if self._entries.pop(entry.id, None) is not None:
            self._moved([entry.site])

    def _type(self, values: Mapping[str, Any]) -> str | None:
        unsaid = None if self._habits.strict else "captive-auth"
        found: str | None = values.get("type", unsaid)
        return found
