"""Mutants of who may do what: what belongs to another tenant, callers without credentials, ids that name nothing."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from reference_impl import store
from reference_impl.settings import Settings
from reference_impl.store import Store, UnknownIntegrationError
from reference_impl.stores.integrations import find_integration
from tests.quality.mutants_doors import FAILURE, NOT_FOUND, Apply, answering, as_first_tenant
from tests.quality.mutants_http import effect_before_refusal, let_in
from tests.quality.mutants_stage import (
    Call,
    Inside,
    Mutant,
    Reply,
    Stage,
    answer,
    bearer,
    on_body,
    on_reply,
    through,
)

# Tenants.


def _denied(reply: Reply) -> Reply:
    """What was done is told to be unknown."""
    return NOT_FOUND


def _everybodys(operation: str) -> Apply:
    """A list shows what all tenants have."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        owner = bearer(settings)
        if call.operation != operation or not reply.ok or call.headers.get("authorization") == owner:
            return reply
        theirs = await inside(call.with_headers(authorization=owner))
        return reply.with_json([*reply.json, *theirs.json])

    return through(door)


def _integrations_of_all(method: str) -> Apply:
    """Whose integration an instance names is not looked at when `method` of the store needs it."""

    def apply(stage: Stage) -> None:
        careless: ContextVar[bool] = ContextVar("careless", default=False)

        async def work(self: Store, *arguments: Any, **more: Any) -> Any:
            before = careless.set(True)
            try:
                return await original(self, *arguments, **more)
            finally:
                careless.reset(before)

        async def require(session: AsyncSession, tenant: str, identifier: str | None) -> None:
            whose = None if careless.get() else tenant
            if identifier is not None and await find_integration(session, identifier, whose) is None:
                raise UnknownIntegrationError(identifier)

        original = stage.patch(Store, method, work)
        stage.patch(store, "_require_integration", require)

    return apply


# Ids that name nothing.


def _made_by_update(operation: str) -> Apply:
    """An update of what does not exist makes it."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation == operation and reply.status == 404:
            return await inside(replace(call, method="POST", path=call.path.rpartition("/")[0]))
        return reply

    return through(door)


def _crashes(operation: str) -> Apply:
    """A body that is no JSON fails the service."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        broken = call.operation == operation and call.json is None
        return FAILURE if broken and reply.status == 400 else reply

    return through(door)


