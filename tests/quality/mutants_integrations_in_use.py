"""Mutants of instances that use an auth integration: which one, for how long, what routers learn of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from reference_impl import store
from reference_impl.provisioning import desired as wishes
from reference_impl.records import IntegrationRecord
from reference_impl.schemas_integrations import IntegrationCreate
from reference_impl.settings import Settings
from reference_impl.stores.integrations import IntegrationInUseError, IntegrationStore, find_integration
from tests.quality.mutants_doors import (
    FAILURE,
    NOT_FOUND,
    REFUSAL,
    refusing,
    rewriting,
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
    through,
)

Document = dict[str, Any]
Apply = Callable[[Stage], None]

_GET, _DELETE = "getAuthIntegration", "deleteAuthIntegration"

# Routers.


def _keeping_secrets(stage: Stage, secrets: list[str]) -> None:
    """What secrets were sent is put on a list."""

    async def create(
        self: IntegrationStore, tenant: str, wanted: IntegrationCreate, now: datetime
    ) -> IntegrationRecord:
        secrets.append(wanted.config.client_secret)
        record: IntegrationRecord = await original(self, tenant, wanted, now)
        return record

    original = stage.patch(IntegrationStore, "create", create)


def _secret_as_password(stage: Stage) -> None:
    secrets: list[str] = []
    _keeping_secrets(stage, secrets)

    def password(secret: str, instance_id: str, server: str) -> str:
        return secrets[-1] if secrets else str(original(secret, instance_id, server))

    original = stage.patch(wishes, "technical_password", password)


def _secret_in_pages(stage: Stage) -> None:
    secrets: list[str] = []
    _keeping_secrets(stage, secrets)

    def page(instance_id: str, site_id: str, base: str) -> str:
        text: str = original(instance_id, site_id, base)
        return text.replace("?site=", f"?secret={secrets[-1]}&amp;site=") if secrets else text

    original = stage.patch(wishes, "login_page", page)


# Deletions.


def _deleted_though_in_use(stage: Stage) -> None:
    """It is said that the integration is in use, but it is gone."""

    async def delete(self: IntegrationStore, identifier: str, tenant: str) -> bool:
        try:
            return bool(await original(self, identifier, tenant))
        except IntegrationInUseError:
            async with self._database.writing() as session:
                await session.delete(await find_integration(session, identifier, tenant))
            raise

    original = stage.patch(IntegrationStore, "delete", delete)


def _instances_let_go(stage: Stage) -> None:
    """A deletion takes the integration out of its instances before it is refused."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation == _DELETE and reply.status == 409:
            listed = await inside(replace(call, method="GET", path="/instances"))
            for one in listed.json:
                if one["auth_integration_id"] == call.last_id:
                    body = one | {"strategy": "coupon", "auth_integration_id": None}
                    await inside(replace(call, method="PUT", path=f"/instances/{one['id']}").with_json(body))
        return reply

    stage.door(door)


def _instance_dangles(stage: Stage) -> None:
    """Integrations in use are deleted, and then their instances cannot be read."""
    deleted: set[str] = set()

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation == _DELETE and reply.status == 409:
            deleted.add(call.last_id)
            return answer(204)
        if call.operation == "getInstance" and reply.ok and reply.json["auth_integration_id"] in deleted:
            return FAILURE
        return NOT_FOUND if call.operation == _GET and call.last_id in deleted else reply

    stage.door(door)


# Instances.

_OAUTH2: Final = with_body(lambda body: body.get("strategy") == "oauth2")


def _any_integration(stage: Stage) -> None:
    """The integration of an update is not looked for."""

    async def require(session: Any, tenant: str, identifier: str | None) -> None:
        """Takes every id."""

    stage.patch(store, "_require_integration", require)


def _no_window(body: Document) -> Document | None:
    return {"auth_window_ttl": 300} if "auth_window_ttl" in body else None


def _window_clamped(body: Document) -> Document | None:
    window = body.get("auth_window_ttl")
    return {"auth_window_ttl": min(max(window, 120), 900)} if isinstance(window, int) else None


def _window_from(lowest: int) -> Callable[[Document], Document | None]:
    """A bound is off by one."""
    return lambda body: (
        {"auth_window_ttl": 120} if lowest <= (body.get("auth_window_ttl") or 300) < 120 else None
    )


