"""Mutants of the door: who may call, how failures are answered, what answers look like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from reference_impl.settings import Settings
from tests.quality.mutants_stage import (
    Call,
    Inside,
    Mutant,
    Reply,
    Stage,
    answer,
    bearer,
    each,
    on_body,
    on_reply,
    through,
)

# Who may call.


def let_in(operation: str, when: Callable[[str | None], bool]) -> Callable[[Stage], None]:
    """Callers of one operation need no credentials of their own when `when` holds for what they sent."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        if call.operation == operation and when(call.headers.get("authorization")):
            call = call.with_headers(authorization=bearer(settings))
        return await inside(call)

    return through(door)


def effect_before_refusal(operation: str) -> Callable[[Stage], None]:
    """The operation is carried out, then the credentials are looked at."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation == operation and reply.status == 401:
            await inside(call.with_headers(authorization=bearer(settings)))
        return reply

    return through(door)


def _without_header(name: str, status: int) -> Callable[[Reply], Reply]:
    def change(reply: Reply) -> Reply:
        kept = {key: value for key, value in reply.headers.items() if key != name}
        return replace(reply, headers=kept) if reply.status == status else reply

    return change


# How failures are answered.


def _error_as(make: Callable[[dict[str, Any]], Any], *statuses: int) -> Callable[[Reply], Reply]:
    def change(reply: Reply) -> Reply:
        return reply.with_json(make(reply.json)) if reply.status in statuses else reply

    return change


def _error_page(*statuses: int) -> Callable[[Reply], Reply]:
    def change(reply: Reply) -> Reply:
        page = f"<html><body><h1>{reply.status}</h1></body></html>"
        return reply.with_body(page.encode(), "text/html") if reply.status in statuses else reply

    return change


def _when(condition: Callable[[Call], bool], reply: Reply) -> Callable[[Stage], None]:
    """Requests that meet the condition get this answer; the credentials are checked all the same."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        seen = await inside(call)
        return reply if seen.status != 401 and condition(call) else seen

    return through(door)


def _broken_json(call: Call) -> bool:
    return call.operation in ("createInstance", "updateInstance") and call.json is None


def _not_utf8(call: Call) -> bool:
    if call.operation not in ("createInstance", "updateInstance"):
        return False
    try:
        call.body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _not_an_object(call: Call) -> bool:
    return _broken_json(call) or (
        call.operation in ("createInstance", "updateInstance") and not isinstance(call.json, dict)
    )


async def _upsert(call: Call, inside: Inside, settings: Settings) -> Reply:
    reply = await inside(call)
    if call.operation == "updateInstance" and reply.status == 404 and isinstance(call.json, dict):
        body = {name: call.json.get(name) for name in ("name", "strategy", "session_ttl")}
        return await inside(replace(call.with_json(body), method="POST", path="/instances"))
    return reply


async def _bad_body_is_no_update(call: Call, inside: Inside, settings: Settings) -> Reply:
    reply = await inside(call)
    if call.operation == "updateInstance" and reply.status == 400 and not isinstance(call.json, dict):
        return await inside(replace(call, method="GET", body=b""))
    return reply


async def _empty_body_makes_a_default(call: Call, inside: Inside, settings: Settings) -> Reply:
    if call.operation == "createInstance" and not call.body:
        call = call.with_json({"name": "New portal", "strategy": "coupon", "session_ttl": 3600})
    return await inside(call)


async def _forms_are_read(call: Call, inside: Inside, settings: Settings) -> Reply:
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        fields = dict(pair.split("=", 1) for pair in call.body.decode().replace("+", " ").split("&"))
        return await inside(call.with_json(fields | {"session_ttl": int(fields["session_ttl"])}))
    return await inside(call)


async def _token_repeated(call: Call, inside: Inside, settings: Settings) -> Reply:
    reply = await inside(call)
    return replace(reply, headers=reply.headers | {"x-authorized-by": call.headers.get("authorization", "")})


async def _token_in_errors(call: Call, inside: Inside, settings: Settings) -> Reply:
    reply = await inside(call)
    if reply.status == 404 and reply.body:
        return reply.with_json(reply.json | {"message": f"{call.headers.get('authorization')}: not found"})
    return reply


