"""The router's clock and its resources."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from router_sim.behaviour import Behaviour, Call, Draft, Verb
from router_sim.behaviours import files
from router_sim.behaviours.going_on import ONGOING, interval, once
from router_sim.dates import format_date, format_offset, parse_date, zone
from router_sim.durations import format_elapsed
from router_sim.exchange import Record, Reply, Runtime
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.traps import bad_argument, no_match

# A clock that jumps stays within these.
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 30, tzinfo=UTC)


class SystemClock(Behaviour):
    """Date and time in the router's zone.

    Setting them changes what the router shows, by a remembered difference; whatever runs out does
    so by the clock underneath, as timers on a router do.
    """

    def __init__(self) -> None:
        super().__init__("/system/clock")

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """Check zone, date and time, and turn the last two into the difference."""
        try:
            place = zone(draft.values.get("time-zone-name", "manual"))
        except ValueError:
            raise no_match("time-zone-name") from None
        date, clock = draft.values.pop("date", None), draft.values.pop("time", None)
        if date is None and clock is None:
            return
        now = state.now()
        wanted = self.taken_for(state, draft.marks.get("ahead", 0)).astimezone(place)
        try:
            if date is not None:
                year, month, day = parse_date(date)
                wanted = wanted.replace(year=year, month=month, day=day)
            if clock is not None:
                hour, minute, second = (*(int(part) for part in clock.split(":")), 0)[:3]
                wanted = wanted.replace(hour=hour, minute=minute, second=second, microsecond=0)
        except ValueError:
            raise bad_argument(f"invalid value for argument {'date' if clock is None else 'time'}") from None
        draft.marks["ahead"] = (wanted - now).total_seconds()

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Date, time and zone at this moment."""
        local = self.local(state, item)
        return {
            "date": format_date(local, state.version),
            "time": local.strftime("%H:%M:%S"),
            "gmt-offset": format_offset(local),
            "dst-active": "true" if local.dst() else "false",
        }

    def taken_for(self, state: State, ahead: float) -> datetime:
        """The moment that is so many seconds from now, within what can be told in every zone."""
        now = state.now()
        least, most = ((end - now).total_seconds() for end in (_EARLIEST, _LAST))
        return now + timedelta(seconds=min(max(ahead, least), most))

    def local(self, state: State, item: Item) -> datetime:
        """What the router takes the time to be, in its zone."""
        moment = self.taken_for(state, item.marks.get("ahead", 0))
        return moment.astimezone(zone(item.values.get("time-zone-name", "manual")))


class Resources(Behaviour):
    """Uptime, version, and what is left of the disk."""

    def __init__(self) -> None:
        super().__init__("/system/resource")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Time since the router started, what runs on it, and the room there is for files."""
        return {
            "uptime": format_elapsed((state.now() - state.booted).total_seconds()),
            "version": f"{state.version} (stable)",
            "build-time": f"{format_date(state.booted, state.version)} 00:00:00",
            "free-hdd-space": str(max(0, state.disk_bytes - files.used_bytes(state))),
        }

    def verbs(self) -> Mapping[str, Verb]:
        """`monitor` reports the load once a second, or as often as `interval` says."""
        return {"monitor": Verb(_monitor, ONGOING | {"proplist"})}


def _monitor(call: Call) -> Reply:
    given, menu = call.command.attributes, call.menu
    seconds = interval(given)

    async def stream(runtime: Runtime) -> AsyncIterator[Record]:
        while True:
            load, memory = (menu.by_name[name].default or "" for name in ("cpu-load", "free-memory"))
            yield {"cpu-used": load, "cpu-used-per-cpu": load, "free-memory": memory}
            if once(given):
                return
            await runtime.sleep(seconds)

    return Reply(stream=stream, data=True, numbered=not once(given))
