"""The pages guests and previewers see."""

import re

import pytest

from tests.reference_impl.conftest import SITE, UNKNOWN, Api, TurnedClock, refused
from tests.reference_impl.guest_bench import IP, MAC, Outline, alert
from tests.reference_impl.test_images import picture, upload


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
    page = Outline(answer.text)
    assert page.find("html") == [{"lang": "en", "dir": "ltr"}]
    assert "disabled" in page.find("fieldset")[0]
    assert len(page.find("main")) == len(page.find("h1")) == 1
    assert [image["alt"] for image in page.find("img")] == ["Lobby"]
    assert (await nobody.client.get(str(page.find("img")[0]["src"]))).status_code == 200
    assert (await nobody.client.get(str(page.find("link")[0]["href"]))).status_code == 200
    for text in ("Lobby", "No spam", "#0A0b0C", "Preview", "12\u00a0h"):
        assert text in page.text


async def test_guests_see_the_portal_without_a_token(api: Api, nobody: Api) -> None:
    made = await api.create(name="Lobby")
    await api.put(made["id"], name="Lobby", sites=[{"id": SITE, "subnets": []}])
    answer = await nobody.send("GET", f"/portal/{made['id']}?site={SITE}&mac={MAC}&ip={IP}&link-orig=x")
    assert answer.status_code == 200
    assert "Preview" not in answer.text
    page = Outline(answer.text)
    [field] = page.find("input")
    assert (field["name"], field["type"]) == ("code", "text")
    assert "required" in field
    assert page.find("label") == [{"for": field["id"]}]
    assert page.find("script") == []
    assert page.find("meta", name="viewport") == [
        {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    ]


async def test_the_portal_is_for_guests(api: Api, nobody: Api) -> None:
    made = await api.create(name="Lobby")
    for query in ("", f"?site={SITE}&mac={MAC}&ip={IP}", f"?site={UNKNOWN}&mac={MAC}&ip=x"):
        answer = await nobody.send("GET", f"/portal/{made['id']}{query}")
        assert answer.status_code == 200
        assert "does not see your device" in alert(answer)
        assert Outline(answer.text).find("form") == []
    refused(await nobody.send("GET", f"/portal/{UNKNOWN}"), 404)
    refused(await nobody.send("GET", "/portal/x"), 400)
    page = await nobody.send("GET", f"/portal/{UNKNOWN}", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "This portal does not exist" in alert(page)


async def test_pages_are_kept_by_nobody_and_run_nothing(api: Api, nobody: Api) -> None:
    made = await api.create()
    for path in (f"/portal/{made['id']}", f"/portal/{made['id']}/connected", "/callback?state=x"):
        answer = await nobody.send("GET", path)
        headers = answer.headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy.pop("style-src").startswith("'sha256-")
        assert policy == {
            "default-src": "'none'",
            "img-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
        assert not re.search(r" (style|on\w+)=", answer.text)


async def test_the_language_is_that_of_the_instance(api: Api, nobody: Api) -> None:
    made = await api.create()
    body = {"name": "Lobby", "strategy": "coupon", "session_ttl": 3600, "locale": "ar-EG"}
    answer = await api.client.put(f"http://192.0.2.80:8080/spa/instances/{made['id']}", json=body)
    assert answer.status_code == 202, answer.text
    page = await nobody.send("GET", f"/portal/{made['id']}/connected")
    assert Outline(page.text).find("html") == [{"lang": "ar", "dir": "rtl"}]
    assert "أنت متصل الآن" in page.text


async def test_an_instance_whose_provider_is_none(api: Api, nobody: Api) -> None:
    body = {"name": "SSO", "type": "saml2", "config": {"client_id": "x", "client_secret": "y"}}
    answer = await api.client.post("http://192.0.2.80:8080/spa/auth-integrations", json=body)
    assert answer.status_code == 201, answer.text
    made = await api.create(strategy="oauth2", auth_integration_id=answer.json()["id"])
    preview = await nobody.client.get(made["preview_url"])
    assert preview.status_code == 200
    assert "not set up correctly" in alert(preview)
    assert Outline(preview.text).find("form") == []
    refused(await nobody.client.get(answer.json()["test_url"]), 400, "type_not_supported")


async def test_names_and_terms_are_escaped(api: Api, nobody: Api) -> None:
    name = "<script>alert(1)</script>\"' onload="
    made = await api.create(name=name)
    await upload(api, made["id"], picture())
    changed = (await api.put(made["id"], name=name, terms_text="</section><img src=x>")).json()
    page = Outline((await nobody.client.get(changed["preview_url"])).text)
    assert page.find("script") == []
    assert len(page.find("img")) == 1
    assert page.find("img")[0]["alt"] == name
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
