"""What only a laboratory offers: a clock that can be moved, guests behind its routers, faults of its routers.

Thin clients of the control APIs that `[lab]` of the configuration names. What goes wrong here is a fault of the
laboratory or of the harness, never of the deployment: `LaboratoryError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2

from contract_tests.config import LabConfig, SiteConfig

_TIMEOUT = 30.0  # seconds: moving the clock lets routers and deployment do all that became due
_PASSES = frozenset({"allowed", "open"})


class LaboratoryError(Exception):
    """A control API does not do what it is asked. The message says which and why."""


class _Control:
    """One control API, at one URL."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url.rstrip("/")
        self._http = httpx2.Client(
            timeout=_TIMEOUT,
            trust_env=False,
            # A connection that was kept may be given up by the other side at the very moment it is used again.
            limits=httpx2.Limits(max_keepalive_connections=0),
            headers={} if token is None else {"authorization": f"Bearer {token}"},
        )

    def send(self, method: str, path: str = "", body: Mapping[str, Any] | None = None) -> Any:
        """The data of the answer; None for one without."""
        where = f"{self._url}{path}"
        try:
            answer = self._http.request(method, where, json=body)
        except httpx2.HTTPError as error:
            raise LaboratoryError(f"{method} {where}: {type(error).__name__}: {error}") from None
        if not answer.is_success:
            raise LaboratoryError(f"{method} {where}: {answer.status_code} {answer.text[:300]}")
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise LaboratoryError(f"{method} {where}: the answer is not JSON") from None

    def close(self) -> None:
        self._http.close()


class LabClock:
    """The one clock of a laboratory: deployment, routers and identity provider go by it. It only moves forward."""

    def __init__(self, url: str, token: str | None) -> None:
        self._control = _Control(url, token)

    def now(self) -> datetime:
        """The present moment there, as an aware UTC datetime."""
        return _moment(self._control.send("GET"))

    def advance(self, seconds: float) -> datetime:
        """Move it forward by so many seconds and let what is due happen; gives the time afterwards."""
        return _moment(self._control.send("POST", "/advance", {"seconds": seconds}))

    def close(self) -> None:
        self._control.close()


def _moment(told: Any) -> datetime:
    try:
        return datetime.fromisoformat(told["now"]).astimezone(UTC)
    except (TypeError, KeyError, ValueError) as error:
        raise LaboratoryError(f"the clock does not tell the time: {told!r} ({error})") from None


