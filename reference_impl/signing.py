"""Links that prove themselves: signed with the secret of the service, valid for a while."""

import re
from datetime import datetime, timedelta

from itsdangerous import BadData, Signer, URLSafeSerializer

from reference_impl.clock import Clock
from reference_impl.errors import ApiError

ASSET_LIFETIME = timedelta(hours=24)
PREVIEW_LIFETIME = timedelta(hours=1)
COUPONS_LIFETIME = timedelta(hours=24)


class LinkSigner:
    """Makes and checks signed links; `base` is the public URL that paths are appended to."""

    def __init__(self, secret: str, base: str, clock: Clock) -> None:
        self._base = base
        self._clock = clock
        self._paths = Signer(secret, salt="signed path")
        self._previews = URLSafeSerializer(secret, salt="preview")

    def link(self, path: str, lifetime: timedelta = ASSET_LIFETIME) -> str:
        """Return the URL of `path` with `expires` (Unix seconds) and `signature`, bound to the path.

        The path may end in a query of its own, which is then signed as part of it.
        """
        expires = str(_seconds(self._clock.now() + lifetime))
        signature = self._paths.get_signature(f"{path}?expires={expires}").decode()
        joint = "&" if "?" in path else "?"
        return f"{self._base}{path}{joint}expires={expires}&signature={signature}"

    def coupons_link(self, schedule_id: str) -> str:
        """Return the URL that shows the valid coupons of a schedule for a day."""
        return self.link(coupons_path(schedule_id), COUPONS_LIFETIME)

    def check(self, path: str, expires: str, signature: str) -> None:
        """Raise an ApiError of status 403 unless the two belong to the path and have not expired."""
        genuine = re.fullmatch(r"[0-9]{1,12}", expires) and self._paths.verify_signature(
            f"{path}?expires={expires}", signature
        )
        if not genuine:
            raise ApiError(
                403, "signature_invalid", "The signature does not fit this link; ask for a new one."
            )
        if int(expires) <= _seconds(self._clock.now()):
            raise _expired()

    def preview_link(self, instance_id: str) -> str:
        """Return the URL that shows the portal of an instance for an hour."""
        expires = _seconds(self._clock.now() + PREVIEW_LIFETIME)
        token = self._previews.dumps([instance_id, expires])
        return f"{self._base}/preauth?token={token}"

    def previewed(self, token: str) -> str:
        """Return the id of the instance a preview token is for; raise an ApiError of status 403."""
        try:
            instance_id, expires = self._previews.loads(token)
        except BadData:
            raise ApiError(403, "signature_invalid", "This preview link is not genuine.") from None
        if expires <= _seconds(self._clock.now()):
            raise _expired()
        return str(instance_id)


def coupons_path(schedule_id: str) -> str:
    """Return what a link to the coupons of a schedule is signed for: path and query."""
    return f"/coupons?sid={schedule_id}"


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _expired() -> ApiError:
    return ApiError(403, "signature_expired", "This link has expired; ask for a new one.")
