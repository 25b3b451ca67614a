"""The store of walled-garden entries."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reference_impl.database import Database
from reference_impl.records import GardenRecord
from reference_impl.schemas_garden import EntryWrite


class GardenStore:
    """Walled-garden entries of all sites; each belongs to the tenant that made it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(self, site_id: str, tenant: str) -> list[GardenRecord]:
        """Return the tenant's entries of a site in order of creation."""
        query = (
            select(GardenRecord)
            .where(GardenRecord.site_id == site_id, GardenRecord.tenant == tenant)
            .order_by(GardenRecord.sequence)
        )
        async with self._database.reading() as session:
            return list(await session.scalars(query))

    async def entry(self, site_id: str, entry_id: str, tenant: str) -> GardenRecord | None:
        """Return an entry, or None if the tenant has no such one at this site."""
        async with self._database.reading() as session:
            return await _find(session, site_id, entry_id, tenant)

    async def create(self, site_id: str, tenant: str, wanted: EntryWrite, now: datetime) -> GardenRecord:
        """Store a new entry."""
        async with self._database.writing() as session:
            record = GardenRecord(
                id=self._database.new_id(),
                tenant=tenant,
                site_id=site_id,
                name=wanted.name,
                ip_address=wanted.ip_address,
                type=wanted.type,
                created_at=now,
            )
            session.add(record)
        return record

    async def replace(
        self, site_id: str, entry_id: str, tenant: str, wanted: EntryWrite
    ) -> GardenRecord | None:
        """Replace what is writable; return the entry, or None if it is unknown."""
        async with self._database.writing() as session:
            record = await _find(session, site_id, entry_id, tenant)
            if record is not None:
                record.name, record.ip_address, record.type = wanted.name, wanted.ip_address, wanted.type
        return record

    async def delete(self, site_id: str, entry_id: str, tenant: str) -> bool:
        """Delete an entry; return whether it was known."""
        async with self._database.writing() as session:
            record = await _find(session, site_id, entry_id, tenant)
            if record is None:
                return False
            await session.delete(record)
        return True


async def _find(session: AsyncSession, site_id: str, entry_id: str, tenant: str) -> GardenRecord | None:
    query = select(GardenRecord).where(
        GardenRecord.id == entry_id, GardenRecord.site_id == site_id, GardenRecord.tenant == tenant
    )
    return await session.scalar(query)
