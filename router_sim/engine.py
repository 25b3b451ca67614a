"""Takes a command to its menu: finds the verb, asks whether the user may, and runs it."""

from collections.abc import Callable, Mapping

from router_sim import exporting, permissions, reading, writing
from router_sim.behaviour import Call
from router_sim.behaviours.accounts import logged_in, rights_of
from router_sim.exchange import Command, Origin, Reply
from router_sim.schema import Menu
from router_sim.selection import expect
from router_sim.state import State
from router_sim.transaction import Transaction
from router_sim.traps import Trap, no_such_command, no_such_prefix, not_permitted

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
    "export": exporting.export,
}


class Engine:
    """Runs commands on the state of one router. Raises Trap before anything is written, or not at all."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._granted: dict[tuple[str, bool], frozenset[str] | None] = {}
        self._granted_at = 0  # the revision for which that is so

    def run(
        self, command: Command, origin: Origin, tx: Transaction, *, limit: frozenset[str] | None = None
    ) -> Reply:
        """Run one command for `origin`, writing through `tx`; `limit` are the rights it has at most."""
        menu, verb = self.resolve(command.path)
        rights = self._rights(origin)
        if limit is not None:
            rights = limit if rights is None else rights & limit
        if rights is not None and not permissions.needed(menu.path, verb) <= rights:
            raise not_permitted()
        hidden: frozenset[str] = frozenset()
        if rights is not None and "sensitive" not in rights:
            hidden = frozenset(each.name for each in menu.properties if each.sensitive)
        call = Call(menu, command, self._state, tx, hidden, origin, rights)
        own = self._state.behaviours.verbs(menu.store).get(verb)
        if own is None:
            return VERBS[verb](call)
        if own.arguments is not None:
            expect(command.attributes, own.arguments)
        return own.run(call)

    def resolve(self, path: str) -> tuple[Menu, str]:
        """The menu and the verb of a command path. Raises Trap naming the first unknown element."""
        place, _, verb = path.rpartition("/")
        menu = self._state.menus.get(place)
        if menu is None and path.startswith("/"):
            menu = self._state.catalogue.commands.get(place)
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
            return not menu.bare
        if verb == "find":
            return not (menu.singleton or menu.bare)
        if verb == "export":
            return not menu.bare or menu.path == ""
        return verb in menu.verbs and (verb in VERBS or verb in self._state.behaviours.verbs(menu.store))

    # -- rights --------------------------------------------------------------------------------------

    def _rights(self, origin: Origin) -> frozenset[str] | None:
        """What the user's group grants; None means everything.

        That is so for the router's own doings and for a hand that reaches in without a connection, such as
        an operator's in a laboratory. A user removed or disabled while connected has no rights from then on
        (assumed; what becomes of such a session on a router is not known).
        """
        if not origin.user:
            return None
        state = self._state
        if self._granted_at != state.revision:
            self._granted.clear()
            self._granted_at = state.revision
        key = origin.user, bool(origin.connection)
        if key not in self._granted:
            self._granted[key] = self._looked_up(origin)
        return self._granted[key]

    def _looked_up(self, origin: Origin) -> frozenset[str] | None:
        found = self._state.item(self._state.menus["/user"], origin.user)
        if found is None and origin.connection:  # renamed since
            found = logged_in(self._state, origin.connection)
        if found is None or found.values.get("disabled") == "true":
            return frozenset() if origin.connection else None
        return rights_of(self._state, found)
