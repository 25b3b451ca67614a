"""The store of instances: every question to the database about them and every change of them."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv4Network

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload, undefer

from reference_impl.database import Database
from reference_impl.provisioning.desired import Claim
from reference_impl.records import (
    GardenRecord,
    ImageRecord,
    InstanceRecord,
    IntegrationRecord,
    SiteRecord,
)
from reference_impl.schemas import InstanceCreate, InstanceUpdate, Theme
from reference_impl.stores.integrations import find_integration


class SubnetHeldError(Exception):
    """Another tenant's instance already serves this subnet of the site."""

    def __init__(self, site_id: str, subnet: str) -> None:
        super().__init__(f"{subnet} at site {site_id}")
        self.site_id = site_id
        self.subnet = subnet


class UnknownIntegrationError(Exception):
    """The tenant has no auth integration of this id."""


class Store:
    """Instances of all tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def instances(self, tenant: str) -> list[InstanceRecord]:
        """Return the tenant's instances in order of creation."""
        query = (
            select(InstanceRecord).where(InstanceRecord.tenant == tenant).order_by(InstanceRecord.sequence)
        )
        async with self._database.reading() as session:
            return list(await session.scalars(query))

    async def instance(self, instance_id: str, tenant: str | None = None) -> InstanceRecord | None:
        """Return an instance, or None if there is none, or none of this tenant when one is given."""
        async with self._database.reading() as session:
            return await _find(session, instance_id, tenant)

    async def create(self, tenant: str, wanted: InstanceCreate, now: datetime) -> InstanceRecord:
        """Store a new instance with the defaults; raises UnknownIntegrationError."""
        async with self._database.writing() as session:
            await _require_integration(session, tenant, wanted.auth_integration_id)
            record = InstanceRecord(
                id=await self._free_id(session),
                tenant=tenant,
                name=wanted.name,
                strategy=wanted.strategy,
                session_ttl=wanted.session_ttl,
                auth_window_ttl=300,
                auth_integration_id=wanted.auth_integration_id,
                theme=Theme().model_dump(),
                terms_text=None,
                locale="en",
                created_at=now,
                sites=[],
                images=[],
            )
            session.add(record)
        return record

    async def replace(
        self, instance_id: str, tenant: str, wanted: InstanceUpdate, *, locale: str | None = None
    ) -> tuple[InstanceRecord, set[str]] | None:
        """Replace what is writable; return the instance and the sites whose routers have to follow.

        The locale stays unless one is given: only one generation of the API knows it.
        A subnet that another instance of the tenant serves moves here, in the same transaction.
        Raises SubnetHeldError when it is another tenant's, and UnknownIntegrationError, with nothing changed.
        """
        async with self._database.writing() as session:
            record = await _find(session, instance_id, tenant)
            if record is None:
                return None
            await _require_integration(session, tenant, wanted.auth_integration_id)
            touched = {site.site_id for site in record.sites} | {site.id for site in wanted.sites}
            for site in wanted.sites:
                await _take_over(session, record, site.id, site.subnets)
            for field in (
                "name",
                "strategy",
                "session_ttl",
                "auth_window_ttl",
                "auth_integration_id",
                "terms_text",
            ):
                setattr(record, field, getattr(wanted, field))
            record.theme = wanted.theme.model_dump()
            record.locale = locale or record.locale
            before = [(site.site_id, site.subnets) for site in record.sites]
            if before != [(site.id, site.subnets) for site in wanted.sites]:
                record.sites = [
                    SiteRecord(position=position, site_id=site.id, subnets=list(site.subnets))
                    for position, site in enumerate(wanted.sites)
                ]
        return record, touched

    async def delete(self, instance_id: str, tenant: str) -> set[str] | None:
        """Delete an instance with its pictures; return the sites it was at, or None if it is unknown."""
        async with self._database.writing() as session:
            record = await _find(session, instance_id, tenant)
            if record is None:
                return None
            touched = {site.site_id for site in record.sites}
            await session.delete(record)
        return touched

    async def put_image(self, instance_id: str, tenant: str, kind: str, png: bytes) -> bool:
        """Store a picture in place of the one of the same kind; return whether the instance exists."""
        digest = hashlib.sha256(png).hexdigest()[:16]
        async with self._database.writing() as session:
            record = await _find(session, instance_id, tenant)
            if record is None:
                return False
            image = next((image for image in record.images if image.kind == kind), None)
            if image is None:
                record.images.append(ImageRecord(kind=kind, digest=digest, png=png))
            else:
                image.digest, image.png = digest, png
        return True

    async def image(self, instance_id: str, kind: str, digest: str) -> bytes | None:
        """Return the PNG of a picture, or None if it was replaced or deleted."""
        query = (
            select(ImageRecord)
            .join(ImageRecord.instance)
            .where(InstanceRecord.id == instance_id, ImageRecord.kind == kind, ImageRecord.digest == digest)
            .options(undefer(ImageRecord.png))
        )
        async with self._database.reading() as session:
            image = await session.scalar(query)
            return None if image is None else image.png

    async def claims(self, site_ids: Iterable[str]) -> list[Claim]:
        """Return what all tenants want guarded at these sites, older instances first."""
        wanted = list(site_ids)
        query = (
            select(InstanceRecord, SiteRecord.site_id, SiteRecord.subnets, IntegrationRecord.type)
            .join(SiteRecord.instance)
            .outerjoin(IntegrationRecord, IntegrationRecord.id == InstanceRecord.auth_integration_id)
            .where(SiteRecord.site_id.in_(wanted))
            .order_by(InstanceRecord.sequence, SiteRecord.position)
            .options(lazyload("*"))
        )
        entries = (
            select(GardenRecord.tenant, GardenRecord.site_id, GardenRecord.ip_address)
            .where(GardenRecord.site_id.in_(wanted))
            .order_by(GardenRecord.sequence)
        )
        async with self._database.reading() as session:
            rows = (await session.execute(query)).all()
            gardens: dict[tuple[str, str], list[str]] = {}
            for tenant, site_id, address in (await session.execute(entries)).all():
                gardens.setdefault((tenant, site_id), []).append(address)
        return [
            Claim(
                instance.id,
                site_id,
                subnet,
                instance.session_ttl,
                # A site without an owner has a walled garden for each of its tenants.
                garden=tuple(gardens.get((instance.tenant, site_id), ())),
                provider=provider if instance.strategy == "oauth2" else None,
            )
            for instance, site_id, subnets, provider in rows
            for subnet in subnets
        ]

    async def _free_id(self, session: AsyncSession) -> str:
        # Items on a router carry the first eight digits, so these have to be unique as well.
        while True:
            candidate = self._database.new_id()
            same_start = select(InstanceRecord.id).where(InstanceRecord.id.startswith(candidate[:8]))
            if await session.scalar(same_start) is None:
                return candidate


