"""Does a rule or binding open a router to guests who have not logged in? Pure, on the rows of one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from contract_tests.device import console
from contract_tests.device.judge import Finding
from contract_tests.device.snapshot import Row, Snapshot, is_dynamic, is_enabled

IP_RULES = "/ip/hotspot/walled-garden/ip"
HTTP_RULES = "/ip/hotspot/walled-garden"
BINDINGS = "/ip/hotspot/ip-binding"

# A prefix this short is no destination any more, it is the Internet in a few pieces.
_SHORTEST_PREFIX = 4
# Any of these narrows a rule to a service; what that service may be is not for a snapshot to say.
_IP_NARROWED = ("dst-host", "dst-address-list", "dst-port", "src-address", "src-address-list")
_ALL_TRAFFIC = frozenset({"", "tcp", "udp"})  # a protocol whose ports are all open is no service
_HTTP_NARROWED = ("path", "dst-port", "method", "src-address")
_ANY_HOST = frozenset({"", "*", "**", ":.*", ":.+", ":^.*$", ":"})


def not_wide_open(snapshot: Snapshot, baseline: Snapshot) -> Finding:
    """D4, D9: nothing that `baseline` did not have lets everybody reach everything before login.

    Looked for are accept rules without a destination in both walled gardens (RouterOS matches any destination
    where a rule names none), and bypassing bindings that name neither a device nor a single address.
    """
    found = [*_open_rules(snapshot, baseline), *_open_bindings(snapshot, baseline)]
    if found:
        return Finding(False, "guests reach every destination without logging in", tuple(found))
    return Finding(True, "no new rule or binding opens every destination before login")


def _new(snapshot: Snapshot, baseline: Snapshot, menu: str) -> Iterator[Row]:
    old = {row.get(".id") for row in baseline.rows(menu)}
    for row in snapshot.rows(menu):
        if row.get(".id") not in old and is_enabled(row) and not is_dynamic(row):
            yield row


def _open_rules(snapshot: Snapshot, baseline: Snapshot) -> Iterator[str]:
    for row in _new(snapshot, baseline, IP_RULES):
        narrowed = any(row.get(name) for name in _IP_NARROWED) or row.get("protocol", "") not in _ALL_TRAFFIC
        if (
            row.get("action", "accept") == "accept"
            and not narrowed
            and _everywhere(row.get("dst-address", ""))
        ):
            yield console.described(IP_RULES, row)
    for row in _new(snapshot, baseline, HTTP_RULES):
        narrowed = any(row.get(name) for name in _HTTP_NARROWED)
        if row.get("action", "allow") == "allow" and not narrowed and row.get("dst-host", "") in _ANY_HOST:
            yield console.described(HTTP_RULES, row)


def _everywhere(destination: str) -> bool:
    if not destination:
        return True
    if destination.startswith("!"):
        return True  # all but one is as good as all
    try:
        return IPv4Network(destination, strict=False).prefixlen < _SHORTEST_PREFIX
    except ValueError:
        return False  # a range, or a form of a later version


def _open_bindings(snapshot: Snapshot, baseline: Snapshot) -> Iterator[str]:
    for row in _new(snapshot, baseline, BINDINGS):
        address = row.get("address", "")
        single = bool(address) and "-" not in address and address.partition("/")[2] in ("", "32")
        device = row.get("mac-address", "00:00:00:00:00:00") != "00:00:00:00:00:00"
        if row.get("type") == "bypassed" and not single and not device:
            yield console.described(BINDINGS, row)
