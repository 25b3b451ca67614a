"""The coupons of a schedule, shown to whoever holds a signed link."""

from fastapi import APIRouter, Request, Response

from reference_impl.coupons import coupon_view
from reference_impl.errors import invalid, not_found
from reference_impl.schemas import parse_uuid
from reference_impl.schemas_coupons import CouponView
from reference_impl.service import ServiceIn
from reference_impl.signing import coupons_path

router = APIRouter(prefix="/coupons", redirect_slashes=False)


@router.get("")
async def retrieve_shared_coupons(
    request: Request, service: ServiceIn, response: Response
) -> list[CouponView]:
    """Answer the valid coupons of a schedule; 403 for a signature that is forged or expired."""
    sid, expires, signature = (_only(request, name) for name in ("sid", "expires", "signature"))
    schedule_id = parse_uuid(sid)
    if schedule_id is None:
        raise invalid("The 'sid' parameter must be a UUID.")
    service.signer.check(coupons_path(schedule_id), expires, signature)
    if not await service.schedules.exists(schedule_id):
        raise not_found("The coupon schedule of this link")
    # The link is a credential: what it shows is not for caches on the way.
    response.headers["Cache-Control"] = "no-store"
    coupons = await service.coupons.valid_of_schedule(schedule_id, service.clock.now())
    return [coupon_view(coupon) for coupon in coupons]


def _only(request: Request, name: str) -> str:
    values = request.query_params.getlist(name)
    if not values:
        raise invalid(f"The '{name}' parameter is required for this request.", "parameter_missing")
    if len(values) > 1:
        raise invalid(f"The '{name}' parameter was sent more than once; send it once.")
    return values[0]
