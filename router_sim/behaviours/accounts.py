"""Who may log in to the router, and who is logged in."""

import hashlib
import hmac
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from router_sim.behaviours import log
from router_sim.behaviours.interfaces import is_enabled
from router_sim.dates import format_moment, from_seconds
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.values import split_list

USER = "/user"
GROUP = "/user/group"
ACTIVE = "/user/active"
JOB = "/system/script/job"


def password_of(user: Item) -> bytes:
    """The user's password as the bytes it was set with."""
    return user.values.get("password", "").encode("utf-8", "surrogateescape")


def admissible(state: State, name: str, service: str) -> Item | None:
    """The enabled user of this name, if the group's policy has the service."""
    user = state.item(state.menus[USER], name) if not name.startswith("*") else None
    if user is None or not is_enabled(user):
        return None
    group = state.item(state.menus[GROUP], user.values.get("group", ""))
    if group is None or service not in split_list(state.value(state.menus[GROUP], group, "policy")):
        return None
    return user


def rights_of(state: State, user: Item) -> frozenset[str]:
    """What the user's group grants."""
    groups = state.menus[GROUP]
    group = state.item(groups, user.values.get("group", ""))
    return frozenset(split_list(state.value(groups, group, "policy"))) if group else frozenset()


def has_password(user: Item, password: str) -> bool:
    """Is it the user's password?"""
    return hmac.compare_digest(password_of(user), password.encode("utf-8", "surrogateescape"))


def answers_challenge(user: Item, challenge: bytes, response: str) -> bool:
    """Is `response` what the login of versions before 6.43 expects for `challenge`?

    That is `00` and the MD5, in hexadecimal, of a zero byte, the password and the challenge.
    """
    digest = hashlib.md5(b"\x00" + password_of(user) + challenge, usedforsecurity=False).hexdigest()
    return hmac.compare_digest(f"00{digest}".encode(), response.lower().encode("utf-8", "surrogateescape"))


def may_come_from(state: State, user: Item, address: str) -> bool:
    """May the user log in from this address? `/user address` says so."""
    text = state.value(state.menus[USER], user, "address")
    if text == "0.0.0.0/0":  # what nearly all have, and REST asks with every request
        return True
    try:
        return IPv4Address(address) in IPv4Network(text)
    except ValueError:
        return False


def opened(tx: Transaction, name: str, address: str, via: str, connection: int = 0) -> Item:
    """A user has logged in over the connection of this number: note the time, list the session, and log it.

    REST leaves the time of the last login as it is, as was seen on a router.
    """
    state = tx.state
    moment = format_moment(from_seconds(tx.now), state.version)
    values = {"when": moment, "name": name, "address": address, "via": via}
    marks: dict[str, float] = {}
    user = state.item(state.menus[USER], name)
    if user is not None:
        values["group"] = state.name_of(GROUP, user.values.get("group", ""))
        if via != "rest-api":
            tx.put(USER, replace(user, values={**user.values, "last-logged-in": moment}))
        marks |= {"user": float(user.id), "connection": float(connection)}
    log.write(tx, "system,info,account", f"user {name} logged in from {address} via {via}")
    if via == "api":
        job = tx.add(JOB, {"type": "api-login", "owner": name, "started": moment})
        marks["job"] = float(job.id)
    return tx.add(ACTIVE, values, marks=marks)


def logged_in(state: State, connection: int) -> Item | None:
    """Who logged in over this connection, whatever the name is by now; None for one that is gone."""
    for row in state.store(ACTIVE):
        if row.marks.get("connection") == connection and "user" in row.marks:
            return state.store(USER).get(int(row.marks["user"]))
    return None


def closed(tx: Transaction, number: int) -> None:
    """The session with this number in /user/active is over."""
    row = tx.state.store(ACTIVE).get(number)
    if row is None:
        return
    tx.drop(ACTIVE, number)
    if "job" in row.marks:
        tx.drop(JOB, int(row.marks["job"]))
    name, address, via = (row.values.get(each, "") for each in ("name", "address", "via"))
    log.write(tx, "system,info,account", f"user {name} logged out from {address} via {via}")


def refused(tx: Transaction, name: str, address: str, via: str) -> None:
    """Somebody failed to log in."""
    text = f"login failure for user {name} from {address} via {via}"
    log.write(tx, "system,error,critical", text)
