"""Scripts: kept, counted, and run as far as they are plain commands.

A script of plain commands (see `router_sim.script_lines`) is performed with the rights it has been given. Any
other is not interpreted: running it counts, does nothing, and the log says so.

Recorded: the properties and what they print. Assumed: that who runs a script needs the rights it was given, unless
the script says otherwise, that it has no more rights than its owner, and the texts.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import partial

from router_sim import writing
from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.behaviours import accounts, log
from router_sim.dates import format_moment, from_seconds
from router_sim.engine import Engine
from router_sim.exchange import Command, Origin, Record, Reply, Runtime
from router_sim.menus.scripting import DEFAULT_RIGHTS
from router_sim.schema import Menu, version_key
from router_sim.script_lines import NotPlain, plain_commands
from router_sim.selection import SELECTORS, named
from router_sim.state import State
from router_sim.store import Item, parse_key
from router_sim.transaction import Transaction
from router_sim.traps import Trap, failure, missing, not_permitted
from router_sim.values import split_list

STORE = "/system/script"
NO_RECORDS: tuple[Record, ...] = ()  # a script returns none


class Scripts(Behaviour):
    """Scripts and their runs."""

    def __init__(self) -> None:
        super().__init__(STORE)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """How often it was run, and when last."""
        derived = {"run-count": str(int(item.marks.get("runs", 0)))}
        if "started" in item.marks:
            derived["last-started"] = format_moment(from_seconds(item.marks["started"]), state.version)
        return derived

    def verbs(self) -> Mapping[str, Verb]:
        """`run`; and `add`, which notes the owner."""
        return {
            "run": Verb(_run, frozenset({"number", "use-script-permissions", *SELECTORS})),
            "add": Verb(add_owned, None),
        }


def add_owned(call: Call) -> Reply:
    """A new item that belongs to who adds it, unless the command says to whom."""
    reply = writing.add(call)
    number = parse_key(reply.ret or "")
    item = call.state.store(call.menu.store).get(number) if number is not None else None
    if item is not None and not item.values.get("owner"):
        call.tx.put(
            call.menu.store, replace(item, values={**item.values, "owner": call.origin.user}), own=True
        )
    return reply


def commands_of(state: State, source: str) -> list[tuple[int, Command]] | None:
    """The commands of a plain script with their lines; None for one that needs an interpreter."""
    engine = Engine(state)

    def is_command(path: str) -> bool:
        try:
            engine.resolve(path)
        except Trap:
            return False
        return True

    try:
        return plain_commands(source, is_command)
    except NotPlain:
        return None


def perform(tx: Transaction, line: int, command: Command, rights: frozenset[str]) -> None:
    """One command of a script, with these rights. Raises Trap before anything is written.

    Version 7 says behind a refusal where in the script it was: `(/ip/pool/add; line 1)`.
    """
    try:
        reply = Engine(tx.state).run(command, Origin("", "", "script"), tx, limit=rights)
    except Trap as trap:
        if version_key(tx.state.version) < (7,):
            raise
        place = f" ({command.path}; line {line})"
        raise Trap(*((text + place, category) for text, category in trap.sentences)) from None
    if reply.stream is not None:
        raise failure(f"{command.path} goes on, and scripts of this simulator do not wait")


def started(tx: Transaction, item: Item) -> None:
    """Count a run of the script."""
    marks = {**item.marks, "runs": item.marks.get("runs", 0) + 1, "started": tx.now}
    tx.put(STORE, replace(item, marks=marks))


def not_interpreted(tx: Transaction, what: str) -> None:
    """Say in the log that a script was not run."""
    log.write(tx, "script,warning", f"{what} holds more than plain commands; this simulator does not run it")


def rights_of(state: State, item: Item) -> frozenset[str]:
    """What a script or an entry of the scheduler may do: what it was given, as far as its owner has it.

    Where there is no such user any more, what it was given counts alone.
    """
    given = frozenset(split_list(item.values.get("policy", DEFAULT_RIGHTS)))
    owner = state.item(state.menus[accounts.USER], item.values.get("owner", ""))
    return given if owner is None else given & accounts.rights_of(state, owner)


def _run(call: Call) -> Reply:
    given, state = call.command.attributes, call.state
    text = given.get("number", given.get(".id", given.get("numbers")))
    if text is None:
        raise missing("number")
    item = named(state, call.menu, text)
    policy = frozenset(split_list(item.values.get("policy", DEFAULT_RIGHTS)))
    rights = rights_of(state, item)
    free = item.values.get("dont-require-permissions") == "true" or "use-script-permissions" in given
    if call.rights is not None and not free and not policy <= call.rights:
        raise not_permitted()
    if not free and call.rights is not None:
        rights &= call.rights
    commands = commands_of(state, item.values.get("source", ""))

    async def stream(runtime: Runtime) -> AsyncIterator[Record]:
        def begin(tx: Transaction) -> None:
            held = state.store(STORE).get(item.id)
            if held is not None:
                started(tx, held)
            if commands is None:
                not_interpreted(tx, f"script {item.values.get('name', '')}")

        runtime.write(begin)
        for line, command in commands or ():
            runtime.write(partial(perform, line=line, command=command, rights=rights))
        for record in NO_RECORDS:
            yield record

    return Reply(stream=stream)
