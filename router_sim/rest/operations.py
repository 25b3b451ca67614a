"""What a REST request asks for: method, path, query and body to one command of the router.

| request | command | answer |
|---|---|---|
| GET menu | print, filters of the query string as queries | array, or the object of a singleton |
| GET menu/id | print of that item | object |
| PUT menu | add | the new object |
| PATCH menu/id | set | the changed object |
| DELETE menu/id | remove | nothing |
| POST menu/command | that command | what it returns |

Source: the manual's page on REST, and recorded exchanges for what is refused: an identifier with an escaped
asterisk, PATCH and DELETE without one, HEAD, and commands in the path of a GET. Assumed: that a `+` in a query
string is a space, and that a word without `=` there asks for the presence of the property.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import unquote_to_bytes

from router_sim.engine import Command
from router_sim.menus.catalogue import Catalogue
from router_sim.rest.json_text import BadJson, argument, parse_object, words
from router_sim.schema import Menu

ROOT: Final = "/rest"
NO_IDENTIFIER: Final = "missing or invalid resource identifier"
NO_COMMAND: Final = "no such command"
NO_PREFIX: Final = "no such command prefix"
_PROPLIST: Final = ".proplist"
_QUERY: Final = ".query"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came: `path` and `query` still percent-encoded."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""


class Refusal(Exception):
    """A request that is answered with an error before any command is run."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(f"{status} {detail}")
        self.status = status
        self.detail = detail


class Answer(Enum):
    """What the response to a request is made of."""

    LIST = "list"  # all rows of the reply
    OBJECT = "object"  # its only row
    CREATED = "created"  # the item a PUT made
    CHANGED = "changed"  # the item a PATCH changed
    NOTHING = "nothing"
    RESULT = "result"  # whatever a command returns


@dataclass(frozen=True, slots=True)
class Operation:
    """The command of a request, and what is answered.

    `menu` is the path of the menu, `item` the identifier or name of the one item that is meant, which is to be
    looked up first; empty if none is. `if_missing` is what is answered when there is no such item.
    """

    command: Command
    answer: Answer
    menu: str
    item: str = ""
    if_missing: Refusal | None = None


def operation(request: HttpRequest, catalogue: Catalogue) -> Operation:
    """Translate a request. Raises Refusal. Whether menu and verb exist is left to the router."""
    segments = _segments(request.path)
    path = "".join(f"/{segment}" for segment in segments)
    match request.method:
        case "GET":
            return _get(path, segments, request, catalogue)
        case "PUT":
            return Operation(Command(f"{path}/add", _arguments(request)[0]), Answer.CREATED, path)
        case "PATCH":
            menu, item, missing = _one(path, segments, request, catalogue)
            command = Command(f"{menu}/set", _arguments(request)[0])
            return Operation(command, Answer.CHANGED, menu, item, missing)
        case "DELETE":
            menu, item, missing = _one(path, segments, request, catalogue)
            return Operation(Command(f"{menu}/remove", {}), Answer.NOTHING, menu, item, missing)
        case "POST":
            return _post(path, request, catalogue)
        case _:
            raise Refusal(501)


def _segments(path: str) -> list[str]:
    """The elements of a path below `/rest`, decoded. A slash within a name is written `%2F`."""
    return [_decoded(segment) for segment in path.removeprefix(ROOT).split("/") if segment]


def _decoded(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape")


def _get(path: str, segments: list[str], request: HttpRequest, catalogue: Catalogue) -> Operation:
    attributes, queries = _filters(request.query)
    menu = catalogue.menus.get(path)
    if menu is not None:
        answer = Answer.OBJECT if menu.singleton else Answer.LIST
        return Operation(Command(f"{path}/print", attributes, queries), answer, path)
    if not segments or path in catalogue.directories:
        raise Refusal(400, NO_COMMAND)
    parent = path.rpartition("/")[0] if "/" not in segments[-1] else _parent(segments)
    if parent not in catalogue.menus:
        return Operation(Command(f"{path}/print", {}), Answer.LIST, path)
    _, item, missing = _one(path, segments, request, catalogue)
    return Operation(Command(f"{parent}/print", attributes, queries), Answer.OBJECT, parent, item, missing)


def _post(path: str, request: HttpRequest, catalogue: Catalogue) -> Operation:
    if not path or path in catalogue.directories:
        raise Refusal(400, NO_COMMAND)
    attributes, queries = _arguments(request)
    return Operation(Command(path, attributes, queries), Answer.RESULT, path.rpartition("/")[0])


def _one(
    path: str, segments: list[str], request: HttpRequest, catalogue: Catalogue
) -> tuple[str, str, Refusal]:
    """Menu and item of a path that ends in one, and the answer if the item does not exist."""
    if not segments or path in catalogue.menus or path in catalogue.directories:
        raise Refusal(400, NO_IDENTIFIER)
    parent, item = _parent(segments), segments[-1]
    if request.path.rstrip("/").rpartition("/")[2].upper().startswith("%2A"):
        raise Refusal(400, NO_IDENTIFIER)  # the asterisk has to stand there as it is
    return parent, item, _if_missing(catalogue.menus.get(parent), item)


def _if_missing(menu: Menu | None, item: str) -> Refusal:
    if menu is not None and item in ({"print", "getall", "get", "find"} | menu.verbs):
        return Refusal(400, NO_COMMAND)
    if menu is not None and not menu.singleton and "name" not in menu.by_name and not item.startswith("*"):
        return Refusal(400, NO_PREFIX)
    return Refusal(404)


def _parent(segments: list[str]) -> str:
    return "".join(f"/{segment}" for segment in segments[:-1])


def _filters(query: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Attributes and query words of a query string: equalities, and `.proplist`."""
    attributes: dict[str, str] = {}
    queries: list[str] = []
    for part in query.split("&"):
        if not part:
            continue
        name, equals, value = (_decoded(text.replace("+", " ")) for text in part.partition("="))
        if name == _PROPLIST:
            attributes[_PROPLIST] = value
        else:
            queries.append(f"={name}={value}" if equals else name)
    return attributes, tuple(queries)


def _arguments(request: HttpRequest) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Attributes and query words of a body."""
    try:
        given = parse_object(request.body)
        queries = words(given.pop(_QUERY)) if _QUERY in given else ()
        return {name: argument(value) for name, value in given.items()}, queries
    except BadJson:
        raise Refusal(400, "Failed to parse json") from None
