"""The part of the control API that puts guests behind routers, and an internet before them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Path

from router_sim.control_http import json_body, json_response, known_members
from router_sim.guests.guest import Route, absolute
from router_sim.guests.internet import Internet
from router_sim.guests.messages import HttpRequest, HttpResponse
from router_sim.guests.registry import Entry, GuestError, Guests
from router_sim.guests.streams import fetch

_SHOWN: Final = 65536  # bytes of a page that are told
_MOST_REDIRECTS: Final = 10
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

_ASKED: Final = ("url", "method", "headers", "body", "follow", "address", "port", "protocol")

Fields = Mapping[str, Any]


class GuestControl:
    """The handlers, over the guests of one laboratory."""

    def __init__(self, guests: Guests) -> None:
        self._guests = guests
        self._internet: Internet = guests.internet

    def routes(self) -> list[Path]:
        """Every path of this part."""
        return [
            Path("/guests", self.listed, methods=["GET"]),
            Path("/guests", self.create, methods=["POST"]),
            Path("/guests/{id}", self.show, methods=["GET"]),
            Path("/guests/{id}", self.leave, methods=["DELETE"]),
            Path("/guests/{id}/resolve", self.resolve, methods=["POST"]),
            Path("/guests/{id}/request", self.request, methods=["POST"]),
            Path("/guests/{id}/reachable", self.reachable, methods=["POST"]),
            Path("/guests/{id}/login", self.log_in, methods=["POST"]),
            Path("/guests/{id}/logout", self.log_out, methods=["POST"]),
            Path("/internet", self.internet, methods=["GET"]),
            Path("/internet", self.change_internet, methods=["POST"]),
            Path("/internet", self.clear_internet, methods=["DELETE"]),
        ]

    # -- guests ----------------------------------------------------------------------------------------

    async def listed(self, request: Request) -> Response:
        """All guests."""
        return json_response([_shown(entry) for entry in self._guests.entries.values()])

    async def create(self, request: Request) -> Response:
        """A new guest, and the port of its proxy."""
        names = ("router", "interface", "subnet", "mac", "address", "host_name")
        body = await json_body(request, *names)
        given = {name: _text(body, name) for name in names}
        if given["router"] == "":
            raise HTTPException(400, "router: the name of a router is needed; GET /routers lists them")
        try:
            entry = await self._guests.create(given.pop("router"), **given)
        except GuestError as error:
            raise HTTPException(400, str(error)) from error
        return json_response(_shown(entry), 201)

    async def show(self, request: Request) -> Response:
        """One guest, and what its router says of it."""
        entry = self._entry(request)
        return json_response({**_shown(entry), "status": _status(entry)})

    async def leave(self, request: Request) -> Response:
        """The guest goes."""
        if not await self._guests.leave(request.path_params["id"]):
            raise self._unknown(request)
        return Response(status_code=204)

    async def resolve(self, request: Request) -> Response:
        """Ask the router's name service."""
        entry, body = self._entry(request), await json_body(request, "name")
        return json_response({"addresses": list(entry.guest.resolve(_text(body, "name", needed=True)))})

    async def request(self, request: Request) -> Response:
        """Ask for a URL, or send a packet to an address, and tell what came of it."""
        entry, body = self._entry(request), await json_body(request, *_ASKED)
        url = _text(body, "url")
        if url and {"address", "port", "protocol"} & body.keys():
            raise HTTPException(400, "url: a request has one, or address, port and protocol, and not both")
        if not isinstance(body.get("follow", False), bool):
            raise HTTPException(400, "follow: true or false is needed")
        try:
            if url:
                told = await self._visit(entry, url, body)
            else:
                port = body.get("port", 0)
                if isinstance(port, bool) or not isinstance(port, int):
                    raise HTTPException(400, "port: a number is needed")
                address = _text(body, "address", needed=True)
                route = entry.guest.packet(address, port, _text(body, "protocol") or "tcp")
                told = {**_decided(route), "reached": route.server is not None}
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        return json_response(told)

    async def reachable(self, request: Request) -> Response:
        """Whether the guest answers from now on when the router looks if it is still there."""
        entry, body = self._entry(request), await json_body(request, "answers")
        answers = body.get("answers")
        if not isinstance(answers, bool):
            raise HTTPException(400, "answers: true or false is needed")
        entry.guest.router.hotspot.reachable(entry.guest.who.mac, answers)
        return json_response({"answers": answers})

    async def log_in(self, request: Request) -> Response:
        """Fill in the router's login page."""
        entry, body = self._entry(request), await json_body(request, "username", "password")
        name = _text(body, "username", needed=True)
        return self._told(entry, entry.guest.log_in(name, _text(body, "password")))

    async def log_out(self, request: Request) -> Response:
        """Ask for the router's logout page."""
        entry = self._entry(request)
        return self._told(entry, entry.guest.log_out())

    # -- the internet ------------------------------------------------------------------------------------

    async def internet(self, request: Request) -> Response:
        """Names with their addresses, and the real servers behind addresses."""
        servers = [
            {"address": here[0], "port": here[1], "host": there[0], "real_port": there[1]}
            for here, there in self._internet.servers.items()
        ]
        names = {name: list(found) for name, found in self._internet.names.items()}
        return json_response({"names": names, "servers": servers})

    async def change_internet(self, request: Request) -> Response:
        """Add names and servers; no addresses take a name away, no host a server."""
        body = await json_body(request, "names", "servers")
        names, servers = body.get("names", {}), body.get("servers", [])
        if not isinstance(names, dict) or not isinstance(servers, list):
            raise HTTPException(400, "names is an object of lists of addresses, servers a list of objects")
        try:
            for name, addresses in names.items():
                if not isinstance(addresses, list) or not all(isinstance(each, str) for each in addresses):
                    raise HTTPException(400, f"names: {name} needs a list of addresses")
                self._internet.name(name, addresses)
            for server in servers:
                self._serve(server)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        return await self.internet(request)

    async def clear_internet(self, request: Request) -> Response:
        """Forget all of it."""
        self._internet.clear()
        return Response(status_code=204)

    def _serve(self, server: object) -> None:
        if not isinstance(server, dict):
            raise HTTPException(400, "servers: each is an object with address, port, host and real_port")
        known_members(server, "address", "port", "host", "real_port")
        address, host = _text(server, "address", needed=True), _text(server, "host")
        ports = [server.get("port"), server.get("real_port", 1 if not host else None)]
        port, real = (each if isinstance(each, int) and not isinstance(each, bool) else 0 for each in ports)
        if host:
            self._internet.serve(address, port, host, real)
        else:
            self._internet.withdraw(address, port)

    # -- inside ------------------------------------------------------------------------------------------

    def _entry(self, request: Request) -> Entry:
        entry = self._guests.entries.get(request.path_params["id"])
        if entry is None:
            raise self._unknown(request)
        return entry

    def _unknown(self, request: Request) -> HTTPException:
        return HTTPException(404, f"there is no guest {request.path_params['id']!r}; GET /guests lists them")

    def _told(self, entry: Entry, response: HttpResponse | None) -> Response:
        status = _status(entry)
        if response is None or status is None:
            raise HTTPException(409, "no hotspot guards the guest, so there is nothing to log in to")
        return json_response({**status, "page": _page(response)})

    async def _visit(self, entry: Entry, url: str, body: Fields) -> dict[str, Any]:
        """Ask for a URL, and with `follow` for those it leads to."""
        method = _text(body, "method") or "GET"
        headers = _headers(body)
        data = _text(body, "body").encode("utf-8", "surrogateescape")
        visited: list[str] = []
        told: dict[str, Any] = {}
        while True:
            visited.append(url)
            try:
                asked = HttpRequest(method, url, headers, data, url.lower().startswith("https:"))
                told, response = await self._ask(entry, asked)
            except ValueError as error:
                if len(visited) == 1:
                    raise
                return {**told, "url": url, "visited": visited, "error": str(error)}
            location = response.header("location") if response else ""
            on = response is not None and response.status in _REDIRECTS and bool(location)
            if not on or not body.get("follow") or len(visited) > _MOST_REDIRECTS:
                return {**told, "url": url, "visited": visited}
            url = absolute(location, url)
            if response is not None and response.status not in (307, 308):
                method, data = "GET", b""

    async def _ask(self, entry: Entry, asked: HttpRequest) -> tuple[dict[str, Any], HttpResponse | None]:
        route = entry.guest.route(asked.url, asked.method)
        told = _decided(route)
        if route.local:
            cookie = entry.cookies.get(route.request.host, "")
            known = {**asked.headers, "cookie": cookie} if cookie else asked.headers
            local = HttpRequest(asked.method, asked.url, known, asked.body, asked.secure)
            response = entry.guest.answer(route, local)
            set_cookie = response.header("set-cookie").partition(";")[0]
            if set_cookie:
                entry.cookies[route.request.host] = set_cookie
            return {**told, "reached": True, **_page(response)}, response
        if route.server is None:
            return {**told, "reached": False}, None
        try:
            response, sent, received = await fetch(route.server, asked, most=_SHOWN)
        except OSError as error:
            return {**told, "reached": False, "error": str(error)}, None
        entry.guest.carried(sent, received)
        return {**told, "reached": True, **_page(response)}, response


