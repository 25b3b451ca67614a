"""Guests on the network: who is in until when, and whose way to an identity provider is open."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.quality.variant.agenda import Agenda
from tests.quality.variant.book import Book, Claim, Habits, Instance

KEPT = timedelta(days=1)
"""How long a stay that is over is still told of."""


@dataclass(frozen=True, slots=True)
class Device:
    """A guest's device behind a hotspot server of a site."""

    site: str
    server: str
    mac: str
    address: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """Name and password that log one device in at one server, for so many seconds in all."""

    server: str
    name: str
    password: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Window:
    """One device may reach one host without being logged in."""

    device: Device
    host: str


@dataclass(slots=True)
class Stay:
    """`ticket` is what the guest logs in with, where that is the way in."""

    id: str
    instance: Instance
    device: Device
    begins: datetime
    ends: datetime
    ticket: Ticket | None
    over: bool = False

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "instance_id": self.instance.id,
            "ip_address": self.device.address,
            "mac_address": self.device.mac.lower(),
            "hostname": None,
            "authenticated_at": self.begins.isoformat(timespec="milliseconds"),
            "expires_at": self.ends.isoformat(timespec="milliseconds"),
            "active": not self.over,
        }


class Stays:
    """`moved` is called with the sites where something has begun or ended."""

    def __init__(
        self,
        book: Book,
        agenda: Agenda,
        now: Callable[[], datetime],
        moved: Callable[[Iterable[str]], None],
        habits: Habits,
    ) -> None:
        self._book = book
        self._agenda = agenda
        self._now = now
        self._moved = moved
        self._habits = habits
        self._secret = secrets.token_bytes(32)
        self._drawn: Counter[tuple[str, str]] = Counter()
        self._stays: list[Stay] = []
        self._windows: set[Window] = set()

    # -- what routers are to hold ----------------------------------------------------------------------

    def tickets(self, site: str, claim: Claim) -> Iterator[Ticket]:
        """For a server of a site those in use, and one for the next guest."""
        if self._habits.admits != "ticket":
            return
        for stay in self._stays:
            device = stay.device
            if (
                stay.ticket is not None
                and not stay.over
                and (device.site, device.server) == (site, claim.server)
            ):
                yield stay.ticket
        yield self._spare(site, claim)

    def let_in(self, site: str) -> Iterator[tuple[Device, int]]:
        """The devices that have no ticket, each with the seconds that are left."""
        for stay in self._stays:
            if stay.ticket is None and not stay.over and stay.device.site == site:
                yield stay.device, max(1, int((stay.ends - self._now()).total_seconds()))

    def windows(self, site: str) -> Iterator[Window]:
        return (window for window in self._windows if window.device.site == site)

    # -- what guests and operators do ------------------------------------------------------------------

    def begin(self, instance: Instance, claim: Claim, device: Device) -> Stay:
        """Let a device in. A device that is in already begins anew."""
        for stay in self._stays:
            if stay.device == device:
                self.end(stay)
        ticket = None
        if self._habits.admits == "ticket":
            ticket = self._spare(device.site, claim)
            self._drawn[device.site, device.server] += 1
        now = self._now()
        ends = now + timedelta(seconds=claim.session_ttl)
        stay = Stay(str(uuid4()), instance, device, now, ends, ticket)
        self._stays = [each for each in self._stays if each.ends > now - KEPT]
        self._stays.append(stay)
        self._agenda.at(ends, lambda: self.end(stay))
        self._moved([device.site])
        return stay

    def end(self, stay: Stay) -> None:
        if not stay.over:
            stay.over = True
            stay.ends = min(stay.ends, self._now())
            self._moved([stay.device.site])

    def open_window(self, device: Device, hosts: Iterable[str], seconds: int) -> None:
        """Open the way to some hosts for so long; a way that is open closes when it would have."""
        for host in hosts:
            window = Window(device, host)
            if window not in self._windows:
                self._windows.add(window)
                ends = self._now() + timedelta(seconds=seconds)
                self._agenda.at(ends, lambda window=window: self._close(window))  # type: ignore[misc]
        self._moved([device.site])

    def close_windows(self, device: Device) -> None:
        for window in [each for each in self._windows if each.device == device]:
            self._close(window)

    def of(self, tenant: str, site: str) -> list[Stay]:
        """The stays at a site, through instances of a tenant."""
        return [each for each in self._stays if each.device.site == site and each.instance.tenant == tenant]

    def forget(self, instance: Instance) -> None:
        """The instance is no more, and nobody is in through it."""
        for stay in self._stays:
            if stay.instance is instance:
                self.end(stay)
        self._stays = [each for each in self._stays if each.instance is not instance]

    def recount(self, site: str) -> None:
        """End what was begun at servers that are no more."""
        servers = {claim.server for claim in self._book.claims(site)}
        for stay in self._stays:
            if stay.device.site == site and stay.device.server not in servers:
                stay.over = True
        self._windows = {
            each for each in self._windows if each.device.site != site or each.device.server in servers
        }

    def _spare(self, site: str, claim: Claim) -> Ticket:
        name = f"{claim.server}-{self._drawn[site, claim.server]}"
        digest = hmac.new(self._secret, f"{site} {name}".encode(), hashlib.sha256)
        return Ticket(claim.server, name, digest.hexdigest()[:20], claim.session_ttl)

    def _close(self, window: Window) -> None:
        if window in self._windows:
            self._windows.discard(window)
            self._moved([window.device.site])
