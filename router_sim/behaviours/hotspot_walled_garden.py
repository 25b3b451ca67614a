"""The walled garden: what may be reached without a login.

While a hotspot works, each row of the walled garden for addresses is a row of the firewall in three places: address
translation lets it pass the login page, filtering does what the row says, and what comes back is let through. A row
with a `dst-host` stands for the addresses of that name: each of them is listed as a dynamic row of the walled
garden for HTTP, and the firewall's rows are made for each. A name with wildcards stands for the names that fit among
those the router has resolved for its guests. Assumed: that a row for one server is a rule for the server's
interface, and that addresses are asked for again only when rows or static records change, or on `refresh`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import translate
from functools import lru_cache
from re import IGNORECASE, Pattern, compile

from router_sim.behaviour import Behaviour
from router_sim.behaviours import dns
from router_sim.behaviours.firewall import FILTER, NAT
from router_sim.behaviours.hotspot import SERVER, WALLED_GARDEN, WALLED_GARDEN_IP, working_servers
from router_sim.behaviours.hotspot_rules import MADE, stand
from router_sim.behaviours.interfaces import is_enabled
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction

GARDEN = "garden"  # the mark that names the row something was made for
UNRESOLVED = "unresolved"

# The conditions of a row, and what they are for packets that go the other way.
CONDITIONS: Mapping[str, str] = {
    "src-address": "dst-address",
    "src-address-list": "dst-address-list",
    "dst-address": "src-address",
    "dst-address-list": "src-address-list",
    "protocol": "protocol",
    "dst-port": "src-port",
}


def hit(state: State, number: int) -> None:
    """A rule matched. Counting is no change of the rule, so nobody is told."""
    rule = state.store(WALLED_GARDEN).get(number)
    if rule is not None:
        marks = {**rule.marks, "counted-hits": rule.marks.get("counted-hits", 0.0) + 1}
        state.writable(WALLED_GARDEN).put(replace(rule, marks=marks))


def refresh(tx: Transaction) -> None:
    """Ask again for the addresses of all names."""
    for row in list(tx.state.store(WALLED_GARDEN_IP)):
        if row.values.get("dst-host"):
            settle(tx, row)


def settle(tx: Transaction, row: Item, *, anew: bool = False) -> None:
    """Bring what was made for a row in line with it; `anew` even where its addresses are the same."""
    state = tx.state
    host = row.values.get("dst-host", "")
    active = is_enabled(row) and stand(state)
    addresses = _addresses(state, host) if host and active else []
    unresolved = bool(host) and active and not addresses and not _is_pattern(host)
    if unresolved != bool(row.marks.get(UNRESOLVED)):
        tx.put(WALLED_GARDEN_IP, replace(row, marks={**row.marks, UNRESOLVED: float(unresolved)}))
    made = _made_for(state, row.id) if host or anew else []
    if not anew and [each.values["dst-address"] for each in made] == addresses:
        return
    _clear(tx, row.id, made)
    if active:
        _open(tx, row, addresses)


def _clear(tx: Transaction, number: int, listed: list[Item]) -> None:
    for each in listed:
        tx.drop(WALLED_GARDEN, each.id)
    for path, chain in ((NAT, "hs-unauth"), (FILTER, "hs-unauth"), (FILTER, "hs-unauth-to")):
        for rule in tx.state.store(path).lookup(("chain",), (chain,)):
            if rule.marks.get(GARDEN) == number:
                tx.drop(path, rule.id)


def _open(tx: Transaction, row: Item, addresses: list[str]) -> None:
    host = row.values.get("dst-host", "")
    marks = {GARDEN: float(row.id)}
    action = row.values.get("action", "accept")
    for address in addresses:
        values = {
            "action": "allow" if action == "accept" else "deny",
            "dst-address": address,
            "comment": host,
        }
        if "server" in row.values:
            values["server"] = row.values["server"]
        tx.add(WALLED_GARDEN, values, hold=Hold.DYNAMIC, marks=marks)
    if host and not addresses:
        return
    later = _later(tx.state, row)
    for address in addresses or [""]:
        there = {name: row.values[name] for name in CONDITIONS if row.values.get(name)}
        if address:
            # The name takes the place of other destinations.
            there = {name: value for name, value in there.items() if name != "dst-address-list"}
            there["dst-address"] = address
        back = {CONDITIONS[name]: value for name, value in there.items()}
        note = {"comment": host} if host else {}
        interface = _interface(tx.state, row)
        inward = {"in-interface": interface} if interface else {}
        outward = {"out-interface": interface} if interface else {}
        if there.get("protocol", "tcp") == "tcp":
            _place(tx, NAT, {"chain": "hs-unauth", "action": "return", **there, **inward, **note}, row, later)
        filtered = "return" if action == "accept" else action
        refusal = {"reject-with": "icmp-net-prohibited"} if filtered == "reject" else {}
        values = {"chain": "hs-unauth", "action": filtered, **refusal, **there, **inward, **note}
        _place(tx, FILTER, values, row, later)
        if action == "accept":
            values = {"chain": "hs-unauth-to", "action": "return", **back, **outward, **note}
            _place(tx, FILTER, values, row, later)


def _place(tx: Transaction, path: str, values: Mapping[str, str], row: Item, later: set[float]) -> None:
    """Put a rule of a row in front of those of later rows and of the chain's own."""
    chain = tx.state.store(path).lookup(("chain",), (values["chain"],))
    following = {rule.id for rule in chain if MADE in rule.marks and rule.marks.get(GARDEN, 0.0) in later}
    before = next((rule.id for rule in tx.state.store(path) if rule.id in following), None)
    tx.add(path, values, hold=Hold.DYNAMIC, marks={MADE: 1.0, GARDEN: float(row.id)}, before=before)


