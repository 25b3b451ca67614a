"""The REST interface as an ASGI application: credentials, faults, pace, time limit, and the small page at `/`.

Source: the manual's page on REST. That a keep-alive connection is one session of its user, whatever number of
requests it carries, is on record; the challenge in a 401 is assumed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import html
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Protocol

from router_sim.engine import Command, Origin
from router_sim.fault_effects import begin, finish
from router_sim.faults import Effect, FaultPlan
from router_sim.menus.catalogue import catalogue
from router_sim.rest import responses
from router_sim.rest.operations import ROOT, HttpRequest, Operation, Refusal, operation
from router_sim.rest.performing import Ongoing, perform
from router_sim.rest.responses import HttpResponse
from router_sim.router import Router
from router_sim.streams import CommandRuntime, Fetch, duration_of, run_stream
from router_sim.traps import Trap

LOGGER = logging.getLogger(__name__)

LIMIT_SECONDS: Final = 60.0
MOST_BODY: Final = 4 * 1024 * 1024
VIA: Final = "rest-api"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Connection(Protocol):
    """What the application needs of the connection a request came over.

    `rest` is false where the router's version serves no REST on that port.
    """

    router: Router
    rest: bool

    def log_in(self, user: str, password: str) -> Origin | None:
        """The session of this user, begun if need be; None for wrong credentials."""
        ...

    def request_read(self) -> None:
        """A request was read completely."""
        ...

    def lose(self) -> None:
        """Lose the connection now, with everything not sent yet."""
        ...

    def end(self) -> None:
        """Close the connection behind what was sent."""
        ...


class Host(Protocol):
    """What the application needs of the fleet: pace of replies in seconds, faults, and the way out."""

    pace: float
    faults: FaultPlan
    fetch: Fetch


class Disconnected(Exception):
    """The client went away before it had its answer."""


class RestApplication:
    """Answers the requests of all routers of a fleet. `limit` is the time one may take, in seconds."""

    def __init__(self, host: Host, limit: float = LIMIT_SECONDS) -> None:
        self._host = host
        self._limit = limit

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        connection: Connection = scope["state"]["connection"]
        path = scope["raw_path"].decode("ascii", "replace")
        if path != ROOT and not path.startswith(f"{ROOT}/"):
            await _send(send, _page(connection, path))
            return
        if not connection.rest:
            await _send(send, responses.page("Not found", "This router has no REST interface here.", 404))
            return
        try:
            body = await _body(receive)
        except Disconnected:
            return
        connection.request_read()
        if body is None:
            await _send(send, responses.too_much())
            return
        request = HttpRequest(scope["method"], path, scope["query_string"].decode("ascii", "replace"), body)
        try:
            await self._answer(connection, request, dict(scope["headers"]), receive, send)
        except Disconnected:
            return

    async def _answer(
        self,
        connection: Connection,
        request: HttpRequest,
        headers: dict[bytes, bytes],
        receive: Receive,
        send: Send,
    ) -> None:
        router = connection.router
        credentials = _credentials(headers.get(b"authorization", b""))
        origin = connection.log_in(*credentials) if credentials is not None else None
        if origin is None:
            await self._pause(0.0)
            await _send(send, responses.error(401))
            return
        try:
            asked = operation(request, catalogue(router.version))
        except Refusal as refusal:
            await self._pause(0.0)
            await _send(send, responses.refused(refusal))
            return
        effect = self._host.faults.on_command(router.name, asked.command.path, origin.user, VIA)
        if effect.hold:
            await asyncio.sleep(effect.hold)
        begin(effect, router)
        if effect.kind == "reboot":
            router.reboot()
        if effect.kind in ("drop_before", "reboot"):
            connection.lose()
            await _disconnected(receive)
            return
        response = await self._respond(router, asked, origin, effect, receive)
        finish(effect, router)
        await self._pause(effect.delay + effect.pace)
        if effect.kind == "drop_after":
            connection.lose()
            await _disconnected(receive)
        elif effect.kind == "half_sentence":
            await _send(send, response, half=True)
            connection.end()
            await _disconnected(receive)
        else:
            await _send(send, response)

    async def _pause(self, seconds: float) -> None:
        if self._host.pace + seconds > 0:
            await asyncio.sleep(self._host.pace + seconds)

    async def _respond(
        self, router: Router, asked: Operation, origin: Origin, effect: Effect, receive: Receive
    ) -> HttpResponse:
        try:
            if effect.kind == "trap":
                raise Trap((effect.message, effect.category))
            outcome = perform(router, asked, origin)
            if isinstance(outcome, Ongoing):
                outcome = await self._collect(router, outcome, origin, receive)
        except Trap as trap:
            return responses.trapped(trap)
        except Refusal as refusal:
            return responses.refused(refusal)
        except Disconnected:
            raise
        except Exception as error:
            # A fault of the simulator, not of the client: say so, loudly, and keep the others served.
            LOGGER.exception("router %s: %s failed", router.name, asked.command.path)
            text = f"simulator error in {asked.command.path}: {type(error).__name__}: {error}"
            return responses.error(500, text)
        return outcome

    async def _collect(
        self, router: Router, ongoing: Ongoing, origin: Origin, receive: Receive
    ) -> HttpResponse:
        """All records of a command that goes on, once it has ended. Raises Trap and Disconnected."""
        records: list[dict[str, str]] = []

        async def work() -> None:
            if ongoing.reply is None:
                await asyncio.sleep(self._limit)
                return
            runtime = CommandRuntime(router, ongoing.command.path, origin, self._host.fetch)
            seconds = duration_of(ongoing.command.attributes)
            await run_stream(ongoing.reply, runtime, lambda record: records.append(dict(record)), seconds)

        working = asyncio.ensure_future(work())
        leaving = asyncio.ensure_future(_disconnected(receive))
        try:
            done, _ = await asyncio.wait(
                (working, leaving), timeout=self._limit, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in (working, leaving):
                task.cancel()
            # What a stream does to clean up is part of the command.
            await asyncio.gather(working, leaving, return_exceptions=True)
        if leaving in done and working not in done:
            raise Disconnected
        if working not in done or ongoing.reply is None:
            return responses.error(400, responses.SESSION_CLOSED)
        working.result()
        return responses.listing(records)


def _credentials(header: bytes) -> tuple[str, str] | None:
    """User and password of a Basic authorization."""
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        text = base64.b64decode(token.strip(), validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


async def _body(receive: Receive) -> bytes | None:
    """The body; None for one that is too large. Raises Disconnected."""
    body = bytearray()
    too_large = False
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        if not too_large:
            body += message.get("body", b"")
        too_large = too_large or len(body) > MOST_BODY
        if too_large or not message.get("more_body", False):
            return None if too_large else bytes(body)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, response: HttpResponse, *, half: bool = False) -> None:
    headers = list(response.headers)
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    body = response.body[: len(response.body) // 2] if half else response.body
    await send({"type": "http.response.body", "body": body, "more_body": half})


def _page(connection: Connection, path: str) -> HttpResponse:
    router = connection.router
    if path not in ("/", "/index.html", "/webfig", "/webfig/"):
        return responses.page("Not found", "There is no such page on this router.", 404)
    rows = router.execute(Command("/system/identity/print", {}), Origin("", "", "web")).rows
    name = html.escape(rows[0].get("name", "") if rows else "")
    shown = name.encode("utf-8", "replace").decode()
    text = f"A simulated router, RouterOS {html.escape(router.version)}."
    if connection.rest:
        text += f" Its REST interface is at {ROOT}."
    return responses.page(shown or "Router", text)