async def _head_of_anything(call: Call, inside: Inside, settings: Settings) -> Reply:
    reply = await inside(call)
    return answer(200, {}) if reply.status == 404 and call.operation is None else reply


# What successful answers look like.


def _without(name: str) -> Callable[[Any], Any]:
    return each(lambda item: {key: value for key, value in item.items() if key != name})


def _as(name: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return each(lambda item: item | {name: change(item[name])})


_ALL = ("listInstances", "createInstance", "getInstance", "updateInstance")
_SHAPE: Final = "http-shape"

MUTANTS: tuple[Mutant, ...] = (
    Mutant("reading needs no token", _SHAPE, "AUTH-01", let_in("getInstance", lambda sent: sent is None)),
    Mutant(
        "upload needs no token", _SHAPE, "AUTH-01", let_in("uploadInstanceImage", lambda sent: sent is None)
    ),
    Mutant("any token may list", _SHAPE, "AUTH-02", let_in("listInstances", lambda sent: bool(sent))),
    Mutant(
        "any token may delete",
        _SHAPE,
        "AUTH-02",
        let_in("deleteInstance", lambda sent: bool(sent)),
        budget=120,
    ),
    Mutant(
        "scheme is not looked at",
        _SHAPE,
        "AUTH-03",
        let_in("listInstances", lambda sent: bool(sent) and not str(sent).lower().startswith("bearer")),
    ),
    Mutant(
        "bearer without a token gets in",
        _SHAPE,
        "AUTH-03",
        let_in("listInstances", lambda sent: str(sent).strip() == "Bearer"),
    ),
    Mutant(
        "refused update takes effect", _SHAPE, "AUTH-04", effect_before_refusal("updateInstance"), budget=120
    ),
    Mutant(
        "refused creation takes effect",
        _SHAPE,
        "AUTH-04",
        effect_before_refusal("createInstance"),
        budget=120,
    ),
    Mutant(
        "refused deletion takes effect",
        _SHAPE,
        "AUTH-04",
        effect_before_refusal("deleteInstance"),
        budget=120,
    ),
    Mutant(
        "refused upload takes effect",
        _SHAPE,
        "AUTH-04",
        effect_before_refusal("uploadInstanceImage"),
        budget=120,
    ),
    Mutant(
        "401 without a challenge",
        _SHAPE,
        "AUTH-05",
        on_reply(change=_without_header("www-authenticate", 401), failed=True),
    ),
    Mutant(
        "404 in the framework's form",
        _SHAPE,
        "ERR-01",
        on_reply(change=_error_as(lambda error: {"detail": error["message"]}, 404), failed=True),
    ),
    Mutant("400 as a page", _SHAPE, "ERR-01", on_reply(change=_error_page(400), failed=True)),
    Mutant(
        "error inside an object",
        _SHAPE,
        "ERR-01",
        on_reply(change=_error_as(lambda error: {"error": error}, 400, 401, 404), failed=True),
    ),
    Mutant(
        "message is an object",
        _SHAPE,
        "ERR-01",
        on_reply(
            change=_error_as(lambda error: error | {"message": {"en": error["message"]}}, 400), failed=True
        ),
    ),
    Mutant("405 and 415 as a page", _SHAPE, "ERR-02", on_reply(change=_error_page(405, 415), failed=True)),
    Mutant(
        "errors without doc_url",
        _SHAPE,
        "ERR-03",
        on_reply(
            change=_error_as(
                lambda error: {key: error[key] for key in ("type", "code", "message")}, 400, 401, 404
            ),
            failed=True,
        ),
    ),
    Mutant(
        "broken JSON fails the service",
        _SHAPE,
        "ERR-04",
        _when(_broken_json, answer(500, {"code": "x"})),
        budget=120,
    ),
    Mutant(
        "bytes beside UTF-8 fail it",
        _SHAPE,
        "ERR-04",
        _when(_not_utf8, answer(500, {"code": "x"})),
        budget=150,
    ),
    Mutant(
        "unknown id fails it",
        _SHAPE,
        "ERR-04",
        on_reply(
            "uploadInstanceImage",
            change=lambda r: replace(r, status=500) if r.status == 404 else r,
            failed=True,
        ),
    ),
    Mutant("update of an unknown id creates", _SHAPE, "ERR-05", through(_upsert)),
    Mutant(
        "deleting an unknown id is fine",
        _SHAPE,
        "ERR-05",
        on_reply("deleteInstance", change=lambda r: answer(204) if r.status == 404 else r, failed=True),
    ),
    Mutant(
        "unknown id is a bad request",
        _SHAPE,
        "ERR-05",
        on_reply(
            "getInstance", change=lambda r: replace(r, status=400) if r.status == 404 else r, failed=True
        ),
    ),
    Mutant(
        "malformed id reads as nothing",
        _SHAPE,
        "ERR-06",
        on_reply("getInstance", change=lambda r: answer(200, {}) if r.status == 400 else r, failed=True),
    ),
    Mutant(
        "malformed id fails the service",
        _SHAPE,
        "ERR-06",
        on_reply(
            "getInstance", change=lambda r: replace(r, status=500) if r.status == 400 else r, failed=True
        ),
    ),
    Mutant("update without an object is ignored", _SHAPE, "ERR-07", through(_bad_body_is_no_update)),
    Mutant("empty body makes a default", _SHAPE, "ERR-07", through(_empty_body_makes_a_default)),
    Mutant("an array fails the service", _SHAPE, "ERR-07", _when(_not_an_object, answer(500, {"code": "x"}))),
    Mutant("forms are read", _SHAPE, "ERR-08", through(_forms_are_read)),
    Mutant(
        "405 without Allow", _SHAPE, "ERR-09", on_reply(change=_without_header("allow", 405), failed=True)
    ),
    Mutant(
        "wrong method is not found",
        _SHAPE,
        "ERR-09",
        on_reply(change=lambda r: replace(r, status=404) if r.status == 405 else r, failed=True),
    ),
    Mutant("unknown path is fine", _SHAPE, "ERR-10", through(_head_of_anything)),
    Mutant("token repeated in a header", _SHAPE, "ERR-11", through(_token_repeated)),
    Mutant("token repeated in errors", _SHAPE, "ERR-11", through(_token_in_errors)),
    Mutant("created_at is missing", _SHAPE, "WIRE-01", on_body(*_ALL, change=_without("created_at"))),
    Mutant(
        "session_ttl is text",
        _SHAPE,
        "WIRE-01",
        on_body("getInstance", change=_as("session_ttl", str)),
        budget=120,
    ),
    Mutant(
        "count of a schedule is text",
        _SHAPE,
        "WIRE-06",
        on_body("getCouponSchedule", change=_as("count", str)),
    ),
    Mutant(
        "sites are null",
        _SHAPE,
        "WIRE-01",
        on_body("listInstances", change=_as("sites", lambda sites: None)),
        budget=150,
    ),
    Mutant(
        "created_at without a zone",
        _SHAPE,
        "WIRE-01",
        on_body(*_ALL, change=_as("created_at", lambda text: text.replace("T", " ").removesuffix("Z"))),
    ),
    Mutant(
        "instance wrapped in data",
        _SHAPE,
        "WIRE-01",
        on_body("getInstance", change=lambda body: {"data": body}),
        budget=120,
    ),
    Mutant(
        "answers are plain text",
        _SHAPE,
        "WIRE-02",
        on_reply(*_ALL, change=lambda reply: reply.with_body(reply.body, "text/plain; charset=utf-8")),
    ),
    Mutant(
        "update is answered 206",
        _SHAPE,
        "WIRE-05",
        on_reply("updateInstance", change=lambda reply: replace(reply, status=206)),
        budget=150,
    ),
    Mutant(
        "creation is answered 200",
        _SHAPE,
        "INST-CREATE-12",
        on_reply("createInstance", change=lambda reply: replace(reply, status=200)),
    ),
    Mutant(
        "deletion is answered 200",
        _SHAPE,
        "INST-DEL-01",
        on_reply("deleteInstance", change=lambda reply: answer(200, {})),
    ),
)
