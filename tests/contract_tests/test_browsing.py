"""Pages of portals as a browser without scripts reads them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from contract_tests.browsing import Browser, Form, Page
from contract_tests.laboratory import Visit


def page(text: str, url: str = "http://portal.test/here/page") -> Page:
    return Page(url, 200, text, Visit(url, True, True, "", 200, (), text))


class Web:
    """Answers by URL: (status, headers, page); remembers what was asked."""

    def __init__(self, answers: Mapping[str, tuple[int, tuple[tuple[str, str], ...], str]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, str, str]] = []

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: str) -> Visit:
        self.asked.append((method, url, headers.get("cookie", ""), body))
        if url not in self.answers:
            return Visit(url, False, False, "no rule lets it through")
        status, told, text = self.answers[url]
        return Visit(url, True, True, "", status, told, text)


def test_a_form_with_all_its_controls() -> None:
    (form,) = page("""
        <form action="../redeem?x=1" method="post" id="f">
          <input type="hidden" name="csrf" value="t0k">
          <label for="c">Your voucher</label><input id="c" name="thing" maxlength="6" required>
          <label><input type="checkbox" name="terms" required> I accept the <a href="/t">terms</a></label>
          <input type="checkbox" name="news" value="yes">
          <input type="radio" name="lang" value="en"><input type="radio" name="lang" value="de" checked>
          <select name="country"><option value="">choose</option><option value="za">ZA</option></select>
          <input name="off" value="1" disabled>
          <button name="go" value="1">Connect</button>
        </form>
        <input form="f" type="hidden" name="outside" value="2">""").forms
    assert (form.action, form.method) == ("http://portal.test/redeem?x=1", "POST")
    (code,) = form.typed
    assert (code.name, code.longest, code.required) == ("thing", 6, True)
    assert "your voucher" in code.words
    assert form.filled({"thing": "ABC234"}, form.buttons[0]) == [
        ("csrf", "t0k"),
        ("thing", "ABC234"),
        ("terms", "on"),
        ("lang", "de"),
        ("country", "za"),
        ("outside", "2"),
        ("go", "1"),
    ]


def test_an_action_that_is_not_there_is_the_page_itself() -> None:
    (form,) = page("<form><input name=code></form>").forms
    assert (form.action, form.method) == ("http://portal.test/here/page", "GET")


def test_links_are_absolute_and_of_the_web() -> None:
    found = page(
        "<base href='/base/'><a href='x'>One <b>more</b></a><a href='mailto:a@b'>mail</a><a>none</a>"
    )
    assert [(link.url, link.words) for link in found.links] == [("http://portal.test/base/x", "one more")]


@pytest.mark.parametrize(
    "text",
    [
        '<meta http-equiv="refresh" content="0; url=/next">',
        "<META HTTP-EQUIV=Refresh CONTENT=\"2;URL='/next'\">",
        '<script>window.location.href = "/next";</script>',
        "<script>location.replace('/next')</script>",
        "<script>document.location='http:\\/\\/portal.test\\/next'</script>",
    ],
)
def test_pages_that_lead_on(text: str) -> None:
    assert page(f"<html><head>{text}</head><body>wait</body></html>").onward == "http://portal.test/next"


@pytest.mark.parametrize(
    "text",
    [
        '<meta http-equiv="refresh" content="60; url=/next">',
        '<meta http-equiv="refresh" content="5">',
        "<script>if (old) location.href = '/next'</script><form><input name=code></form>",
        "<form><input type=hidden name=a></form>",
        "",
        "   ",
        "\x00\x01",
    ],
)
def test_pages_that_stay(text: str) -> None:
    assert page(text).onward is None


def test_a_form_that_a_script_submits() -> None:
    text = (
        "<body onload='document.forms[0].submit()'>"
        "<form action=/in method=post><input type=hidden name=a value=1></form>"
    )
    onward = page(text).onward
    assert isinstance(onward, Form)
    assert onward.action == "http://portal.test/in"


def test_words_are_what_a_person_sees() -> None:
    shown = page(
        "<title>no</title><style>p{}</style><body>Hello <p>big\n <b>world</b></p><script>x</script>!"
    )
    assert shown.words == "Hello big world !"


def test_a_browser_follows_and_keeps_cookies() -> None:
    web = Web(
        {
            "http://site.test/": (302, (("Location", "http://10.0.0.1/login?dst=x"),), ""),
            "http://10.0.0.1/login?dst=x": (
                200,
                (),
                """<form name=r action=http://portal.test/p method=post>
                <input type=hidden name=mac value=02:00></form><script>document.r.submit();</script>""",
            ),
            "http://portal.test/p": (
                303,
                (("Set-Cookie", "s=1; Path=/; HttpOnly"), ("Location", "/q#top")),
                "",
            ),
            "http://portal.test/q": (200, (), "<form><input name=code></form>"),
            "http://portal.test/q?code=ABC": (200, (), "done"),
        }
    )
    browser = Browser(web)
    arrived = browser.open("http://site.test/")
    assert (arrived.url, arrived.status) == ("http://portal.test/q#top", 200)
    assert web.asked[2] == ("POST", "http://portal.test/p", "", "mac=02%3A00")
    assert web.asked[3] == ("GET", "http://portal.test/q", "s=1", "")
    (form,) = arrived.forms
    assert browser.submit(form, {"code": "ABC"}).text == "done"
    assert browser.path == ["http://portal.test/q?code=ABC"]


def test_a_site_out_of_reach_is_a_page_without_status() -> None:
    browser = Browser(Web({"http://a.test/": (302, (("Location", "https://b.test/x"),), "")}))
    arrived = browser.open("http://a.test/")
    assert (arrived.url, arrived.status, arrived.host) == ("https://b.test/x", None, "b.test")
    assert arrived.forms == ()


def test_a_circle_ends() -> None:
    web = Web({"http://a.test/": (302, (("Location", "http://a.test/"),), "")})
    assert Browser(web).open("http://a.test/").status == 302
    assert len(web.asked) == 20


@pytest.mark.parametrize(
    ("content", "pauses"), [("2; url=/b", [2.0]), ("25;url=/b", [5.0]), ("url=/b", [0.0])]
)
def test_a_page_that_refreshes_is_shown_for_as_long_as_it_asks_but_not_for_ever(
    content: str, pauses: list[float]
) -> None:
    text = f'<meta http-equiv="refresh" content="{content}"><p>One moment.</p>'
    slept: list[float] = []
    browser = Browser(
        Web({"http://a.test/": (200, (), text), "http://a.test/b": (200, (), "here")}), sleep=slept.append
    )
    assert browser.open("http://a.test/").url == "http://a.test/b"
    assert slept == pauses
