"""The store of sign-ins at identity providers that have begun and are not over."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from reference_impl.database import Database
from reference_impl.guests.arrival import Arrival
from reference_impl.guests.tokens import digest
from reference_impl.records import IntegrationRecord, SignInRecord


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: `browser` is the secret that its browser, and nobody else, comes back with."""

    id: str
    browser: str
    verifier: str


class SignInStore:
    """Sign-ins of all guests. `new_secret` makes texts that nobody guesses and that are safe in URLs."""

    def __init__(
        self, database: Database, new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(36)
    ) -> None:
        self._database = database
        self._new_secret = new_secret

    async def begin(
        self,
        integration: IntegrationRecord,
        *,
        instance_id: str | None,
        arrival: Arrival | None,
        lifetime: timedelta,
        now: datetime,
    ) -> Begun:
        """Store a new sign-in: of a guest at an instance, or without both, a trial of the integration."""
        begun = Begun(self._new_secret(), self._new_secret(), self._new_secret())
        async with self._database.writing() as session:
            await session.execute(delete(SignInRecord).where(SignInRecord.expires_at < now - lifetime))
            session.add(
                SignInRecord(
                    id=begun.id,
                    browser=digest(begun.browser),
                    verifier=begun.verifier,
                    integration_id=integration.id,
                    instance_id=instance_id,
                    site_id=arrival and arrival.site_id,
                    ip_address=arrival and arrival.ip,
                    mac_address=arrival and arrival.mac,
                    destination=arrival and arrival.destination,
                    expires_at=now + lifetime,
                )
            )
        return begun

    async def take(self, sign_in_id: str, browser: str) -> SignInRecord | None:
        """Return a sign-in and forget it, if it is this browser's; so each can be completed once."""
        taking = (
            delete(SignInRecord)
            .where(SignInRecord.id == sign_in_id, SignInRecord.browser == digest(browser))
            .returning(SignInRecord)
        )
        async with self._database.writing() as session:
            return await session.scalar(taking)


def arrival_again(record: SignInRecord) -> Arrival | None:
    """Return the guest that began a sign-in; None for a trial."""
    if record.site_id is None or record.ip_address is None or record.mac_address is None:
        return None
    return Arrival(record.site_id, record.ip_address, record.mac_address, record.destination)
