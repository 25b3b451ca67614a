"""Guests who sign in at an identity provider: the way there, the way back, and everything that can go wrong."""

import base64
import hashlib
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpcore2
import httpx
import httpx2
import pytest
import respx

from reference_impl.settings import ProviderSettings
from router_sim.faults import Fault
from tests.reference_impl.bench import FIRST, Bench
from tests.reference_impl.conftest import SITE, refused
from tests.reference_impl.guest_bench import (
    IP,
    OTHER_IP,
    OTHER_MAC,
    WANTED,
    Outline,
    Visitor,
    alert,
    connected,
    open_house,
)

SECRET = "the secret of the client"
AUTHORIZE = "http://login.example/authorize"
TOKEN = "http://provider.example/token"
USER = "http://provider.example/user"
CALLBACK = "http://192.0.2.80:8080/captive/callback"


@dataclass
class Provider:
    """An identity provider that answers as it is told, and remembers what it was asked."""

    token: respx.Route
    user: respx.Route

    def asked(self) -> dict[str, str]:
        [call] = self.token.calls
        return dict(parse_qsl(call.request.content.decode()))


@pytest.fixture
def provider() -> Iterator[Provider]:
    # Not every test leads as far as the provider.
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        token = {"access_token": "at", "token_type": "Bearer"}
        user = {"sub": "7", "email": "ann@example.org"}
        yield Provider(
            router.post(TOKEN).mock(return_value=httpx.Response(200, json=token)),
            router.get(USER).mock(return_value=httpx.Response(200, json=user)),
        )


@pytest.fixture
async def bench(tmp_path: Path, provider: Provider) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    async with bench.fleet:
        own = ProviderSettings(authorize_url=AUTHORIZE, token_url=TOKEN, user_url=USER)
        settings = bench.settings().model_copy(update={"providers": {"google": own}})
        async with bench.service(settings=settings):
            yield bench


