"""Simple queues: whom they hold, and what went through them.

Counters are the marks `counted-bytes-in`, `counted-bytes-out`, `counted-packets-in` and `counted-packets-out`
of a queue, upload first.
"""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour, Draft
from router_sim.behaviours.interfaces import STORE as INTERFACE
from router_sim.behaviours.naming import to_keys, to_names
from router_sim.network import Prefix
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item, parse_key
from router_sim.traps import no_match
from router_sim.values import BadValue

SIMPLE = "/queue/simple"
TYPE = "/queue/type"
HOLDING = ("target", "dst")


class SimpleQueues(Behaviour):
    """Queues hold addresses or interfaces."""

    def __init__(self) -> None:
        super().__init__(SIMPLE)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """Find the interfaces and the queue types that are named."""
        for name in HOLDING:
            if name in draft.given and draft.values.get(name):
                draft.values[name] = to_keys(state, INTERFACE, draft.values[name], name, other=_network)
        if "queue" in draft.given and "queue" in draft.values:
            keys = [state.find(TYPE, part) for part in draft.values["queue"].split("/")]
            if None in keys:
                raise no_match("queue")
            draft.values["queue"] = "/".join(filter(None, keys))
        if draft.before is not None and draft.values.get("parent") == draft.before.key:
            raise no_match("parent")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Names of what is held, and counters."""
        values = item.values
        derived = {name: to_names(state, INTERFACE, values[name]) for name in HOLDING if values.get(name)}
        if "queue" in values:
            derived["queue"] = "/".join(state.name_of(TYPE, part) for part in values["queue"].split("/"))
        for kind in ("bytes", "packets"):
            up, down = (int(item.marks.get(f"counted-{kind}-{way}", 0)) for way in ("in", "out"))
            if up or down:
                derived |= {kind: f"{up}/{down}", f"total-{kind}": str(up + down)}
        if _misses(state, values):
            derived["invalid"] = "true"
        return derived


def _network(text: str) -> str | None:
    try:
        return Prefix().parse(text)
    except BadValue:
        return None


def _misses(state: State, values: Mapping[str, str]) -> bool:
    """Does the queue hold an interface that is gone?"""
    return any(
        number is not None and state.store(INTERFACE).get(number) is None
        for name in HOLDING
        for number in map(parse_key, values.get(name, "").split(","))
    )
