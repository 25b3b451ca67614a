"""The way back from identity providers, and trials of integrations."""

import logging
from datetime import timedelta

from fastapi import APIRouter, Request, Response

from reference_impl.errors import ApiError, not_found
from reference_impl.guests.admission import admit
from reference_impl.guests.arrival import Arrival
from reference_impl.guests.pages import PageRoute, Trouble, message_page, trouble_page
from reference_impl.guests.portal import connected
from reference_impl.guests.sign_in import (
    CALLBACK,
    cookie_of,
    cookie_path,
    identity_of,
    provider_for,
    to_provider,
)
from reference_impl.provisioning.sessions import NotAdmittedError, RouterUnreachableError
from reference_impl.records import InstanceRecord, SignInRecord
from reference_impl.service import IntegrationId, Service, ServiceIn
from reference_impl.stores.sign_ins import arrival_again

router = APIRouter(redirect_slashes=False, route_class=PageRoute)

_TRIAL = timedelta(minutes=10)

_log = logging.getLogger(__name__)


@router.get("/auth-test/{integration_id}")
async def trial(request: Request, service: ServiceIn, integration_id: IntegrationId) -> Response:
    """Send the holder of a test link through the sign-in of an integration."""
    query = request.query_params
    service.signer.check(f"/auth-test/{integration_id}", query.get("expires", ""), query.get("signature", ""))
    integration = await service.integrations.integration(integration_id)
    if integration is None:
        raise not_found("This auth integration")
    provider = provider_for(service.settings, integration)
    if provider is None:
        raise ApiError(
            400, "type_not_supported", f"Integrations of type {integration.type} are stored, not run."
        )
    begun = await service.sign_ins.begin(
        integration, instance_id=None, arrival=None, lifetime=_TRIAL, now=service.clock.now()
    )
    return to_provider(service, integration, provider, begun, int(_TRIAL.total_seconds()))


@router.get(CALLBACK)
async def callback(request: Request, service: ServiceIn) -> Response:
    """Complete a sign-in: admit the guest, or show who a trial was."""
    sign_in_id = service.tokens.sign_in_of(request.query_params.get("state", ""))
    browser = request.cookies.get(cookie_of(sign_in_id)) if sign_in_id else None
    begun = await service.sign_ins.take(sign_in_id, browser) if sign_in_id and browser else None
    if begun is None:
        # Some providers forget the state when the user declines.
        declined = request.query_params.get("error") == "access_denied" and sign_in_id is None
        return trouble_page(Trouble("declined" if declined else "stale"))
    instance = await service.store.instance(begun.instance_id) if begun.instance_id else None
    arrival = arrival_again(begun)
    try:
        identity = await _identified(request, service, begun)
        if begun.instance_id is None:
            response = message_page("The sign-in works", f"You are {identity}. Nobody was admitted.")
        elif instance is None or arrival is None or not _still_leads(instance, begun):
            raise Trouble("unavailable")
        else:
            response = await _let_in(service, instance, arrival, identity)
    except Trouble as trouble:
        response = _told(service, trouble, instance, arrival)
    response.delete_cookie(cookie_of(begun.id), path=cookie_path(service))
    return response


def _still_leads(instance: InstanceRecord, begun: SignInRecord) -> bool:
    """Tell whether guests of the instance still sign in where this one did."""
    return instance.strategy == "oauth2" and instance.auth_integration_id == begun.integration_id


async def _identified(request: Request, service: Service, begun: SignInRecord) -> str:
    """Return what the provider calls the user of a sign-in. Raises Trouble."""
    if begun.expires_at <= service.clock.now():
        raise Trouble("stale")
    integration = await service.integrations.integration(begun.integration_id)
    provider = None if integration is None else provider_for(service.settings, integration)
    if integration is None or provider is None:
        raise Trouble("unavailable")
    code, error = request.query_params.get("code"), request.query_params.get("error")
    if error == "access_denied":
        raise Trouble("declined")
    if error or not code:
        _log.warning("sign-in at %s with integration %s was refused", provider.label, integration.id)
        raise Trouble("provider_refused", provider=provider.label)
    return await identity_of(service, integration, provider, code, begun.verifier)


async def _let_in(service: Service, instance: InstanceRecord, arrival: Arrival, identity: str) -> Response:
    await admit(service, instance, arrival, identity)
    try:
        await service.sessions.close_window(arrival.site_id, instance.id, arrival.ip)
    except (NotAdmittedError, RouterUnreachableError) as error:
        # It closes by itself; the guest is in and need not hear of it.
        _log.warning("the login window of a guest of instance %s stays open: %s", instance.id, error)
    return connected(service, instance, arrival)


def _told(
    service: Service, trouble: Trouble, instance: InstanceRecord | None, arrival: Arrival | None
) -> Response:
    if instance is None or arrival is None:
        return trouble_page(trouble)
    back = f"{service.settings.public_base}/portal/{instance.id}?{arrival.query}"
    return trouble_page(trouble, instance, service.image_links(instance), back)
