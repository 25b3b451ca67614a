"""A change on a router as the command that makes it, in the notation of the RouterOS console."""

from __future__ import annotations

import re

from contract_tests.events import DeviceWrite

_BARE = re.compile(r"[A-Za-z0-9_.:/*,+-]+")
_VERBS = {"added": "add", "changed": "set", "removed": "remove"}


def command(write: DeviceWrite) -> str:
    """One line, such as `/ip/hotspot set *1 disabled=yes`; keys that start with a dot are left out."""
    words = [write.menu, _VERBS[write.change]]
    if write.change != "added":
        words.append(write.id)
    if write.change != "removed":
        words += [f"{key}={quote(value)}" for key, value in write.record.items() if not key.startswith(".")]
    return " ".join(words)


def quote(value: str) -> str:
    """The value as the console takes it: bare if plain, else in double quotes with console escapes."""
    if _BARE.fullmatch(value):
        return value
    return '"' + "".join(_escape(character) for character in value) + '"'


def _escape(character: str) -> str:
    if character in '\\"$?':
        return "\\" + character
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    if ord(character) < 0x20 or ord(character) == 0x7F:
        return f"\\{ord(character):02X}"
    return character
