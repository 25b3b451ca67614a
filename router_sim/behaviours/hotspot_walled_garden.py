"""The walled garden: what may be reached without a login."""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour
from router_sim.behaviours.hotspot import WALLED_GARDEN
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item


class WalledGarden(Behaviour):
    """Counts how often a rule matched."""

    def __init__(self) -> None:
        super().__init__(WALLED_GARDEN)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Number of matches."""
        return {"hits": str(int(item.marks.get("counted-hits", 0)))}
