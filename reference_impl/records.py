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
