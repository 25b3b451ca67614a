"""The store of admissions: the platform's own log of guests."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update

from reference_impl.database import Database
from reference_impl.records import AdmissionRecord, InstanceRecord

KEPT = timedelta(days=90)
"""How long after its end an admission stays in the log."""


class AdmissionStore:
    """Admissions of all tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def log(
        self, instance: InstanceRecord, *, site_id: str, ip: str, mac: str, identity: str, now: datetime
    ) -> AdmissionRecord:
        """Store that a guest was admitted now, for the `session_ttl` of the instance."""
        async with self._database.writing() as session:
            await session.execute(delete(AdmissionRecord).where(AdmissionRecord.expires_at < now - KEPT))
            record = AdmissionRecord(
                id=self._database.new_id(),
                instance_id=instance.id,
                site_id=site_id,
                tenant=instance.tenant,
                mac_address=mac,
                ip_address=ip,
                hostname=None,
                identity=identity,
                authenticated_at=now,
                expires_at=now + timedelta(seconds=instance.session_ttl),
                ended_at=None,
            )
            session.add(record)
        return record

    async def at_site(self, site_id: str, tenant: str) -> list[AdmissionRecord]:
        """Return the admissions of the tenant's instances at a site, the latest first."""
        async with self._database.reading() as session:
            return list(await session.scalars(_at_site(site_id, tenant)))

    async def admission(self, admission_id: str, site_id: str, tenant: str) -> AdmissionRecord | None:
        """Return one of them."""
        query = _at_site(site_id, tenant).where(AdmissionRecord.id == admission_id)
        async with self._database.reading() as session:
            return await session.scalar(query)

    async def runs(self, instance_id: str, *, site_id: str, ip: str, mac: str, now: datetime) -> bool:
        """Tell whether a guest has a session, as far as the log knows."""
        query = select(AdmissionRecord.id).where(
            AdmissionRecord.instance_id == instance_id,
            AdmissionRecord.site_id == site_id,
            AdmissionRecord.ip_address == ip,
            AdmissionRecord.mac_address == mac,
            AdmissionRecord.ended_at.is_(None),
            AdmissionRecord.expires_at > now,
        )
        async with self._database.reading() as session:
            return await session.scalar(query.limit(1)) is not None

    async def end(self, admission_ids: Iterable[str], now: datetime) -> None:
        """Store that sessions ended now, unless they had ended before."""
        ending = (
            update(AdmissionRecord)
            .where(
                AdmissionRecord.id.in_(list(admission_ids)),
                AdmissionRecord.ended_at.is_(None),
                AdmissionRecord.expires_at > now,
            )
            .values(ended_at=now)
        )
        async with self._database.writing() as session:
            await session.execute(ending)

    async def name(self, hostnames: Iterable[tuple[str, str]]) -> None:
        """Store what the devices of admissions call themselves: pairs of id and host name."""
        async with self._database.writing() as session:
            for admission_id, hostname in hostnames:
                naming = update(AdmissionRecord).where(AdmissionRecord.id == admission_id)
                await session.execute(naming.values(hostname=hostname))


def _at_site(site_id: str, tenant: str) -> Select[AdmissionRecord]:
    # The log outlives instances; without its instance an entry concerns nobody any more.
    return (
        select(AdmissionRecord)
        .join(InstanceRecord, InstanceRecord.id == AdmissionRecord.instance_id)
        .where(AdmissionRecord.site_id == site_id, InstanceRecord.tenant == tenant)
        .order_by(AdmissionRecord.authenticated_at.desc(), AdmissionRecord.sequence.desc())
    )
