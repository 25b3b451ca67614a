"""Giving a simulated router the state of a snapshot.

The router goes back to what it is like from the factory and is then configured by ordinary commands, so that all
that follows from the configuration comes about as it would. Items keep their identifiers where those are free.
Not taken over: what a router makes by itself, what it only reports, and what the snapshot does not hold, such as
keys of certificates and passwords of the router's users. Nothing is left out silently: the report says what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from router_sim.configuration import Row, can_be_given, is_made, is_setting
from router_sim.differences import compare
from router_sim.exchange import Origin
from router_sim.printable import printable
from router_sim.router import Router
from router_sim.schema import Menu
from router_sim.script import one_line
from router_sim.snapshots import Snapshot, snapshot_of
from router_sim.statements import Statement, run
from router_sim.store import Item, parse_key
from router_sim.transaction import Transaction
from router_sim.traps import Trap
from router_sim.values import BadValue, Reference

# Interfaces that are built into a device: no command makes them.
HARDWARE: Final[Mapping[str, str]] = {"/interface/ethernet": "ether", "/interface": ""}
_USERS: Final = "/user"
_CERTIFICATES: Final = "/certificate"
_ORIGIN: Final = Origin("", "", "load")
_MOST_NUMBER: Final = 0x0FFFFFFF
# Parts of a printed record that are no properties.
_MARKS: Final = frozenset({".id", ".nextid", ".about", "about"})


@dataclass(frozen=True, slots=True)
class LoadReport:
    """How many rows were made or changed, how many have another identifier now, and what was left out."""

    rows: int
    renumbered: int
    problems: tuple[str, ...]


def load(router: Router, snapshot: Snapshot, *, password: str | None = None) -> LoadReport:
    """Let the router hold what the snapshot does; that is then its initial state, and the journal is empty.

    Users of the router keep their passwords if it had users of these names; others, and all of them if it is
    given, get `password`. Certificates the router has itself keep their keys.
    """
    passwords, certificates = _passwords(router), _certificates(router)
    router.blank()
    untouched = snapshot_of(router)
    menus = router.menus
    problems = _unknown(snapshot, menus)
    problems += _keyless(snapshot, certificates)
    cleaned = _understood(snapshot, menus, problems)
    _drop_missing_hardware(router, untouched, cleaned)
    statements = compare(untouched, cleaned, menus, same_router=False)
    highest = _highest(cleaned, menus)
    rows = 0
    renumbered: Counter[str] = Counter()
    for statement in statements:
        before = len(problems)
        renumbered[menus[statement.menu].store] += _apply(router, statement, highest, problems)
        rows += before == len(problems)
    _arrange(router, cleaned, renumbered)
    _set_passwords(router, passwords, password, problems)
    _give_keys(router, snapshot, certificates)
    router.mark_initial()
    router.services_changed(router)
    return LoadReport(rows, renumbered.total(), tuple(printable(line) for line in problems))


# What cannot be taken over


def _unknown(snapshot: Snapshot, menus: Mapping[str, Menu]) -> list[str]:
    problems = [
        f"{path}: this menu is not simulated in this version; its rows ({len(rows)}) are left out"
        for path, rows in snapshot.menus.items()
        if path not in menus and rows
    ]
    for path, rows in snapshot.menus.items():
        if path in menus:
            names = Counter(
                name for row in rows for name in row if name not in menus[path].by_name and name not in _MARKS
            )
            problems += [
                f"{path}: {name} is no property of this version; left out of {number} rows"
                for name, number in names.items()
            ]
    return problems


def _keyless(snapshot: Snapshot, known: Mapping[str, Item]) -> list[str]:
    return [
        f"/certificate {row.get('name')}: its key cannot be read from a router; it is a template here, to be signed"
        for row in snapshot.menus.get("/certificate", ())
        if row.get("private-key") == "true" and row.get("fingerprint", "") not in known
    ]


def _understood(snapshot: Snapshot, menus: Mapping[str, Menu], problems: list[str]) -> Snapshot:
    """The snapshot without values that the tables do not accept."""
    kept: dict[str, list[Row]] = {}
    for path, rows in snapshot.menus.items():
        menu = menus.get(path)
        if menu is None:
            continue
        kept[path] = []
        for row in rows:
            refused = [
                each.name
                for each in menu.properties
                if each.name in row
                and not is_made(row)
                and is_setting(menu, each)
                and row[each.name] != each.default
                and not _is_printed_otherwise(menu, each.name)
                and not can_be_given(each, row[each.name])
            ]
            for name in refused:
                who = row.get("name") or row.get(".id", "")
                problems.append(f"{path} {who}: {name}={row[name]!r} is not understood and left out")
            kept[path].append({name: value for name, value in row.items() if name not in refused})
    return replace(snapshot, menus=kept)


def _is_printed_otherwise(menu: Menu, name: str) -> bool:
    """Does the router print something else there than what can be set?"""
    return (menu.path, name) in {("/file", "type"), ("/interface", "mtu")}


# Interfaces of the device


def _drop_missing_hardware(router: Router, untouched: Snapshot, wanted: Snapshot) -> None:
    path = "/interface/ethernet"
    if path not in wanted.menus:
        return
    there = {row.get("default-name", row.get("name")) for row in wanted.menus[path]}
    gone = [parse_key(row[".id"]) for row in untouched.menus[path] if row.get("default-name") not in there]

    def drop(tx: Transaction) -> None:
        for number in gone:
            if number is not None:
                tx.drop("/interface", number)

    router.write(drop)


def _make_hardware(router: Router, statement: Statement, row: Row, problems: list[str]) -> None:
    menu = router.menus[statement.menu]
    called = row.get("name", "")
    if not called or router.holds("/interface", called):
        raise Trap(("an interface needs a name of its own", None))
    values = {}
    for name, value in statement.values.items():
        each = menu.by_name[name]
        try:
            if not isinstance(each.type, Reference):
                values[name] = each.type.parse(value)
        except BadValue as bad:
            problems.append(f"{statement.menu} {row.get('name')}: {bad.describe(name)}")
    for name in ("default-name", "orig-mac-address"):
        if name in row:
            values[name] = row[name]
    if statement.menu == "/interface" and row.get("type"):
        problems.append(
            f"/interface {row.get('name')}: interfaces of type {row['type']} have no menu of their own here; "
            "it is kept by its name alone"
        )

    def make(tx: Transaction) -> None:
        tx.add("/interface", values, kind=HARDWARE[statement.menu])

    router.write(make)


# Carrying out


def _highest(snapshot: Snapshot, menus: Mapping[str, Menu]) -> dict[str, int]:
    """The highest number each store has in the snapshot."""
    highest: dict[str, int] = {}
    for path, rows in snapshot.menus.items():
        store = menus[path].store
        numbers = [_kept_number(row.get(".id", "")) or 0 for row in rows]
        highest[store] = max([highest.get(store, 0), *numbers])
    return highest


def _apply(router: Router, statement: Statement, highest: dict[str, int], problems: list[str]) -> bool:
    """Run one statement; returns whether a new item could not keep its identifier."""
    menu = router.menus[statement.menu]
    wanted = _kept_number(statement.id) if statement.verb == "add" else None
    try:
        if wanted is not None:
            router.write(lambda tx: _number(tx, menu.store, wanted, highest))
        if statement.verb == "add" and "add" not in menu.verbs:
            if menu.path not in HARDWARE:
                raise Trap(("no command makes such an item", None))
            _make_hardware(router, statement, statement.row, problems)
        else:
            run(statement, router, _ORIGIN)
            _give_owner(router, menu, statement)
    except Trap as trap:
        problems.append(f"{one_line(statement, router.menus)}: {trap.message}")
        return False
    finally:
        if wanted is not None:
            router.write(lambda tx: _number(tx, menu.store, None, highest))
    return wanted is not None and not router.holds(menu.path, statement.id)


def _give_owner(router: Router, menu: Menu, statement: Statement) -> None:
    """A script belongs to whoever made it, and that was not us."""
    owner = menu.by_name.get("owner")
    if statement.verb != "add" or owner is None or not owner.read_only or "owner" not in statement.row:
        return

    def give(tx: Transaction) -> None:
        item = tx.state.item(menu, statement.values.get("name", ""))
        if item is not None:
            tx.put(menu.store, replace(item, values={**item.values, "owner": statement.row["owner"]}))

    router.write(give)


def _kept_number(key: str) -> int | None:
    """The number of an identifier that can be kept: there has to be room for more behind it."""
    number = parse_key(key)
    return number if number is not None and number <= _MOST_NUMBER else None


def _number(tx: Transaction, path: str, wanted: int | None, highest: dict[str, int]) -> None:
    """Let the next new item have the number `wanted` if it is free, otherwise one over all others."""
    store = tx.state.writable(path)
    highest[path] = max(highest.get(path, 0), store.number_from(0) - 1)
    free = wanted is not None and store.get(wanted) is None
    store.number_from(wanted if wanted is not None and free else highest[path] + 1)


def _arrange(router: Router, snapshot: Snapshot, renumbered: Mapping[str, int]) -> None:
    """Put items that can be recognised, by name or because all kept their identifiers, into the old order."""

    def arrange(tx: Transaction) -> None:
        for path, rows in snapshot.menus.items():
            menu = router.menus[path]
            named = "name" in menu.by_name
            if menu.kind or menu.singleton or (renumbered.get(menu.store) and not named):
                continue
            items = [_item_of(tx, menu, row) for row in rows]
            wanted = list(dict.fromkeys(item.id for item in items if item is not None))
            now = [item.id for item in tx.state.store(menu.store) if item.id in set(wanted)]
            if now != wanted:
                tx.state.writable(menu.store).move(wanted, None)

    router.write(arrange)


def _item_of(tx: Transaction, menu: Menu, row: Row) -> Item | None:
    item = tx.state.item(menu, row.get(".id", ""))
    if "name" in row and (item is None or item.values.get("name", "") != row["name"]):
        return tx.state.item(menu, row["name"])
    return item


# Passwords


def _passwords(router: Router) -> dict[str, str]:
    found: dict[str, str] = {}

    def look(tx: Transaction) -> None:
        for user in tx.state.store(_USERS):
            found[user.values.get("name", "")] = user.values.get("password", "")

    router.write(look)
    return found


def _certificates(router: Router) -> dict[str, Item]:
    """The router's certificates by their fingerprints."""
    found: dict[str, Item] = {}

    def look(tx: Transaction) -> None:
        menu = router.menus[_CERTIFICATES]
        for item in tx.state.items(menu):
            fingerprint = tx.state.printed(menu, item).get("fingerprint")
            if fingerprint:
                found[fingerprint] = item

    if _CERTIFICATES in router.menus:
        router.write(look)
    return found


def _give_keys(router: Router, snapshot: Snapshot, known: Mapping[str, Item]) -> None:
    rows = [row for row in snapshot.menus.get(_CERTIFICATES, ()) if row.get("fingerprint", "") in known]

    def give(tx: Transaction) -> None:
        for row in rows:
            item = tx.state.item(router.menus[_CERTIFICATES], row.get("name", ""))
            if item is not None:
                held = known[row["fingerprint"]]
                tx.put(_CERTIFICATES, replace(held, id=item.id))

    if rows:
        router.write(give)


def _set_passwords(
    router: Router, known: Mapping[str, str], password: str | None, problems: list[str]
) -> None:
    def change(tx: Transaction) -> None:
        for user in list(tx.state.store(_USERS)):
            name = user.values.get("name", "")
            held = known.get(name) if password is None else password
            if held:
                tx.put(_USERS, _with_password(user, held))
            elif held is None:
                problems.append(f"{_USERS} {name}: the password is not known; the user has none here")

    router.write(change)


def _with_password(user: Item, password: str) -> Item:
    return replace(user, values={**user.values, "password": password, "expired": "false"})