async def _one_instance_each(call: Call, inside: Inside, settings: Settings) -> Reply:
    body = call.json
    if call.operation == "createInstance" and isinstance(body, dict) and body.get("auth_integration_id"):
        listed = await inside(replace(call, method="GET", body=b""))
        if listed.ok and any(
            one["auth_integration_id"] == body["auth_integration_id"] for one in listed.json
        ):
            return REFUSAL
    return await inside(call)


async def _taken_from_the_first(call: Call, inside: Inside, settings: Settings) -> Reply:
    """An instance that is updated takes its integration from the others."""
    reply = await inside(call)
    if call.operation == "updateInstance" and reply.ok and reply.json["auth_integration_id"]:
        listed = await inside(replace(call, method="GET", path="/instances", body=b""))
        for one in listed.json:
            same = one["auth_integration_id"] == reply.json["auth_integration_id"]
            if same and one["id"] != call.instance_id:
                body = one | {"strategy": "coupon", "auth_integration_id": None}
                await inside(replace(call, path=f"/instances/{one['id']}").with_json(body))
    return reply


async def _integration_stays(call: Call, inside: Inside, settings: Settings) -> Reply:
    """The integration of an instance that has one is not changed."""
    body = call.json
    if call.operation == "updateInstance" and isinstance(body, dict) and body.get("auth_integration_id"):
        now = await inside(replace(call, method="GET", body=b""))
        kept = now.json["auth_integration_id"] if now.ok else None
        if kept:
            return await inside(call.with_json(body | {"auth_integration_id": kept}))
    return await inside(call)


def _coupon_remembers(stage: Stage) -> None:
    """Who goes back to coupons still shows the integration from before."""
    former: dict[str, str] = {}

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation not in ("updateInstance", "getInstance") or not reply.ok:
            return reply
        shown = reply.json
        if shown["auth_integration_id"]:
            former[shown["id"]] = shown["auth_integration_id"]
        return reply.with_json(shown | {"auth_integration_id": former.get(shown["id"])})

    stage.door(door)


_RULES: Final = "validation"
_MEANING: Final = "semantics"
_DEVICE: Final = "device-hygiene"

MUTANTS: tuple[Mutant, ...] = (
    Mutant("secret as a password", _DEVICE, "INT-SECRET-02", _secret_as_password),
    Mutant("secret in the login page", _DEVICE, "INT-SECRET-02", _secret_in_pages),
    Mutant(
        "integration in use goes though refused", _MEANING, "INT-DEL-04", _deleted_though_in_use, budget=40
    ),
    Mutant("refused deletion frees the instances", _MEANING, "INT-DEL-04", _instances_let_go, budget=40),
    Mutant("deletion in use breaks the instance", _MEANING, "INT-DEL-04", _instance_dangles, budget=40),
    Mutant(
        "creation forgets the integration",
        _MEANING,
        "INT-USE-01",
        on_body("createInstance", change=each(lambda item: item | {"auth_integration_id": None})),
    ),
    Mutant(
        "reading forgets the integration",
        _MEANING,
        "INT-USE-01",
        on_body("getInstance", change=each(lambda item: item | {"auth_integration_id": None})),
    ),
    Mutant(
        "instances with sign-in are refused", _RULES, "INT-USE-01", refusing("createInstance", when=_OAUTH2)
    ),
    Mutant("strategy is for ever", _RULES, "INT-USE-02", refusing("updateInstance", when=_OAUTH2)),
    Mutant("coupon instance keeps an integration", _MEANING, "INT-USE-02", _coupon_remembers),
    Mutant("integration of an instance stays", _MEANING, "INT-USE-02", through(_integration_stays)),
    Mutant("integration of an update is not looked for", _RULES, "INT-USE-03", _any_integration),
    Mutant(
        "login window stays at the default",
        _MEANING,
        "INT-USE-04",
        rewriting("updateInstance", change=_no_window),
    ),
    Mutant(
        "login window of fifteen minutes is refused",
        _RULES,
        "INT-USE-04",
        refusing("updateInstance", when=with_body(lambda body: body.get("auth_window_ttl") == 900)),
    ),
    Mutant(
        "login window is clamped", _RULES, "INT-USE-05", rewriting("updateInstance", change=_window_clamped)
    ),
    Mutant(
        "login window may be a second shorter",
        _RULES,
        "INT-USE-05",
        rewriting("updateInstance", change=_window_from(119)),
    ),
    Mutant("an integration is for one instance", _RULES, "INT-USE-06", through(_one_instance_each)),
    Mutant("an instance takes the integration away", _MEANING, "INT-USE-06", through(_taken_from_the_first)),
)
