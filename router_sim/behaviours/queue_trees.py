"""The queue tree: what each queue is a part of.

The parent is kept as the name it was given; a queue whose parent has gone is invalid. That a queue cannot be
below itself, and with which words that is refused, is assumed.
"""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour, Draft
from router_sim.behaviours.interfaces import STORE as INTERFACES
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.traps import no_match

TREE = "/queue/tree"
EVERYTHING = "global"


class QueueTree(Behaviour):
    """Queues below interfaces, other queues, or all there is."""

    def __init__(self) -> None:
        super().__init__(TREE)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """The parent is there, and is not the queue itself or one below it."""
        if "parent" not in draft.given:
            return
        parent, own = draft.values["parent"], draft.values.get("name", "")
        if not _is_there(state, parent):
            raise no_match("parent")
        passed: set[str] = set()
        while parent not in passed:
            if parent == own and draft.before is not None:
                raise no_match("parent")
            passed.add(parent)
            above = state.store(TREE).lookup(("name",), (parent,))
            parent = above[0].values["parent"] if above else EVERYTHING

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Whether it is part of anything."""
        return {"invalid": "false" if _is_there(state, item.values["parent"]) else "true"}


def _is_there(state: State, parent: str) -> bool:
    if parent == EVERYTHING or state.find(INTERFACES, parent) is not None:
        return True
    return state.store(TREE).holds(("name",), (parent,))
