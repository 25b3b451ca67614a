"""Site users: guests of a site with their latest session, from its router and from the platform's own log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from reference_impl.clock import instant
from reference_impl.errors import ApiError, invalid, not_found
from reference_impl.provisioning.sessions import NotAdmittedError, RouterGuest, RouterUnreachableError
from reference_impl.records import AdmissionRecord, InstanceRecord
from reference_impl.schemas import parse_uuid
from reference_impl.service import Service, ServiceIn, SiteId, TenantIn

router = APIRouter(prefix="/site-users/{site_id}", redirect_slashes=False)

_UNLOGGED = UUID("2f0c7a52-5d0e-4f43-9d0b-6f3a1c1f3b55")
"""Namespace of the ids of guests that a router has a session of and the log has not."""

_YOUNGEST = timedelta(seconds=5)
"""Age from which such a session counts: a younger one may be on its way into the log."""

_SAME = timedelta(seconds=10)
"""Difference of two accounts of one moment, by a router and by the log, that means nothing."""


@dataclass(frozen=True, slots=True)
class Session:
    """The latest session of a guest. `ended` tells that the log does not know yet of its end."""

    id: str
    instance_id: str
    ip: str
    mac: str
    hostname: str | None
    begun_at: datetime
    ends_at: datetime
    active: bool
    ended: bool = False


class SiteUserView(BaseModel):
    """A site user as answered."""

    id: str
    instance_id: str
    ip_address: str
    mac_address: str
    hostname: str | None
    authenticated_at: str
    expires_at: str
    active: bool


def sessions_of(
    site_id: str,
    log: Iterable[AdmissionRecord],
    guests: Sequence[RouterGuest] | None,
    instances: Iterable[InstanceRecord],
    now: datetime,
) -> list[Session]:
    """Return the latest session of each guest of a site, the latest first.

    `log` has the admissions of the site, the latest first, and `guests` what its router says, None if it does
    not answer: then the log alone decides which sessions run. `instances` are those of the caller.
    """
    seen = None if guests is None else {(guest.instance, guest.mac, guest.ip): guest for guest in guests}
    found: dict[tuple[str, str], Session] = {}
    for entry in log:
        if (entry.instance_id, entry.mac_address) not in found:
            found[entry.instance_id, entry.mac_address] = _logged(entry, seen, now)
    sessions = list(found.values())
    known = {(session.instance_id[:8], session.mac, session.ip) for session in sessions}
    by_short_id = {instance.id[:8]: instance for instance in instances}
    for guest in guests or ():
        instance = by_short_id.get(guest.instance)
        if guest.active and instance and (guest.instance, guest.mac, guest.ip) not in known:
            session = _unlogged(guest, instance, site_id, now)
            if now - session.begun_at >= _YOUNGEST:
                sessions.append(session)
    return sorted(sessions, key=lambda session: session.begun_at, reverse=True)


@router.get("")
async def list_site_users(
    request: Request, service: ServiceIn, tenant: TenantIn, site_id: SiteId
) -> list[SiteUserView]:
    """Answer the guests of the caller's instances at a site, the latest login first."""
    active, instance_id = _filters(request.query_params)
    sessions = await _sessions(service, site_id, tenant)
    return [
        _view(session)
        for session in sessions
        if active in (None, session.active) and instance_id in (None, session.instance_id)
    ]


@router.delete("/{site_user_id}", status_code=204)
async def disconnect_site_user(
    request: Request, service: ServiceIn, tenant: TenantIn, site_id: SiteId
) -> Response:
    """End the session of a guest; nothing happens to one that has ended."""
    user_id = parse_uuid(request.path_params["site_user_id"])
    if user_id is None:
        raise invalid("The id of the site user in the path is not a UUID.", "id_malformed")
    session = next(
        (found for found in await _sessions(service, site_id, tenant) if found.id == user_id), None
    )
    if session is None:
        # Possibly the one before the guest's latest, which has ended in any case.
        if await service.admissions.admission(user_id, site_id, tenant) is None:
            raise not_found("This site user")
    elif session.active:
        try:
            await service.sessions.end(site_id, session.ip, session.mac)
        except (RouterUnreachableError, NotAdmittedError):
            message = "The router of the site does not answer, so the session goes on; try again later."
            raise ApiError(503, "router_unreachable", message, {"Retry-After": "10"}) from None
        await service.admissions.end([session.id], service.clock.now())
    return Response(status_code=204)


