"""Auth integrations as the checks need them: bodies that every conforming deployment accepts, oauth2 instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract_tests.context import Context
from contract_tests.ledger import DEFAULT_TENANT

TYPES = ("azure", "github", "google")


def integration_body(
    context: Context, kind: str = "google", *, label: str = "sign-in", **config: str
) -> dict[str, Any]:
    """A complete body; only azure has a tenant. The secret is one of the run's own, which no output shows."""
    collection = context.collection("auth-integration")
    settings = {"client_id": f"client-{context.tag}-{kind}", "client_secret": context.secret()}
    if kind == "azure":
        settings["tenant"] = "organizations"
    return {"name": collection.name(label), "type": kind, "config": settings | config}


def make_integration(
    context: Context, kind: str = "google", *, label: str = "sign-in", tenant: str = DEFAULT_TENANT
) -> dict[str, Any]:
    """A new integration. Raises `CannotTell` if the deployment will not make it."""
    body = integration_body(context, kind, label=label)
    return context.collection("auth-integration", tenant=tenant).make(label, body=body)


def oauth2(integration: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of an instance whose guests sign in with the integration."""
    return {"strategy": "oauth2", "auth_integration_id": integration["id"]}
