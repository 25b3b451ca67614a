"""The verbs of the RouterOS console, working on any menu by its table."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from router_sim.behaviour import Call, Draft
from router_sim.query import compile_query
from router_sim.schema import Menu, Presence, Property
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction
from router_sim.traps import (
    Trap,
    bad_argument,
    failure,
    missing,
    no_match,
    no_such_command,
    no_such_item,
    no_such_prefix,
    not_permitted,
    unknown_parameter,
)
from router_sim.values import BadValue, Bool, Reference, split_list

__all__ = ["READING", "Command", "Engine", "Origin", "Reply", "Trap"]


@dataclass(frozen=True, slots=True)
class Command:
    """One command sentence.

    `path` is menu and verb as sent (`/ip/hotspot/add`), `attributes` its `=name=value` words, text
    decoded as UTF-8 with surrogateescape so that any bytes survive, `queries` its query words
    without the leading `?`, in order.
    """

    path: str
    attributes: Mapping[str, str]
    queries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent a command: user, address of the client, service, and number of the connection."""

    user: str
    address: str
    via: str = "api"
    connection: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command returns: records in print order, and the value of `ret` if it has one.

    `data` is true for commands that return records, whether or not there are any.
    """

    rows: tuple[Mapping[str, str], ...] = ()
    ret: str | None = None
    data: bool = False


READING = frozenset({"print", "getall", "get", "find", "read"})
SELECTORS = (".id", "numbers")
# Arguments of print that only concern how a terminal shows the result, or that the session handles.
PRINT_ARGUMENTS = frozenset(
    [
        ".proplist",
        "append",
        "as-value",
        "brief",
        "comments",
        "count-only",
        "detail",
        "file",
        "follow",
        "follow-only",
        "from",
        "group-by",
        "interval",
        "on-event",
        "proplist",
        "show-ids",
        "terse",
        "timestamp",
        "value-list",
        "where",
        "without-paging",
    ]
)
SINGLETON_PRINT_ARGUMENTS = frozenset(
    [
        ".proplist",
        "as-value",
        "comments",
        "detail",
        "file",
        "follow",
        "follow-only",
        "interval",
        "proplist",
        "without-paging",
    ]
)

Handler = Callable[["Engine", Call], Reply]


class Engine:
    """Runs commands on the state of one router. Raises Trap before anything is written, or not at all."""

    def __init__(self, state: State) -> None:
        self._state = state

    def run(self, command: Command, origin: Origin, tx: Transaction) -> Reply:
        """Run one command for `origin`, writing through `tx`."""
        menu, verb = self.resolve(command.path)
        rights = self._rights(origin.user)
        self._authorise(menu, verb, rights)
        hidden: frozenset[str] = frozenset()
        if rights is not None and "sensitive" not in rights:
            hidden = frozenset(each.name for each in menu.properties if each.sensitive)
        call = Call(menu, command, self._state, tx, hidden)
        if verb in VERBS:
            return VERBS[verb](self, call)
        own = self._state.behaviour(menu.store).verbs()[verb]
        _known(command.attributes, own.arguments)
        return own.run(call)

    def resolve(self, path: str) -> tuple[Menu, str]:
        """The menu and the verb of a command path. Raises Trap naming the first unknown element."""
        place, _, verb = path.rpartition("/")
        menu = self._state.menus.get(place)
        if menu is not None and self._offers(menu, verb):
            return menu, verb
        if not path.startswith("/"):
            raise no_such_prefix()
        known = ""
        elements = path[1:].split("/")
        for element in elements:
            if f"{known}/{element}" not in self._state.catalogue.directories:
                raise no_such_command(element)
            known = f"{known}/{element}"
        raise no_such_command(elements[-1])

    def _offers(self, menu: Menu, verb: str) -> bool:
        if verb in ("print", "getall", "get"):
            return True
        if verb == "find":
            return not menu.singleton
        return verb in menu.verbs and (verb in VERBS or verb in self._state.behaviour(menu.store).verbs())

    # -- rights --------------------------------------------------------------------------------------

    def _rights(self, user: str) -> Collection[str] | None:
        """What the user's group grants; None means everything.

        That is so for the router's own doings, and for a user removed while still connected: what
        the router does with such a session is not known, and cutting it off is the server's part.
        """
        found = self._state.item(self._state.menus["/user"], user) if user else None
        if found is None:
            return None
        groups = self._state.menus["/user/group"]
        group = self._state.item(groups, found.values.get("group", ""))
        return split_list(self._state.value(groups, group, "policy")) if group else ()

    def _authorise(self, menu: Menu, verb: str, rights: Collection[str] | None) -> None:
        if rights is None:
            return
        needed = {"read"} if verb in READING else {"write"}
        if verb not in READING and menu.path in ("/user", "/user/group"):
            needed.add("policy")
        if not needed <= set(rights):
            raise not_permitted()

    # -- reading -------------------------------------------------------------------------------------

    def print_(self, call: Call) -> Reply:
        """Records, or with `count-only` their number."""
        menu, given = call.menu, call.command.attributes
        allowed = SINGLETON_PRINT_ARGUMENTS if menu.singleton else PRINT_ARGUMENTS
        _known(given, allowed | menu.print_arguments)
        items = self._matching(call, given.get("from"))
        if "count-only" in given and given["count-only"] not in ("no", "false"):
            return Reply(ret=str(len(items)), data=True)
        proplist = given.get(".proplist", given.get("proplist"))
        only = frozenset(split_list(proplist)) if proplist is not None else None
        return Reply(tuple(self._row(call, item, only) for item in items), data=True)

    def find(self, call: Call) -> Reply:
        """Identifiers of the matching items, with semicolons between them."""
        _known(call.command.attributes, frozenset({"where", "from"}))
        return Reply(
            ret=";".join(item.key for item in self._matching(call, call.command.attributes.get("from")))
        )

    def get(self, call: Call) -> Reply:
        """One property of one item, or its whole record as `name=value` with semicolons."""
        menu, given = call.menu, call.command.attributes
        _known(given, frozenset({"number", "value-name", *SELECTORS}))
        item = self._single(call)
        row = self._row(call, item)
        name = given.get("value-name")
        if name is None:
            return Reply(ret=";".join(f"{key}={value}" for key, value in row.items()))
        if name != ".id" and name not in menu.by_name:
            raise no_match("value-name")
        return Reply(ret=row.get(name, ""))

    def _single(self, call: Call) -> Item:
        given = call.command.attributes
        if call.menu.singleton:
            return self._state.items(call.menu)[0]
        text = given.get("number", given.get(".id", given.get("numbers")))
        if text is None:
            raise missing("number")
        return self._named(call.menu, text)

    def _matching(self, call: Call, start: str | None) -> list[Item]:
        """The items that meet the queries, narrowed first by what an index can tell."""
        menu = call.menu
        if not call.command.queries:
            return self._state.items(menu) if start is None else self._listed(menu, start)
        booleans = frozenset(each.name for each in menu.properties if isinstance(each.type, Bool))
        query = compile_query(call.command.queries, booleans)
        if start is not None:
            candidates = self._listed(menu, start)
        elif ".id" in query.equals and not menu.singleton:
            candidates = self._indexed(menu, ".id", query.equals[".id"])
        elif "name" in query.equals and "name" in menu.by_name and not menu.singleton:
            candidates = self._indexed(menu, "name", query.equals["name"])
        else:
            candidates = self._state.items(menu)
        return [item for item in candidates if query.passes(self._row(call, item))]

    def _row(self, call: Call, item: Item, only: Collection[str] | None = None) -> dict[str, str]:
        """The printed record without what the user may not see."""
        row = self._state.printed(call.menu, item, only)
        return {name: row[name] for name in row if name not in call.hidden} if call.hidden else row

    def _indexed(self, menu: Menu, name: str, value: str) -> list[Item]:
        if name == ".id":
            found = self._state.item(menu, value)
            return [found] if found is not None and found.key == value.upper() else []
        named = self._state.store(menu.store).lookup(("name",), (value,))
        return sorted(
            (item for item in named if not menu.kind or item.kind == menu.kind), key=lambda item: item.id
        )

    # -- choosing items ------------------------------------------------------------------------------

    def _named(self, menu: Menu, text: str) -> Item:
        item = self._state.item(menu, text)
        if item is None:
            raise no_such_item(self._state.version)
        return item

    def _listed(self, menu: Menu, text: str) -> list[Item]:
        whole = self._state.item(menu, text)
        if whole is not None:
            return [whole]
        parts = split_list(text) or [text]
        return list({item.id: item for item in (self._named(menu, part) for part in parts)}.values())

    def chosen(self, call: Call) -> list[Item]:
        """The items a command names by `.id` or `numbers`, in identifiers or names with commas."""
        if call.menu.singleton:
            return self._state.items(call.menu)
        for selector in SELECTORS:
            if selector in call.command.attributes:
                return self._listed(call.menu, call.command.attributes[selector])
        raise missing(".id")

    # -- writing -------------------------------------------------------------------------------------

    def add(self, call: Call) -> Reply:
        """A new item; returns its identifier."""
        menu, given = call.menu, call.command.attributes
        _known(given, menu.writable | {"copy-from"} | ({"place-before"} if menu.ordered else set()))
        values: dict[str, str] = {}
        if "copy-from" in given:
            source = self._named(menu, given["copy-from"])
            copied = menu.writable - {"name"}
            values = {name: value for name, value in source.values.items() if name in copied}
        before = self._named(menu, given["place-before"]).id if "place-before" in given else None
        parsed = self._parsed(menu, given, {"copy-from", "place-before"})
        values.update(parsed)
        if menu.auto_name and not values.get("name"):
            values["name"] = self._free_name(menu)
        for each in menu.properties:
            if each.required and not values.get(each.name):
                raise missing(each.name)
        draft = Draft(None, values, {}, None, parsed.keys())
        self._check(menu, draft)
        item = call.tx.add(
            menu.store,
            draft.values,
            kind=menu.kind,
            hold=draft.hold,
            marks=draft.marks,
            due=draft.due,
            before=before,
            own=True,
        )
        return Reply(ret=item.key)

    def set_(self, call: Call) -> Reply:
        """Change properties of items."""
        given = call.command.attributes
        _known(given, call.menu.writable | _selectors(call.menu))
        return self._change(call, self._parsed(call.menu, given, SELECTORS), reset=())

    def enable(self, call: Call) -> Reply:
        """Set `disabled` to no."""
        return self._toggle(call, "false")

    def disable(self, call: Call) -> Reply:
        """Set `disabled` to yes."""
        return self._toggle(call, "true")

    def comment(self, call: Call) -> Reply:
        """Set the comment; an empty one takes it away."""
        given = call.command.attributes
        _known(given, _selectors(call.menu) | {"comment"})
        return self._change(call, {"comment": given.get("comment", "")}, reset=())

    def unset(self, call: Call) -> Reply:
        """Take a value away from properties that can do without one."""
        given = call.command.attributes
        _known(given, _selectors(call.menu) | {"value-name"})
        if "value-name" not in given:
            raise missing("value-name")
        names = split_list(given["value-name"])
        properties = call.menu.by_name
        if not names or not all(name in properties and properties[name].clearable for name in names):
            raise no_match("value-name")
        return self._change(call, {}, reset=names)

    def reset(self, call: Call) -> Reply:
        """Put the named properties back to their defaults."""
        given = call.command.attributes
        _known(given, call.menu.writable | _selectors(call.menu))
        names = [name for name in given if name not in SELECTORS]
        for name in names:
            if call.menu.by_name[name].required:
                raise missing(name)
        return self._change(call, {}, reset=names)

    def reset_counters(self, call: Call) -> Reply:
        """Counters back to zero: those the item holds, and the marks its behaviour counts in."""
        _known(call.command.attributes, _selectors(call.menu))
        for item in self.chosen(call):
            self._zero(call, item)
        return Reply()

    def reset_counters_all(self, call: Call) -> Reply:
        """The counters of all items back to zero."""
        _known(call.command.attributes, frozenset())
        for item in self._state.items(call.menu):
            self._zero(call, item)
        return Reply()

    def remove(self, call: Call) -> Reply:
        """Remove items."""
        menu = call.menu
        _known(call.command.attributes, _selectors(menu))
        items = self.chosen(call)
        behaviour = self._state.behaviour(menu.store)
        for item in items:
            if item.hold is Hold.BUILT_IN:
                raise failure(f"can not remove default {menu.noun}")
            if item.hold is Hold.DYNAMIC and not menu.removable_dynamic:
                raise failure(f"can not remove dynamic {menu.noun}")
            behaviour.check_removal(self._state, menu, item)
        for item in items:
            call.tx.drop(menu.store, item.id, own=True)
        return Reply()

    def move(self, call: Call) -> Reply:
        """Put items in front of another, or at the end."""
        given = call.command.attributes
        _known(given, _selectors(call.menu) | {"destination"})
        items = self.chosen(call)
        before = self._named(call.menu, given["destination"]).id if given.get("destination") else None
        call.tx.move(call.menu.store, [item.id for item in items], before)
        return Reply()

    def _toggle(self, call: Call, value: str) -> Reply:
        _known(call.command.attributes, _selectors(call.menu))
        return self._change(call, {"disabled": value}, reset=())

    def _zero(self, call: Call, item: Item) -> None:
        marks = {name: value for name, value in item.marks.items() if not name.startswith("counted-")}
        call.tx.put(call.menu.store, replace(item, marks=marks), own=True)

    def _change(self, call: Call, values: Mapping[str, str], reset: Collection[str]) -> Reply:
        menu = call.menu
        drafts: list[tuple[Item, Draft]] = []
        taken: set[tuple[str, ...]] = set()
        for item in self.chosen(call):
            if item.hold is Hold.DYNAMIC:
                raise failure("can not change dynamic")
            kept = {name: value for name, value in item.values.items() if name not in reset}
            draft = Draft(item, {**kept, **values}, dict(item.marks), item.due, (*values, *reset), item.hold)
            self._check(menu, draft)
            for key, refusal in self._keys(menu, draft):
                if key in taken:
                    raise failure(refusal)
                taken.add(key)
            drafts.append((item, draft))
        for item, draft in drafts:
            call.tx.put(menu.store, draft.item(item.id, item.kind), own=True)
        return Reply()

    def _check(self, menu: Menu, draft: Draft) -> None:
        self._state.behaviour(menu.store).check(self._state, menu, draft)
        number = draft.before.id if draft.before else None
        store = self._state.store(menu.store)
        for unique in menu.unique:
            values = self._identity(menu, draft, unique.properties)
            if any(values) and any(item.id != number for item in store.lookup(unique.properties, values)):
                raise failure(unique.refusal)

    def _keys(self, menu: Menu, draft: Draft) -> list[tuple[tuple[str, ...], str]]:
        return [
            ((*unique.properties, *self._identity(menu, draft, unique.properties)), unique.refusal)
            for unique in menu.unique
        ]

    def _identity(self, menu: Menu, draft: Draft, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(draft.values.get(name, menu.by_name[name].default or "") for name in names)

    def _parsed(self, menu: Menu, given: Mapping[str, str], skip: Collection[str]) -> dict[str, str]:
        return {
            name: self._parse(menu.by_name[name], text) for name, text in given.items() if name not in skip
        }

    def _parse(self, each: Property, text: str) -> str:
        try:
            if isinstance(each.type, Reference):
                return each.type.resolve(text, self._state.find)
            if each.presence is Presence.SET and each.clearable and text == "":
                return ""
            return each.type.parse(text)
        except BadValue as bad:
            raise bad_argument(bad.describe(each.name)) from None

    def _free_name(self, menu: Menu) -> str:
        store = self._state.store(menu.store)
        number = 1
        while store.holds(("name",), (f"{menu.auto_name}{number}",)):
            number += 1
        return f"{menu.auto_name}{number}"


VERBS: Mapping[str, Handler] = {
    "print": Engine.print_,
    "getall": Engine.print_,
    "get": Engine.get,
    "find": Engine.find,
    "add": Engine.add,
    "set": Engine.set_,
    "remove": Engine.remove,
    "enable": Engine.enable,
    "disable": Engine.disable,
    "comment": Engine.comment,
    "unset": Engine.unset,
    "reset": Engine.reset,
    "reset-counters": Engine.reset_counters,
    "reset-counters-all": Engine.reset_counters_all,
    "move": Engine.move,
}


def _known(given: Iterable[str], allowed: Collection[str]) -> None:
    for name in given:
        if name not in allowed:
            raise unknown_parameter(name)


def _selectors(menu: Menu) -> frozenset[str]:
    return frozenset() if menu.singleton else frozenset(SELECTORS)
