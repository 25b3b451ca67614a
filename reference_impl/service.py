"""What the routes of one application share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from reference_impl.clock import Clock
from reference_impl.database import Database
from reference_impl.errors import invalid, not_found
from reference_impl.generations import generation_of
from reference_impl.guests.attempts import Attempts
from reference_impl.guests.doubts import Doubts
from reference_impl.guests.tokens import GuestTokens
from reference_impl.guests.turns import Turns
from reference_impl.notifications import Notifier
from reference_impl.provisioning.reconcile import Provisioning
from reference_impl.provisioning.sessions import GuestSessions
from reference_impl.records import InstanceRecord
from reference_impl.schedule_runner import ScheduleRunner
from reference_impl.schemas import parse_uuid
from reference_impl.settings import Settings
from reference_impl.signing import LinkSigner
from reference_impl.store import Store
from reference_impl.stores.admissions import AdmissionStore
from reference_impl.stores.coupons import CouponStore
from reference_impl.stores.garden import GardenStore
from reference_impl.stores.integrations import IntegrationStore
from reference_impl.stores.schedules import ScheduleStore
from reference_impl.stores.sign_ins import SignInStore


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
    admissions: AdmissionStore
    sign_ins: SignInStore
    tokens: GuestTokens
    attempts: Attempts
    turns: Turns
    doubts: Doubts
    runner: ScheduleRunner
    notifier: Notifier
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


def _path_id(parameter: str, what: str) -> Callable[[Request], str]:
    def read(request: Request) -> str:
        parsed = parse_uuid(request.path_params[parameter])
        if parsed is None:
            raise invalid(f"The id of the {what} in the path is not a UUID.", "id_malformed")
        return parsed

    return read


ServiceIn = Annotated[Service, Depends(_service)]
TenantIn = Annotated[str, Depends(_tenant)]
GenerationIn = Annotated[str, Depends(generation_of)]


def _site_id(request: Request, service: ServiceIn, tenant: TenantIn) -> str:
    site_id = _path_id("site_id", "site")(request)
    if site_id not in service.settings.sites_of(tenant):
        raise not_found("This site")
    return site_id


InstanceId = Annotated[str, Depends(_path_id("instance_id", "instance"))]
IntegrationId = Annotated[str, Depends(_path_id("integration_id", "auth integration"))]
ScheduleId = Annotated[str, Depends(_path_id("schedule_id", "coupon schedule"))]
SiteId = Annotated[str, Depends(_site_id)]
EntryId = Annotated[str, Depends(_path_id("entry_id", "walled garden entry"))]
