"""Firewall rules: what makes one invalid, and how often it matched.

Counters are the marks `counted-bytes` and `counted-packets` of a rule. Rules keep the order in which they
were put, dynamic ones among them.
"""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour
from router_sim.schema import Menu, version_key
from router_sim.state import State
from router_sim.store import Item, parse_key

FILTER = "/ip/firewall/filter"
NAT = "/ip/firewall/nat"
# Newer versions print these only once given; from which version on is assumed.
SWITCHES = {"disabled": "false", "log": "false", "log-prefix": ""}
SWITCHES_LEFT_OUT_SINCE = (7, 20)
NAMING = {
    f"{way}-{kind}": store
    for way in ("in", "out")
    for kind, store in (
        ("interface", "/interface"),
        ("bridge-port", "/interface"),
        ("interface-list", "/interface/list"),
        ("bridge-port-list", "/interface/list"),
    )
}


class Rules(Behaviour):
    """The rules of one table."""

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Counters, and whether the rule can do anything."""
        derived = {
            "bytes": str(int(item.marks.get("counted-bytes", 0))),
            "packets": str(int(item.marks.get("counted-packets", 0))),
            "invalid": "true" if _leads_nowhere(state, menu, item) else "false",
        }
        if version_key(state.version) < SWITCHES_LEFT_OUT_SINCE:
            derived |= {name: item.values.get(name, usual) for name, usual in SWITCHES.items()}
        return derived


def _leads_nowhere(state: State, menu: Menu, item: Item) -> bool:
    """Does the rule jump to a chain without rules, or name an interface or interface list that is gone?

    A list of addresses may have no entries yet, as in rules that fill it first.
    """
    values = item.values
    if values.get("action") == "jump":
        target = values.get("jump-target", "")
        if not state.store(menu.store).holds(("chain",), (target,)):
            return True
    for name, store in NAMING.items():
        number = parse_key(values.get(name, "").removeprefix("!"))
        if number is not None and state.store(store).get(number) is None:
            return True
    return False


class FilterRules(Rules):
    """Filter rules."""

    def __init__(self) -> None:
        super().__init__(FILTER)


class NatRules(Rules):
    """Rules of address translation."""

    def __init__(self) -> None:
        super().__init__(NAT)
