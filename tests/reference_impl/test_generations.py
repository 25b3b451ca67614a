"""Three generations of the API on one service: their paths, their bodies, their codes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from reference_impl.app import create_app
from reference_impl.generations import NOWHERE, PATHS
from reference_impl.settings import ServerSettings
from spec.loader import load_contract
from tests.reference_impl.conftest import COUPON, SITE, Api, make_settings, refused, running

GITHUB = {"name": "n", "type": "github", "config": {"client_id": "c", "client_secret": "s"}}
ENTRY = {"name": "n", "ip_address": "192.0.2.7"}
OTHERS = ("root", "spa")


@pytest.fixture
async def root(app: FastAPI) -> AsyncIterator[Api]:
    api = Api(app, base="/root")
    yield api
    await api.client.aclose()


@pytest.fixture
async def spa(app: FastAPI) -> AsyncIterator[Api]:
    api = Api(app, base="/spa")
    yield api
    await api.client.aclose()


def of(api: Api, generation: str) -> Api:
    """A caller of another generation with the same connections."""
    other = Api.__new__(Api)
    other.app, other.client, other.base = api.app, api.client, f"/{generation}"
    return other


@pytest.mark.parametrize("generation", OTHERS)
def test_the_paths_are_those_of_the_documents(generation: str) -> None:
    def plain(path: str) -> str:
        return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))

    first, own = load_contract("v1").operations, load_contract(generation).operations
    assert PATHS[generation] == {plain(own[name].path): plain(first[name].path) for name in own}
    assert NOWHERE not in PATHS[generation].values()


@pytest.mark.parametrize("generation", OTHERS)
async def test_an_instance_is_the_same_in_every_generation(api: Api, generation: str) -> None:
    other = of(api, generation)
    created = await other.create()
    assert (await api.get(created["id"]))["name"] == COUPON["name"]
    assert [instance["id"] for instance in (await other.send("GET", "/instances")).json()] == [created["id"]]
    gone = await other.send("DELETE", f"/instances/{created['id']}")
    assert gone.status_code == 204
    refused(await api.send("GET", f"/instances/{created['id']}"), 404)


@pytest.mark.parametrize("generation", ["v1", *OTHERS])
async def test_answers_validate_against_their_generation(api: Api, generation: str) -> None:
    contract = load_contract(generation)
    other = of(api, generation) if generation != "v1" else api
    instance = await other.create()
    update = await other.put(instance["id"], sites=[{"id": SITE, "subnets": ["10.5.50.0/24"]}])
    integration = await other.send("POST", "/auth-integrations", json=GITHUB)
    garden = contract.path("createWalledGardenEntry", siteId=SITE)
    entry = await other.send("POST", garden, json=ENTRY)
    for operation, body in {
        "createInstance": instance,
        "updateInstance": update.json(),
        "listInstances": (await other.send("GET", "/instances")).json(),
        "createAuthIntegration": integration.json(),
        "createWalledGardenEntry": entry.json(),
        "listWalledGardenEntries": (await other.send("GET", garden)).json(),
    }.items():
        validator = contract.success_validator(operation, documented_only=False)
        assert validator is not None
        assert validator.errors(body) == [], operation
    assert ("locale" in instance) == ("coupon_ttl" in instance) == (generation == "spa")


async def test_root_has_its_own_names(api: Api, root: Api) -> None:
    entries = f"/sites/{SITE}/walled-garden-entries"
    made = await root.send("POST", entries, json=ENTRY)
    assert made.status_code == 201
    item = f"{entries}/{made.json()['id']}"
    assert made.headers["location"] == f"http://192.0.2.80:8080/root{item}"
    assert (await root.send("GET", item)).json() == made.json()
    assert (await root.send("DELETE", item)).status_code == 204


async def test_a_link_made_by_root_opens_by_both_names(api: Api, root: Api, nobody: Api) -> None:
    instance = await root.create()
    schedule = {
        "name": "n", "count": 2, "recurrence_type": "daily", "valid_for_in_minutes": 60, "timezone": "UTC",
        "notification_group_id": "g",
    }  # fmt: skip
    schedules = f"/instances/{instance['id']}/coupon-schedules"
    made = await root.send("POST", schedules, json=schedule)
    assert made.headers["location"] == f"http://192.0.2.80:8080/root{schedules}/{made.json()['id']}"
    link = (await root.send("GET", f"{schedules}/{made.json()['id']}/generate-url")).json()["signed_url"]
    base, _, query = link.partition("?")
    assert base == "http://192.0.2.80:8080/captive/coupons"
    for path in ("/captive/coupons", f"{root.base}/captive/coupons"):
        answer = await nobody.client.get(f"{path}?{query}")
        assert answer.status_code == 200, path


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("/root", f"/walled-garden/{SITE}"),
        ("/root", "/coupons?sid=1"),
        ("/root", "/assets/a/b.png"),
        ("/root", "/preauth"),
        ("/root", "/portal/x"),
        ("/root", "/callback"),
        ("/root", "/captive/instances"),
        ("/root", "/instances/"),
        ("/root", ""),
        ("/spa", f"/sites/{SITE}/walled-garden-entries"),
        ("/spa", f"/site-users/{SITE}"),
        ("/spa", "/instances/x/coupons"),
        ("/spa", "/captive/coupons"),
        ("/captive", f"/sites/{SITE}/walled-garden-entries"),
        ("/captive", "/captive/coupons"),
        ("/captive", NOWHERE),
    ],
)
async def test_a_path_of_one_generation_is_none_of_another(
    api: Api, nobody: Api, base: str, path: str
) -> None:
    refused(await api.client.get(base + path), 404)
    refused(await nobody.client.get(base + path), 401)


async def test_a_path_with_braces_or_line_ends_leads_nowhere(api: Api) -> None:
    for generation in OTHERS:
        for path in ("/instances/{}", "/instances/%0A/coupons/x", "/instances/{0.__class__}"):
            assert (await of(api, generation).send("GET", path)).status_code in (400, 404), path


@pytest.mark.parametrize("generation", OTHERS)
async def test_every_generation_asks_for_a_token_and_the_right_method(
    api: Api, nobody: Api, generation: str
) -> None:
    refused(await nobody.client.get(f"/{generation}/instances"), 401, "token_missing")
    wrong = await api.client.request("PATCH", f"/{generation}/instances")
    refused(wrong, 405)
    assert wrong.headers["allow"] == "GET, HEAD, POST"


async def test_an_update_is_answered_202_in_spa_alone(api: Api, spa: Api, root: Api) -> None:
    created = await api.create()
    found = [(await caller.put(created["id"])).status_code for caller in (api, root, spa)]
    assert found == [200, 200, 202]
    assert (await spa.send("PUT", f"/instances/{SITE}", json=COUPON)).status_code == 404


@pytest.mark.parametrize("session_ttl", [1, 123, 604800])
async def test_spa_has_no_bounds_but_reason(api: Api, root: Api, spa: Api, session_ttl: int) -> None:
    created = await spa.create(session_ttl=session_ttl)
    assert created["session_ttl"] == session_ttl
    assert (await spa.put(created["id"], session_ttl=session_ttl)).status_code == 202
    expected = 200 if session_ttl >= 1200 else 400
    for caller in (api, root):
        assert (await caller.put(created["id"], session_ttl=session_ttl)).status_code == expected


@pytest.mark.parametrize("session_ttl", [0, -1, 604801, 10**30, "123", 1.5])
async def test_spa_refuses_what_is_no_length_of_a_session(spa: Api, session_ttl: Any) -> None:
    refused(await spa.send("POST", "/instances", json=COUPON | {"session_ttl": session_ttl}), 400)


async def test_the_locale_belongs_to_spa(api: Api, spa: Api) -> None:
    created = await spa.create()
    assert (created["locale"], created["coupon_ttl"]) == ("en", 86400)
    changed = await spa.put(created["id"], locale="pt-BR")
    assert changed.json()["locale"] == "pt-BR"
    assert "locale" not in (await api.put(created["id"], locale="de")).json()
    assert (await spa.get(created["id"]))["locale"] == "pt-BR"
    assert (await spa.put(created["id"])).json()["locale"] == "en"
    refused(await spa.put(created["id"], locale="no language"), 400)


async def test_saml_belongs_to_spa(api: Api, spa: Api) -> None:
    made = (await spa.send("POST", "/auth-integrations", json=GITHUB | {"type": "saml2"})).json()
    assert (made["type"], (await api.send("GET", "/auth-integrations")).json()) == ("saml2", [])
    refused(await api.send("GET", f"/auth-integrations/{made['id']}"), 404)
    refused(await api.send("POST", "/auth-integrations", json=GITHUB | {"type": "saml2"}), 400)
    instance = await spa.create(strategy="oauth2", auth_integration_id=made["id"])
    assert instance["coupon_ttl"] is None


async def test_an_entry_of_spa_is_for_logins_unless_it_says_otherwise(api: Api, spa: Api) -> None:
    path = f"/walled-garden/{SITE}"
    assert (await spa.send("POST", path, json=ENTRY)).json()["type"] == "captive-auth"
    assert (await spa.send("POST", path, json=ENTRY | {"type": "captive-portal"})).json()[
        "type"
    ] == "captive-portal"
    assert (await api.send("POST", path, json=ENTRY)).json()["type"] is None


@pytest.mark.parametrize(
    "bases",
    [
        {"base_path": "", "root_path": "/root", "spa_path": "/old"},
        {"base_path": "/captive", "root_path": "", "spa_path": "/spa"},
        {"base_path": "/a", "root_path": "/a/b", "spa_path": "/a/b/c"},
    ],
)
async def test_one_prefix_may_be_inside_another(tmp_path: Path, bases: dict[str, Any]) -> None:
    async with running(create_app(make_settings(tmp_path, **bases))) as app:
        for base in bases.values():
            api = Api(app, base=base)
            created = await api.create()
            await api.get(created["id"])
            refused(await Api(app, None, base=base).send("GET", "/instances"), 401)


def test_two_generations_cannot_share_a_prefix() -> None:
    with pytest.raises(ValueError, match="two of base_path, root_path and spa_path are the same"):
        ServerSettings(secret="sixteen characters", root_path="/captive")
