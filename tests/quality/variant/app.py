"""The routes of the service and how an instance looks in an answer."""

from __future__ import annotations

import contextlib
import hmac
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any
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
from tests.quality.variant.agenda import Agenda, Clock, MachineClock
from tests.quality.variant.bodies import CREATION, NEEDED_TO_CREATE, UPDATE, checked, json_object
from tests.quality.variant.book import Book, Habits, Instance, Later
from tests.quality.variant.coupons import Coupons
from tests.quality.variant.desks import CouponDesk, IntegrationDesk, SiteDesk
from tests.quality.variant.garden import Garden
from tests.quality.variant.integrations import Integrations
from tests.quality.variant.links import Links
from tests.quality.variant.mapping import Wishes
from tests.quality.variant.pictures import TYPES, Pictures
from tests.quality.variant.portal import PUBLIC, Portal
from tests.quality.variant.refusals import Refusal, missing, wrong
from tests.quality.variant.routers import Crew
from tests.quality.variant.stays import Stays

Handler = Callable[[Request], Awaitable[Response]]

REFUSING = Habits()
TAKING_OVER = Habits(
    takes_over=True,
    deletes_later=True,
    own_clock=False,
    admits="binding",
    strict=False,
    upkeep=True,
    codes="abcdefghkmnpqrstuvwxyz",
    clean=False,
    outside="http://127.0.0.1:9",  # where nobody answers whoever asks from here
)


LISTING = replace(TAKING_OVER, admits="list")


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

    def __init__(self, app: ASGIApp, *, tokens: dict[str, str], public: Sequence[str]) -> None:
        self._app = app
        self._tokens = tokens
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(tuple(self._public)):
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
        values = checked(await json_object(request), CREATION, NEEDED_TO_CREATE, "An instance")
        return JSONResponse(self._shown(self._book.create(request.state.tenant, values)), 200)

    async def read(self, request: Request) -> Response:
        return JSONResponse(self._shown(self._named(request)))

    async def update(self, request: Request) -> Response:
        """Answered with the instance as it is until the update takes effect."""
        instance = self._named(request)
        self._book.update(instance, checked(await json_object(request), UPDATE, (), "An instance"))
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
            "strategy": instance.strategy,
            "session_ttl": instance.session_ttl,
            "auth_integration_id": instance.integration,
            "auth_window_ttl": instance.window_ttl if instance.strategy == "oauth2" else None,
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

    `seed` decides how long the routers are made to wait, and the coupons. `clock` rules everything else, if the
    habits let it; what is due in a moment is never a matter of it.
    """
    base = settings.public_base
    origin, prefix = base.removesuffix(urlsplit(base).path), urlsplit(base).path
    everybody = frozenset(tenant.name for tenant in settings.tenants)
    allowed = {site.id: frozenset({site.tenant}) if site.tenant else everybody for site in settings.sites}
    clock = MachineClock() if habits.own_clock else clock
    later, agenda, chance = Later(), Agenda(clock), random.Random(seed)
    crew = Crew(settings.sites, urlsplit(origin), chance)

    def moved(sites: Iterable[str]) -> None:
        for site in sites:
            stays.recount(site)
        crew.moved(sites)

    book = Book(allowed, later, clock.now, moved, habits)
    stays = Stays(book, agenda, clock.now, crew.moved, habits)
    garden = Garden(later, clock.now, crew.moved, habits)
    coupons = Coupons(later, agenda, clock.now, chance, habits)
    integrations = Integrations(later, origin, clock.now, book.forget_integration, habits)

    def gone(instance: Instance) -> None:
        stays.forget(instance)
        coupons.forget(instance)

    def has_integration(tenant: str, identifier: str) -> bool:
        found = integrations.find(identifier)
        return found is not None and found.tenant == tenant

    def wishes(site: str) -> Wishes:
        return Wishes(
            [*book.claims(site)],
            lambda claim: stays.tickets(site, claim),
            garden.addresses(site),
            [*stays.let_in(site)],
            habits.admits == "list",
            [*stays.windows(site)],
        )

    book.gone, book.has_integration, crew.wishes = gone, has_integration, wishes
    pictures = Pictures(origin, book, later, clock.now)
    labels = {site.id: f"Site {number}" for number, site in enumerate(settings.sites, start=1)}
    providers = {str(type_): each for type_, each in settings.providers.items()}
    portal = Portal(origin, book, coupons, integrations, stays, crew, providers, habits)
    desk = Desk(book, pictures, labels)
    shared = f"{prefix}/coupons"
    links = Links(habits.outside or origin, shared, clock.now)
    coupon_desk = CouponDesk(book, coupons, links, habits)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with crew:
            yield
            later.drop()
            agenda.drop()

    app = Starlette(
        routes=[
            Route(f"{prefix}/instances", ByMethod(GET=desk.listing, POST=desk.create)),
            Route(
                f"{prefix}/instances/{{id}}",
                ByMethod(GET=desk.read, PUT=desk.update, DELETE=desk.delete),
            ),
            Route(f"{prefix}/instances/{{id}}/images/{{type}}", ByMethod(POST=desk.upload)),
            *_integration_routes(prefix, IntegrationDesk(integrations, habits)),
            *_coupon_routes(f"{prefix}/instances/{{id}}", coupon_desk, habits),
            *_site_routes(prefix, SiteDesk(book, garden, stays), habits),
            Route(shared, ByMethod(GET=coupon_desk.shared)),
            Route("/media/{key}.jpg", ByMethod(GET=desk.media)),
            *portal.routes(),
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
        Gate,
        tokens={tenant.name: tenant.token for tenant in settings.tenants},
        public=("/media/", shared, *PUBLIC),
    )
    return app


def _integration_routes(prefix: str, desk: IntegrationDesk) -> list[Route]:
    return [
        Route(f"{prefix}/auth-integrations", ByMethod(GET=desk.listing, POST=desk.create)),
        Route(
            f"{prefix}/auth-integrations/{{id}}",
            ByMethod(GET=desk.read, PUT=desk.update, DELETE=desk.delete),
        ),
    ]


def _coupon_routes(instance: str, desk: CouponDesk, habits: Habits) -> list[Route]:
    schedules = f"{instance}/coupon-schedules"
    reading = {"GET": desk.schedule} if habits.upkeep else {}
    by_hand = Route(f"{schedules}/{{schedule}}/run", ByMethod(POST=desk.run))
    return [
        Route(f"{instance}/coupons", ByMethod(GET=desk.listing, POST=desk.create)),
        Route(schedules, ByMethod(GET=desk.schedules, POST=desk.plan)),
        Route(f"{schedules}/{{schedule}}", ByMethod(PUT=desk.replan, DELETE=desk.remove, **reading)),
        Route(f"{schedules}/{{schedule}}/generate_url", ByMethod(GET=desk.link)),
        *([] if habits.upkeep else [by_hand]),
    ]


def _site_routes(prefix: str, desk: SiteDesk, habits: Habits) -> list[Route]:
    changing = {"PUT": desk.change} if habits.upkeep else {}
    users = [
        Route(f"{prefix}/site-users/{{site}}", ByMethod(GET=desk.users)),
        Route(f"{prefix}/site-users/{{site}}/{{id}}", ByMethod(DELETE=desk.disconnect)),
    ]
    return [
        Route(f"{prefix}/walled-garden/{{site}}", ByMethod(GET=desk.entries, POST=desk.open)),
        Route(
            f"{prefix}/walled-garden/{{site}}/{{id}}",
            ByMethod(GET=desk.entry, DELETE=desk.close, **changing),
        ),
        *(users if habits.upkeep else []),
    ]
