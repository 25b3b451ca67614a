"""What a mutant is, and the places where it may lay hands on the reference implementation.

A mutant is the reference with one fault. It leaves the code of the reference as it is: it replaces functions
while the deployment runs in the test's process, or alters what passes at its door.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_tests.lab import Lab
from reference_impl.app import create_app
from reference_impl.settings import Settings
from spec.loader import GENERATIONS, load_contract

MutantClass = Literal[
    "http-shape",
    "validation",
    "semantics",
    "images",
    "device-missing",
    "device-wrong",
    "device-stale",
    "device-leaked",
    "device-duplicate",
    "device-disturbing",
    "device-hygiene",
    "device-order",
    "guest",
    "resilience",
]

_OWN_ROUTES: tuple[tuple[str, str, str], ...] = (
    ("GET", r"/assets/[^/]+/[^/]+", "asset"),
    ("GET", r"/auth-test/[^/]+", "trial"),
)
_ROUTES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    generation: (
        *(
            (operation.method, re.sub(r"\{\w+\}", "[^/]+", operation.path), operation.id)
            for operation in load_contract(generation)
        ),
        *_OWN_ROUTES,
    )
    for generation in GENERATIONS
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request at the door: `path` begins behind the base path."""

    operation: str | None
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def instance_id(self) -> str:
        return self.path.split("/")[2]

    @property
    def last_id(self) -> str:
        """What the end of the path names."""
        return self.path.rpartition("/")[2]

    def with_headers(self, **headers: str | None) -> Call:
        """The same request with other headers; None takes one away."""
        kept = {name: value for name, value in self.headers.items() if name not in headers}
        return replace(
            self, headers=kept | {name: text for name, text in headers.items() if text is not None}
        )

    def with_json(self, body: Any) -> Call:
        content = json.dumps(body).encode()
        length = {"content-type": "application/json", "content-length": str(len(content))}
        return replace(self, headers=self.headers | length, body=content)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer at the door."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def with_json(self, body: Any, *, ascii_only: bool = False) -> Reply:
        content = json.dumps(body, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        return self.with_body(content, "application/json")

    def with_body(self, content: bytes, media_type: str) -> Reply:
        length = {"content-type": media_type, "content-length": str(len(content))}
        return replace(self, headers=self.headers | length, body=content)


def answer(status: int, body: Any = None) -> Reply:
    """A new JSON answer; without a body, an empty one."""
    return Reply(status, {"content-length": "0"}) if body is None else Reply(status, {}).with_json(body)


Inside = Callable[[Call], Awaitable[Reply]]
"""Carries a request out as the reference does."""

Door = Callable[[Call, Inside, Settings], Awaitable[Reply]]
"""What a mutant does with a request instead."""


class _DoorKeeper:
    """ASGI middleware around the whole application: hands every request to a `Door`."""

    def __init__(self, app: ASGIApp, *, door: Door, settings: Settings) -> None:
        self._app = app
        self._door = door
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        generation, base = self._of(scope["path"])
        path = scope["path"].removeprefix(base)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        call = Call(
            _operation(generation, scope["method"], path),
            scope["method"],
            path,
            scope["query_string"].decode("latin-1"),
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body,
        )
        reply = await self._door(call, partial(self._inside, scope, base), self._settings)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    def _of(self, path: str) -> tuple[str, str]:
        """The generation that a path belongs to, and what its paths begin with."""
        bases = self._settings.server.bases
        inside = [name for name, base in bases.items() if (path + "/").startswith(base + "/")]
        generation = max(inside, key=lambda name: len(bases[name]), default="v1")
        return generation, bases[generation]

    async def _inside(self, scope: Scope, base: str, call: Call) -> Reply:
        status, headers, body = 0, {}, b""

        async def receive() -> Message:
            return {"type": "http.request", "body": call.body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, headers, body
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in message["headers"]
                }
            else:
                body += message.get("body", b"")

        path = base + call.path
        inner = {
            **scope,
            "method": call.method,
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": call.query.encode("latin-1"),
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in call.headers.items()
            ],
            "state": dict(scope.get("state", {})),
        }
        await self._app(inner, receive, send)
        return Reply(status, headers, body)


def _operation(generation: str, method: str, path: str) -> str | None:
    routes = _ROUTES[generation]
    return next((name for verb, form, name in routes if verb == method and re.fullmatch(form, path)), None)


@dataclass(slots=True)
class Stage:
    """Where a mutant is put on: its changes hold until the test ends."""

    monkeypatch: pytest.MonkeyPatch
    doors: list[Door] = field(default_factory=list)
    settings: Settings | None = None
    prepare: Callable[[Lab], None] | None = None

    def patch(self, owner: Any, name: str, value: Any) -> Any:
        """Replace an attribute of a module or class; gives what was there."""
        original = getattr(owner, name)
        self.monkeypatch.setattr(owner, name, value)
        return original

    def door(self, door: Door) -> None:
        """Let every request go through `door`; the last one set is the outermost."""
        self.doors.append(door)

    def make_app(self, settings: Settings, **parts: Any) -> FastAPI:
        """The reference as this mutant has it; for `make_app` of a lab."""
        self.settings = settings
        app = create_app(settings, **parts)
        for door in self.doors:
            app.add_middleware(_DoorKeeper, door=door, settings=settings)
        return app


@dataclass(frozen=True, slots=True)
class Mutant:
    """The reference with one fault, and the requirement that has to notice it.

    `difference`: the finding on the router comes with lines that show it (device requirements alone).
    `budget`: requests that the suite may send, where the usual number does not take it to the fault.
    `generation`: the one of the API that is judged.
    """

    name: str
    class_: MutantClass
    breaks: str
    apply: Callable[[Stage], None]
    difference: bool = True
    budget: int | None = None
    generation: str = "v1"


# Doors of the common kinds.


def bearer(settings: Settings) -> str:
    """The value of an Authorization header that the deployment accepts."""
    return f"Bearer {settings.tenants[0].token}"


def on_reply(
    *operations: str, change: Callable[[Reply], Reply], failed: bool = False
) -> Callable[[Stage], None]:
    """Change the successful answers of operations (all without any), or the failures."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        concerned = not operations or call.operation in operations
        return change(reply) if concerned and reply.ok is not failed else reply

    return lambda stage: stage.door(door)


def on_body(*operations: str, change: Callable[[Any], Any]) -> Callable[[Stage], None]:
    """Change the JSON of successful answers."""
    return on_reply(*operations, change=lambda reply: reply.with_json(change(reply.json)))


def replaces(owner: Any, name: str, make: Callable[[Any], Any]) -> Callable[[Stage], None]:
    """Put what `make` gives for an attribute of a module or class in its place."""

    def apply(stage: Stage) -> None:
        stage.patch(owner, name, make(getattr(owner, name)))

    return apply


def each(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any], Any]:
    """Change every instance of a body, whether it is one or a list."""
    return lambda body: [change(item) for item in body] if isinstance(body, list) else change(body)


def through(door: Door) -> Callable[[Stage], None]:
    """Apply one door."""
    return lambda stage: stage.door(door)
