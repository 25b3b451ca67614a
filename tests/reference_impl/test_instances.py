"""Instances over the API: what is stored, answered, taken over and deleted."""

import asyncio
from pathlib import Path

import pytest
from fastapi import FastAPI

from reference_impl.app import create_app
from tests.reference_impl.conftest import (
    COUPON,
    OTHER_SITE,
    PRIVATE_SITE,
    SITE,
    UNKNOWN,
    Api,
    TurnedClock,
    make_settings,
    refused,
    running,
)


async def test_a_new_instance_has_the_defaults(api: Api) -> None:
    answer = await api.send("POST", "/instances", json=COUPON | {"unknown": "ignored"})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"http://192.0.2.80:8080/captive/instances/{made['id']}"
    assert made == await api.get(made["id"])
    expected = {
        "name": "Café Ω",
        "strategy": "coupon",
        "session_ttl": 43200,
        "auth_window_ttl": 300,
        "auth_integration_id": None,
        "terms_text": None,
        "sites": [],
        "created_at": "2026-01-02T03:04:05Z",
    }
    assert {key: made[key] for key in expected} == expected
    assert made["theme"] == {
        "logo": None,
        "icon": None,
        "accent_text": "#FFFFFF",
        "accent_color": "#0396d5",
        "text_color": "#4f4f4f",
        "secondary_text_color": "#8f8f8f",
        "background_color": "#f9f9f9",
        "border_color": "#e0e0e0",
        "box_color": "#ffffff",
    }


async def test_the_list_holds_the_callers_instances_in_order(api: Api, other: Api) -> None:
    made = [await api.create(name=f"n{number}") for number in range(3)]
    foreign = await other.create()
    assert (await api.send("GET", "/instances")).json() == made
    assert (await other.send("GET", "/instances")).json() == [foreign]


async def test_an_update_replaces_and_omitted_properties_take_defaults(api: Api) -> None:
    made = await api.create()
    full = {
        "name": "x",
        "session_ttl": 1200,
        "auth_window_ttl": 900,
        "theme": {"box_color": "#ABCDEF", "logo": "ignored"},
        "terms_text": "Be kind\n\tplease",
        "sites": [{"id": SITE.upper(), "subnets": ["10.5.50.0/24"]}, {"id": OTHER_SITE, "subnets": []}],
    }
    answer = await api.put(made["id"], **full)
    changed = answer.json()
    assert answer.status_code == 200
    assert changed == await api.get(made["id"])
    assert changed["theme"] == made["theme"] | {"box_color": "#ABCDEF"}
    assert changed["sites"] == [{"id": SITE, "subnets": ["10.5.50.0/24"]}, {"id": OTHER_SITE, "subnets": []}]
    assert (changed["name"], changed["session_ttl"], changed["auth_window_ttl"]) == ("x", 1200, 900)
    assert changed["terms_text"] == "Be kind\n\tplease"
    assert (await api.put(made["id"])).json() == made


