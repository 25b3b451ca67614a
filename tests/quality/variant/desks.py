"""The operations on everything but instances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.quality.variant import bodies_further
from tests.quality.variant.bodies import json_object
from tests.quality.variant.book import Book, Habits, Instance
from tests.quality.variant.coupons import Coupons, Schedule
from tests.quality.variant.garden import Entry, Garden
from tests.quality.variant.integrations import Integration, Integrations
from tests.quality.variant.links import Links
from tests.quality.variant.refusals import Refusal, missing
from tests.quality.variant.stays import Stays


class IntegrationDesk:
    """The operations on auth integrations."""

    def __init__(self, integrations: Integrations, habits: Habits) -> None:
        self._integrations = integrations
        self._habits = habits

    async def listing(self, request: Request) -> Response:
        return JSONResponse(
            [self._integrations.shown(each) for each in self._integrations.of(request.state.tenant)]
        )

    async def create(self, request: Request) -> Response:
        values = bodies_further.integration(await json_object(request), secret_needed=True)
        return JSONResponse(
            self._integrations.shown(self._integrations.create(request.state.tenant, values)), 200
        )

    async def read(self, request: Request) -> Response:
        return JSONResponse(self._integrations.shown(self._named(request)))

    async def update(self, request: Request) -> Response:
        one = self._named(request)
        body = await json_object(request)
        values = bodies_further.integration(body, secret_needed=self._habits.strict)
        done = self._integrations.update(one, values)
        return JSONResponse(self._integrations.shown(one), 200 if done else 202)

    async def delete(self, request: Request) -> Response:
        done = self._integrations.delete(self._named(request))
        return JSONResponse({"message": "The auth integration is deleted."}, 200 if done else 202)

    def _named(self, request: Request) -> Integration:
        return self._integrations.get(request.state.tenant, request.path_params["id"])


class CouponDesk:
    """The operations on coupons, their schedules and links to them."""

    def __init__(self, book: Book, coupons: Coupons, links: Links, habits: Habits) -> None:
        self._book = book
        self._coupons = coupons
        self._links = links
        self._habits = habits

    async def listing(self, request: Request) -> Response:
        found = self._coupons.valid(self._instance(request).id)
        return JSONResponse([each.shown() for each in found])

    async def create(self, request: Request) -> Response:
        instance = self._instance(request)
        values = bodies_further.batch(await json_object(request))
        self._refuse_sign_in(instance)
        made = self._coupons.make(instance.id, values["count"], values["minutes_valid"])
        return JSONResponse([each.shown() for each in made], 201)

    async def shared(self, request: Request) -> Response:
        found = self._coupons.shared(self._links.schedule(request.query_params))
        return JSONResponse([each.shown() for each in found])

    async def schedules(self, request: Request) -> Response:
        found = self._coupons.schedules(self._instance(request).id)
        return JSONResponse([self._coupons.shown(each) for each in found])

    async def plan(self, request: Request) -> Response:
        instance = self._instance(request)
        values = await self._values(request)
        self._refuse_sign_in(instance)
        made = self._coupons.plan(instance.id, values)
        return JSONResponse(self._coupons.shown(made), 200)

    async def schedule(self, request: Request) -> Response:
        return JSONResponse(self._coupons.shown(self._named(request)))

    async def replan(self, request: Request) -> Response:
        schedule = self._named(request)
        done = self._coupons.replan(schedule, await self._values(request))
        return JSONResponse(self._coupons.shown(schedule), 200 if done else 202)

    async def remove(self, request: Request) -> Response:
        return Response(status_code=204 if self._coupons.remove(self._named(request)) else 202)

    async def run(self, request: Request) -> Response:
        schedule = self._named(request)
        self._coupons.run(schedule)
        return JSONResponse({"started": schedule.id})

    async def link(self, request: Request) -> Response:
        return JSONResponse({"signed_url": self._links.make(self._named(request).id), "hours": 24})

    async def _values(self, request: Request) -> dict[str, Any]:
        return bodies_further.schedule(await json_object(request), knows_groups=self._habits.strict)

    def _refuse_sign_in(self, instance: Instance) -> None:
        if instance.strategy == "oauth2" and self._habits.strict:
            raise Refusal(409, "no_coupons", "Guests of this instance sign in at a provider.")

    def _instance(self, request: Request) -> Instance:
        return self._book.get(request.state.tenant, request.path_params["id"])

    def _named(self, request: Request) -> Schedule:
        return self._coupons.schedule(self._instance(request).id, request.path_params["schedule"])


class SiteDesk:
    """The operations on the walled gardens of sites and on their guests."""

    def __init__(self, book: Book, garden: Garden, stays: Stays) -> None:
        self._book = book
        self._garden = garden
        self._stays = stays

    async def entries(self, request: Request) -> Response:
        return JSONResponse([each.shown() for each in self._garden.of(*self._site(request))])

    async def open(self, request: Request) -> Response:
        where = self._site(request)
        made = self._garden.create(*where, bodies_further.entry(await json_object(request)))
        return JSONResponse(made.shown(), 201)

    async def entry(self, request: Request) -> Response:
        return JSONResponse(self._entry(request).shown())

    async def change(self, request: Request) -> Response:
        entry = self._entry(request)
        self._garden.update(entry, bodies_further.entry(await json_object(request)))
        return JSONResponse(entry.shown())

    async def close(self, request: Request) -> Response:
        done = self._garden.delete(self._entry(request))
        return JSONResponse({"closed": done}, 200 if done else 202)

    async def users(self, request: Request) -> Response:
        query = request.query_params
        shown = [each.shown() for each in self._stays.of(*self._site(request))]
        wanted: dict[str, Callable[[dict[str, Any]], bool]] = {
            "active": lambda user: str(user["active"]).lower() == query["active"],
            "instance_id": lambda user: user["instance_id"] == query["instance_id"].lower(),
        }
        tests = [fits for name, fits in wanted.items() if name in query]
        return JSONResponse([user for user in shown if all(fits(user) for fits in tests)])

    async def disconnect(self, request: Request) -> Response:
        for stay in self._stays.of(*self._site(request)):
            if stay.id == request.path_params["id"]:
                self._stays.end(stay)
                return JSONResponse({"disconnected": stay.id}, 202)
        raise missing("site user")

    def _site(self, request: Request) -> tuple[str, str]:
        """The tenant and the site. Raises `Refusal` for a site that is not the tenant's."""
        tenant, site = request.state.tenant, request.path_params["site"].lower()
        if not self._book.may_use(tenant, site):
            raise missing("site")
        return tenant, site

    def _entry(self, request: Request) -> Entry:
        return self._garden.get(*self._site(request), request.path_params["id"])