async def integration(bench: Bench, type_: str = "google") -> dict[str, Any]:
    body = {"name": "Friends", "type": type_, "config": {"client_id": "portal", "client_secret": SECRET}}
    answer = await bench.api.send("POST", "/auth-integrations", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def house(bench: Bench, **changes: Any) -> str:
    made = await integration(bench)
    return await open_house(
        bench, strategy="oauth2", auth_integration_id=made["id"], auth_window_ttl=120, **changes
    )


async def leave(visitor: Visitor) -> dict[str, str]:
    """Press the button; return the query that the provider is asked with."""
    answer = await visitor.submit()
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    assert location.startswith(AUTHORIZE + "?")
    return dict(parse_qsl(urlsplit(location).query))


async def come_back(visitor: Visitor, **query: str) -> httpx2.Response:
    return await visitor.http.get(CALLBACK, params=query)


def windows(bench: Bench, instance: str) -> list[str]:
    return [
        row["address"] for row in bench.rows("/ip/firewall/address-list", list=f"pc-window-{instance[:8]}")
    ]


def online(bench: Bench) -> list[str]:
    return [row["address"] for row in bench.rows("/ip/hotspot/active")]


async def test_the_whole_way(bench: Bench, provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    instance = await house(bench)
    visitor = Visitor(bench.api, instance)
    page = Outline((await visitor.arrive()).text)
    assert "Sign in with Google" in page.text
    assert page.find("input") == []
    assert windows(bench, instance) == []

    asked = await leave(visitor)
    assert windows(bench, instance) == [IP]
    challenge = asked.pop("code_challenge")
    state = asked.pop("state")
    assert asked == {
        "response_type": "code",
        "client_id": "portal",
        "redirect_uri": CALLBACK,
        "scope": "openid profile email",
        "code_challenge_method": "S256",
    }
    answer = await come_back(visitor, code="the code", state=state)
    [link] = (await connected(visitor, answer)).find("a")
    assert link["href"] == WANTED
    assert online(bench) == [IP]
    assert windows(bench, instance) == []

    redeemed = provider.asked()
    digest = hashlib.sha256(redeemed.pop("code_verifier").encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
    assert redeemed == {
        "grant_type": "authorization_code",
        "code": "the code",
        "redirect_uri": CALLBACK,
        "client_id": "portal",
        "client_secret": SECRET,
    }
    assert provider.user.calls.last.request.headers["authorization"] == "Bearer at"
    assert SECRET not in caplog.text
    assert list(visitor.http.cookies.jar) == []

    # Once is once: the same state again leads nowhere.
    assert (await come_back(visitor, code="the code", state=state)).status_code == 400
    assert provider.token.call_count == 1
    [user] = (await bench.api.send("GET", f"/site-users/{SITE}")).json()
    assert (user["ip_address"], user["active"]) == (IP, True)


async def test_the_cookie_is_for_the_callback_alone(bench: Bench) -> None:
    visitor = Visitor(bench.api, await house(bench))
    answer = await visitor.submit()
    cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=lax", "max-age=120", "path=/captive/callback"):
        assert part in cookie
    assert "secure" not in cookie, "over plain HTTP the browser would not send it back"
    assert (
        "form-action 'self' http://login.example login.example;"
        in (await visitor.arrive()).headers["content-security-policy"]
    )


async def test_a_window_is_for_one_guest_and_closes(bench: Bench) -> None:
    instance = await house(bench)
    await leave(Visitor(bench.api, instance))
    bench.clock.turn(seconds=60)
    await leave(Visitor(bench.api, instance))
    assert windows(bench, instance) == [IP]
    bench.clock.turn(seconds=60)
    bench.router.tick()
    assert windows(bench, instance) == []


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"error": "access_denied"}, 400, "You did not finish signing in."),
        ({"error": "server_error"}, 502, "Google did not confirm"),
        ({"error": "access_denied", "code": "x"}, 400, "You did not finish signing in."),
        ({}, 502, "Google did not confirm"),
        ({"code": ""}, 502, "Google did not confirm"),
    ],
)
async def test_refusals_lead_back(
    bench: Bench, provider: Provider, query: dict[str, str], status: int, words: str
) -> None:
    visitor = Visitor(bench.api, await house(bench, name="Lobby"))
    state = (await leave(visitor))["state"]
    answer = await come_back(visitor, state=state, **query)
    assert answer.status_code == status
    assert words in alert(answer)
    [link] = Outline(answer.text).find("a")
    again = await visitor.http.get(str(link["href"]))
    assert "Sign in with Google" in again.text
    target, original = urlsplit(str(link["href"])), urlsplit(visitor.url)
    assert target.path == original.path
    sent = parse_qs(target.query)
    assert sent == {name: parse_qs(original.query)[name] for name in sent}
    assert set(sent) == {"site", "ip", "mac", "link-orig"}
    assert provider.token.call_count == 0
    assert online(bench) == []


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (httpx.Response(400, json={"error": "invalid_grant", "error_description": SECRET}), 502, "did not"),
        (httpx.Response(200, json={"error": "bad_verification_code"}), 502, "did not confirm"),
        (httpx.Response(401, json={"error": "invalid_client"}), 502, "did not confirm"),
        (httpx.Response(500, text=SECRET), 502, "did not confirm"),
        (httpx.Response(200, text="<html>"), 502, "did not confirm"),
        (httpx.Response(200, json=["x"]), 502, "did not confirm"),
        (httpx.Response(200, json={}), 502, "did not confirm"),
        (httpx.Response(200, json={"access_token": "at", "token_type": "odd"}), 502, "did not confirm"),
        (httpx.Response(302, headers={"Location": "http://elsewhere.example/"}), 502, "did not confirm"),
        (httpcore2.ConnectError("refused"), 504, "does not answer"),
        (httpcore2.ReadTimeout("slow"), 504, "does not answer"),
    ],
)
async def test_a_provider_that_gives_no_token(
    bench: Bench,
    provider: Provider,
    caplog: pytest.LogCaptureFixture,
    answer: httpx.Response | Exception,
    status: int,
    words: str,
) -> None:
    caplog.set_level(logging.INFO)
    provider.token.mock(**{"side_effect" if isinstance(answer, Exception) else "return_value": answer})
    visitor = Visitor(bench.api, await house(bench))
    shown = await come_back(visitor, code="c", state=(await leave(visitor))["state"])
    assert shown.status_code == status
    assert words in alert(shown)
    assert SECRET not in shown.text + caplog.text
    assert online(bench) == []


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"message": "Bad credentials"}),
        httpx.Response(200, text="hello"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"email": None, "sub": 7}),
        httpx.Response(200, json={"email": " ", "sub": "a\x00b"}),
        httpx.Response(200, json={"sub": "x" * 321}),
    ],
)
async def test_a_provider_that_names_nobody(bench: Bench, provider: Provider, answer: httpx.Response) -> None:
    provider.user.mock(return_value=answer)
    visitor = Visitor(bench.api, await house(bench))
    shown = await come_back(visitor, code="c", state=(await leave(visitor))["state"])
    assert shown.status_code == 502
    assert online(bench) == []