async def test_a_deleted_instance_is_gone(api: Api) -> None:
    made = await api.create()
    answer = await api.send("DELETE", f"/instances/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "DELETE"):
        refused(await api.send(method, f"/instances/{made['id']}"), 404)
    refused(await api.put(made["id"]), 404)
    assert (await api.send("GET", "/instances")).json() == []
    assert (await api.client.get(made["preview_url"])).status_code == 404


async def test_another_tenant_sees_and_changes_nothing(api: Api, other: Api) -> None:
    made = await api.create()
    for method in ("GET", "DELETE"):
        refused(await other.send(method, f"/instances/{made['id']}"), 404)
    refused(await other.put(made["id"]), 404)
    refused(await other.send("POST", f"/instances/{made['id']}/images/logo", files={"file": b"x"}), 404)
    assert await api.get(made["id"]) == made


async def test_ids_are_uuids_of_any_case(api: Api) -> None:
    made = await api.create()
    assert await api.get(made["id"].upper()) == made
    refused(await api.send("GET", f"/instances/{UNKNOWN}"), 404, "resource_missing")
    for malformed in (
        "1",
        "{" + UNKNOWN + "}",
        UNKNOWN.replace("-", ""),
        "%00",
        "%F0%9F%92%A9",
        UNKNOWN + "%0A",
    ):
        refused(await api.send("GET", f"/instances/{malformed}"), 400, "id_malformed")


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "n" * 256},
        {"name": "a\nb"},
        {"name": "a\u0000"},
        {"name": "a\u0085"},
        {"name": 5},
        {"name": None},
        {"strategy": "OAuth2"},
        {"strategy": []},
        {"session_ttl": 1199},
        {"session_ttl": 604801},
        {"session_ttl": 10**4000},
        {"session_ttl": -(10**30)},
        {"session_ttl": "1200"},
        {"session_ttl": True},
        {"session_ttl": 1200.0},
        {"session_ttl": None},
        {"strategy": "oauth2"},
        {"strategy": "oauth2", "auth_integration_id": None},
        {"strategy": "oauth2", "auth_integration_id": UNKNOWN},
        {"strategy": "oauth2", "auth_integration_id": "x"},
        {"auth_integration_id": UNKNOWN},
        {"auth_integration_id": 1},
    ],
    ids=lambda change: str(change)[:60],
)
async def test_bad_values_are_refused_by_create_and_update(api: Api, change: dict[str, object]) -> None:
    refused(await api.send("POST", "/instances", json=COUPON | change), 400)
    made = await api.create()
    refused(await api.put(made["id"], **change), 400)
    assert await api.get(made["id"]) == made


@pytest.mark.parametrize(
    "change",
    [
        {"auth_window_ttl": 119},
        {"auth_window_ttl": 901},
        {"auth_window_ttl": None},
        {"theme": None},
        {"theme": []},
        {"theme": {"box_color": "#12345"}},
        {"theme": {"box_color": "#1234567"}},
        {"theme": {"box_color": "red"}},
        {"theme": {"box_color": "#ffffff\n"}},
        {"theme": {"box_color": None}},
        {"terms_text": 1},
        {"terms_text": "a\u0000b"},
        {"sites": None},
        {"sites": [None]},
        {"sites": [{"id": SITE}]},
        {"sites": [{"subnets": []}]},
        {"sites": [{"id": UNKNOWN, "subnets": []}]},
        {"sites": [{"id": PRIVATE_SITE, "subnets": []}]},
        {"sites": [{"id": SITE, "subnets": []}, {"id": SITE, "subnets": []}]},
        *(
            {"sites": [{"id": SITE, "subnets": subnets}]}
            for subnets in (
                ["10.5.50.1/24"],
                ["10.5.50.0"],
                ["10.5.50.0/33"],
                ["10.5.50.0/255.255.255.0"],
                ["10.5.050.0/24"],
                [" 10.5.50.0/24"],
                ["fd00::/64"],
                [5],
                ["10.5.50.0/24", "10.5.50.0/24"],
                ["10.5.0.0/16", "10.6.0.0/16", "10.5.50.0/24"],
            )
        ),
    ],
    ids=lambda change: str(change)[:70],
)
async def test_bad_values_are_refused_by_update(api: Api, change: dict[str, object]) -> None:
    made = await api.create()
    refused(await api.put(made["id"], **change), 400)
    assert await api.get(made["id"]) == made


@pytest.mark.parametrize("missing", ["name", "strategy", "session_ttl"])
async def test_required_properties(api: Api, missing: str) -> None:
    body = {key: value for key, value in COUPON.items() if key != missing}
    made = await api.create()
    for method, path in (("POST", "/instances"), ("PUT", f"/instances/{made['id']}")):
        error = refused(await api.send(method, path, json=body), 400, "parameter_missing")
        assert error["message"] == f"The '{missing}' parameter is required for this request."
        assert error["doc_url"] == "https://docs.altostrat.io/errors/parameter_missing"