async def _require_integration(session: AsyncSession, tenant: str, integration_id: str | None) -> None:
    # In the transaction that stores the reference, so that nobody deletes the integration in between.
    if integration_id is not None and await find_integration(session, integration_id, tenant) is None:
        raise UnknownIntegrationError(integration_id)


async def _find(session: AsyncSession, instance_id: str, tenant: str | None) -> InstanceRecord | None:
    query = select(InstanceRecord).where(InstanceRecord.id == instance_id)
    if tenant is not None:
        query = query.where(InstanceRecord.tenant == tenant)
    return await session.scalar(query)


async def _take_over(session: AsyncSession, taker: InstanceRecord, site_id: str, subnets: list[str]) -> None:
    """Remove every subnet that overlaps one of `subnets` from the other instances at the site."""
    wanted = [IPv4Network(subnet) for subnet in subnets]
    query = (
        select(SiteRecord, InstanceRecord.tenant)
        .join(SiteRecord.instance)
        .where(SiteRecord.site_id == site_id, SiteRecord.instance_sequence != taker.sequence)
    )
    for holder, tenant in (await session.execute(query)).all():
        lost = [
            held for held in holder.subnets if any(IPv4Network(held).overlaps(network) for network in wanted)
        ]
        if lost and tenant != taker.tenant:
            raise SubnetHeldError(site_id, lost[0])
        if lost:
            holder.subnets = [held for held in holder.subnets if held not in lost]
