"""Who may log in at a hotspot, and the words of every refusal.

The keys are those of a hotspot's errors.txt, so that a login page can put its own words in their place.
Credentials are looked at first, then the hardware address, what is used up, and the number of sessions; that
order is assumed. Where a profile asks RADIUS servers, a name no local user has is refused as if none of
them answered: there are none here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5

from router_sim.behaviours.hotspot import (
    ACTIVE,
    NO_ADDRESS,
    NO_MAC,
    PROFILE,
    USER,
    USER_PROFILE,
    profile_of,
    seconds_of,
    server_of,
    text_of,
)
from router_sim.behaviours.interfaces import is_enabled
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.values import split_list

ERRORS: Mapping[str, str] = {
    "internal-error": "internal error ({error})",
    "config-error": "configuration error ({error})",
    "not-logged-in": "you are not logged in (ip {ip})",
    "ippool-empty": "cannot assign ip address - no more free addresses from pool",
    "shutting-down": "hotspot service is shutting down",
    "user-session-limit": "no more sessions are allowed for user {username}",
    "license-session-limit": "session limit reached ({error})",
    "wrong-mac-username": "invalid username ({username}): this MAC address is not yours",
    "chap-missing": "web browser did not send challenge response (try again, enable JavaScript)",
    "invalid-username": "invalid username or password",
    "invalid-mac": "user {username} is not allowed to log in from this MAC address",
    "uptime-limit": "user {username} has reached uptime limit",
    "traffic-limit": "user {username} has reached traffic limit",
    "radius-timeout": "RADIUS server is not responding",
    "auth-in-progress": "already authorizing, retry later",
    "radius-reply": "{error}",
}

API = "http-pap"  # what a session made over the API says it was logged in by
COMPANIONS = ("http-chap", "http-pap", "https")  # the methods by which a person logs in
LIMITS = ("limit-bytes-in", "limit-bytes-out", "limit-bytes-total")


class LoginRefused(Exception):
    """A login that failed: the key of errors.txt, and its stock text with everything filled in."""

    def __init__(self, key: str, **variables: str) -> None:
        self.key = key
        self.text = ERRORS[key].format_map(variables)
        super().__init__(self.text)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a login page is given so that the password need not be sent: an identifier of one byte, random bytes."""

    id: int
    value: bytes

    def answer(self, password: str) -> str:
        """The hexadecimal answer of somebody who knows the password."""
        data = bytes([self.id]) + _bytes_of(password) + self.value
        return md5(data, usedforsecurity=False).hexdigest()


def _bytes_of(text: str) -> bytes:
    """The bytes the text came from; halves of surrogate pairs, which JSON can bring, as they are."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login: the name given, what proves it, and the method in the words of `login-by`.

    `answer` is that to `challenge`, where there is one; else the password counts, and None proves nothing. A
    `free` attempt, that of the management, may use a method the profile does not offer.
    """

    user: str
    method: str
    password: str | None = ""
    domain: str = ""
    challenge: Challenge | None = None
    answer: str = ""
    free: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """A login that may be: the user, its profile, and name and password as they were given."""

    user: Item
    profile: Item | None
    domain: str
    password: str


def admissible(state: State, host: Item, attempt: Attempt) -> Admission:
    """The user this login means. Raises LoginRefused."""
    server = server_of(state, host)
    guarding = profile_of(state, server) if server else None
    if server is None or guarding is None:
        raise LoginRefused("shutting-down")
    if not attempt.free:
        _refuse_method(state, guarding, attempt)
    name, domain = attempt.user, attempt.domain
    if not domain and text_of(state, PROFILE, guarding, "split-user-domain") == "true":
        name, domain = _split(name)
    user = _user(state, host, guarding, name, attempt)
    profile = state.item(state.menus[USER_PROFILE], text_of(state, USER, user, "profile"))
    if key := spent(state, user):
        raise LoginRefused(key, username=user.values["name"])
    _refuse_crowd(state, user, profile, host)
    if host.marks.get("unaddressed") and text_of(state, USER, user, "address") == NO_ADDRESS:
        raise LoginRefused("ippool-empty")
    return Admission(user, profile, domain, text_of(state, USER, user, "password"))


