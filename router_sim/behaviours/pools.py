"""Address pools: who holds which address.

Addresses are handed out from the upper end of the last range downwards, as routers are seen to do; that one
given back waits until the others were given away is assumed. A pool that is used up is continued by its
`next-pool`. A row of /ip/pool/used exists for each address held.
"""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address

from router_sim.behaviour import Behaviour
from router_sim.network import range_bounds
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction
from router_sim.values import split_list

POOL = "/ip/pool"
USED = "/ip/pool/used"


def take(
    tx: Transaction,
    pool: str,
    *,
    owner: str,
    info: str,
    wanted: str = "",
    reserved: Callable[[str], bool] = lambda address: False,
) -> str | None:
    """Take an address from the pool with this identifier, or from those that continue it.

    `owner` is the service that takes it (`DHCP`, `hotspot`), `info` whom it is for, such as a hardware
    address; `wanted` the address to have if it is free and in one of the pools; `reserved` tells of an
    address that it is promised to somebody else. None when all are used up.
    """
    state = tx.state
    for held in _chain(state, pool) if wanted and not reserved(wanted) else ():
        if _covers(held, wanted) and not is_taken(state, held, wanted):
            return _enter(tx, held, wanted, owner, info)
    for held in _chain(state, pool):
        free = _free(state, held, reserved)
        if free is not None:
            return _enter(tx, held, free, owner, info)
    return None


def give_back(tx: Transaction, address: str, *, owner: str) -> None:
    """The service `owner` no longer holds `address`; harmless if it never did."""
    for row in tx.state.store(USED).lookup(("address",), (address,)):
        if row.values["owner"] == owner:
            tx.drop(USED, row.id)


def is_taken(state: State, pool: Item, address: str) -> bool:
    """Does somebody hold this address of the pool?"""
    rows = state.store(USED).lookup(("address",), (address,))
    return any(row.values["pool"] == pool.key for row in rows)


def size(pool: Item) -> int:
    """How many addresses the pool has."""
    return sum(high - low + 1 for low, high in _bounds(pool))


def _chain(state: State, pool: str) -> Iterator[Item]:
    seen: set[int] = set()
    menu = state.menus[POOL]
    held = state.item(menu, pool)
    while held is not None and held.id not in seen:
        yield held
        seen.add(held.id)
        held = state.item(menu, state.value(menu, held, "next-pool"))


def _bounds(pool: Item) -> list[tuple[int, int]]:
    return [range_bounds(part) for part in split_list(pool.values.get("ranges", ""))]


def _covers(pool: Item, address: str) -> bool:
    number = int(IPv4Address(address))
    return any(low <= number <= high for low, high in _bounds(pool))


def _free(state: State, pool: Item, reserved: Callable[[str], bool]) -> str | None:
    """The next address of the pool to give away: one below the last one given, and from the top again."""
    last = state.store(USED).latest(("pool",), (pool.key,))
    for number in _downwards(pool, int(IPv4Address(last.values["address"])) if last else None):
        address = str(IPv4Address(number))
        if not is_taken(state, pool, address) and not reserved(address):
            return address
    return None


def _downwards(pool: Item, last: int | None) -> Iterator[int]:
    """All addresses of the pool from the upper end of its last range on, beginning below `last`."""
    bounds = _bounds(pool)[::-1]
    start = next((place for place, (low, high) in enumerate(bounds) if last and low <= last <= high), None)
    if start is None or last is None:
        for low, high in bounds:
            yield from range(high, low - 1, -1)
        return
    low, high = bounds[start]
    yield from range(last - 1, low - 1, -1)
    for below, above in (*bounds[start + 1 :], *bounds[:start]):
        yield from range(above, below - 1, -1)
    yield from range(high, last - 1, -1)


def _enter(tx: Transaction, pool: Item, address: str, owner: str, info: str) -> str:
    values = {"pool": pool.key, "address": address, "owner": owner, "info": info}
    tx.add(USED, values, hold=Hold.DYNAMIC)
    return address


class Pools(Behaviour):
    """Counts the addresses of a pool."""

    def __init__(self) -> None:
        super().__init__(POOL)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Size of the pool, and how much of it is held."""
        if "total" not in menu.by_name:
            return {}
        total, used = size(item), state.store(USED).count(("pool",), (item.key,))
        return {"total": str(total), "used": str(used), "available": str(max(0, total - used))}
