"""Hosts behind a hotspot, their login, and the sessions that come of it.

A host appears when a server sees it; logging it in makes a session, which ends at the earlier of
the profile's session-timeout and what is left of the user's limit-uptime, or when session, host or
server go. Guests are taken to be present and talking until someone says otherwise, so that idle and
keepalive timeouts are reported and never strike.
"""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address

from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.behaviours.hotspot import (
    BINDING,
    HOST,
    SERVER,
    USER,
    USER_PROFILE,
    elapsed,
    profile_of,
    seconds_of,
    serving,
)
from router_sim.behaviours.interfaces import is_enabled
from router_sim.durations import format_remaining
from router_sim.exchange import Reply
from router_sim.network import Address, Mac, range_bounds
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction
from router_sim.traps import bad_argument, missing, no_match, no_such_item, refused
from router_sim.values import BadValue, split_list

ACTIVE = "/ip/hotspot/active"
COOKIE = "/ip/hotspot/cookie"
ADDRESS_LIST = "/ip/firewall/address-list"


def remaining(state: State, item: Item) -> str | None:
    """Time until the item is due, in whole seconds rounded up; None if it never is."""
    if item.due is None:
        return None
    return format_remaining(item.due - state.now().timestamp())


def associate(tx: Transaction, mac: str, address: str, interface: str) -> Item | None:
    """A guest with this hardware and IP address is seen on an interface; returns its host.

    A known host is looked at again, as at any packet, so that bindings made since take effect.
    None if no server works there or the hardware address has its full number of hosts already.
    """
    state = tx.state
    found = state.find("/interface", interface)
    server = serving(state, found) if found else None
    known = None
    for other in state.store(HOST).lookup(("mac-address",), (mac,)):
        if server is not None and other.values["server"] == server.key:
            known = other if other.values["address"] == address else known
        else:
            # The guest has moved to another interface; what it had there is over.
            tx.drop(HOST, other.id)
    if server is None:
        return None
    if known is None and not _has_room(state, server, mac):
        return None
    binding = _binding(state, server, mac, address)
    kind = binding.values.get("type", "regular") if binding else "regular"
    values = {
        "mac-address": mac,
        "address": address,
        "to-address": (binding.values.get("to-address") if binding else None) or address,
        "server": server.key,
        "found-by": f"ARP {address}",
        "bypassed": "true" if kind == "bypassed" else "false",
    }
    blocked = float(kind == "blocked")
    if known is not None:
        seen = {**known.values, **values}
        if dict(known.values) != seen or known.marks.get("blocked") != blocked:
            tx.put(HOST, replace(known, values=seen, marks={**known.marks, "blocked": blocked}))
        return state.store(HOST).get(known.id)
    patience = seconds_of(state, SERVER, server, "login-timeout")
    return tx.add(
        HOST,
        values,
        marks={"since": tx.now, "blocked": blocked},
        due=tx.now + patience if patience and kind != "bypassed" else None,
    )


def disassociate(tx: Transaction, mac: str, address: str | None = None) -> None:
    """A guest is gone: its hosts, or the one with this address, go and so do their sessions."""
    for host in tx.state.store(HOST).lookup(("mac-address",), (mac,)):
        if address is None or host.values["address"] == address:
            tx.drop(HOST, host.id)


def _has_room(state: State, server: Item, mac: str) -> bool:
    limit = state.value(state.menus[SERVER], server, "addresses-per-mac")
    return limit == "unlimited" or len(state.store(HOST).lookup(("mac-address",), (mac,))) < int(limit)


def _binding(state: State, server: Item, mac: str, address: str) -> Item | None:
    number = int(IPv4Address(address))
    for binding in state.store(BINDING):
        held = binding.values
        if not is_enabled(binding) or held.get("server", "all") not in ("all", server.key):
            continue
        if not held.get("mac-address") and not held.get("address"):
            continue
        if held.get("mac-address") and held["mac-address"] != mac:
            continue
        if held.get("address"):
            low, high = range_bounds(held["address"])
            if not low <= number <= high:
                continue
        return binding
    return None