def _shown(entry: Entry) -> dict[str, Any]:
    guest = entry.guest
    return {
        "id": entry.id,
        "router": guest.router.name,
        "interface": guest.who.interface,
        "mac": guest.who.mac,
        "address": guest.who.address,
        "host_name": entry.host_name,
        "proxy": entry.proxy.address,
    }


def _status(entry: Entry) -> dict[str, Any] | None:
    status = entry.guest.status
    if status is None:
        return None
    return {
        "server": status.server,
        "logged_in": status.logged_in,
        "bypassed": status.bypassed,
        "blocked": status.blocked,
        "user": status.user,
        "method": status.method,
        "uptime": status.uptime,
        "session_time_left": status.session_time_left,
        "bytes_in": status.bytes_in,
        "bytes_out": status.bytes_out,
        "error": status.error,
    }


def _decided(route: Route) -> dict[str, Any]:
    decision = route.decision
    rule = None if decision.rule is None else {"menu": decision.rule[0], "id": decision.rule[1]}
    return {
        "outcome": decision.outcome,
        "reason": decision.reason,
        "refusal": decision.refusal,
        "rule": rule,
        "location": decision.location,
        "status": decision.status,
        "servlet": decision.servlet,
        "address": route.address,
    }


def _page(response: HttpResponse) -> dict[str, Any]:
    return {
        "status": response.status,
        "location": response.header("location"),
        "headers": [list(pair) for pair in response.headers],
        "body_start": response.body[:_SHOWN].decode("utf-8", "replace"),
    }


def _text(body: Fields, name: str, *, needed: bool = False) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise HTTPException(400, f"{name}: text is needed")
    if needed and not value:
        raise HTTPException(400, f"{name}: it is missing")
    return value


def _headers(body: Fields) -> dict[str, str]:
    given = body.get("headers", {})
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        raise HTTPException(400, "headers: an object of texts is needed")
    if not all(name.isascii() and name and not set(name) & set(" \r\n\t:") for name in given):
        raise HTTPException(400, "headers: one of the names is none")
    return {name.lower(): value for name, value in given.items()}
