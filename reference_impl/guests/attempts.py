"""Guessing of codes, slowed down."""

from collections import OrderedDict, deque
from collections.abc import Hashable
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=10)
"""How long a failure counts."""

FAILURES = 10
"""Failures within the window after which a guest has to wait."""

PAUSE = timedelta(minutes=1)
"""How long after its latest failure such a guest has to wait."""

CROWD = 100
"""Failures within the window, of all guests of an instance, from which on each guest has to prove itself."""

MOST = 10_000
"""Guests and instances remembered; the one that failed longest ago is forgotten first."""


class Attempts:
    """Remembers who failed to log in. A guest is known by what it says of itself, which it may make up.

    So failures are counted for the instance as well: once there are many, a caller should look whether a
    guest is really there before its code is tried.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[Hashable, deque[datetime]] = OrderedDict()

    def failed(self, instance_id: str, guest: Hashable, now: datetime) -> None:
        """Count a failure of a guest of an instance."""
        for key, most in ((instance_id, CROWD), ((instance_id, guest), FAILURES)):
            self._failures.setdefault(key, deque(maxlen=most)).append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > MOST:
            self._failures.popitem(last=False)

    def succeeded(self, instance_id: str, guest: Hashable) -> None:
        """Forget what a guest did wrong."""
        self._failures.pop((instance_id, guest), None)

    def pause(self, instance_id: str, guest: Hashable, now: datetime) -> timedelta | None:
        """Return how long a guest has to wait before its next attempt, or None."""
        if not self._many((instance_id, guest), FAILURES, now):
            return None
        left = self._failures[(instance_id, guest)][-1] + PAUSE - now
        return left if left > timedelta(0) else None

    def crowded(self, instance_id: str, now: datetime) -> bool:
        """Tell whether so many guests of an instance failed that not each of them need be a real one."""
        return self._many(instance_id, CROWD, now)

    def _many(self, key: Hashable, most: int, now: datetime) -> bool:
        failures = self._failures.get(key, ())
        return len(failures) >= most and next(iter(failures)) > now - WINDOW
