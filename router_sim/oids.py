"""Object identifiers: under which number SNMP tells the same as a property, as `print` gives them for `NAME.oid`.

Source: the API manual's example for `/system/resource`, and the standard's numbers for the system and its interfaces.
Assumed: which properties of an interface have one. Those not listed here have none.
"""

from collections.abc import Iterable, Mapping

from router_sim.store import Item

SUFFIX = ".oid"
_SYSTEM = ".1.3.6.1.2.1.1"
_INTERFACES = ".1.3.6.1.2.1.2.2.1"
_COUNTERS = ".1.3.6.1.2.1.31.1.1.1"

# The only item of a menu has the number 0; that of any other item goes behind.
OIDS: Mapping[str, Mapping[str, str]] = {
    "/system/resource": {"uptime": f"{_SYSTEM}.3.0", "cpu-load": ".1.3.6.1.2.1.25.3.3.1.2.1"},
    "/system/identity": {"name": f"{_SYSTEM}.5.0"},
    "/interface": {
        "name": f"{_INTERFACES}.2",
        "actual-mtu": f"{_INTERFACES}.4",
        "mac-address": f"{_INTERFACES}.6",
        "rx-byte": f"{_COUNTERS}.6",
        "rx-packet": f"{_COUNTERS}.7",
        "tx-byte": f"{_COUNTERS}.10",
        "tx-packet": f"{_COUNTERS}.11",
    },
}


def oids_of(menu: str, item: Item, names: Iterable[str]) -> dict[str, str]:
    """The identifiers asked for by `names` such as `uptime.oid`, under these names."""
    known = OIDS.get(menu, {})
    found: dict[str, str] = {}
    for name in sorted(names):
        oid = known.get(name.removesuffix(SUFFIX)) if name.endswith(SUFFIX) else None
        if oid is not None:
            found[name] = f"{oid}.{item.id}" if item.id else oid
    return found
