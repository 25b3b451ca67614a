"""A simulated guest: a device with a hardware and an IP address on an interface of a router."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from router_sim import access
from router_sim.access_request import HTTPS_PORT, Decision
from router_sim.access_rules import GARDEN, is_address
from router_sim.guests import desk
from router_sim.guests.desk import RouterDesk, RouterRows
from router_sim.guests.internet import Internet, Server
from router_sim.guests.messages import HttpRequest, HttpResponse
from router_sim.guests.page_variables import hostname
from router_sim.guests.servlet import Servlet
from router_sim.hotspot_service import GuestStatus
from router_sim.reboot import Phase
from router_sim.router import Router

_FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Route:
    """What becomes of a request: the router's decision, and where it goes.

    `address` is what the guest's packets go to, `server` the real server there; None when the router does not
    let them through, or nothing in the laboratory answers at that address and port.
    """

    request: access.Request
    decision: Decision
    address: str = ""
    server: Server | None = None

    @property
    def local(self) -> bool:
        """Does the router itself answer?"""
        return self.decision.servlet or self.decision.outcome == "redirected"


class SimulatedGuest:
    """What a device behind a router does, and what the router does with it.

    Every request is a packet: the router sees the guest, and looks at its bindings anew. Traffic is counted
    by whoever carries it, through `carried`.
    """

    def __init__(self, router: Router, internet: Internet, who: access.Guest) -> None:
        self.router = router
        self.who = who
        self._internet = internet
        self._changes = -1
        self._source_port = 49151

    def seen(self, found_by: str = "") -> None:
        """A packet of the guest reaches the router, unless that is still starting."""
        if self.router.phase is not Phase.READY:
            return
        if self._changes != self._internet.changes:
            # A router asks again for the names in its walled garden every now and then.
            self._changes = self._internet.changes
            self.router.hotspot.refresh()
        self.router.hotspot.seen(self.who.mac, self.who.address, self.who.interface, found_by=found_by)

    def leave(self) -> None:
        """The guest is gone, and the router knows."""
        self.router.hotspot.gone(self.who.mac, self.who.address)

    def resolve(self, name: str) -> Collection[str]:
        """The addresses the router's name service gives the guest; none for a guest it does not serve."""
        decision = self.decide(access.Request.of_name(name))
        return desk.ask(self.router, name) if decision.passes else ()

    def decide(self, request: access.Request) -> Decision:
        """What the router does with a request. One that is still starting is taken to forward nothing."""
        if self.router.phase is not Phase.READY:
            return Decision("refused", "the router is starting", refusal="dropped")
        return access.decide(RouterRows(self.router, self.who.mac), self.who, request, self._resolve)

    def route(self, url: str, method: str = "GET") -> Route:
        """What becomes of a request over HTTP or HTTPS. ValueError for a URL that is none."""
        return self._route(access.Request.of_url(url, method))

    def answer(self, route: Route, request: HttpRequest) -> HttpResponse:
        """The router's own answer, where the route is local."""
        servlet = Servlet(RouterDesk(self.router, self.who.address))
        return servlet.answer(request) if route.decision.servlet else servlet.captive(request)

    def tls_identity(self) -> tuple[bytes, bytes] | None:
        """Certificate chain and key of the router's own pages, both PEM; None when they have no TLS."""
        status = self.status
        name = status.profile.get("ssl-certificate", "none") if status else "none"
        return self.router.tls_identity(name)

    def connect(self, host: str, port: int) -> Route:
        """What becomes of a TCP connection to a name or an address, whatever it is for."""
        scheme = "https" if port == HTTPS_PORT else ""
        return self._route(access.Request(host.rstrip(".").lower(), port, "tcp", scheme))

    def packet(self, address: str, port: int, protocol: str) -> Route:
        """What becomes of any packet. ValueError for what is no IPv4 address or port."""
        return self._route(access.Request.of_packet(address, port, protocol))

    def carried(self, sent: int, received: int) -> None:
        """So many bytes of the guest went through the router; packets are of 1460 bytes."""
        if sent or received:
            self.router.hotspot.traffic(
                self.who.mac,
                self.who.address,
                bytes_in=sent,
                bytes_out=received,
                packets_in=-(-sent // 1460),
                packets_out=-(-received // 1460),
            )

    # -- logging in --------------------------------------------------------------------------------------

    @property
    def status(self) -> GuestStatus | None:
        """What the router's login pages know of the guest; None while it is not behind a hotspot."""
        return self.router.hotspot.status(self.who.address)

    def log_in(self, user: str, password: str) -> HttpResponse | None:
        """Fill in the login page: the answer to its challenge if it has one, else the password.

        Returns the page shown then, `status` tells whether it worked. None while not behind a hotspot.
        """
        self.seen()
        status = self.status
        if status is None:
            return None
        if "http-chap" in status.login_by:
            password = status.challenge.answer(password)
        form = urlencode({"username": user, "password": password}, errors="surrogateescape").encode("ascii")
        return self._ask(HttpRequest("POST", _page(status, "login"), _FORM, form))

    def log_out(self) -> HttpResponse | None:
        """Ask for the logout page. None while not behind a hotspot."""
        self.seen()
        status = self.status
        return None if status is None else self._ask(HttpRequest("GET", _page(status, "logout"), {}))

    # -- inside ------------------------------------------------------------------------------------------

    def _ask(self, request: HttpRequest) -> HttpResponse | None:
        """Ask for one of the router's own pages."""
        route = self.route(request.url, request.method)
        return self.answer(route, request) if route.local else None

    def _route(self, asked: access.Request) -> Route:
        found = [asked.host] if is_address(asked.host) else list(desk.ask(self.router, asked.host))
        address = found[0] if found else ""
        self.seen(self._packet_seen(asked, address))
        decision = self.decide(asked)
        if decision.rule is not None and decision.rule[0] == GARDEN:
            self.router.hotspot.hit(decision.rule[1])
        server = self._internet.server(address, asked.port) if decision.passes and address else None
        return Route(asked, decision, address, server)

    def _packet_seen(self, asked: access.Request, address: str) -> str:
        """The packet that makes a host, as the host table tells it: `TCP :49711 -> 192.0.2.1:443`."""
        if not address or asked.protocol not in ("tcp", "udp"):
            return ""
        self._source_port = 49152 + (self._source_port - 49151) % 16384
        return f"{asked.protocol.upper()} :{self._source_port} -> {address}:{asked.port}"

    def _resolve(self, name: str) -> Collection[str]:
        return desk.resolve(self.router, name)


def _page(status: GuestStatus, page: str) -> str:
    return f"http://{hostname(status)}/{page}"


def absolute(url: str, base: str) -> str:
    """A URL of a Location header, seen from the page that had it."""
    if urlsplit(url).scheme:
        return url
    parts = urlsplit(base)
    if url.startswith("//"):
        return f"{parts.scheme}:{url}"
    path = url if url.startswith("/") else parts.path.rpartition("/")[0] + "/" + url
    return f"{parts.scheme}://{parts.netloc}{path}"
