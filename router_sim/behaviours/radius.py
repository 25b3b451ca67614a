"""Counters of RADIUS. The simulator asks no RADIUS server, so they stay nought."""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.behaviours.monitors import WATCHING, monitor, monitor_items
from router_sim.exchange import Reply
from router_sim.selection import SELECTORS

SERVERS = "/radius"
INCOMING = "/radius/incoming"
ASKED = ("pending", "requests", "accepts", "rejects", "resends", "timeouts", "bad-replies")
TAKEN = ("requests", "bad-requests", "acks", "naks")


class RadiusServers(Behaviour):
    """The servers the router would ask."""

    def __init__(self) -> None:
        super().__init__(SERVERS)

    def verbs(self) -> Mapping[str, Verb]:
        """`monitor` shows the counters of servers, `reset-counters` is for all of them at once."""
        return {
            "monitor": Verb(self._monitor, WATCHING | set(SELECTORS)),
            "reset-counters": Verb(lambda call: Reply()),
        }

    def _monitor(self, call: Call) -> Reply:
        return monitor_items(call, lambda item: {**dict.fromkeys(ASKED, "0"), "last-request-rtt": "0s"})


class RadiusIncoming(Behaviour):
    """Requests of RADIUS servers to the router."""

    def __init__(self) -> None:
        super().__init__(INCOMING)

    def verbs(self) -> Mapping[str, Verb]:
        """`monitor` shows the counters, `reset-counters` clears them."""
        return {
            "monitor": Verb(lambda call: monitor(call, lambda: [dict.fromkeys(TAKEN, "0")]), WATCHING),
            "reset-counters": Verb(lambda call: Reply()),
        }
