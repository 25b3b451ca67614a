"""Mutants of auth integrations: what is kept and shown, their secrets, their links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from reference_impl.records import IntegrationRecord
from reference_impl.settings import Settings
from reference_impl.signing import LinkSigner
from reference_impl.stores.integrations import IntegrationStore
from tests.quality.mutants_doors import (
    NOT_FOUND,
    REFUSAL,
    answering,
    changed,
    deleting,
    field,
    kept_after_deletion,
    refused_but_done,
    refusing,
    repeated_update,
    rewriting,
    to_others,
    with_body,
)
from tests.quality.mutants_stage import (
    Call,
    Inside,
    Mutant,
    Reply,
    Stage,
    answer,
    each,
    on_body,
    on_reply,
    through,
)

Document = dict[str, Any]
Apply = Callable[[Stage], None]

_LIST, _CREATE, _GET = "listAuthIntegrations", "createAuthIntegration", "getAuthIntegration"
_UPDATE, _DELETE = "updateAuthIntegration", "deleteAuthIntegration"

# What is stored.


def _config(name: str, change: Callable[[Any], Any]) -> Callable[[Document], Document | None]:
    """Another value of one part of the configuration."""

    def rewrite(body: Document) -> Document | None:
        config = body.get("config")
        if not isinstance(config, dict) or not isinstance(config.get(name), str):
            return None
        return {"config": changed(config, name, change(config[name]))}

    return rewrite


def _default(name: str, value: Any) -> Callable[[Document], Document | None]:
    """A value for what was left out of a body."""
    return lambda body: None if name in body else {name: value}


def _text(name: str) -> Callable[[Document], Document | None]:
    """A number or truth value is read as text."""
    return lambda body: {name: str(body[name])} if isinstance(body.get(name), int) else None


def _client_as_text(body: Document) -> Document | None:
    config = body.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("client_id"), int):
        return None
    return {"config": config | {"client_id": str(config["client_id"])}}


def _known_type(body: Document) -> Document | None:
    return {"type": "azure"} if body.get("type") not in ("azure", "github", "google") else None


async def _update_keeps_the_old(call: Call, inside: Inside, settings: Settings) -> Reply:
    """The configuration of an update is answered and forgotten."""
    if call.operation != _UPDATE or not isinstance(call.json, dict):
        return await inside(call)
    before = await inside(replace(call, method="GET", body=b""))
    reply = await inside(call)
    if before.ok and reply.ok:
        old = before.json
        await inside(call.with_json(call.json | {"config": old["config"], "type": old["type"]}))
    return reply


def _created_at_moves(stage: Stage) -> None:
    """An update makes a new integration under the old id."""
    updated: set[str] = set()

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation == _UPDATE and reply.ok:
            updated.add(call.last_id)
        if call.operation in (_GET, _UPDATE) and call.last_id in updated and reply.ok:
            return reply.with_json(reply.json | {"created_at": "2026-01-01T00:00:00Z"})
        return reply

    stage.door(door)


# Secrets.


def _secret_shown(*operations: str, place: Callable[[Reply, str], Reply]) -> Apply:
    """Answers of these operations show the secret that was sent with the creation, or with themselves."""

    def apply(stage: Stage) -> None:
        known: dict[str, str] = {}

        async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
            reply = await inside(call)
            body = call.json
            config = body.get("config") if isinstance(body, dict) else None
            secret = config.get("client_secret") if isinstance(config, dict) else None
            if call.operation == _CREATE and reply.ok and secret:
                known[reply.json["id"]] = secret
            if call.operation not in operations:
                return reply
            shown = (
                secret if isinstance(secret, str) else known.get(call.last_id, next(iter(known.values()), ""))
            )
            return place(reply, shown) if shown else reply

        stage.door(door)

    return apply


def _in_config(reply: Reply, secret: str) -> Reply:
    if not reply.ok:
        return reply
    return reply.with_json(each(lambda item: changed(item, "config.client_secret", secret))(reply.json))


def _in_the_link(reply: Reply, secret: str) -> Reply:
    if not reply.ok:
        return reply
    query = urlencode({"client_secret": secret})
    return reply.with_json(reply.json | {"test_url": f"{reply.json['test_url']}&{query}"})


def _in_the_message(reply: Reply, secret: str) -> Reply:
    if reply.status != 400:
        return reply
    message = f"{reply.json['message']} Input: {{'client_secret': '{secret}'}}."
    return reply.with_json(reply.json | {"message": message})


def _in_a_header(reply: Reply, secret: str) -> Reply:
    return replace(reply, headers=reply.headers | {"x-debug": f"client_secret={secret}"})


def _on_the_instance(reply: Reply, secret: str) -> Reply:
    if not reply.ok or reply.json["strategy"] != "oauth2":
        return reply
    return reply.with_json(reply.json | {"auth_integration": {"config": {"client_secret": secret}}})


# Links.


def _same_link(stage: Stage) -> None:
    links: list[str] = []

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation != _GET or not reply.ok:
            return reply
        links.append(reply.json["test_url"])
        return reply.with_json(reply.json | {"test_url": links[0]})

    stage.door(door)


def _another_client(stage: Stage) -> None:
    """Links run the sign-in with the client of the newest integration."""

    async def integration(
        self: IntegrationStore, identifier: str, tenant: str | None = None
    ) -> IntegrationRecord | None:
        found: IntegrationRecord | None = await original(self, identifier, tenant)
        if tenant is None and found is not None:
            found.client_id = "the-client-of-the-service"
        return found

    original = stage.patch(IntegrationStore, "integration", integration)


def _client_from_creation(stage: Stage) -> None:
    """Links run the sign-in with the client that the integration was created with."""
    first: dict[str, str] = {}

    async def integration(
        self: IntegrationStore, identifier: str, tenant: str | None = None
    ) -> IntegrationRecord | None:
        found: IntegrationRecord | None = await original(self, identifier, tenant)
        if found is not None:
            known = first.setdefault(identifier, found.client_id)
            if tenant is None:
                found.client_id = known
        return found

    original = stage.patch(IntegrationStore, "integration", integration)


def _unsigned(self: LinkSigner, path: str, expires: str, signature: str) -> None:
    """Looks at no signature."""


def _signature_of_right_length(stage: Stage) -> None:
    def check(self: LinkSigner, path: str, expires: str, signature: str) -> None:
        if len(signature) < 20:
            original(self, path, expires, signature)

    original = stage.patch(LinkSigner, "check", check)


async def _refused_for_the_secret(call: Call, inside: Inside, settings: Settings) -> Reply:
    """An update needs the secret; that it lacks is noticed when the name is stored already."""
    body = call.json
    config = body.get("config") if call.operation == _UPDATE and isinstance(body, dict) else None
    if not isinstance(config, dict) or "client_secret" in config:
        return await inside(call)
    now = await inside(replace(call, method="GET", body=b""))
    if now.ok:
        await inside(call.with_json(now.json | {"name": body["name"]}))
    return REFUSAL if now.ok else now


_NO_TOKEN: Final = answer(401, REFUSAL.json | {"code": "token_missing"})
_SHAPE: Final = "http-shape"
_RULES: Final = "validation"
_MEANING: Final = "semantics"
_DEVICE: Final = "device-hygiene"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "azure cannot be added",
        _RULES,
        "INT-CREATE-01",
        refusing(_CREATE, when=with_body(lambda body: body.get("type") == "azure")),
    ),
    Mutant(
        "every type needs a tenant",
        _RULES,
        "INT-CREATE-01",
        refusing(_CREATE, when=with_body(lambda body: "tenant" not in body.get("config", {}))),
    ),
    Mutant(
        "integration is created without an answer",
        _SHAPE,
        "INT-CREATE-01",
        on_reply(_CREATE, change=lambda reply: answer(201, {})),
    ),
    Mutant(
        "tenant of azure becomes the common one",
        _MEANING,
        "INT-CREATE-02",
        rewriting(_CREATE, change=_config("tenant", lambda tenant: "common")),
    ),
    Mutant(
        "creation shows half of the client",
        _MEANING,
        "INT-CREATE-02",
        on_body(_CREATE, change=field("config.client_id", lambda text: text[:6] + "…")),
    ),
    Mutant(
        "every integration is one of google",
        _MEANING,
        "INT-CREATE-02",
        rewriting(_CREATE, change=lambda body: {"type": "google"} if body.get("type") == "github" else None),
    ),
    Mutant(
        "names of integrations are ASCII",
        _MEANING,
        "INT-CREATE-02",
        rewriting(_CREATE, change=lambda body: {"name": body["name"].encode("ascii", "replace").decode()}),
    ),
    Mutant(
        "unknown providers become azure",
        _RULES,
        "INT-CREATE-03",
        rewriting(_CREATE, change=_known_type),
        budget=60,
    ),
    Mutant(
        "nameless integrations are named",
        _RULES,
        "INT-CREATE-03",
        rewriting(_CREATE, change=_default("name", "Integration")),
    ),
    Mutant(
        "integrations without a configuration",
        _RULES,
        "INT-CREATE-03",
        rewriting(_CREATE, change=_default("config", {"client_id": "unset", "client_secret": "unset"})),
        budget=60,
    ),
    Mutant(
        "saml2 is not taken",
        _RULES,
        "INT-CREATE-04",
        refusing(_CREATE, _UPDATE, when=with_body(lambda body: body.get("type") == "saml2")),
        generation="spa",
    ),
    Mutant(
        "reading forgets the tenant",
        _MEANING,
        "INT-GET-01",
        on_body(_GET, change=field("config.tenant", lambda tenant: None)),
    ),
    Mutant(
        "reading masks the client",
        _MEANING,
        "INT-GET-01",
        on_body(_GET, change=field("config.client_id", lambda text: "*" * 8 + text[-4:])),
    ),
    Mutant(
        "reading tells another creation",
        _MEANING,
        "INT-GET-01",
        on_body(_GET, change=field("created_at", lambda text: "2026-01-01T00:00:00Z")),
    ),
    Mutant(
        "list holds one type alone",
        _MEANING,
        "INT-LIST-01",
        on_body(_LIST, change=lambda body: [item for item in body if item["type"] == "google"]),
    ),
    Mutant(
        "list has integrations twice", _MEANING, "INT-LIST-01", on_body(_LIST, change=lambda body: body * 2)
    ),
    Mutant(
        "list shows the type for the name",
        _MEANING,
        "INT-LIST-01",
        on_body(_LIST, change=each(lambda item: item | {"name": item["type"].title()})),
    ),
    Mutant(
        "list forgets the tenant",
        _MEANING,
        "INT-LIST-01",
        on_body(_LIST, change=field("config.tenant", lambda tenant: None)),
    ),
    Mutant("creation shows the secret", _MEANING, "INT-SECRET-01", _secret_shown(_CREATE, place=_in_config)),
    Mutant("reading shows the secret", _MEANING, "INT-SECRET-01", _secret_shown(_GET, place=_in_config)),
    Mutant("list shows secrets", _MEANING, "INT-SECRET-01", _secret_shown(_LIST, place=_in_config)),
    Mutant("update shows the secret", _MEANING, "INT-SECRET-01", _secret_shown(_UPDATE, place=_in_config)),
    Mutant("link holds the secret", _MEANING, "INT-SECRET-01", _secret_shown(_GET, place=_in_the_link)),
    Mutant(
        "refusal repeats the secret",
        _MEANING,
        "INT-SECRET-01",
        _secret_shown(_CREATE, _UPDATE, place=_in_the_message),
        budget=60,
    ),
    Mutant("header holds the secret", _MEANING, "INT-SECRET-01", _secret_shown(_CREATE, place=_in_a_header)),
    Mutant(
        "instance shows the secret",
        _MEANING,
        "INT-SECRET-01",
        _secret_shown("createInstance", "getInstance", place=_on_the_instance),
        budget=90,
    ),
    Mutant("one link for all", _MEANING, "INT-URL-01", _same_link),
    Mutant(
        "link without a host",
        _SHAPE,
        "INT-URL-01",
        on_body(_GET, change=field("test_url", lambda text: "/" + text.split("/", 3)[3])),
    ),
    Mutant("link is empty", _SHAPE, "INT-URL-01", on_body(_GET, change=field("test_url", lambda text: ""))),
    Mutant("link signs in another client", _MEANING, "INT-URL-02", _another_client),
    Mutant("link asks for the token", _MEANING, "INT-URL-02", answering("trial", 303, _NO_TOKEN)),
    Mutant("link leads nowhere", _MEANING, "INT-URL-02", answering("trial", 303, NOT_FOUND)),
    Mutant("link keeps the client of the creation", _MEANING, "INT-URL-02", _client_from_creation, budget=40),
    Mutant(
        "signature of a link is not looked at",
        _MEANING,
        "INT-URL-03",
        lambda stage: stage.patch(LinkSigner, "check", _unsigned),
    ),
    Mutant("any signature of a link will do", _MEANING, "INT-URL-03", _signature_of_right_length),
    Mutant(
        "update of an integration is only claimed", _MEANING, "INT-UPD-01", through(_update_keeps_the_old)
    ),
    Mutant(
        "update leaves the name of an integration",
        _MEANING,
        "INT-UPD-01",
        repeated_update(_UPDATE, lambda shown, sent: sent | {"name": "Integration"}),
    ),
    Mutant(
        "update leaves the client",
        _MEANING,
        "INT-UPD-01",
        rewriting(_UPDATE, change=_config("client_id", lambda text: "client")),
    ),
    Mutant("update makes an integration anew", _MEANING, "INT-UPD-01", _created_at_moves),
    Mutant(
        "update takes unknown providers",
        _RULES,
        "INT-UPD-02",
        rewriting(_UPDATE, change=_known_type),
        budget=60,
    ),
    Mutant(
        "update takes a number for a name", _RULES, "INT-UPD-02", rewriting(_UPDATE, change=_text("name"))
    ),
    Mutant(
        "update takes a number for a client",
        _RULES,
        "INT-UPD-02",
        rewriting(_UPDATE, change=_client_as_text),
        budget=60,
    ),
    Mutant(
        "update does without a configuration",
        _RULES,
        "INT-UPD-02",
        rewriting(_UPDATE, change=_default("config", {"client_id": "unset"})),
        budget=60,
    ),
    Mutant(
        "update does without a name",
        _RULES,
        "INT-UPD-02",
        rewriting(_UPDATE, change=_default("name", "Integration")),
    ),
    Mutant(
        "refused update renames",
        _MEANING,
        "INT-UPD-03",
        refused_but_done(
            _UPDATE,
            lambda now, sent: now | ({"name": sent["name"]} if isinstance(sent.get("name"), str) else {}),
        ),
        budget=60,
    ),
    Mutant(
        "refused update without a secret renames",
        _MEANING,
        "INT-UPD-03",
        through(_refused_for_the_secret),
        budget=60,
    ),
    Mutant(
        "client goes to all integrations",
        _MEANING,
        "INT-UPD-04",
        to_others(
            _UPDATE,
            lambda other, sent: changed(other, "config.client_id", sent["config"]["client_id"]),
        ),
    ),
    Mutant(
        "name goes to all integrations",
        _MEANING,
        "INT-UPD-04",
        to_others(_UPDATE, lambda other, sent: other | {"name": sent["name"]}),
    ),
    Mutant("integrations stay for ever", _RULES, "INT-DEL-01", refusing(_DELETE)),
    Mutant(
        "deletion of an integration does nothing",
        _MEANING,
        "INT-DEL-02",
        deleting(_DELETE, lambda other, target: False, itself=False),
    ),
    Mutant("deleted integration is still read", _MEANING, "INT-DEL-02", kept_after_deletion(_DELETE, _GET)),
    Mutant(
        "deleted integration is still listed", _MEANING, "INT-DEL-02", kept_after_deletion(_DELETE, _LIST)
    ),
    Mutant(
        "deleted integration can be updated", _MEANING, "INT-DEL-02", kept_after_deletion(_DELETE, _UPDATE)
    ),
    Mutant(
        "deletion takes all integrations",
        _MEANING,
        "INT-DEL-03",
        deleting(_DELETE, lambda other, target: True),
    ),
    Mutant(
        "deletion goes by type",
        _MEANING,
        "INT-DEL-03",
        deleting(_DELETE, lambda other, target: other["type"] == target["type"]),
    ),
)
