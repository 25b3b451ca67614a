"""The pages guests and previewers see."""

from html.parser import HTMLParser

import pytest

from tests.reference_impl.conftest import UNKNOWN, Api, TurnedClock, refused
from tests.reference_impl.test_images import picture, upload


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

    def find(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


async def test_the_preview_shows_the_theme(api: Api, nobody: Api) -> None:
    made = await api.create(name="Lobby")
    await upload(api, made["id"], picture())
    await upload(api, made["id"], picture((64, 64)), "icon")
    changed = (
        await api.put(made["id"], name="Lobby", theme={"box_color": "#0A0b0C"}, terms_text="No spam")
    ).json()
    answer = await nobody.client.get(changed["preview_url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = Outline(answer.text)
    assert page.find("html") == [{"lang": "en"}]
    assert len(page.find("main")) == len(page.find("h1")) == 1
    assert [image["alt"] for image in page.find("img")] == ["Logo of Lobby"]
    assert (await nobody.client.get(str(page.find("img")[0]["src"]))).status_code == 200
    assert (await nobody.client.get(str(page.find("link")[0]["href"]))).status_code == 200
    for text in ("Lobby", "No spam", "#0A0b0C", "Preview", "12\u00a0h"):
        assert text in page.text


async def test_guests_see_the_portal_without_a_token(api: Api, nobody: Api) -> None:
    made = await api.create(name="Lobby")
    answer = await nobody.send("GET", f"/portal/{made['id']}?mac=AA:BB:CC:00:11:22&ip=10.5.50.9&link-orig=x")
    assert answer.status_code == 200
    assert "Preview" not in answer.text
    refused(await nobody.send("GET", f"/portal/{UNKNOWN}"), 404)
    refused(await nobody.send("GET", "/portal/x"), 400)


async def test_names_and_terms_are_escaped(api: Api, nobody: Api) -> None:
    name = "<script>alert(1)</script>\"' onload="
    made = await api.create(name=name)
    await upload(api, made["id"], picture())
    changed = (await api.put(made["id"], name=name, terms_text="</section><img src=x>")).json()
    page = Outline((await nobody.client.get(changed["preview_url"])).text)
    assert page.find("script") == []
    assert len(page.find("img")) == 1
    assert page.find("img")[0]["alt"] == f"Logo of {name}"
    assert "</section><img src=x>" in page.text


@pytest.mark.parametrize("token", ["", "x", "W10.x", "%00", "%F0%9F%92%A9", "a" * 3000])
async def test_forged_previews(nobody: Api, token: str) -> None:
    refused(await nobody.send("GET", f"/preauth?token={token}"), 403, "signature_invalid")


async def test_previews_expire(api: Api, nobody: Api, clock: TurnedClock) -> None:
    made = await api.create()
    refused(await nobody.client.get(made["preview_url"][:-1]), 403, "signature_invalid")
    clock.turn(minutes=59)
    assert (await nobody.client.get(made["preview_url"])).status_code == 200
    clock.turn(minutes=1)
    refused(await nobody.client.get(made["preview_url"]), 403, "signature_expired")
