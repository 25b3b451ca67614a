"""What guests do at a portal nobody has seen before: arrive, hand in a coupon, sign in at an identity provider.

A page that cannot be understood raises `CannotTell`: it may be good for people all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from contract_tests.browsing import Browser, Button, Field, Form, Link, Page
from contract_tests.laboratory import Guest, Visit
from contract_tests.verifier import CannotTell

# Addresses for documentation (RFC 5737): no garden of a test opens them, and nobody is there.
SITE: Final = "http://198.51.100.10/"
_SITE_ADDRESS: Final = "198.51.100.10"

_CODE: Final = ("coupon", "voucher", "code", "token", "pin", "ticket", "pass")
_AGREE: Final = ("accept", "agree", "terms", "consent")
_SIGN_IN: Final = ("sign in", "signin", "log in", "login", "continue", "connect", "oauth", "start")
_REFUSE: Final = ("cancel", "deny", "decline", "reject", "back", "logout", "log out", "sign out")
_NAMES: Final = {"google": ("google",), "azure": ("microsoft", "azure", "entra"), "github": ("github",)}
_MOST_PAGES: Final = 6  # pages of a provider (name, password, consent) before a sign-in is given up


@dataclass(slots=True)
class Visitor:
    """A guest with a browser."""

    guest: Guest
    browser: Browser

    @property
    def online(self) -> bool:
        """Does the router let the guest's own traffic through, to an address that no garden names?"""
        return self.guest.reaches(_SITE_ADDRESS, 443)


def visitor(guest: Guest) -> Visitor:
    """The guest with a new browser, one without cookies."""

    def send(method: str, url: str, headers: Mapping[str, str], body: str) -> Visit:
        return guest.request(url, method=method, headers=headers, body=body)

    return Visitor(guest, Browser(send))


def arrive(visitor: Visitor, url: str = SITE) -> Page:
    """Open a site and follow where the router and the portal lead."""
    return visitor.browser.open(url)


def is_portal(page: Page) -> bool:
    """Is this a page of somebody who is not the router, and not the site the guest asked for?"""
    return (
        page.status is not None and page.status < 400 and not page.visit.local and page.host != _SITE_ADDRESS
    )


def shows(visitor: Visitor, page: Page, text: str) -> bool:
    """Does the page, or one that it calls its terms, show a text to people?"""
    if text in page.words:
        return True
    links = [link.url for link in page.links if _says(f"{link.words} {urlsplit(link.url).path}", _AGREE)]
    return any(text in visitor.browser.open(url).words for url in links[:2])


# -- coupons -------------------------------------------------------------------------------------------


def redeem(visitor: Visitor, page: Page, code: str) -> Page:
    """Hand in a coupon at a page of the portal; gives the page that answers, whatever it says."""
    form, fields = _coupon_form(visitor, page, code)
    parts = [code] if len(fields) == 1 else list(code)
    values = {field.name: part for field, part in zip(fields, parts, strict=True)}
    return visitor.browser.submit(form, values | _ticks(form), _button(form, _CODE + _SIGN_IN))


def _coupon_form(visitor: Visitor, page: Page, code: str) -> tuple[Form, Sequence[Field]]:
    found = _coupon_fields(page, code)
    if found is None:
        # The form may be a step away: a tab, a choice between ways to log in.
        for link in page.links:
            if _says(link.words + " " + link.url.lower(), _CODE):
                found = _coupon_fields(visitor.browser.open(link.url), code)
                break
    if found is None:
        raise CannotTell(f"no form for a coupon was recognised at {page.url}")
    return found


def _coupon_fields(page: Page, code: str) -> tuple[Form, Sequence[Field]] | None:
    """The form and the field (or one field for each character) that a code goes into."""
    single: list[tuple[Form, Sequence[Field]]] = []
    for form in page.forms:
        typed = [field for field in form.typed if field.name]
        hinted = [field for field in typed if _says(field.words, _CODE)]
        if len(typed) == len(code) > 1 and all(field.longest == 1 for field in typed):
            return form, typed
        if len(hinted) == 1:
            return form, hinted
        if len(typed) == 1:
            single.append((form, typed))
    return single[0] if len(single) == 1 else None


