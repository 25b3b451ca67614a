"""The hotspot of a router as its guests meet it: what they send, their logins, and what they are told.

Over the API a router only shows and removes hosts and sessions; what makes them is traffic, and this is where
traffic comes in. A guest that was seen and of which nothing more is said is taken to be present and talking, so
that neither idle-timeout nor keepalive-timeout strikes. From its first `traffic` on its silence counts, and from
`reachable(mac, False)` on its absence.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from router_sim.behaviours import (
    address_list,
    hotspot_cookies,
    hotspot_hosts,
    hotspot_trial,
    hotspot_walled_garden,
)
from router_sim.behaviours.hotspot import (
    COUNTERS,
    HOST,
    SERVER,
    host_at,
    profile_of,
    server_of,
    session_of,
)
from router_sim.behaviours.hotspot_login import (
    COMPANIONS,
    Attempt,
    Challenge,
    LoginRefused,
    methods_of,
    trial_name,
)
from router_sim.behaviours.hotspot_sessions import CAUSES, count, log_in, log_out
from router_sim.hotspot_status import GuestStatus, status_of
from router_sim.network import Address, Mac
from router_sim.state import State
from router_sim.store import Item, parse_key
from router_sim.transaction import Transaction
from router_sim.values import BadValue

__all__ = ["CAUSES", "Challenge", "GuestStatus", "Host", "HotspotService", "Login", "LoginRefused"]

MOST_AT_ONCE = 2**53  # bytes or packets in one report; counters are exact up to there
CHALLENGE_LIFE = 3600.0  # seconds for which the challenge of a login page can be answered

Write = Callable[[Callable[[Transaction], None]], None]


@dataclass(frozen=True, slots=True)
class Host:
    """A guest as a server holds it; `id` is its row of /ip/hotspot/host, `server` a name."""

    id: str
    mac: str
    address: str
    to_address: str
    server: str
    authorized: bool
    bypassed: bool
    blocked: bool


@dataclass(frozen=True, slots=True)
class Login:
    """A login that succeeded: the row of /ip/hotspot/active, who and how.

    `cookie` is what the browser is given to come back with; empty where the profile wants none.
    """

    session: str
    user: str
    domain: str
    method: str
    cookie: str = ""


@dataclass(slots=True)
class _Page:
    """What the login page of a host was last given."""

    mac: str
    challenge: Challenge
    issued: float
    error: str = ""


class HotspotService:
    """One router's hotspot. Every method is one transaction and returns plain data.

    Methods that take a hardware or IP address raise ValueError for text that is none. `write` runs a change of
    the router in a transaction; `random` gives so many random bytes.
    """

    def __init__(
        self,
        state: State,
        write: Write,
        tick: Callable[[], None],
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._state = state
        self._write = write
        self._tick = tick
        self._random = random
        self._pages: dict[str, _Page] = {}

    # -- what guests do ------------------------------------------------------------------------------

    def seen(self, mac: str, address: str, interface: str, *, found_by: str = "") -> Host | None:
        """A packet of a guest arrives at an interface: its host appears, or is looked at again.

        Bindings made since take effect. `found_by` is what the host table shows, such as `DHCP` or
        `TCP :49711 -> 192.0.2.1:443`; an ARP request when left out. None when no server works on the interface,
        or the guest has as many addresses as it may.
        """
        mac, address = _guest(mac, address)
        found: list[Item | None] = []
        self._write(lambda tx: found.append(hotspot_hosts.seen(tx, mac, address, interface, found_by)))
        return _host(self._state, found[0]) if found[0] else None

    def gone(self, mac: str, address: str | None = None) -> None:
        """A guest is gone, with one address or all it had, and the router knows at once."""
        mac, checked = _guest(mac, address or "0.0.0.0")  # noqa: S104 - a placeholder, nothing binds
        self._write(lambda tx: hotspot_hosts.gone(tx, mac, None if address is None else checked))

    def traffic(
        self,
        mac: str,
        address: str,
        *,
        bytes_in: int = 0,
        bytes_out: int = 0,
        packets_in: int = 0,
        packets_out: int = 0,
    ) -> None:
        """Traffic of a guest, `in` being what it sends. Counts for host and session, ends the guest's silence.

        The session ends when a limit of the user is reached. Nothing happens for a guest without a host.
        """
        mac, address = _guest(mac, address)
        numbers = (bytes_in, bytes_out, packets_in, packets_out)
        if not 0 <= min(numbers) <= max(numbers) <= MOST_AT_ONCE:
            raise ValueError(f"traffic is between 0 and {MOST_AT_ONCE} at a time")
        counted = dict(zip(COUNTERS, map(float, numbers), strict=True))

        def change(tx: Transaction) -> None:
            for host in self._state.store(HOST).lookup(("mac-address",), (mac,)):
                if address in (host.values["address"], host.values["to-address"]):
                    count(tx, host, counted)

        self._write(change)

    def reachable(self, mac: str, answers: bool) -> None:
        """Does the guest answer when the router looks whether it is still there?

        One that does not is logged out after the keepalive-timeout of its profile, and its host goes after
        that of the server.
        """
        mac, _ = _guest(mac, "0.0.0.0")  # noqa: S104 - a placeholder, nothing binds
        self._write(lambda tx: hotspot_hosts.present(tx, mac, answers=answers))

    def hit(self, id: str) -> None:
        """A rule of /ip/hotspot/walled-garden matched; no such rule is no matter."""
        number = parse_key(id)
        if number is not None:
            hotspot_walled_garden.hit(self._state, number)

    def refresh(self) -> None:
        """Ask again for the addresses of the names in the walled garden and in address lists."""

        def change(tx: Transaction) -> None:
            address_list.refresh(tx)
            hotspot_walled_garden.refresh(tx)

        self._write(change)

    # -- logging in and out --------------------------------------------------------------------------

    def login(
        self,
        address: str,
        *,
        method: str,
        user: str = "",
        password: str = "",
        chap: str | None = None,
        domain: str = "",
        cookie: str = "",
    ) -> Login:
        """Log the guest at an address in. Raises LoginRefused.

        `method` is one of `login-by`, and must be offered by the server's profile. `chap` is the hexadecimal
        answer to the challenge `status` told, for http-chap; `cookie` the value of the browser's cookie, for the
        method cookie; a trial needs no user.
        """
        host = self._known(address)
        attempt = self._attempt(host, method, user, password, chap, domain, cookie)
        done: list[Login] = []
        failed: list[LoginRefused] = []

        def change(tx: Transaction) -> None:
            try:
                # Time may have run out for the host since it was looked up.
                held = tx.state.store(HOST).get(host.id)
                if held is None:
                    raise LoginRefused("internal-error", error=f"unknown host IP {address}")
                if method == "trial":
                    hotspot_trial.prepare(tx, held)
                session = log_in(tx, held, attempt)
            except LoginRefused as refusal:
                failed.append(refusal)
                return
            token = ""
            if method in COMPANIONS or method == "cookie":
                token = self._cookie(tx, host, session)
            done.append(_login(session, token))

        self._write(change)
        page = self._pages.get(host.key)
        if failed:
            if page is not None:
                page.error = failed[0].text
            raise failed[0]
        self._pages.pop(host.key, None)
        return done[0]

    def logout(self, address: str, cause: str = "user request", *, erase_cookie: bool = False) -> bool:
        """Log the guest at an address out; returns whether it was logged in.

        `cause` is one of CAUSES. `erase_cookie` also takes its HTTP cookies away. Raises ValueError for another
        cause.
        """
        if cause not in CAUSES:
            raise ValueError(f"{cause!r} ends no session; the causes are {', '.join(CAUSES)}")
        self._tick()
        host = host_at(self._state, _address(address))
        session = session_of(self._state, host) if host else None

        def change(tx: Transaction) -> None:
            if session is not None:
                log_out(tx, session.id, cause)
            if erase_cookie and host is not None:
                hotspot_cookies.forget_http(tx, host.values["mac-address"])

        self._write(change)
        return session is not None

    def status(self, address: str) -> GuestStatus | None:
        """What there is to tell the guest at an address; None for one the router has not seen.

        The challenge stays the same until it was used or is an hour old, so several pages may be open.
        """
        self._tick()
        host = host_at(self._state, _address(address))
        if host is None:
            return None
        page = self._page(host)
        return status_of(self._state, host, page.challenge, page.error)

    # -- inside --------------------------------------------------------------------------------------

    def _known(self, address: str) -> Item:
        self._tick()
        host = host_at(self._state, _address(address))
        if host is None:
            raise LoginRefused("internal-error", error=f"unknown host IP {address}")
        return host

    def _attempt(
        self, host: Item, method: str, user: str, password: str, chap: str | None, domain: str, cookie: str
    ) -> Attempt:
        if method == "trial":
            # A page asks for the trial of a hardware address by name; without one the guest's own is meant.
            return Attempt(user or trial_name(host), method)
        if method == "cookie":
            held = hotspot_cookies.http_cookie(self._state, host.values["mac-address"], cookie)
            if held is None:
                return Attempt(user, method, None)
            return Attempt(
                held.values["user"], method, held.values["password"], held.values.get("domain", domain)
            )
        if method == "http-chap":
            page = self._pages.get(host.key)
            valid = page is not None and page.mac == host.values["mac-address"] and self._is_fresh(page)
            challenge = page.challenge if page is not None and valid else Challenge(0, self._random(16))
            return Attempt(user, method, "", domain, challenge, chap or "")
        return Attempt(user, method, password, domain)

    def _page(self, host: Item) -> _Page:
        page = self._pages.get(host.key)
        if page is None or page.mac != host.values["mac-address"] or not self._is_fresh(page):
            hosts = self._state.store(HOST)
            if len(self._pages) > 2 * len(hosts) + 16:
                self._pages = {
                    key: page for key, page in self._pages.items() if hosts.get(parse_key(key) or 0)
                }
            challenge = Challenge(self._random(1)[0], self._random(16))
            page = _Page(host.values["mac-address"], challenge, self._now())
            self._pages[host.key] = page
        return page

    def _is_fresh(self, page: _Page) -> bool:
        return 0 <= self._now() - page.issued < CHALLENGE_LIFE

    def _now(self) -> float:
        return self._state.now().timestamp()

    def _cookie(self, tx: Transaction, host: Item, session: Item) -> str:
        server = server_of(self._state, host)
        profile = profile_of(self._state, server) if server else None
        if profile is None or "cookie" not in methods_of(self._state, profile):
            return ""
        hotspot_cookies.forget_http(tx, host.values["mac-address"])
        token = self._random(16).hex()
        hotspot_cookies.issue(tx, profile, session, token)
        return token


def _host(state: State, host: Item) -> Host:
    return Host(
        host.key,
        host.values["mac-address"],
        host.values["address"],
        host.values["to-address"],
        state.name_of(SERVER, host.values["server"]),
        host.values.get("authorized") == "true",
        host.values["bypassed"] == "true",
        bool(host.marks.get("blocked")),
    )


def _login(session: Item, token: str) -> Login:
    values = session.values
    return Login(session.key, values["user"], values.get("domain", ""), values["login-by"], token)


def _address(text: str) -> str:
    return _guest("00:00:00:00:00:00", text)[1]


def _guest(mac: str, address: str) -> tuple[str, str]:
    try:
        return Mac().parse(mac), Address().parse(address)
    except BadValue as bad:
        raise ValueError(f"no guest can be {mac} with {address}: {bad.describe('guest')}") from None