async def _sessions(service: Service, site_id: str, tenant: str) -> list[Session]:
    """Return the sessions at a site, and have the log learn what its router knows better."""
    # In this order: a guest is in the log only after the router has its session.
    log = await service.admissions.at_site(site_id, tenant)
    try:
        guests = await service.sessions.guests(site_id)
    except RouterUnreachableError:
        guests = None
    now = service.clock.now()
    instances = await service.store.instances(tenant)
    sessions = sessions_of(site_id, log, guests, instances, now)
    if ended := [session.id for session in sessions if session.ended]:
        await service.admissions.end(ended, now)
    names = {entry.id: entry.hostname for entry in log}
    renamed = [
        (session.id, session.hostname)
        for session in sessions
        if session.hostname and names.get(session.id, session.hostname) != session.hostname
    ]
    if renamed:
        await service.admissions.name(renamed)
    return sessions


def _logged(
    entry: AdmissionRecord, seen: Mapping[tuple[str, str, str], RouterGuest] | None, now: datetime
) -> Session:
    guest = seen.get((entry.instance_id[:8], entry.mac_address, entry.ip_address)) if seen else None
    ends_at = entry.ended_at or entry.expires_at
    running = ends_at > now
    active = running if seen is None else guest is not None and guest.active
    if active and guest is not None and guest.session_time_left is not None:
        told = now + timedelta(seconds=guest.session_time_left)
        # The router knows better: a guest admitted twice keeps its first session, and clocks differ.
        ends_at = ends_at if running and abs(told - ends_at) < _SAME else told
    return Session(
        id=entry.id,
        instance_id=entry.instance_id,
        ip=entry.ip_address,
        mac=entry.mac_address,
        hostname=(guest and guest.hostname) or entry.hostname,
        begun_at=entry.authenticated_at,
        ends_at=now if running and not active else ends_at,
        active=active,
        ended=running and not active,
    )


def _unlogged(guest: RouterGuest, instance: InstanceRecord, site_id: str, now: datetime) -> Session:
    """Return the session of a guest the log does not know: the service has lost it, the router has not."""
    length = timedelta(seconds=instance.session_ttl)
    left = length if guest.session_time_left is None else timedelta(seconds=guest.session_time_left)
    return Session(
        id=str(uuid5(_UNLOGGED, f"{site_id} {instance.id} {guest.mac} {guest.ip}")),
        instance_id=instance.id,
        ip=guest.ip,
        mac=guest.mac,
        hostname=guest.hostname,
        begun_at=min(now, now + left - length),
        ends_at=now + left,
        active=True,
    )


def _filters(query: Mapping[str, str]) -> tuple[bool | None, str | None]:
    """Return the filters `active` and `instance_id`, each None if it is not given."""
    wanted, instance = query.get("active"), query.get("instance_id")
    if wanted not in (None, "true", "false"):
        raise invalid("The 'active' parameter must be true or false.")
    instance_id = instance if instance is None else parse_uuid(instance)
    if instance is not None and instance_id is None:
        raise invalid("The 'instance_id' parameter must be a UUID.")
    return None if wanted is None else wanted == "true", instance_id


def _view(session: Session) -> SiteUserView:
    return SiteUserView(
        id=session.id,
        instance_id=session.instance_id,
        ip_address=session.ip,
        mac_address=session.mac,
        hostname=session.hostname,
        authenticated_at=instant(session.begun_at),
        expires_at=instant(session.ends_at),
        active=session.active,
    )
