"""Rows and changes in the words of the RouterOS console, one line each, fit for a report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

REDACTED = "[redacted]"
SENSITIVE = frozenset(
    {"password", "secret", "otp-secret", "passphrase", "mac-auth-password", "radius-password"}
)

# Shown by the router, not accepted by `add`.
_READ_ONLY = frozenset(
    {
        ".id",
        ".nextid",
        "dynamic",
        "invalid",
        "inactive",
        "running",
        "default",
        "about",
        "actual-interface",
        "size",
    }
)
_BARE = re.compile(r"[A-Za-z0-9_.:/,*!@%+-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WORDS = {"true": "yes", "false": "no"}
_LONGEST = 160


def redacted(row: Mapping[str, str]) -> dict[str, str]:
    """The row with the values of password properties replaced."""
    return {name: REDACTED if name in SENSITIVE and value else value for name, value in row.items()}


def path(menu: str) -> str:
    """`/ip/hotspot/user` as the console spells it: `/ip hotspot user`."""
    return "/" + menu.strip("/").replace("/", " ")


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    return "".join(f"\\{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))


def quoted(value: str) -> str:
    """A value as the console takes it: bare where it can be, else in escaped quotes; long ones are cut."""
    value = _WORDS.get(value, value)
    if len(value) > _LONGEST:
        value = f"{value[:_LONGEST]}… ({len(value)} characters)"
    if _BARE.fullmatch(value):
        return value
    return '"' + "".join(map(_escaped, value)) + '"'


def assignments(row: Mapping[str, str], *, all_properties: bool = False) -> str:
    """`name=x interface=y …` of the properties that can be written (or of all but the id)."""
    hidden = {".id"} if all_properties else _READ_ONLY
    names = (name for name in row if name not in hidden)
    first = sorted(names, key=lambda name: (name != "name",))
    shown = redacted(row)
    return " ".join(f"{name}={quoted(shown[name])}" for name in first)


def described(menu: str, row: Mapping[str, str]) -> str:
    """One item with everything it holds, for a report."""
    return " ".join(filter(None, (path(menu), row.get(".id", ""), assignments(row, all_properties=True))))


def selector(row: Mapping[str, str]) -> str:
    """How the console addresses the item: by name where it has one, else by id; nothing for a singleton."""
    if "name" in row:
        return f"[find name={quoted(row['name'])}]"
    return row.get(".id", "")


def _line(*words: str) -> str:
    return " ".join(filter(None, words))


def add(menu: str, row: Mapping[str, str]) -> str:
    return _line(path(menu), "add", assignments(row))


def remove(menu: str, row: Mapping[str, str]) -> str:
    return _line(path(menu), "remove", selector(row))


def move(menu: str, row: Mapping[str, str], destination: str) -> str:
    """The command that brings the item to its present place: before `destination`, or to the end."""
    return _line(path(menu), "move", selector(row), f"destination={destination}" if destination else "")


def change(menu: str, before: Mapping[str, str], after: Mapping[str, str], names: Iterable[str]) -> str:
    """The `set` that makes `after` from `before`, with the earlier values behind it as a remark."""
    old, new = redacted(before), redacted(after)
    changed = list(names)
    words = [f"{name}={quoted(new[name])}" if name in new else f"!{name}" for name in changed]
    was = [f"{name}={quoted(old[name])}" if name in old else f"no {name}" for name in changed]
    return _line(path(menu), "set", selector(before), *words, "  # was:", ", ".join(was))
