"""How many requests a caller may send in a while."""

import math
from collections import defaultdict, deque

from starlette.types import ASGIApp, Receive, Scope, Send

from reference_impl.clock import Clock
from reference_impl.errors import ApiError

_PERIODS = {"s": 1, "m": 60, "h": 3600}


class RateLimit:
    """ASGI middleware that answers 429 to a token that has used up its `rate`, such as `60/m`.

    No period of that length ever sees more requests than that. A refused request does not count, and neither does
    one without a token. Stands behind FrontDoor, which tells who calls. Each process counts for itself.
    """

    def __init__(self, app: ASGIApp, *, rate: str, clock: Clock) -> None:
        count, _, unit = rate.partition("/")
        self._app = app
        self._clock = clock
        self._count = int(count)
        self._period = _PERIODS[unit]
        self._moments: defaultdict[str, deque[float]] = defaultdict(deque)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tenant = scope.get("state", {}).get("tenant") if scope["type"] == "http" else None
        wait = 0 if tenant is None else self._seconds_to_wait(tenant)
        if wait == 0:
            await self._app(scope, receive, send)
            return
        message = f"This token has sent {self._count} requests already; wait {wait} s before the next one."
        refusal = ApiError(429, "rate_limit_exceeded", message, {"Retry-After": str(wait)})
        await refusal.response()(scope, receive, send)

    def _seconds_to_wait(self, tenant: str) -> int:
        """Count a request and return 0, or return in how many whole seconds there is room for one."""
        now = self._clock.now().timestamp()
        moments = self._moments[tenant]
        while moments and moments[0] <= now - self._period:
            moments.popleft()
        if len(moments) < self._count:
            moments.append(now)
            return 0
        return max(1, math.ceil(moments[0] + self._period - now))
