"""How the rules of a walled garden match: patterns, addresses, address lists, ports.

A rule is a printed row. It holds when each of its conditions holds; a condition that begins with `!` holds
when the rest of it does not.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address

from router_sim.network import range_bounds
from router_sim.values import BadValue

Row = Mapping[str, str]
Rows = Mapping[str, Sequence[Row]]
Resolve = Callable[[str], Collection[str]]

LISTS = "/ip/firewall/address-list"
STATIC = "/ip/dns/static"
GARDEN = "/ip/hotspot/walled-garden"

# Rows print the names; a number is as good.
_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "ipsec-esp", "51": "ipsec-ah"}
PROTOCOLS = tuple(_NUMBERS.values())


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the rules look at: where it comes from and where it goes to.

    `source` is the guest's address as the rules see it, `target` the address the guest connects to (empty
    when its name has none), `host` the name or address it asked for. `sealed` is true for traffic no rule
    can look into, as TLS is.
    """

    server: str
    source: str
    host: str
    target: str
    protocol: str
    port: int
    method: str
    path: str
    sealed: bool
    rows: Rows
    resolve: Resolve


Condition = Callable[[str, Traffic], bool | None]
"""Does the value, without its `!`, fit the traffic? None: it cannot be told, so the rule does not hold."""


def enabled(row: Row) -> bool:
    """Is the row in force? Neither disabled nor found invalid by the router."""
    return row.get("disabled") not in ("true", "yes") and row.get("invalid") not in ("true", "yes")


def fits(pattern: str, text: str) -> bool:
    """Does `pattern` match the whole of `text`?

    `*` stands for any run of characters and `?` for one; after a leading `:` the rest is a regular
    expression to be found anywhere in `text`. One that cannot be read matches nothing.
    """
    if pattern.startswith(":"):
        expression = _expression(pattern[1:])
        return expression is not None and expression.search(text) is not None
    return _wildcard(pattern, text)


def inside(span: str, address: str) -> bool:
    """Is the address in `span`: an address, a prefix or a range? Anything else holds no address."""
    try:
        low, high = range_bounds(span)
        return low <= int(IPv4Address(address)) <= high
    except (ValueError, BadValue, AddressValueError):
        return False


def holds(row: Row, conditions: Mapping[str, Condition], traffic: Traffic) -> bool:
    """Does every condition the row has hold?"""
    for name, condition in conditions.items():
        value = row.get(name, "")
        if not value:
            continue
        negated = value.startswith("!")
        found = condition(value[1:] if negated else value, traffic)
        if found is None or found is negated:
            return False
    return True


def resolver(rows: Rows, resolve: Resolve, own: Mapping[str, str]) -> Resolve:
    """How the router resolves names: its static entries, its own login name (`own`), then `resolve`."""

    def look_up(name: str) -> Collection[str]:
        name = name.rstrip(".").lower()
        if is_address(name):
            return (name,)
        static = [row for row in rows.get(STATIC, ()) if enabled(row) and row.get("type", "A") == "A"]
        for named in (_by_expression, _exactly, _by_domain):
            if found := tuple(row["address"] for row in static if row.get("address") and named(row, name)):
                return found
        return (own[name],) if name in own else tuple(resolve(name))

    return look_up


def is_address(text: str) -> bool:
    """Is it an IPv4 address in dotted form?"""
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


# -- conditions --------------------------------------------------------------------------------------


def _server(value: str, traffic: Traffic) -> bool:
    return value in ("all", traffic.server)


def _source(value: str, traffic: Traffic) -> bool:
    return inside(value, traffic.source)


def _source_list(value: str, traffic: Traffic) -> bool:
    return _listed(value, traffic.source, traffic)


def _target(value: str, traffic: Traffic) -> bool:
    return inside(value, traffic.target)


def _target_list(value: str, traffic: Traffic) -> bool:
    return _listed(value, traffic.target, traffic)