def _ticks(form: Form) -> dict[str, str]:
    """Whatever asks for agreement is agreed to, marked as required or not."""
    return {
        field.name: field.value
        for field in form.fields
        if field.kind == "checkbox" and field.name and _says(field.words, _AGREE)
    }


def _button(form: Form, hints: Collection[str]) -> Button | None:
    """The button that goes on: one that says so, else the first that does not say the contrary."""
    going_on = [each for each in form.buttons if not _says(each.words, _REFUSE)]
    return next((each for each in going_on if _says(each.words, hints)), next(iter(going_on), None))


def _says(words: str, hints: Collection[str]) -> bool:
    return any(hint in words for hint in hints)


# -- identity providers --------------------------------------------------------------------------------


def to_provider(visitor: Visitor, page: Page, kind: str, hosts: Collection[str]) -> Page:
    """From a page of the portal to the sign-in page of the provider; `hosts` are where it may be.

    What the provider's page is comes back even where the guest could not get there: its `visit` tells.
    """
    tried: list[str] = []
    if page.host in hosts:
        return page
    for way in _ways(page, kind):
        there = (
            visitor.browser.open(way.url)
            if isinstance(way, Link)
            else visitor.browser.submit(way, _ticks(way), _button(way, (*_NAMES.get(kind, ()), *_SIGN_IN)))
        )
        if there.host in hosts:
            return there
        asked = next((url for url in visitor.browser.path if urlsplit(url).hostname in hosts), None)
        if asked is not None:
            # The router may have sent the guest back to the portal: it did not reach the provider.
            return Page(asked, None, "", there.visit)
        tried.append(way.words or "a link")
    raise CannotTell(
        f"nothing that leads to the identity provider was recognised at {page.url}"
        + (f" (tried: {', '.join(tried)})" if tried else "")
    )


def _ways(page: Page, kind: str) -> list[Link | Form]:
    """What may lead to a provider, the likeliest first."""
    names = _NAMES.get(kind, (kind,))

    def rank(way: Link | Form) -> int:
        where = way.url if isinstance(way, Link) else way.action
        words = f"{way.words} {urlsplit(where).path} {urlsplit(where).query}".lower()
        return 0 if _says(words, names) else 1 if _says(words, _SIGN_IN) else 2

    ways: list[Link | Form] = [form for form in page.forms if not form.typed]
    # A link without a hint leads anywhere: to the terms, to the operator's own pages.
    ways += [link for link in page.links if rank(link) < 2 and not _says(link.words, _REFUSE)]
    return sorted(ways, key=rank)[:4]


def come_back(visitor: Visitor, page: Page, answer: Mapping[str, str]) -> Page | None:
    """Return from the sign-in page of the provider with an answer that is made up.

    The way back is in the authorization request (RFC 6749, 4.1.1); None where that does not tell it.
    """
    for url in (*visitor.browser.path, page.url):
        asked = parse_qs(urlsplit(url).query)
        if "redirect_uri" in asked:
            back = asked["redirect_uri"][0]
            told = urlencode({**answer, **{name: asked[name][0] for name in ("state",) if name in asked}})
            return visitor.browser.open(f"{back}{'&' if '?' in back else '?'}{told}")
    return None


def sign_in(visitor: Visitor, page: Page, username: str, hosts: Collection[str]) -> Page:
    """Sign in at the provider and come back; gives the page of the portal that the guest ends at."""
    for _ in range(_MOST_PAGES):
        if page.host not in hosts:
            return page
        form = next((each for each in page.forms if each.typed), None) or next(iter(page.forms), None)
        if form is None:
            raise CannotTell(f"no form of the identity provider was recognised at {page.url}")
        typed = [field for field in form.typed if field.name]
        values = {field.name: username for field in typed if not field.value}
        page = visitor.browser.submit(form, values | _ticks(form), _button(form, _SIGN_IN + _AGREE))
    raise CannotTell("the identity provider does not let the guest's browser go")