@dataclass(frozen=True, slots=True)
class Visit:
    """What became of one request of a guest.

    `passes`: the router let it through (or nothing guards the guest). `reached`: somebody answered, be it the
    router itself; only then there are status, headers and page. `address` is where the packets went.
    """

    url: str
    passes: bool
    reached: bool
    reason: str
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    page: str = ""
    address: str = ""
    local: bool = False  # the router's own page

    def header(self, name: str) -> str:
        """The first header of that name; empty without one."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def cookies(self) -> Iterator[str]:
        """The value of every Set-Cookie header."""
        return (value for key, value in self.headers if key.lower() == "set-cookie")

    @property
    def text(self) -> str:
        """In short, for messages."""
        if not self.reached:
            return "let through, but nobody is there" if self.passes else f"refused ({self.reason})"
        to = self.header("location")
        return f"{self.status}" + (f" to {to}" if to else "")


@dataclass(slots=True)
class Guest:
    """A guest behind a router of the laboratory. `trail` tells what it did so far, for reports."""

    id: str
    site: str
    subnet: str
    mac: str
    address: str
    _control: _Control = field(repr=False)
    trail: list[str] = field(default_factory=list, repr=False)
    gone: bool = False

    def request(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: str = ""
    ) -> Visit:
        """Ask for a URL; no redirect is followed."""
        asked = {"url": url, "method": method, "headers": dict(headers or {}), "body": body}
        visit = _visit(url, self._ask("/request", asked))
        self.trail.append(f"{self.address} {method} {url}: {visit.text}")
        return visit

    def reaches(self, address: str, port: int = 0, protocol: str = "tcp") -> bool:
        """Does the router let a packet to this IPv4 address through? Whether anybody is there does not matter."""
        told = self._ask("/request", {"address": address, "port": port, "protocol": protocol})
        visit = _visit(address, told)
        does = "passes" if visit.passes else f"does not pass: {visit.reason}"
        self.trail.append(f"{self.address} {protocol} to {address}:{port} {does}")
        return visit.passes

    def resolve(self, name: str) -> Sequence[str]:
        """The addresses that the name service gives the guest."""
        told = self._ask("/resolve", {"name": name})
        addresses = [str(each) for each in told.get("addresses", ())]
        self.trail.append(f"{self.address} asks for the name {name}: {', '.join(addresses) or 'no address'}")
        return addresses

    def logout(self) -> None:
        """Ask the router for its logout page; nothing happens where no hotspot guards the guest."""
        try:
            self._ask("/logout", {})
        except LaboratoryError as error:
            if ": 409 " not in str(error):
                raise

    def leave(self) -> None:
        """Go away. Harmless when repeated."""
        if not self.gone:
            self.gone = True
            self._control.send("DELETE", f"/{self.id}")

    def _ask(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._control.send("POST", f"/{self.id}{path}", body)


def _visit(url: str, told: Mapping[str, Any]) -> Visit:
    status = told.get("status")
    return Visit(
        url=url,
        passes=told.get("outcome") in _PASSES,
        reached=bool(told.get("reached")),
        reason=str(told.get("error") or told.get("reason") or ""),
        status=status if told.get("reached") else None,
        headers=tuple((str(name), str(value)) for name, value in told.get("headers", ())),
        page=str(told.get("body_start", "")),
        address=str(told.get("address", "")),
        local=bool(told.get("servlet")) or told.get("outcome") == "redirected",
    )


class Guests:
    """Puts guests behind the routers of sites, and takes them away again.

    `slowest` is how many seconds a deployment took at most, so far, to do what a guest waited for.
    """

    def __init__(self, url: str, token: str | None) -> None:
        self._control = _Control(url, token)
        self._here: list[Guest] = []
        self.slowest: float | None = None

    def join(self, site: SiteConfig, subnet: str, *, mac: str = "", host_name: str = "") -> Guest:
        """A new guest in a subnet of the site; with the `mac` of another one it is that device in a new place."""
        if site.router is None:
            raise LaboratoryError(
                f"site {site.id} has no router in the configuration, so no guest can join it"
            )
        wanted = {"router": site.router.host, "subnet": subnet, "mac": mac, "host_name": host_name}
        told = self._control.send("POST", "", {name: value for name, value in wanted.items() if value})
        guest = Guest(str(told["id"]), site.id, subnet, told["mac"], told["address"], self._control)
        self._here.append(guest)
        return guest

    def leave(self) -> None:
        """All guests go, also those whose test failed."""
        here, self._here = self._here, []
        for guest in here:
            guest.leave()

    def close(self) -> None:
        self._control.close()


class Faults:
    """Plans faults of routers, and ends them."""

    def __init__(self, url: str, token: str | None) -> None:
        self._control = _Control(url, token)
        self._planned: list[int] = []

    def plan(self, site: SiteConfig, kind: str, **properties: Any) -> int:
        """Put a fault of the router of the site in force; gives its number. `properties` are those of the lab."""
        if site.router is None:
            raise LaboratoryError(
                f"site {site.id} has no router in the configuration, so it can have no fault"
            )
        told = self._control.send("POST", "", {"kind": kind, "router": site.router.host, **properties})
        self._planned.append(int(told["id"]))
        return self._planned[-1]

    def pending(self) -> frozenset[int]:
        """The numbers of the planned faults that have not come to their end."""
        active = {int(each["id"]) for each in self._control.send("GET")}
        return frozenset(active.intersection(self._planned))

    def clear(self) -> None:
        """End those that are planned here and still in force."""
        for number in self.pending():
            self._control.send("DELETE", f"/{number}")
        self._planned.clear()

    def close(self) -> None:
        self._control.close()


class Laboratory:
    """The capabilities that a configuration names; each is None where it does not.

    Opened on first use by a worker, closed with it.
    """

    def __init__(self, config: LabConfig) -> None:
        self.clock = None if config.clock is None else LabClock(config.clock, config.token)
        self.guests = None if config.guests is None else Guests(config.guests, config.token)
        self.faults = None if config.faults is None else Faults(config.faults, config.token)

    def close(self) -> None:
        for part in (self.clock, self.guests, self.faults):
            if part is not None:
                part.close()
