"""What a reboot takes from a router, and how the router comes back bit by bit.

A router that starts is not ready when it first answers. Seen on virtual routers, in this order: connections
are refused; they are accepted and reset; logins fail although the password is right, because the users are not
loaded yet; answers lack parts; then all is well. How long each takes differs between machines, so the times are
a setting; those here are assumed.

Kept: the configuration, files, counters of hotspot users, and cookies (the last two are assumed). Lost: hosts
and sessions of the hotspot, who is logged in, what runs out or was learned, the log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from router_sim.behaviours import device_mode, log
from router_sim.exchange import Reply
from router_sim.store import Item
from router_sim.transaction import Transaction


class Phase(Enum):
    """How far a router has come since it was started."""

    OFF = "off"  # nothing listens
    RESETTING = "resetting"  # connections are made and reset at the first byte
    LOCKED = "locked"  # nobody can log in yet
    INCOMPLETE = "incomplete"  # some answers lack parts
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootTimes:
    """Seconds each phase of a start takes. Raises ValueError for one that is no time."""

    off: float = 5.0
    resetting: float = 2.0
    locked: float = 2.0
    incomplete: float = 2.0

    def __post_init__(self) -> None:
        for name in ("off", "resetting", "locked", "incomplete"):
            if not 0 <= getattr(self, name) <= 86400:
                raise ValueError(f"{name}: {getattr(self, name)} is not between 0 and 86400 seconds")


@dataclass(frozen=True, slots=True)
class Boot:
    """A start that is under way since a moment; `times` None for a router that was shut down."""

    since: datetime
    times: BootTimes | None

    def phase(self, now: datetime) -> Phase:
        """How far the router has come."""
        if self.times is None:
            return Phase.OFF
        left = (now - self.since).total_seconds()
        for phase, seconds in (
            (Phase.OFF, self.times.off),
            (Phase.RESETTING, self.times.resetting),
            (Phase.LOCKED, self.times.locked),
            (Phase.INCOMPLETE, self.times.incomplete),
        ):
            if left < seconds:
                return phase
            left -= seconds
        return Phase.READY


# What a store loses: every item, or what was learned or runs out.
ALL, MADE = "all", "made"
VOLATILE: Mapping[str, str] = {
    "/ip/hotspot/host": ALL,  # with the sessions, which therefore leave their cookies
    "/ip/hotspot/active": ALL,
    "/ip/firewall/address-list": MADE,
    "/ip/firewall/connection": ALL,
    "/ip/dns/cache": ALL,
    "/ip/arp": MADE,
    "/ip/pool/used": ALL,
    "/system/script/job": ALL,
    "/user/active": ALL,
    "/log": ALL,
}

# Missing from an answer until the router has come up completely.
WITHHELD: Mapping[str, frozenset[str]] = {
    "/system/resource/print": frozenset({"board-name", "platform", "architecture-name", "cpu"}),
    "/system/resource/get": frozenset({"board-name", "platform", "architecture-name", "cpu"}),
}


def lose_volatile(tx: Transaction, *, cold: bool) -> None:
    """Take from a router what does not outlast a restart; `cold` means that the power was cut."""
    for path, kind in VOLATILE.items():
        if path in tx.state.stores:
            for item in list(tx.state.store(path)):
                if _is_lost(item, kind):
                    tx.drop(path, item.id)
    if cold:
        device_mode.power_cycled(tx)
    tx.state.behaviours.tell_booted(tx, cold=cold)
    if cold:
        text = "router was rebooted without proper shutdown, probably power outage"
        log.write(tx, "system,error,critical", text)
    else:
        log.write(tx, "system,info", "router rebooted")


def _is_lost(item: Item, kind: str) -> bool:
    # Rows that follow from the configuration are there again as soon as the router is.
    return kind == ALL or item.due is not None or item.values.get("dynamic") == "true"


def withhold(path: str, reply: Reply) -> Reply:
    """The answer of a router that has not come up completely."""
    missing = WITHHELD.get(path)
    if missing is None or not reply.rows:
        return reply
    rows = tuple({name: row[name] for name in row if name not in missing} for row in reply.rows)
    return replace(reply, rows=rows)
