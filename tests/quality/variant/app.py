"""The routes of the service and how an instance looks in an answer."""

from __future__ import annotations

import contextlib
import hmac
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reference_impl.settings import Settings
from tests.quality.variant import refusals
from tests.quality.variant.bodies import CREATION, NEEDED_TO_CREATE, UPDATE, checked, json_object
from tests.quality.variant.book import Book, Habits, Instance, Later
from tests.quality.variant.pictures import TYPES, Pictures
from tests.quality.variant.refusals import Refusal, missing, wrong
from tests.quality.variant.routers import Crew

Handler = Callable[[Request], Awaitable[Response]]

REFUSING = Habits()
TAKING_OVER = Habits(takes_over=True, deletes_later=True)


class Clock(Protocol):
    """Tells the time, as an aware datetime."""

    def now(self) -> Any: ...


class ByMethod:
    """One path: a handler for each method it has. HEAD is not among them unless it is named."""

    def __init__(self, **handlers: Handler) -> None:
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        handler = self._handlers.get(request.method)
        if handler is None:
            allow = ", ".join(sorted(self._handlers))
            raise Refusal(405, "wrong_method", f"Use {allow} here.", headers={"allow": allow})
        response = await handler(request)
        await response(scope, receive, send)


class Gate:
    """Lets nobody in without a known token, before it is even known whether the path exists."""

    def __init__(self, app: ASGIApp, *, tokens: dict[str, str], public: str) -> None:
        self._app = app
        self._tokens = tokens
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(self._public):
            scheme, _, sent = Headers(scope=scope).get("authorization", "").partition(" ")
            tenants = [
                tenant
                for tenant, token in self._tokens.items()
                if scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), sent.strip().encode())
            ]
            if not tenants:
                challenge = {"www-authenticate": 'bearer realm="guest portals"'}
                refusal = Refusal(401, "unauthenticated", "Log in with a bearer token.", headers=challenge)
                await refusal.answer()(scope, receive, send)
                return
            scope.setdefault("state", {})["tenant"] = tenants[0]
        await self._app(scope, receive, send)


class Desk:
    """The operations on instances and images."""

    def __init__(self, book: Book, pictures: Pictures, labels: dict[str, str]) -> None:
        self._book = book
        self._pictures = pictures
        self._labels = labels

    async def listing(self, request: Request) -> Response:
        return JSONResponse([self._shown(instance) for instance in self._book.of(request.state.tenant)])

    async def create(self, request: Request) -> Response:
        values = checked(await json_object(request), CREATION, NEEDED_TO_CREATE)
        return JSONResponse(self._shown(self._book.create(request.state.tenant, values)), 200)

    async def read(self, request: Request) -> Response:
        return JSONResponse(self._shown(self._named(request)))

    async def update(self, request: Request) -> Response:
        """Answered with the instance as it is until the update takes effect."""
        instance = self._named(request)
        self._book.update(instance, checked(await json_object(request), UPDATE, ()))
        return JSONResponse(self._shown(instance), 202)

    async def delete(self, request: Request) -> Response:
        """202 when something is still to follow, 200 when that was all."""
        instance = self._named(request)
        self._book.delete(instance)
        self._pictures.forget([*instance.images.values()])
        follows = bool(instance.sites) or self._book.habits.deletes_later
        return JSONResponse({"deleted": instance.id}, 202 if follows else 200)

    async def upload(self, request: Request) -> Response:
        instance = self._named(request)
        image_type = request.path_params["type"]
        if image_type not in TYPES:
            raise missing("type of image")
        async with request.form() as form:
            part = form.get("file")
            if not isinstance(part, UploadFile):
                raise wrong({"file": "must be a file"})
            self._pictures.take(instance.id, image_type, await part.read())
        return JSONResponse({"accepted": True}, 202)

    async def media(self, request: Request) -> Response:
        query = request.query_params
        content = self._pictures.serve(
            request.path_params["key"], query.get("expires", ""), query.get("sig", "")
        )
        return Response(content, media_type="image/jpeg")

    def _named(self, request: Request) -> Instance:
        return self._book.get(request.state.tenant, request.path_params["id"])

    def _shown(self, instance: Instance) -> dict[str, Any]:
        """Every documented property but those without a value, and a few more."""
        theme = instance.colours | {
            image_type: self._pictures.link(key) for image_type, key in instance.images.items()
        }
        terms = {} if instance.terms is None else {"terms_text": instance.terms}
        return {
            "object": "instance",
            "id": instance.id,
            "created_at": instance.created_at.isoformat(timespec="microseconds"),
            "name": instance.name,
            "strategy": "coupon",
            "session_ttl": instance.session_ttl,
            "auth_integration_id": None,
            "auth_window_ttl": None,
            "theme": {**theme, "font_family": "sans-serif"},
            "sites": [
                {"id": site, "subnets": subnets[::-1], "label": self._labels[site]}
                for site, subnets in sorted(instance.sites.items(), reverse=True)
            ],
            "guests_online": 0,
            **terms,
        }


def make_app(settings: Settings, *, clock: Clock, habits: Habits = REFUSING, seed: int = 0) -> Starlette:
    """The service for the tenants, sites and routers of the settings, below their base path.

    `seed` decides how long the routers are made to wait. `clock` rules dates and links, not the waiting.
    """
    base = settings.public_base
    origin, prefix = base.removesuffix(urlsplit(base).path), urlsplit(base).path
    everybody = frozenset(tenant.name for tenant in settings.tenants)
    allowed = {site.id: frozenset({site.tenant}) if site.tenant else everybody for site in settings.sites}
    later = Later()
    crew = Crew(settings.sites, urlsplit(base), random.Random(seed))
    book = Book(allowed, later, clock.now, crew.moved, habits)
    crew.claims = book.claims
    pictures = Pictures(origin, book, later, clock.now)
    labels = {site.id: f"Site {number}" for number, site in enumerate(settings.sites, start=1)}
    desk = Desk(book, pictures, labels)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with crew:
            yield
            later.drop()

    app = Starlette(
        routes=[
            Route(f"{prefix}/instances", ByMethod(GET=desk.listing, POST=desk.create)),
            Route(
                f"{prefix}/instances/{{id}}",
                ByMethod(GET=desk.read, PUT=desk.update, DELETE=desk.delete),
            ),
            Route(f"{prefix}/instances/{{id}}/images/{{type}}", ByMethod(POST=desk.upload)),
            Route("/media/{key}.jpg", ByMethod(GET=desk.media)),
        ],
        exception_handlers={
            Refusal: refusals.refused,
            HTTPException: refusals.http_error,
            Exception: refusals.failed,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.add_middleware(
        Gate, tokens={tenant.name: tenant.token for tenant in settings.tenants}, public="/media/"
    )
    return app