async def test_another_browser_cannot_complete_a_sign_in(bench: Bench, provider: Provider) -> None:
    instance = await house(bench)
    visitor, thief = Visitor(bench.api, instance), Visitor(bench.api, instance, ip=OTHER_IP, mac=OTHER_MAC)
    mine, theirs = (await leave(visitor))["state"], (await leave(thief))["state"]
    for state in (
        mine,
        "",
        "x",
        mine[:-1],
        "x" + mine,
        theirs.partition(".")[0] + "." + mine.partition(".")[2],
    ):
        answer = await come_back(thief, code="c", state=state)
        assert answer.status_code == 400
        assert "This sign-in is over" in alert(answer)
    assert provider.token.call_count == 0
    assert online(bench) == []
    # Nor does the attempt spoil it for the one who began it, and several tabs do not disturb each other.
    second = (await leave(visitor))["state"]
    await connected(visitor, await come_back(visitor, code="c", state=mine))
    assert second != mine
    await connected(visitor, await come_back(visitor, code="c", state=second))


async def test_a_sign_in_takes_no_longer_than_its_window(bench: Bench, provider: Provider) -> None:
    visitor = Visitor(bench.api, await house(bench))
    state = (await leave(visitor))["state"]
    bench.clock.turn(seconds=120)
    answer = await come_back(visitor, code="c", state=state)
    assert answer.status_code == 400
    assert "took too long" in alert(answer)
    assert Outline(answer.text).find("a")
    assert provider.token.call_count == 0


async def test_sign_ins_survive_a_restart(bench: Bench, provider: Provider) -> None:
    instance = await house(bench)
    visitor = Visitor(bench.api, instance)
    state = (await leave(visitor))["state"]
    async with bench.service(settings=bench.api.app.state.service.settings):
        later = Visitor(bench.api, instance)
        later.http.cookies = visitor.http.cookies
        await connected(later, await come_back(later, code="c", state=state))


async def test_whom_the_router_does_not_see(bench: Bench) -> None:
    instance = await house(bench)
    stranger = Visitor(bench.api, instance, ip="10.5.50.77")
    answer = await stranger.submit()
    assert answer.status_code == 400
    assert "does not see your device" in alert(answer)
    assert windows(bench, instance) == []
    visitor = Visitor(bench.api, instance)
    state = (await leave(visitor))["state"]
    bench.router.hotspot.gone("02:00:5E:00:53:01", IP)
    answer = await come_back(visitor, code="c", state=state)
    assert answer.status_code == 400
    assert "does not see your device" in alert(answer)


async def test_a_router_that_falls_silent(bench: Bench) -> None:
    visitor = Visitor(bench.api, await house(bench))
    bench.fleet.faults.add(Fault(kind="drop_before", path="/ip/hotspot/host/print", count=2))
    answer = await visitor.submit()
    assert answer.status_code == 503
    assert "does not answer" in alert(answer)
    state = (await leave(visitor))["state"]
    bench.fleet.faults.add(Fault(kind="drop_before", path="/ip/hotspot/host/print", count=2))
    assert (await come_back(visitor, code="c", state=state)).status_code == 503
    assert online(bench) == []
    # The guest is in: a window that cannot be closed now closes by itself.
    state = (await leave(visitor))["state"]
    bench.fleet.faults.add(Fault(kind="drop_before", path="/ip/firewall/address-list/*", count=2))
    await connected(visitor, await come_back(visitor, code="c", state=state))


