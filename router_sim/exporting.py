"""The `export` command: the configuration, or the part of it below a menu, as a script in a file.

Over the API a router says nothing of what it exports; what it does do is write the file it is asked for, and
clients read that. Source: two clients that do so, and one whose author found the silence on 7.23. Assumed: that
reading is all the user must be allowed to, that a secret is left out where the user may not see it, and that
`terse` and `where` are taken and change nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from router_sim.behaviour import Call
from router_sim.behaviours.files import write_file
from router_sim.exchange import Reply
from router_sim.schema import version_key
from router_sim.selection import expect
from router_sim.state import State
from router_sim.traps import bad_argument
from router_sim.values import BadValue, Bool

if TYPE_CHECKING:
    from router_sim.snapshots import Snapshot

ARGUMENTS: Final = frozenset(
    {"compact", "file", "hide-sensitive", "show-sensitive", "terse", "verbose", "where"}
)
SUFFIX: Final = ".rsc"
HIDDEN_SINCE: Final = (7, 0)  # before, secrets were shown unless that was declined


def export(call: Call) -> Reply:
    """Write the file that was asked for, if one was."""
    from router_sim.export import export as script_of  # it knows of routers, and they of this

    given = call.command.attributes
    expect(given, ARGUMENTS)
    flags = {name: _flag(name, given[name]) for name in ARGUMENTS - {"file", "where"} if name in given}
    if not given.get("file"):
        return Reply()
    old = version_key(call.state.version) < HIDDEN_SINCE
    asked = not flags.get("hide-sensitive", False) if old else flags.get("show-sensitive", False)
    allowed = call.rights is None or "sensitive" in call.rights
    state = call.state
    fresh = State(state.version, state.clock, state.behaviours, state.upstream)
    text = script_of(
        _snapshot(state),
        _snapshot(fresh),
        state.menus,
        verbose=flags.get("verbose", False),
        show_sensitive=asked and allowed,
    )
    text = _below(call.menu.path, text)
    name = given["file"]
    name += "" if name.endswith(SUFFIX) else SUFFIX
    write_file(call.tx, name, text.encode("utf-8", "surrogateescape"), own=True)
    return Reply()


def _snapshot(state: State) -> Snapshot:
    from router_sim.snapshots import Snapshot

    menus = {
        path: [state.printed(menu, item) for item in state.items(menu)]
        for path, menu in state.menus.items()
        if not menu.bare
    }
    return Snapshot(state.version, "", state.now().isoformat(), menus)


def _below(path: str, text: str) -> str:
    """The header and those sections of a script whose menu is the one at `path` or below it."""
    heading = path.replace("/", " ").strip()
    kept, keeping = [], True
    for line in text.splitlines(keepends=True):
        if line.startswith("/"):
            menu = line[1:].rstrip("\n")
            keeping = not heading or menu == heading or menu.startswith(f"{heading} ")
        if keeping:
            kept.append(line)
    return "".join(kept)


def _flag(name: str, text: str) -> bool:
    """A switch of the command; without a value it is on."""
    try:
        return text == "" or Bool().parse(text) == "true"
    except BadValue as bad:
        raise bad_argument(bad.describe(name)) from None
