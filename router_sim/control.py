"""The control API: what a laboratory can do with its simulated routers and nobody can with real ones.

Move the clock, read the exact journal and the whole configuration, put a router back to its start, plan
faults. JSON over HTTP on a loopback address, behind a bearer token. It is no part of RouterOS.

Strings that are no valid UTF-8 on the router appear with the escapes U+DC80 to U+DCFF for single bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from router_sim.clock import Clock, VirtualClock
from router_sim.control_guests import GuestControl
from router_sim.control_http import dumps, json_body, json_response
from router_sim.control_snapshots import SnapshotControl
from router_sim.faults import Fault
from router_sim.fleet import Fleet, FleetError, explain
from router_sim.guests.registry import Guests
from router_sim.router import Router
from router_sim.server import is_loopback

_MOST_SECONDS: Final = 10 * 366 * 86400.0


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return Response(dumps({"error": message}), status, headers, media_type="application/json")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class BearerToken:
    """Middleware that answers 401 to every request without the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                refusal = _error(
                    401,
                    "send the control token as 'Authorization: Bearer TOKEN'",
                    {"WWW-Authenticate": "Bearer"},
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class Control:
    """The handlers, over one fleet and its clock."""

    def __init__(self, fleet: Fleet, clock: Clock) -> None:
        self._fleet = fleet
        self._clock = clock

    def routes(self) -> list[Route]:
        """Every path of the control API."""
        return [
            Route("/clock", self.clock, methods=["GET"]),
            Route("/clock/advance", self.advance, methods=["POST"]),
            Route("/routers", self.routers, methods=["GET"]),
            Route("/routers/{name}/journal", self.journal, methods=["GET"]),
            Route("/routers/{name}/certificate", self.certificate, methods=["GET"]),
            Route("/routers/{name}/reset", self.reset, methods=["POST"]),
            Route("/faults", self.faults, methods=["GET"]),
            Route("/faults", self.plan_fault, methods=["POST"]),
            Route("/faults", self.clear_faults, methods=["DELETE"]),
            Route("/faults/{number:int}", self.end_fault, methods=["DELETE"]),
            *SnapshotControl(self._router).routes(),
        ]

    async def clock(self, request: Request) -> Response:
        """The time on the routers."""
        return json_response({"now": _iso(self._clock.now())})

    async def advance(self, request: Request) -> Response:
        """Move the clock forward by `seconds` and let the routers apply what became due."""
        body = await json_body(request, "seconds")
        seconds = body.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise HTTPException(400, "seconds: a number is needed")
        if not 0 <= seconds <= _MOST_SECONDS:
            raise HTTPException(400, f"seconds: {seconds} is not between 0 and {_MOST_SECONDS:.0f}")
        if not isinstance(self._clock, VirtualClock):
            raise HTTPException(409, "these routers run on the machine's clock, which cannot be moved")
        try:
            self._clock.advance(seconds)
        except ValueError as error:
            raise HTTPException(400, f"seconds: {error}") from error
        self._fleet.tick()
        return json_response({"now": _iso(self._clock.now())})

    async def routers(self, request: Request) -> Response:
        """The routers of the fleet and where they are served."""
        return json_response(
            [
                {
                    "name": router.name,
                    "address": address,
                    "port": self._fleet.port,
                    "services": self._fleet.ports.by_name(),
                    "version": router.version,
                }
                for address, router in self._fleet.routers.items()
            ]
        )

    async def journal(self, request: Request) -> Response:
        """The entries after number `after`, one JSON object a line."""
        router = self._router(request)
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) < 19):
            raise HTTPException(400, f"after: {after!r} is not the number of an entry")
        router.tick()
        return Response(router.journal.ndjson(after=int(after)), media_type="application/x-ndjson")

    async def certificate(self, request: Request) -> Response:
        """What `service` (api-ssl, www-ssl) of a router shows to its clients, as PEM for them to trust."""
        router = self._router(request)
        name = request.query_params.get("service", "api-ssl")
        rows = router.snapshot()["/ip/service"]
        held = next((row.get("certificate", "") for row in rows if row["name"] == name), "")
        identity = router.tls_identity(held)
        if identity is None:
            raise HTTPException(404, f"service {name!r} of {router.name} has no certificate")
        return Response(identity[0], media_type="application/x-pem-file")

    async def reset(self, request: Request) -> Response:
        """Put a router back to its initial state, with an empty journal."""
        self._router(request).reset()
        return Response(status_code=204)

    async def faults(self, request: Request) -> Response:
        """The faults in force."""
        return json_response([active.to_json() for active in self._fleet.faults.active()])

    async def plan_fault(self, request: Request) -> Response:
        """Put one fault in force."""
        body = await json_body(request)
        try:
            fault = Fault.from_json(body)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        if fault.router is not None:
            router = self._fleet.named(fault.router)
            if router is None:
                raise HTTPException(400, f"router: there is none named {fault.router!r}")
            fault = replace(fault, router=router.name)
        return json_response(self._fleet.faults.add(fault).to_json(), 201)

    async def clear_faults(self, request: Request) -> Response:
        """End all faults."""
        self._fleet.faults.clear()
        return Response(status_code=204)

    async def end_fault(self, request: Request) -> Response:
        """End one fault."""
        number = request.path_params["number"]
        if not self._fleet.faults.remove(number):
            raise HTTPException(404, f"no fault with id {number} is in force")
        return Response(status_code=204)

    def _router(self, request: Request) -> Router:
        name = request.path_params["name"]
        router = self._fleet.named(name)
        if router is None:
            raise HTTPException(404, f"there is no router named {name!r}; GET /routers lists them")
        return router


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = error.detail
    if error.status_code == 404 and message == "Not Found":
        message = f"the control API has no {request.url.path}"
    elif error.status_code == 405:
        message = f"{request.url.path} does not take {request.method}"
    return _error(error.status_code, message, dict(error.headers or {}))


