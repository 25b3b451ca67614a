"""Cookies of a hotspot: those browsers bring back, and those the router keeps for a hardware address.

Both remember user and password of the login they came from, so they let nobody in once the password has
changed. An HTTP cookie lives for the server profile's http-cookie-lifetime, a MAC cookie for the user
profile's mac-cookie-timeout after the last login or the end of the last session.
"""

from collections.abc import Mapping
from dataclasses import replace

from router_sim.behaviour import Behaviour
from router_sim.behaviours.hotspot import COOKIE, PROFILE, left_until, seconds_of
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction


def is_mac_cookie(cookie: Item) -> bool:
    """Is it one that the router keeps for a hardware address?"""
    return cookie.values.get("mac-cookie") == "true"


def mac_cookie(state: State, mac: str) -> Item | None:
    """The cookie that lets this hardware address in."""
    held = state.store(COOKIE).lookup(("mac-address",), (mac,))
    return next((cookie for cookie in held if is_mac_cookie(cookie)), None)


def http_cookie(state: State, mac: str, token: str) -> Item | None:
    """The cookie a browser at this hardware address brought back."""
    for cookie in state.store(COOKIE).lookup(("mac-address",), (mac,)):
        if not is_mac_cookie(cookie) and cookie.values.get("token") == token:
            return cookie
    return None


def remember_mac(tx: Transaction, session: Item, lifetime: float) -> None:
    """Keep a MAC cookie for the login of this session, in the place of an earlier one."""
    values = {**_identity(session), "mac-cookie": "true", "password": session.values["password"]}
    held = mac_cookie(tx.state, session.values["mac-address"])
    if held is not None:
        marks = {"lifetime": lifetime}
        tx.put(COOKIE, replace(held, values=values, marks=marks, due=tx.now + lifetime))
        return
    tx.add(COOKIE, values, marks={"lifetime": lifetime}, due=tx.now + lifetime)


def renew_mac(tx: Transaction, mac: str) -> None:
    """A session has ended in a way that leaves the MAC cookie: its life begins anew."""
    held = mac_cookie(tx.state, mac)
    if held is not None:
        tx.put(COOKIE, replace(held, due=tx.now + held.marks["lifetime"]))


def forget_mac(tx: Transaction, mac: str) -> None:
    """Take the MAC cookie of a hardware address away."""
    held = mac_cookie(tx.state, mac)
    if held is not None:
        tx.drop(COOKIE, held.id)


def issue(tx: Transaction, profile: Item, session: Item, token: str) -> None:
    """Keep an HTTP cookie with this token for the login of a session."""
    lifetime = seconds_of(tx.state, PROFILE, profile, "http-cookie-lifetime")
    values = {**_identity(session), "password": session.values["password"], "token": token}
    if "domain" in session.values:
        values["domain"] = session.values["domain"]
    tx.add(COOKIE, values, due=tx.now + lifetime)


def forget_http(tx: Transaction, mac: str) -> None:
    """Take all HTTP cookies of a hardware address away."""
    for cookie in tx.state.store(COOKIE).lookup(("mac-address",), (mac,)):
        if not is_mac_cookie(cookie):
            tx.drop(COOKIE, cookie.id)


def _identity(session: Item) -> dict[str, str]:
    return {name: session.values[name] for name in ("user", "mac-address")}


class Cookies(Behaviour):
    """Cookies run out."""

    def __init__(self) -> None:
        super().__init__(COOKIE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """What is left of a cookie's life."""
        left = left_until(state, item.due)
        return {} if left is None else {"expires-in": left}

    def expired(self, tx: Transaction, item: Item) -> None:
        """The cookie goes."""
        tx.drop(COOKIE, item.id)
