"""What an API session needs of the connection it runs on, whatever that is made of."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol


class Timer(Protocol):
    """What `Outlet.call_later` and `Outlet.spawn` return."""

    def cancel(self) -> object: ...


class Outlet(Protocol):
    """What a session needs of its connection."""

    @property
    def full(self) -> bool:
        """Whether the peer is too slow for now; the session waits for `resume` then."""
        ...

    def write(self, data: bytes, delay: float = 0.0) -> None:
        """Send `data`, `delay` seconds later than usual."""
        ...

    def close(self, delay: float = 0.0) -> None:
        """Close behind everything written with the same delay or a shorter one."""
        ...

    def abort(self) -> None:
        """Lose the connection now, with everything not sent yet."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back after `seconds` of real time."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> Timer:
        """Let `work` run beside everything else, until it ends or is cancelled."""
        ...
