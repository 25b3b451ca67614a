"""Text of the RouterOS console: quoting, folding of long lines, and taking both apart again.

As in exports of routers: a value stands bare unless it needs quotes; bytes beyond ASCII are `\\` and two
hexadecimal digits; a line ends before column 80 with a backslash, and goes on behind four spaces. A quoted
text may be broken anywhere; a blank at the beginning of such a line is written `\\_`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from router_sim.schema import Menu
from router_sim.statements import Selector, Statement
from router_sim.values import Bool

WIDTH: Final = 79  # with the backslash
INDENT: Final = "    "
VERBS: Final = frozenset({"add", "set", "remove", "move", "reset"})

_BARE = re.compile(r"[A-Za-z0-9!%*+,./:@^_|-]+", re.ASCII)
_ESCAPES: Final = {
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    ord("$"): "\\$",
    ord("?"): "\\?",
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    7: "\\a",
    8: "\\b",
    11: "\\v",
}
_MEANT: Final = {text[1]: bytes([code]) for code, text in _ESCAPES.items()} | {"_": b" ", "f": b"\x0c"}


class ScriptError(ValueError):
    """A line that is no command of this form; the message names the line and what is wrong."""


def quoted(value: str) -> list[str]:
    """The atoms of a value, between any of which a line may be broken if there are several.

    What would not fit on a line is quoted too, as bare words cannot be broken.
    """
    if _BARE.fullmatch(value) and ",!" not in value and len(value) <= WIDTH - 2 - len(INDENT):
        return [value]
    atoms = ['"']
    for byte in value.encode("utf-8", "surrogateescape"):
        escape = _ESCAPES.get(byte)
        atoms.append(escape or (chr(byte) if 32 <= byte < 127 else f"\\{byte:02X}"))
    return [*atoms, '"']


def text_of(value: str) -> str:
    """A value as it is written on a line of its own."""
    return "".join(quoted(value))


# Writing


def script(statements: Iterable[Statement], menus: Mapping[str, Menu]) -> str:
    """The commands below headings that name their menus, as an export has them."""
    lines: list[str] = []
    heading = ""
    for statement in statements:
        if statement.menu != heading:
            heading = statement.menu
            lines.append("/" + heading[1:].replace("/", " "))
        lines.append(_folded(_tokens(statement, menus.get(heading))))
    return "".join(line + "\n" for line in lines)


def one_line(statement: Statement, menus: Mapping[str, Menu]) -> str:
    """The command on one line that begins with its menu."""
    tokens = _tokens(statement, menus.get(statement.menu))
    words = " ".join("".join("".join(part) for part in token) for token in tokens)
    return f"/{statement.menu[1:].replace('/', ' ')} {words}"


# A token is a list of parts with no blank between them; a part is a list of atoms. Lines are broken between
# tokens and parts, and between the atoms of a quoted part.
_Token = list[list[str]]


def _tokens(statement: Statement, menu: Menu | None) -> list[_Token]:
    tokens: list[_Token] = [[[statement.verb]]]
    if statement.selector is not None:
        tokens += _selected(statement.selector, menu)
    given = sorted([*statement.values.items(), *((f"!{name}", "") for name in statement.unset)], key=_by_name)
    for name, value in given:
        if name.startswith("!"):
            tokens.append([[name.removeprefix("!") if statement.verb == "reset" else name]])
        else:
            tokens.append([[f"{name}="], quoted(_written(menu, name, value))])
    if statement.destination is not None:
        first, *rest = _selected(statement.destination, menu)
        tokens += [[["destination="], *first], *rest]
    return tokens


def _by_name(pair: tuple[str, str]) -> str:
    return pair[0].removeprefix("!")


def _selected(selector: Selector, menu: Menu | None) -> list[_Token]:
    if not selector.conditions:
        return [[quoted(selector.item)]]
    conditions: list[_Token] = [
        [[f"{name}="], quoted(_written(menu, name, value))] for name, value in selector.conditions
    ]
    return [[["["]], [["find"]], *conditions, [["]"]]]


def _written(menu: Menu | None, name: str, value: str) -> str:
    """A value as the console writes it: `yes` and `no` for what the API calls true and false."""
    each = menu.by_name.get(name) if menu is not None else None
    if each is not None and isinstance(each.type, Bool):
        return {"true": "yes", "false": "no"}.get(value, value)
    return value


def _folded(tokens: Sequence[_Token]) -> str:
    lines: list[str] = []
    line = ""
    for number, token in enumerate(tokens):
        line += " " if number else ""
        for part in token:
            if len(part) > 1:  # quoted: as much as there is room for
                for atom in part:
                    room = WIDTH - 2 if atom == '"' else WIDTH - 1  # a blank may follow the last one
                    if len(line) + len(atom) > room:
                        lines.append(line + "\\")
                        line = INDENT
                        atom = "\\_" if atom == " " else atom
                    line += atom
            elif len(line) + len(part[0]) > WIDTH - 2 and len(line) > len(INDENT):  # a blank may follow
                lines.append(line + "\\")
                line = INDENT + part[0]
            else:
                line += part[0]
    return "\n".join([*lines, line])


# Reading


def parse(text: str) -> list[Statement]:
    """The commands of a script in the form `script` writes. Raises ScriptError.

    It is no interpreter of the console: menus, comments, and the verbs add, set, remove, move and reset with
    plain values are all it knows.
    """
    statements = []
    menu = ""
    for number, line in _joined(text):
        words = _words(number, line)
        if words[0][0].startswith("/"):
            verb = next((at for at, word in enumerate(words) if at and word[0] in VERBS), len(words))
            path = "/".join(word for word, _ in words[:verb])
            menu, words = path, words[verb:]
        if words:
            statements.append(_statement(number, menu, words))
    return statements


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first; without comments and empty ones."""
    begun, first = "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        rest = line.lstrip(" ") if begun else line
        first = first if begun else number
        backslashes = len(rest) - len(rest.rstrip("\\"))
        if backslashes % 2 and not (not begun and rest.startswith("#")):
            begun += rest[:-1]
            continue
        whole, begun = begun + rest, ""
        if whole.strip() and not whole.startswith("#"):
            yield first, whole
    if begun:
        raise ScriptError(f"line {first}: the script ends in the middle of this command")


