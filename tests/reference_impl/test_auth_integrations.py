"""Auth integrations over the API: their secrets, their types, and the instances that use them."""

import asyncio
import re
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from sqlalchemy import text

from reference_impl.sealing import Sealer
from tests.reference_impl.conftest import UNKNOWN, Api, TurnedClock, refused

AZURE: dict[str, Any] = {
    "name": "Azure AD - Corporate",
    "type": "azure",
    "config": {"client_id": "a1b2", "client_secret": "hush-hush", "tenant": "organizations"},
}
GITHUB: dict[str, Any] = {
    "name": "GitHub",
    "type": "github",
    "config": {"client_id": "c3d4", "client_secret": "psst"},
}


async def integrate(api: Api, body: dict[str, Any] = AZURE) -> dict[str, Any]:
    answer = await api.send("POST", "/auth-integrations", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"].endswith(f"/captive/auth-integrations/{made['id']}")
    return made


async def stored_secret(api: Api, integration_id: str) -> str:
    integrations = api.app.state.service.integrations
    record = await integrations.integration(integration_id)
    return str(integrations.secret(record))


async def test_an_integration_is_answered_without_its_secret(api: Api, other: Api) -> None:
    made = await integrate(api)
    assert made.pop("test_url").startswith(f"http://192.0.2.80:8080/captive/auth-test/{made['id']}?expires=")
    assert made == {
        "id": made["id"],
        "name": "Azure AD - Corporate",
        "type": "azure",
        "config": {"client_id": "a1b2", "tenant": "organizations"},
        "created_at": "2026-01-02T03:04:05Z",
    }
    github = await integrate(api, GITHUB)
    assert github["config"] == {"client_id": "c3d4", "tenant": None}
    answer = await api.send("GET", "/auth-integrations")
    assert [item["id"] for item in answer.json()] == [made["id"], github["id"]]
    assert "hush" not in answer.text
    one = await api.send("GET", f"/auth-integrations/{made['id'].upper()}")
    assert one.json()["name"] == made["name"]
    assert (await other.send("GET", "/auth-integrations")).json() == []


async def test_the_test_link_is_signed(api: Api, clock: TurnedClock) -> None:
    made = await integrate(api)
    path, expires, signature = re.fullmatch(
        r".*/captive(/auth-test/[^?]+)\?expires=(\d+)&signature=(.+)", made["test_url"]
    ).groups()  # type: ignore[union-attr]
    assert int(expires) > clock.timestamp()
    api.app.state.service.signer.check(path, expires, signature)


async def test_the_secret_is_encrypted_at_rest(api: Api) -> None:
    made = await integrate(api)
    await api.send("PUT", f"/auth-integrations/{made['id']}", json=AZURE)
    async with api.app.state.service.database.reading() as session:
        [row] = (await session.execute(text("SELECT * FROM auth_integrations"))).all()
    stored = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert b"Azure AD" in stored
    assert b"hush-hush" not in stored
    assert await stored_secret(api, made["id"]) == "hush-hush"


def test_a_secret_opens_to_the_same_service_secret_alone() -> None:
    sealed = Sealer("one secret of a service").seal("ключ")
    assert Sealer("one secret of a service").open(sealed) == "ключ"
    with pytest.raises(InvalidToken):
        Sealer("some other secret of it").open(sealed)


async def test_an_update_keeps_a_secret_that_it_leaves_out(api: Api) -> None:
    made = await integrate(api)
    path = f"/auth-integrations/{made['id']}"
    answer = await api.send(
        "PUT", path, json={"name": "G", "type": "google", "config": {"client_id": "e5", "tenant": None}}
    )
    assert answer.status_code == 200
    assert answer.json()["config"] == {"client_id": "e5", "tenant": None}
    assert {key: answer.json()[key] for key in ("id", "name", "type", "created_at")} == {
        "id": made["id"],
        "name": "G",
        "type": "google",
        "created_at": made["created_at"],
    }
    assert (await api.send("GET", path)).json() == answer.json()
    assert await stored_secret(api, made["id"]) == "hush-hush"
    await api.send("PUT", path, json=GITHUB)
    assert await stored_secret(api, made["id"]) == "psst"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (GITHUB | {"type": "saml2"}, "type"),
        ({"type": None}, "type"),
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"config": None}, "config"),
        ({"config": {"client_secret": "s"}}, "client_id"),
        ({"config": {"client_id": "i"}}, "client_secret"),
        ({"config": {"client_id": "i", "client_secret": ""}}, "client_secret"),
        ({"config": {"client_id": "i", "client_secret": "s" * 1025}}, "client_secret"),
        ({"config": {"client_id": "i\0", "client_secret": "s"}}, "client_id"),
        ({"type": "github", "config": {"client_id": "i", "client_secret": "s", "tenant": "t"}}, "tenant"),
    ],
)
async def test_what_is_wrong_with_an_integration_is_told(api: Api, change: dict[str, Any], word: str) -> None:
    answer = await api.send("POST", "/auth-integrations", json=AZURE | change)
    assert word in refused(answer, 400)["message"]
    assert (await api.send("GET", "/auth-integrations")).json() == []


async def test_integrations_of_others_do_not_exist(api: Api, other: Api) -> None:
    made = await integrate(api)
    for id_ in (made["id"], UNKNOWN):
        refused(await other.send("GET", f"/auth-integrations/{id_}"), 404, "resource_missing")
        refused(await other.send("PUT", f"/auth-integrations/{id_}", json=AZURE), 404)
        refused(await other.send("DELETE", f"/auth-integrations/{id_}"), 404)
        wanted = {"strategy": "oauth2", "auth_integration_id": id_}
        answer = await other.send("POST", "/instances", json={"name": "n", "session_ttl": 3600} | wanted)
        assert "auth_integration_id" in refused(answer, 400)["message"]
    refused(await api.send("GET", "/auth-integrations/5"), 400, "id_malformed")
    assert (await api.send("GET", f"/auth-integrations/{made['id']}")).status_code == 200


async def test_an_integration_in_use_cannot_be_deleted(api: Api) -> None:
    made = await integrate(api)
    path = f"/auth-integrations/{made['id']}"
    instance = await api.create(strategy="oauth2", auth_integration_id=made["id"])
    assert instance["auth_integration_id"] == made["id"]
    refused(await api.send("DELETE", path), 409, "resource_in_use")
    assert (await api.send("GET", path)).status_code == 200
    assert (await api.put(instance["id"])).json()["auth_integration_id"] is None
    assert (await api.send("DELETE", path)).status_code == 204
    refused(await api.send("GET", path), 404)
    answer = await api.put(instance["id"], strategy="oauth2", auth_integration_id=made["id"])
    refused(answer, 400)
    assert (await api.get(instance["id"]))["strategy"] == "coupon"


async def test_use_and_deletion_at_once_leave_no_dangling_reference(api: Api) -> None:
    for _ in range(5):
        made = await integrate(api)
        wanted = {"name": "n", "session_ttl": 3600, "strategy": "oauth2", "auth_integration_id": made["id"]}
        used, deleted = await asyncio.gather(
            api.send("POST", "/instances", json=wanted),
            api.send("DELETE", f"/auth-integrations/{made['id']}"),
        )
        assert (used.status_code, deleted.status_code) in {(201, 409), (400, 204)}
