"""Guests in front of the portal: what a router's login page sends them with, and what they do there."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import httpx2

from tests.reference_impl.bench import FIRST, Bench
from tests.reference_impl.conftest import SITE, Api

MAC, IP = "02:00:5E:00:53:01", "10.5.50.9"
OTHER_MAC, OTHER_IP = "02:00:5E:00:53:02", "10.5.50.10"
WANTED = "http://site.example/news?day=1&more=2"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Outline(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def find(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]


class Visitor:
    """A guest with a browser: it keeps cookies, and what the router said of it."""

    def __init__(
        self, api: Api, instance: str, *, ip: str = IP, mac: str = MAC, site: str = SITE, wanted: str = WANTED
    ) -> None:
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=api.app), base_url="http://192.0.2.80:8080", headers=HTML
        )
        query = {
            "site": site,
            "server": "pc-server",
            "mac": mac,
            "ip": ip,
            "link-login-only": "http://10.5.50.1/login",
            "link-orig": wanted,
        }
        self.url = f"http://192.0.2.80:8080/captive/portal/{instance}?{urlencode(query)}"

    async def arrive(self) -> httpx2.Response:
        return await self.http.get(self.url)

    async def submit(self, **fields: str) -> httpx2.Response:
        """Fill in the form of the portal, as it is served, and send it."""
        page = Outline((await self.arrive()).text)
        [form] = page.find("form")
        assert form["method"] == "post"
        return await self.http.post(urljoin(self.url, form["action"] or ""), data=fields)

    async def redeem(self, code: str, **fields: str) -> httpx2.Response:
        return await self.submit(code=code, **fields)


def alert(answer: httpx2.Response) -> str:
    """The text of the one alert of a page."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    [text] = [part.split("</p>")[0] for part in answer.text.split('role="alert">')[1:]]
    return text


async def connected(visitor: Visitor, answer: httpx2.Response) -> Outline:
    """Check that a guest is told that it is connected, on a page of its own; return that page."""
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    assert urlsplit(location).path.endswith("/connected")
    page = await visitor.http.get(location)
    assert page.status_code == 200
    outline = Outline(page.text)
    assert "You are connected" in outline.text
    return outline


async def open_house(bench: Bench, sites: list[Any] = FIRST, **changes: Any) -> str:
    """Create an instance with guests behind its first subnet."""
    instance = await bench.create(sites, **changes)
    bench.router.associate(MAC, IP, "bridge-guest")
    bench.router.associate(OTHER_MAC, OTHER_IP, "bridge-guest")
    return instance


async def coupon(bench: Bench, instance: str, minutes: int = 60) -> str:
    """Make a coupon; return its code."""
    batch = {"count": 1, "minutes_valid": minutes}
    answer = await bench.api.send("POST", f"/instances/{instance}/coupons", json=batch)
    assert answer.status_code == 201, answer.text
    return str(answer.json()[0]["code"])
