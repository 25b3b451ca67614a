"""What of a printed record is configuration, and what the router only reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from router_sim.schema import Menu, Presence, Property
from router_sim.values import BadValue, Reference

Row = Mapping[str, str]

# Properties that can be set and change by themselves all the same.
VOLATILE: Final[Mapping[str, frozenset[str]]] = {
    "/file": frozenset({"last-modified", "size"}),
    "/ip/firewall/address-list": frozenset({"creation-time", "timeout"}),
    "/system/clock": frozenset({"date", "time"}),
}

# Properties of which only these values can be set; the others are what the router makes of them.
SETTABLE: Final[Mapping[tuple[str, str], frozenset[str]]] = {("/file", "type"): frozenset({"directory"})}

# Flags of the record itself, which nobody sets although the table lets them be given.
_FLAGS: Final = frozenset({"dynamic", "default"})


def is_state(menu: Menu) -> bool:
    """Does the menu only report, so that nothing in it is configuration?"""
    return not menu.verbs & {"add", "set"}


def is_made(row: Row) -> bool:
    """Did the router make the row by itself?"""
    return row.get("dynamic") == "true"


def is_built_in(row: Row) -> bool:
    """Is it there on every router, and cannot be removed?"""
    return row.get("default") == "true"


def is_setting(menu: Menu, each: Property) -> bool:
    """Is the property something that is configured, and shown as it was set?"""
    return (
        not each.read_only
        and each.presence is not Presence.NEVER
        and each.name not in _FLAGS
        and each.name not in VOLATILE.get(menu.path, ())
    )


def settings(menu: Menu, row: Row) -> dict[str, str]:
    """The configured values of a record, in the order of the table."""
    found: dict[str, str] = {}
    for each in menu.properties:
        value = row.get(each.name)
        only = SETTABLE.get((menu.path, each.name))
        if value is not None and is_setting(menu, each) and (only is None or value in only):
            found[each.name] = value
    return found


def printed_default(menu: Menu, name: str, names: Mapping[tuple[str, str], str]) -> str | None:
    """What a property that was never set is printed as, or None if it has no default.

    `names` gives the name of an item by its store and identifier.
    """
    each = menu.by_name[name]
    if each.default is None or not isinstance(each.type, Reference) or not each.default.startswith("*"):
        return each.default
    return names.get((each.type.store, each.default))


def can_be_given(each: Property, value: str) -> bool:
    """Would a command accept this value for the property? Names of items are taken to exist."""
    if isinstance(each.type, Reference):
        return value in each.type.words or bool(value)
    try:
        return each.type.parse(value) == value
    except BadValue:
        return each.presence is Presence.SET and each.clearable and value == ""
