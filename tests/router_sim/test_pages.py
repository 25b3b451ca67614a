"""The language of hotspot pages, and the pages a router comes with."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router_sim.guests.page_variables import nice
from router_sim.guests.pages import stock_pages
from router_sim.guests.template import render
from tests.router_sim.guest_lab import GuestLab

VALUES = {"a": "1", "b": "", "name": "x & y/ü", "logged-in": "yes", "n": "line\r\nSet-Cookie: x"}


def filled(text: str) -> str:
    return render(text, lambda name: VALUES.get(name, "")).text


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("plain", "plain"),
        ("[$(a)][$(b)][$(unknown)]", "[1][][]"),
        ("$(name-esc)", "x+%26+y%2F%C3%BC"),
        ("$( a )", "1"),
        ("$(if a)yes$(endif)", "yes"),
        ("$(if b)yes$(else)no$(endif)", "no"),
        ("$(if a == 1)one$(elif a == 2)two$(else)more$(endif)", "one"),
        ("$(if a == 2)two$(elif a != '2')other$(else)more$(endif)", "other"),
        ("$(if a==1)tight$(endif)", "tight"),
        ('$(if logged-in == "yes")in$(endif)', "in"),
        ("$(if b == '')empty$(endif)", "empty"),
        ("$(if a)$(if b)x$(else)y$(endif)z$(endif)", "yz"),
        ("$(if b)$(if a)x$(else)y$(endif)$(a)$(endif)-", "-"),
        ("$(if b)x$(elif a)y$(elif a)z$(endif)", "y"),
        ("$(if a)open", "open"),
        ("$(else)$(endif)$(elif a)stray", "stray"),
        ("a $( b", "a $( b"),
        ("$(don't) go", "$(don't) go"),
        ("$(document).ready()", ".ready()"),
        ("$5 (five)", "$5 (five)"),
    ],
)
def test_template(page: str, expected: str) -> None:
    assert filled(page) == expected


def test_status_and_headers() -> None:
    page = render(
        '$(if http-status == 302)Go $(a)$(endif)$(if http-header == "Location")http://h/$(a)$(endif)'
        "$(if http-header == X)$(n)$(endif)$(if http-header == X)$(n)2$(endif)"
        "$(if b)$(if http-status == 500)no$(endif)$(endif)$(if http-status == 99)no$(endif)"
        '$(if http-header == "a b")no$(endif)body',
        lambda name: VALUES.get(name, ""),
    )
    assert (page.status, page.reason, page.text) == (302, "Go 1", "body")
    assert page.headers == {"Location": "http://h/1", "X": "line Set-Cookie: x2"}


@given(
    st.lists(
        st.sampled_from(["$(if a)", "$(if b == 1)", "$(else)", "$(elif a)", "$(endif)", "x", "$(a)", "$("])
    )
)
def test_any_nesting_is_taken(parts: list[str]) -> None:
    filled("".join(parts))


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    page = filled(text)
    if "$(" not in text:
        assert page == text


def test_the_stock_pages_use_known_variables_only() -> None:
    pages = stock_pages()
    assert {"login.html", "alogin.html", "status.html", "logout.html", "rlogin.html", "errors.txt"} <= set(
        pages
    )
    asked: set[str] = set()

    def value(name: str) -> str:
        asked.add(name)
        return "x"

    for name, data in pages.items():
        if not name.endswith(".js"):
            assert "$(" not in render(data.decode(), value).text, name
    from router_sim.guests.page_variables import _VARIABLES

    assert {name.removesuffix("-esc") for name in asked} <= set(_VARIABLES)


def test_the_pages_come_with_the_first_profile_and_can_be_put_back() -> None:
    lab = GuestLab()
    console = lab.console
    rows = {row["name"]: row for row in console.rows("/file")}
    assert rows["hotspot"]["type"] == rows["hotspot/css"]["type"] == "directory"
    login = rows["hotspot/login.html"]
    assert login["contents"] == stock_pages()["login.html"].decode()
    assert (login["type"], login["size"]) == (".html file", str(len(stock_pages()["login.html"])))
    assert login["last-modified"] == "2026-03-01 12:00:00"

    lab.put_file("hotspot/login.html", "own")
    console.add("/file", name="hotspot/extra.html", contents="kept")
    console.add("/ip/hotspot/profile", name="p2")
    assert len(console.rows("/file", "name=hotspot/login.html")) == 1
    (server,) = console.rows("/ip/hotspot")
    console.run("/ip/hotspot/reset-html", {"numbers": server[".id"]})
    rows = {row["name"]: row for row in console.rows("/file")}
    assert rows["hotspot/login.html"]["contents"] == login["contents"]
    assert rows["hotspot/extra.html"]["contents"] == "kept"

    profile = console.rows("/ip/hotspot/profile", "name=p1")[0][".id"]
    console.set("/ip/hotspot/profile", profile, html_directory="/flash/own/")
    console.run("/ip/hotspot/reset-html", {"numbers": "guests"})
    assert "flash/own/xml/login.html" in {row["name"] for row in console.rows("/file")}
    console.add("/file", name="blocked/login.html", type="directory")
    console.set("/ip/hotspot/profile", profile, html_directory="blocked")
    console.trap("/ip/hotspot/reset-html", {"numbers": "guests"})


def test_numbers_of_bytes_for_people() -> None:
    assert [nice(number) for number in (0, 1023, 1024, 15423, 5 * 2**20, 3 * 2**30, 2**41)] == [
        "0 B", "1023 B", "1.0 KiB", "15.1 KiB", "5.0 MiB", "3.0 GiB", "2.0 TiB",
    ]  # fmt: skip


@pytest.mark.tool("node")
def test_md5_in_javascript() -> None:
    node = shutil.which("node")
    assert node
    samples = ["", "a", "x" * 55, "x" * 56, "y" * 64, "".join(map(chr, range(256))), "z" * 1000]
    script = stock_pages()["md5.js"].decode()
    script += f"\nfor (const text of {samples!r}) console.log(hexMD5(text));"
    told = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True).stdout.split()
    assert told == [hashlib.md5(text.encode("latin-1")).hexdigest() for text in samples]  # noqa: S324
    assert re.fullmatch("[0-9a-f]{32}", told[0])
