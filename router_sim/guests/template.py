"""The language of hotspot pages: `$(variable)` and `$(if …)`, `$(elif …)`, `$(else)`, `$(endif)`.

After RouterOS' manual, hotspot customisation: a condition names a variable, alone (it is not empty) or
compared by `==` or `!=` with a bare or quoted word. `$(if http-status == 302)words$(endif)` and
`$(if http-header == Name)value$(endif)` are no conditions: they set status and header of the answer, the
last one of a name counts. `-esc` behind a variable's name asks for the value escaped for a URL. An unknown
variable is empty. Assumed: a stray `$(else)` or `$(endif)` vanishes, and an open `$(if …)` ends with the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote_plus

Value = Callable[[str], str]

_LONGEST = 1000  # letters of what may stand between the parentheses

_TOKEN = re.compile(r"""\$\(((?:[^()'"\n]|"[^"\n]*"|'[^'\n]*')*)\)""")
_CONDITION = re.compile(r"""\s*(\S+?)\s*(?:(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(\S*))\s*)?""")
_STATUS = re.compile(r"[1-9]\d\d", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a page came to: its text, and status, reason and headers where it set them."""

    text: str
    status: int | None
    reason: str
    headers: dict[str, str]


@dataclass(slots=True)
class _Block:
    """An open `$(if …)`: was it reached, has a branch of it been taken, and where its output begins."""

    outer: bool
    taken: bool
    start: int
    sets: tuple[str, str] | None = None


@dataclass(slots=True)
class _Page:
    value: Value
    out: list[str] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)
    shown: bool = True
    status: int | None = None
    reason: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def render(text: str, value: Value) -> Rendered:
    """Fill in a page; `value` gives the value of each variable, empty for one it does not know."""
    page = _Page(value)
    at = 0
    for token in _TOKEN.finditer(text):
        _emit(page, text[at : token.start()])
        at = token.end()
        _take(page, token[1].strip())
    _emit(page, text[at:])
    while page.blocks:
        _close(page)
    return Rendered("".join(page.out), page.status, page.reason, page.headers)


def expand(value: Value, name: str) -> str:
    """The value of a variable, escaped for a URL if its name ends in `-esc`."""
    if name.endswith("-esc"):
        return quote_plus(value(name.removesuffix("-esc")), errors="surrogateescape")
    return value(name)


def _emit(page: _Page, text: str) -> None:
    if page.shown and text:
        page.out.append(text)


def _take(page: _Page, token: str) -> None:
    if len(token) > _LONGEST:
        return
    word, _, rest = token.partition(" ")
    match word:
        case "if":
            _open(page, rest)
        case "elif":
            _switch(page, rest)
        case "else":
            _switch(page, None)
        case "endif":
            if page.blocks:
                _close(page)
        case _:
            if page.shown:
                _emit(page, expand(page.value, token))


def _open(page: _Page, condition: str) -> None:
    block = _Block(page.shown, False, len(page.out))
    page.blocks.append(block)
    found = _CONDITION.fullmatch(condition)
    if found and found[2] == "==" and found[1] in ("http-status", "http-header"):
        block.sets = (found[1], _operand(found))
        block.taken = True
        return
    block.taken = page.shown = block.outer and _true(page, condition)


def _switch(page: _Page, condition: str | None) -> None:
    if not page.blocks:
        return
    block = page.blocks[-1]
    page.shown = block.outer and not block.taken and (condition is None or _true(page, condition))
    block.taken = block.taken or page.shown


def _close(page: _Page) -> None:
    block = page.blocks.pop()
    page.shown = block.outer
    if block.sets is None:
        return
    content = "".join(page.out[block.start :])
    del page.out[block.start :]
    if not block.outer:
        return
    # A line break here would let a page's variable write headers of its own.
    content = re.sub(r"[\x00-\x1f\x7f]+", " ", content).strip()
    kind, operand = block.sets
    if kind == "http-status" and _STATUS.fullmatch(operand):
        page.status, page.reason = int(operand), content
    elif kind == "http-header" and _NAME.fullmatch(operand):
        page.headers[operand] = content


def _true(page: _Page, condition: str) -> bool:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        return False
    value = expand(page.value, found[1])
    match found[2]:
        case "==":
            return value == _operand(found)
        case "!=":
            return value != _operand(found)
        case _:
            return value != ""


def _operand(found: re.Match[str]) -> str:
    return next((found[group] for group in (3, 4, 5) if found[group] is not None), "")
