"""The router's web server for guests: a request in, an answer out.

Which page answers what follows RouterOS' manual, hotspot customisation; the pages are files of the router.
Assumed: the headers besides those a page sets, the cookie's name, that a profile whose html-directory-override
holds no file falls back to html-directory as a whole, that of a password that might answer the challenge the
plain reading is tried second, and that a page set (`target`) is a directory of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import unquote

from router_sim.durations import SECOND, parse_duration
from router_sim.guests.messages import HttpRequest, HttpResponse
from router_sim.guests.page_variables import Context
from router_sim.guests.template import render
from router_sim.hotspot_service import GuestStatus, Login, LoginRefused

COOKIE: Final = "session"

_EXPANDED: Final = ("html", "htm", "txt", "json", "xml")
_TYPES: Final[Mapping[str, str]] = {
    "css": "text/css",
    "gif": "image/gif",
    "htm": "text/html",
    "html": "text/html",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "application/javascript",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "woff2": "font/woff2",
    "xml": "text/xml",
    "xsd": "text/xml",
}
_FATAL: Final = frozenset({"internal-error", "config-error", "shutting-down"})
_ANSWER: Final = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)
_TRIAL: Final = re.compile(r"T-([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", re.ASCII)


class Desk(Protocol):
    """What the servlet needs of its router, for the one guest it talks to."""

    def status(self) -> GuestStatus | None:
        """What there is to tell the guest; None for one the router does not know."""
        ...

    def identity(self) -> str:
        """The router's name."""
        ...

    def file(self, name: str) -> bytes | None:
        """The contents of a file; None when there is none of that name."""
        ...

    def holds(self, directory: str) -> bool:
        """Is there any file in the directory?"""
        ...

    def login(
        self, *, method: str, user: str, password: str, chap: str | None, domain: str, cookie: str
    ) -> Login:
        """Log the guest in. Raises LoginRefused."""
        ...

    def logout(self, *, erase_cookie: bool) -> None:
        """Log the guest out."""
        ...


