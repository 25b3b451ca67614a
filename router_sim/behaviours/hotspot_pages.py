"""The login pages on the router's disk: there with the first server profile, put back by `reset-html`.

After the manual the stock pages are copied when a profile is made. Taken from that: into the directory `hotspot`,
for a profile that keeps its pages there, as long as it holds no file. `reset-html` of a server writes them over
those in its profile's directory, whatever its name; what else is there stays.
"""

from collections.abc import Iterable

from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.behaviours import files
from router_sim.behaviours.hotspot import PROFILE, profile_of, text_of
from router_sim.exchange import Reply
from router_sim.guests.pages import DIRECTORY, stock_pages
from router_sim.selection import SELECTORS, chosen
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction


class HotspotPages(Behaviour):
    """Brings the stock pages."""

    def __init__(self) -> None:
        super().__init__("hotspot pages", watches=(PROFILE,))

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """A profile was made."""
        if before is not None or after is None:
            return
        state = tx.state
        stock = stock_pages()
        if text_of(state, PROFILE, after, "html-directory").strip("/") != DIRECTORY or _in_use(
            state, DIRECTORY
        ):
            return
        if files.used_bytes(state) + sum(map(len, stock.values())) <= state.disk_bytes:
            _directories(tx, DIRECTORY, stock)
            files.write_files(tx, {f"{DIRECTORY}/{name}": data for name, data in stock.items()})


def reset_html() -> Verb:
    """The verb of /ip/hotspot that puts the stock pages back."""
    return Verb(_reset, frozenset(SELECTORS))


def _reset(call: Call) -> Reply:
    stock = stock_pages()
    profiles = [profile_of(call.state, server) for server in chosen(call)]
    directories = {
        text_of(call.state, PROFILE, profile, "html-directory").strip("/") for profile in profiles if profile
    }
    # All at once: what may fail does so before anything is written.
    pages = {f"{directory}/{name}": data for directory in sorted(directories) for name, data in stock.items()}
    files.write_files(call.tx, pages, own=True)
    for directory in sorted(directories):
        _directories(call.tx, directory, stock)
    return Reply()


def _in_use(state: State, directory: str) -> bool:
    inside = f"{directory}/"
    return any(item.values["name"].startswith(inside) for item in state.store(files.STORE))


def _directories(tx: Transaction, directory: str, names: Iterable[str]) -> None:
    """The rows of the directories the pages lie in, where there are none yet."""
    inner = {f"{directory}/{name.rpartition('/')[0]}" for name in names if "/" in name}
    for name in sorted({directory} | inner):
        if not tx.state.store(files.STORE).holds(("name",), (name,)):
            tx.add(files.STORE, {"name": name, "type": "directory"}, marks={"modified": tx.now, "size": 0.0})
