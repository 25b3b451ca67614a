"""The application: its parts put together, started and stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from fastapi import FastAPI

from reference_impl import assets, errors, instances, portal
from reference_impl.clock import Clock, RealClock
from reference_impl.database import Database
from reference_impl.front_door import FrontDoor
from reference_impl.provisioning.reconcile import Pace, Provisioning
from reference_impl.service import Service
from reference_impl.settings import Settings
from reference_impl.signing import LinkSigner
from reference_impl.store import Store

PUBLIC_PATHS = ("/assets", "/preauth", "/portal")
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
    provisioning = Provisioning(settings, store.claims, pace or Pace(resync=settings.server.resync_seconds))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            await database.open()
            async with provisioning:
                yield
        finally:
            await database.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.service = Service(
        settings=settings,
        clock=clock,
        database=database,
        store=store,
        signer=LinkSigner(settings.server.secret, settings.public_base, clock),
        provisioning=provisioning,
        decoding=asyncio.Semaphore(1),
    )
    for router in (instances.router, assets.router, portal.router):
        app.include_router(router, prefix=settings.server.base_path)
    errors.install(app)
    app.add_middleware(
        FrontDoor, base_path=settings.server.base_path, public=PUBLIC_PATHS, tenants=settings.tenants
    )
    return app
