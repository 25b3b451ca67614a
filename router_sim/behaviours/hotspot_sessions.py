"""Sessions of a hotspot: what a login sets in motion, what limits it, and what its end brings about.

A session ends at the earlier of the profile's session-timeout and what is left of the user's limit-uptime; when
a limit of traffic is reached; after idle-timeout or keepalive-timeout (see `hotspot_timing`); and with its host
or server. Limits are those of the moment of the login. Assumed: that a second login of the same host takes the
place of the first session as if the guest had logged out, and the words for the end of a session whose host was
removed.
"""

from collections.abc import Mapping
from dataclasses import replace

from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.behaviours import hotspot_addresses, hotspot_cookies, hotspot_queues, log
from router_sim.behaviours.hotspot import (
    ACTIVE,
    ADDRESS_LIST,
    COUNTERS,
    HOST,
    NO_ADDRESS,
    QUEUE,
    USER,
    USER_PROFILE,
    elapsed,
    left_until,
    profile_of,
    retime,
    seconds_of,
    server_of,
    text_of,
)
from router_sim.behaviours.hotspot_login import (
    API,
    LIMITS,
    Admission,
    Attempt,
    LoginRefused,
    admissible,
    methods_of,
    used_up,
)
from router_sim.behaviours.hotspot_timing import (
    IDLE_TIMEOUT,
    KEEPALIVE_TIMEOUT,
    SESSION_TIMEOUT,
    heard,
    host_deadline,
    idle_time,
    session_deadline,
)
from router_sim.dates import format_moment, from_seconds
from router_sim.exchange import Reply
from router_sim.network import Address, Mac
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction
from router_sim.traps import bad_argument, missing, refused
from router_sim.values import BadValue, split_list

USER_REQUEST = "user request"
ADMIN_RESET = "admin reset"
TRAFFIC_LIMIT = "traffic limit reached"
NAS_REQUEST = "NAS request"
HOST_REMOVED = "host removed"

# The numbers under which a session remembers why it ends, and the log's words for it.
CAUSES = (
    ADMIN_RESET,
    USER_REQUEST,
    SESSION_TIMEOUT,
    IDLE_TIMEOUT,
    KEEPALIVE_TIMEOUT,
    TRAFFIC_LIMIT,
    NAS_REQUEST,
    HOST_REMOVED,
)
# After these a MAC cookie still lets the guest in; after all others it is gone.
LEAVE_MAC_COOKIE = frozenset({IDLE_TIMEOUT, KEEPALIVE_TIMEOUT, NAS_REQUEST, HOST_REMOVED})

LOGIN_TOPICS = "hotspot,info,debug"
ACCOUNT_TOPICS = "hotspot,account,info,debug"


def log_in(tx: Transaction, host: Item, attempt: Attempt, *, own: bool = False) -> Item:
    """Log a host in; returns its session. Raises LoginRefused, having written no more than the log.

    `own` tells that a command asked for it.
    """
    who = f"{attempt.user} ({host.values['to-address']})"
    log.write(tx, LOGIN_TOPICS, f"{who}: trying to log in by {attempt.method}")
    try:
        admission = admissible(tx.state, host, attempt)
        address = _address(tx, host, admission)
    except LoginRefused as refusal:
        log.write(tx, LOGIN_TOPICS, f"{who}: login failed: {refusal.text}")
        raise
    if "session" in host.marks:
        log_out(tx, int(host.marks["session"]), USER_REQUEST)
        host = tx.state.store(HOST).get(host.id) or host
    session = _admit(tx, heard(tx.state, host, tx.now), admission, attempt.method, address, own=own)
    log.write(tx, ACCOUNT_TOPICS, f"{who}: logged in")
    return session


def log_out(tx: Transaction, number: int, cause: str) -> None:
    """End the session with this number for one of the CAUSES. One that has ended is no matter."""
    session = tx.state.store(ACTIVE).get(number)
    if session is not None:
        marks = {**session.marks, "cause": float(CAUSES.index(cause))}
        tx.state.writable(ACTIVE).put(replace(session, marks=marks))
        tx.drop(ACTIVE, number)


