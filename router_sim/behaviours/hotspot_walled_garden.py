"""The walled garden: what may be reached without a login."""

from collections.abc import Mapping
from dataclasses import replace

from router_sim.behaviour import Behaviour
from router_sim.behaviours.hotspot import WALLED_GARDEN
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction


class WalledGarden(Behaviour):
    """Counts how often a rule matched."""

    def __init__(self) -> None:
        super().__init__(WALLED_GARDEN)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Number of matches."""
        return {"hits": str(int(item.marks.get("counted-hits", 0)))}


def hit(state: State, number: int) -> None:
    """A rule matched. Counting is no change of the rule, so nobody is told."""
    rule = state.store(WALLED_GARDEN).get(number)
    if rule is not None:
        marks = {**rule.marks, "counted-hits": rule.marks.get("counted-hits", 0.0) + 1}
        state.writable(WALLED_GARDEN).put(replace(rule, marks=marks))


def refresh(tx: Transaction) -> None:
    """Ask again for the addresses of the names in the walled garden."""
