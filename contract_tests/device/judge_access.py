"""What may a guest reach who has not logged in? Judged on the rows of a snapshot with the model of hotspot access.

The guest is made up: an address of the subnet that nothing on the router names. Mechanisms other than a hotspot
cannot be read this way, and are said to be so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Final

from contract_tests.device import console
from contract_tests.device.judge import (
    ADDRESSES,
    SERVERS,
    Finding,
    cannot_tell,
    guard_of,
    interface_for,
    servers_on,
)
from contract_tests.device.judge_openness import IP_RULES
from contract_tests.device.judge_writes import states_after, written
from contract_tests.device.snapshot import Row, Snapshot
from contract_tests.events import DeviceWrite
from router_sim import access

# An address for documentation (RFC 5737), a network of its own: no garden of a test names it.
OUTSIDE: Final = "198.51.100.10"
_DEVICE: Final = "02:00:5E:FF:FF:FE"
_NAMED_NETWORK: Final = int(IPv4Address("240.0.0.1"))  # where names have their addresses while we judge


@dataclass(frozen=True, slots=True)
class Asked:
    """Something a guest asks for, with the words for it."""

    words: str
    request: access.Request


_TRAFFIC: Final = (
    Asked("a web page over TLS", access.Request.of_url(f"https://{OUTSIDE}/")),
    Asked("TCP to port 22", access.Request.of_packet(OUTSIDE, 22)),
    Asked("TCP to port 8443", access.Request.of_packet(OUTSIDE, 8443)),
    Asked("a web page over QUIC", access.Request.of_packet(OUTSIDE, 443, "udp")),
    Asked("UDP to port 123", access.Request.of_packet(OUTSIDE, 123, "udp")),
    Asked("a ping", access.Request.of_packet(OUTSIDE, 0, "icmp")),
)
_PAGE: Final = Asked("a web page", access.Request.of_url(f"http://{OUTSIDE}/"))


def stranger(snapshot: Snapshot, subnet: str) -> access.Guest | None:
    """A guest in the subnet whom the router has never seen; None where the router has no interface for it."""
    interface = interface_for(snapshot, subnet)
    if interface is None:
        return None
    own = {IPv4Interface(row["address"]).ip for row in snapshot.rows(ADDRESSES)}
    named = {value for rows in snapshot.menus.values() for row in rows for value in row.values()}
    free = next(
        (each for each in _downwards(IPv4Network(subnet)) if each not in own and str(each) not in named), None
    )
    return None if free is None else access.Guest(_DEVICE, str(free), interface)


def _downwards(network: IPv4Network) -> Iterator[IPv4Address]:
    """The hosts of a network, the last one first."""
    first, last = int(network[0]), int(network[-1])
    if last - first > 1:
        first, last = first + 1, last - 1
    return (IPv4Address(number) for number in range(last, first - 1, -1))


def _names(hosts: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """An address of its own for each name."""
    return {
        host: (str(IPv4Address(_NAMED_NETWORK + number)),) for number, host in enumerate(sorted(set(hosts)))
    }


def _decide(
    rows: Mapping[str, Sequence[Row]],
    guest: access.Guest,
    request: access.Request,
    names: Mapping[str, Sequence[str]],
) -> access.Decision:
    return access.decide(rows, guest, request, lambda name: names.get(name, ()))


def _let_through(
    rows: Mapping[str, Sequence[Row]], guest: access.Guest, asked: Iterable[Asked]
) -> list[tuple[Asked, access.Decision]]:
    """Those requests that reach the outside."""
    decided = ((each, _decide(rows, guest, each.request, {})) for each in asked)
    return [(each, decision) for each, decision in decided if decision.passes]


def captive(snapshot: Snapshot, subnet: str) -> Finding:
    """D1: a web page is answered with a redirect, and no other traffic of a new guest leaves the subnet."""
    guest = stranger(snapshot, subnet)
    if guest is None or guard_of(snapshot, subnet) is None:
        return cannot_tell(f"no hotspot server guards {subnet}, so its rows do not say what guests reach")
    through = _let_through(snapshot.menus, guest, (_PAGE, *_TRAFFIC))
    if through:
        lines = tuple(f"{asked.words}: {_because(snapshot.menus, decision)}" for asked, decision in through)
        return Finding(False, f"a guest of {subnet} reaches {OUTSIDE} without logging in", lines)
    page = _decide(snapshot.menus, guest, _PAGE.request, {})
    if page.outcome != "redirected":
        return Finding(False, f"a guest of {subnet} who asks for a web page is {page.outcome}: {page.reason}")
    return Finding(True, f"a guest of {subnet} is redirected to {page.location}, and all else is refused")


def _because(rows: Mapping[str, Sequence[Row]], decision: access.Decision) -> str:
    if decision.rule is None:
        return decision.reason
    menu, key = decision.rule
    row = next((row for row in rows.get(menu, ()) if row.get(".id") == key), None)
    return decision.reason if row is None else console.described(menu, row)


def captive_throughout(start: Snapshot, writes: Sequence[DeviceWrite], subnet: str) -> Finding:
    """D9: from when a hotspot server guards the subnet on, no write lets a new guest through.

    A subnet that is given up at the end is judged until its server goes for good.
    """
    guest = stranger(start, subnet)
    if guest is None:
        return cannot_tell(f"the router had no enabled address in {subnet} when the writes began")
    guarded = guard_of(start, subnet) is not None
    gone: DeviceWrite | None = None
    looked = 0
    for number, (write, rows) in enumerate(states_after(start, writes), 1):
        if access.guard(rows, guest.interface) is None:
            gone = write if guarded and gone is None else gone
            continue
        if gone is not None:
            message = (
                f"{subnet} was without a hotspot server from this write until write {number} of {len(writes)}"
            )
            return Finding(False, message, (written(gone), written(write)))
        guarded = True
        looked += 1
        through = _let_through(rows, guest, (_PAGE, *_TRAFFIC))
        if through:
            asked, decision = through[0]
            message = f"write {number} of {len(writes)} lets {asked.words} of a guest of {subnet} through"
            return Finding(False, message, (written(write), _because(rows, decision)))
    if not looked:
        return cannot_tell(f"no hotspot server guarded {subnet} during these writes")
    return Finding(True, f"a new guest of {subnet} was captive after each of {looked} writes")


def opened(snapshot: Snapshot, subnet: str, addresses: Collection[str]) -> Finding:
    """D4: each of the addresses is reachable for a guest who has not logged in, by web page and by TLS."""
    return _garden(snapshot, subnet, addresses, wanted=True)


def closed(snapshot: Snapshot, subnet: str, addresses: Collection[str]) -> Finding:
    """D4: none of the addresses is reachable for a guest who has not logged in."""
    return _garden(snapshot, subnet, addresses, wanted=False)


def _garden(snapshot: Snapshot, subnet: str, addresses: Collection[str], *, wanted: bool) -> Finding:
    guest = stranger(snapshot, subnet)
    if guest is None or guard_of(snapshot, subnet) is None:
        return cannot_tell(f"no hotspot server guards {subnet}, so its rows do not say what guests reach")
    wrong: list[str] = []
    for address in addresses:
        for scheme in ("http", "https"):
            decision = _decide(snapshot.menus, guest, access.Request.of_url(f"{scheme}://{address}/"), {})
            if decision.passes != wanted:
                wrong.append(f"{scheme}://{address}: {_because(snapshot.menus, decision)}")
    shown = ", ".join(addresses)
    does = "reaches" if wanted else "does not reach"
    if wrong:
        return Finding(
            False, f"a guest of {subnet} who has not logged in {does} {shown}: not so", tuple(wrong)
        )
    return Finding(True, f"a guest of {subnet} who has not logged in {does} {shown}")


def providers_closed(snapshot: Snapshot, subnet: str, hosts: Collection[str]) -> Finding:
    """D4, D6: no rule lets a guest who never began a login reach one of these hosts of identity providers.

    A rule that names addresses is seen only as far as it is as wide as the Internet; whose they are is not known.
    """
    guest = stranger(snapshot, subnet)
    if guest is None or guard_of(snapshot, subnet) is None:
        return cannot_tell(f"no hotspot server guards {subnet}, so its rows do not say what guests reach")
    names = _names(hosts)
    rows = {**snapshot.menus, IP_RULES: tuple(_resolvable(row) for row in snapshot.rows(IP_RULES))}
    found: list[str] = []
    for host in names:
        for scheme in ("http", "https"):
            decision = _decide(rows, guest, access.Request.of_url(f"{scheme}://{host}/"), names)
            if decision.passes:
                found.append(f"{scheme}://{host}: {_because(snapshot.menus, decision)}")
    if found:
        message = f"a guest of {subnet} who began no login reaches an identity provider"
        return Finding(False, message, tuple(found))
    return Finding(True, f"no identity provider is open to a guest of {subnet} who began no login")


def _resolvable(row: Row) -> Row:
    """A rule for a name that the router could not resolve at that moment opens the name when it can."""
    return {**row, "invalid": "false"} if row.get("dst-host") else row


def operators_own(baseline: Snapshot, now: Snapshot, subnet: str) -> Finding:
    """D14: the hotspot server that guarded the subnet still does, and no other one is enabled beside it."""
    interface = interface_for(baseline, subnet)
    before = guard_of(baseline, subnet)
    if interface is None or before is None:
        return cannot_tell(f"no hotspot server of the operator guards {subnet}")
    after = guard_of(now, subnet)
    beside = [row for row in servers_on(now.rows(SERVERS), interface) if row[".id"] != before[".id"]]
    lines = tuple(console.described(SERVERS, row) for row in (before, *beside))
    if after is None or after[".id"] != before[".id"]:
        return Finding(False, f"the operator's hotspot server no longer guards {subnet}", lines)
    if beside:
        return Finding(False, f"another hotspot server is on {interface}, where the operator has one", lines)
    return Finding(True, f"the operator's hotspot server still guards {subnet}, alone")


def edges(prefix: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For a walled-garden entry: (its first and last address, the addresses right beside it)."""
    network = IPv4Network(prefix)
    inside = dict.fromkeys((str(network[0]), str(network[-1])))
    beside = (int(network[0]) - 1, int(network[-1]) + 1)
    return tuple(inside), tuple(str(IPv4Address(number)) for number in beside if 0 < number < 2**32 - 1)
