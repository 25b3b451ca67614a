"""Queues that hold guests to their rates.

A session whose user profile has a rate-limit gets a queue named after its user, made at the login and left as it is
until the next one. A server whose profile has install-hotspot-queue gets one for all its guests, with the rate-limit
of the server profile. Rates are given as upload and download of the guest, which is how queues have them as well.
Assumed: the numbers behind the names of further queues of one user, and that queues stand at the end of the list
unless the profile says `first`.
"""

from collections.abc import Mapping
from dataclasses import replace

from router_sim.behaviour import Behaviour
from router_sim.behaviours.hotspot import ACTIVE, PROFILE, SERVER, USER_PROFILE, profile_of, text_of
from router_sim.behaviours.queues import SIMPLE, TYPE
from router_sim.durations import SECOND, format_duration
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction
from router_sim.values import BadValue

# The parts of a rate-limit in their order, by the property of the queue they become.
PARTS = ("max-limit", "burst-limit", "burst-threshold", "burst-time", "priority", "limit-at")
KIND = "hotspot-default"


def rates(menu: Menu, limit: str) -> dict[str, str]:
    """The properties of a queue for a rate-limit such as `1M/2M 2M/4M 512k/1M 10/10 8`."""
    values = {}
    for name, text in zip(PARTS, limit.split(" "), strict=False):
        if name == "burst-time":
            text = "/".join(format_duration(int(part.rstrip("s")) * SECOND) for part in text.split("/"))
        if "/" not in text:
            text = f"{text}/{text}"
        try:
            values[name] = menu.by_name[name].type.parse(text)
        except BadValue:  # a number larger than a queue takes
            continue
    return values


def add_for_session(tx: Transaction, session: Item, profile: Item) -> Item | None:
    """The queue of a session; None where its profile sets no rate."""
    state = tx.state
    limit = text_of(state, USER_PROFILE, profile, "rate-limit")
    if not limit or SIMPLE not in state.menus:
        return None
    values = {
        "name": _free_name(state, session.values["user"]),
        "target": f"{session.values['address']}/32",
        "queue": _kind(state, profile),
        **rates(state.menus[SIMPLE], limit),
    }
    parent = text_of(state, USER_PROFILE, profile, "parent-queue")
    if parent:
        values["parent"] = parent
    place = text_of(state, USER_PROFILE, profile, "insert-queue-before")
    before = next((queue.id for queue in state.store(SIMPLE)), None) if place == "first" else None
    return tx.add(SIMPLE, values, hold=Hold.DYNAMIC, before=before)


def count(state: State, number: int, counted: Mapping[str, float]) -> None:
    """Traffic went through a queue. That is no change of it, so nobody is told."""
    queue = state.store(SIMPLE).get(number)
    if queue is not None:
        marks = dict(queue.marks)
        for name, value in counted.items():
            marks[f"counted-{name}"] = marks.get(f"counted-{name}", 0.0) + value
        state.writable(SIMPLE).put(replace(queue, marks=marks))


def _free_name(state: State, user: str) -> str:
    store = state.store(SIMPLE)
    name = f"<hotspot-{user}>"
    number = len(state.store(ACTIVE).lookup(("user",), (user,))) - 1 if store.holds(("name",), (name,)) else 0
    while store.holds(("name",), (name,)):
        name = f"<hotspot-{user}-{number}>"
        number += 1
    return name


def _kind(state: State, profile: Item | None = None) -> str:
    named = text_of(state, USER_PROFILE, profile, "queue-type") if profile else ""
    key = state.find(TYPE, named or KIND)
    return f"{key}/{key}"


class ServerQueues(Behaviour):
    """One queue for all guests of each server that wants one."""

    def __init__(self) -> None:
        super().__init__("hotspot queues", watches=(SERVER, PROFILE))

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """Servers or their profiles changed in a way that concerns the queue."""
        if SIMPLE not in tx.state.menus:
            return
        if store == PROFILE:
            if before is not None and after is not None and _wish(before) != _wish(after):
                for server in tx.state.store(SERVER).lookup(("profile",), (after.key,)):
                    self._settle(tx, server.id)
        elif _described(before) != _described(after):
            item = after or before
            if item is not None:
                self._settle(tx, item.id)

    def _settle(self, tx: Transaction, number: int) -> None:
        state = tx.state
        for queue in [queue for queue in state.store(SIMPLE) if queue.marks.get("server") == number]:
            tx.drop(SIMPLE, queue.id)
        server = state.store(SERVER).get(number)
        profile = profile_of(state, server) if server and server.marks.get("works") else None
        if server is None or profile is None or "install-hotspot-queue" not in state.menus[PROFILE].by_name:
            return
        if text_of(state, PROFILE, profile, "install-hotspot-queue") != "true":
            return
        values = {
            "name": f"hs-<{server.values['name']}>",
            "target": server.values["interface"],
            "queue": _kind(state),
            **rates(state.menus[SIMPLE], text_of(state, PROFILE, profile, "rate-limit")),
        }
        tx.add(SIMPLE, values, hold=Hold.DYNAMIC, marks={"server": float(number)})


def _wish(profile: Item) -> tuple[str | None, str | None]:
    return profile.values.get("install-hotspot-queue"), profile.values.get("rate-limit")


def _described(server: Item | None) -> tuple[object, ...]:
    if server is None:
        return ()
    names = ("name", "interface", "profile")
    return (bool(server.marks.get("works")), *(server.values.get(name) for name in names))
