"""What the routes of one application share."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from reference_impl.clock import Clock
from reference_impl.database import Database
from reference_impl.errors import invalid
from reference_impl.provisioning.reconcile import Provisioning
from reference_impl.provisioning.sessions import GuestSessions
from reference_impl.records import InstanceRecord
from reference_impl.schemas import parse_uuid
from reference_impl.settings import Settings
from reference_impl.signing import LinkSigner
from reference_impl.store import Store
from reference_impl.stores.coupons import CouponStore
from reference_impl.stores.garden import GardenStore
from reference_impl.stores.integrations import IntegrationStore
from reference_impl.stores.schedules import ScheduleStore


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a running service. `decoding` admits one picture at a time: it may need 200 MB."""

    settings: Settings
    clock: Clock
    database: Database
    store: Store
    integrations: IntegrationStore
    coupons: CouponStore
    schedules: ScheduleStore
    garden: GardenStore
    signer: LinkSigner
    provisioning: Provisioning
    sessions: GuestSessions
    decoding: asyncio.Semaphore

    def image_links(self, record: InstanceRecord) -> dict[str, str]:
        """Return signed links to the pictures of an instance, by kind."""
        return {
            image.kind: self.signer.link(f"/assets/{record.id}/{image.kind}_{image.digest}.png")
            for image in record.images
        }


def _service(request: Request) -> Service:
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


def _tenant(request: Request) -> str:
    return str(request.state.tenant)


def _instance_id(request: Request) -> str:
    parsed = parse_uuid(request.path_params["instance_id"])
    if parsed is None:
        raise invalid("The id of the instance in the path is not a UUID.", "id_malformed")
    return parsed


ServiceIn = Annotated[Service, Depends(_service)]
TenantIn = Annotated[str, Depends(_tenant)]
InstanceId = Annotated[str, Depends(_instance_id)]