async def _own_error(request: Request, error: Exception) -> Response:
    """The answer to what the laboratory did not foresee; the server that carries it writes the traceback."""
    return _error(500, f"the simulator failed at {request.method} {request.url.path}: {type(error).__name__}")


def control_app(fleet: Fleet, clock: Clock, token: str, guests: Guests | None = None) -> Starlette:
    """The control API of `fleet` as an ASGI application, to serve alone or to mount in another.

    `clock` is the one the routers run on; only a VirtualClock can be advanced. With `guests` there are also
    paths for them and for the internet of the laboratory; whoever made them closes them. Raises ValueError for
    an empty `token`.
    """
    if not token:
        raise ValueError("the control API needs a token")
    routes = Control(fleet, clock).routes()
    if guests is not None:
        routes += GuestControl(guests).routes()
    return Starlette(
        routes=routes,
        middleware=[Middleware(BearerToken, token=token)],
        exception_handlers={HTTPException: _http_error, Exception: _own_error},
    )


class _Embedded(uvicorn.Server):
    """A server that leaves signals to the program it is part of, and stops as soon as it is asked to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        # One turn a second, told as ten, is what refreshes the Date header.
        turn = 0
        while not self.stop.is_set():
            await self.on_tick(turn)
            turn += 10
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), 1.0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ControlServer:
    """Serves an ASGI application on a loopback address, within the running loop.

    `port` 0 takes a free one; `url` is known once started. ValueError for an address that is not
    loopback.
    """

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        if not is_loopback(host):
            raise ValueError(f"{host} is not a loopback address; the control API is served on 127.0.0.0/8")
        self.host = host
        self.port = port
        self._app = app
        self._server: _Embedded | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the API is, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Listen; returns when requests are answered. FleetError when the port cannot be had."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Inherited by connections: an answer of two segments must not wait for an acknowledgement.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listening.bind((self.host, self.port))
            listening.listen()
        except (OSError, OverflowError) as error:
            listening.close()
            raise FleetError(explain(error, self.host, self.port)) from error
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
        self._server = _Embedded(config)
        self._task = asyncio.create_task(self._server.serve([listening]))
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Stop. Harmless when repeated."""
        if self._server is None or self._task is None:
            return
        self._server.stop.set()
        await self._task
        self._server = self._task = None
