"""Pictures of instances, served to whoever holds a signed link."""

import re

from fastapi import APIRouter, Request, Response

from reference_impl.errors import not_found
from reference_impl.service import InstanceId, ServiceIn

router = APIRouter(prefix="/assets", redirect_slashes=False)


@router.get("/{instance_id}/{name}")
async def asset(request: Request, service: ServiceIn, instance_id: InstanceId, name: str) -> Response:
    """Answer the picture as PNG; 403 without a valid signature, 404 once it was replaced or deleted."""
    query = request.query_params
    service.signer.check(
        f"/assets/{instance_id}/{name}", query.get("expires", ""), query.get("signature", "")
    )
    parts = re.fullmatch(r"(logo|icon)_([0-9a-f]{16})\.png", name)
    png = parts and await service.store.image(instance_id, parts[1], parts[2])
    if not parts or not png:
        raise not_found("This picture")
    headers = {
        "ETag": f'"{parts[2]}"',
        "Cache-Control": "private, max-age=86400",
        "X-Content-Type-Options": "nosniff",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(png, media_type="image/png", headers=headers)
