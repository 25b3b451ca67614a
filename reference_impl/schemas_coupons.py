"""Bodies of coupons and of the schedules that make them."""

from functools import cache
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, Field, model_validator

from reference_impl.schemas import Body, Name, printable

RecurrenceType = Literal["daily", "weekly", "monthly"]


@cache
def _timezones() -> frozenset[str]:
    # Debian links "localtime" to the zone of the machine, which is no name of the IANA database.
    return frozenset(available_timezones() - {"localtime"})


def _timezone(text: str) -> str:
    if text not in _timezones():
        raise ValueError("must be a time zone of the IANA database, such as Australia/Sydney")
    return text


class CouponBatch(Body):
    """How many coupons to make and how long they can be redeemed: a year at most."""

    minutes_valid: Annotated[int, Field(ge=1, le=525600)]
    count: Annotated[int, Field(ge=1, le=200)]


class CouponView(BaseModel):
    """A coupon as answered."""

    id: str
    code: str
    expires_at: str
    redeemed_at: str | None
    created_at: str


class ScheduleWrite(Body):
    """The whole writable state of a schedule. A day that its recurrence does not use is kept, but unused."""

    name: Name
    count: Annotated[int, Field(ge=1, le=500)]
    recurrence_type: RecurrenceType
    valid_for_in_minutes: Annotated[int, Field(ge=1, le=90000)]
    timezone: Annotated[str, AfterValidator(_timezone)]
    notification_group_id: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(printable)]
    day_of_week: Annotated[int, Field(ge=0, le=6)] | None = None
    day_of_month: Annotated[int, Field(ge=1, le=31)] | None = None

    @model_validator(mode="after")
    def _day_is_given(self) -> Self:
        if self.recurrence_type == "weekly" and self.day_of_week is None:
            raise ValueError("'day_of_week' is required when recurrence_type is weekly")
        if self.recurrence_type == "monthly" and self.day_of_month is None:
            raise ValueError("'day_of_month' is required when recurrence_type is monthly")
        return self


class ScheduleView(BaseModel):
    """A schedule as answered; the counts are of its latest run, zero before the first."""

    id: str
    name: str
    instance_id: str
    count: int
    recurrence_type: RecurrenceType
    day_of_week: int | None
    day_of_month: int | None
    valid_for_in_minutes: int
    timezone: str
    notification_group_id: str
    last_run_at: str | None
    next_run_at: str
    tokens_used_since_last_run: int
    tokens_generated_since_last_run: int
    tokens_available_since_last_run: int
    created_at: str


class SignedUrlView(BaseModel):
    """A link that is its own credential."""

    signed_url: str
