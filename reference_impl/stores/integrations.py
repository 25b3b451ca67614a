"""The store of auth integrations."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reference_impl.database import Database
from reference_impl.records import InstanceRecord, IntegrationRecord
from reference_impl.schemas_integrations import IntegrationCreate, IntegrationUpdate


class IntegrationInUseError(Exception):
    """Instances sign their guests in with this integration; `count` tells how many."""

    def __init__(self, count: int) -> None:
        super().__init__(f"used by {count}")
        self.count = count


class IntegrationStore:
    """Auth integrations of all tenants; client secrets go through `seal` in and through `unseal` out."""

    def __init__(
        self, database: Database, *, seal: Callable[[str], bytes], unseal: Callable[[bytes], str]
    ) -> None:
        self._database = database
        self._seal = seal
        self._unseal = unseal

    async def integrations(self, tenant: str) -> list[IntegrationRecord]:
        """Return the tenant's integrations in order of creation."""
        query = (
            select(IntegrationRecord)
            .where(IntegrationRecord.tenant == tenant)
            .order_by(IntegrationRecord.sequence)
        )
        async with self._database.reading() as session:
            return list(await session.scalars(query))

    async def integration(self, integration_id: str, tenant: str | None = None) -> IntegrationRecord | None:
        """Return an integration, or None if there is none, or none of this tenant when one is given."""
        async with self._database.reading() as session:
            return await find_integration(session, integration_id, tenant)

    def secret(self, record: IntegrationRecord) -> str:
        """Return the client secret in the clear; raises InvalidToken if `server.secret` has changed since."""
        return self._unseal(record.sealed_secret)

    async def create(self, tenant: str, wanted: IntegrationCreate, now: datetime) -> IntegrationRecord:
        """Store a new integration."""
        async with self._database.writing() as session:
            record = IntegrationRecord(
                id=self._database.new_id(),
                tenant=tenant,
                name=wanted.name,
                type=wanted.type,
                client_id=wanted.config.client_id,
                sealed_secret=self._seal(wanted.config.client_secret),
                directory=wanted.config.tenant,
                created_at=now,
            )
            session.add(record)
        return record

    async def replace(
        self, integration_id: str, tenant: str, wanted: IntegrationUpdate
    ) -> IntegrationRecord | None:
        """Replace what is writable, the secret only if one is given; return the integration if it is known."""
        async with self._database.writing() as session:
            record = await find_integration(session, integration_id, tenant)
            if record is None:
                return None
            record.name = wanted.name
            record.type = wanted.type
            record.client_id = wanted.config.client_id
            record.directory = wanted.config.tenant
            if wanted.config.client_secret is not None:
                record.sealed_secret = self._seal(wanted.config.client_secret)
        return record

    async def sites(self, integration_id: str) -> set[str]:
        """Return the sites of the instances that use an integration: their routers follow its type."""
        query = select(InstanceRecord).where(InstanceRecord.auth_integration_id == integration_id)
        async with self._database.reading() as session:
            return {site.site_id for record in await session.scalars(query) for site in record.sites}

    async def delete(self, integration_id: str, tenant: str) -> bool:
        """Delete an integration; return whether it was known. Raises IntegrationInUseError, changing nothing."""
        async with self._database.writing() as session:
            record = await find_integration(session, integration_id, tenant)
            if record is None:
                return False
            users = select(func.count()).where(InstanceRecord.auth_integration_id == integration_id)
            if count := await session.scalar(users):
                raise IntegrationInUseError(count)
            await session.delete(record)
        return True


async def find_integration(
    session: AsyncSession, integration_id: str, tenant: str | None
) -> IntegrationRecord | None:
    """Return an integration, or None if there is none, or none of this tenant when one is given."""
    query = select(IntegrationRecord).where(IntegrationRecord.id == integration_id)
    if tenant is not None:
        query = query.where(IntegrationRecord.tenant == tenant)
    return await session.scalar(query)
