"""The pages a router itself shows guests, one per file of the html-directory of a server.

Text in `$(...)` is filled in by the router. Nothing that a guest or a link could have put there is shown, since
a router escapes for URLs and not for HTML.
"""

from collections.abc import Mapping
from html import escape

LOGIN = "login.html"
"""The one page that differs between instances and sites."""


def login_page(instance_id: str, site_id: str, base: str) -> str:
    """Return the page the router answers to a captive guest: it leads to the portal of the instance.

    `base` is the URL that `/portal/<instance id>` follows. Variables that end in `-esc` are escaped for a URL.
    """
    url = (
        f"{base}/portal/{instance_id}?site={site_id}&server=$(server-name)&mac=$(mac-esc)&ip=$(ip)"
        "&link-login-only=$(link-login-only-esc)&link-orig=$(link-orig-esc)"
    )
    link = escape(url)
    return _page(
        "Sign in",
        f'<p><a href="{link}">Sign in to use this network</a></p>',
        f'<meta http-equiv="refresh" content="0; url={link}">',
    )


def _page(title: str, body: str, head: str = "") -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head>\n'
        f"<body><h1>{title}</h1>\n{body}</body></html>\n"
    )


def _redirect(title: str, text: str, link: str = "$(link-status)") -> str:
    """Return a page whose first two lines become the status and the Location of the answer."""
    return (
        f"$(if http-status == 302){title}$(endif)\n"
        '$(if http-header == "Location")$(link-redirect)$(endif)\n'
        + _page(title, f'<p><a href="{link}">{text}</a></p>')
    )


PAGES: Mapping[str, str] = {
    # In place of any other site. A router has nothing to fall back on in a directory that is not the stock one.
    "rlogin.html": _redirect("Sign in first", "Sign in to use this network", "$(link-login-only)"),
    # In place of every page that only sends a guest on, such as the status of a guest without a session.
    "redirect.html": _redirect("One moment", "Go on"),
    "alogin.html": _redirect("Signed in", "You can use this network now"),
    "status.html": _page(
        "Signed in",
        "<p>You can use this network$(if session-time-left) for $(session-time-left)$(endif).</p>\n"
        '<p><a href="$(link-logout)">Sign out</a></p>',
    ),
    "logout.html": _page("Signed out", '<p><a href="$(link-login-only)">Sign in again</a></p>'),
    "error.html": _page(
        "Something went wrong", '<p>Please try again later. <a href="$(link-login-only)">Sign in</a></p>'
    ),
}
"""The pages that are the same everywhere, by name."""
