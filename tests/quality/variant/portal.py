"""What guests see: from the first page the router sends them to until they are in."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

import httpx2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from reference_impl.settings import ProviderSettings
from tests.quality.variant.book import Book, Claim, Habits, Instance
from tests.quality.variant.coupons import LENGTH, Coupon, Coupons
from tests.quality.variant.integrations import Integration, Integrations
from tests.quality.variant.mapping import BINDINGS, GARDEN, LISTS, USERS
from tests.quality.variant.stays import Device, Stay, Stays

PUBLIC = ("/try-out", "/hello", "/welcome", "/voucher", "/sign-in", "/back", "/bye", "/terms")
MOST_ARRIVALS = 5_000
TRIAL = "trial"
"""The handle of nobody: a sign-in that lets no guest in."""

_SCOPES = {"azure": "openid email", "github": "read:user", "google": "openid email"}


class Routers(Protocol):
    """What the portal asks routers about."""

    async def placed(self, site: str, menu: str, key: str) -> bool: ...

    async def knows(self, device: Device) -> bool: ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """A guest whom a router has sent here. `door` is where the router takes tickets, `to` what was asked for."""

    device: Device
    door: str
    to: str


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest with the instance whose network they are in."""

    handle: str
    arrival: Arrival
    instance: Instance
    claim: Claim


