"""Requests and replies of the RouterOS API: words to a command, and results to framed sentences.

Text is UTF-8 with surrogate escapes both ways, so bytes that are no UTF-8 come back as they were sent.

Source: the RouterOS API manual page, sections "Command word" to "Reply word"; the order reply word,
tag, attributes is what routers send.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from router_sim.wire import encode_length, encode_word

_PREFIX = tuple(encode_length(length) for length in range(0x80))
_CHARACTER = tuple(chr(length) for length in range(0x80))
_WORDS = {word: encode_word(word.encode()) for word in ("!re", "!done", "!trap", "!empty", "!fatal")}


class Request(NamedTuple):
    """One sentence a client sent, taken apart. `tag` is empty for an untagged command."""

    path: str
    attributes: Mapping[str, str]
    queries: tuple[str, ...]
    tag: str


def _text(word: bytes) -> str:
    return word.decode("utf-8", "surrogateescape")


def parse_request(words: Sequence[bytes]) -> Request:
    """Take a sentence of at least one word apart.

    An attribute word is cut at its second `=`, so a value may hold anything; without a second one the
    value is empty. A repeated attribute counts with its last value. API attributes other than `.tag`,
    and words of no known kind, are passed over.
    """
    attributes: dict[str, str] = {}
    queries: list[str] = []
    tag = ""
    for word in words[1:]:
        kind = word[0]
        if kind == 0x3D:  # =
            name, _, value = _text(word[1:]).partition("=")
            attributes[name] = value
        elif kind == 0x3F:  # ?
            queries.append(_text(word[1:]))
        elif word.startswith(b".tag="):
            tag = _text(word[5:])
    return Request(_text(words[0]), attributes, tuple(queries), tag)


def _frame(text: str) -> bytes:
    word = text.encode("utf-8", "surrogateescape")
    size = len(word)
    return (_PREFIX[size] if size < 0x80 else encode_length(size)) + word


class Replies:
    """Builds the sentences that answer one command; each carries the command's tag."""

    __slots__ = ("_tag",)

    def __init__(self, tag: str = "") -> None:
        self._tag = _frame(f".tag={tag}") if tag else b""

    def rows(self, rows: Iterable[Mapping[str, str]]) -> bytes:
        """One `!re` for each record, its properties in order; a record without any is a bare `!re`."""
        rows = list(rows)
        try:
            return self._short_ascii(rows)
        except (IndexError, UnicodeError):
            return self._any(rows)

    def _short_ascii(self, rows: Sequence[Mapping[str, str]]) -> bytes:
        """The same for words of ASCII alone and under 128 bytes: nearly all, and in half the time.

        A character is then a byte, and so is a length, which lets all words be encoded at once.
        """
        head = (_WORDS["!re"] + self._tag).decode("ascii")
        character = _CHARACTER
        parts: list[str] = []
        append = parts.append
        for row in rows:
            append(head)
            for name, value in row.items():
                word = f"={name}={value}"
                append(character[len(word)])
                append(word)
            append("\0")
        return "".join(parts).encode("ascii")

    def _any(self, rows: Sequence[Mapping[str, str]]) -> bytes:
        head = _WORDS["!re"] + self._tag
        prefix = _PREFIX
        parts: list[bytes] = []
        append = parts.append
        for row in rows:
            append(head)
            for name, value in row.items():
                word = f"={name}={value}".encode("utf-8", "surrogateescape")
                size = len(word)
                append(prefix[size] if size < 0x80 else encode_length(size))
                append(word)
            append(b"\0")
        return b"".join(parts)

    def empty(self) -> bytes:
        """`!empty`: nothing was found. Routers send it since 7.18."""
        return _WORDS["!empty"] + self._tag + b"\0"

    def done(self, ret: str | None = None) -> bytes:
        """`!done`, the last sentence of a reply, with `=ret=` where there is something to return."""
        returned = b"" if ret is None else _frame(f"=ret={ret}")
        return _WORDS["!done"] + self._tag + returned + b"\0"

    def trap(self, message: str, category: int | None = None) -> bytes:
        """`!trap` alone; `done()` has to follow."""
        attributes = _frame(f"=message={message}")
        if category is not None:
            attributes = _frame(f"=category={category}") + attributes
        return _WORDS["!trap"] + self._tag + attributes + b"\0"

    def fatal(self, reason: str) -> bytes:
        """`!fatal` with its reason as a bare word; the connection closes behind it."""
        return _WORDS["!fatal"] + self._tag + _frame(reason) + b"\0"
