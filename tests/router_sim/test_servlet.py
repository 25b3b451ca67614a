"""The router's login pages: which page answers what, logging in and out by every way."""

from __future__ import annotations

from urllib.parse import quote_plus, urlencode

import pytest

from router_sim import access
from router_sim.guests.guest import SimulatedGuest
from router_sim.guests.messages import HttpRequest, HttpResponse
from tests.router_sim.guest_lab import GuestLab

MAC = "02:00:00:00:00:01"
ADDRESS = "10.5.50.20"
HOST = "http://10.5.50.1"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Browser:
    """One guest's requests, without sockets."""

    def __init__(self, lab: GuestLab) -> None:
        who = access.Guest(MAC, ADDRESS, "bridge-guest")
        self.guest = SimulatedGuest(lab.router, lab.internet, who)
        self.guest.seen()

    def get(self, url: str, **headers: str) -> HttpResponse:
        return self._ask(HttpRequest("GET", url if url.startswith("http") else HOST + url, headers))

    def post(self, url: str, **fields: str) -> HttpResponse:
        return self._ask(HttpRequest("POST", HOST + url, FORM, urlencode(fields).encode()))

    def head(self, url: str) -> HttpResponse:
        return self._ask(HttpRequest("HEAD", HOST + url, {}))

    def _ask(self, request: HttpRequest) -> HttpResponse:
        route = self.guest.route(request.url, request.method)
        assert route.local, route
        return self.guest.answer(route, request)


def text(response: HttpResponse) -> str:
    return response.body.decode()


def test_a_guest_who_has_not_logged_in() -> None:
    browser = Browser(GuestLab())
    sent = browser.get("http://site.example/a?b=c d")
    assert sent.encode().startswith(b"HTTP/1.0 302 Hotspot login required\r\n")
    assert sent.header("location") == f"{HOST}/login?dst={quote_plus('http://site.example/a?b=c d')}"
    assert sent.header("connection") == "close"
    assert "http-header" not in text(sent)
    assert text(sent).lstrip().startswith("<!DOCTYPE"), "what sets a header is no part of the page"
    root = browser.get("/")
    assert (root.status, root.header("location")) == (302, f"{HOST}/login")
    for page in ("/status", "/logout"):
        answer = browser.get(page)
        assert (answer.status, answer.reason, answer.header("location")) == (
            302,
            "Hotspot redirect",
            f"{HOST}/login",
        )
    login = browser.get(sent.header("location"))
    assert login.status == 200
    assert 'value="http://site.example/a?b=c d"' in text(login)
    assert "hexMD5(" in text(login)
    assert 'role="alert"' not in text(login)
    assert login.header("content-type") == "text/html"
    head = browser.head("/login")
    assert head.body == b""
    assert int(head.header("content-length")) > 1000


def test_files_and_what_is_none() -> None:
    lab = GuestLab()
    lab.console.add("/file", name="secret.txt", contents="not for guests")
    lab.console.add("/file", name="hotspot/note.txt", contents="you are $(mac) at $(server-name)")
    lab.console.add("/file", name="hotspot/raw.js", contents="$(mac)")
    browser = Browser(lab)
    assert browser.get("/md5.js").header("content-type") == "application/javascript"
    assert browser.get("/css/style.css").header("content-type") == "text/css"
    assert text(browser.get("/note.txt")) == f"you are {MAC} at guests"
    assert text(browser.get("/raw.js")) == "$(mac)", "only pages and texts are filled in"
    for path in (
        "/nothing",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/css",
        "/*1",
        "/a%00b",
        "/x/../login.html",
    ):
        answer = browser.get(path)
        assert answer.status == 404, path
        assert "not for guests" not in text(answer)


def test_api_json() -> None:
    lab = GuestLab()
    browser = Browser(lab)
    captive = browser.get("/api.json")
    assert captive.header("content-type") == "application/captive+json"
    assert '"captive": true' in text(captive)
    assert f'"user-portal-url": "{HOST}/login"' in text(captive)
    browser.guest.log_in("ann", "secret")
    free = text(browser.get("/api.json"))
    assert '"captive": false' in free
    assert '"seconds-remaining": 3600' in free


def test_logging_in_by_challenge_and_out() -> None:
    lab = GuestLab()
    browser = Browser(lab)
    status = browser.guest.status
    assert status is not None
    answer = status.challenge.answer("secret")
    shown = browser.post("/login", username="ann", password=answer, dst="http://site.example/x", popup="true")
    assert shown.status == 200
    assert "location.href = 'http://site.example/x'" in text(shown)
    assert "hotspot_status" in text(shown)
    assert lab.sessions[0]["login-by"] == "http-chap"
    cookie = shown.header("set-cookie").partition(";")[0]
    assert cookie

    assert browser.get("/").header("location") == f"{HOST}/status"
    again = browser.get("/login?dst=http://other.example/")
    assert "http://other.example/" in text(again)
    browser.guest.carried(2000, 3_000_000)
    lab.clock.advance(65)
    state = text(browser.get("/status"))
    for part in ("Signed in as ann", ADDRESS, "2.0 KiB / 2.9 MiB", "1m5s", "58m55s", 'content="60"'):
        assert part in state, part

    out = browser.get("/logout")
    assert "You have signed out" in text(out)
    assert "1m5s" in text(out)
    assert lab.sessions == []
    assert browser.get("/status").status == 302
    # The cookie takes the place of the name, wherever the browser comes in.
    back = browser.get("/login?dst=http://site.example/", cookie=cookie)
    assert "http://site.example/" in text(back)
    assert lab.sessions[0]["login-by"] == "cookie"
    gone = browser.get("/logout?erase-cookie=on")
    assert "Max-Age=0" in gone.header("set-cookie")
    assert "Sign in" in text(browser.get("/login", cookie=cookie))


