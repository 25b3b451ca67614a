"""Address lists: entries with a timeout that run out, and names that stand for the addresses they have.

An entry given a timeout is dynamic, counts down, and goes when it has run out. An entry whose address is a name
stays as it is, and each address of the name becomes a dynamic entry of the list with the name as its comment, as
was seen on a router of 7.21. Assumed: that addresses are asked for again only when the entry or a static record of
its name changes, or on `refresh`, and that such entries show no timeout.
"""

from collections.abc import Mapping

from router_sim.behaviour import Behaviour, Draft
from router_sim.behaviours import dns
from router_sim.behaviours.interfaces import is_enabled
from router_sim.dates import format_moment, from_seconds
from router_sim.durations import SECOND, format_remaining, parse_duration
from router_sim.network import is_host_name
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction
from router_sim.traps import failure

STORE = "/ip/firewall/address-list"
NAMED = "named"  # the mark of an address with the number of the entry that holds its name


def refresh(tx: Transaction) -> None:
    """Ask again for the addresses of all names."""
    for entry in list(tx.state.store(STORE)):
        if NAMED not in entry.marks and is_host_name(entry.values["address"]):
            _settle(tx, entry)


def _settle(tx: Transaction, entry: Item) -> None:
    """List the addresses of an entry's name, and those alone."""
    state, values = tx.state, entry.values
    wanted = list(dns.resolve(state, values["address"])) if is_enabled(entry) else []
    listed = state.store(STORE)
    for child in _children(state, entry):
        if child.values["list"] == values["list"] and child.values["address"] in wanted:
            wanted.remove(child.values["address"])
        else:
            tx.drop(STORE, child.id)
    for address in wanted:
        if not listed.holds(("list", "address"), (values["list"], address)):
            made = {
                "list": values["list"],
                "address": address,
                "creation-time": format_moment(from_seconds(tx.now), state.version),
                "comment": values["address"],
            }
            tx.add(STORE, made, hold=Hold.DYNAMIC, marks={NAMED: float(entry.id)})
            listed = state.store(STORE)


def _record_changed(tx: Transaction, before: Item | None, after: Item | None) -> None:
    """A static record came, went or changed; the names below or beside its own are looked at where it has such."""
    records = [record for record in (before, after) if record is not None]
    if any(
        record.values.get("regexp") or record.values.get("match-subdomain") == "true" for record in records
    ):
        refresh(tx)
        return
    for name in {record.values.get("name", "") for record in records}:
        for entry in tx.state.store(STORE).lookup(("address",), (name,)):
            _settle(tx, entry)


def _children(state: State, entry: Item) -> list[Item]:
    return [each for each in state.store(STORE) if each.marks.get(NAMED) == entry.id]


class AddressList(Behaviour):
    """Timeouts and creation times of entries, and the addresses of names."""

    stored = frozenset({".id", "list", "address", "comment", "disabled", "dynamic", "creation-time"})

    def __init__(self) -> None:
        super().__init__(STORE, watches=(dns.STATIC,))

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

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """An entry with a name came, went or changed, or a name may have other addresses now."""
        if store != STORE:
            _record_changed(tx, before, after)
        elif after is not None and is_host_name(after.values["address"]):
            _settle(tx, after)
        elif before is not None and is_host_name(before.values["address"]):
            for child in _children(tx.state, before):
                tx.drop(STORE, child.id)

    def expired(self, tx: Transaction, item: Item) -> None:
        """The entry goes."""
        tx.drop(STORE, item.id)
