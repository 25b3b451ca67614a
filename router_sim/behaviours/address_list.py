"""Address lists: an entry given a timeout is dynamic, counts down, and goes when it has run out."""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour, Draft
from router_sim.dates import format_moment
from router_sim.durations import SECOND, format_remaining, parse_duration
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import failure

STORE = "/ip/firewall/address-list"


class AddressList(Behaviour):
    """Timeouts and creation times of entries."""

    stored = frozenset({".id", "list", "address", "comment", "disabled", "dynamic", "creation-time"})

    def __init__(self) -> None:
        super().__init__(STORE)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """Turn a timeout into a moment; refuse to make a dynamic entry static."""
        now = state.now()
        if draft.before is None:
            draft.values["creation-time"] = format_moment(now, state.version)
        elif draft.before.values.get("dynamic") == "true" and draft.values.get("dynamic") != "true":
            raise failure("can not change dynamic")
        timeout = draft.values.pop("timeout", None)
        if timeout is None:
            return
        draft.values["dynamic"] = "true"
        seconds = parse_duration(timeout) / SECOND
        # Nought means: dynamic, so gone after a reboot, but without an end before that.
        draft.due = now.timestamp() + seconds if seconds else None
        if not seconds:
            draft.values["timeout"] = "0s"

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """What is left of the timeout, in whole seconds rounded up."""
        if item.due is None:
            return {}
        return {"timeout": format_remaining(item.due - state.now().timestamp())}

    def expired(self, tx: Transaction, item: Item) -> None:
        """The entry goes."""
        tx.drop(STORE, item.id)
