"""Takes a command to its menu: finds the verb, asks whether the user may, and runs it."""

from collections.abc import Callable, Collection, Mapping

from router_sim import reading, writing
from router_sim.behaviour import Call
from router_sim.exchange import Command, Origin, Reply
from router_sim.schema import Menu
from router_sim.selection import expect
from router_sim.state import State
from router_sim.transaction import Transaction
from router_sim.traps import Trap, no_such_command, no_such_prefix, not_permitted
from router_sim.values import split_list

__all__ = ["READING", "Command", "Engine", "Origin", "Reply", "Trap"]

READING = frozenset({"print", "getall", "get", "find", "read"})

VERBS: Mapping[str, Callable[[Call], Reply]] = {
    "print": reading.print_,
    "getall": reading.print_,
    "get": reading.get,
    "find": reading.find,
    "add": writing.add,
    "set": writing.set_,
    "remove": writing.remove,
    "enable": writing.enable,
    "disable": writing.disable,
    "comment": writing.comment,
    "unset": writing.unset,
    "reset": writing.reset,
    "reset-counters": writing.reset_counters,
    "reset-counters-all": writing.reset_counters_all,
    "move": writing.move,
}


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
            return VERBS[verb](call)
        own = self._state.behaviours.verbs(menu.store)[verb]
        expect(command.attributes, own.arguments)
        return own.run(call)

    def resolve(self, path: str) -> tuple[Menu, str]:
        """The menu and the verb of a command path. Raises Trap naming the first unknown element."""
        place, _, verb = path.rpartition("/")
        menu = self._state.menus.get(place)
        if menu is not None and self._offers(menu, verb):
            return menu, verb
        raise self.unknown(path)

    def unknown(self, path: str) -> Trap:
        """The refusal of a path that leads to no verb."""
        if not path.startswith("/"):
            return no_such_prefix()
        known = ""
        elements = path[1:].split("/")
        for element in elements:
            known = f"{known}/{element}"
            if known not in self._state.catalogue.directories:
                return no_such_command(element)
        return no_such_command(elements[-1])

    def _offers(self, menu: Menu, verb: str) -> bool:
        if verb in ("print", "getall", "get"):
            return True
        if verb == "find":
            return not menu.singleton
        return verb in menu.verbs and (verb in VERBS or verb in self._state.behaviours.verbs(menu.store))

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
