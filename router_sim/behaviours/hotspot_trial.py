"""Trials: a guest may be let in without a password for a while, once in so long.

The router makes a user for each hardware address on trial, named `T-` and the address, that goes when the
guest may try anew; what all of them use is counted on the built-in user default-trial, whose limits hold for
each. Assumed: that the time until the next trial runs from the first login, and that the user is shown as
dynamic.
"""

from router_sim.behaviours.hotspot import (
    NO_MAC,
    PROFILE,
    USER,
    USER_PROFILE,
    profile_of,
    seconds_of,
    server_of,
    text_of,
)
from router_sim.behaviours.hotspot_login import LIMITS, methods_of, spent, trial_name
from router_sim.durations import SECOND, format_duration, parse_duration
from router_sim.schema import version_key
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction

DEFAULT_TRIAL = 0  # the number of the built-in user


def prepare(tx: Transaction, host: Item) -> None:
    """Make the user of a guest that asks for a trial where one is offered, unless there is one."""
    state = tx.state
    server = server_of(state, host)
    profile = profile_of(state, server) if server else None
    if profile is None or "trial" not in methods_of(state, profile) or _user(state, host) is not None:
        return
    limit, again = times(state, profile)
    values = {
        "name": trial_name(host),
        "mac-address": host.values["mac-address"],
        "profile": text_of(state, PROFILE, profile, "trial-user-profile"),
    }
    if limit:
        values["limit-uptime"] = format_duration(round(limit * SECOND))
    counted = state.store(USER).get(DEFAULT_TRIAL)
    for name in LIMITS if counted else ():
        if counted is not None and counted.values.get(name, "0") != "0":
            values[name] = counted.values[name]
    tx.add(USER, values, hold=Hold.DYNAMIC, due=tx.now + again if again else None)


def is_available(state: State, host: Item, profile: Item) -> bool:
    """Can the guest have a trial now, or go on with one?"""
    if "trial" not in methods_of(state, profile) or "session" in host.marks:
        return False
    user = _user(state, host)
    if user is None:
        return True
    return spent(state, user) is None


def times(state: State, profile: Item) -> tuple[float, float]:
    """For how long a trial lets a guest in, and after how long it may have another, in seconds."""
    if version_key(state.version) < (7,):
        limit, again = text_of(state, PROFILE, profile, "trial-uptime").split("/")
        return parse_duration(limit) / SECOND, parse_duration(again) / SECOND
    return (
        seconds_of(state, PROFILE, profile, "trial-uptime-limit"),
        seconds_of(state, PROFILE, profile, "trial-uptime-reset"),
    )


def user_profile_of(state: State, session: Item) -> Item | None:
    """The user profile of a session's user, as it is now; None when the user is gone."""
    user = state.store(USER).get(int(session.marks["user"]))
    return state.item(state.menus[USER_PROFILE], text_of(state, USER, user, "profile")) if user else None


def _user(state: State, host: Item) -> Item | None:
    for user in state.store(USER).lookup(("name",), (trial_name(host),)):
        if user.hold is Hold.DYNAMIC and user.values.get("mac-address", NO_MAC) == host.values["mac-address"]:
            return user
    return None
