"""The application: its parts put together, started and stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from fastapi import FastAPI

from reference_impl import (
    assets,
    auth_integrations,
    coupon_schedules,
    coupons,
    errors,
    instances,
    shared_coupons,
    site_users,
    walled_garden,
)
from reference_impl.clock import Clock, RealClock
from reference_impl.database import Database
from reference_impl.front_door import FrontDoor
from reference_impl.generations import Generations
from reference_impl.guests import callback, portal
from reference_impl.guests.attempts import Attempts
from reference_impl.guests.doubts import Doubts
from reference_impl.guests.tokens import GuestTokens
from reference_impl.guests.turns import Turns
from reference_impl.notifications import Notifier
from reference_impl.provisioning.reconcile import Pace, Provisioning
from reference_impl.provisioning.sessions import GuestSessions
from reference_impl.rate_limit import RateLimit
from reference_impl.schedule_runner import ScheduleRunner
from reference_impl.sealing import Sealer
from reference_impl.service import Service
from reference_impl.settings import Settings
from reference_impl.signing import LinkSigner
from reference_impl.store import Store
from reference_impl.stores.admissions import AdmissionStore
from reference_impl.stores.coupons import CouponStore
from reference_impl.stores.garden import GardenStore
from reference_impl.stores.integrations import IntegrationStore
from reference_impl.stores.schedules import ScheduleStore
from reference_impl.stores.sign_ins import SignInStore

PUBLIC_PATHS = ("/assets", "/preauth", "/portal", "/auth-test", "/callback", "/coupons")
"""Paths under the base path that need no bearer token."""


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    new_id: Callable[[], UUID] = uuid4,
    pace: Pace | None = None,
) -> FastAPI:
    """Return the service as an ASGI application that keeps all its state in itself.

    Its lifespan creates missing tables and runs the tasks that provision routers. `settings` must have
    a public URL. `clock` rules what the API dates and signs; waiting for routers takes real time, at the
    given `pace`. The running parts are at `app.state.service`.
    """
    clock = clock or RealClock()
    database = Database(settings.database.url, new_id=new_id)
    store = Store(database)
    coupon_store = CouponStore(database)
    schedules = ScheduleStore(database, coupon_store)
    signer = LinkSigner(settings.server.secret, settings.public_base, clock)
    webhook = settings.notifications.url if settings.notifications else None
    notifier = Notifier(webhook, signer)
    runner = ScheduleRunner(schedules, clock, ran=notifier.tell)
    sealer = Sealer(settings.server.secret)
    pace = pace or Pace(resync=settings.server.resync_seconds)
    provisioning = Provisioning(settings, store.claims, pace)
    sessions = GuestSessions(settings, store.claims)
    admissions = AdmissionStore(database)
    doubts = Doubts(sessions, admissions, coupon_store, clock, pace)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            await database.open()
            async with provisioning, notifier, runner, doubts:
                yield
        finally:
            sessions.disconnect()
            await database.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.service = Service(
        settings=settings,
        clock=clock,
        database=database,
        store=store,
        integrations=IntegrationStore(database, seal=sealer.seal, unseal=sealer.open),
        coupons=coupon_store,
        schedules=schedules,
        garden=GardenStore(database),
        signer=signer,
        provisioning=provisioning,
        sessions=sessions,
        admissions=admissions,
        sign_ins=SignInStore(database),
        tokens=GuestTokens(settings.server.secret),
        attempts=Attempts(),
        turns=Turns(),
        doubts=doubts,
        runner=runner,
        notifier=notifier,
        decoding=asyncio.Semaphore(1),
    )
    for router in (
        instances.router,
        auth_integrations.router,
        coupons.router,
        coupon_schedules.router,
        walled_garden.router,
        site_users.router,
        shared_coupons.router,
        assets.router,
        portal.router,
        callback.router,
    ):
        app.include_router(router, prefix=settings.server.base_path)
    errors.install(app)
    # Inside the front door, since it goes by who calls: of two, the one that is added first.
    if settings.server.rate != "unlimited":
        app.add_middleware(RateLimit, rate=settings.server.rate, clock=clock)
    app.add_middleware(
        FrontDoor, base_path=settings.server.base_path, public=PUBLIC_PATHS, tenants=settings.tenants
    )
    # The outermost, so that everything behind it meets v1 paths alone.
    app.add_middleware(Generations, bases=settings.server.bases, origin=settings.public_origin)
    return app
