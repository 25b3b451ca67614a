"""Instances as the suite handles them: bodies that every conforming deployment accepts, updates that are complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract_tests.client import Answer
from contract_tests.resources import Collection
from spec.loader import Contract

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
_EVERYWHERE = (1200, 86400)  # seconds of a session that deployments take where no page names the bounds


class Instances(Collection):
    """Creates, reads, updates and deletes instances of the run."""

    def body(self, label: str = "guests", **changes: Any) -> dict[str, Any]:
        """A minimal valid body for a creation, with `changes`; a change to `...` takes the property out."""
        body: dict[str, Any] = {"name": self.name(label), "strategy": "coupon", "session_ttl": 3600} | changes
        return {name: value for name, value in body.items() if value is not ...}

    def make(self, label: str = "guests", **changes: Any) -> dict[str, Any]:
        """A new instance, for checks that only need one. Raises `CannotTell` if the deployment will not make it."""
        return super().make(label, body=self.body(label, **changes))

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
        return self._send(
            "POST",
            self.path("uploadInstanceImage", instanceId=identifier, type=image_type),
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


def session_ttls(contract: Contract) -> tuple[int, int]:
    """The shortest and the longest session (seconds) that every deployment of the generation takes."""
    documented = "INST-CREATE-04" not in contract.catalogue.absent
    return (MIN_SESSION_TTL, MAX_SESSION_TTL) if documented else _EVERYWHERE
