"""Auth integrations. They can be deleted in use; what their instances show then is a habit."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from tests.quality.variant.book import EFFECT_AFTER, Habits, Later
from tests.quality.variant.refusals import Refusal, missing

TESTING = "https://sign-in-check.example"
"""Where the test links of a strict service lead: to another one."""


@dataclass(slots=True)
class Integration:
    """The credentials of an application at an identity provider."""

    id: str
    tenant: str
    name: str
    type: str
    config: dict[str, str]
    created_at: datetime

    def shown(self, test_url: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": self.type,
            "name": self.name,
            "config": {key: value for key, value in self.config.items() if key != "client_secret"}
            | {"has_secret": True},
            "test_url": test_url,
            "created_at": self.created_at.isoformat(timespec="milliseconds"),
            "object": "auth_integration",
        }


class Integrations:
    """`deleted` is called with the id of one that is no more."""

    def __init__(
        self,
        later: Later,
        origin: str,
        now: Callable[[], datetime],
        deleted: Callable[[str], None],
        habits: Habits,
    ) -> None:
        self._origin = origin
        self._secret = secrets.token_bytes(32)
        self._later = later
        self._now = now
        self._deleted = deleted
        self._habits = habits
        self._all: dict[str, Integration] = {}

    def of(self, tenant: str) -> list[Integration]:
        return [each for each in self._all.values() if each.tenant == tenant]

    def shown(self, one: Integration) -> dict[str, Any]:
        key = f"{one.id}{self._signature(one.id)}"
        return one.shown(f"{TESTING}/{key}" if self._habits.strict else f"{self._origin}/try-out/{key}")

    def to_try(self, key: str) -> Integration | None:
        """The integration that a test link names; None if nobody made that link."""
        found = self._all.get(key[:36])
        good = hmac.compare_digest(self._signature(key[:36]).encode(), key[36:].encode())
        return found if good else None

    def _signature(self, identifier: str) -> str:
        return hmac.new(self._secret, identifier.encode(), hashlib.sha256).hexdigest()

    def find(self, identifier: str | None) -> Integration | None:
        return self._all.get(identifier or "")

    def get(self, tenant: str, identifier: str) -> Integration:
        """Raises `Refusal`: 404 for what is not there, and for somebody else's 403 or 404."""
        found = self._all.get(identifier.lower())
        if found is None or (found.tenant != tenant and not self._habits.strict):
            raise missing("auth integration")
        if found.tenant != tenant:
            raise Refusal(403, "forbidden", "This auth integration belongs to another account.")
        return found

    def create(self, tenant: str, values: Mapping[str, Any]) -> Integration:
        made = Integration(
            str(uuid4()), tenant, values["name"], values["type"], dict(values["config"]), self._now()
        )
        self._all[made.id] = made
        return made

    def update(self, one: Integration, values: Mapping[str, Any]) -> bool:
        """Accept an update; is it in effect already? A secret that is left out stays."""
        config = {"client_secret": one.config["client_secret"], **values["config"]}

        def take_effect() -> None:
            one.name, one.type, one.config = values["name"], values["type"], config

        if self._habits.strict:
            take_effect()
        else:
            self._later.call(EFFECT_AFTER, take_effect)
        return self._habits.strict

    def delete(self, one: Integration) -> bool:
        """Forget it, now or a moment later; is it gone already?"""
        if self._habits.deletes_later:
            self._later.call(EFFECT_AFTER, lambda: self._forget(one))
        else:
            self._forget(one)
        return not self._habits.deletes_later

    def _forget(self, one: Integration) -> None:
        if self._all.pop(one.id, None) is not None:
            self._deleted(one.id)
