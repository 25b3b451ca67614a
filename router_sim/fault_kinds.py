"""The kinds of faults, as data: what each does, when it acts, and which properties it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Occasion(Enum):
    """What a fault waits for."""

    COMMAND = "command"
    CONNECTION = "connection"
    LOGIN = "login"  # a password is checked, whatever the way in
    LISTEN = "listen"  # a listen has something to tell


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    `ends` is true where the command is over with it, so that only one such fault acts on a command;
    `needs` are the properties that have to be given; `paths`, globs as well, limit it to commands further
    than its own `path` does.
    """

    does: str
    occasion: Occasion = Occasion.COMMAND
    ends: bool = False
    needs: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    message: str = ""


# Commands that write a file, by menu and verb.
FILE_COMMANDS: Final = (
    "/file/add",
    "/file/set",
    "/certificate/add",
    "/certificate/sign",
    "/certificate/import",
    "/certificate/create-certificate-request",
    "/certificate/export-certificate",
    "/certificate/sign-certificate-request",
    "/ip/hotspot/reset-html",
    "/system/backup/save",
    "/tool/fetch",
    "*/export",
)

KINDS: Final[Mapping[str, Kind]] = {
    "trap": Kind("the command is refused with `message` and `category` and changes nothing", ends=True),
    "drop_before": Kind("the connection is lost before the command takes effect", ends=True),
    "drop_after": Kind("the command takes effect and the connection is lost before its reply", ends=True),
    "half_sentence": Kind(
        "the command takes effect, and the connection ends in the middle of a sentence of its reply",
        ends=True,
    ),
    "disk_full": Kind(
        "commands that write a file are refused with `message`",
        ends=True,
        paths=FILE_COMMANDS,
        message="failure: not enough disk space",
    ),
    "reboot": Kind("the router restarts instead of performing the command", ends=True),
    "refuse": Kind(
        "new connections are closed as soon as they are made", occasion=Occasion.CONNECTION, ends=True
    ),
    "service_down": Kind(
        "connections to `service` are cut, and new ones closed as soon as they are made",
        occasion=Occasion.CONNECTION,
        ends=True,
        needs=("seconds",),
    ),
    "latency": Kind("the reply comes `delay` seconds late", needs=("delay",)),
    "pace": Kind("each sentence of the reply comes `delay` seconds after the one before", needs=("delay",)),
    "slow_write": Kind("the command takes effect `delay` seconds after it came", needs=("delay",)),
    "clock_jump": Kind(
        "the router's clock jumps by `jump` seconds before the command; nothing runs out by it",
        needs=("jump",),
    ),
    "other_admin": Kind(
        "another administrator runs `commands` right before or after the command, as `when` says",
        needs=("commands",),
    ),
    "password_change": Kind(
        "the password of `user` is `password` and not the one that was set",
        occasion=Occasion.LOGIN,
        needs=("user", "password"),
    ),
    "listen_lost": Kind("a listen stops telling what changes, without a word", occasion=Occasion.LISTEN),
}

# The ways into a router, as its own records of users and the log call them.
SERVICES: Final = ("api", "api-ssl", "rest-api")

DEFAULT_MESSAGE: Final = "failure: injected by the simulator"

TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "kind": (str,),
    "router": (str, type(None)),
    "path": (str,),
    "user": (str, type(None)),
    "service": (str, type(None)),
    "message": (str,),
    "category": (int, type(None)),
    "delay": (int, float),
    "count": (int, type(None)),
    "seconds": (int, float, type(None)),
    "skip": (int,),
    "probability": (int, float),
    "seed": (int,),
    "password": (str, type(None)),
    "jump": (int, float),
    "commands": (tuple,),
    "when": (str,),
    "admin": (str,),
}
