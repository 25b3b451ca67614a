"""REST over real sockets: verbs, errors, credentials, limits."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.router import Router
from tests.router_sim.clients import RawClient
from tests.router_sim.web import ADDRESS, SECRET, client, rest, web_fleet

LISTS = "/ip/firewall/address-list"
USERS = "/ip/hotspot/user"


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with rest() as (_, made):
        yield made


def error(status: int, message: str, detail: str | None = None) -> tuple[int, dict[str, Any]]:
    body: dict[str, Any] = {"error": status, "message": message}
    return status, body if detail is None else {"detail": detail, **body}


def told(response: httpx2.Response) -> tuple[int, dict[str, Any]]:
    return response.status_code, response.json()


# Verbs


async def test_an_item_is_made_read_changed_and_removed(http: httpx2.AsyncClient) -> None:
    made = await http.put(LISTS, json={"list": "guests", "address": "10.0.0.1"})
    assert made.status_code == 201
    row = made.json()
    key = row[".id"]
    assert list(row) == sorted(row)
    assert row["list"] == "guests"
    assert row["dynamic"] == "false"
    assert set(row) >= {".id", "address", "creation-time", "disabled", "dynamic", "list"}

    assert (await http.get(LISTS)).json() == [row]
    assert (await http.get(f"{LISTS}/{key}")).json() == row

    changed = await http.patch(f"{LISTS}/{key}", json={"comment": "x", "disabled": True})
    assert changed.status_code == 200
    assert changed.json() == {**row, "comment": "x", "disabled": "true"}
    cleared = await http.patch(f"{LISTS}/{key}", json={"comment": "", "disabled": "no"})
    assert cleared.json() == row

    removed = await http.delete(f"{LISTS}/{key}")
    assert (removed.status_code, removed.content) == (204, b"")
    assert told(await http.delete(f"{LISTS}/{key}")) == error(404, "Not Found")
    assert told(await http.patch(f"{LISTS}/{key}", json={})) == error(404, "Not Found")
    assert told(await http.get(f"{LISTS}/{key}")) == error(404, "Not Found")
    assert (await http.get(LISTS)).json() == []


async def test_a_singleton_is_an_object_and_set_by_post(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/system/identity")).json() == {"name": "MikroTik"}
    assert list((await http.get("/system/resource")).json())[:2] == ["architecture-name", "board-name"]
    refused = await http.patch("/system/identity", json={"name": "x"})
    assert told(refused) == error(400, "Bad Request", "missing or invalid resource identifier")
    done = await http.post("/system/identity/set", json={"name": "Café ☕"})
    assert (done.status_code, done.json()) == (200, [])
    assert (await http.get("/system/identity")).json() == {"name": "Café ☕"}
    assert (await http.post("/system/identity/print")).json() == [{"name": "Café ☕"}]


async def test_filters_and_chosen_properties(http: httpx2.AsyncClient) -> None:
    keys = [
        (await http.put(LISTS, json={"list": name, "address": address, "comment": note})).json()[".id"]
        for name, address, note in (("a", "10.0.0.1", "x y"), ("a", "10.0.0.2", ""), ("b", "10.0.0.1", "x y"))
    ]

    async def found(query: str) -> list[str]:
        return [row[".id"] for row in (await http.get(f"{LISTS}?{query}")).json()]

    assert await found("list=a") == keys[:2]
    assert await found("list=a&address=10.0.0.2") == keys[1:2]
    assert await found("comment=x%20y") == [keys[0], keys[2]]
    assert await found(f".id={keys[2]}") == keys[2:]
    assert await found(".id=*ABC") == []
    assert await found("disabled=no") == keys
    assert (await http.get(f"{LISTS}?.proplist=list&.id={keys[0]}")).json() == [{"list": "a"}]
    assert (await http.get(f"{LISTS}/{keys[0]}?.proplist=.id,list")).json() == {".id": keys[0], "list": "a"}

    queries = {".query": ["list=b", "address=10.0.0.2", "#|"], ".proplist": [".id"]}
    assert (await http.post(f"{LISTS}/print", json=queries)).json() == [{".id": keys[1]}, {".id": keys[2]}]
    counted = {".query": ["list=a"], "count-only": ""}
    assert (await http.post(f"{LISTS}/print", json=counted)).json() == {"ret": "2"}
    detail = {".query": ["-comment"], ".proplist": "list", "detail": ""}
    assert (await http.post(f"{LISTS}/print", json=detail)).json() == [{"list": "a"}]


async def test_names_in_the_path(http: httpx2.AsyncClient) -> None:
    await http.put("/ip/hotspot/user/profile", json={"name": "two words", "shared-users": 3})
    assert (await http.get("/ip/hotspot/user/profile/two%20words")).json()["shared-users"] == "3"
    changed = await http.patch(
        "/ip/hotspot/user/profile/two%20words", json={"name": "one", "rate-limit": "1M"}
    )
    assert (changed.json()["name"], changed.json()["rate-limit"]) == ("one", "1M")
    assert (await http.get("/interface/ether1")).json()["name"] == "ether1"
    assert (await http.delete("/ip/hotspot/user/profile/one")).status_code == 204
    assert told(await http.get("/interface/ether99")) == error(404, "Not Found")


async def test_commands_by_post(http: httpx2.AsyncClient) -> None:
    made = await http.post(f"{LISTS}/add", json={"list": "a", "address": "10.0.0.1", "timeout": "1h"})
    key = made.json()["ret"]
    assert made.json() == {"ret": key}
    static = (await http.put(LISTS, json={"list": "a", "address": "10.0.0.2"})).json()[".id"]
    for body in ({"numbers": static}, {".id": static}, {"numbers": f"{static}"}):
        response = await http.post(f"{LISTS}/disable", json=body)
        assert (response.status_code, response.json()) == (200, [])
    assert (await http.get(f"{LISTS}/{static}")).json()["disabled"] == "true"
    assert (await http.post(f"{LISTS}/remove", json={"numbers": f"{key},{static}"})).json() == []
    dead = await http.post(f"{LISTS}/remove", json={".id": static})
    assert told(dead) == error(400, "Bad Request", "no such item")


async def test_order_of_rows(http: httpx2.AsyncClient) -> None:
    garden = "/ip/hotspot/walled-garden"

    async def hosts() -> list[str]:
        return [row["dst-host"] for row in (await http.get(garden)).json() if "dst-host" in row]

    first = (await http.put(garden, json={"dst-host": "a.example"})).json()[".id"]
    second = (await http.put(garden, json={"dst-host": "b.example", "place-before": first})).json()[".id"]
    assert await hosts() == ["b.example", "a.example"]
    moved = await http.post(f"{garden}/move", json={".id": first, "destination": second})
    assert (moved.status_code, moved.json()) == (200, [])
    assert await hosts() == ["a.example", "b.example"]
    unset = await http.post(f"{garden}/unset", json={".id": second, "value-name": "dst-host"})
    assert unset.json() == []
    assert await hosts() == ["a.example"]


# Errors


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("PUT", LISTS, {"list": "a", "foo": "1"}, error(400, "Bad Request", "unknown parameter foo")),
        ("PUT", USERS, {"name": "u", "profile": "none"},
         error(400, "Bad Request", "input does not match any value of profile")),
        ("PUT", LISTS, {"address": "10.0.0.1"}, error(400, "Bad Request", "missing =list=")),
        ("POST", "/ip/address/add", {"address": "x", "interface": "ether1"},
         error(400, "Bad Request", "invalid value for argument address")),
        ("POST", f"{LISTS}/set", {".id": "*99", "list": "b"}, error(400, "Bad Request", "no such item")),
        ("PUT", "/ip/nonsense", {}, error(406, "Not Acceptable", "no such command or directory (nonsense)")),
        ("GET", "/nonsense", None, error(406, "Not Acceptable", "no such command or directory (nonsense)")),
        ("GET", "/nonsense/a/b", None, error(406, "Not Acceptable", "no such command or directory (nonsense)")),
        ("POST", "/system/identity/remove", {},
         error(406, "Not Acceptable", "no such command or directory (remove)")),
        ("GET", f"{LISTS}/print", None, error(400, "Bad Request", "no such command")),
        ("GET", f"{LISTS}/guests", None, error(400, "Bad Request", "no such command prefix")),
        ("POST", LISTS, {}, error(400, "Bad Request", "no such command")),
        ("DELETE", LISTS, None, error(400, "Bad Request", "missing or invalid resource identifier")),
        ("OPTIONS", LISTS, None, error(501, "Not Implemented")),
    ],
)  # fmt: skip
async def test_what_is_refused(
    http: httpx2.AsyncClient,
    method: str,
    path: str,
    body: dict[str, str] | None,
    expected: tuple[int, dict[str, Any]],
) -> None:
    response = await http.request(method, path, json=body)
    assert told(response) == expected
    assert response.headers["content-type"] == "application/json"
    assert list(response.json()) == sorted(response.json())


async def test_a_menu_without_the_verb(http: httpx2.AsyncClient) -> None:
    key = (await http.get("/log")).json()[0][".id"]
    expected = error(406, "Not Acceptable", "no such command or directory (remove)")
    assert told(await http.delete(f"/log/{key}")) == expected


async def test_duplicates_have_the_routers_own_words(http: httpx2.AsyncClient) -> None:
    body = {"name": "u", "password": "p"}
    assert (await http.put(USERS, json=body)).status_code == 201
    detail = "failure: already have user with this name for this server"
    assert told(await http.put(USERS, json=body)) == error(400, "Bad Request", detail)


async def test_a_body_that_is_no_object(http: httpx2.AsyncClient) -> None:
    for body in (b"{", b"[1]", b'"x"', b'{"a": {"b": 1}}'):
        refused = await http.put(LISTS, content=body)
        assert told(refused) == error(400, "Bad Request", "Failed to parse json")


async def test_a_body_without_end_is_not_kept(http: httpx2.AsyncClient) -> None:
    response = await http.put(LISTS, content=b"x" * (5 * 1024 * 1024 - 1000))
    assert response.status_code == 413
    with pytest.raises(httpx2.TransportError):
        await http.put(LISTS, content=b"x" * (64 * 1024 * 1024))
    assert (await http.get(LISTS)).json() == []


async def test_head_says_it_is_not_there(http: httpx2.AsyncClient) -> None:
    response = await http.head(LISTS)
    assert (response.status_code, response.content) == (501, b"")


# Credentials and rights


async def test_credentials() -> None:
    router = Router(name="r", clock=VirtualClock())
    async with web_fleet(router) as fleet:
        base = f"http://{ADDRESS}:{fleet.ports.www}"
        async with httpx2.AsyncClient(trust_env=False) as http:

            async def status(header: str | None) -> int:
                headers = {} if header is None else {"authorization": header}
                return (await http.get(f"{base}/rest/system/identity", headers=headers)).status_code

            assert await status("Basic YWRtaW46") == 200  # admin with an empty password
            assert await status("basic YWRtaW46") == 200
            wrong = "Basic " + base64.b64encode(b"admin:wrong").decode()
            for header in (None, wrong, "Basic", "Basic !!!", "Bearer x", "Basic YWRtaW4="):
                assert await status(header) == 401
            refused = await http.get(f"{base}/rest/nonsense")
            assert told(refused) == error(401, "Unauthorized")
            assert refused.headers["www-authenticate"] == 'Basic realm="RouterOS"'
            page = await http.get(f"{base}/")
            assert page.status_code == 200
            assert "MikroTik" in page.text
            assert (await http.get(f"{base}/nonsense")).status_code == 404
            assert (await http.head(f"{base}/")).status_code == 200


async def test_rights_are_those_of_the_group() -> None:
    router = Router(name="r", clock=VirtualClock(), password=SECRET)
    admin = Origin("admin", "", "api")
    for name, group in (("reader", "read"), ("nobody", "none")):
        if group == "none":
            router.execute(Command("/user/group/add", {"name": "none", "policy": "api,read"}), admin)
        router.execute(Command("/user/add", {"name": name, "group": group, "password": "pw-1234567"}), admin)
    async with web_fleet(router) as fleet:
        async with client(fleet, "reader", "pw-1234567") as reader:
            assert (await reader.get("/system/identity")).status_code == 200
            denied = error(500, "Internal Server Error", "not enough permissions (9)")
            assert told(await reader.put(LISTS, json={"list": "a", "address": "10.0.0.1"})) == denied
            assert told(await reader.post("/system/identity/set", json={"name": "x"})) == denied
        async with client(fleet, "nobody", "pw-1234567") as nobody:
            assert (await nobody.get("/system/identity")).status_code == 401


async def test_a_connection_is_one_session_of_its_user() -> None:
    async with rest() as (fleet, http):
        for _ in range(3):
            active = (await http.get("/user/active")).json()
            assert [(row["name"], row["via"], row["address"]) for row in active] == [
                ("admin", "rest-api", "127.0.0.1")
            ]
        logged = [row["message"] for row in (await http.get("/log")).json()]
        assert logged.count("user admin logged in from 127.0.0.1 via rest-api") == 1
        await http.aclose()
        router = fleet.routers[ADDRESS]
        async with RawClient(ADDRESS, fleet.port) as raw:
            await raw.log_in("admin", SECRET)
            rows = [words for words in await raw.talk("/user/active/print") if words[0] == "!re"]
        assert [word for words in rows for word in words if word.startswith("=via=")] == ["=via=api"]
    assert router.snapshot()["/user/active"] == []


async def test_a_user_cannot_lock_itself_out(http: httpx2.AsyncClient) -> None:
    response = await http.patch("/user/admin", json={"disabled": "true", "comment": "still here"})
    assert response.status_code == 200
    assert (response.json()["disabled"], response.json()["comment"]) == ("false", "still here")
    assert (await http.get("/user/admin")).json()["disabled"] == "false"


async def test_a_session_that_was_ended_begins_anew(http: httpx2.AsyncClient) -> None:
    before = (await http.get("/user/active")).json()
    assert "last-logged-in" not in (await http.get("/user/admin")).json()
    assert (await http.delete(f"/user/active/{before[0]['.id']}")).status_code == 204
    after = (await http.get("/user/active")).json()
    assert len(after) == 1
    assert after != before


async def test_versions_without_rest() -> None:
    for version, plain in (("7.8", 404), ("7.9", 200), ("6.49.18", 404)):
        router = Router(name="r", clock=VirtualClock(), version=version, password=SECRET)
        async with rest(router) as (_, http):
            assert (await http.get("/system/identity")).status_code == plain
            page = await http.get(http.base_url.copy_with(path="/"))
            assert page.status_code == 200
            assert ("/rest" in page.text) is (plain == 200)
