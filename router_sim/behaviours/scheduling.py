"""The scheduler: what the router does at its own time.

Documented: start, interval, and that `startup` means three seconds after the router is up. Recorded: the form of
`next-run`. Assumed: that an entry without a start begins one interval after it was added, and that an entry on a
router whose device mode forbids the scheduler waits without counting.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from math import ceil

from router_sim.behaviour import Behaviour, Draft, Verb
from router_sim.behaviours import device_mode, log, scripts
from router_sim.behaviours.interfaces import is_enabled
from router_sim.behaviours.system import SystemClock
from router_sim.dates import format_date, format_moment, from_seconds, parse_date
from router_sim.durations import SECOND, parse_duration
from router_sim.menus.scripting import DAYS
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import Trap, bad_argument
from router_sim.values import split_list

STORE = "/system/scheduler"
CLOCK = "/system/clock"
STARTUP = 3.0
MOST_TURNS = 1000
_SHORTEST = 1.0  # seconds between two runs, whatever the interval


class Scheduler(Behaviour):
    """Entries, the moment each is due, and what happens then."""

    def __init__(self) -> None:
        super().__init__(STORE, watches=(CLOCK,))

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """Fill in the start, and find the moment of the next run."""
        local = _local(state)
        values = draft.values
        values.setdefault("start-date", format_date(local, state.version))
        values.setdefault("start-time", local.strftime("%H:%M:%S"))
        try:
            year, month, day = parse_date(values["start-date"])
        except ValueError:
            raise bad_argument("invalid value for argument start-date") from None
        values["start-date"] = format_date(datetime(year, month, day, tzinfo=local.tzinfo), state.version)
        if values["start-time"] != "startup":
            try:
                values["start-time"] = time.fromisoformat(values["start-time"]).strftime("%H:%M:%S")
            except ValueError:
                raise bad_argument("invalid value for argument start-time") from None
        draft.due = next_run(state, draft.item(0, ""), state.now().timestamp())

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """How often it ran, and when it runs next."""
        derived = {"run-count": str(int(item.marks.get("runs", 0)))}
        if not device_mode.allows(state, "scheduler"):
            derived["about"] = "inactivated, not allowed by device-mode"
        elif item.due is not None:
            derived["next-run"] = format_moment(_local(state, from_seconds(item.due)), state.version)
        return derived

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """The clock was set: every next run is found anew."""
        if store != CLOCK or before is None or after is None:
            return
        for item in list(tx.state.store(STORE)):
            due = next_run(tx.state, item, tx.now)
            if due != item.due:
                tx.put(STORE, replace(item, due=due))

    def booted(self, tx: Transaction, *, cold: bool) -> None:
        """What is to run at startup runs soon."""
        for item in list(tx.state.store(STORE)):
            if item.values.get("start-time") == "startup" and is_enabled(item):
                tx.put(STORE, replace(item, due=tx.now + STARTUP))

    def expired(self, tx: Transaction, item: Item) -> None:
        """Count, find the next moment, and do what is to be done."""
        allowed = device_mode.allows(tx.state, "scheduler")
        turns, now = _turns(tx, item)
        marks = {**item.marks, "runs": item.marks.get("runs", 0) + turns} if allowed else item.marks
        tx.put(STORE, replace(item, marks=marks, due=next_run(tx.state, item, now)))
        if allowed:
            _perform(tx, item)

    def verbs(self) -> Mapping[str, Verb]:
        """`add` notes the owner."""
        return {"add": Verb(scripts.add_owned, None)}


def _turns(tx: Transaction, item: Item) -> tuple[int, float]:
    """How many turns are made at once, and the moment up to which.

    One, as a rule. Where a clock was moved on so far that thousands are due, they are counted, and what is
    to be done is done once: making them all would keep every router waiting.
    """
    step = max(parse_duration(item.values.get("interval", "0s")) / SECOND, _SHORTEST)
    behind = tx.state.clock.now().timestamp() - tx.now
    if behind <= MOST_TURNS * step:
        return 1, tx.now
    missed = int(behind // step)
    return missed + 1, tx.now + missed * step


def next_run(state: State, item: Item, now: float) -> float | None:
    """The first moment after `now` at which `item` is to run, in seconds since the epoch; None for never."""
    if not is_enabled(item):
        return None
    step = parse_duration(item.values.get("interval", "0s")) / SECOND
    if item.values.get("start-time") == "startup":
        begin = state.booted.timestamp() + STARTUP
    else:
        begin = _begin(state, item).timestamp()
    if begin > now:
        return _on_a_day(state, item, begin, step)
    if not step:
        return None
    step = max(step, _SHORTEST)
    turns = ceil((now - begin) / step)
    due = begin + turns * step
    return _on_a_day(state, item, due if due > now else due + step, step)


def _on_a_day(state: State, item: Item, due: float, step: float) -> float | None:
    """The first turn from `due` on that falls on one of the entry's days."""
    days = split_list(item.values.get("days", ""))
    if not days:
        return due
    for _ in range(10000):
        if DAYS[_local(state, from_seconds(due)).weekday()] in days:
            return due
        if not step:
            return None
        due += step
    return None


def _begin(state: State, item: Item) -> datetime:
    """The start of an entry as a real moment: what its date and time mean on the router's clock."""
    year, month, day = parse_date(item.values["start-date"])
    local = _local(state)
    wall = datetime.combine(datetime(year, month, day), time.fromisoformat(item.values["start-time"]))  # noqa: DTZ001
    (clock,) = state.items(state.menus[CLOCK])
    return wall.replace(tzinfo=local.tzinfo) - timedelta(seconds=clock.marks.get("ahead", 0))


def _local(state: State, moment: datetime | None = None) -> datetime:
    """A moment, the present one by default, as the router's clock shows it."""
    (clock,) = state.items(state.menus[CLOCK])
    shown = SystemClock().local(state, clock)
    if moment is None:
        return shown
    return (moment + timedelta(seconds=clock.marks.get("ahead", 0))).astimezone(shown.tzinfo)


def _perform(tx: Transaction, item: Item) -> None:
    """Do what `on-event` says: run the script of that name, or the commands it holds itself."""
    state, event = tx.state, item.values.get("on-event", "")
    if not event:
        return
    script = state.item(state.menus[scripts.STORE], event)
    if script is not None:
        scripts.started(tx, script)
    source = script.values.get("source", "") if script is not None else event
    commands = scripts.commands_of(state, source)
    if commands is None:
        scripts.not_interpreted(tx, f"schedule {item.values.get('name', '')}")
        return
    rights = scripts.rights_of(state, item)
    if script is not None:
        rights &= scripts.rights_of(state, script)
    for line, command in commands:
        try:
            scripts.perform(tx, line, command, rights)
        except Trap as trap:
            log.write(tx, "script,error", f"{item.values.get('name', '')}: {trap.message}")
            return
