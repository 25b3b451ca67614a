"""Doors that mutants of several resources share: bodies read otherwise, refusals, effects beside the right ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reference_impl.settings import Settings
from tests.quality.mutants_stage import Call, Inside, Reply, Stage, answer, bearer, each, through

Document = dict[str, Any]
Apply = Callable[[Stage], None]
Rewrite = Callable[[Document], Document | None]
"""Properties that replace those of a body, or None where the body stays as it is; `...` takes one out."""

REFUSAL = answer(
    400,
    {
        "type": "invalid_request_error",
        "code": "parameter_invalid",
        "message": "This is not to my liking.",
        "doc_url": "https://example.com/errors",
    },
)
FAILURE = answer(500, REFUSAL.json | {"type": "api_error", "code": "internal_error"})
NOT_FOUND = answer(404, REFUSAL.json | {"code": "resource_missing"})


def changed(document: Document, path: str, value: Any) -> Document:
    """The document with another value at a dotted path; `...` takes the property out."""
    name, _, rest = path.partition(".")
    if rest:
        value = changed(document[name], rest, value)
    kept = {key: item for key, item in document.items() if key != name}
    return kept if value is ... else kept | {name: value}


def field(path: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Another value at a dotted path of every resource of an answer."""

    def at(document: Any) -> Any:
        for name in path.split("."):
            document = document[name]
        return document

    return each(lambda item: changed(item, path, change(at(item))))


def rewriting(*operations: str, change: Rewrite, claims: bool = False) -> Apply:
    """The body is read as another one; `claims`: the answer shows the properties as they were sent."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        sent = call.json if call.operation in operations else None
        changes = change(sent) if isinstance(sent, dict) else None
        if not changes:
            return await inside(call)
        body = {name: value for name, value in {**sent, **changes}.items() if value is not ...}
        reply = await inside(call.with_json(body))
        if not claims or not reply.ok:
            return reply
        shown = reply.json
        return reply.with_json(shown | {name: sent[name] for name in changes if name in shown})

    return through(door)


def refusing(
    *operations: str, when: Callable[[Call], bool] = lambda call: True, reply: Reply = REFUSAL
) -> Apply:
    """What would have been done is refused."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        if call.operation not in operations or not when(call):
            return await inside(call)
        # Credentials are looked at all the same.
        allowed = await inside(replace(call, method="GET", path="/instances", query="", body=b""))
        return reply if allowed.ok else allowed

    return through(door)


def with_body(when: Callable[[Document], bool]) -> Callable[[Call], bool]:
    """The calls whose body is an object for which `when` holds."""
    return lambda call: isinstance(call.json, dict) and when(call.json)


def answering(operation: str, status: int, reply: Reply) -> Apply:
    """Answers of one status become another answer."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        seen = await inside(call)
        return reply if call.operation == operation and seen.status == status else seen

    return through(door)


def refused_but_done(operation: str, repaired: Callable[[Document, Document], Document]) -> Apply:
    """A refused update is carried out in part: `repaired(now, sent)` is what it makes of the resource."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation == operation and 400 <= reply.status < 404 and isinstance(call.json, dict):
            now = await inside(replace(call, method="GET", body=b""))
            if now.ok:
                await inside(call.with_json(repaired(now.json, call.json)))
        return reply

    return through(door)


def to_others(operation: str, change: Callable[[Document, Document], Document | None]) -> Apply:
    """An update also changes others of its list: `change(other, sent)` is the body they get, None for none."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation == operation and reply.ok:
            for other in await _siblings(call, inside):
                body = change(other, call.json)
                if body is not None:
                    await inside(replace(call, path=f"{_above(call)}/{other['id']}").with_json(body))
        return reply

    return through(door)


def deleting(operation: str, others: Callable[[Document, Document], bool], *, itself: bool = True) -> Apply:
    """A deletion also deletes those for which `others(other, target)` holds; `itself`: and what it names."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        if call.operation != operation:
            return await inside(call)
        target = await inside(replace(call, method="GET"))
        if not target.ok:
            return await inside(call)
        for other in await _siblings(call, inside):
            if others(other, target.json):
                await inside(replace(call, path=f"{_above(call)}/{other['id']}"))
        return await inside(call) if itself else answer(204)

    return through(door)


def kept_after_deletion(operation: str, *visible: str) -> Apply:
    """A deletion only marks; the operations in `visible` forget to look at the mark."""

    def apply(stage: Stage) -> None:
        marked: set[str] = set()

        async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
            if call.last_id in marked and call.operation not in visible:
                # A stranger is still told so, and the other names of the path still count.
                unknown = replace(call, path=f"{_above(call)}/00000000-0000-4000-8000-000000000000")
                return await inside(unknown)
            if call.operation == operation:
                reply = await inside(replace(call, method="GET"))
                if not reply.ok:
                    return await inside(call)
                marked.add(call.last_id)
                return answer(204)
            reply = await inside(call)
            if reply.ok and call.method == "GET" and call.operation not in visible:
                shown = reply.json
                if isinstance(shown, list):
                    return reply.with_json([item for item in shown if item.get("id") not in marked])
            return reply

        stage.door(door)

    return apply


def as_first_tenant(*operations: str, then: Callable[[Reply], Reply] = lambda reply: reply) -> Apply:
    """Whoever is a tenant may do with these operations what the first tenant may; `then` alters its answers."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        owner = bearer(settings)
        if call.operation not in operations or call.headers.get("authorization") == owner:
            return await inside(call)
        reply = await inside(call)
        if reply.status != 404:
            return reply
        return then(await inside(call.with_headers(authorization=owner)))

    return through(door)


def repeated_update(operation: str, body: Callable[[Document, Document], Document]) -> Apply:
    """An update is followed by another one: `body(shown, sent)`; the answer is that of the first."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation == operation and reply.ok:
            await inside(call.with_json(body(reply.json, call.json)))
        return reply

    return through(door)


def _above(call: Call) -> str:
    return call.path.rpartition("/")[0]


async def _siblings(call: Call, inside: Inside) -> list[Document]:
    """The others of the list that what a call names is in."""
    listed = await inside(replace(call, method="GET", path=_above(call), body=b""))
    return [item for item in listed.json if item["id"] != call.last_id] if listed.ok else []
