"""The pages guests see, in the theme of their instance."""

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, PackageLoader, select_autoescape

from reference_impl.errors import not_found
from reference_impl.records import InstanceRecord
from reference_impl.service import InstanceId, Service, ServiceIn

router = APIRouter(redirect_slashes=False)
_pages = Environment(loader=PackageLoader("reference_impl"), autoescape=select_autoescape(), trim_blocks=True)

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/preauth")
async def preview(request: Request, service: ServiceIn) -> Response:
    """Show the portal to the holder of a preview link."""
    instance_id = service.signer.previewed(request.query_params.get("token", ""))
    return _page(service, await service.store.instance(instance_id), preview=True)


@router.get("/portal/{instance_id}")
async def portal(service: ServiceIn, instance_id: InstanceId) -> Response:
    """Show the portal to a guest whom a router sent here."""
    return _page(service, await service.store.instance(instance_id), preview=False)


def _page(service: Service, record: InstanceRecord | None, *, preview: bool) -> Response:
    if record is None:
        raise not_found("This portal")
    links = service.image_links(record)
    html = _pages.get_template("portal.html").render(
        instance=record, theme=record.theme, logo=links.get("logo"), icon=links.get("icon"), preview=preview
    )
    return Response(html, media_type="text/html", headers=_HEADERS)
