"""May this guest of a hotspot reach this destination now, and if not, where is it sent, and by which rule?

Pure: rows as a router prints them go in, a decision comes out. The router may be simulated or real. What a
router derives by itself (firewall rows of the hotspot) is not needed; what an administrator adds to the
firewall by hand is not judged.

The order is that of the rules a hotspot puts into the firewall (RouterOS manual, hotspot customisation):
blocked guests, name service, the router's own login pages, bypassed and logged-in guests, the rows of
`walled-garden/ip`, then HTTP and HTTPS by the rows of `walled-garden`, and for the rest a refusal.

Assumed, because no record was found: rows of `walled-garden/ip` that drop or reject also keep HTTP from the
login page; one with a negated protocol alone does not keep web pages from the router's proxy; `dst-port`
without a protocol means TCP or UDP; `path` is compared without the query; a guest uses the first address of a
name; a binding acts at the next packet, and a host that still shows `bypassed` is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from urllib.parse import quote_plus

from router_sim.access_request import HTTPS_PORT, Decision, Guest, Outcome, Refusal, Request
from router_sim.access_rules import (
    ADDRESS_CONDITIONS,
    GARDEN,
    HOST_CONDITIONS,
    HTTP_CONDITIONS,
    Resolve,
    Row,
    Rows,
    Traffic,
    enabled,
    holds,
    inside,
    resolver,
)

__all__ = ["Decision", "Guest", "Request", "decide", "guard", "login_host"]

SERVER = "/ip/hotspot"
PROFILE = "/ip/hotspot/profile"
HOST = "/ip/hotspot/host"
ACTIVE = "/ip/hotspot/active"
BINDING = "/ip/hotspot/ip-binding"
GARDEN_IP = "/ip/hotspot/walled-garden/ip"
ADDRESS = "/ip/address"
BRIDGE_PORT = "/interface/bridge/port"

HTTP_PORTS = (80, 8080, 3128)
NO_ADDRESS = ("", "0.0.0.0")  # noqa: S104 - the unset address, nothing binds


def decide(rows: Rows, guest: Guest, request: Request, resolve: Resolve = lambda name: ()) -> Decision:
    """What the router that prints `rows` does with the request.

    `resolve` gives the addresses that the router's name servers have for a name; static entries of the
    router are looked at before.
    """
    server = guard(rows, guest.interface)
    if server is None:
        return Decision("open", f"no hotspot server guards {guest.interface}")
    case = _Case(rows, guest, request, server, resolve)
    for step in _STEPS:
        decision = step(case)
        if decision is not None:
            return decision
    return _rest(case)


def guard(rows: Rows, interface: str) -> Row | None:
    """The hotspot server that works on an interface, or on the bridge it is a port of."""
    places = {interface}
    for port in rows.get(BRIDGE_PORT, ()):
        if port.get("interface") == interface and port.get("disabled") != "true":
            places.add(port.get("bridge", ""))
    for row in rows.get(SERVER, ()):
        if row.get("interface") in places and enabled(row) and not row.get("about", "").startswith("inactiv"):
            return row
    return None


def login_host(rows: Rows, server: Row) -> str:
    """Name or address under which the login pages of a server are found."""
    profile = _profile(rows, server)
    if profile.get("dns-name"):
        return profile["dns-name"]
    return _own_address(rows, server, profile)


class _Case:
    """A request with all that is looked up for it."""

    def __init__(self, rows: Rows, guest: Guest, request: Request, server: Row, resolve: Resolve) -> None:
        self.rows = rows
        self.guest = guest
        self.request = request
        self.server = server
        self.profile = _profile(rows, server)
        name = self.profile.get("dns-name", "").lower()
        address = _own_address(rows, server, self.profile)
        self.resolve = resolver(rows, resolve, {name: address} if name and address else {})
        found = tuple(self.resolve(request.host)) if request.scheme != "dns" else ()
        self.target = found[0] if found else ""

    @cached_property
    def host(self) -> Row:
        """The guest's row among the hosts; empty when the router has not seen it yet."""
        for row in self.rows.get(HOST, ()):
            if self._mine(row) and row.get("address") == self.guest.address:
                return row
        return {}

    @cached_property
    def source(self) -> str:
        """The guest's address after one-to-one translation."""
        held = self.host.get("to-address", "")
        return self.guest.address if held in NO_ADDRESS else held

    @cached_property
    def binding(self) -> Row | None:
        """The first binding that speaks of the guest."""
        for row in self.rows.get(BINDING, ()):
            mac, address = row.get("mac-address", ""), row.get("address", "")
            if not enabled(row) or row.get("server", "all") not in ("all", "", self.server.get("name")):
                continue
            if (mac or address) and mac.upper() in ("", self.guest.mac.upper()) and self._at(address):
                return row
        return None

    @cached_property
    def session(self) -> tuple[str, Row] | None:
        """The row that says the guest is logged in, with its menu."""
        for row in self.rows.get(ACTIVE, ()):
            if self._mine(row) and row.get("address") in (self.guest.address, self.source):
                return ACTIVE, row
        return (HOST, self.host) if self.host.get("authorized") == "true" else None

    @property
    def https_login(self) -> bool:
        """Do the login pages answer TLS?"""
        secure = "https" in self.profile.get("login-by", "").split(",")
        return secure and self.profile.get("ssl-certificate", "none") not in ("none", "")

    @cached_property
    def traffic(self) -> Traffic:
        """The request as the rules see it."""
        asked = self.request
        return Traffic(
            server=self.server.get("name", ""),
            source=self.source,
            host=asked.host,
            target=self.target,
            protocol=asked.protocol,
            port=asked.port,
            method=asked.method,
            path=asked.path,
            sealed=asked.port == HTTPS_PORT,
            rows=self.rows,
            resolve=self.resolve,
        )

    def _mine(self, row: Row) -> bool:
        same_server = row.get("server", "") in ("", "all", self.server.get("name"))
        return same_server and row.get("mac-address", "").upper() == self.guest.mac.upper()

    def _at(self, span: str) -> bool:
        return not span or inside(span, self.guest.address)