class Hosts(Behaviour):
    """Hosts, and the bindings made from them."""

    def __init__(self) -> None:
        super().__init__(HOST)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Time since the host was first seen, and the server's timeouts."""
        derived = {"uptime": elapsed(state, item), "idle-time": "0s"}
        server = state.item(state.menus[SERVER], item.values["server"])
        if server is not None:
            for name in ("idle-timeout", "keepalive-timeout"):
                text = state.value(state.menus[SERVER], server, name)
                if text != "none":
                    derived[name] = text
        return derived

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """The session of a host that is gone is over."""
        if before is not None and after is None and "session" in before.marks:
            tx.drop(ACTIVE, int(before.marks["session"]))

    def expired(self, tx: Transaction, item: Item) -> None:
        """Not logged in within the server's login-timeout: the host goes."""
        tx.drop(HOST, item.id)

    def verbs(self) -> Mapping[str, Verb]:
        """`make-binding` turns hosts into bindings."""
        return {"make-binding": Verb(self._bind, frozenset({".id", "numbers", "type", "comment"}))}

    def _bind(self, call: Call) -> Reply:
        given = call.command.attributes
        text = given.get("numbers", given.get(".id"))
        if text is None:
            raise missing("numbers")
        kind = given.get("type", "regular")
        if kind not in ("blocked", "bypassed", "regular"):
            raise no_match("type")
        hosts = [call.state.item(call.menu, part) for part in text.split(",")]
        if not all(hosts):
            raise no_such_item(call.state.version)
        for host in filter(None, hosts):
            values = {name: host.values[name] for name in ("mac-address", "address", "to-address", "server")}
            values |= {"type": kind} | ({"comment": given["comment"]} if given.get("comment") else {})
            call.tx.add(BINDING, values, own=True)
        return Reply()


