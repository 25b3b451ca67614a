"""One login at a time of each guest."""

import asyncio
from collections.abc import Hashable
from weakref import WeakValueDictionary


class Turns:
    """Gives each guest a lock, so that a second click on a button waits for what the first one comes to."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def of(self, guest: Hashable) -> asyncio.Lock:
        """Return the lock of a guest; it is forgotten when nobody holds or awaits it."""
        return self._locks.setdefault(guest, asyncio.Lock())
