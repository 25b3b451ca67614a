"""The router's log: lines the router writes about itself, the oldest of which make room for new ones."""

from collections.abc import Callable, Mapping

from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.dates import ISO_DATES_SINCE, format_date, format_moment, from_seconds
from router_sim.exchange import Reply
from router_sim.schema import Menu, version_key
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import missing

STORE = "/log"
LINES = 1000  # what `/system logging action memory` keeps


def write(tx: Transaction, topics: str, message: str) -> None:
    """One more line, with its topics in a comma list such as `hotspot,info,debug`."""
    log = tx.state.store(STORE)
    if len(log) >= LINES:
        tx.drop(STORE, next(iter(log)).id)
    moment = format_moment(from_seconds(tx.now), tx.state.version)
    values = {"time": moment, "topics": topics, "message": message, "buffer": "memory"}
    tx.add(STORE, values)


class Log(Behaviour):
    """Lines come from the router itself, or from the verbs named after their levels."""

    stored = frozenset({".id", "topics", "message", "buffer"})

    def __init__(self) -> None:
        super().__init__(STORE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """The time, from which versions before 7.10 leave out this year's number and today's date.

        The manual shows lines of this year and of others; that today's have no date is assumed.
        """
        if version_key(state.version) >= ISO_DATES_SINCE:
            return {}
        date, _, time = item.values["time"].partition(" ")
        today = format_date(state.now(), state.version)
        if date == today:
            return {"time": time}
        return {"time": f"{date[:6]} {time}"} if date[7:] == today[7:] else {}

    def verbs(self) -> Mapping[str, Verb]:
        """`info`, `warning`, `error` and `debug` write a line under the topic `script`."""
        return {
            level: Verb(_writer(level), frozenset({"message"}))
            for level in ("debug", "error", "info", "warning")
        }


def _writer(level: str) -> Callable[[Call], Reply]:
    def run(call: Call) -> Reply:
        given = call.command.attributes
        if "message" not in given:
            raise missing("message")
        write(call.tx, f"script,{level}", given["message"])
        return Reply()

    return run
