"""report.html: what it shows, and that nothing from outside can act in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from contract_tests.events import Event, Exchange, Judgement
from contract_tests.report.bodies import shown, visible
from contract_tests.report.html import to_html
from contract_tests.report.model import RunInfo
from contract_tests.verdicts import RunResult, judge
from spec.catalogue import Requirement

VOID = {"meta", "br", "img", "input", "rect"}


class Page(HTMLParser):
    """Tags with attributes, the text, and whether every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.scripts = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            self.scripts += data
        else:
            self.text += data

    def attributes(self, name: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.tags if name in attributes]


@pytest.mark.parametrize("kind", ["failing", "waived", "conforming", "unjudged"])
def test_page_is_well_formed_and_stands_alone(
    kind: str, info: RunInfo, request: pytest.FixtureRequest
) -> None:
    html = to_html(info, request.getfixturevalue(kind))
    page = Page(html)
    assert page.open == []
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "base", "form"}
    assert not page.attributes("src")
    assert all(target.startswith("#") for target in page.attributes("href"))
    assert "url(" not in page.scripts
    assert "@import" not in page.scripts
    policy = next(
        str(attributes["content"])
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    )
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in page.attributes("href")} <= set(ids)


def test_nothing_from_outside_becomes_markup(info: RunInfo, failing: RunResult) -> None:
    html = to_html(info, failing)
    page = Page(html)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "alert(1)" not in page.scripts
    assert "</script><script>alert(1)</script>" in page.text
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not page.attributes("style")
    assert "\x00" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "<U+202E>gnp.exe" in page.text


@pytest.mark.parametrize(
    ("kind", "title"),
    [("failing", "Does not conform"), ("conforming", "Conforms"), ("unjudged", "Could not be judged")],
)
def test_headline(kind: str, title: str, info: RunInfo, request: pytest.FixtureRequest) -> None:
    page = Page(to_html(info, request.getfixturevalue(kind)))
    assert title in page.text
    assert "verdict-" + title.lower().replace(" ", "-") in " ".join(page.attributes("class"))


def test_a_finding_shows_its_proof(info: RunInfo, failing: RunResult) -> None:
    text = Page(to_html(info, failing)).text
    for expected in (
        "observed: 201, and two instances named “Lobby”",
        "- /ip/hotspot add name=pc-9f1c-1 interface=ether2",
        '"session_ttl": 3600',
        'curl -sS -i -H "Authorization: Bearer $PORTAL_CONTRACT_TOKEN"',
        "portal-contract replay portal-contract-report/report.json INST-CREATE-02",
        "API documentation: page “Create an instance”",
        "1 further failing check of this requirement",
        "not valid UTF-8: byte 4 is 0xff",
        "the connection was reset while the body was sent",
        "binary, 1,048,576 bytes, first 256 shown",
        "1 further exchange(s) of this check were not recorded",
        'select(.id=="IMG-UPLOAD-01") | .evidence[0].exchanges[0].curl\' report.json | bash',
        "needs guests, and the target offers none",
        "/ip hotspot set *1 disabled=yes",
        "/ip hotspot remove *1",
        "/ip hotspot add name=pc-9f1c-1 comment=",
        "the router at 127.0.1.1:8728 closed the connection",
    ):
        assert expected in text, expected


def test_failures_are_open_and_warnings_closed(info: RunInfo, failing: RunResult) -> None:
    details = {
        str(attributes["id"]): "open" in attributes
        for tag, attributes in Page(to_html(info, failing)).tags
        if tag == "details" and "id" in attributes
    }
    assert details == {
        "INST-CREATE-02": True,
        "INST-CREATE-03": True,
        "IMG-UPLOAD-01": True,
        "INST-ERR-04": False,
    }


def test_waived_stay_in_sight(info: RunInfo, waived: RunResult) -> None:
    page = Page(to_html(info, waived))
    assert "2 of 6 judged requirements hold, 1 with a warning and 3 waived; 4 of 10 were not" in page.text
    assert "accepted until 2026-06-01: vendor fix is on its way" in page.text
    assert "observed: 201, and two instances" in page.text


def test_options_are_listed(info: RunInfo, conforming: RunResult) -> None:
    text = Page(to_html(info, conforming)).text
    assert "core, device" in text
    assert "budget" not in text


def test_large_bodies_are_cut_politely() -> None:
    body = shown(b'{"a": "' + b"x" * 30_000 + b'"}', "application/json")
    assert len(body.text) == 10_000
    assert body.note == "the first 10,000 characters of 30,009 bytes; exchanges.har holds all of it"


def test_small_images_are_shown(
    info: RunInfo, exchange: Callable[..., Exchange], requirement: Callable[..., Requirement]
) -> None:
    events: list[Event] = [
        exchange("k", response_headers=(("Content-Type", "image/png"),), response_body=b"\x89PNG"),
        Judgement("A-1", "failed", "the logo differs", "t", ("k",)),
    ]
    page = Page(to_html(info, judge([requirement("A-1", "A logo is kept.")], events, seconds=1)))
    assert page.attributes("src") == ["data:image/png;base64,iVBORw=="]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("tab\tline\r\nend", "tab\tline\nend"),
        ("\x00\x1b\x7f\r", "␀␛␡␍"),
        ("a\u202eb\u200bc\ufeff", "a<U+202E>b<U+200B>c<U+FEFF>"),
        ("\ud800", "\ufffd"),
        ("עברית 🎉 é", "עברית 🎉 é"),
    ],
)
def test_visible(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_dark_theme_print_and_focus_are_styled(info: RunInfo, conforming: RunResult) -> None:
    styles = Page(to_html(info, conforming)).scripts
    for rule in ("prefers-color-scheme: dark", "@media print", ":focus-visible", "prefers-reduced-motion"):
        assert re.search(re.escape(rule), styles), rule
