"""What a guest's browser makes of a portal: pages with their forms and links, read without knowing the portal.

`Browser` follows redirects in every form a captive portal uses (status 3xx, a page that refreshes, a script that
sets the location or submits a form of hidden fields) and keeps cookies. It runs no script.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

import httpx2
from lxml import etree, html

from contract_tests.laboratory import Visit

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_STEPS: Final = 20
_LONGEST_WAIT: Final = 5.0  # seconds for which a page that refreshes is shown
_LONGEST_REFRESH: Final = 30.0  # seconds; a page that refreshes later is meant to be read
_TYPED: Final = frozenset({"text", "search", "tel", "password", "number", "email", "url"})
_REFRESH: Final = re.compile(
    r"\s*(?P<after>[0-9]+(?:[.][0-9]*)?)?\s*[;,]?\s*url\s*=\s*(?P<url>.+)", re.IGNORECASE
)
_LOCATION: Final = re.compile(
    r"""\blocation(?:\.href)?\s*=\s*(?P<q>["'])(?P<set>[^"']+)(?P=q)"""
    r"""|\blocation\.(?:replace|assign)\(\s*(?P<r>["'])(?P<called>[^"']+)(?P=r)\s*\)"""
)
_SUBMITS: Final = re.compile(r"\.submit\(\s*\)")

Send = Callable[[str, str, Mapping[str, str], str], Visit]
"""Asks for a URL: (method, url, headers, body)."""


@dataclass(frozen=True, slots=True)
class Field:
    """One control of a form. `words` is all the page says about it, in lower case; `kind` as HTML names it."""

    name: str
    kind: str
    value: str
    required: bool
    checked: bool
    words: str
    longest: int | None = None

    @property
    def typed(self) -> bool:
        """Does a person type into it?"""
        return self.kind in _TYPED or self.kind == "textarea"


@dataclass(frozen=True, slots=True)
class Button:
    """What submits a form; its name and value go with it, and it may lead elsewhere than the form."""

    name: str
    value: str
    words: str
    action: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page: where it goes, and its controls in order."""

    action: str
    method: str
    fields: tuple[Field, ...]
    buttons: tuple[Button, ...]
    words: str

    @property
    def typed(self) -> tuple[Field, ...]:
        return tuple(each for each in self.fields if each.typed)

    @property
    def silent(self) -> bool:
        """Only hidden fields: nothing for a person to do but send it."""
        return bool(self.fields) and all(each.kind == "hidden" for each in self.fields)

    def filled(self, values: Mapping[str, str], button: Button | None = None) -> list[tuple[str, str]]:
        """What a browser sends: `values` over what the page gives; what has to be ticked is ticked."""
        sent: list[tuple[str, str]] = []
        chosen: set[str] = set()
        radios = {each.name for each in self.fields if each.kind == "radio" and each.checked}
        for each in self.fields:
            if not each.name:
                continue
            if each.name in values:
                if each.name not in chosen:
                    sent.append((each.name, values[each.name]))
                chosen.add(each.name)
            elif each.kind == "checkbox":
                if each.checked or each.required:
                    sent.append((each.name, each.value))
            elif each.kind == "radio":
                if each.checked or (each.required and each.name not in radios | chosen):
                    sent.append((each.name, each.value))
                    chosen.add(each.name)
            else:
                sent.append((each.name, each.value))
        if button is not None and button.name:
            sent.append((button.name, button.value))
        return sent


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    words: str


@dataclass(frozen=True)
class Page:
    """What the browser ended at. `status` is None where nobody answered; then there is no text."""

    url: str
    status: int | None
    text: str
    visit: Visit = field(repr=False)

    @cached_property
    def _root(self) -> html.HtmlElement | None:
        try:
            return html.document_fromstring(self.text.encode(), parser=html.HTMLParser(encoding="utf-8"))
        except (etree.ParserError, ValueError):
            return None  # nothing in it

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        return (
            () if self._root is None else tuple(_form(each, self._base) for each in self._root.iter("form"))
        )

    @cached_property
    def links(self) -> tuple[Link, ...]:
        if self._root is None:
            return ()
        found = (
            (urljoin(self._base, each.get("href", "").strip()), _words(each))
            for each in self._root.iter("a")
            if each.get("href")
        )
        return tuple(Link(url, words) for url, words in found if url.startswith(("http://", "https://")))

    @cached_property
    def words(self) -> str:
        """The text a person sees, runs of white space made one."""
        if self._root is None:
            return ""
        seen = self._root.xpath(
            "//body//text()[not(ancestor::script or ancestor::style or ancestor::template)]"
        )
        return " ".join(" ".join(map(str, seen)).split())

    @property
    def pause(self) -> float:
        """Seconds after which a page that refreshes leads on; 0 for all else."""
        return next((after for after, _ in self._refreshes()), 0.0)

    def _refreshes(self) -> Iterator[tuple[float, str]]:
        """(seconds, URL) of each refresh of the page by itself."""
        for each in () if self._root is None else self._root.iter("meta"):
            if each.get("http-equiv", "").lower() == "refresh":
                match = _REFRESH.fullmatch(each.get("content", "").strip())
                if match and float(match["after"] or 0) <= _LONGEST_REFRESH:
                    yield (
                        float(match["after"] or 0),
                        str(urljoin(self._base, match["url"].strip().strip("'\""))),
                    )

    @property
    def onward(self) -> str | Form | None:
        """Where the page leads by itself: a URL, a form that its script submits, or nowhere."""
        if self._root is None:
            return None
        refresh = next(self._refreshes(), None)
        if refresh is not None:
            return refresh[1]
        scripts = "\n".join(each.text or "" for each in self._root.iter("script"))
        handlers = "\n".join(value for each in self._root.iter("body") for value in each.values())
        silent = [form for form in self.forms if form.silent]
        if silent and _SUBMITS.search(scripts + handlers):
            return silent[0]
        if not any(form.typed for form in self.forms):
            match = _LOCATION.search(scripts)
            if match:
                return str(urljoin(self._base, (match["set"] or match["called"]).replace("\\/", "/")))
        return None

    @property
    def _base(self) -> str:
        found = None if self._root is None else next(iter(self._root.iter("base")), None)
        return self.url if found is None else urljoin(self.url, found.get("href", ""))


def _form(element: html.HtmlElement, base: str) -> Form:
    fields: list[Field] = []
    buttons: list[Button] = []
    for each in _controls(element):
        kind = _kind(each)
        if each.get("disabled") is not None or kind in ("reset", "button"):
            continue
        name, words = each.get("name", ""), _said_of(each)
        if kind in ("submit", "image"):
            action = each.get("formaction")
            buttons.append(
                Button(
                    name,
                    each.get("value", ""),
                    words,
                    None if action is None else urljoin(base, action),
                    each.get("formmethod"),
                )
            )
            continue
        longest = each.get("maxlength", "")
        fields.append(
            Field(
                name,
                kind,
                _value(each, kind),
                each.get("required") is not None,
                each.get("checked") is not None,
                words,
                int(longest) if longest.isascii() and longest.isdigit() else None,
            )
        )
    return Form(
        urljoin(base, element.get("action", "").strip()) if element.get("action") else base,
        element.get("method", "get").strip().upper(),
        tuple(fields),
        tuple(buttons),
        _words(element),
    )


def _controls(form: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """The controls inside a form, and those elsewhere that name it."""
    names = ("input", "button", "select", "textarea")
    yield from (each for each in form.iter(*names) if each.get("form") is None)
    identifier = form.get("id")
    if identifier:
        for each in form.getroottree().getroot().iter(*names):
            if each.get("form") == identifier:
                yield each


def _kind(element: html.HtmlElement) -> str:
    if element.tag == "input":
        return str(element.get("type", "text")).strip().lower() or "text"
    if element.tag == "button":
        return str(element.get("type", "submit")).strip().lower()
    return str(element.tag)


def _value(element: html.HtmlElement, kind: str) -> str:
    if kind in ("checkbox", "radio"):
        return str(element.get("value", "on"))
    if kind == "textarea":
        return element.text or ""
    if kind == "select":
        options = [each for each in element.iter("option") if each.get("disabled") is None]
        picked = [each for each in options if each.get("selected") is not None]
        # The first option often asks to choose; one that has a value is a choice.
        picked = picked or [each for each in options if each.get("value") != ""]
        return "" if not picked else str(picked[0].get("value", (picked[0].text or "").strip()))
    return str(element.get("value", ""))


def _words(element: html.HtmlElement) -> str:
    pictures = [each.get("alt", "") for each in element.iter("img")]
    told = [element.text_content(), element.get("title", ""), element.get("aria-label", ""), *pictures]
    return " ".join(" ".join(told).split()).lower()


def _said_of(element: html.HtmlElement) -> str:
    """All that names a control: its attributes, its content and its labels."""
    named = ("name", "id", "placeholder", "aria-label", "title", "autocomplete", "class")
    told = [element.get(each, "") for each in named]
    if element.tag in ("button", "input") and _kind(element) in ("submit", "image"):
        told += [element.get("value", ""), element.text_content()]
    label = next((each for each in element.iterancestors("label")), None)
    if label is not None:
        told.append(label.text_content())
    identifier = element.get("id")
    if identifier:
        root = element.getroottree().getroot()
        told += [each.text_content() for each in root.iter("label") if each.get("for") == identifier]
    return " ".join(" ".join(told).split()).lower()


class Browser:
    """A browser over `send`; it keeps cookies, and tells in `path` which URLs it came through."""

    def __init__(self, send: Send, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._send = send
        self._sleep = sleep
        self._cookies = httpx2.Cookies()
        self.path: list[str] = []

    def open(self, url: str, *, follow: bool = True) -> Page:
        """The page at a URL, or the one it leads to."""
        self.path = []
        return self._go("GET", url, "", follow)

    def submit(
        self, form: Form, values: Mapping[str, str] | None = None, button: Button | None = None
    ) -> Page:
        """Send a form with what the page gives, `values` over it; gives the page it leads to."""
        self.path = []
        return self._submit(form, values or {}, button, _MOST_STEPS)

    def _submit(self, form: Form, values: Mapping[str, str], button: Button | None, steps: int) -> Page:
        pressed = button if button is not None else next(iter(form.buttons), None)
        action, method = form.action, form.method
        if pressed is not None:
            action, method = pressed.action or action, (pressed.method or method).upper()
        encoded = urlencode(form.filled(values, pressed))
        if method == "POST":
            return self._go("POST", action, encoded, True, steps)
        bare = action.partition("#")[0].partition("?")[0]
        return self._go("GET", f"{bare}?{encoded}" if encoded else bare, "", True, steps)

    def _go(self, method: str, url: str, body: str, follow: bool, steps: int = _MOST_STEPS) -> Page:
        for left in range(steps, 0, -1):
            visit = self._ask(method, url, body)
            page = Page(url, visit.status, visit.page, visit)
            location = visit.header("location")
            if not follow:
                return page
            if visit.status in _REDIRECTS and location:
                if visit.status not in (307, 308):
                    method, body = "GET", ""
                url = urljoin(url, location)
                continue
            onward = page.onward if visit.reached else None
            if onward is None or onward == url:
                return page
            # What the wait is for may matter, such as a router that is told of the guest meanwhile.
            self._sleep(min(page.pause, _LONGEST_WAIT))
            if isinstance(onward, Form):
                return self._submit(onward, {}, None, left - 1)
            method, url, body = "GET", onward, ""
        return page

    def _ask(self, method: str, url: str, body: str) -> Visit:
        url = url.partition("#")[0]
        self.path.append(url)
        asked = httpx2.Request(method, url)
        self._cookies.set_cookie_header(asked)
        headers = {"accept": "text/html,*/*;q=0.8", "user-agent": "Mozilla/5.0 (portal-contract guest)"}
        if asked.headers.get("cookie"):
            headers["cookie"] = asked.headers["cookie"]
        if method == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded"
            parts = urlsplit(self.path[-2] if len(self.path) > 1 else url)
            headers["origin"] = f"{parts.scheme}://{parts.netloc}"
        visit = self._send(method, url, headers, body)
        if visit.reached:
            told = httpx2.Response(
                200, headers=[("set-cookie", each) for each in visit.cookies()], request=asked
            )
            self._cookies.extract_cookies(told)
        return visit