class Sessions(Behaviour):
    """Logging hosts in, and what the end of a session brings about."""

    def __init__(self) -> None:
        super().__init__(ACTIVE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """How long the session has lasted and may still last."""
        derived = {"uptime": elapsed(state, item), "idle-time": "0s"}
        left = remaining(state, item)
        return derived if left is None else {**derived, "session-time-left": left}

    def expired(self, tx: Transaction, item: Item) -> None:
        """The time is up."""
        tx.drop(ACTIVE, item.id)

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """After a session: count its time, take its address list entries and MAC cookie away."""
        if before is None or after is not None:
            return
        state = tx.state
        host = state.store(HOST).get(int(before.marks["host"]))
        if host is not None and host.marks.get("session") == before.id:
            marks = {name: value for name, value in host.marks.items() if name != "session"}
            server = state.item(state.menus[SERVER], host.values["server"])
            patience = seconds_of(state, SERVER, server, "login-timeout") if server else 0
            due = tx.now + patience if patience else None
            tx.put(HOST, replace(host, values={**host.values, "authorized": "false"}, marks=marks, due=due))
        user = state.store(USER).get(int(before.marks["user"]))
        if user is not None:
            spent = user.marks.get("counted-uptime", 0) + tx.now - before.marks["since"]
            tx.put(USER, replace(user, marks={**user.marks, "counted-uptime": spent}))
        for entry in state.store(ADDRESS_LIST).lookup(("address",), (before.values["address"],)):
            if entry.marks.get("session") == before.id:
                tx.drop(ADDRESS_LIST, entry.id)
        for cookie in state.store(COOKIE).lookup(("mac-address",), (before.values["mac-address"],)):
            if cookie.values.get("mac-cookie") == "true":
                tx.drop(COOKIE, cookie.id)

    def verbs(self) -> Mapping[str, Verb]:
        """`login` makes a session for a host."""
        return {"login": Verb(self._login, frozenset({"user", "password", "ip", "mac-address", "domain"}))}

    def _login(self, call: Call) -> Reply:
        given, state = call.command.attributes, call.state
        for name in ("user", "ip"):
            if name not in given:
                raise missing(name)
        host = self._host(state, given)
        user = self._user(state, host, given["user"], given.get("password", ""))
        profile_key = state.value(state.menus[USER], user, "profile")
        profile = state.item(state.menus[USER_PROFILE], profile_key)
        previous = int(host.marks["session"]) if "session" in host.marks else None
        self._refuse_spent(state, user)
        if profile is not None:
            self._refuse_crowd(state, user, profile, previous)
        if previous is not None:
            call.tx.drop(ACTIVE, previous)
        host = state.store(HOST).get(host.id) or host
        self._admit(call.tx, host, user, profile, given.get("domain", ""))
        return Reply()

    def _host(self, state: State, given: Mapping[str, str]) -> Item:
        try:
            address = Address().parse(given["ip"])
        except BadValue as bad:
            raise bad_argument(bad.describe("ip")) from None
        hosts = state.store(HOST)
        found = hosts.lookup(("to-address",), (address,)) or hosts.lookup(("address",), (address,))
        if not found:
            raise refused(f"unknown host IP {address}")
        if "mac-address" not in given:
            return found[0]
        try:
            mac = Mac().parse(given["mac-address"])
        except BadValue as bad:
            raise bad_argument(bad.describe("mac-address")) from None
        for host in found:
            if host.values["mac-address"] == mac:
                return host
        raise refused(f"wrong MAC provided {mac}")

    def _user(self, state: State, host: Item, name: str, password: str) -> Item:
        """The user this login means: one of the host's server before one of all servers."""
        menu = state.menus[USER]
        for server in (host.values["server"], "all"):
            for user in state.store(USER).lookup(("name", "server"), (name, server)):
                if user.hold is Hold.BUILT_IN or not is_enabled(user):
                    continue
                if state.value(menu, user, "password") != password:
                    continue
                bound = state.value(menu, user, "mac-address")
                if bound not in ("00:00:00:00:00:00", host.values["mac-address"]):
                    raise refused(f"user {name} is not allowed to log in from this MAC address")
                return user
        raise refused("invalid username or password")

    def _refuse_spent(self, state: State, user: Item) -> None:
        limit = seconds_of(state, USER, user, "limit-uptime")
        if limit and user.marks.get("counted-uptime", 0) >= limit:
            raise refused(f"user {user.values['name']} has reached uptime limit")

    def _refuse_crowd(self, state: State, user: Item, profile: Item, previous: int | None) -> None:
        limit = state.value(state.menus[USER_PROFILE], profile, "shared-users")
        if limit == "unlimited":
            return
        sessions = state.store(ACTIVE).lookup(("user",), (user.values["name"],))
        others = [each for each in sessions if each.marks["user"] == user.id and each.id != previous]
        if len(others) >= int(limit):
            raise refused(f"no more sessions are allowed for user {user.values['name']}")

    def _admit(self, tx: Transaction, host: Item, user: Item, profile: Item | None, domain: str) -> None:
        state = tx.state
        values = {
            "server": host.values["server"],
            "user": user.values["name"],
            "address": host.values["to-address"],
            "mac-address": host.values["mac-address"],
            "login-by": "http-pap",
        }
        if domain:
            values["domain"] = domain
        for name in ("limit-bytes-in", "limit-bytes-out", "limit-bytes-total"):
            if user.values.get(name, "0") != "0":
                values[name] = user.values[name]
        spans = []
        if limit := seconds_of(state, USER, user, "limit-uptime"):
            spans.append(limit - user.marks.get("counted-uptime", 0))
        if profile is not None:
            for name in ("idle-timeout", "keepalive-timeout"):
                if (text := state.value(state.menus[USER_PROFILE], profile, name)) != "none":
                    values[name] = text
            if timeout := seconds_of(state, USER_PROFILE, profile, "session-timeout"):
                spans.append(timeout)
        marks = {"since": tx.now, "host": float(host.id), "user": float(user.id)}
        due = tx.now + min(spans) if spans else None
        session = tx.add(ACTIVE, values, marks=marks, due=due, own=True)
        tx.put(
            HOST,
            replace(
                host,
                values={**host.values, "authorized": "true"},
                marks={**host.marks, "session": float(session.id)},
                due=None,
            ),
        )
        if profile is not None:
            self._enlist(tx, session, profile)
            self._remember(tx, session, profile)

    def _enlist(self, tx: Transaction, session: Item, profile: Item) -> None:
        address = session.values["address"]
        lists = tx.state.store(ADDRESS_LIST)
        for name in split_list(profile.values.get("address-list", "")):
            if not lists.holds(("list", "address"), (name, address)):
                tx.add(
                    ADDRESS_LIST,
                    {"list": name, "address": address},
                    hold=Hold.DYNAMIC,
                    marks={"session": float(session.id)},
                )
                lists = tx.state.store(ADDRESS_LIST)

    def _remember(self, tx: Transaction, session: Item, profile: Item) -> None:
        """Leave a MAC cookie where both profiles ask for one."""
        state = tx.state
        server = state.item(state.menus[SERVER], session.values["server"])
        guarding = profile_of(state, server) if server else None
        if guarding is None or "mac-cookie" not in split_list(guarding.values.get("login-by", "")):
            return
        if state.value(state.menus[USER_PROFILE], profile, "add-mac-cookie") != "true":
            return
        values = {
            "user": session.values["user"],
            "mac-address": session.values["mac-address"],
            "mac-cookie": "true",
        }
        lifetime = seconds_of(state, USER_PROFILE, profile, "mac-cookie-timeout")
        tx.add(COOKIE, values, due=tx.now + lifetime)


class Cookies(Behaviour):
    """Cookies run out."""

    def __init__(self) -> None:
        super().__init__(COOKIE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """What is left of a cookie's life."""
        left = remaining(state, item)
        return {} if left is None else {"expires-in": left}

    def expired(self, tx: Transaction, item: Item) -> None:
        """The cookie goes."""
        tx.drop(COOKIE, item.id)
