"""The tables of the database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, LargeBinary, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite would drop the zone, so it is taken off and put back here."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Common ancestor of the tables."""


class InstanceRecord(Base):
    """A captive portal; `sequence` is the order of creation."""

    __tablename__ = "instances"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    tenant: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    strategy: Mapped[str]
    session_ttl: Mapped[int]
    auth_window_ttl: Mapped[int]
    auth_integration_id: Mapped[str | None]
    theme: Mapped[dict[str, Any]] = mapped_column(JSON)
    terms_text: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sites: Mapped[list["SiteRecord"]] = relationship(
        back_populates="instance",
        cascade="all, delete-orphan",
        order_by="SiteRecord.position",
        lazy="selectin",
    )
    images: Mapped[list["ImageRecord"]] = relationship(
        back_populates="instance", cascade="all, delete-orphan", lazy="selectin"
    )


class SiteRecord(Base):
    """A site of an instance with its subnets, in the order they were given."""

    __tablename__ = "instance_sites"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    instance_sequence: Mapped[int] = mapped_column(ForeignKey("instances.sequence"), index=True)
    position: Mapped[int]
    site_id: Mapped[str] = mapped_column(index=True)
    subnets: Mapped[list[str]] = mapped_column(JSON)
    instance: Mapped[InstanceRecord] = relationship(back_populates="sites")


class ImageRecord(Base):
    """A picture of an instance, as PNG; `digest` names its content in links and as ETag."""

    __tablename__ = "instance_images"
    __table_args__ = (UniqueConstraint("instance_sequence", "kind"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    instance_sequence: Mapped[int] = mapped_column(ForeignKey("instances.sequence"), index=True)
    kind: Mapped[str]
    digest: Mapped[str]
    png: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    instance: Mapped[InstanceRecord] = relationship(back_populates="images")


class IntegrationRecord(Base):
    """An identity provider of a tenant; `sealed_secret` is its client secret, encrypted."""

    __tablename__ = "auth_integrations"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    tenant: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    type: Mapped[str]
    client_id: Mapped[str] = mapped_column(Text)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    directory: Mapped[str | None]
    """The `tenant` of the configuration: which Azure directory its users are in."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScheduleRecord(Base):
    """A recurring production of coupons; `next_run_at` is when it is due."""

    __tablename__ = "coupon_schedules"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    instance_sequence: Mapped[int] = mapped_column(
        ForeignKey("instances.sequence", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    count: Mapped[int]
    recurrence_type: Mapped[str]
    day_of_week: Mapped[int | None]
    day_of_month: Mapped[int | None]
    valid_for_in_minutes: Mapped[int]
    timezone: Mapped[str]
    notification_group_id: Mapped[str]
    last_run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_run_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CouponRecord(Base):
    """A code that admits one guest once; `schedule_id` and `made_by_run` tell which run of which schedule made it.

    `valid_code` is the code while the coupon may be redeemed and NULL afterwards: unique, so that the database
    itself keeps two valid coupons of the same code apart. `schedule_id` is no foreign key, since coupons outlive
    their schedule.
    """

    __tablename__ = "coupons"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    instance_sequence: Mapped[int] = mapped_column(
        ForeignKey("instances.sequence", ondelete="CASCADE"), index=True
    )
    schedule_id: Mapped[str | None] = mapped_column(index=True)
    made_by_run: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code: Mapped[str] = mapped_column(index=True)
    valid_code: Mapped[str | None] = mapped_column(unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    redeemed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GardenRecord(Base):
    """An address or network of a site that guests reach before they log in."""

    __tablename__ = "walled_garden_entries"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    tenant: Mapped[str] = mapped_column(index=True)
    site_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    ip_address: Mapped[str]
    type: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AdmissionRecord(Base):
    """The platform's own log: a guest that was admitted at a site, until when, and when that ended early.

    `identity` is what the guest proved to be: the id of a coupon, or what the identity provider calls the user.
    """

    __tablename__ = "admissions"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    instance_id: Mapped[str] = mapped_column(index=True)
    site_id: Mapped[str] = mapped_column(index=True)
    tenant: Mapped[str]
    mac_address: Mapped[str]
    ip_address: Mapped[str]
    hostname: Mapped[str | None]
    identity: Mapped[str] = mapped_column(Text)
    authenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInRecord(Base):
    """A sign-in at an identity provider that has begun: who began it, and what has to be shown at its end.

    `browser` is a digest of the secret that the browser keeps, `verifier` the one the provider asks for (PKCE).
    Without `instance_id` it is a trial of the integration, which admits nobody.
    """

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(primary_key=True)
    browser: Mapped[str]
    verifier: Mapped[str]
    integration_id: Mapped[str]
    instance_id: Mapped[str | None]
    site_id: Mapped[str | None]
    ip_address: Mapped[str | None]
    mac_address: Mapped[str | None]
    destination: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
