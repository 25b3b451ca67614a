"""Operations on instances: list, create, get, update, delete, upload a picture."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from reference_impl.bodies import json_body, uploaded_file
from reference_impl.clock import instant
from reference_impl.errors import ApiError, invalid, not_found
from reference_impl.images import SIZE_LIMIT, normalise
from reference_impl.records import InstanceRecord, SiteRecord
from reference_impl.schemas import (
    ImageKind,
    InstanceCreate,
    InstanceUpdate,
    InstanceView,
    SiteView,
    ThemeView,
)
from reference_impl.schemas_spa import COUPON_TTL, SpaInstanceCreate, SpaInstanceUpdate, SpaInstanceView
from reference_impl.service import GenerationIn, InstanceId, Service, ServiceIn, TenantIn
from reference_impl.store import SubnetHeldError, UnknownIntegrationError

router = APIRouter(prefix="/instances", redirect_slashes=False)

View = SpaInstanceView | InstanceView


@router.get("")
async def list_instances(service: ServiceIn, tenant: TenantIn, generation: GenerationIn) -> list[View]:
    """Answer all instances of the caller, oldest first."""
    return [_view(service, record, generation) for record in await service.store.instances(tenant)]


@router.post("", status_code=201)
async def create_instance(
    service: ServiceIn,
    tenant: TenantIn,
    generation: GenerationIn,
    wanted: Annotated[InstanceCreate, Depends(json_body(InstanceCreate, spa=SpaInstanceCreate))],
    response: Response,
) -> View:
    """Create an instance with default theme, no terms and no sites."""
    _check_integration(wanted)
    try:
        record = await service.store.create(tenant, wanted, service.clock.now())
    except UnknownIntegrationError:
        raise _unknown_integration() from None
    response.headers["Location"] = f"{service.settings.public_base}/instances/{record.id}"
    return _view(service, record, generation)


@router.get("/{instance_id}")
async def get_instance(
    service: ServiceIn, tenant: TenantIn, generation: GenerationIn, instance_id: InstanceId
) -> View:
    """Answer one instance."""
    record = await service.store.instance(instance_id, tenant)
    if record is None:
        raise not_found("This instance")
    return _view(service, record, generation)


@router.put("/{instance_id}")
async def update_instance(
    service: ServiceIn,
    tenant: TenantIn,
    generation: GenerationIn,
    instance_id: InstanceId,
    wanted: Annotated[InstanceUpdate, Depends(json_body(InstanceUpdate, spa=SpaInstanceUpdate))],
) -> View:
    """Replace an instance; a subnet of another instance of the same tenant moves here."""
    _check_integration(wanted)
    usable = service.settings.sites_of(tenant)
    for site in wanted.sites:
        if site.id not in usable:
            raise invalid(f"The 'sites' parameter names {site.id}, which is not a site of this account.")
    try:
        locale = wanted.locale if isinstance(wanted, SpaInstanceUpdate) else None
        replaced = await service.store.replace(instance_id, tenant, wanted, locale=locale)
    except UnknownIntegrationError:
        raise _unknown_integration() from None
    except SubnetHeldError as held:
        raise invalid(f"The subnet {held} is in use by another account.", "subnet_held") from None
    if replaced is None:
        raise not_found("This instance")
    record, touched = replaced
    service.provisioning.wake(touched)
    return _view(service, record, generation)


@router.delete("/{instance_id}", status_code=204)
async def delete_instance(service: ServiceIn, tenant: TenantIn, instance_id: InstanceId) -> Response:
    """Delete an instance with its pictures and what it has on routers."""
    touched = await service.store.delete(instance_id, tenant)
    if touched is None:
        raise not_found("This instance")
    service.provisioning.wake(touched)
    return Response(status_code=204)


@router.post("/{instance_id}/images/{kind}", status_code=202)
async def upload_instance_image(
    request: Request, service: ServiceIn, tenant: TenantIn, instance_id: InstanceId, kind: str
) -> Response:
    """Take a logo or icon; the theme then has a link to it."""
    image_kind: ImageKind
    if kind == "logo":
        image_kind = "logo"
    elif kind == "icon":
        image_kind = "icon"
    else:
        raise invalid("The kind of picture in the path must be 'logo' or 'icon'.")
    if await service.store.instance(instance_id, tenant) is None:
        raise not_found("This instance")
    content = await uploaded_file(request, "file", SIZE_LIMIT)
    async with service.decoding:
        png = await asyncio.to_thread(normalise, content, image_kind)
    if not await service.store.put_image(instance_id, tenant, image_kind, png):
        raise not_found("This instance")
    return Response(status_code=202)


def _check_integration(wanted: InstanceCreate) -> None:
    name = "auth_integration_id"
    if wanted.strategy == "oauth2" and wanted.auth_integration_id is None:
        raise invalid(f"The '{name}' parameter is required when strategy is oauth2.", "parameter_missing")
    if wanted.strategy == "coupon" and wanted.auth_integration_id is not None:
        raise invalid(f"The '{name}' parameter must be null or absent when strategy is coupon.")


def _unknown_integration() -> ApiError:
    return invalid("The 'auth_integration_id' parameter names no integration of this account.")


def _view(service: Service, record: InstanceRecord, generation: str) -> View:
    links = service.image_links(record)
    view = InstanceView.model_validate(
        {
            "id": record.id,
            "auth_integration_id": record.auth_integration_id,
            "strategy": record.strategy,
            "name": record.name,
            "session_ttl": record.session_ttl,
            "auth_window_ttl": record.auth_window_ttl,
            "theme": ThemeView(**record.theme, logo=links.get("logo"), icon=links.get("icon")),
            "terms_text": record.terms_text,
            "sites": [_site_view(service, record.id, site) for site in record.sites],
            "created_at": instant(record.created_at),
            "preview_url": service.signer.preview_link(record.id),
        }
    )
    if generation != "spa":
        return view
    coupon_ttl = COUPON_TTL if record.strategy == "coupon" else None
    return SpaInstanceView.model_validate({**dict(view), "coupon_ttl": coupon_ttl, "locale": record.locale})


def _site_view(service: Service, instance_id: str, site: SiteRecord) -> SiteView:
    missed = [
        {"subnet": claim.subnet, "reason": claim.reason}
        for claim in service.provisioning.unprovisioned(site.site_id)
        if claim.instance_id == instance_id and claim.subnet in site.subnets
    ]
    return SiteView.model_validate({"id": site.site_id, "subnets": site.subnets, "unprovisioned": missed})
