"""Instances as the suite handles them: bodies that every conforming deployment accepts, and a ledger for each one."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any

from contract_tests.client import Answer, Client, NotAllowed, ReadOnly
from contract_tests.ledger import Ledger
from contract_tests.verifier import CannotTell, Verifier

KIND = "instance"
COLOURS = (
    "accent_text",
    "accent_color",
    "text_color",
    "secondary_text_color",
    "background_color",
    "border_color",
    "box_color",
)
MIN_SESSION_TTL = 1200
MAX_SESSION_TTL = 604800


class Instances:
    """Creates, reads, updates and deletes instances of the run.

    Names begin with the run's tag, so that people who meet one know whose it is. Every creation goes through the
    ledger. `settle_timeout` (seconds) bounds the wait for an update that was only accepted (202).
    """

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        verifier: Verifier,
        *,
        tag: str,
        settle_timeout: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client = client
        self._ledger = ledger
        self._verifier = verifier
        self._tag = tag
        self.settle_timeout = settle_timeout
        self._sleep = sleep
        self._numbers = itertools.count(1)

    def name(self, label: str) -> str:
        """A new name: the tag of the run, what it is for, a number."""
        return f"{self._tag} {label} {next(self._numbers)}"

    def body(self, label: str = "guests", **changes: Any) -> dict[str, Any]:
        """A minimal valid body for a creation, with `changes`; a change to `...` takes the property out."""
        body: dict[str, Any] = {"name": self.name(label), "strategy": "coupon", "session_ttl": 3600} | changes
        return {name: value for name, value in body.items() if value is not ...}

    def create(self, body: Any, *, purpose: str, **options: Any) -> Answer:
        """Send a creation. Whatever comes into being, by right or by fault, is in the ledger."""
        name = body.get("name") if isinstance(body, Mapping) else None
        return self.create_raw(
            name if isinstance(name, str) else None,
            lambda: self.client.send("POST", "/instances", json_body=body, purpose=purpose, **options),
        )

    def create_raw(self, name: str | None, send: Callable[[], Answer]) -> Answer:
        """Like `create`, for a request that somebody else builds."""
        key = self._ledger.intend(KIND, name)
        try:
            answer = send()
        except (ReadOnly, NotAllowed):
            self._ledger.refused(key, 0)  # by our own client: nothing was sent
            raise
        if answer.ok:
            created = answer.json()
            identifier = created.get("id") if isinstance(created, dict) else None
            if isinstance(identifier, str) and identifier and "/" not in identifier:
                self._ledger.created(key, KIND, identifier, name)
                self._verifier.made(identifier, answer.key)
        elif answer.status is not None:
            self._ledger.refused(key, answer.status)
        return answer

    def make(self, label: str = "guests", **changes: Any) -> dict[str, Any]:
        """A new instance, for checks that only need one. Raises `CannotTell` if the deployment will not make it."""
        answer = self.create(self.body(label, **changes), purpose=f"make an instance: {label}")
        created = answer.json() if answer.ok else None
        if not isinstance(created, dict) or not isinstance(created.get("id"), str):
            raise CannotTell(f"no instance could be created: {answer.text}")
        return created

    def read(self, identifier: str, *, purpose: str = "read the instance") -> Answer:
        return self.client.send("GET", f"/instances/{identifier}", purpose=purpose)

    def listing(self, *, purpose: str = "list the instances") -> Answer:
        return self.client.send("GET", "/instances", purpose=purpose)

    def update(self, identifier: str, body: Any, *, purpose: str, **options: Any) -> Answer:
        return self.client.send("PUT", f"/instances/{identifier}", json_body=body, purpose=purpose, **options)

    def delete(self, identifier: str, *, purpose: str = "delete the instance", **options: Any) -> Answer:
        """Delete it; the ledger strikes it out when the deployment says it is gone. No budget forbids it."""
        options = {"essential": True} | options
        answer = self.client.send("DELETE", f"/instances/{identifier}", purpose=purpose, **options)
        if answer.ok or answer.status == 404:
            self._ledger.deleted(identifier)
            self.client.invent(identifier)  # whatever answers under this id now, it was ours
        return answer

    def upload(
        self,
        identifier: str,
        image_type: str,
        content: bytes,
        *,
        purpose: str,
        media_type: str = "image/png",
        **options: Any,
    ) -> Answer:
        """Upload an image as the multipart part `file`."""
        extension = media_type.rpartition("/")[2]
        return self.client.send(
            "POST",
            f"/instances/{identifier}/images/{image_type}",
            files={"file": (f"{image_type}.{extension}", content, media_type)},
            purpose=purpose,
            **options,
        )

    def update_body(self, instance: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        """A complete body for an update: the writable properties as the instance has them, with `changes`.

        Complete, because the documents do not say whether an omitted property is kept or reset. Properties that
        only oauth2 knows are left out of a coupon instance, where a deployment may refuse them.
        """
        body: dict[str, Any] = {name: instance.get(name) for name in ("name", "strategy", "session_ttl")}
        if instance.get("strategy") == "oauth2":
            body |= {name: instance.get(name) for name in ("auth_integration_id", "auth_window_ttl")}
        theme = instance.get("theme")
        if isinstance(theme, Mapping):
            body["theme"] = {name: theme[name] for name in COLOURS if isinstance(theme.get(name), str)}
            if not body["theme"]:
                del body["theme"]
        if isinstance(instance.get("terms_text"), str):
            body["terms_text"] = instance["terms_text"]
        # Nothing but what the documents let a body have: a deployment may show more and refuse to take it back.
        body["sites"] = [
            {part: site[part] for part in ("id", "subnets") if part in site}
            if isinstance(site, Mapping)
            else site
            for site in instance.get("sites") or []
        ]
        body |= changes
        return {name: value for name, value in body.items() if value is not ...}

    def change(self, instance: Mapping[str, Any], *, purpose: str, **changes: Any) -> Answer:
        """Update one instance to what it is now, with `changes`."""
        return self.update(instance["id"], self.update_body(instance, **changes), purpose=purpose)

    def reading_until(
        self, identifier: str, accepted: Answer, wanted: Callable[[Any], bool], *, purpose: str
    ) -> Answer:
        """Read the instance; after a 202 again and again until it is as `wanted`, gone, or the patience ends."""
        answer = self.read(identifier, purpose=purpose)
        if accepted.status == 202:
            for pause in pauses(self.settle_timeout):
                if answer.status == 404 or (answer.ok and wanted(answer.json())):
                    break
                self._sleep(pause)
                answer = self.read(identifier, purpose=purpose)
        return answer


def pauses(total: float, *, first: float = 0.05, longest: float = 2.0) -> Any:
    """Growing pauses (seconds) whose sum does not exceed `total`."""
    spent, pause = 0.0, first
    while spent < total:
        pause = min(pause, total - spent)
        yield pause
        spent += pause
        pause = min(pause * 1.6, longest)
