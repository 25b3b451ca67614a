"""Operations on auth integrations: list, create, get, update, delete."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from reference_impl.bodies import json_body
from reference_impl.clock import instant
from reference_impl.errors import ApiError, invalid, not_found
from reference_impl.records import IntegrationRecord
from reference_impl.schemas_integrations import IntegrationCreate, IntegrationUpdate, IntegrationView
from reference_impl.service import GenerationIn, IntegrationId, Service, ServiceIn, TenantIn
from reference_impl.stores.integrations import IntegrationInUseError

router = APIRouter(prefix="/auth-integrations", redirect_slashes=False)


@router.get("")
async def list_auth_integrations(
    service: ServiceIn, tenant: TenantIn, generation: GenerationIn
) -> list[IntegrationView]:
    """Answer all integrations of the caller that this generation knows the type of, oldest first."""
    records = await service.integrations.integrations(tenant)
    return [_view(service, record) for record in records if _known(record.type, generation)]


@router.post("", status_code=201)
async def create_auth_integration(
    service: ServiceIn,
    tenant: TenantIn,
    generation: GenerationIn,
    wanted: Annotated[IntegrationCreate, Depends(json_body(IntegrationCreate))],
    response: Response,
) -> IntegrationView:
    """Create an integration; its secret is stored encrypted and never answered."""
    _check_type(wanted, generation)
    record = await service.integrations.create(tenant, wanted, service.clock.now())
    response.headers["Location"] = f"{service.settings.public_base}/auth-integrations/{record.id}"
    return _view(service, record)


@router.get("/{integration_id}")
async def get_auth_integration(
    service: ServiceIn, tenant: TenantIn, generation: GenerationIn, integration_id: IntegrationId
) -> IntegrationView:
    """Answer one integration."""
    return _view(service, await _found(service, tenant, generation, integration_id))


@router.put("/{integration_id}")
async def update_auth_integration(
    service: ServiceIn,
    tenant: TenantIn,
    generation: GenerationIn,
    integration_id: IntegrationId,
    wanted: Annotated[IntegrationUpdate, Depends(json_body(IntegrationUpdate))],
) -> IntegrationView:
    """Replace an integration; a secret left out stays."""
    _check_type(wanted, generation)
    await _found(service, tenant, generation, integration_id)
    record = await service.integrations.replace(integration_id, tenant, wanted)
    if record is None:
        raise _missing()
    # Which hosts guests need before they log in depends on the type.
    service.provisioning.wake(await service.integrations.sites(integration_id))
    return _view(service, record)


@router.delete("/{integration_id}", status_code=204)
async def delete_auth_integration(
    service: ServiceIn, tenant: TenantIn, generation: GenerationIn, integration_id: IntegrationId
) -> Response:
    """Delete an integration that no instance uses."""
    await _found(service, tenant, generation, integration_id)
    try:
        deleted = await service.integrations.delete(integration_id, tenant)
    except IntegrationInUseError as error:
        noun = "instance uses" if error.count == 1 else "instances use"
        message = f"{error.count} {noun} this auth integration; give them another one or delete them first."
        raise ApiError(409, "resource_in_use", message) from None
    if not deleted:
        raise _missing()
    return Response(status_code=204)


async def _found(service: Service, tenant: str, generation: str, integration_id: str) -> IntegrationRecord:
    record = await service.integrations.integration(integration_id, tenant)
    if record is None or not _known(record.type, generation):
        raise _missing()
    return record


def _missing() -> ApiError:
    return not_found("This auth integration")


def _known(type_: str, generation: str) -> bool:
    """Only the oldest generation has SAML; the documents of the others leave no way to express it."""
    return type_ != "saml2" or generation == "spa"


def _check_type(wanted: IntegrationUpdate, generation: str) -> None:
    if not _known(wanted.type, generation):
        raise invalid("The 'type' parameter should be 'azure', 'github' or 'google'.")


def _view(service: Service, record: IntegrationRecord) -> IntegrationView:
    return IntegrationView.model_validate(
        {
            "id": record.id,
            "name": record.name,
            "type": record.type,
            "config": {"client_id": record.client_id, "tenant": record.directory},
            "test_url": service.signer.link(f"/auth-test/{record.id}"),
            "created_at": instant(record.created_at),
        }
    )
