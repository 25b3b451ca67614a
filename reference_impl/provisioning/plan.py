"""The writes that lead a router from what it holds to what it shall hold, in an order that is safe.

Safe means: a guarded interface has exactly one enabled server at every moment, nothing refers to an item
that is not there yet or not there any more, and a server starts only when its guests can reach the
portal. A server row that changes hands is changed by one `set`, never removed and added.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from reference_impl.provisioning.menus import (
    ACTIVE,
    ADDRESS_LIST,
    FILE,
    MENUS,
    SERVER,
    SERVER_PROFILE,
    USER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Actual,
    Item,
    Operation,
    Row,
    is_window,
    owner,
    same,
)

_BEFORE_SERVERS = (USER_PROFILE, FILE, SERVER_PROFILE)
_AFTER_SERVERS = (WALLED_GARDEN_IP, USER)


def plan(desired: Sequence[Item], actual: Actual) -> list[Operation]:
    """Return the operations to apply one after the other; none if the router is as desired.

    Once they are applied a further plan is empty, unless addresses have moved between interfaces: then
    up to two more plans do the rest.

    Only rows that carry the tag of the service are ever named in an operation, with one exception:
    the sessions on a server that changes hands end, whoever opened them.
    """
    servers = _ServerMatch(desired, actual)
    if in_the_way := servers.in_the_way():
        # After addresses moved on the router. What follows refers to servers by name, so these go first
        # with what refers to them, and the next plan does the rest.
        return [step for row in in_the_way for step in _with_dependants(row, actual)]
    return [
        *_upserts(_BEFORE_SERVERS, desired, actual),
        *servers.placed(),
        *_upserts(_AFTER_SERVERS, desired, actual),
        *servers.enabled(),
        *_ended_sessions(servers, desired, actual),
        *_closed_windows(desired, actual),
        *_removals(_AFTER_SERVERS[::-1], desired, actual),
        *servers.removed(),
        *_removals(_BEFORE_SERVERS[::-1], desired, actual),
    ]


def _upserts(menus: Sequence[str], desired: Sequence[Item], actual: Actual) -> Iterator[Operation]:
    for path in menus:
        present = {MENUS[path].key_of(row): row for row in reversed(_owned(path, actual))}
        for item in desired:
            if item.menu != path:
                continue
            row = present.get(item.key)
            if row is None:
                yield Operation("add", path, None, {**item.properties, **item.initial})
            elif changes := _changes(item, row):
                yield Operation("set", path, row[".id"], changes)


def _removals(menus: Sequence[str], desired: Sequence[Item], actual: Actual) -> Iterator[Operation]:
    for path in menus:
        wanted = {item.key for item in desired if item.menu == path}
        rows = _owned(path, actual)
        seen: set[tuple[str, ...]] = set()
        extra: list[Row] = []
        for row in rows:
            key = MENUS[path].key_of(row)
            if key not in wanted or key in seen:
                extra.append(row)
            seen.add(key)
        if path == FILE:
            # RouterOS itself may put pages beside ours; they go with the directory, and before it.
            extra = [row for row in extra if (row["name"].partition("/")[0],) not in wanted]
            extra.sort(key=lambda row: row["name"], reverse=True)
        for row in extra:
            yield Operation("remove", path, row[".id"])


def _ended_sessions(servers: "_ServerMatch", desired: Sequence[Item], actual: Actual) -> Iterator[Operation]:
    users = {item.properties["name"] for item in desired if item.menu == USER}
    for row in actual.get(ACTIVE, ()):
        user = row.get("user", "")
        orphaned = MENUS[SERVER].owns({"name": user}) and user not in users
        if orphaned or row.get("server", "") in servers.handed_over:
            yield Operation("remove", ACTIVE, row[".id"])


def _closed_windows(desired: Sequence[Item], actual: Actual) -> Iterator[Operation]:
    """Yield the end of login windows no rule of the walled garden refers to: they come and go with guests."""
    lists = {item.properties.get("src-address-list") for item in desired}
    for row in actual.get(ADDRESS_LIST, ()):
        if is_window(row) and row["list"] not in lists:
            yield Operation("remove", ADDRESS_LIST, row[".id"])


def _with_dependants(server: Row, actual: Actual) -> Iterator[Operation]:
    for path in _AFTER_SERVERS[::-1]:
        for row in _owned(path, actual):
            if row.get("server") == server["name"]:
                yield Operation("remove", path, row[".id"])
    yield Operation("remove", SERVER, server[".id"])


class _ServerMatch:
    """Which server row becomes which desired server.

    The row on the interface counts first, since replacing it would leave the interface open for a
    moment; a row of the right name follows its address to another interface.
    """

    def __init__(self, desired: Sequence[Item], actual: Actual) -> None:
        self._kept: list[tuple[Item, Row]] = []
        self._new: list[Item] = []
        self._extra = _owned(SERVER, actual)
        self._wanted = [item for item in desired if item.menu == SERVER]
        elsewhere = []
        for item in self._wanted:
            here = [row for row in self._extra if row.get("interface") == item.properties["interface"]]
            if here:
                # Of several, one that works, and then the one with the right name.
                self._keep(item, min(here, key=partial(_rank, item)))
            else:
                elsewhere.append(item)
        for item in elsewhere:
            row = next((row for row in self._extra if row["name"] == item.key[0]), None)
            if row is None:
                self._new.append(item)
            else:
                self._keep(item, row)
        self.handed_over = {
            row["name"] for item, row in self._kept if owner(row["name"]) != owner(item.key[0])
        }

    def _keep(self, item: Item, row: Row) -> None:
        self._extra.remove(row)
        self._kept.append((item, row))

    def in_the_way(self) -> list[Row]:
        """Return the rows that become no desired server, yet have the name of one."""
        names = {item.key[0] for item in self._wanted}
        return [row for row in self._extra if row["name"] in names]

    def placed(self) -> Iterator[Operation]:
        """Yield the writes after which every desired server has its row, new ones still disabled."""
        waiting = [(item, row) for item, row in self._kept if _changes(item, row)]
        while waiting:
            taken = {row["name"]: row for _, row in waiting}
            ready = [(item, row) for item, row in waiting if taken.get(item.key[0], row) is row]
            if ready:
                item, row = ready[0]
                waiting.remove(ready[0])
                yield Operation("set", SERVER, row[".id"], _changes(item, row))
            else:
                # The names go round in a circle: one row steps aside first.
                item, row = waiting.pop(0)
                aside = f"{row['name']}-moving"
                waiting.append((item, {**row, "name": aside}))
                yield Operation("set", SERVER, row[".id"], {"name": aside})
        for item in self._new:
            yield Operation("add", SERVER, None, {**item.properties, **item.initial})

    def enabled(self) -> Iterator[Operation]:
        """Yield the writes that start the servers that do not run yet."""
        for _, row in self._kept:
            if row.get("disabled") == "true":
                yield Operation("set", SERVER, row[".id"], {"disabled": "no"})
        for item in self._new:
            yield Operation("set", SERVER, item.key[0], {"disabled": "no"})

    def removed(self) -> Iterator[Operation]:
        """Yield the removal of the rows that became no desired server."""
        for row in self._extra:
            yield Operation("remove", SERVER, row[".id"])


def _owned(path: str, actual: Actual) -> list[Row]:
    return [row for row in actual.get(path, ()) if MENUS[path].owns(row)]


def _changes(item: Item, row: Row) -> dict[str, str]:
    return {name: value for name, value in item.properties.items() if not same(value, row.get(name, ""))}


def _rank(item: Item, row: Row) -> tuple[bool, bool]:
    return row.get("disabled") == "true", row["name"] != item.key[0]