def _first_of_an_array(operation: str) -> Apply:
    """A list of bodies is read as its first, and none at all as an empty one."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        if call.operation == operation and call.json == []:
            return answer(201, {})
        return await inside(call)

    return through(door)


def _unknown_integration_fails(call: Call) -> bool:
    body = call.json
    return (
        call.operation == "createInstance"
        and isinstance(body, dict)
        and bool(body.get("auth_integration_id"))
    )


_SHAPE: Final = "http-shape"
_MEANING: Final = "semantics"
_READ: Final = "ISO-READ-01"
_WRITE: Final = "ISO-WRITE-01"
_DELETE: Final = "ISO-DELETE-01"
_SITE: Final = "ISO-SITE-01"
_MANY: Final = 150

MUTANTS: tuple[Mutant, ...] = (
    Mutant("an instance is read by all", _MEANING, _READ, as_first_tenant("getInstance")),
    Mutant("an integration is read by all", _MEANING, _READ, as_first_tenant("getAuthIntegration")),
    Mutant("a schedule is read by all", _MEANING, _READ, as_first_tenant("getCouponSchedule")),
    Mutant("coupons are listed for all", _MEANING, _READ, as_first_tenant("listCoupons")),
    Mutant("schedules are listed for all", _MEANING, _READ, as_first_tenant("listCouponSchedules")),
    Mutant("coupons are shared by all", _MEANING, _READ, as_first_tenant("generateCouponUrl")),
    Mutant("instances of all are listed", _MEANING, "ISO-LIST-01", _everybodys("listInstances"), budget=60),
    Mutant(
        "integrations of all are listed",
        _MEANING,
        "ISO-LIST-01",
        _everybodys("listAuthIntegrations"),
        budget=60,
    ),
    Mutant("an instance is changed by all", _MEANING, _WRITE, as_first_tenant("updateInstance")),
    Mutant("an integration is changed by all", _MEANING, _WRITE, as_first_tenant("updateAuthIntegration")),
    Mutant("a schedule is changed by all", _MEANING, _WRITE, as_first_tenant("updateCouponSchedule")),
    Mutant("pictures are uploaded by all", _MEANING, _WRITE, as_first_tenant("uploadInstanceImage")),
    Mutant("coupons are made by all", _MEANING, _WRITE, as_first_tenant("createCoupons")),
    Mutant("schedules are made by all", _MEANING, _WRITE, as_first_tenant("createCouponSchedule")),
    Mutant("schedules are run by all", _MEANING, _WRITE, as_first_tenant("runCouponSchedule")),
    *(
        Mutant(
            f"{what} by another tenant, who is told 404",
            _MEANING,
            _WRITE,
            as_first_tenant(operation, then=_denied),
            budget=60,
        )
        for what, operation in (
            ("an instance is changed", "updateInstance"),
            ("an integration is changed", "updateAuthIntegration"),
            ("a schedule is changed", "updateCouponSchedule"),
            ("a picture is uploaded", "uploadInstanceImage"),
            ("coupons are made", "createCoupons"),
            ("a schedule is made", "createCouponSchedule"),
            ("a schedule is run", "runCouponSchedule"),
        )
    ),
    Mutant("an instance is deleted by all", _MEANING, _DELETE, as_first_tenant("deleteInstance"), budget=60),
    Mutant(
        "an integration is deleted by all",
        _MEANING,
        _DELETE,
        as_first_tenant("deleteAuthIntegration"),
        budget=60,
    ),
    Mutant(
        "a schedule is deleted by all", _MEANING, _DELETE, as_first_tenant("deleteCouponSchedule"), budget=60
    ),
    Mutant(
        "a schedule is deleted by another tenant, who is told 404",
        _MEANING,
        _DELETE,
        as_first_tenant("deleteCouponSchedule", then=_denied),
        budget=60,
    ),
    Mutant(
        "an instance is made with any integration", _MEANING, "ISO-USE-01", _integrations_of_all("create")
    ),
    Mutant("an instance changes to any integration", _MEANING, "ISO-USE-01", _integrations_of_all("replace")),
    Mutant("an entry is read by all", _MEANING, _SITE, as_first_tenant("getWalledGardenEntry"), budget=60),
    Mutant("entries of all are listed", _MEANING, _SITE, _everybodys("listWalledGardenEntries"), budget=60),
    Mutant(
        "an entry is changed by all", _MEANING, _SITE, as_first_tenant("updateWalledGardenEntry"), budget=60
    ),
    Mutant(
        "an entry is deleted by all", _MEANING, _SITE, as_first_tenant("deleteWalledGardenEntry"), budget=60
    ),
    Mutant(
        "an entry is changed by another tenant, who is told 404",
        _MEANING,
        _SITE,
        as_first_tenant("updateWalledGardenEntry", then=_denied),
        budget=60,
    ),
    *(
        Mutant(
            f"{operation} needs no token",
            _SHAPE,
            "AUTH-01",
            let_in(operation, lambda sent: sent is None),
            budget=_MANY,
        )
        for operation in (
            "listAuthIntegrations",
            "deleteAuthIntegration",
            "createCoupons",
            "generateCouponUrl",
            "listWalledGardenEntries",
            "deleteWalledGardenEntry",
            "listSiteUsers",
        )
    ),
    *(
        Mutant(f"any token will do for {operation}", _SHAPE, "AUTH-02", let_in(operation, bool), budget=_MANY)
        for operation in ("listAuthIntegrations", "listCoupons", "listWalledGardenEntries")
    ),
    *(
        Mutant(
            f"refused {operation} takes effect",
            _SHAPE,
            "AUTH-04",
            effect_before_refusal(operation),
            budget=_MANY,
        )
        for operation in (
            "createAuthIntegration",
            "updateAuthIntegration",
            "deleteAuthIntegration",
            "createCoupons",
            "createCouponSchedule",
            "updateCouponSchedule",
            "deleteCouponSchedule",
            "runCouponSchedule",
            "createWalledGardenEntry",
            "updateWalledGardenEntry",
            "deleteWalledGardenEntry",
        )
    ),
    Mutant(
        "update of an unknown integration makes one",
        _SHAPE,
        "ERR-05",
        _made_by_update("updateAuthIntegration"),
        budget=60,
    ),
    *(
        Mutant(
            f"{operation} of an unknown id is fine",
            _SHAPE,
            "ERR-05",
            answering(operation, 404, answer(204)),
            budget=60,
        )
        for operation in ("deleteAuthIntegration", "deleteCouponSchedule", "deleteWalledGardenEntry")
    ),
    Mutant(
        "coupons of an unknown instance are none",
        _SHAPE,
        "ERR-05",
        answering("listCoupons", 404, answer(200, [])),
        budget=60,
    ),
    *(
        Mutant(
            f"malformed id fails {operation}",
            _SHAPE,
            "ERR-06",
            answering(operation, 400, FAILURE),
            budget=60,
        )
        for operation in ("getAuthIntegration", "listCoupons", "getWalledGardenEntry", "listSiteUsers")
    ),
    *(
        Mutant(f"broken JSON fails {operation}", _SHAPE, "ERR-07", _crashes(operation), budget=_MANY)
        for operation in ("updateAuthIntegration", "createCoupons", "createWalledGardenEntry")
    ),
    Mutant(
        "an array of batches makes no coupons",
        _SHAPE,
        "ERR-07",
        _first_of_an_array("createCoupons"),
        budget=_MANY,
    ),
    Mutant(
        "an unknown integration fails the service",
        _SHAPE,
        "ERR-04",
        answering("createInstance", 400, FAILURE),
        budget=_MANY,
    ),
    Mutant(
        "update of an integration has no created_at",
        _SHAPE,
        "WIRE-01",
        on_body(
            "updateAuthIntegration", change=lambda body: {k: v for k, v in body.items() if k != "created_at"}
        ),
        budget=_MANY,
    ),
    Mutant(
        "integrations are listed by their types",
        _SHAPE,
        "WIRE-01",
        on_body("listAuthIntegrations", change=lambda body: {item["type"]: item for item in body}),
        budget=_MANY,
    ),
    Mutant(
        "reading of an integration has no created_at",
        _SHAPE,
        "WIRE-06",
        on_body(
            "getAuthIntegration", change=lambda body: {k: v for k, v in body.items() if k != "created_at"}
        ),
        budget=_MANY,
    ),
    Mutant(
        "list of entries is wrapped",
        _SHAPE,
        "WIRE-06",
        on_body("listWalledGardenEntries", change=lambda body: {"data": body}),
        budget=_MANY,
    ),
    Mutant(
        "integrations are plain text",
        _SHAPE,
        "WIRE-02",
        on_reply(
            "listAuthIntegrations",
            change=lambda reply: reply.with_body(reply.body, "text/plain; charset=utf-8"),
        ),
        budget=_MANY,
    ),
    Mutant(
        "update of an integration is answered 206",
        _SHAPE,
        "WIRE-05",
        on_reply("updateAuthIntegration", change=lambda reply: replace(reply, status=206)),
        budget=_MANY,
    ),
)