class Portal:
    """The pages. What the router told of a guest is kept here under a handle that only that guest has."""

    def __init__(
        self,
        origin: str,
        book: Book,
        coupons: Coupons,
        integrations: Integrations,
        stays: Stays,
        routers: Routers,
        providers: Mapping[str, ProviderSettings],
        habits: Habits,
    ) -> None:
        self._origin = origin
        self._book = book
        self._coupons = coupons
        self._integrations = integrations
        self._stays = stays
        self._routers = routers
        self._providers = providers
        self._habits = habits
        self._arrivals: dict[str, Arrival] = {}
        self._states: dict[str, str] = {}

    def routes(self) -> list[Route]:
        pages: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("/hello", "GET", self.hello),
            ("/welcome/{handle}", "GET", self.welcome),
            ("/terms/{handle}", "GET", self.terms),
            ("/voucher/{handle}", "GET", self.voucher),
            ("/voucher/{handle}", "POST", self.redeem),
            ("/sign-in/{handle}", "POST" if self._habits.strict else "GET", self.sign_in),
            ("/back", "GET", self.back),
            ("/bye", "GET", self.bye),
            ("/try-out/{key}", "GET", self.test),
            ("/try-out/{key}", "POST", self.try_out),
        ]
        return [Route(path, page, methods=[method]) for path, method, page in pages]

    # -- pages -----------------------------------------------------------------------------------------

    async def hello(self, request: Request) -> Response:
        """Remember who comes, and go on without telling it in the address."""
        query = request.query_params
        device = Device(
            query.get("s", ""), query.get("at", ""), query.get("mac", "").upper(), query.get("ip", "")
        )
        door = query.get("door", "")
        if self._book.guarding(device.site, device.server) is None or urlsplit(door).scheme != "http":
            return _page("Nobody here", "<p>This network has no portal at the moment.</p>", 404)
        while len(self._arrivals) >= MOST_ARRIVALS:
            del self._arrivals[next(iter(self._arrivals))]
        handle = secrets.token_urlsafe(12)
        self._arrivals[handle] = Arrival(device, door, query.get("to", ""))
        return RedirectResponse(f"/welcome/{handle}", 302)

    async def welcome(self, request: Request) -> Response:
        guest = self._guest(request.path_params["handle"])
        if guest is None:
            return _lost()
        terms = escape(guest.instance.terms or "")
        if self._habits.strict:
            shown = f"<pre>{terms}</pre>" if terms else ""
        else:
            shown = f'<p><a href="/terms/{guest.handle}">Terms of use</a></p>' if terms else ""
        if guest.instance.strategy == "coupon":
            way = (
                f'<p><a href="/voucher/{guest.handle}">I have a voucher</a></p>'
                if self._habits.strict
                else self._voucher_form(guest)
            )
        else:
            way = self._sign_in_way(guest)
        return _page(guest.instance.name, f"{shown}{way}")

    async def terms(self, request: Request) -> Response:
        guest = self._guest(request.path_params["handle"])
        return _lost() if guest is None else _page("Terms", f"<p>{escape(guest.instance.terms or '')}</p>")

    async def voucher(self, request: Request) -> Response:
        guest = self._guest(request.path_params["handle"])
        return _lost() if guest is None else _page(guest.instance.name, self._voucher_form(guest))

    async def redeem(self, request: Request) -> Response:
        guest = self._guest(request.path_params["handle"])
        if guest is None:
            return _lost()
        form = await request.form()
        fields = [f"c{place}" for place in range(LENGTH)] if self._habits.strict else ["voucher"]
        if self._habits.strict and form.get("agreed") != "yes":
            return _page("Please agree", f"<p>Agree to the terms first.</p>{self._voucher_form(guest)}")
        coupon = self._coupons.redeem(guest.instance.id, "".join(str(form.get(name, "")) for name in fields))
        if coupon is None:
            return _page("No", f"<p>This voucher is not good.</p>{self._voucher_form(guest)}")
        return await self._let_in(guest, coupon)

    async def sign_in(self, request: Request) -> Response:
        """Open the way to the provider, and send the guest there."""
        guest = self._guest(request.path_params["handle"])
        found = None if guest is None else self._provider(guest.instance)
        if guest is None or found is None:
            return _lost()
        integration, provider = found
        device, hosts = guest.arrival.device, provider.guest_hosts
        if not await self._routers.knows(device):
            return _page("Not now", "<p>The network does not know this device. Try again.</p>", 503)
        self._stays.open_window(device, hosts, guest.instance.window_ttl)
        if self._habits.strict:
            for host in hosts:
                await self._routers.placed(device.site, GARDEN, f"{device.server} {device.address} {host}")
        where = self._sign_in_url(integration, provider, guest.handle)
        if self._habits.strict:
            return RedirectResponse(where, 302)
        # Nobody has looked whether the way is open by now; in a second it is.
        return _page("One moment", "<p>The way is being opened.</p>", refresh=f"1; url={escape(where)}")

    async def back(self, request: Request) -> Response:
        """The guest comes back from the provider, with a code or without."""
        handle = self._states.pop(request.query_params.get("state", ""), "")
        if handle == TRIAL:
            return _page("It works", "<p>The provider has sent you back.</p>")
        guest = self._guest(handle)
        found = None if guest is None else self._provider(guest.instance)
        if guest is None or found is None:
            return _lost()
        who = await self._identity(*found, request.query_params.get("code", ""))
        if who is None:
            return _page("No", f'<p>You did not sign in. <a href="/welcome/{guest.handle}">Again</a></p>')
        self._stays.close_windows(guest.arrival.device)
        return await self._let_in(guest, None)

    async def test(self, request: Request) -> Response:
        """A test link tells only what will happen; its button does it."""
        found = self._integrations.to_try(request.path_params["key"])
        button = '<form method="post"><button>Try to sign in</button></form>'
        return _lost() if found is None else _page(found.name, button)

    async def try_out(self, request: Request) -> Response:
        found = self._integrations.to_try(request.path_params["key"])
        provider = None if found is None else self._providers.get(found.type)
        if found is None or provider is None:
            return _lost()
        return RedirectResponse(self._sign_in_url(found, provider, TRIAL), 303)

    async def bye(self, request: Request) -> Response:
        return _page("Welcome", "<p>You are on the internet now.</p>")

    # -- steps -----------------------------------------------------------------------------------------

    def _guest(self, handle: str) -> Guest | None:
        arrival = self._arrivals.get(handle)
        found = None if arrival is None else self._book.guarding(arrival.device.site, arrival.device.server)
        return None if arrival is None or found is None else Guest(handle, arrival, *found)

    def _sign_in_url(self, integration: Integration, provider: ProviderSettings, handle: str) -> str:
        state = secrets.token_urlsafe(16)
        self._states[state] = handle
        asked = {
            "response_type": "code",
            "client_id": integration.config["client_id"],
            "redirect_uri": f"{self._origin}/back",
            "scope": _SCOPES[integration.type],
            "state": state,
        }
        return f"{_with_directory(provider.authorize_url, integration)}?{urlencode(asked)}"

    def _voucher_form(self, guest: Guest) -> str:
        action = f'<form method="post" action="/voucher/{guest.handle}">'
        if self._habits.strict:
            boxes = "".join(f'<input name="c{place}" maxlength="1">' for place in range(LENGTH))
            agree = '<label><input type="checkbox" name="agreed" value="yes"> I agree to the terms</label>'
            return f"{action}{boxes}{agree}<button>Connect</button></form>"
        return (
            f'{action}<label>Your name, if you like <input name="who"></label>'
            '<label>Voucher <input name="voucher"></label>'
            '<input type="submit" name="go" value="Go online"></form>'
        )

    def _sign_in_way(self, guest: Guest) -> str:
        found = self._provider(guest.instance)
        if found is None:
            return "<p>Nobody can sign in here at the moment.</p>"
        label = {"azure": "Microsoft", "github": "GitHub", "google": "Google"}[found[0].type]
        path = f"/sign-in/{guest.handle}"
        if self._habits.strict:
            return f'<form method="post" action="{path}"><button>Go on with {label}</button></form>'
        return f'<p><a href="{path}">Sign in with {label}</a></p>'

    def _provider(self, instance: Instance) -> tuple[Integration, ProviderSettings] | None:
        integration = self._integrations.find(instance.integration)
        provider = None if integration is None else self._providers.get(integration.type)
        return None if integration is None or provider is None else (integration, provider)

    async def _identity(self, integration: Integration, provider: ProviderSettings, code: str) -> Any:
        """What the provider tells of the user whose code this is; None when it tells nothing."""
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{self._origin}/back",
            "client_id": integration.config["client_id"],
            "client_secret": integration.config["client_secret"],
        }
        try:
            async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
                url = _with_directory(provider.token_url, integration)
                told = await client.post(url, data=asked, headers={"accept": "application/json"})
                token = told.raise_for_status().json()["access_token"]
                user = await client.get(provider.user_url, headers={"authorization": f"Bearer {token}"})
                profile = user.raise_for_status().json()
                return profile.get("email") or profile.get("login") or profile.get("sub")
        except (httpx2.HTTPError, ValueError, KeyError):
            return None

    async def _let_in(self, guest: Guest, coupon: Coupon | None) -> Response:
        """Begin the stay and wait for the router; without it the coupon can be used again."""
        device = guest.arrival.device
        known = self._habits.admits == "ticket" or await self._routers.knows(device)
        stay = self._stays.begin(guest.instance, guest.claim, device) if known else None
        if stay is None or not await self._is_ready(stay):
            if stay is not None:
                self._stays.end(stay)
            if coupon is not None:
                coupon.redeemed_at = None
            return _page("Not now", "<p>The network does not answer. Try again in a moment.</p>", 503)
        if stay.ticket is None:
            return _page("Welcome", "<p>You are in.</p>", refresh="0; url=/bye")
        fields = {
            "username": stay.ticket.name,
            "password": stay.ticket.password,
            "dst": f"{self._origin}/bye",
        }
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items()
        )
        return _page(
            "One moment",
            f'<form id="ticket" method="post" action="{escape(guest.arrival.door)}">{hidden}'
            "<noscript><button>Go on</button></noscript></form>"
            '<script>document.getElementById("ticket").submit()</script>',
        )

    async def _is_ready(self, stay: Stay) -> bool:
        device = stay.device
        if stay.ticket is not None:
            return await self._routers.placed(device.site, USERS, stay.ticket.name)
        if self._habits.admits == "list":
            return await self._routers.placed(device.site, LISTS, f"{device.server} {device.address}")
        return await self._routers.placed(
            device.site, BINDINGS, f"{device.server} {device.mac} {device.address}"
        )


def _with_directory(url: str, integration: Integration) -> str:
    return url.replace("{directory}", quote(integration.config.get("tenant", "common"), safe=""))


def _page(title: str, body: str, status: int = 200, *, refresh: str = "") -> HTMLResponse:
    onward = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    return HTMLResponse(
        f"<html><head><title>{escape(title)}</title>{onward}</head>"
        f"<body><h2>{escape(title)}</h2>{body}</body></html>",
        status,
    )


def _lost() -> HTMLResponse:
    return _page("Lost", "<p>Open any page that does not begin with https to start again.</p>", 404)
