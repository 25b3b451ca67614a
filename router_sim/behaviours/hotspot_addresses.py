"""Addresses that a hotspot gives guests in the place of their own (one-to-one NAT).

A guest whose address is outside the networks of its interface gets one of the server's address-pool; one that
logs in gets the address of the user, or one of the user profile's address-pool. When it ends, the former
address is back.
"""

from router_sim.behaviours import pools
from router_sim.behaviours.hotspot import HOST
from router_sim.transaction import Transaction

OWNER = "hotspot"


def take(tx: Transaction, pool: str, mac: str) -> str | None:
    """An address of the pool with this identifier that no guest has; None when there is none left."""
    skipped = []
    while (address := pools.take(tx, pool, owner=OWNER, info=mac)) is not None:
        hosts = tx.state.store(HOST)
        if not hosts.holds(("address",), (address,)) and not hosts.holds(("to-address",), (address,)):
            break
        skipped.append(address)  # somebody uses it without having been given it
    for each in skipped:
        pools.give_back(tx, each, owner=OWNER)
    return address


def give_back(tx: Transaction, address: str) -> None:
    """The address is no guest's any more."""
    pools.give_back(tx, address, owner=OWNER)
