"""Packages and licence of a CHR.

Recorded: the records of `check-for-updates`, the free licence, and the arguments a renewal cannot do without.
Assumed: that there is never anything newer, that the one package there is stays whatever is scheduled, and how a
renewal fails for want of an account.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from hashlib import sha256

from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.behaviours.going_on import ONGOING, once
from router_sim.dates import format_date
from router_sim.exchange import Record, Reply, Runtime
from router_sim.schema import Menu
from router_sim.selection import SELECTORS, chosen
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import missing, no_match

STORE = "/system/package"
UPDATE = "/system/package/update"
LICENSE = "/system/license"
SIZE = "13627392"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LEVELS = ("p-unlimited", "p1", "p10")


class Packages(Behaviour):
    """The one package of a CHR."""

    def __init__(self) -> None:
        super().__init__(STORE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Version and date of the system."""
        return {
            "version": state.version,
            "build-time": f"{format_date(state.booted, state.version)} 00:00:00",
            "size": SIZE,
        }

    def booted(self, tx: Transaction, *, cold: bool) -> None:
        """What was scheduled has been tried."""
        for item in list(tx.state.store(STORE)):
            if "scheduled" in item.values:
                tx.put(STORE, _scheduled(item, ""))

    def verbs(self) -> Mapping[str, Verb]:
        """Changes are scheduled, and made when the router starts again."""
        selectors = frozenset(SELECTORS)
        return {
            "disable": Verb(_scheduling("scheduled for disable"), selectors),
            "enable": Verb(_scheduling("scheduled for enable"), selectors),
            "uninstall": Verb(_scheduling("scheduled for uninstall"), selectors),
            "unschedule": Verb(_scheduling(""), selectors),
            "downgrade": Verb(_reboot),
            "apply-changes": Verb(_reboot, frozenset({"ignore-missing"})),
        }


def _scheduled(item: Item, text: str) -> Item:
    values = {name: value for name, value in item.values.items() if name != "scheduled"}
    return replace(item, values=values | ({"scheduled": text} if text else {}))


def _scheduling(text: str) -> Callable[[Call], Reply]:
    def run(call: Call) -> Reply:
        for item in chosen(call):
            call.tx.put(STORE, _scheduled(item, text), own=True)
        return Reply()

    return run


def _reboot(call: Call) -> Reply:
    call.state.power_request = "reboot"
    return Reply()


class Update(Behaviour):
    """Looks for newer versions, of which there are none."""

    def __init__(self) -> None:
        super().__init__(UPDATE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """The version that runs, and what the last look gave."""
        derived = {"installed-version": state.version}
        if "checked" in item.marks:
            derived |= {"latest-version": state.version, "status": "System is already up to date"}
        return derived

    def booted(self, tx: Transaction, *, cold: bool) -> None:
        """The last look is forgotten."""
        item = tx.state.store(UPDATE).get(0)
        if item is not None and item.marks:
            tx.put(UPDATE, replace(item, marks={}))

    def verbs(self) -> Mapping[str, Verb]:
        """`check-for-updates`; `download` and `install` look as well, and find nothing to do."""
        return {
            "check-for-updates": Verb(_check, ONGOING),
            "download": Verb(_check, ONGOING),
            "install": Verb(_check, ONGOING | {"ignore-missing"}),
            "cancel": Verb(lambda call: Reply()),
        }


def _check(call: Call) -> Reply:
    given, state, menu = call.command.attributes, call.state, call.menu

    async def stream(runtime: Runtime) -> AsyncIterator[Record]:
        (item,) = state.items(menu)
        now = {"channel": state.value(menu, item, "channel"), "installed-version": state.version}
        yield {**now, "status": "finding out latest version..."}
        if once(given):
            return

        def note(tx: Transaction) -> None:
            (held,) = state.items(menu)
            tx.put(UPDATE, replace(held, marks={"checked": 1.0}))

        runtime.write(note)
        yield {**now, "latest-version": state.version, "status": "System is already up to date"}

    return Reply(stream=stream, data=True, numbered=not once(given))


class License(Behaviour):
    """A free licence."""

    def __init__(self) -> None:
        super().__init__(LICENSE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """The identifier of the system, another one each time a new one is asked for."""
        return {"system-id": system_id(f"{state.name} {item.marks.get('identities', 0):.0f}")}

    def verbs(self) -> Mapping[str, Verb]:
        """`generate-new-id`, and `renew`, which fails."""
        return {
            "generate-new-id": Verb(_new_id),
            "renew": Verb(_renew, ONGOING | {"account", "password", "level"}),
        }


def system_id(text: str) -> str:
    """Eleven digits and letters that follow from `text`, as system identifiers look."""
    number = int.from_bytes(sha256(text.encode("utf-8", "surrogateescape")).digest()[:9])
    digits = ""
    for _ in range(11):
        number, digit = divmod(number, len(_DIGITS))
        digits += _DIGITS[digit]
    return digits


def _new_id(call: Call) -> Reply:
    (item,) = call.state.items(call.menu)
    marks = {"identities": item.marks.get("identities", 0) + 1}
    call.tx.put(LICENSE, replace(item, marks=marks), own=True)
    return Reply()


def _renew(call: Call) -> Reply:
    given = call.command.attributes
    for name in ("account", "password", "level"):
        if name not in given:
            raise missing(name)
    if given["level"] not in _LEVELS:
        raise no_match("level")

    async def stream(runtime: Runtime) -> AsyncIterator[Record]:
        yield {"status": "connecting"}
        if not once(given):
            yield {"status": "ERROR: Unauthorized"}

    return Reply(stream=stream, data=True, numbered=not once(given))
