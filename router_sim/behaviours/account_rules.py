"""What may become of users, their groups and passwords, and of sessions that are open.

Recorded: that a user who disables itself is told nothing and stays as it is, and that the administrator of a
fresh router has an expired, empty password, which stops neither the API nor REST. Known: that the last user who
may administer the router stays. Assumed: all texts of refusals here.
"""

from collections.abc import Mapping
from dataclasses import replace

from router_sim import writing
from router_sim.behaviour import Behaviour, Call, Draft, Verb
from router_sim.behaviours import ping
from router_sim.behaviours.accounts import ACTIVE, GROUP, USER, closed, has_password
from router_sim.behaviours.interfaces import is_enabled
from router_sim.exchange import Command, Reply
from router_sim.schema import Menu, version_key
from router_sim.selection import SELECTORS, chosen
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import failure, missing, not_permitted
from router_sim.values import split_list

SETTINGS = "/user/settings"
ADMINISTERING = frozenset({"read", "write", "policy"})
_LAST = "can not remove last user with full rights"


def _administers(state: State, item: Item) -> bool:
    """Is it an enabled user whose group may manage users?"""
    groups = state.menus[GROUP]
    group = state.item(groups, item.values.get("group", ""))
    if group is None or not is_enabled(item):
        return False
    return set(split_list(state.value(groups, group, "policy"))) >= ADMINISTERING


def _check_strength(state: State, password: str) -> None:
    if SETTINGS not in state.menus:
        return
    settings = state.menus[SETTINGS]
    (item,) = state.items(settings)
    length = int(state.value(settings, item, "minimum-password-length"))
    categories = int(state.value(settings, item, "minimum-categories"))
    kinds = (str.isupper, str.islower, str.isdigit, lambda each: not each.isalnum())
    if len(password) < length:
        raise failure(f"password is too short, it must have at least {length} characters")
    if sum(any(kind(each) for each in password) for kind in kinds) < categories:
        raise failure(f"password is too simple, it must have at least {categories} kinds of characters")


class Accounts(Behaviour):
    """Users: their passwords, and those that must not go."""

    def __init__(self) -> None:
        super().__init__(USER)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """A new password is strong enough and no longer expired; somebody must be left to administer."""
        if "password" in draft.given:
            _check_strength(state, draft.values.get("password", ""))
            draft.values.pop("expired", None)
        before = draft.before
        if before is None or not _administers(state, before):
            return
        if not _administers(state, draft.item(before.id, before.kind)) and _is_last(state, {before.id}):
            raise failure(_LAST)

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """The sessions of a user who is gone or disabled are over."""
        if before is None or (after is not None and is_enabled(after)):
            return
        for row in list(tx.state.store(ACTIVE)):
            if row.marks.get("user") == before.id:
                closed(tx, row.id)

    def verbs(self) -> Mapping[str, Verb]:
        """`expire-password`, and those that spare the user who calls them."""
        return {
            "expire-password": Verb(_expire, frozenset(SELECTORS)),
            "disable": Verb(_disable, None),
            "set": Verb(_set, None),
            "remove": Verb(_remove, None),
        }


def _is_last(state: State, without: set[int]) -> bool:
    return not any(_administers(state, other) for other in state.store(USER) if other.id not in without)


def _expire(call: Call) -> Reply:
    for item in chosen(call):
        call.tx.put(USER, replace(item, values={**item.values, "expired": "true"}), own=True)
    return Reply()


def _disable(call: Call) -> Reply:
    """Disable users; the one who asks stays enabled, without a word."""
    if not _asks_for_itself(call):
        return writing.disable(call)
    others = [item.key for item in chosen(call) if item.values["name"] != call.origin.user]
    if not others:
        return Reply()
    return writing.disable(_with(call, {"numbers": ",".join(others)}))


def _set(call: Call) -> Reply:
    """Change users; the one who asks stays enabled, without a word."""
    given = call.command.attributes
    if given.get("disabled") not in ("yes", "true") or not _asks_for_itself(call):
        return writing.set_(call)
    if len(chosen(call)) > 1:
        return writing.set_(call)
    return writing.set_(_with(call, {name: given[name] for name in given if name != "disabled"}))


def _remove(call: Call) -> Reply:
    """Remove users, but never the last who administers."""
    if not any(name in call.command.attributes for name in SELECTORS):
        return writing.remove(call)
    gone = {item.id for item in chosen(call)}
    if any(_administers(call.state, item) for item in chosen(call)) and _is_last(call.state, gone):
        raise failure(_LAST)
    return writing.remove(call)


def _asks_for_itself(call: Call) -> bool:
    if not any(name in call.command.attributes for name in SELECTORS):
        return False
    return any(item.values["name"] == call.origin.user for item in chosen(call))


def _with(call: Call, attributes: Mapping[str, str]) -> Call:
    return replace(call, command=Command(call.command.path, attributes, call.command.queries))


class Groups(Behaviour):
    """Groups of old versions know no REST, and one that has users stays."""

    def __init__(self) -> None:
        super().__init__(GROUP)

    def check_removal(self, state: State, menu: Menu, item: Item) -> None:
        """Refuse to leave users without a group; a client's error list has the text."""
        if state.store(USER).holds(("group",), (item.key,)):
            raise failure("group has some users")

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """The policy in the words of the version."""
        if version_key(state.version) >= (7, 1):
            return {}
        policy = split_list(state.value(menu, item, "policy"))
        return {"policy": ",".join(word for word in policy if word.removeprefix("!") != "rest-api")}


class WithoutMenu(Behaviour):
    """The commands that stand in no menu."""

    def __init__(self) -> None:
        super().__init__("")

    def verbs(self) -> Mapping[str, Verb]:
        """`/password`, with which users change their own, and `/ping`."""
        names = frozenset({"old-password", "new-password", "confirm-new-password"})
        return {"password": Verb(_change_password, names), "ping": ping.verb()}


def _change_password(call: Call) -> Reply:
    given, state = call.command.attributes, call.state
    for name in ("old-password", "new-password", "confirm-new-password"):
        if name not in given:
            raise missing(name)
    user = state.item(state.menus[USER], call.origin.user)
    if user is None:
        raise not_permitted()
    if not has_password(user, given["old-password"]):
        raise failure("wrong old password")
    if given["new-password"] != given["confirm-new-password"]:
        raise failure("new passwords do not match")
    _check_strength(state, given["new-password"])
    values = {name: value for name, value in user.values.items() if name != "expired"}
    call.tx.put(USER, replace(user, values={**values, "password": given["new-password"]}), own=True)
    return Reply()


class Active(Behaviour):
    """Open sessions. One that is removed keeps its connection, and may do nothing any more (assumed)."""

    def __init__(self) -> None:
        super().__init__(ACTIVE)

    def verbs(self) -> Mapping[str, Verb]:
        """What older versions call the removal."""
        return {"request-logout": Verb(writing.remove, None)}
