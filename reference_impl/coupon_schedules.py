"""Operations on coupon schedules: list, create, get, update, delete, run now, make a signed link."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from reference_impl.bodies import json_body
from reference_impl.clock import instant
from reference_impl.errors import ApiError, not_found
from reference_impl.schemas_coupons import ScheduleView, ScheduleWrite, SignedUrlView
from reference_impl.service import InstanceId, ScheduleId, ServiceIn, TenantIn
from reference_impl.stores.schedules import Schedule

router = APIRouter(prefix="/instances/{instance_id}/coupon-schedules", redirect_slashes=False)

Wanted = Annotated[ScheduleWrite, Depends(json_body(ScheduleWrite))]


@router.get("")
async def list_coupon_schedules(
    service: ServiceIn, tenant: TenantIn, instance_id: InstanceId
) -> list[ScheduleView]:
    """Answer the schedules of an instance, oldest first."""
    schedules = await service.schedules.schedules(instance_id, tenant)
    if schedules is None:
        raise not_found("This instance")
    return [_view(schedule) for schedule in schedules]


@router.post("", status_code=201)
async def create_coupon_schedule(
    service: ServiceIn, tenant: TenantIn, instance_id: InstanceId, wanted: Wanted, response: Response
) -> ScheduleView:
    """Create a schedule, which runs for the first time at its next day."""
    schedule = await service.schedules.create(instance_id, tenant, wanted, service.clock.now())
    if schedule is None:
        raise not_found("This instance")
    service.runner.wake()
    path = f"/instances/{instance_id}/coupon-schedules/{schedule.record.id}"
    response.headers["Location"] = service.settings.public_base + path
    return _view(schedule)


@router.get("/{schedule_id}")
async def get_coupon_schedule(
    service: ServiceIn, tenant: TenantIn, instance_id: InstanceId, schedule_id: ScheduleId
) -> ScheduleView:
    """Answer one schedule with the counts of its latest run."""
    schedule = await service.schedules.schedule(instance_id, schedule_id, tenant)
    if schedule is None:
        raise _missing()
    return _view(schedule)


@router.put("/{schedule_id}")
async def update_coupon_schedule(
    service: ServiceIn, tenant: TenantIn, instance_id: InstanceId, schedule_id: ScheduleId, wanted: Wanted
) -> ScheduleView:
    """Replace a schedule; its next run moves if its days have changed."""
    schedule = await service.schedules.replace(instance_id, schedule_id, tenant, wanted, service.clock.now())
    if schedule is None:
        raise _missing()
    service.runner.wake()
    return _view(schedule)


@router.delete("/{schedule_id}", status_code=204)
async def delete_coupon_schedule(
    service: ServiceIn, tenant: TenantIn, instance_id: InstanceId, schedule_id: ScheduleId
) -> Response:
    """Delete a schedule; the coupons it has made stay valid."""
    if not await service.schedules.delete(instance_id, schedule_id, tenant):
        raise _missing()
    return Response(status_code=204)


@router.post("/{schedule_id}/run", status_code=202)
async def run_coupon_schedule(
    service: ServiceIn, tenant: TenantIn, instance_id: InstanceId, schedule_id: ScheduleId
) -> Response:
    """Make the coupons of one run now; when the next one is due stays as it was."""
    run = await service.schedules.run(instance_id, schedule_id, tenant, service.clock.now())
    if run is None:
        raise _missing()
    service.notifier.tell(run)
    return Response(status_code=202)


@router.get("/{schedule_id}/generate_url")
async def generate_coupon_url(
    service: ServiceIn, tenant: TenantIn, instance_id: InstanceId, schedule_id: ScheduleId
) -> SignedUrlView:
    """Answer a link that shows the valid coupons of the schedule for a day to whoever holds it."""
    if await service.schedules.schedule(instance_id, schedule_id, tenant) is None:
        raise _missing()
    return SignedUrlView(signed_url=service.signer.coupons_link(schedule_id))


def _missing() -> ApiError:
    return not_found("This coupon schedule")


def _view(schedule: Schedule) -> ScheduleView:
    record = schedule.record
    return ScheduleView.model_validate(
        {
            "id": record.id,
            "name": record.name,
            "instance_id": schedule.instance_id,
            "count": record.count,
            "recurrence_type": record.recurrence_type,
            "day_of_week": record.day_of_week,
            "day_of_month": record.day_of_month,
            "valid_for_in_minutes": record.valid_for_in_minutes,
            "timezone": record.timezone,
            "notification_group_id": record.notification_group_id,
            "last_run_at": None if record.last_run_at is None else instant(record.last_run_at),
            "next_run_at": instant(record.next_run_at),
            "tokens_used_since_last_run": schedule.used,
            "tokens_generated_since_last_run": schedule.generated,
            "tokens_available_since_last_run": schedule.generated - schedule.used,
            "created_at": instant(record.created_at),
        }
    )
