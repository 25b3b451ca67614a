"""Runs the command of a REST request on its router and makes the response, without any I/O.

Source: the manual's page on REST and recorded exchanges. Assumed: that a user without the right to read gets
the identifier alone of what it created, and nothing of what it changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from router_sim.engine import Command, Origin
from router_sim.exchange import Record, Reply
from router_sim.rest.operations import Answer, Operation
from router_sim.rest.responses import HttpResponse, listing, nothing, result, single
from router_sim.router import Router
from router_sim.traps import Trap, no_such_command

# The router itself, when it looks up what a path names.
_INTERNAL: Final = Origin("", "", "rest-api")
_ENDLESS: Final = frozenset({"follow", "follow-only", "interval"})
_USER: Final = "/user"


@dataclass(frozen=True, slots=True)
class Ongoing:
    """A command that goes on: what to run and to collect, or nothing for one that can only time out."""

    command: Command
    reply: Reply | None


def perform(router: Router, operation: Operation, origin: Origin) -> HttpResponse | Ongoing:
    """Run the command of a request. Raises Trap and Refusal, and has changed nothing then."""
    command = operation.command
    key = ""
    if operation.item:
        key = _identify(router, operation)
        selector = "from" if operation.answer is Answer.OBJECT else ".id"
        command = replace(command, attributes={**command.attributes, selector: key})
        if operation.menu == _USER and operation.answer is Answer.CHANGED:
            command = _without_locking_out(router, command, key, origin)
    menu, _, verb = command.path.rpartition("/")
    if verb == "listen":
        router.execute(Command(f"{menu}/print", {".proplist": ".id"}), origin)
        return Ongoing(command, None)
    if verb in ("print", "getall") and any(_asked(command.attributes, name) for name in _ENDLESS):
        bounded = {name: text for name, text in command.attributes.items() if name not in _ENDLESS}
        router.execute(replace(command, attributes=bounded), origin)
        return Ongoing(command, None)
    reply = router.execute(command, origin)
    if reply.stream is not None:
        return Ongoing(command, reply)
    match operation.answer:
        case Answer.LIST:
            return listing(reply.rows)
        case Answer.OBJECT:
            if not reply.rows and operation.if_missing is not None:
                raise operation.if_missing  # the filters do not fit the item
            return single(reply.rows[0] if reply.rows else {})
        case Answer.CREATED:
            key = reply.ret or ""
            return single(_read_back(router, operation.menu, key, origin) or {".id": key}, 201)
        case Answer.CHANGED:
            return single(_read_back(router, operation.menu, key, origin))
        case Answer.NOTHING:
            return nothing()
        case Answer.RESULT:
            return result(reply)


def _identify(router: Router, operation: Operation) -> str:
    """The identifier of the item a path names. Raises Refusal, or Trap where there is no such menu."""
    look = Command(f"{operation.menu}/print", {"from": operation.item, ".proplist": ".id"})
    try:
        rows = router.execute(look, _INTERNAL).rows
    except Trap as trap:
        if operation.if_missing is None or trap.sentences[1:] == no_such_command("").sentences[1:]:
            raise
        raise operation.if_missing from None
    if len(rows) != 1 and operation.if_missing is not None:
        raise operation.if_missing
    return rows[0][".id"]


def _without_locking_out(router: Router, command: Command, key: str, origin: Origin) -> Command:
    """A user that disables itself is told that all is well, and stays as it is: recorded, and odd."""
    if command.attributes.get("disabled") not in ("true", "yes"):
        return command
    rows = router.execute(Command(f"{_USER}/print", {"from": key, ".proplist": "name"}), _INTERNAL).rows
    if not rows or rows[0]["name"] != origin.user:
        return command
    return replace(command, attributes={k: v for k, v in command.attributes.items() if k != "disabled"})


def _read_back(router: Router, menu: str, key: str, origin: Origin) -> Record:
    try:
        rows = router.execute(Command(f"{menu}/print", {"from": key}), origin).rows
    except Trap:
        return {}
    return rows[0] if rows else {}


def _asked(attributes: Mapping[str, str], name: str) -> bool:
    return attributes.get(name, "no") not in ("no", "false")
