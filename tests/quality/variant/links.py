"""Links to the coupons of a schedule: whoever has one needs no token for a day."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

from tests.quality.variant.refusals import Refusal

LIFETIME = 24 * 3600


class Links:
    """`origin` and `path` are where they lead."""

    def __init__(self, origin: str, path: str, now: Callable[[], datetime]) -> None:
        self._where = f"{origin}{path}"
        self._now = now
        self._secret = secrets.token_bytes(32)

    def make(self, schedule: str) -> str:
        expires = str(int(self._now().timestamp()) + LIFETIME)
        query = {"signature": self._signature(schedule, expires), "sid": schedule, "expires": expires}
        return f"{self._where}?{urlencode(query)}"

    def schedule(self, query: Mapping[str, str]) -> str:
        """The schedule that a link names. Raises `Refusal`: 401 for a forged link, 410 for an old one."""
        sid, expires = query.get("sid", ""), query.get("expires", "")
        given = query.get("signature", "")
        if not hmac.compare_digest(self._signature(sid, expires).encode(), given.encode()):
            raise Refusal(401, "bad_signature", "This link was not made by us.")
        if int(expires) <= self._now().timestamp():
            raise Refusal(410, "gone", "This link has expired.")
        return sid

    def _signature(self, schedule: str, expires: str) -> str:
        return hmac.new(self._secret, f"{schedule} {expires}".encode(), hashlib.sha256).hexdigest().upper()
