"""Lists of interfaces."""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour, Draft
from router_sim.behaviours.naming import to_keys, to_names
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.traps import failure

STORE = "/interface/list"
NESTED = ("include", "exclude")


class InterfaceLists(Behaviour):
    """Lists may include and exclude others; those every router has stay what they are."""

    def __init__(self) -> None:
        super().__init__(STORE)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """Find the lists that are named. The words for changing a built-in list are assumed."""
        if draft.hold is Hold.BUILT_IN:
            raise failure("can not change builtin list")
        for name in NESTED:
            if name in draft.given and draft.values.get(name):
                draft.values[name] = to_keys(state, STORE, draft.values[name], name)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Names of the lists included and excluded, and whether every router has this one."""
        derived = {name: to_names(state, STORE, item.values.get(name, "")) for name in NESTED}
        return derived | {"builtin": "true" if item.hold is Hold.BUILT_IN else "false"}
