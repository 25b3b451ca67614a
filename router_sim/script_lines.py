"""Reads scripts of plain commands, one a line. There is no interpreter of the scripting language here.

A plain line is a path, a verb and its values: `/ip hotspot user add name=a password="b c"`, `:log info "text"`,
`/ip/hotspot/active remove *A`. Everything that needs the language is refused: variables, expressions, blocks,
`[find ...]`, commands such as `:put` or `:foreach`, and lines continued with a backslash.
"""

import re
from collections.abc import Callable

from router_sim.exchange import Command

# What a value without a name means, by verb.
_POSITIONAL = {
    "remove": "numbers", "set": "numbers", "enable": "numbers", "disable": "numbers", "comment": "numbers",
    "info": "message", "warning": "message", "error": "message", "debug": "message", "run": "number",
}  # fmt: skip
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$", "?": "?", "_": " "}
_BARE = re.compile(r"[^\s\"\\$\[\](){};]+")
_HEX = re.compile(r"[0-9A-F]{2}")


class NotPlain(Exception):
    """A line that needs the scripting language; the message is the line."""


def plain_commands(source: str, is_command: Callable[[str], bool]) -> list[tuple[int, Command]]:
    """The commands of a script with their lines, counted from 1. Raises NotPlain with the first line that is none.

    `is_command` tells whether a path such as `/ip/hotspot/user/add` is one.
    """
    commands = []
    for number, line in enumerate(source.splitlines(), 1):
        text = line.strip()
        if text and not text.startswith("#"):
            commands.append((number, _command(text, is_command)))
    return commands


def _command(line: str, is_command: Callable[[str], bool]) -> Command:
    text = line.rstrip(";").rstrip()
    if text.startswith(":log "):
        text = "/" + text[1:]
    if not text.startswith("/"):
        raise NotPlain(line)
    path, attributes = "", {}
    for name, value in _words(text[1:], line):
        if not is_command(path):
            if name or not value:
                raise NotPlain(line)
            path += "".join(f"/{part}" for part in value.split("/") if part)
            continue
        key = name or _POSITIONAL.get(path.rpartition("/")[2], "")
        if not key or key in attributes:
            raise NotPlain(line)
        attributes[key] = value
    if not is_command(path):
        raise NotPlain(line)
    return Command(path, attributes)


def _words(text: str, line: str) -> list[tuple[str, str]]:
    """The words as pairs of name and value; the name is empty where there is none."""
    words: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        name, value = "", ""
        if text[at] != '"':
            bare = _BARE.match(text, at)
            if bare is None:
                raise NotPlain(line)
            at = bare.end()
            name, equals, value = bare[0].partition("=")
            if not equals:
                name, value = "", name
        if at < len(text) and text[at] == '"':
            if value:
                raise NotPlain(line)
            value, at = _quoted(text, at + 1, line)
        if at < len(text) and not text[at].isspace():
            raise NotPlain(line)
        words.append((name, value))
    return words


def _quoted(text: str, at: int, line: str) -> tuple[str, int]:
    value = ""
    while at < len(text):
        sign = text[at]
        if sign == '"':
            return value, at + 1
        if sign in "$":
            raise NotPlain(line)
        if sign != "\\":
            value += sign
            at += 1
            continue
        code = text[at + 1 : at + 3]
        if _HEX.fullmatch(code):
            value += bytes((int(code, 16),)).decode("utf-8", "surrogateescape")
            at += 3
        elif code[:1] in _ESCAPES and code:
            value += _ESCAPES[code[0]]
            at += 2
        else:
            raise NotPlain(line)
    raise NotPlain(line)