@pytest.mark.parametrize("ttl", [1200, 604800])
@pytest.mark.parametrize("name", ["n", "n" * 255, "\u2028 👩‍💻 '\"; --", "  "])
async def test_bounds_are_accepted(api: Api, ttl: int, name: str) -> None:
    made = await api.create(name=name, session_ttl=ttl)
    assert (made["name"], made["session_ttl"]) == (name, ttl)


async def test_a_subnet_moves_to_the_last_of_the_tenants_instances(api: Api) -> None:
    first, second = await api.create(), await api.create()
    sites = [
        {"id": SITE, "subnets": ["10.5.50.0/24", "10.5.51.0/24"]},
        {"id": OTHER_SITE, "subnets": ["10.5.50.0/24"]},
    ]
    await api.put(first["id"], sites=sites)
    answer = await api.put(second["id"], sites=[{"id": SITE, "subnets": ["10.5.50.128/25"]}])
    assert answer.status_code == 200
    assert (await api.get(second["id"]))["sites"] == [{"id": SITE, "subnets": ["10.5.50.128/25"]}]
    assert (await api.get(first["id"]))["sites"] == [
        {"id": SITE, "subnets": ["10.5.51.0/24"]},
        {"id": OTHER_SITE, "subnets": ["10.5.50.0/24"]},
    ]


async def test_another_tenants_subnet_is_refused_and_nothing_changes(api: Api, other: Api) -> None:
    mine, second, theirs = await api.create(), await api.create(), await other.create()
    await other.put(theirs["id"], sites=[{"id": SITE, "subnets": ["10.5.50.0/24"]}])
    await api.put(mine["id"], sites=[{"id": SITE, "subnets": ["10.5.60.0/24"]}])
    before = await api.get(mine["id"])
    # The first subnet could be taken over; the whole update must still have no effect.
    answer = await api.put(second["id"], sites=[{"id": SITE, "subnets": ["10.5.60.0/24", "10.5.50.0/25"]}])
    refused(answer, 400, "subnet_held")
    assert await api.get(second["id"]) == second
    assert await api.get(mine["id"]) == before
    assert (await other.get(theirs["id"]))["sites"] == [{"id": SITE, "subnets": ["10.5.50.0/24"]}]


async def test_parallel_changes_all_succeed_and_one_holds_the_subnet(api: Api) -> None:
    made = [await api.create(name=f"n{number}") for number in range(10)]
    site = [{"id": SITE, "subnets": ["10.5.50.0/24"]}]
    answers = await asyncio.gather(*(api.put(instance["id"], sites=site) for instance in made))
    assert {answer.status_code for answer in answers} == {200}
    listed = (await api.send("GET", "/instances")).json()
    assert sum(instance["sites"] == site for instance in listed) == 1


async def test_instances_survive_a_restart(tmp_path: Path, clock: TurnedClock) -> None:
    settings = make_settings(tmp_path)
    async with running(create_app(settings, clock=clock)) as app:
        api = Api(app)
        made = await api.create()
        await api.client.aclose()
    async with running(create_app(settings, clock=clock)) as app:
        api = Api(app)
        assert await api.get(made["id"]) == made
        await api.client.aclose()


async def test_the_base_path_may_be_empty(tmp_path: Path) -> None:
    async with running(create_app(make_settings(tmp_path, base_path=""))) as app:
        api = Api(app, base="")
        made = await api.create()
        assert (await api.client.get(made["preview_url"])).status_code == 200
        await api.client.aclose()
        nobody = Api(app, None, base="")
        refused(await nobody.send("GET", "/instances"), 401)
        await nobody.client.aclose()


async def test_two_applications_share_nothing(app: FastAPI, api: Api, tmp_path: Path) -> None:
    await api.create()
    (tmp_path / "second").mkdir()
    async with running(create_app(make_settings(tmp_path / "second"))) as second:
        stranger = Api(second)
        assert (await stranger.send("GET", "/instances")).json() == []
        await stranger.client.aclose()
