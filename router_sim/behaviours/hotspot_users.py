"""Hotspot users: what they have used up in sessions that have ended.

Those of guests on trial are made by the router, one for each hardware address, and go when the guest may
try anew.
"""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour
from router_sim.behaviours.hotspot import COUNTERS, USER
from router_sim.durations import format_elapsed
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction


class Users(Behaviour):
    """Counters of hotspot users."""

    stored = frozenset(
        {".id", "name", "profile", "server", "comment", "disabled", "mac-address", "address", "email"}
    )

    def __init__(self) -> None:
        super().__init__(USER)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Time and traffic of sessions that have ended."""
        marks = item.marks
        derived = {"uptime": format_elapsed(marks.get("counted-uptime", 0))}
        for name in COUNTERS:
            if count := marks.get(f"counted-{name}"):
                derived[name] = str(int(count))
        return derived

    def expired(self, tx: Transaction, item: Item) -> None:
        """The time after which a trial may be had again is over."""
        tx.drop(USER, item.id)
