"""`/ping` and `/tool/ping`: does somebody answer?

Addresses of the router answer, and so do neighbours it has learned of, such as the hosts of a hotspot, unless they are
said not to. Nothing beyond them does: the simulator has no packets. Recorded: the properties of an answer and that
of `status` where none came. Assumed: the times, and the refusal of a name nobody knows.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from router_sim.behaviour import Call, Verb
from router_sim.behaviours import dns
from router_sim.behaviours.arp import STORE as ARP
from router_sim.behaviours.going_on import ONGOING, interval
from router_sim.behaviours.interfaces import is_enabled, usable
from router_sim.durations import MILLISECOND, format_duration
from router_sim.exchange import Record, Reply, Runtime
from router_sim.network import Address, is_host_name
from router_sim.schema import version_key
from router_sim.state import State
from router_sim.store import Hold
from router_sim.traps import bad_argument, missing
from router_sim.values import BadValue, Int

ADDRESSES = "/ip/address"
HOST = "/ip/hotspot/host"
ARGUMENTS = ONGOING | {
    "address", "arp-ping", "count", "do-not-fragment", "dscp", "interface", "proplist", ".proplist",
    "routing-table", "size", "src-address", "ttl", "use-dns", "vrf",
}  # fmt: skip
MOST = 2**32 - 1
OWN, NEIGHBOUR = 60, 410  # microseconds there and back


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked, how often (None: until told to stop), with packets of which size."""

    address: str
    count: int | None
    size: str


def verb() -> Verb:
    """`ping`."""
    return Verb(_ping, frozenset(ARGUMENTS))


def round_trip(state: State, address: str) -> int | None:
    """The microseconds until an answer from this address; None if there is none."""
    for own in state.store(ADDRESSES):
        if own.values["address"].partition("/")[0] == address and is_enabled(own):
            return OWN if usable(state, own.values["interface"]) else None
    for host in state.store(HOST):
        if address in (host.values["address"], host.values["to-address"]):
            return None if "lost" in host.marks else NEIGHBOUR
    learned = (row for row in state.store(ARP).lookup(("address",), (address,)) if row.hold is Hold.DYNAMIC)
    return NEIGHBOUR if any(usable(state, row.values["interface"]) for row in learned) else None


def _ping(call: Call) -> Reply:
    given, state = call.command.attributes, call.state
    seconds = interval(given)
    target = _target(state, given)
    listed = given.get(".proplist", given.get("proplist"))
    names = frozenset(listed.split(",")) if listed else None

    async def stream(runtime: Runtime) -> AsyncIterator[Record]:
        times: list[int] = []
        sent = 0
        while target.count is None or sent < target.count:
            took = round_trip(state, target.address)
            sent += 1
            if took is None:  # an answer comes at once, that there is none shows after a while
                await runtime.sleep(seconds)
            else:
                times.append(took)
            record = _record(state, target, sent, took, times)
            yield {name: record[name] for name in record if names is None or name in names}
            if took is not None and sent != target.count:
                await runtime.sleep(seconds)

    return Reply(stream=stream, data=True)


def _target(state: State, given: Mapping[str, str]) -> Target:
    if not given.get("address"):
        raise missing("address")
    try:
        count = int(Int(1, MOST).parse(given["count"])) if given.get("count") else None
    except BadValue as bad:
        raise bad_argument(bad.describe("count")) from None
    try:
        size = Int(28, 65535).parse(given.get("size", "56"))
    except BadValue as bad:
        raise bad_argument(bad.describe("size")) from None
    return Target(_address(state, given["address"]), count, size)


def _address(state: State, text: str) -> str:
    try:
        return Address().parse(text)
    except BadValue as bad:
        refusal = bad.describe("address")
    found = dns.resolve(state, text) if is_host_name(text) else ()
    if not found:
        if is_host_name(text):
            refusal += "\r\nwhile resolving ip-address: could not get answer from dns server"
        raise bad_argument(refusal)
    return found[0]


def _record(state: State, target: Target, sent: int, took: int | None, times: list[int]) -> Record:
    if took is None:
        record = {"seq": str(sent - 1), "host": target.address, "status": "timeout"}
    else:
        shown = _shown(state, took)
        record = {
            "seq": str(sent - 1),
            "host": target.address,
            "size": target.size,
            "ttl": "64",
            "time": shown,
        }
    lost = round(100 * (sent - len(times)) / sent)
    record |= {"sent": str(sent), "received": str(len(times)), "packet-loss": str(lost)}
    if times:
        average = sum(times) // len(times)
        for name, value in (("min-rtt", min(times)), ("avg-rtt", average), ("max-rtt", max(times))):
            record[name] = _shown(state, value)
    return record


def _shown(state: State, microseconds: int) -> str:
    """A time; version 6 tells whole milliseconds."""
    if version_key(state.version) < (7,):
        return f"{microseconds // MILLISECOND}ms"
    return format_duration(microseconds)