# -- steps, in the order of the router -----------------------------------------------------------------


def _blocked(case: _Case) -> Decision | None:
    binding = case.binding
    if binding is None or binding.get("type") != "blocked":
        return None
    return Decision(
        "refused", "the guest is blocked by a binding", _rule(BINDING, binding), refusal="dropped"
    )


def _name_service(case: _Case) -> Decision | None:
    asked = case.request
    if asked.protocol in ("tcp", "udp") and asked.port == 53:
        return Decision("allowed", "the router answers every guest's questions for names")
    if asked.protocol == "udp" and asked.port in (67, 68):
        return Decision("allowed", "the router leases addresses to every guest")
    return None


def _own_pages(case: _Case) -> Decision | None:
    asked = case.request
    if asked.protocol != "tcp" or asked.port not in (80, HTTPS_PORT) or not _is_own(case):
        return None
    rule = _rule(SERVER, case.server)
    if asked.port == 80 and asked.scheme != "https":
        return Decision("allowed", "the router's own pages", rule, servlet=True)
    if asked.port == HTTPS_PORT and case.https_login:
        return Decision("allowed", "the router's own pages over TLS", rule, servlet=True)
    return Decision("refused", "the router's own pages have no TLS here", rule, refusal="reset")


def _bypassed(case: _Case) -> Decision | None:
    binding = case.binding
    if binding is not None and binding.get("type") == "bypassed":
        return Decision("allowed", "the guest is bypassed by a binding", _rule(BINDING, binding))
    if case.host.get("bypassed") == "true":
        return Decision("allowed", "the guest's host is bypassed", _rule(HOST, case.host))
    return None


def _authorised(case: _Case) -> Decision | None:
    if case.session is None:
        return None
    menu, row = case.session
    return Decision("allowed", "the guest is logged in", _rule(menu, row))


_VERDICTS: dict[str, tuple[Outcome, Refusal, str]] = {
    "accept": ("allowed", "", "lets it through"),
    "drop": ("refused", "dropped", "drops it"),
    "reject": ("refused", "unreachable", "rejects it"),
}


