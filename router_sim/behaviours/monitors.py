"""Monitors: commands that report the same thing again and again until somebody has seen enough.

The first report comes at once, further ones every `interval`, a second if not said otherwise. All records of
one report carry its number as `.section`; with `once` there is one report without a number.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

from router_sim.behaviour import Call
from router_sim.behaviours.going_on import ONGOING, once
from router_sim.durations import MILLISECOND, SECOND, parse_duration
from router_sim.exchange import Record, Reply, Runtime
from router_sim.selection import chosen_or_counted
from router_sim.store import Item
from router_sim.traps import bad_argument
from router_sim.values import BadValue, Duration, split_list

WATCHING = ONGOING | {"proplist", ".proplist"}
INTERVAL = Duration(20 * MILLISECOND, 5 * SECOND)


def monitor(call: Call, report: Callable[[], Sequence[Record]]) -> Reply:
    """A reply that gives what `report` says, once or for as long as it is wanted. Raises Trap."""
    given = call.command.attributes
    seconds = _interval(given)
    listed = given.get(".proplist", given.get("proplist"))
    names = frozenset(split_list(listed)) if listed else None
    single = once(given)

    async def stream(runtime: Runtime) -> AsyncGenerator[Record, None]:
        section = 0
        while True:
            for record in report():
                shown = {name: record[name] for name in record if names is None or name in names}
                yield shown if single else {**shown, ".section": str(section)}
            if single:
                return
            section += 1
            await runtime.sleep(seconds)

    return Reply(stream=stream, data=True, numbered=not single)


def monitor_items(call: Call, describe: Callable[[Item], Record]) -> Reply:
    """The same for the items a command names, of which those that are gone meanwhile are passed over."""
    numbers = [item.id for item in chosen_or_counted(call)]

    def report() -> Sequence[Record]:
        held = (call.state.store(call.menu.store).get(number) for number in numbers)
        return [describe(item) for item in held if item is not None]

    return monitor(call, report)


def _interval(given: Mapping[str, str]) -> float:
    text = given.get("interval", "")
    if not text:
        return 1.0
    try:
        return parse_duration(INTERVAL.parse(text)) / SECOND
    except BadValue as bad:
        raise bad_argument(bad.describe("interval")) from None
