"""Operations on coupons: list the valid ones of an instance, make a batch."""

from typing import Annotated

from fastapi import APIRouter, Depends

from reference_impl.bodies import json_body
from reference_impl.clock import instant
from reference_impl.errors import not_found
from reference_impl.records import CouponRecord
from reference_impl.schemas_coupons import CouponBatch, CouponView
from reference_impl.service import InstanceId, ServiceIn, TenantIn

router = APIRouter(prefix="/instances/{instance_id}/coupons", redirect_slashes=False)


@router.get("")
async def list_coupons(service: ServiceIn, tenant: TenantIn, instance_id: InstanceId) -> list[CouponView]:
    """Answer the coupons that are neither redeemed nor expired, newest first."""
    coupons = await service.coupons.valid(instance_id, tenant, service.clock.now())
    if coupons is None:
        raise not_found("This instance")
    return [coupon_view(coupon) for coupon in coupons]


@router.post("", status_code=201)
async def create_coupons(
    service: ServiceIn,
    tenant: TenantIn,
    instance_id: InstanceId,
    wanted: Annotated[CouponBatch, Depends(json_body(CouponBatch))],
) -> list[CouponView]:
    """Make coupons and answer them."""
    coupons = await service.coupons.create(instance_id, tenant, wanted, service.clock.now())
    if coupons is None:
        raise not_found("This instance")
    return [coupon_view(coupon) for coupon in coupons]


def coupon_view(coupon: CouponRecord) -> CouponView:
    """Return a coupon as the API answers it."""
    return CouponView(
        id=coupon.id,
        code=coupon.code,
        expires_at=instant(coupon.expires_at),
        redeemed_at=None if coupon.redeemed_at is None else instant(coupon.redeemed_at),
        created_at=instant(coupon.created_at),
    )