def _address_rules(case: _Case) -> Decision | None:
    asked = case.request
    found = [row for row in case.rows.get(GARDEN_IP, ()) if _address_rule_holds(row, case.traffic)]
    is_web = asked.protocol == "tcp" and asked.port in (*HTTP_PORTS, HTTPS_PORT)
    if is_web and all(row.get("protocol", "").startswith("!") for row in found):
        return None  # no row for TCP, or for any protocol, keeps it from the router's proxy
    if not found:
        return None
    outcome, refusal, does = _VERDICTS.get(found[0].get("action", "accept"), _VERDICTS["accept"])
    return Decision(outcome, f"a rule for addresses {does}", _rule(GARDEN_IP, found[0]), refusal=refusal)


def _address_rule_holds(row: Row, traffic: Traffic) -> bool:
    # A host name takes the place of both other ways to say where.
    conditions = HOST_CONDITIONS if row.get("dst-host") else ADDRESS_CONDITIONS
    return enabled(row) and holds(row, conditions, traffic)


def _http(case: _Case) -> Decision | None:
    asked = case.request
    if asked.protocol != "tcp" or asked.port not in HTTP_PORTS or asked.scheme == "https":
        return None
    row = _http_rule(case)
    if row is not None and row.get("action", "allow") == "allow":
        return Decision("allowed", "a rule for web pages lets it through", _rule(GARDEN, row))
    where = f"http://{login_host(case.rows, case.server)}/login?dst={quote_plus(asked.address_as_url)}"
    reason = "no rule lets it through" if row is None else "a rule for web pages asks for a login"
    return Decision("redirected", reason, None if row is None else _rule(GARDEN, row), where, 302)


def _https(case: _Case) -> Decision | None:
    asked = case.request
    if asked.protocol != "tcp" or asked.port != HTTPS_PORT:
        return None
    row = _http_rule(case)
    rule = None if row is None else _rule(GARDEN, row)
    if row is not None and row.get("action", "allow") == "allow":
        return Decision("allowed", "a rule for web pages lets it through", rule)
    if case.https_login:
        return Decision("refused", "the router answers with its own certificate", rule, refusal="certificate")
    return Decision("refused", "no rule lets it through and TLS cannot be redirected", rule, refusal="reset")


def _rest(case: _Case) -> Decision:
    refusal: Refusal = "reset" if case.request.protocol == "tcp" else "unreachable"
    return Decision("refused", "no rule lets it through", refusal=refusal)


_STEPS: Sequence[Callable[[_Case], Decision | None]] = (
    _blocked,
    _name_service,
    _own_pages,
    _bypassed,
    _authorised,
    _address_rules,
    _http,
    _https,
)


# -- looking things up ---------------------------------------------------------------------------------


def _http_rule(case: _Case) -> Row | None:
    """The first rule for web pages that holds. Dynamic ones only mirror `walled-garden/ip`."""
    for row in case.rows.get(GARDEN, ()):
        if enabled(row) and row.get("dynamic") != "true" and holds(row, HTTP_CONDITIONS, case.traffic):
            return row
    return None


def _rule(menu: str, row: Row) -> tuple[str, str]:
    return menu, row.get(".id", "")


def _profile(rows: Rows, server: Row) -> Row:
    wanted = server.get("profile", "default")
    for row in rows.get(PROFILE, ()):
        if row.get("name") == wanted:
            return row
    return {}


def _own_addresses(rows: Rows) -> list[tuple[str, str]]:
    """The router's addresses with their interfaces."""
    return [
        (row.get("address", "").partition("/")[0], row.get("interface", ""))
        for row in rows.get(ADDRESS, ())
        if enabled(row)
    ]


def _own_address(rows: Rows, server: Row, profile: Row) -> str:
    held = profile.get("hotspot-address", "")
    if held not in NO_ADDRESS:
        return held
    found = [address for address, place in _own_addresses(rows) if place == server.get("interface")]
    return found[0] if found else ""


def _is_own(case: _Case) -> bool:
    own = {address for address, _ in _own_addresses(case.rows)}
    return bool(case.target) and case.target in own | {case.profile.get("hotspot-address", "")}
