"""What a REST request is answered with: statuses, headers and bodies.

Source: the manual's page on REST for the statuses, and recorded exchanges for the bodies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from router_sim.exchange import Record, Reply
from router_sim.rest.json_text import dump_object, dump_records
from router_sim.rest.operations import Refusal
from router_sim.traps import Trap, no_such_command, not_permitted

_JSON: Final = (b"content-type", b"application/json")
_CHALLENGE: Final = (b"www-authenticate", b'Basic realm="RouterOS"')
_CLOSE: Final = (b"connection", b"close")
_HTML: Final = (b"content-type", b"text/html; charset=utf-8")

SESSION_CLOSED: Final = "Session closed"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """Status, body and the headers beyond the length."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = (_JSON,)


def listing(records: Sequence[Record]) -> HttpResponse:
    """All records, or `[]`."""
    return HttpResponse(200, dump_records(records))


def single(record: Record, status: int = 200) -> HttpResponse:
    """One record."""
    return HttpResponse(status, dump_object(record))


def nothing() -> HttpResponse:
    """There is nothing to say: 204 without a body."""
    return HttpResponse(204, headers=())


def result(reply: Reply) -> HttpResponse:
    """What a command returns: its value as an object, its records as an array, or `[]`."""
    return single({"ret": reply.ret}) if reply.ret is not None else listing(reply.rows)


def error(status: int, detail: str = "") -> HttpResponse:
    """An error with the phrase of its status, and the router's own words if there are any."""
    members: dict[str, str | int] = {"error": status, "message": HTTPStatus(status).phrase}
    if detail:
        members["detail"] = detail
    headers = (_JSON, _CHALLENGE) if status == 401 else (_JSON,)
    return HttpResponse(status, dump_object(members), headers)


def refused(refusal: Refusal) -> HttpResponse:
    """A request that came to no command."""
    return error(refusal.status, refusal.detail)


def trapped(trap: Trap) -> HttpResponse:
    """A command the router refused: 406 if there is none such, 500 if the user may not, else 400."""
    if trap.sentences == not_permitted().sentences:
        return error(500, trap.message)
    if trap.sentences[1:] == no_such_command("").sentences[1:]:
        return error(406, trap.message)
    return error(400, trap.message)


def too_much() -> HttpResponse:
    """The body is larger than a router takes."""
    answer = error(413)
    return HttpResponse(413, answer.body, (*answer.headers, _CLOSE))


def page(title: str, text: str, status: int = 200) -> HttpResponse:
    """A page for people. Both texts are HTML."""
    document = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{title}</title><body style='font:16px sans-serif;margin:3em auto;max-width:32em;padding:0 1em'>"
        f"<h1>{title}</h1><p>{text}"
    )
    return HttpResponse(status, document.encode(), (_HTML,))