def test_logging_in_by_password() -> None:
    lab = GuestLab(login_by="http-pap")
    browser = Browser(lab)
    login = text(browser.get("/login"))
    assert "hexMD5" not in login, "no challenge where the password is sent"
    shown = browser.get("/login?username=ann&password=secret")
    assert f"location.href = '{HOST}/status'" in text(shown)
    assert lab.sessions[0]["login-by"] == "http-pap"
    assert "set-cookie" not in {name.lower() for name, _ in shown.headers}


def test_a_password_that_looks_like_an_answer_is_one_where_passwords_are_taken() -> None:
    lab = GuestLab()
    lab.console.add("/ip/hotspot/user", name="bot", password="0123456789abcdef0123456789abcdef")
    browser = Browser(lab)
    browser.get("/login")
    browser.post("/login", username="bot", password="0123456789abcdef0123456789abcdef")
    assert [session["user"] for session in lab.sessions] == ["bot"]


@pytest.mark.parametrize(
    ("login_by", "password", "words"),
    [
        ("http-chap,http-pap", "wrong", "invalid username or password"),
        ("http-chap", "secret", "web browser did not send challenge response (try again, enable JavaScript)"),
        ("http-chap", "0" * 32, "invalid username or password"),
        ("mac", "secret", "invalid username or password"),
    ],
)
def test_a_login_that_fails_says_why(login_by: str, password: str, words: str) -> None:
    lab = GuestLab(login_by=login_by)
    browser = Browser(lab)
    shown = browser.post("/login", username="ann", password=password, dst="http://site.example/")
    assert words in text(shown)
    assert 'value="http://site.example/"' in text(shown), "it still leads on"
    assert lab.sessions == []


def test_words_of_errors_can_be_changed_and_pages_replaced() -> None:
    lab = GuestLab()
    lab.put_file("hotspot/errors.txt", "# own\ninvalid-username = no, $(username): $(error-orig)\n")
    lab.put_file("hotspot/login.html", "own [$(error)] [$(error-orig)] $(if trial == 'yes')trial$(endif)")
    browser = Browser(lab)
    assert text(browser.get("/login")) == "own [] [] "
    shown = browser.post("/login", username="ann", password="x")
    assert text(shown) == "own [no, ann: invalid username or password] [invalid username or password] "
    lab.put_file("hotspot/flogin.html", "failed: $(error-type)")
    assert text(browser.post("/login", username="ann", password="x")) == "failed: invalid-username"


def test_a_directory_of_ones_own() -> None:
    lab = GuestLab(html_directory="own")
    browser = Browser(lab)
    assert browser.get("/login").status == 404, "a missing page is missing"
    assert browser.get("http://site.example/").status == 404
    lab.put_file(
        "own/redirect.html",
        "$(if http-status == 307)Go$(endif)$(if http-header == Location)$(link-redirect)$(endif)",
    )
    sent = browser.get("http://site.example/")
    assert (sent.status, sent.reason, sent.body) == (307, "Go", b"")
    assert sent.header("location") == f"{HOST}/login?dst=http%3A%2F%2Fsite.example%2F"
    lab.put_file("usb/pages/login.html", "override")
    profile = lab.console.rows("/ip/hotspot/profile", "name=p1")[0][".id"]
    lab.console.set("/ip/hotspot/profile", profile, html_directory_override="usb/pages")
    assert text(browser.get("/login")) == "override"
    lab.remove_file("usb/pages/login.html")
    lab.put_file("own/login.html", "own again")
    assert text(browser.get("/login")) == "own again", "an empty override counts for nothing"


def test_page_sets() -> None:
    lab = GuestLab(dns_name="wifi.example")
    lab.put_file("hotspot/lv/login.html", "Labdien $(link-login-only) $(link-status)")
    browser = Browser(lab)
    expected = "Labdien http://wifi.example/lv/login http://wifi.example/lv/status"
    assert text(browser.get("/lv/login")) == expected
    assert text(browser.get("/login?target=lv")) == expected
    assert "Sign in" in text(browser.get("/login?target=../../x"))
    assert "Sign in" in text(browser.get("/nosuch/login"))
    assert text(browser.get("/login?target=xml")).startswith("<HTML><!--"), "for smart clients"
    assert browser.get("/lv/status").header("location") == "http://wifi.example/lv/login"


def test_trial() -> None:
    lab = GuestLab(login_by="trial,http-pap")
    browser = Browser(lab)
    assert f"username=T-{quote_plus(MAC)}" in text(browser.get("/login"))
    browser.get(f"/login?username=T-{quote_plus(MAC)}&dst=http://site.example/")
    assert lab.sessions[0]["login-by"] == "trial"


def test_a_guest_the_router_does_not_know() -> None:
    lab = GuestLab()
    browser = Browser(lab)
    browser.guest.leave()
    servlet_answer = browser.guest.answer(
        browser.guest.route(f"{HOST}/login"), HttpRequest("GET", f"{HOST}/login", {})
    )
    assert servlet_answer.status == 200, "a request makes the host anew"
    lab.console.add("/ip/hotspot/ip-binding", mac_address=MAC, type="blocked")
    assert browser.guest.route(f"{HOST}/login").decision.refusal == "dropped"


def test_more_fields_than_any_form_has() -> None:
    browser = Browser(GuestLab())
    many = urlencode({f"f{n}": "" for n in range(500)})
    assert browser.get(f"/login?{many}").status == 200
