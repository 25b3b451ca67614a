"""Were these writes in order? Pure judgements on the changes that an observer recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from contract_tests.device import console
from contract_tests.device.judge import (
    SERVERS,
    Finding,
    cannot_tell,
    guard_of,
    interface_for,
)
from contract_tests.device.snapshot import (
    Row,
    Snapshot,
    apply_write,
    configuration_writes,
    differences,
    is_enabled,
    is_invalid,
)
from contract_tests.events import DeviceWrite
from spec.device_contract import DeviceContract

# D16: what one change may cost. An item may need to be made, filled and put in place; two writes are for the
# whole.
WRITES_PER_ITEM = 3
WRITES_PER_CHANGE = 2


def written(write: DeviceWrite) -> str:
    """One write as a line for a report."""
    return f"{write.at} {write.change}: {console.described(write.menu, {'.id': write.id, **write.record})}"


def no_writes(
    writes: Sequence[DeviceWrite], contract: DeviceContract, before: Snapshot | None = None
) -> Finding:
    """D8, D16: nothing was written to the router's configuration.

    Files, dynamic items and running state do not count. With `before`, the router's state when the writes
    began, changes that the router made by itself to derived or volatile properties are told apart from
    writes.
    """
    found = configuration_writes(writes, contract, before)
    if found:
        return Finding(False, f"the router was written to {len(found)} time(s)", tuple(map(written, found)))
    return Finding(True, "nothing was written to the router")


def economical(
    before: Snapshot, after: Snapshot, writes: Sequence[DeviceWrite], contract: DeviceContract
) -> Finding:
    """D16: the configuration writes are no more than three for each item that changed, and two."""
    found = configuration_writes(writes, contract, before)
    items = [item for item in differences(before, after, contract, pages=False) if item.kind != "moved"]
    allowed = WRITES_PER_ITEM * len(items) + WRITES_PER_CHANGE
    message = f"{len(found)} writes for {len(items)} changed items; at most {allowed} are in order"
    if len(found) > allowed:
        return Finding(False, message, tuple(map(written, found)))
    return Finding(True, message)


def guarded_throughout(start: Snapshot, writes: Sequence[DeviceWrite], subnet: str) -> Finding:
    """D9, D13: after every single write a hotspot server serves the interface of the subnet.

    Two enabled servers during a hand-over count as guarded. A router lets the next enabled server of an
    interface serve as soon as the serving one goes, whether or not it reports that.
    """
    interface = interface_for(start, subnet)
    if interface is None:
        return cannot_tell(f"the router had no enabled address in {subnet} when the writes began")
    if guard_of(start, subnet) is None:
        return cannot_tell(f"no hotspot server guarded {subnet} when the writes began")
    for number, (write, rows) in enumerate(states_after(start, writes), 1):
        if write.menu == SERVERS and not any(_serves(row, interface) for row in rows[SERVERS]):
            message = f"write {number} of {len(writes)} left {subnet} on {interface} without a hotspot server"
            return Finding(False, message, (written(write),))
    return Finding(True, f"a hotspot server guarded {subnet} after each of {len(writes)} writes")


def states_after(
    start: Snapshot, writes: Iterable[DeviceWrite]
) -> Iterator[tuple[DeviceWrite, Mapping[str, Sequence[Row]]]]:
    """Each write with the rows of all menus after it.

    Where the serving hotspot server of an interface goes, the next enabled one is taken to serve.
    """
    rows: dict[str, Sequence[Row]] = dict(start.menus)
    keyed = {menu: {row.get(".id", ""): row for row in held} for menu, held in start.menus.items()}
    for write in writes:
        held = keyed.setdefault(write.menu, {})
        before = held.get(write.id)
        apply_write(held, write)
        if write.menu == SERVERS and before is not None:
            interface = before.get("interface", "")
            if _serves(before, interface) and not _serves(held.get(write.id), interface):
                _promote(held, interface, gone=write.id)
        rows[write.menu] = tuple(held.values())
        yield write, rows


def _serves(row: Row | None, interface: str) -> bool:
    return row is not None and row.get("interface") == interface and is_enabled(row) and not is_invalid(row)


def _promote(servers: dict[str, Row], interface: str, *, gone: str) -> None:
    for key, row in servers.items():
        if key != gone and row.get("interface") == interface and is_enabled(row):
            servers[key] = {**row, "invalid": "false"}
            return
