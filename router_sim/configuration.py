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

# Flags of the record itself, which nobody sets although the table lets them be given.
_FLAGS: Final = frozenset({"dynamic", "default"})


def is_state(menu: Menu) -> bool:
    """Does the menu only report, so that nothing in it is configuration?

    What can be ended and not be begun by a command, such as a session, is no configuration either.
    """
    ended_only = "remove" in menu.verbs and "add" not in menu.verbs
    return not menu.journaled or ended_only or not menu.verbs & {"add", "set"}


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
    """The configured values of a record, in the order of the table.

    A value that no command would accept is what the router makes of another one, such as `.txt file` for the
    type of a file, or the size of packets on a loopback.
    """
    return {
        each.name: row[each.name]
        for each in menu.properties
        if each.name in row and is_setting(menu, each) and can_be_given(each, row[each.name])
    }


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
        each.type.parse(value)
        return True
    except BadValue:
        return each.presence is Presence.SET and each.clearable and value == ""
