"""The portal: where guests log in, by coupon here, or on their way to an identity provider."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from reference_impl.bodies import form_fields
from reference_impl.errors import not_found
from reference_impl.guests.admission import admit, is_in, look_for, router_trouble
from reference_impl.guests.arrival import Arrival, arrival_of
from reference_impl.guests.pages import PageRoute, Trouble, connected_page, portal_page
from reference_impl.guests.sign_in import provider_for, to_provider
from reference_impl.providers import Provider
from reference_impl.provisioning.sessions import NotAdmittedError, RouterUnreachableError
from reference_impl.records import InstanceRecord, IntegrationRecord
from reference_impl.service import InstanceId, Service, ServiceIn
from reference_impl.stores.coupons import Refused

router = APIRouter(redirect_slashes=False, route_class=PageRoute)


@router.get("/preauth")
async def preview(request: Request, service: ServiceIn) -> Response:
    """Show the portal to the holder of a preview link."""
    instance_id = service.signer.previewed(request.query_params.get("token", ""))
    instance = await _instance(service, instance_id)
    way = await _way(service, instance)
    return portal_page(
        instance,
        service.image_links(instance),
        provider=way and way[1],
        trouble=_closed(instance, way),
        status=200,
        preview=True,
    )


@router.get("/portal/{instance_id}")
async def portal(request: Request, service: ServiceIn, instance_id: InstanceId) -> Response:
    """Show the portal to a guest whom a router sent here."""
    instance = await _instance(service, instance_id)
    way = await _way(service, instance)
    trouble = _closed(instance, way)
    if arrival_of(request.query_params, instance) is None:
        trouble = Trouble("not_here")
    return portal_page(
        instance,
        service.image_links(instance),
        provider=way and way[1],
        query=request.url.query,
        trouble=trouble,
        status=200,
    )


@router.post("/portal/{instance_id}")
async def log_in(request: Request, service: ServiceIn, instance_id: InstanceId) -> Response:
    """Log a guest in by the code in the form, or send it to its identity provider."""
    instance = await _instance(service, instance_id)
    form = await form_fields(request)
    way = await _way(service, instance)
    try:
        arrival = arrival_of(request.query_params, instance)
        if arrival is None:
            raise Trouble("not_here")
        if instance.terms_text and form.get("terms") != "accepted":
            raise Trouble("terms_missing")
        if instance.strategy == "coupon":
            async with service.turns.of((instance.id, arrival.site_id, arrival.ip, arrival.mac)):
                await _by_coupon(service, instance, arrival, form)
            return connected(service, instance, arrival)
        if way is None:
            raise Trouble("unavailable")
        return await _sign_in(service, instance, arrival, *way)
    except Trouble as trouble:
        return portal_page(
            instance,
            service.image_links(instance),
            provider=way and way[1],
            query=request.url.query,
            trouble=trouble,
            code=form.get("code", "")[:32],
            accepted=form.get("terms") == "accepted",
        )


@router.get("/portal/{instance_id}/connected")
async def after_login(request: Request, service: ServiceIn, instance_id: InstanceId) -> Response:
    """Tell a guest that it is connected, and offer what it wanted to see."""
    instance = await _instance(service, instance_id)
    destination = service.tokens.destination_of(instance_id, request.query_params.get("to", ""))
    return connected_page(instance, service.image_links(instance), destination)


def connected(service: Service, instance: InstanceRecord, arrival: Arrival) -> RedirectResponse:
    """Send a guest that was admitted to the page which says so."""
    query = urlencode({"to": service.tokens.connected(instance.id, arrival.destination)})
    base = service.settings.public_base
    return RedirectResponse(
        f"{base}/portal/{instance.id}/connected?{query}", 303, {"Cache-Control": "no-store"}
    )


async def _by_coupon(
    service: Service, instance: InstanceRecord, arrival: Arrival, form: Mapping[str, str]
) -> None:
    code = "".join(form.get("code", "").split()).replace("-", "")
    if not code:
        raise Trouble("code_missing")
    coupon_id = await service.doubts.take(instance, arrival, code)
    if coupon_id is None:
        if await is_in(service, instance, arrival):
            return  # with a second click on the button, say; another code need not be used up
        coupon_id = await _redeem(service, instance, arrival, code)
    try:
        await admit(service, instance, arrival, coupon_id)
    except Trouble as trouble:
        if trouble.name == "not_here":
            await service.coupons.give_back(coupon_id)
        else:
            service.doubts.add(instance, arrival, code, coupon_id)
        raise
    except Exception:
        service.doubts.add(instance, arrival, code, coupon_id)
        raise


async def _redeem(service: Service, instance: InstanceRecord, arrival: Arrival, code: str) -> str:
    """Use up the coupon of a code and return its id. Raises Trouble, sooner if there were many before."""
    now, guest = service.clock.now(), (arrival.ip, arrival.mac)
    pause = service.attempts.pause(instance.id, guest, now)
    if pause is not None:
        raise Trouble("too_many", seconds=int(pause.total_seconds()) + 1)
    if service.attempts.crowded(instance.id, now):
        await look_for(service, instance, arrival)
    outcome = await service.coupons.redeem(instance.id, code, now)
    if isinstance(outcome, Refused):
        service.attempts.failed(instance.id, guest, now)
        raise Trouble(f"code_{outcome.reason}")
    service.attempts.succeeded(instance.id, guest)
    return outcome.coupon_id


async def _sign_in(
    service: Service,
    instance: InstanceRecord,
    arrival: Arrival,
    integration: IntegrationRecord,
    provider: Provider,
) -> Response:
    lifetime = instance.auth_window_ttl
    try:
        await service.sessions.open_window(arrival.site_id, instance.id, arrival.ip, lifetime)
    except (NotAdmittedError, RouterUnreachableError) as error:
        raise router_trouble(instance, error) from error
    begun = await service.sign_ins.begin(
        integration,
        instance_id=instance.id,
        arrival=arrival,
        lifetime=timedelta(seconds=lifetime),
        now=service.clock.now(),
    )
    return to_provider(service, integration, provider, begun, lifetime)


async def _instance(service: Service, instance_id: str) -> InstanceRecord:
    instance = await service.store.instance(instance_id)
    if instance is None:
        raise not_found("This portal")
    return instance


async def _way(service: Service, instance: InstanceRecord) -> tuple[IntegrationRecord, Provider] | None:
    """Return where guests of the instance sign in; None with coupons, or if there is no such place."""
    if instance.strategy != "oauth2" or instance.auth_integration_id is None:
        return None
    integration = await service.integrations.integration(instance.auth_integration_id, instance.tenant)
    provider = integration and provider_for(service.settings, integration)
    return (integration, provider) if integration and provider else None


def _closed(instance: InstanceRecord, way: tuple[IntegrationRecord, Provider] | None) -> Trouble | None:
    return Trouble("unavailable") if instance.strategy == "oauth2" and way is None else None