async def test_terms_come_first(bench: Bench) -> None:
    instance = await house(bench)
    made = (await bench.api.get(instance))["auth_integration_id"]
    await bench.put(instance, sites=FIRST, strategy="oauth2", auth_integration_id=made, terms_text="Be kind")
    visitor = Visitor(bench.api, instance)
    answer = await visitor.submit()
    assert answer.status_code == 400
    assert "Accept the terms" in alert(answer)
    assert windows(bench, instance) == []
    assert (await visitor.submit(terms="accepted")).status_code == 303


async def test_an_instance_that_is_gone_meanwhile(bench: Bench) -> None:
    instance = await house(bench)
    visitor = Visitor(bench.api, instance)
    state = (await leave(visitor))["state"]
    await bench.delete(instance)
    answer = await come_back(visitor, code="c", state=state)
    assert answer.status_code == 503
    assert "not set up correctly" in alert(answer)


async def test_an_instance_that_no_longer_asks_this_provider(bench: Bench) -> None:
    instance = await house(bench)
    visitor, other = Visitor(bench.api, instance), Visitor(bench.api, instance, ip=OTHER_IP, mac=OTHER_MAC)
    states = [(await leave(guest))["state"] for guest in (visitor, other)]
    another = (await integration(bench))["id"]
    await bench.put(instance, sites=FIRST, strategy="oauth2", auth_integration_id=another)
    assert (await come_back(visitor, code="c", state=states[0])).status_code == 503
    await bench.put(instance, sites=FIRST)
    assert (await come_back(other, code="c", state=states[1])).status_code == 503
    assert online(bench) == []


async def test_a_trial_shows_who_signed_in_and_admits_nobody(bench: Bench, provider: Provider) -> None:
    instance = await house(bench)
    test_url = (await integration(bench))["test_url"]
    visitor = Visitor(bench.api, instance)
    answer = await visitor.http.get(test_url)
    assert answer.status_code == 303
    asked = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    provider.user.mock(return_value=httpx.Response(200, json={"email": "<b>ann</b>@example.org"}))
    shown = await come_back(visitor, code="c", state=asked["state"])
    assert shown.status_code == 200
    assert "You are <b>ann</b>@example.org. Nobody was admitted." in Outline(shown.text).text
    assert Outline(shown.text).find("b") == []
    assert online(bench) == []
    assert (await bench.api.send("GET", f"/site-users/{SITE}")).json() == []


async def test_trials_need_their_signature(bench: Bench) -> None:
    made = await integration(bench)
    forged = made["test_url"][:-1]
    refused(await bench.api.client.get(forged), 403, "signature_invalid")
    other = await integration(bench)
    refused(await bench.api.client.get(made["test_url"].replace(made["id"], other["id"])), 403)
    page = await bench.api.client.get(forged, headers={"Accept": "text/html"})
    assert page.status_code == 403
    assert "does not fit this link" in alert(page)
    assert (await bench.api.send("DELETE", f"/auth-integrations/{made['id']}")).status_code == 204
    refused(await bench.api.client.get(made["test_url"]), 404)


async def test_a_secret_nobody_can_open(bench: Bench, provider: Provider) -> None:
    instance = await house(bench)
    settings = bench.api.app.state.service.settings
    server = settings.server.model_copy(update={"secret": "another secret of the service"})
    async with bench.service(settings=settings.model_copy(update={"server": server})):
        visitor = Visitor(bench.api, instance)
        answer = await come_back(visitor, code="c", state=(await leave(visitor))["state"])
        assert answer.status_code == 503
        assert "not set up correctly" in alert(answer)
    assert provider.token.call_count == 0
