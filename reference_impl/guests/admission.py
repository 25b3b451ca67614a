"""Letting a guest in: on the router, and in the log."""

import logging

from reference_impl.guests.arrival import Arrival
from reference_impl.guests.pages import Trouble
from reference_impl.provisioning.sessions import NotAdmittedError, RouterGuest, RouterUnreachableError
from reference_impl.records import InstanceRecord
from reference_impl.service import Service

_log = logging.getLogger(__name__)


async def admit(service: Service, instance: InstanceRecord, arrival: Arrival, identity: str) -> None:
    """Give a guest its session. `identity` is what it proved to be. Raises Trouble; then it has none."""
    try:
        await service.sessions.admit(arrival.site_id, instance.id, arrival.ip, arrival.mac)
    except (NotAdmittedError, RouterUnreachableError) as error:
        raise router_trouble(instance, error) from error
    await service.admissions.log(
        instance,
        site_id=arrival.site_id,
        ip=arrival.ip,
        mac=arrival.mac,
        identity=identity,
        now=service.clock.now(),
    )


async def is_in(service: Service, instance: InstanceRecord, arrival: Arrival) -> bool:
    """Tell whether a guest has a session already. Raises Trouble."""
    now, mac = service.clock.now(), arrival.mac
    # The router is asked only about guests of whom the log says so, which are few of those who log in.
    if not await service.admissions.runs(
        instance.id, site_id=arrival.site_id, ip=arrival.ip, mac=mac, now=now
    ):
        return False
    guest = await _seen(service, instance, arrival)
    return guest is not None and guest.active


async def look_for(service: Service, instance: InstanceRecord, arrival: Arrival) -> None:
    """Make sure that the router sees this guest at a server of the instance. Raises Trouble."""
    if await _seen(service, instance, arrival) is None:
        raise Trouble("not_here")


async def _seen(service: Service, instance: InstanceRecord, arrival: Arrival) -> RouterGuest | None:
    try:
        guests = await service.sessions.guests(arrival.site_id)
    except RouterUnreachableError as error:
        raise router_trouble(instance, error) from error
    wanted = (instance.id[:8], arrival.ip, arrival.mac)
    return next((guest for guest in guests if (guest.instance, guest.ip, guest.mac) == wanted), None)


def router_trouble(instance: InstanceRecord, error: NotAdmittedError | RouterUnreachableError) -> Trouble:
    """Return what a guest is told of a router's refusal or silence; the log tells more."""
    _log.warning("a guest of instance %s was not admitted: %s", instance.id, error)
    return Trouble("not_here" if isinstance(error, NotAdmittedError) else "unreachable")
