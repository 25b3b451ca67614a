"""A router's configuration as the console script it would export.

Source: exports of routers (7.11 to 7.19, 6.49). Only what was configured is in it, unless all is asked for;
accounts of the router, certificates and files are not, and passwords and the like only on request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from router_sim.dates import format_moment
from router_sim.differences import compare
from router_sim.schema import Menu
from router_sim.script import script
from router_sim.snapshots import Snapshot
from router_sim.statements import Statement

# What a router keeps to itself.
NOT_EXPORTED: Final = frozenset({"/certificate", "/file", "/user", "/system/license", "/system/device-mode"})


def export(
    snapshot: Snapshot,
    untouched: Snapshot,
    menus: Mapping[str, Menu],
    *,
    verbose: bool = False,
    show_sensitive: bool = False,
) -> str:
    """The script that makes of an `untouched` router of the version one that holds what `snapshot` does.

    `verbose` gives every property of every item. Without `show_sensitive` passwords and keys are left out, as
    routers do since version 7; importing such a script gives users without passwords.
    """
    statements = compare(
        untouched, snapshot, menus, same_router=False, leave_out=NOT_EXPORTED, everything=verbose
    )
    if not show_sensitive:
        statements = [_without_secrets(each, menus[each.menu]) for each in statements]
    return _header(snapshot) + script((each for each in statements if not _is_empty(each)), menus)


def _header(snapshot: Snapshot) -> str:
    try:
        taken = datetime.fromisoformat(snapshot.taken).astimezone(UTC)
    except ValueError:
        taken = datetime.fromtimestamp(0, UTC)
    moment = format_moment(taken, snapshot.version)
    return f"# {moment} by RouterOS {snapshot.version}\n# software id =\n#\n"


def _without_secrets(statement: Statement, menu: Menu) -> Statement:
    secret = {name for name in statement.values if name in menu.by_name and menu.by_name[name].sensitive}
    if not secret:
        return statement
    kept = {name: value for name, value in statement.values.items() if name not in secret}
    return replace(statement, values=kept)


def _is_empty(statement: Statement) -> bool:
    return statement.verb == "set" and not statement.values and not statement.unset