_Word = tuple[str, str | None]  # a name, and the value behind its `=` if it has one


def _words(number: int, line: str) -> list[_Word]:
    words: list[_Word] = []
    position = 0
    while True:
        while position < len(line) and line[position] == " ":
            position += 1
        if position >= len(line):
            return words
        start = position
        while position < len(line) and line[position] not in ' ="':
            position += 1
        name = line[start:position]
        if position < len(line) and line[position] == '"' and not name:
            name, position = _quoted(number, line, position)
        if position < len(line) and line[position] == "=":
            value, position = _value(number, line, position + 1)
            words.append((name, value))
        elif position < len(line) and line[position] != " ":
            raise ScriptError(f"line {number}: a quote in the middle of {name!r}")
        else:
            words.append((name, None))


def _value(number: int, line: str, position: int) -> tuple[str, int]:
    if line[position : position + 1] == '"':
        return _quoted(number, line, position)
    end = position
    while end < len(line) and line[end] != " ":
        end += 1
    return line[position:end], end


def _quoted(number: int, line: str, position: int) -> tuple[str, int]:
    data = bytearray()
    position += 1
    while position < len(line):
        sign = line[position]
        if sign == '"':
            return data.decode("utf-8", "surrogateescape"), position + 1
        if sign != "\\":
            data += sign.encode("utf-8", "surrogateescape")
            position += 1
        elif line[position + 1 : position + 2] in _MEANT:
            data += _MEANT[line[position + 1]]
            position += 2
        elif re.fullmatch("[0-9A-F]{2}", line[position + 1 : position + 3]):
            data.append(int(line[position + 1 : position + 3], 16))
            position += 3
        else:
            raise ScriptError(f"line {number}: \\{line[position + 1 : position + 2]} is no escape")
    raise ScriptError(f"line {number}: a quoted text does not end")


def _statement(number: int, menu: str, words: list[_Word]) -> Statement:
    verb, given = words[0]
    if not menu:
        raise ScriptError(f"line {number}: {verb!r} comes before the first menu, such as /ip address")
    if verb not in VERBS or given is not None:
        raise ScriptError(f"line {number}: {verb!r} is none of {', '.join(sorted(VERBS))}")
    rest = words[1:]
    selector: Selector | None = None
    if rest and rest[0][0] == "[" and rest[0][1] is None:
        selector, rest = _find(number, rest)
    elif rest and rest[0][1] is None and not rest[0][0].startswith("!") and verb != "add":
        selector, rest = Selector(item=rest[0][0]), rest[1:]
    values: dict[str, str] = {}
    unset: list[str] = []
    destination: Selector | None = None
    while rest:
        (name, value), *rest = rest
        if name == "destination" and verb == "move":
            if value == "[":
                destination, rest = _find(number, [("[", None), *rest])
            else:
                destination = Selector(item=value or "")
        elif value is not None:
            values[name] = value
        elif verb == "reset" or name.startswith("!"):
            unset.append(name.removeprefix("!"))
        else:
            raise ScriptError(f"line {number}: {name!r} has no value")
    return Statement(menu, verb, values, tuple(unset), selector, destination)


def _find(number: int, words: list[_Word]) -> tuple[Selector, list[_Word]]:
    end = next((at for at, word in enumerate(words) if word == ("]", None)), None)
    if end is None or len(words) < 2 or words[1] != ("find", None):
        raise ScriptError(f"line {number}: only [ find name=value ] is understood in brackets")
    conditions = []
    for name, value in words[2:end]:
        if value is None:
            raise ScriptError(f"line {number}: find: {name!r} has no value")
        conditions.append((name, value))
    return Selector(conditions=tuple(conditions)), words[end + 1 :]