class Servlet:
    """Answers one guest's requests."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pages: Mapping[str, Callable[[Context], HttpResponse]] = {
            "": self._root,
            "login": self._login,
            "status": self._status,
            "logout": self._logout,
        }

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The answer to a request for the router itself."""
        segments = [part for part in unquote(request.path).split("/") if part]
        context = self._context(request)
        if context is None:
            return _plain(503, "Service Unavailable", "the hotspot does not know this device")
        page = segments[-1] if segments else ""
        if page in self._pages:
            wanted = context.fields.get("target", "/".join(segments[:-1])).strip("/")
            context.target = wanted if self._is_page_set(context, wanted) else ""
            return self._finish(request, self._pages[page](context))
        if not all(map(_is_harmless, segments)):
            return self._finish(request, _missing())
        return self._finish(request, self._file(context, "/".join(segments)) or _missing())

    def captive(self, request: HttpRequest) -> HttpResponse:
        """The answer to a request for somewhere else that needs a login first."""
        context = self._context(request)
        if context is None:
            return _plain(503, "Service Unavailable", "the hotspot does not know this device")
        context.original = request.url
        return self._finish(request, self._ask_to_log_in(context))

    # -- pages ---------------------------------------------------------------------------------------

    def _root(self, context: Context) -> HttpResponse:
        self._try_cookie(context)
        if context.logged_in:
            context.destination = context.link("status")
            return self._show(context, "rstatus.html", "redirect.html")
        return self._ask_to_log_in(context)

    def _ask_to_log_in(self, context: Context) -> HttpResponse:
        context.destination = context.link_login
        return self._show(context, "rlogin.html", "redirect.html")

    def _login(self, context: Context) -> HttpResponse:
        context.original = context.fields.get("dst", "")
        if not context.logged_in and context.fields.get("username"):
            try:
                self._log_in(context)
            except LoginRefused as refusal:
                return self._refused(context, refusal)
        self._try_cookie(context)
        if not context.logged_in:
            return self._show(context, "login.html")
        context.destination = context.original or context.link("status")
        return self._show(context, "alogin.html", "redirect.html")

    def _status(self, context: Context) -> HttpResponse:
        if context.logged_in:
            return self._show(context, "status.html")
        context.destination = context.link("login")
        self._explain(context, "not-logged-in", f"you are not logged in (ip {context.value('ip')})")
        return self._show(context, "fstatus.html", "redirect.html")

    def _logout(self, context: Context) -> HttpResponse:
        if not context.logged_in:
            context.destination = context.link("login")
            self._explain(context, "not-logged-in", f"you are not logged in (ip {context.value('ip')})")
            return self._show(context, "flogout.html", "redirect.html")
        erase = context.fields.get("erase-cookie") in ("on", "true")
        self._desk.logout(erase_cookie=erase)
        context.logged_in = False
        if erase:
            context.cookies.append(f"{COOKIE}=; Path=/; Max-Age=0")
        return self._show(context, "logout.html")

    def _refused(self, context: Context, refusal: LoginRefused) -> HttpResponse:
        self._explain(context, refusal.key, refusal.text)
        if refusal.key in _FATAL:
            return self._show(context, "error.html")
        return self._show(context, "flogin.html", "login.html")

    # -- logging in ----------------------------------------------------------------------------------

    def _log_in(self, context: Context) -> None:
        """Try the ways the fields allow. Raises LoginRefused for the first of them."""
        user, password = context.fields["username"], context.fields.get("password", "")
        offered = context.status.login_by
        ways: list[tuple[str, str, str | None]] = []
        if _TRIAL.fullmatch(user) and "trial" in offered:
            ways.append(("trial", "", None))
        elif context.request.secure and "https" in offered:
            ways.append(("https", password, None))
        else:
            if "http-chap" in offered and _ANSWER.fullmatch(password):
                ways.append(("http-chap", "", password))
            if "http-pap" in offered or not ways:
                ways.append(("http-pap", password, None))
        first: LoginRefused | None = None
        for method, plain, answer in ways:
            try:
                return self._admit(context, method, user, plain, answer)
            except LoginRefused as refusal:
                first = first or refusal
                if refusal.key != "invalid-username":
                    break
        assert first is not None
        raise first

    def _try_cookie(self, context: Context) -> None:
        cookie = _cookie(context.request)
        if context.logged_in or not cookie or "cookie" not in context.status.login_by:
            return
        try:
            self._admit(context, "cookie", "", "", None, cookie)
        except LoginRefused:
            return

    def _admit(
        self, context: Context, method: str, user: str, password: str, answer: str | None, cookie: str = ""
    ) -> None:
        login = self._desk.login(
            method=method,
            user=user,
            password=password,
            chap=answer,
            domain=context.fields.get("domain", ""),
            cookie=cookie,
        )
        context.status = self._desk.status() or context.status
        context.logged_in = context.status.logged_in
        if login.cookie:
            life = parse_duration(context.status.profile.get("http-cookie-lifetime", "3d")) // SECOND
            context.cookies.append(f"{COOKIE}={login.cookie}; Path=/; Max-Age={life}")

    # -- answers -------------------------------------------------------------------------------------

    def _context(self, request: HttpRequest) -> Context | None:
        status = self._desk.status()
        if status is None:
            return None
        override = status.html_directory_override.strip("/")
        directory = override if override and self._desk.holds(override) else status.html_directory.strip("/")
        context = Context(request, request.fields(), status, self._desk.identity(), directory)
        context.logged_in = status.logged_in
        return context

    def _is_page_set(self, context: Context, name: str) -> bool:
        parts = name.split("/")
        return (
            bool(name) and all(map(_is_harmless, parts)) and self._desk.holds(f"{context.directory}/{name}")
        )

    def _show(self, context: Context, *names: str) -> HttpResponse:
        """The first of these pages that there is."""
        for name in names:
            shown = self._file(context, name)
            if shown is not None:
                return shown
        return _missing()

    def _file(self, context: Context, name: str) -> HttpResponse | None:
        found = self._read(context, name)
        if found is None:
            return None
        extension = name.rpartition(".")[2].lower() if "." in name else ""
        kind = _TYPES.get(extension, "application/octet-stream")
        if name == "api.json":
            kind = "application/captive+json"  # RFC 8908
        headers = {"Cache-Control": "no-cache", "Content-Type": kind, "Expires": "0"}
        status, reason = 200, "OK"
        if extension in _EXPANDED:
            page = render(found.decode("utf-8", "surrogateescape"), context.value)
            found = page.text.encode("utf-8", "surrogateescape")
            if page.status is not None:
                status, reason = page.status, page.reason
            for header, value in page.headers.items():
                known = next((each for each in headers if each.lower() == header.lower()), header)
                headers[known] = value
        cookies = [("Set-Cookie", each) for each in context.cookies]
        return HttpResponse(status, reason, (*headers.items(), *cookies), found)

    def _read(self, context: Context, name: str) -> bytes | None:
        if context.target:
            found = self._desk.file(f"{context.directory}/{context.target}/{name}")
            if found is not None:
                return found
        return self._desk.file(f"{context.directory}/{name}")

    def _explain(self, context: Context, key: str, text: str) -> None:
        """Put an error into the words of the page set's errors.txt."""
        context.error_key, context.error_original = key, text
        lines = (self._read(context, "errors.txt") or b"").decode("utf-8", "surrogateescape").splitlines()
        for line in lines:
            name, equals, words = line.partition("=")
            if equals and name.strip() == key and not name.lstrip().startswith("#"):
                context.error = render(words.strip(), context.value).text
                return
        context.error = text

    def _finish(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        frame = (("Connection", "close"), ("Content-Length", str(len(response.body))))
        own = tuple(
            pair for pair in response.headers if pair[0].lower() not in ("connection", "content-length")
        )
        body = b"" if request.method == "HEAD" else response.body
        return HttpResponse(response.status, response.reason, (*own, *frame), body)


def _is_harmless(part: str) -> bool:
    """Does the part of a path stay within its directory?"""
    return part not in (".", "..") and not any(mark in part for mark in "\0\\/")


def _cookie(request: HttpRequest) -> str:
    for part in request.headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _missing() -> HttpResponse:
    return _plain(404, "Not Found", "Error 404: Not Found")


def _plain(status: int, reason: str, text: str) -> HttpResponse:
    body = f"<html><head><title>{reason}</title></head><body><h1>{text}</h1></body></html>\n".encode()
    return HttpResponse(
        status,
        reason,
        (("Content-Type", "text/html"), ("Connection", "close"), ("Content-Length", str(len(body)))),
        body,
    )
