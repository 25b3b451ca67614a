"""When hosts and sessions of a hotspot end by themselves.

A guest is taken to be present and talking until something is said of it: from the first report of its
traffic on, its silence is counted since the last one; from the moment it is reported unreachable, both its
silence and its absence count. Deadlines that only move on are looked at when the earlier one comes, so
traffic costs next to nothing.
"""

from dataclasses import replace

from router_sim.behaviours.hotspot import (
    ACTIVE,
    HOST,
    SERVER,
    retime,
    seconds_of,
    server_of,
    session_of,
)
from router_sim.durations import SECOND, format_elapsed, parse_duration
from router_sim.state import State
from router_sim.store import Item

SESSION_TIMEOUT = "session timeout"
IDLE_TIMEOUT = "idle timeout"
KEEPALIVE_TIMEOUT = "keepalive timeout"
LOGIN_TIMEOUT = "login timeout"

Deadline = tuple[float, str]


def silent_since(host: Item) -> float | None:
    """The moment from which the guest has been silent; None while it is taken to be talking."""
    marks = host.marks
    return marks["heard"] if marks.get("observed") else marks.get("lost")


def idle_time(state: State, host: Item | None) -> str:
    """For how long the guest has been silent, in whole seconds."""
    since = silent_since(host) if host else None
    return "0s" if since is None else format_elapsed(state.now().timestamp() - since)


def dead_time(state: State, host: Item) -> str:
    """For how long the guest has not answered, in whole seconds; that it is always shown is assumed."""
    since = host.marks.get("lost")
    return "0s" if since is None else format_elapsed(state.now().timestamp() - since)


def session_deadline(state: State, session: Item) -> Deadline | None:
    """The moment at which a session ends if nothing more happens, and why."""
    found: list[Deadline] = []
    if "ends" in session.marks:
        found.append((session.marks["ends"], SESSION_TIMEOUT))
    host = state.store(HOST).get(int(session.marks["host"]))
    if host is not None:
        idle = _seconds(session.values.get("idle-timeout", ""))
        keepalive = _seconds(session.values.get("keepalive-timeout", ""))
        found += _silence(host, idle, keepalive)
    return min(found, default=None)


def host_deadline(state: State, host: Item) -> Deadline | None:
    """The moment at which a host nobody is logged in at is forgotten, and why."""
    server = server_of(state, host)
    if server is None or "session" in host.marks:
        return None
    found = _silence(
        host,
        seconds_of(state, SERVER, server, "idle-timeout"),
        seconds_of(state, SERVER, server, "keepalive-timeout"),
    )
    patience = seconds_of(state, SERVER, server, "login-timeout")
    if patience and host.values.get("bypassed") != "true":
        found.append((host.marks.get("waiting", host.marks["since"]) + patience, LOGIN_TIMEOUT))
    return min(found, default=None)


def reschedule(state: State, host: Item) -> None:
    """Look at a host, and at its session, when they are due by what is known now."""
    session = session_of(state, host)
    if session is not None:
        deadline = session_deadline(state, session)
        retime(state, ACTIVE, session, deadline[0] if deadline else None)
    deadline = host_deadline(state, host)
    retime(state, HOST, host, deadline[0] if deadline else None)


def heard(state: State, host: Item, moment: float, counted: dict[str, float] | None = None) -> Item:
    """The guest sends: it is there, and its silence is counted anew, if it is counted. Returns the host.

    `counted` are increments of the counters; with them the guest counts as observed from now on.
    """
    marks = dict(host.marks)
    earlier = marks.pop("lost", None)
    first = counted is not None and not marks.get("observed")
    if counted is not None:
        marks["observed"] = 1.0
        for name, value in counted.items():
            marks[name] = marks.get(name, 0.0) + value
    if marks.get("observed"):
        marks["heard"] = moment
    if marks == host.marks:
        return host
    changed = replace(host, marks=marks)
    state.writable(HOST).put(changed)
    if first or earlier is not None:
        reschedule(state, changed)
    return state.store(HOST).get(host.id) or changed


def lost(state: State, host: Item, moment: float) -> None:
    """The guest does not answer any more."""
    if "lost" in host.marks:
        return
    changed = replace(host, marks={**host.marks, "lost": moment})
    state.writable(HOST).put(changed)
    reschedule(state, changed)


def _silence(host: Item, idle: float, keepalive: float) -> list[Deadline]:
    found: list[Deadline] = []
    silent = silent_since(host)
    if idle and silent is not None:
        found.append((silent + idle, IDLE_TIMEOUT))
    if keepalive and "lost" in host.marks:
        found.append((host.marks["lost"] + keepalive, KEEPALIVE_TIMEOUT))
    return found


def _seconds(text: str) -> float:
    return parse_duration(text) / SECOND if text[:1].isdigit() else 0.0
