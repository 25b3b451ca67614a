"""Bodies of instances in the oldest generation, where they differ: no bounds, a language, the lifetime of coupons."""

from typing import Annotated

from pydantic import Field

from reference_impl.schemas import InstanceCreate, InstanceUpdate, InstanceView

COUPON_TTL = 86400
"""Seconds in which a code of a coupon portal can be redeemed, as this generation shows it.

Codes have a lifetime of their own in the generations that can make them; a day is what their examples have.
"""

# The documents name no bounds; a session has to have a length, and the longest one of the platform is a week.
_Seconds = Annotated[int, Field(ge=1, le=604800)]
_Language = Annotated[
    str, Field(min_length=2, max_length=35, pattern=r"^[A-Za-z]{2,8}(-[0-9A-Za-z]{1,8})*\z")
]


class SpaInstanceCreate(InstanceCreate):
    """What a new instance needs."""

    session_ttl: _Seconds


class SpaInstanceUpdate(InstanceUpdate):
    """The whole writable state of an instance; what is left out takes its default."""

    session_ttl: _Seconds
    locale: _Language = "en"


class SpaInstanceView(InstanceView):
    """An instance as answered. `coupon_ttl` is null for oauth2."""

    coupon_ttl: int | None
    locale: str
