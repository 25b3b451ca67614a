"""What goes into a router and what comes out: a command, who sent it, and the reply."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One command sentence.

    `path` is menu and verb as sent (`/ip/hotspot/add`), `attributes` its `=name=value` words, text
    decoded as UTF-8 with surrogateescape so that any bytes survive, `queries` its query words
    without the leading `?`, in order.
    """

    path: str
    attributes: Mapping[str, str]
    queries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent a command: user, address of the client, service, and number of the connection."""

    user: str
    address: str
    via: str = "api"
    connection: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command returns: records in print order, and the value of `ret` if it has one.

    `data` is true for commands that return records, whether or not there are any.
    """

    rows: tuple[Mapping[str, str], ...] = ()
    ret: str | None = None
    data: bool = False