def methods_of(state: State, profile: Item) -> list[str]:
    """The login methods a server profile offers."""
    return split_list(text_of(state, PROFILE, profile, "login-by"))


def used_up(user: Item, limit: str) -> int:
    """What of a `limit-bytes-...` the user's sessions have used that have ended."""
    kind = limit.rpartition("-")[2]
    names = ("bytes-in", "bytes-out") if kind == "total" else (f"bytes-{kind}",)
    return int(sum(user.marks.get(f"counted-{name}", 0.0) for name in names))


def spent(state: State, user: Item) -> str | None:
    """The key of the limit that all sessions of the user together have reached, or None."""
    limit = seconds_of(state, USER, user, "limit-uptime")
    if limit and user.marks.get("counted-uptime", 0) >= limit:
        return "uptime-limit"
    for each in LIMITS:
        allowed = int(text_of(state, USER, user, each))
        if allowed and used_up(user, each) >= allowed:
            return "traffic-limit"
    return None


def _refuse_method(state: State, profile: Item, attempt: Attempt) -> None:
    offered = methods_of(state, profile)
    if attempt.method not in offered:
        # A password in the clear where only answers to challenges are taken: the page has no working script.
        plain = attempt.method == "http-pap" and "http-chap" in offered
        raise LoginRefused("chap-missing" if plain else "invalid-username")
    if attempt.method == "http-chap" and not (attempt.challenge and attempt.answer):
        raise LoginRefused("chap-missing")


def _split(name: str) -> tuple[str, str]:
    """User and domain of `user@domain` or `domain\\user`."""
    if "\\" in name:
        domain, _, user = name.partition("\\")
        return user, domain
    user, _, domain = name.partition("@")
    return user, domain


def _user(state: State, host: Item, guarding: Item, name: str, attempt: Attempt) -> Item:
    """One of the host's server before one of all servers."""
    known = False
    for server in (host.values["server"], "all"):
        for user in state.store(USER).lookup(("name", "server"), (name, server)):
            if user.hold is Hold.BUILT_IN:
                continue
            known = True
            if not is_enabled(user) or not _proves(attempt, text_of(state, USER, user, "password")):
                continue
            if text_of(state, USER, user, "mac-address") not in (NO_MAC, host.values["mac-address"]):
                key = "wrong-mac-username" if attempt.method == "trial" else "invalid-mac"
                raise LoginRefused(key, username=name)
            return user
    if not known and text_of(state, PROFILE, guarding, "use-radius") == "true":
        raise LoginRefused("radius-timeout")
    raise LoginRefused("invalid-username")


def _proves(attempt: Attempt, password: str) -> bool:
    if attempt.challenge is not None:
        return attempt.answer.lower() == attempt.challenge.answer(password)
    return attempt.password == password


def _refuse_crowd(state: State, user: Item, profile: Item | None, host: Item) -> None:
    limit = text_of(state, USER_PROFILE, profile, "shared-users") if profile else "unlimited"
    if text_of(state, USER, user, "address") != NO_ADDRESS:
        limit = "1"  # an address of one's own cannot be had twice
    if limit == "unlimited":
        return
    sessions = state.store(ACTIVE).lookup(("user",), (user.values["name"],))
    previous = host.marks.get("session")
    others = [each for each in sessions if each.marks["user"] == user.id and each.id != previous]
    if len(others) >= int(limit):
        raise LoginRefused("user-session-limit", username=user.values["name"])


def trial_name(host: Item) -> str:
    """The name under which a guest is on trial."""
    return f"T-{host.values['mac-address']}"
