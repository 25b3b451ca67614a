"""Sockets that listen on loopback addresses, and why one could not."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Sequence
from typing import Final

BACKLOG: Final = 4096
_ANY: Final = "0.0.0.0"  # noqa: S104 - used on the loopback device alone, see below


class FleetError(Exception):
    """The fleet cannot be served; the message says why and what to do."""


def listen(addresses: Sequence[str], port: int) -> list[socket.socket]:
    """Listen on one port of all addresses; 0 takes a free one. Raises FleetError.

    One socket serves them all where the system permits to bind it to the loopback device, so that nothing can
    be reached from a network. Elsewhere each address has a socket of its own.
    """
    if len(addresses) > 1:
        whole = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            whole.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        except (OSError, AttributeError):  # not permitted, or not Linux
            whole.close()
        else:
            return [_bound(whole, _ANY, port)]
    with contextlib.ExitStack() as undo:
        sockets: list[socket.socket] = []
        for address in addresses:
            listening = undo.enter_context(listen_at(address, port))
            port = listening.getsockname()[1]
            sockets.append(listening)
        undo.pop_all()
    return sockets


def listen_at(address: str, port: int) -> socket.socket:
    """Listen on one port of one address; 0 takes a free one. Raises FleetError."""
    return _bound(socket.socket(socket.AF_INET, socket.SOCK_STREAM), address, port)


def _bound(listening: socket.socket, address: str, port: int) -> socket.socket:
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise FleetError(explain(error, address, port)) from error
    return listening


def explain(error: Exception, address: str, port: int) -> str:
    """Why a socket could not listen on `address` and `port`, and what to do."""
    where = f"port {port}" if address == _ANY else f"{address}:{port}"
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            return f"{where} is in use by another program; stop it or choose another port"
        case errno.EACCES:
            return f"{where} may not be opened by this user; choose a port over 1023"
        case errno.EADDRNOTAVAIL:
            return f"{address} is not on this machine; add it to the loopback interface"
        case errno.EMFILE:
            return "too many open files; raise the limit (ulimit -n) or serve fewer routers"
        case _:
            return f"cannot listen on {where}: {error}"
