"""JSON as the REST interface reads and writes it.

Written: every value a string, keys in ASCII order, nothing between the tokens. Read: an object; its numbers may
also be octal (`017`) or hexadecimal (`0x1F`), and have no exponent.

Source: the manual's page on REST. Assumed: what `null`, fractions and nested lists mean as values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from router_sim.transportable import transportable

_ODD_NUMBERS: Final = re.compile(
    r'"(?:[^"\\]|\\.)*"|(?<![\w.])(?:0[xX][0-9a-fA-F]+|0[0-7]+)(?![\w.])', re.DOTALL
)
_MOST_DIGITS: Final = 40
_TEXT: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_ESCAPED: Final = json.JSONEncoder(separators=(",", ":"))


class BadJson(ValueError):
    """The text is no JSON object of the kind a router reads."""


def parse_object(data: bytes) -> dict[str, Any]:
    """The members of a JSON object; none for empty text. Raises BadJson."""
    if not data.strip():
        return {}
    try:
        text = _ODD_NUMBERS.sub(_decimal, data.decode("utf-8", "surrogateescape"))
        value = json.loads(text, parse_int=_integer, parse_float=_fraction, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise BadJson(str(error)) from error
    if not isinstance(value, dict):
        raise BadJson("no object")
    return value


def argument(value: object) -> str:
    """A value of an object as the text of an argument. Raises BadJson for an object within the object."""
    match value:
        case str():
            return _transportable(value)
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case list():
            return ",".join(argument(each) for each in value)
        case _:
            raise BadJson("an object within the object")


def words(value: object) -> tuple[str, ...]:
    """A list of words, as `.query` has it; one word may stand alone. Raises BadJson."""
    return tuple(argument(each) for each in value) if isinstance(value, list) else (argument(value),)


def dump_records(records: Sequence[Mapping[str, str]]) -> bytes:
    """An array of objects."""
    return _dump([dict(sorted(record.items())) for record in records])


def dump_object(members: Mapping[str, str | int]) -> bytes:
    """One object."""
    return _dump(dict(sorted(members.items())))


def _dump(value: object) -> bytes:
    try:
        return _TEXT.encode(value).encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8; routers send them raw, which no client can read
        return _ESCAPED.encode(value).encode()


def _transportable(text: str) -> str:
    """The text without halves of surrogate pairs, which no byte sequence on the wire stands for."""
    if transportable(text):
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")


def _decimal(match: re.Match[str]) -> str:
    text = match[0]
    if text.startswith('"') or len(text) > _MOST_DIGITS:
        return text
    return str(int(text, 16) if text[1] in "xX" else int(text, 8))


def _integer(digits: str) -> str:
    return digits


def _fraction(digits: str) -> str:
    if "e" in digits.lower():
        raise ValueError("a number with an exponent")
    return digits


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no JSON")
