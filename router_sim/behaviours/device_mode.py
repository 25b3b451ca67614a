"""Device mode: a change is asked for over the network and confirmed by cutting the power.

Source: the manual's page on device mode, and records of CHR 7.22 and 7.24. Assumed: that the request stays
open when the command that made it is cancelled, that it counts as an attempt at once, and the record in which
the console's line arrives over the API.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from router_sim import reading
from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.behaviours.going_on import ONGOING, once
from router_sim.durations import DAY, SECOND, format_remaining, parse_duration
from router_sim.exchange import Record, Reply, Runtime
from router_sim.menus.device_mode import DENIED, FEATURES, RENAMED
from router_sim.schema import Menu, version_key
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import bad_argument, failure
from router_sim.values import BadValue, Bool, Choice, Duration

STORE = "/system/device-mode"
SWITCHES = ("flagged", "flagging-enabled")
ATTEMPTS = 3
ACTIVATION = "5m"
REQUESTED = "requested "  # in front of the names of values that wait for the power to be cut


def allows(state: State, feature: str) -> bool:
    """May the router do this at all? `feature` is a name of the table, such as `hotspot` or `fetch`."""
    item = _item(state)
    return item is None or _allowed(state, item, feature)


def refuse_unless_allowed(state: State, feature: str) -> None:
    """Raise the Trap of a command whose feature device mode switched off."""
    if not allows(state, feature):
        raise failure("not allowed by device-mode")


def power_cycled(tx: Transaction) -> None:
    """The power was cut: what was asked for in time holds now, and the attempts are forgotten."""
    item = _item(tx.state)
    if item is None:
        return
    asked = {
        name.removeprefix(REQUESTED): value
        for name, value in item.values.items()
        if name.startswith(REQUESTED)
    }
    values = _without_request(item)
    if item.due is not None and "mode" in asked:  # a mode replaces all that was set before
        values = {name: value for name, value in values.items() if name in SWITCHES}
    if item.due is not None:
        values |= asked
    tx.put(STORE, Item(item.id, values, item.kind, item.hold))


def mode_of(state: State, item: Item) -> str:
    """The mode in force."""
    fallback = "advanced" if version_key(state.version) >= version_key(RENAMED) else "enterprise"
    return item.values.get("mode", fallback)


def _item(state: State) -> Item | None:
    """The one item; None on versions that know no device mode."""
    return state.store(STORE).get(0) if STORE in state.menus else None


def _allowed(state: State, item: Item, feature: str) -> bool:
    own = item.values.get(feature)
    return own == "true" if own is not None else feature not in DENIED[mode_of(state, item)]


def _without_request(item: Item) -> dict[str, str]:
    return {name: value for name, value in item.values.items() if not name.startswith(REQUESTED)}


class DeviceMode(Behaviour):
    """Shows what is allowed, and waits for the power to be cut."""

    def __init__(self) -> None:
        super().__init__(STORE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Every feature, allowed or not, and how often a change was asked for in vain."""
        shown = {name: "true" if _allowed(state, item, name) else "false" for name in FEATURES}
        attempts = str(int(item.marks.get("attempts", 0)))
        return shown | {"mode": mode_of(state, item), "attempt-count": attempts}

    def expired(self, tx: Transaction, item: Item) -> None:
        """Nobody cut the power in time."""
        tx.put(STORE, replace(item, values=_without_request(item), due=None))

    def verbs(self) -> Mapping[str, Verb]:
        """`update` asks for a change and goes on until it is made or its time is up; `print` knows `config`."""
        names = frozenset({"mode", "activation-timeout", *SWITCHES, *FEATURES})
        return {"update": Verb(self._update, names | ONGOING), "print": Verb(_print, None)}

    def _update(self, call: Call) -> Reply:
        given, state, tx = call.command.attributes, call.state, call.tx
        item = state.items(call.menu)[0]
        asked = _asked(call)
        seconds = _seconds(given.get("activation-timeout", ACTIVATION))
        attempts = item.marks.get("attempts", 0)
        until = tx.now + seconds
        values = _without_request(item)
        line = "turn off power in {left} to activate changes"
        if attempts >= ATTEMPTS:
            line = "too many unsuccessful attempts, turn off power in {left} to reset attempt-count"
            tx.put(STORE, Item(0, values, marks=item.marks), own=True)
        elif item.due is not None:  # two at a time undo each other
            until = tx.now
            tx.put(STORE, Item(0, values, marks={"attempts": attempts + 1}), own=True)
        else:
            values |= {REQUESTED + name: value for name, value in asked.items()}
            tx.put(STORE, Item(0, values, marks={"attempts": attempts + 1}, due=until), own=True)

        async def stream(runtime: Runtime) -> AsyncIterator[Record]:
            while (left := until - state.now().timestamp()) > 0:
                yield {"update": line.format(left=format_remaining(left))}
                if once(given):
                    return
                await runtime.sleep(min(1.0, left))
                held = state.items(call.menu)[0]
                if attempts < ATTEMPTS and held.due != until:
                    break  # cancelled by another update, or confirmed
            yield {"update": "canceled"}

        return Reply(stream=stream, data=True, numbered=not once(given))


def _print(call: Call) -> Reply:
    """With `config` only the mode and what was set apart from it."""
    given = call.command.attributes
    if given.get("config", "no") in ("no", "false"):
        return reading.print_(call)
    item = call.state.items(call.menu)[0]
    names = ["mode", *(name for name in (*SWITCHES, *FEATURES) if name in item.values)]
    command = replace(call.command, attributes={**given, ".proplist": ",".join(names)})
    return reading.print_(replace(call, command=command))


def _asked(call: Call) -> dict[str, str]:
    """The settings a command names, canonical. Raises Trap."""
    modes = tuple(name for name in DENIED if (name == "enterprise") == _is_old(call.state))
    asked = {}
    for name, text in call.command.attributes.items():
        try:
            if name == "mode":
                asked[name] = Choice((*modes, "home")).parse(text)
            elif name in FEATURES or name in SWITCHES:
                asked[name] = Bool().parse(text)
        except BadValue as bad:
            raise bad_argument(bad.describe(name)) from None
    return asked


def _is_old(state: State) -> bool:
    return version_key(state.version) < version_key(RENAMED)


def _seconds(text: str) -> float:
    try:
        return parse_duration(Duration(10 * SECOND, DAY).parse(text)) / SECOND
    except BadValue as bad:
        raise bad_argument(bad.describe("activation-timeout")) from None
