"""Guests at portals of many kinds: the coupon form and the way to the provider are found, or said not to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest

from contract_tests import journeys
from contract_tests.browsing import Browser, Page
from contract_tests.journeys import Visitor
from contract_tests.laboratory import Visit
from contract_tests.verifier import CannotTell

PORTAL = "http://portal.test/"
PROVIDER = "accounts.test"


def visitor(pages: Mapping[str, str], sent: list[tuple[str, str, dict[str, str]]]) -> Visitor:
    """A visitor for whom the pages exist; what is sent with forms is kept."""

    def send(method: str, url: str, headers: Mapping[str, str], body: str) -> Visit:
        bare, _, query = url.partition("?")
        sent.append((method, bare, dict(parse_qsl(body or query))))
        if bare not in pages:
            return Visit(url, True, True, "", 404)
        return Visit(url, True, True, "", 200, (), pages[bare])

    guest: Any = None  # none of these journeys asks the router
    return Visitor(guest, Browser(send))


def arrived(who: Visitor) -> Page:
    return who.browser.open(PORTAL)


@pytest.mark.parametrize(
    ("portal", "expected"),
    [
        ("<form action=/in method=post><input name=coupon></form>", {"coupon": "ABC234"}),
        ("<form action=/in method=post><input name=x type=tel></form>", {"x": "ABC234"}),
        (
            """<form action=/search><input name=q type=search></form>
            <form action=/in method=post><label>Access code <input name=z></label></form>""",
            {"z": "ABC234"},
        ),
        (
            """<form action=/in method=post><input name=code><label><input type=checkbox name=t> I agree</label>
            <button name=what value=cancel>Cancel</button><button name=what value=go>Go online</button></form>""",
            {"code": "ABC234", "t": "on", "what": "go"},
        ),
        (
            "<form action=/in method=post>"
            + "".join(f"<input name=d{n} maxlength=1>" for n in range(6))
            + "</form>",
            {"d0": "A", "d1": "B", "d2": "C", "d3": "2", "d4": "3", "d5": "4"},
        ),
    ],
)
def test_a_coupon_goes_where_it_belongs(portal: str, expected: dict[str, str]) -> None:
    sent: list[tuple[str, str, dict[str, str]]] = []
    who = visitor({PORTAL: portal, f"{PORTAL}in": "welcome"}, sent)
    assert journeys.redeem(who, arrived(who), "ABC234").text == "welcome"
    assert sent[-1] == ("POST", f"{PORTAL}in", expected)


def test_a_form_behind_a_link_is_found() -> None:
    sent: list[tuple[str, str, dict[str, str]]] = []
    pages = {
        PORTAL: "<a href=/terms>Terms</a><a href=/v>Use a voucher</a>",
        f"{PORTAL}v": "<form action=/in><input name=v></form>",
        f"{PORTAL}in": "welcome",
    }
    who = visitor(pages, sent)
    assert journeys.redeem(who, arrived(who), "ABC234").text == "welcome"


@pytest.mark.parametrize(
    "portal",
    [
        "",
        "<p>closed</p>",
        "<form><input name=first><input name=last></form>",
        "<form><input type=hidden name=a></form>",
    ],
)
def test_a_portal_that_is_not_understood_is_no_failure(portal: str) -> None:
    who = visitor({PORTAL: portal}, [])
    with pytest.raises(CannotTell, match="no form for a coupon was recognised at http"):
        journeys.redeem(who, arrived(who), "ABC234")


@pytest.mark.parametrize(
    "portal",
    [
        f"<a href=/terms>Terms</a><a href=http://{PROVIDER}/auth?x=1>Continue</a>",
        f"""<form action=/search><input name=q></form>
        <form action=http://{PROVIDER}/auth><button>Sign in with Google</button></form>""",
        "<form action=/start method=post><input type=checkbox name=terms required><button>Go</button></form>",
    ],
)
def test_the_way_to_the_provider(portal: str) -> None:
    sent: list[tuple[str, str, dict[str, str]]] = []
    pages = {
        PORTAL: portal,
        f"{PORTAL}start": f'<meta http-equiv=refresh content="0;url=http://{PROVIDER}/auth">',
        f"http://{PROVIDER}/auth": "<form action=/auth2 method=post><input name=sub><button>Authorize</button>"
        "<button name=action value=deny>Deny</button></form>",
        f"http://{PROVIDER}/auth2": f'<meta http-equiv=refresh content="0;url={PORTAL}callback">',
        f"{PORTAL}callback": "welcome",
    }
    who = visitor(pages, sent)
    there = journeys.to_provider(who, arrived(who), "google", {PROVIDER})
    assert there.host == PROVIDER
    assert journeys.sign_in(who, there, "guest@lab.test", {PROVIDER}).text == "welcome"
    assert ("POST", f"http://{PROVIDER}/auth2", {"sub": "guest@lab.test"}) in sent


def test_a_provider_that_the_router_keeps_closed_is_told_from_no_way_there() -> None:
    sent: list[tuple[str, str, dict[str, str]]] = []
    asked = f"http://{PROVIDER}/auth?redirect_uri={PORTAL}callback&state=4"
    pages = {
        PORTAL: f"<a href='{asked}'>Sign in</a>",
        f"http://{PROVIDER}/auth": f'<meta http-equiv=refresh content="0;url={PORTAL}">',
        f"{PORTAL}callback": "declined",
    }
    who = visitor(pages, sent)
    there = journeys.to_provider(who, arrived(who), "google", {PROVIDER})
    assert (there.url, there.status) == (asked, None)
    back = journeys.come_back(who, there, {"error": "access_denied"})
    assert back is not None
    assert back.text == "declined"
    assert sent[-1] == ("GET", f"{PORTAL}callback", {"error": "access_denied", "state": "4"})


def test_a_provider_that_does_not_tell_the_way_back() -> None:
    who = visitor({PORTAL: f"<a href=http://{PROVIDER}/auth>Sign in</a>"}, [])
    there = journeys.to_provider(who, arrived(who), "google", {PROVIDER})
    assert journeys.come_back(who, there, {"error": "access_denied"}) is None


def test_no_way_to_a_provider_is_no_failure() -> None:
    who = visitor({PORTAL: "<a href=/login>Log in</a>", f"{PORTAL}login": "<p>soon</p>"}, [])
    with pytest.raises(CannotTell, match=r"tried: log in"):
        journeys.to_provider(who, arrived(who), "google", {PROVIDER})
