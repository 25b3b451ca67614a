"""Services by which the router is managed."""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item

STORE = "/ip/service"


class Services(Behaviour):
    """All of them speak TCP."""

    def __init__(self) -> None:
        super().__init__(STORE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """The protocol, where the version tells it."""
        return {"proto": "tcp"} if "proto" in menu.by_name else {}
