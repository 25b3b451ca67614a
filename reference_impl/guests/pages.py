"""The pages: templates filled in with a theme and texts, and the headers they need."""

import base64
import hashlib
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from reference_impl.errors import ApiError
from reference_impl.guests.arrival import host_of
from reference_impl.guests.colours import palette
from reference_impl.guests.texts import DEFAULT, LANGUAGES, Texts, texts_of
from reference_impl.providers import Provider
from reference_impl.records import InstanceRecord
from reference_impl.schemas import Theme

_PAGES = Environment(
    loader=PackageLoader("reference_impl"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)

_PLAIN: Mapping[str, str] = Theme().model_dump()
_PLAIN_TITLE = "Guest network"

# What a guest can run into: the status of the answer, and the field of the form it belongs to.
_TROUBLES: Mapping[str, tuple[int, str | None]] = {
    "code_missing": (400, "code"),
    "code_unknown": (400, "code"),
    "code_expired": (400, "code"),
    "code_redeemed": (400, "code"),
    "too_many": (429, "code"),
    "terms_missing": (400, "terms"),
    "not_here": (400, None),
    "unreachable": (503, None),
    "declined": (400, None),
    "stale": (400, None),
    "provider_refused": (502, None),
    "provider_silent": (504, None),
    "unavailable": (503, None),
}


class Trouble(Exception):
    """Why a guest cannot go on: the name of a text, and the values of its places."""

    def __init__(self, name: str, **values: object) -> None:
        super().__init__(name)
        self.name = name
        self.values = values
        self.status, self.field = _TROUBLES[name]

    def text(self, say: Texts) -> str:
        """Return what the guest is told."""
        return say(self.name, **self.values)


def portal_page(
    instance: InstanceRecord,
    pictures: Mapping[str, str],
    *,
    provider: Provider | None = None,
    query: str = "",
    preview: bool = False,
    trouble: Trouble | None = None,
    status: int | None = None,
    code: str = "",
    accepted: bool = False,
) -> Response:
    """Return the page on which guests log in, again with what they entered after a trouble.

    Without a trouble or with one of a field there is a form, since there it can be mended.
    """
    response = _page(
        "portal.html",
        (status or trouble.status) if trouble else 200,
        instance,
        pictures,
        trouble=trouble,
        form_targets=_targets(provider),
        open=trouble is None or trouble.field is not None or trouble.name == "unreachable",
        provider=provider.label if provider else "",
        query=query,
        preview=preview,
        code=code,
        accepted=accepted,
    )
    if trouble and "seconds" in trouble.values:
        response.headers["Retry-After"] = str(trouble.values["seconds"])
    return response


def connected_page(
    instance: InstanceRecord, pictures: Mapping[str, str], destination: str | None
) -> Response:
    """Return the page after a login."""
    host = host_of(destination) if destination else ""
    return _page("connected.html", 200, instance, pictures, destination=destination, host=host)


def trouble_page(
    trouble: Trouble,
    instance: InstanceRecord | None = None,
    pictures: Mapping[str, str] | None = None,
    back: str | None = None,
) -> Response:
    """Return a page that says what went wrong, and leads back to the portal."""
    say = _say(instance)
    return _page(
        "message.html",
        trouble.status,
        instance,
        pictures or {},
        trouble=trouble,
        heading=say("failed"),
        message=trouble.text(say),
        back=back,
    )


def message_page(heading: str, message: str, *, status: int = 200) -> Response:
    """Return a page in English for whoever runs the network; from status 400 on it tells of a failure."""
    return _page("message.html", status, None, {}, trouble=status >= 400, heading=heading, message=message)


class PageRoute(APIRoute):
    """A route for browsers: its refusals are pages for whoever takes HTML, ErrorResponses for all others."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await answer(request)
            except ApiError as error:
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                heading = LANGUAGES[DEFAULT]("failed")
                return message_page(heading, error.message, status=error.status)

        return handler


def _page(
    template: str,
    status: int,
    instance: InstanceRecord | None,
    pictures: Mapping[str, str],
    *,
    trouble: Trouble | bool | None = None,
    form_targets: Iterable[str] = (),
    **values: object,
) -> Response:
    theme = {**_PLAIN, **(instance.theme if instance else {})}
    css = _PAGES.get_template("page.css").render(palette=palette(theme))
    html = _PAGES.get_template(template).render(
        instance=instance,
        title=instance.name if instance else _PLAIN_TITLE,
        logo=pictures.get("logo"),
        icon=pictures.get("icon"),
        say=_say(instance),
        # The template has put every value through the palette, which yields nothing but #RRGGBB.
        css=Markup(css),  # noqa: S704
        trouble=trouble,
        **values,
    )
    return Response(html, status, _headers(css, form_targets), "text/html")


def _say(instance: InstanceRecord | None) -> Texts:
    return texts_of(instance.locale if instance else DEFAULT)


def _headers(css: str, form_targets: Iterable[str]) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = {
        "default-src": "'none'",
        "img-src": "'self'",
        "style-src": f"'sha256-{digest}'",
        "form-action": " ".join(("'self'", *form_targets)),
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _targets(provider: Provider | None) -> tuple[str, ...]:
    """Return where a form may lead: browsers hold the redirects that follow it to the policy too."""
    if provider is None:
        return ()
    parts = urlsplit(provider.authorize_url)
    return (f"{parts.scheme}://{parts.netloc}", *provider.hosts)
