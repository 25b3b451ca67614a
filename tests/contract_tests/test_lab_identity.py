"""The identity provider of a lab: a process that starts with its first visitor, and what it grants and refuses."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from contract_tests.lab_identity import (
    LOGGER,
    PLAYS,
    USERNAME,
    IdentityProvider,
    ProviderType,
    identity_provider,
)
from reference_impl.providers import PROVIDERS, provider_of
from reference_impl.settings import ProviderSettings
from router_sim.guests.internet import Internet

CALLBACK = "http://127.0.0.1:9/captive/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Visitor:
    """A guest's browser and a service, at one provider of the lab."""

    def __init__(self, running: IdentityProvider, internet: Internet, type_: ProviderType) -> None:
        settings = ProviderSettings.model_validate(running.endpoints()[type_])
        self.provider = provider_of(type_, {type_: settings}, "contoso")
        self.http = httpx2.AsyncClient(trust_env=False, timeout=30)
        guest_facing = urlsplit(self.provider.authorize_url)
        (address,) = internet.resolve(guest_facing.hostname or "")
        server = internet.server(address, guest_facing.port or 80)
        assert server is not None
        self.page = f"http://{server[0]}:{server[1]}{guest_facing.path}"

    async def ask(self, **changes: str) -> httpx2.Response:
        """Open the sign-in page."""
        return await self.http.get(self.page, params=self._query(changes))

    async def sign_in(self, user: str = USERNAME, **changes: str) -> dict[str, str]:
        """Submit the sign-in page; what the browser is sent back with."""
        answer = await self.http.post(self.page, params=self._query(changes), data={"sub": user})
        assert answer.status_code == 302, answer.text
        location = answer.headers["location"]
        assert location.startswith(f"{CALLBACK}?")
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    async def redeem(self, code: str, **more: str) -> httpx2.Response:
        """Ask for a token."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "client_id": "portal",
            "client_secret": "any",
            **more,
        }
        return await self.http.post(self.provider.token_url, data=form)

    async def profile(self, token: str) -> dict[str, Any]:
        answer = await self.http.get(self.provider.user_url, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        return dict(answer.json())

    def _query(self, changes: dict[str, str]) -> dict[str, str]:
        query = {
            "response_type": "code",
            "client_id": "portal",
            "redirect_uri": CALLBACK,
            "scope": self.provider.scope,
            "state": "of-this-browser",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in query.items() if value}


@pytest.fixture
def internet() -> Internet:
    return Internet()


@pytest.fixture
async def running(internet: Internet, tmp_path: Path) -> AsyncIterator[IdentityProvider]:
    async with identity_provider(internet, tmp_path / "identity.log") as provider:
        yield provider


async def test_everybody_signs_in_where_they_should_and_nowhere_else(
    running: IdentityProvider, internet: Internet
) -> None:
    assert running.hosts.keys() == PROVIDERS.keys()
    tokens: dict[str, str] = {}
    for type_ in PLAYS:
        visitor = Visitor(running, internet, type_)
        page = await visitor.ask()
        assert page.status_code == 200
        assert USERNAME in page.text
        assert "https:" not in page.headers["content-security-policy"]  # the page waits for nobody else
        back = await visitor.sign_in()
        assert back["state"] == "of-this-browser"
        answer = await visitor.redeem(back["code"], code_verifier=VERIFIER)
        assert answer.status_code == 200, answer.text
        tokens[type_] = answer.json()["access_token"]
        profile = await visitor.profile(tokens[type_])
        assert {profile.get(field) for field in visitor.provider.identity} >= {USERNAME}
        if "id_token" in answer.json():
            assert _claims(answer.json()["id_token"])["iss"] == f"http://{PLAYS[type_].host}"
        for other in PLAYS.keys() - {type_}:
            refused = await Visitor(running, internet, other).redeem(back["code"], code_verifier=VERIFIER)
            assert refused.status_code == 400  # a code of one provider is nothing to the others
    assert len(set(tokens.values())) == len(PLAYS)


async def test_any_name_can_be_typed_in(running: IdentityProvider, internet: Internet) -> None:
    visitor = Visitor(running, internet, "google")
    back = await visitor.sign_in("zoë@example.net")
    token = (await visitor.redeem(back["code"], code_verifier=VERIFIER)).json()["access_token"]
    assert (await visitor.profile(token))["email"] == "zoë@example.net"


async def test_who_declines_is_sent_back_without_a_code(
    running: IdentityProvider, internet: Internet
) -> None:
    visitor = Visitor(running, internet, "google")
    answer = await visitor.http.post(visitor.page, params=visitor._query({}), data={"action": "deny"})
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == ["access_denied"]


async def test_a_code_needs_the_key_it_was_asked_for_with(
    running: IdentityProvider, internet: Internet
) -> None:
    visitor = Visitor(running, internet, "google")

    async def error(verifier: dict[str, str], **asked: str) -> str:
        answer = await visitor.redeem((await visitor.sign_in(**asked))["code"], **verifier)
        assert answer.status_code == 400
        return str(answer.json()["error"])

    plain = {"code_challenge": "", "code_challenge_method": ""}
    assert await error({"code_verifier": "w" * 64}) == "invalid_grant"
    assert await error({"code_verifier": "ü" * 64}) == "invalid_grant"
    assert await error({}) == "invalid_grant"
    assert await error({"code_verifier": VERIFIER}, **plain) == "invalid_request"
    without = await visitor.redeem((await visitor.sign_in(**plain))["code"])
    assert without.status_code == 200  # proof is not asked of those who did not offer it
    weak = await visitor.ask(code_challenge_method="plain")
    assert weak.status_code == 400
    code = (await visitor.sign_in())["code"]
    assert (await visitor.redeem(code, code_verifier=VERIFIER)).status_code == 200
    assert (await visitor.redeem(code, code_verifier=VERIFIER)).status_code == 400  # once, and no more


async def test_nobody_signs_in_so_nothing_is_started(running: IdentityProvider) -> None:
    assert running.ports.keys() == PLAYS.keys()
    assert children() == set()


async def test_it_ends_with_its_context(internet: Internet, tmp_path: Path) -> None:
    async with identity_provider(internet, tmp_path / "identity.log") as provider:
        await Visitor(provider, internet, "azure").ask()
        (child,) = children()
    assert child not in children()


async def test_one_that_fails_says_so_and_keeps_nobody_waiting(
    running: IdentityProvider, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(LOGGER, "error", lambda words, *values: said.put_nowait(words % values))
    visitor = Visitor(running, internet, "github")
    await visitor.ask()
    (child,) = children()
    os.kill(child, signal.SIGKILL)
    async with asyncio.timeout(10):
        assert "identity provider ended with code -9" in await said.get()
    with pytest.raises(httpx2.ConnectError):
        await visitor.ask()


def children() -> set[int]:
    """The provider processes of this process."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if b"contract_tests.lab_provider" in words:
                found.add(int(child))
    return found


def _claims(token: str) -> dict[str, Any]:
    middle = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))))