def _resolved_host(value: str, traffic: Traffic) -> bool:
    """By address, as a firewall does it: a wildcard stands for what guests have resolved so far."""
    if not traffic.target:
        return False
    value = value.lower()
    if any(mark in value for mark in "*?:") and fits(value, traffic.host):
        return True
    if traffic.target in traffic.resolve(value):
        return True
    return any(
        row.get("dst-address") == traffic.target and row.get("comment", "").lower() == value
        for row in traffic.rows.get(GARDEN, ())
        if row.get("dynamic") == "true" and enabled(row)
    )


def _asked_host(value: str, traffic: Traffic) -> bool:
    """By the name asked for; where that is sealed, by the addresses of the name."""
    if traffic.sealed:
        return bool(traffic.target) and traffic.target in traffic.resolve(value)
    return fits(value.lower(), traffic.host)


def _protocol(value: str, traffic: Traffic) -> bool:
    return _NUMBERS.get(value, value) == traffic.protocol


def _port(value: str, traffic: Traffic) -> bool | None:
    if traffic.protocol not in ("tcp", "udp"):
        return None
    for part in value.split(","):
        low, _, high = part.partition("-")
        readable = _PORT.fullmatch(low) and _PORT.fullmatch(high or low)
        if readable and int(low) <= traffic.port <= int(high or low):
            return True
    return False


def _method(value: str, traffic: Traffic) -> bool | None:
    return None if traffic.sealed else value == traffic.method


def _path(value: str, traffic: Traffic) -> bool | None:
    return None if traffic.sealed else fits(value, traffic.path)


HTTP_CONDITIONS: Mapping[str, Condition] = {
    "server": _server,
    "src-address": _source,
    "method": _method,
    "dst-host": _asked_host,
    "dst-port": _port,
    "path": _path,
}
HOST_CONDITIONS: Mapping[str, Condition] = {
    "server": _server,
    "src-address": _source,
    "src-address-list": _source_list,
    "dst-host": _resolved_host,
    "protocol": _protocol,
    "dst-port": _port,
}
ADDRESS_CONDITIONS: Mapping[str, Condition] = {
    **{name: each for name, each in HOST_CONDITIONS.items() if name != "dst-host"},
    "dst-address": _target,
    "dst-address-list": _target_list,
}


def _listed(name: str, address: str, traffic: Traffic) -> bool:
    if not address:
        return False
    for row in traffic.rows.get(LISTS, ()):
        if row.get("list") != name or not enabled(row):
            continue
        held = row.get("address", "")
        # An entry may be a name; a router adds the addresses as further, dynamic entries.
        if inside(held, address) or (_HOST.fullmatch(held) and address in traffic.resolve(held)):
            return True
    return False


# -- patterns ----------------------------------------------------------------------------------------

_PORT = re.compile(r"\d{1,5}", re.ASCII)
_HOST = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_.-]+", re.ASCII)
_CLASSES = {
    "[:alnum:]": "0-9A-Za-z",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:space:]": r"\s",
    "[:xdigit:]": "0-9A-Fa-f",
}


@lru_cache(maxsize=512)
def _expression(text: str) -> re.Pattern[str] | None:
    for name, members in _CLASSES.items():
        text = text.replace(name, members)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may be meant otherwise; routers do not mind
            return re.compile(text, re.ASCII | re.DOTALL)
    except (re.error, RecursionError, OverflowError):
        return None


def _wildcard(pattern: str, text: str) -> bool:
    # Going back to the last star alone keeps hostile patterns from taking exponential time.
    at, star, kept = 0, -1, 0
    position = 0
    while position < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, kept = at, position
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[position]):
            at += 1
            position += 1
        elif star >= 0:
            kept += 1
            at, position = star + 1, kept
        else:
            return False
    return not pattern[at:].strip("*")


def _exactly(row: Row, name: str) -> bool:
    return row.get("name", "").lower() == name


def _by_domain(row: Row, name: str) -> bool:
    held = row.get("name", "").lower()
    return bool(held) and row.get("match-subdomain") in ("true", "yes") and name.endswith(f".{held}")


def _by_expression(row: Row, name: str) -> bool:
    return bool(row.get("regexp")) and fits(f":{row['regexp']}", name)
