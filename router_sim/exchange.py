"""What goes into a router and what comes out: a command, who sent it, and the reply."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from router_sim.transaction import Transaction

Record = Mapping[str, str]


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


class Runtime(Protocol):
    """What a command that takes its time may use while it goes on."""

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds of real time."""
        ...

    def write(self, change: Callable[[Transaction], None]) -> None:
        """Change the router in one transaction, in the name of the command."""
        ...

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask another host for something. Raises OSError with the reason as its text."""
        ...


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """An HTTP request the router makes: method, absolute URL, headers, body, and seconds at most.

    `authorities` are the certificates, in PEM, one of which must have signed that of the server; None for
    no look at the server's certificate. `address` is what the router itself takes the host's name for; empty
    where it knows nothing of it.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    timeout: float = 30.0
    authorities: bytes | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Status code, body and headers (names in lower case) of the answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Stream = Callable[[Runtime], AsyncIterator[Record]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command returns: records in print order, and the value of `ret` if it has one.

    `data` is true for commands that return records, whether or not there are any. A command that
    goes on, such as a monitor or a download, returns a `stream` instead of rows: an asynchronous generator
    of records that ends by itself or is closed when the command is cancelled. It raises Trap for a failure
    on the way. Whoever runs it adds `.section`, unless `numbered` is false (a monitor asked for `once`).
    """

    rows: tuple[Record, ...] = ()
    ret: str | None = None
    data: bool = False
    stream: Stream | None = None
    numbered: bool = True
