"""Hotspot servers, users and bindings: which server guards an interface, and what follows.

Of several enabled servers on one interface the one that has been there longest works, the others
are invalid; when it goes, the next works at once. A server that stops working ends its hosts.
"""

from collections.abc import Mapping
from dataclasses import replace

from router_sim.behaviour import Behaviour, Draft
from router_sim.behaviours.interfaces import is_enabled, usable
from router_sim.durations import format_elapsed
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.values import split_list

SERVER = "/ip/hotspot"
PROFILE = "/ip/hotspot/profile"
USER = "/ip/hotspot/user"
USER_PROFILE = "/ip/hotspot/user/profile"
BINDING = "/ip/hotspot/ip-binding"
HOST = "/ip/hotspot/host"


def serving(state: State, interface: str) -> Item | None:
    """The server that works on the interface with this identifier."""
    for server in state.store(SERVER).lookup(("interface",), (interface,)):
        if server.marks.get("works"):
            return server
    return None


def profile_of(state: State, server: Item) -> Item | None:
    """The server profile a server uses."""
    return state.item(state.menus[PROFILE], state.value(state.menus[SERVER], server, "profile"))


class Servers(Behaviour):
    """Decides which servers work. `claim` numbers them by how long they have wanted their interface."""

    def __init__(self) -> None:
        super().__init__(SERVER, watches=("/interface",))

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
        profile = profile_of(state, item)
        if profile is None:
            return derived
        held = state.menus[PROFILE]
        secure = "https" in split_list(state.value(held, profile, "login-by"))
        if secure and state.value(held, profile, "ssl-certificate") != "none":
            derived["HTTPS"] = "true"
        if state.value(held, profile, "dns-name"):
            derived["ip-of-dns-name"] = state.value(held, profile, "hotspot-address")
        return derived

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """Settle who works now; hosts of a server that is gone, idle or elsewhere go."""
        self._settle(tx)
        if store != SERVER or before is None:
            return
        current = tx.state.store(SERVER).get(before.id)
        works = current is not None and current.marks.get("works")
        if current is None or not works or current.values["interface"] != before.values["interface"]:
            self._end_hosts(tx, before)

    def _settle(self, tx: Transaction) -> None:
        first: dict[str, Item] = {}
        servers = list(tx.state.store(SERVER))
        for server in servers:
            interface = server.values["interface"]
            if is_enabled(server) and usable(tx.state, interface):
                holder = first.get(interface)
                if holder is None or server.marks.get("claim", 0) < holder.marks.get("claim", 0):
                    first[interface] = server
        working = {server.id for server in first.values()}
        for server in servers:
            current = tx.state.store(SERVER).get(server.id)
            works = float(server.id in working)
            if current is not None and current.marks.get("works", 0.0) != works:
                tx.put(SERVER, replace(current, marks={**current.marks, "works": works}))

    def _end_hosts(self, tx: Transaction, server: Item) -> None:
        for host in tx.state.store(HOST).lookup(("server",), (server.key,)):
            tx.drop(HOST, host.id)


class Users(Behaviour):
    """Counters of hotspot users."""

    def __init__(self) -> None:
        super().__init__(USER)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Time spent in sessions that have ended."""
        return {"uptime": format_elapsed(item.marks.get("counted-uptime", 0))}


class Bindings(Behaviour):
    """The two types that make a difference are shown as flags as well."""

    def __init__(self) -> None:
        super().__init__(BINDING)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """`blocked` or `bypassed`."""
        kind = item.values.get("type")
        return {kind: "true"} if kind in ("blocked", "bypassed") else {}


class WalledGarden(Behaviour):
    """Counts how often a rule matched."""

    def __init__(self) -> None:
        super().__init__("/ip/hotspot/walled-garden")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Number of matches."""
        return {"hits": str(int(item.marks.get("counted-hits", 0)))}