def count(tx: Transaction, host: Item, counted: Mapping[str, float]) -> None:
    """Traffic of a guest: `counted` are increments of its counters. Ends the session at a limit of it."""
    state = tx.state
    host = heard(state, host, tx.now, dict(counted))
    session = state.store(ACTIVE).get(int(host.marks.get("session", -1)))
    if session is None:
        return
    marks = dict(session.marks)
    for name, value in counted.items():
        marks[name] = marks.get(name, 0.0) + value
    state.writable(ACTIVE).put(replace(session, marks=marks))
    if "queue" in marks:
        hotspot_queues.count(state, int(marks["queue"]), counted)
    used = {kind: marks.get(f"bytes-{kind}", 0.0) for kind in ("in", "out")}
    used["total"] = used["in"] + used["out"]
    for limit in LIMITS:
        if limit in session.values and used[limit.rpartition("-")[2]] >= int(session.values[limit]):
            log_out(tx, session.id, TRAFFIC_LIMIT)
            return


def _address(tx: Transaction, host: Item, admission: Admission) -> str:
    """The address the guest has while it is logged in. Raises LoginRefused when the pool has none left."""
    state = tx.state
    own = text_of(state, USER, admission.user, "address")
    if own != NO_ADDRESS:
        return own
    pool = text_of(state, USER_PROFILE, admission.profile, "address-pool") if admission.profile else "none"
    if pool == "none":
        return host.values["to-address"]
    address = hotspot_addresses.take(tx, pool, host.values["mac-address"])
    if address is None:
        raise LoginRefused("ippool-empty")
    return address


def _admit(
    tx: Transaction, host: Item, admission: Admission, method: str, address: str, *, own: bool
) -> Item:
    state = tx.state
    user, profile = admission.user, admission.profile
    values = {
        "server": host.values["server"],
        "user": user.values["name"],
        "address": address,
        "mac-address": host.values["mac-address"],
        "login-by": method,
        "password": admission.password,  # never shown; what cookies of this login remember
    }
    if admission.domain:
        values["domain"] = admission.domain
    for limit in LIMITS:
        if allowed := int(text_of(state, USER, user, limit)):
            values[limit] = str(allowed - used_up(user, limit))
    spans = []
    if limit_uptime := seconds_of(state, USER, user, "limit-uptime"):
        spans.append(limit_uptime - user.marks.get("counted-uptime", 0))
    if profile is not None:
        for name in ("idle-timeout", "keepalive-timeout"):
            if (text := text_of(state, USER_PROFILE, profile, name)) != "none":
                values[name] = text
        if timeout := seconds_of(state, USER_PROFILE, profile, "session-timeout"):
            spans.append(timeout)
    marks = {"since": tx.now, "host": float(host.id), "user": float(user.id)}
    if spans:
        marks["ends"] = tx.now + min(spans)
    session = tx.add(ACTIVE, values, marks=marks, own=own)
    logged_in = {**host.values, "authorized": "true", "to-address": address}
    if address != host.values["to-address"]:
        logged_in["before-login"] = host.values["to-address"]
    tx.put(
        HOST,
        replace(host, values=logged_in, marks={**host.marks, "session": float(session.id)}, due=None),
    )
    deadline = session_deadline(state, session)
    retime(state, ACTIVE, session, deadline[0] if deadline else None)
    session = state.store(ACTIVE).get(session.id) or session
    if profile is not None:
        queue = hotspot_queues.add_for_session(tx, session, profile)
        if queue is not None:
            session = replace(session, marks={**session.marks, "queue": float(queue.id)})
            state.writable(ACTIVE).put(session)
        _enlist(tx, session, profile)
        _remember(tx, session, profile)
    return session


def _enlist(tx: Transaction, session: Item, profile: Item) -> None:
    address = session.values["address"]
    for name in split_list(profile.values.get("address-list", "")):
        if not tx.state.store(ADDRESS_LIST).holds(("list", "address"), (name, address)):
            moment = format_moment(from_seconds(tx.now), tx.state.version)
            values = {"list": name, "address": address, "creation-time": moment}
            tx.add(ADDRESS_LIST, values, hold=Hold.DYNAMIC, marks={"session": float(session.id)})


def _remember(tx: Transaction, session: Item, profile: Item) -> None:
    """Leave a MAC cookie where both profiles ask for one."""
    state = tx.state
    server = server_of(state, session)
    guarding = profile_of(state, server) if server else None
    if guarding is None or "mac-cookie" not in methods_of(state, guarding):
        return
    if text_of(state, USER_PROFILE, profile, "add-mac-cookie") == "true" and session.values[
        "login-by"
    ] not in (
        "mac",
        "trial",
    ):
        lifetime = seconds_of(state, USER_PROFILE, profile, "mac-cookie-timeout")
        hotspot_cookies.remember_mac(tx, session, lifetime)


