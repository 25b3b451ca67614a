"""The names of hotspots: each dns-name of a profile that a working server uses is a dynamic static record.

It leads to the profile's hotspot-address, or to the first address of the interface where the profile has none. How
long the record lives is assumed.
"""

from router_sim.behaviour import Behaviour
from router_sim.behaviours import dns
from router_sim.behaviours.hotspot import (
    NO_ADDRESS,
    PROFILE,
    SERVER,
    address_of,
    profile_of,
    text_of,
    working_servers,
)
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction

MADE = "hotspot"
LIFE = "5m"
TELLING = ("dns-name", "hotspot-address", "profile", "interface")


class HotspotNames(Behaviour):
    """Keeps the records in line with servers and profiles."""

    def __init__(self) -> None:
        super().__init__("hotspot names", watches=(SERVER, PROFILE))

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """A server begins or ends to work, or has another name or address."""
        if _told(before) != _told(after) and (self._is_named(tx, before) or self._is_named(tx, after)):
            self._settle(tx)

    def _is_named(self, tx: Transaction, item: Item | None) -> bool:
        """Is it a profile that has a name, or a server whose profile has (or had, being gone)?"""
        if item is None:
            return False
        if "interface" not in item.values:
            return bool(item.values.get("dns-name"))
        profile = profile_of(tx.state, item)
        return profile is None or bool(profile.values.get("dns-name"))

    def _settle(self, tx: Transaction) -> None:
        state = tx.state
        wanted: dict[tuple[str, str], None] = {}
        for server in working_servers(state):
            profile = profile_of(state, server)
            name = text_of(state, PROFILE, profile, "dns-name") if profile else ""
            address = address_of(state, server) if name else NO_ADDRESS
            if address != NO_ADDRESS:
                wanted[name, address] = None
        for record in [record for record in state.store(dns.STATIC) if MADE in record.marks]:
            pair = record.values["name"], record.values["address"]
            if pair in wanted:
                del wanted[pair]
            else:
                tx.drop(dns.STATIC, record.id)
        for name, address in wanted:
            values = {"name": name, "address": address, "ttl": LIFE}
            tx.add(dns.STATIC, values, hold=Hold.DYNAMIC, marks={MADE: 1.0})


def _told(item: Item | None) -> tuple[object, ...]:
    if item is None:
        return ()
    return (item.marks.get("works"), *(item.values.get(name) for name in TELLING))
