"""Operations on the walled garden of a site: list, create, get, update, delete."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from reference_impl.bodies import json_body
from reference_impl.clock import instant
from reference_impl.errors import ApiError, not_found
from reference_impl.records import GardenRecord
from reference_impl.schemas_garden import EntryView, EntryWrite
from reference_impl.service import EntryId, GenerationIn, ServiceIn, SiteId, TenantIn

router = APIRouter(prefix="/walled-garden/{site_id}", redirect_slashes=False)

Wanted = Annotated[EntryWrite, Depends(json_body(EntryWrite))]


@router.get("")
async def list_walled_garden_entries(
    service: ServiceIn, tenant: TenantIn, site_id: SiteId
) -> list[EntryView]:
    """Answer the caller's entries of a site, oldest first."""
    return [_view(record) for record in await service.garden.entries(site_id, tenant)]


@router.post("", status_code=201)
async def create_walled_garden_entry(
    service: ServiceIn,
    tenant: TenantIn,
    generation: GenerationIn,
    site_id: SiteId,
    wanted: Wanted,
    response: Response,
) -> EntryView:
    """Open an address or network to the guests of the caller's instances at a site."""
    record = await service.garden.create(
        site_id, tenant, _with_default(wanted, generation), service.clock.now()
    )
    service.provisioning.wake({site_id})
    response.headers["Location"] = f"{service.settings.public_base}/walled-garden/{site_id}/{record.id}"
    return _view(record)


@router.get("/{entry_id}")
async def get_walled_garden_entry(
    service: ServiceIn, tenant: TenantIn, site_id: SiteId, entry_id: EntryId
) -> EntryView:
    """Answer one entry."""
    record = await service.garden.entry(site_id, entry_id, tenant)
    if record is None:
        raise _missing()
    return _view(record)


@router.put("/{entry_id}")
async def update_walled_garden_entry(
    service: ServiceIn,
    tenant: TenantIn,
    generation: GenerationIn,
    site_id: SiteId,
    entry_id: EntryId,
    wanted: Wanted,
) -> EntryView:
    """Replace an entry: what it opened closes, and what it now names opens."""
    record = await service.garden.replace(site_id, entry_id, tenant, _with_default(wanted, generation))
    if record is None:
        raise _missing()
    service.provisioning.wake({site_id})
    return _view(record)


@router.delete("/{entry_id}", status_code=204)
async def delete_walled_garden_entry(
    service: ServiceIn, tenant: TenantIn, site_id: SiteId, entry_id: EntryId
) -> Response:
    """Delete an entry, which closes what it opened."""
    if not await service.garden.delete(site_id, entry_id, tenant):
        raise _missing()
    service.provisioning.wake({site_id})
    return Response(status_code=204)


def _with_default(wanted: EntryWrite, generation: str) -> EntryWrite:
    """Return the entry with the type that an omitted one stands for: the oldest generation documents one."""
    if generation == "spa" and "type" not in wanted.model_fields_set:
        return wanted.model_copy(update={"type": "captive-auth"})
    return wanted


def _missing() -> ApiError:
    return not_found("This walled garden entry")


def _view(record: GardenRecord) -> EntryView:
    return EntryView.model_validate(
        {
            "id": record.id,
            "name": record.name,
            "type": record.type,
            "ip_address": record.ip_address,
            "created_at": instant(record.created_at),
        }
    )