class Sessions(Behaviour):
    """Logging hosts in by command, and what the end of a session brings about."""

    stored = frozenset({".id", "user", "address", "mac-address", "server", "login-by", "comment"})

    def __init__(self) -> None:
        super().__init__(ACTIVE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """How long the session has lasted and may still last, and what went through."""
        host = state.store(HOST).get(int(item.marks["host"]))
        derived = {"uptime": elapsed(state, item), "idle-time": idle_time(state, host)}
        left = left_until(state, item.marks.get("ends"))
        if left is not None:
            derived["session-time-left"] = left
        for name in COUNTERS:
            if counted := item.marks.get(name):
                derived[name] = str(int(counted))
        return derived

    def expired(self, tx: Transaction, item: Item) -> None:
        """The time is up, unless the guest was heard of since."""
        deadline = session_deadline(tx.state, item)
        if deadline is not None and deadline[0] <= tx.now:
            log_out(tx, item.id, deadline[1])
        else:
            retime(tx.state, ACTIVE, item, deadline[0] if deadline else None)

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """After a session: count what it used, take away what came with it, note it in the log."""
        if before is None or after is not None:
            return
        cause = CAUSES[int(before.marks.get("cause", 0))]
        self._release(tx, before)
        self._account(tx, before)
        if "queue" in before.marks:
            tx.drop(QUEUE, int(before.marks["queue"]))
        for entry in tx.state.store(ADDRESS_LIST).lookup(("address",), (before.values["address"],)):
            if entry.marks.get("session") == before.id:
                tx.drop(ADDRESS_LIST, entry.id)
        if cause in LEAVE_MAC_COOKIE:
            hotspot_cookies.renew_mac(tx, before.values["mac-address"])
        else:
            hotspot_cookies.forget_mac(tx, before.values["mac-address"])
        who = f"{before.values['user']} ({before.values['address']})"
        log.write(tx, ACCOUNT_TOPICS, f"{who}: logged out: {cause}")

    def _release(self, tx: Transaction, session: Item) -> None:
        """The host is one that is not logged in, with the address it had before."""
        host = tx.state.store(HOST).get(int(session.marks["host"]))
        if host is None or host.marks.get("session") != session.id:
            return
        values = {**host.values, "authorized": "false"}
        if "before-login" in values:
            hotspot_addresses.give_back(tx, values["to-address"])
            values["to-address"] = values.pop("before-login")
        marks = {name: value for name, value in host.marks.items() if name != "session"}
        marks["waiting"] = tx.now
        # Silence and absence are the host's own from here on, by the timeouts of the server.
        marks |= {name: tx.now for name in ("heard", "lost") if name in marks}
        host = replace(host, values=values, marks=marks)
        deadline = host_deadline(tx.state, host)
        tx.put(HOST, replace(host, due=deadline[0] if deadline else None))

    def _account(self, tx: Transaction, session: Item) -> None:
        """Add to the counters of the user; those of guests on trial are kept for all of them as well."""
        user = tx.state.store(USER).get(int(session.marks["user"]))
        used = {f"counted-{name}": session.marks.get(name, 0.0) for name in COUNTERS}
        used["counted-uptime"] = tx.now - session.marks["since"]
        counting = [user]
        if session.values["login-by"] == "trial":
            counting.append(tx.state.store(USER).get(0))
        for each in filter(None, counting):
            marks = {**each.marks}
            for name, value in used.items():
                marks[name] = marks.get(name, 0.0) + value
            tx.put(USER, replace(each, marks=marks))

    def verbs(self) -> Mapping[str, Verb]:
        """`login` makes a session for a host."""
        return {"login": Verb(self._login, frozenset({"user", "password", "ip", "mac-address", "domain"}))}

    def _login(self, call: Call) -> Reply:
        given = call.command.attributes
        for name in ("user", "ip"):
            if name not in given:
                raise missing(name)
        host = self._host(call.state, given)
        password, domain = given.get("password", ""), given.get("domain", "")
        attempt = Attempt(given["user"], API, password, domain, free=True)
        try:
            log_in(call.tx, host, attempt, own=True)
        except LoginRefused as refusal:
            raise refused(refusal.text) from None
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