def _later(state: State, row: Item) -> set[float]:
    """The numbers of the rows behind this one; 0 stands for the rules that are always there."""
    later = {0.0}
    for each in reversed(list(state.store(WALLED_GARDEN_IP))):
        if each.id == row.id:
            break
        later.add(float(each.id))
    return later


def _made_for(state: State, number: int) -> list[Item]:
    return [each for each in state.store(WALLED_GARDEN) if each.marks.get(GARDEN) == number]


def _interface(state: State, row: Item) -> str:
    """The interface of the one server the row is for; with a `!` for all but that server's."""
    named = row.values.get("server", "all")
    server = state.item(state.menus[SERVER], named.removeprefix("!"))
    if named in ("", "all") or server is None:
        return ""
    return ("!" if named.startswith("!") else "") + server.values["interface"]


def _addresses(state: State, host: str) -> list[str]:
    if not _is_pattern(host):
        return list(dns.resolve(state, host))
    return list(dict.fromkeys(_known(state, _compiled(host))))


def _known(state: State, pattern: Pattern[str]) -> Iterator[str]:
    for row in state.store(dns.CACHE):
        if pattern.match(row.values["name"]) and row.values.get("type", "A") == "A":
            yield row.values["data"]


def _is_pattern(host: str) -> bool:
    return "*" in host or "?" in host


@lru_cache(maxsize=256)
def _compiled(host: str) -> Pattern[str]:
    # Square brackets mean nothing to the router.
    return compile(translate(host.replace("[", "[[]")), IGNORECASE)


class WalledGarden(Behaviour):
    """Counts how often a rule matched."""

    def __init__(self) -> None:
        super().__init__(WALLED_GARDEN)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Number of matches."""
        return {"hits": str(int(item.marks.get("counted-hits", 0)))}


class WalledGardenAddresses(Behaviour):
    """Keeps the firewall in line with the rows."""

    def __init__(self) -> None:
        super().__init__(WALLED_GARDEN_IP, watches=(SERVER, dns.STATIC, dns.CACHE))

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """A row whose name has no address cannot do anything."""
        return {"invalid": "true"} if item.marks.get(UNRESOLVED) else {}

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """A row came, went, changed or moved; servers began or ended to work; names changed."""
        if store == WALLED_GARDEN_IP:
            self._row_changed(tx, before, after)
        elif store == SERVER:
            self._server_changed(tx, before, after)
        elif stand(tx.state):
            patterns = store == dns.CACHE
            for row in list(tx.state.store(WALLED_GARDEN_IP)):
                host = row.values.get("dst-host", "")
                if host and _is_pattern(host) == patterns:
                    settle(tx, row)

    def _row_changed(self, tx: Transaction, before: Item | None, after: Item | None) -> None:
        if after is None and before is not None:
            _clear(tx, before.id, _made_for(tx.state, before.id) if before.values.get("dst-host") else [])
        elif after is not None and (before is after or before is None or before.values is not after.values):
            settle(tx, after, anew=True)

    def _server_changed(self, tx: Transaction, before: Item | None, after: Item | None) -> None:
        state, rows = tx.state, tx.state.store(WALLED_GARDEN_IP)
        if not len(rows):
            return
        worked = before is not None and bool(before.marks.get("works"))
        works = after is not None and bool(after.marks.get("works"))
        others = len(working_servers(state)) - works
        if worked != works and not others:
            for row in list(rows):  # the first one there is, or the last one there was
                settle(tx, row, anew=True)
        elif (
            before is not None
            and after is not None
            and before.values["interface"] != after.values["interface"]
        ):
            for named in (after.key, f"!{after.key}"):
                for row in rows.lookup(("server",), (named,)):
                    settle(tx, row, anew=True)
