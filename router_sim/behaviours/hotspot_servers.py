"""Hotspot servers: which of them guard an interface, and what their profiles make them offer.

Of several enabled servers on one interface the one that has been there longest works, the others
are invalid; when it goes, the next works at once. A server that stops working ends its hosts. While device
mode denies hotspots none works: the configuration is kept, and each server says why. Timeouts of a server hold at
once for the hosts it has (assumed).
"""

from collections.abc import Mapping
from dataclasses import replace

from router_sim.behaviour import Behaviour, Draft, Verb
from router_sim.behaviours import device_mode, hotspot_pages
from router_sim.behaviours.hotspot import HOST, PROFILE, SERVER, address_of, profile_of, text_of
from router_sim.behaviours.hotspot_timing import reschedule
from router_sim.behaviours.interfaces import is_enabled, usable
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.values import split_list

PATIENCE = ("idle-timeout", "keepalive-timeout", "login-timeout")
NOT_ALLOWED = "inactivated, not allowed by device-mode"


class Servers(Behaviour):
    """Decides which servers work. `claim` numbers them by how long they have wanted their interface."""

    def __init__(self) -> None:
        super().__init__(SERVER, watches=("/interface", device_mode.STORE))

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """A server that is switched on, or put on another interface, queues up behind the others."""
        enabled = draft.values.get("disabled") != "true"
        before = draft.before
        same = (
            before is not None
            and is_enabled(before)
            and before.values["interface"] == draft.values["interface"]
        )
        if enabled and not same:
            draft.marks["claim"] = state.next_number()

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Whether it works, and what its profile makes it offer."""
        works = bool(item.marks.get("works"))
        derived = {"invalid": "true" if is_enabled(item) and not works else "false"}
        if works:
            derived["proxy-status"] = "running"
        elif "about" in menu.by_name and is_enabled(item) and not device_mode.allows(state, "hotspot"):
            derived["about"] = NOT_ALLOWED
        profile = profile_of(state, item)
        if profile is None:
            return derived
        if serves_https(state, profile):
            derived["HTTPS"] = "true"
        if text_of(state, PROFILE, profile, "dns-name"):
            derived["ip-of-dns-name"] = address_of(state, item)
        return derived

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """Settle who works now; hosts of a server that is gone, idle or elsewhere go."""
        if before is None or after is None or before.values is not after.values:
            self._settle(tx, _concerned(tx.state, store, before, after))
        if store != SERVER or before is None:
            return
        if after is not None and any(before.values.get(name) != after.values.get(name) for name in PATIENCE):
            for host in tx.state.store(HOST).lookup(("server",), (after.key,)):
                reschedule(tx.state, host)
        current = tx.state.store(SERVER).get(before.id)
        works = current is not None and current.marks.get("works")
        if current is None or not works or current.values["interface"] != before.values["interface"]:
            self._end_hosts(tx, before)

    def verbs(self) -> Mapping[str, Verb]:
        """`reset-html` puts the stock login pages back."""
        return {"reset-html": hotspot_pages.reset_html()}

    def _settle(self, tx: Transaction, servers: list[Item]) -> None:
        first: dict[str, Item] = {}
        allowed = device_mode.allows(tx.state, "hotspot")
        for server in servers if allowed else ():
            interface = server.values["interface"]
            if is_enabled(server) and usable(tx.state, interface):
                holder = first.get(interface)
                if holder is None or server.marks.get("claim", 0) < holder.marks.get("claim", 0):
                    first[interface] = server
        working = {server.id for server in first.values()}
        # Those that begin come first, so that what is there for all of them is not taken away in between.
        for server in sorted(servers, key=lambda server: server.id not in working):
            current = tx.state.store(SERVER).get(server.id)
            works = float(server.id in working)
            if current is not None and current.marks.get("works", 0.0) != works:
                tx.put(SERVER, replace(current, marks={**current.marks, "works": works}))

    def _end_hosts(self, tx: Transaction, server: Item) -> None:
        for host in tx.state.store(HOST).lookup(("server",), (server.key,)):
            tx.drop(HOST, host.id)


def serves_https(state: State, profile: Item) -> bool:
    """Is there a login page over TLS? It takes the login method and a certificate."""
    methods = split_list(text_of(state, PROFILE, profile, "login-by"))
    return "https" in methods and text_of(state, PROFILE, profile, "ssl-certificate") != "none"


def _concerned(state: State, store: str, before: Item | None, after: Item | None) -> list[Item]:
    """The servers of the interfaces that a change is about; all of them when it is about the router."""
    servers = state.store(SERVER)
    if store == SERVER:
        interfaces = {item.values["interface"] for item in (before, after) if item is not None}
    elif store == "/interface":
        interfaces = {item.key for item in (before, after) if item is not None}
    else:
        return list(servers)
    return [server for interface in interfaces for server in servers.lookup(("interface",), (interface,))]
