"""Name resolution: static records before what the name servers of the uplink say, and the cache of both.

Records with a regular expression are asked first, in order, then those with a name, as the manual has it.
Names are compared without regard to case when they are resolved, and with regard to it when a record is
compared with another.
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from router_sim.behaviour import Behaviour, Call, Draft, Verb
from router_sim.behaviours.interfaces import STORE as INTERFACE
from router_sim.behaviours.interfaces import is_enabled
from router_sim.behaviours.naming import to_keys, to_names
from router_sim.durations import SECOND, format_remaining, parse_duration
from router_sim.exchange import Reply
from router_sim.schema import Menu, version_key
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import bad_argument, failure

SETTINGS = "/ip/dns"
STATIC = "/ip/dns/static"
CACHE = "/ip/dns/cache"
REPEATING = "mdns-repeat-ifaces"
TTL = 300.0  # what is assumed of a name server's answers
ALIASES = 8  # as many names may lead to one another
TYPE_SHOWN_SINCE = (7, 17)  # from some version on the type A is printed too; which one is assumed
ROW_BYTES = 128  # what one row of the cache is taken to need

# What a record of each type consists of: its own properties, and those of them that may be left out.
PARTS: Mapping[str, tuple[tuple[str, str | None], ...]] = {
    "A": (("address", None),),
    "AAAA": (("address", None),),
    "CNAME": (("cname", None),),
    "FWD": (("forward-to", None),),
    "MX": (("mx-exchange", None), ("mx-preference", "0")),
    "NS": (("ns", None),),
    "NXDOMAIN": (),
    "SRV": (("srv-target", None), ("srv-port", None), ("srv-priority", "0"), ("srv-weight", "0")),
    "TXT": (("text", None),),
}
EVERY_PART = frozenset(name for parts in PARTS.values() for name, _ in parts)


def resolve(state: State, name: str) -> tuple[str, ...]:
    """The IPv4 addresses of a name, in dotted form; none when nobody knows it.

    Static records come first; `state.resolve` is asked for what they leave open.
    """
    for _ in range(ALIASES):
        wanted = name.rstrip(".").casefold()
        answers = _records(state, wanted)
        if not answers:
            return tuple(state.resolve(wanted))
        first = answers[0]
        kind = first.values.get("type", "A")
        if kind == "CNAME":
            name = first.values["cname"]
            continue
        if kind == "FWD":
            return tuple(state.resolve(wanted))
        return tuple(each.values["address"] for each in answers if each.values.get("type", "A") == "A")
    return ()


def note(tx: Transaction, name: str, addresses: Collection[str], *, ttl: float = TTL) -> None:
    """The router has resolved a name: one row of the cache for each address, new or with its time renewed.

    `ttl` is in seconds; the router keeps nothing longer than its `cache-max-ttl`.
    """
    settings = tx.state.menus[SETTINGS]
    longest = parse_duration(tx.state.value(settings, tx.state.items(settings)[0], "cache-max-ttl")) / SECOND
    ttl = min(ttl, longest)
    wanted = name.rstrip(".").casefold()
    static = bool(_records(tx.state, wanted))
    held = {row.values["data"]: row for row in tx.state.store(CACHE).lookup(("name",), (wanted,))}
    for address in addresses:
        if address in held:
            tx.drop(CACHE, held[address].id)
        values = {"name": wanted, "type": "A", "data": address, "static": "true" if static else "false"}
        tx.add(CACHE, values, due=tx.now + ttl)


def _records(state: State, wanted: str) -> list[Item]:
    """The enabled records that answer for a name, those of the kind that comes first."""
    named: list[Item] = []
    for record in state.store(STATIC):
        if not is_enabled(record):
            continue
        if pattern := record.values.get("regexp"):
            if _compiled(pattern).search(wanted):
                return [record]
            continue
        own = record.values.get("name", "").rstrip(".").casefold()
        below = record.values.get("match-subdomain") == "true" and wanted.endswith(f".{own}")
        if own == wanted or below:
            named.append(record)
    exact = [record for record in named if record.values["name"].rstrip(".").casefold() == wanted]
    return exact or named


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """The expression; one that Python cannot read matches nothing."""
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error:
        return re.compile(r"(?!)")


class DnsSettings(Behaviour):
    """Settings, and how much the cache holds."""

    def __init__(self) -> None:
        super().__init__(SETTINGS)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """Find the interfaces that are named."""
        if REPEATING in draft.given and draft.values.get(REPEATING):
            draft.values[REPEATING] = to_keys(state, INTERFACE, draft.values[REPEATING], REPEATING)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Size of the cache in KiB; what a row needs is assumed."""
        derived = {"cache-used": str(-(-len(state.store(CACHE)) * ROW_BYTES // 1024))}
        if item.values.get(REPEATING):
            derived[REPEATING] = to_names(state, INTERFACE, item.values[REPEATING])
        return derived


class StaticRecords(Behaviour):
    """Records an operator made."""

    def __init__(self) -> None:
        super().__init__(STATIC)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """A record has what its type needs, nothing of other types, and no enabled double."""
        values = draft.values
        for name in [name for name, value in values.items() if value == ""]:
            del values[name]
        if "name" in values and "regexp" in values:
            raise failure("only name or regexp allowed")
        kind = values.get("type", "A")
        if kind == "A":
            values.pop("type", None)
        if "name" not in values and "regexp" not in values:
            raise failure("name or regexp is required")
        own = dict(PARTS[kind])
        for name in EVERY_PART - own.keys():
            values.pop(name, None)
        for name, default in PARTS[kind]:
            if name not in values:
                if default is None:
                    raise failure(f"bad {kind} data")
                values[name] = default
        if "address" in own:
            values["address"] = _address(kind, values["address"])
        self._refuse_double(state, draft, kind)

    def _refuse_double(self, state: State, draft: Draft, kind: str) -> None:
        values = draft.values
        if values.get("disabled") == "true":
            return
        key = "name" if "name" in values else "regexp"
        number = draft.before.id if draft.before else None
        for other in state.store(STATIC).lookup((key,), (values[key],)):
            if other.id == number or not is_enabled(other) or other.values.get("type", "A") != kind:
                continue
            if all(other.values.get(name) == values.get(name) for name, _ in PARTS[kind]):
                raise failure("entry already exists")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Newer versions print the type of every record, older ones leave out the usual one."""
        kind = item.values.get("type", "A")
        return {"type": kind} if kind != "A" or version_key(state.version) >= TYPE_SHOWN_SINCE else {}


def _address(kind: str, text: str) -> str:
    try:
        return str(IPv6Address(text)) if kind == "AAAA" else str(IPv4Address(text))
    except AddressValueError:
        raise bad_argument("invalid value for argument address") from None


class Cache(Behaviour):
    """What the router remembers of its answers, until it runs out."""

    def __init__(self) -> None:
        super().__init__(CACHE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """What is left of a row's time."""
        return {} if item.due is None else {"ttl": format_remaining(item.due - state.now().timestamp())}

    def expired(self, tx: Transaction, item: Item) -> None:
        """The row goes."""
        tx.drop(CACHE, item.id)

    def verbs(self) -> Mapping[str, Verb]:
        """`flush` empties the cache."""
        return {"flush": Verb(self._flush)}

    def _flush(self, call: Call) -> Reply:
        for row in list(call.state.store(CACHE)):
            call.tx.drop(CACHE, row.id, own=True)
        return Reply()
