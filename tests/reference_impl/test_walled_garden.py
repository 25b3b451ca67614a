"""Walled-garden entries over the API."""

from typing import Any

import pytest

from tests.reference_impl.conftest import OTHER_SITE, PRIVATE_SITE, SITE, UNKNOWN, Api, refused

ENTRY: dict[str, Any] = {
    "name": "Google Authentication Servers",
    "ip_address": "172.217.16.0/24",
    "type": "captive-auth",
}


async def enter(api: Api, site: str = SITE, **changes: Any) -> dict[str, Any]:
    answer = await api.send("POST", f"/walled-garden/{site}", json=ENTRY | changes)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"].endswith(f"/captive/walled-garden/{site}/{made['id']}")
    return made


async def test_an_entry_lives_at_its_site_for_its_tenant(api: Api, other: Api) -> None:
    made = await enter(api)
    assert made == {"id": made["id"], "created_at": "2026-01-02T03:04:05Z"} | ENTRY
    second = await enter(api, type=None, ip_address="203.0.113.7")
    assert (await api.send("GET", f"/walled-garden/{SITE}")).json() == [made, second]
    assert (await api.send("GET", f"/walled-garden/{SITE}/{made['id']}")).json() == made
    assert (await api.send("GET", f"/walled-garden/{OTHER_SITE}")).json() == []
    assert (await other.send("GET", f"/walled-garden/{SITE}")).json() == []
    for caller, site, id_ in ((other, SITE, made["id"]), (api, OTHER_SITE, made["id"]), (api, SITE, UNKNOWN)):
        path = f"/walled-garden/{site}/{id_}"
        refused(await caller.send("GET", path), 404)
        refused(await caller.send("PUT", path, json=ENTRY), 404)
        refused(await caller.send("DELETE", path), 404)
    assert (await api.send("GET", f"/walled-garden/{SITE}/{made['id']}")).json() == made


async def test_an_update_replaces_and_a_deletion_removes(api: Api) -> None:
    made = await enter(api)
    path = f"/walled-garden/{SITE}/{made['id']}"
    answer = await api.send("PUT", path, json={"name": "n", "ip_address": "203.0.113.7"})
    assert answer.status_code == 200
    assert answer.json() == made | {"name": "n", "ip_address": "203.0.113.7", "type": None}
    assert (await api.send("GET", path)).json() == answer.json()
    assert (await api.send("DELETE", path)).status_code == 204
    refused(await api.send("DELETE", path), 404)
    assert (await api.send("GET", f"/walled-garden/{SITE}")).json() == []


async def test_sites_are_those_of_the_caller(api: Api, other: Api) -> None:
    await enter(other, PRIVATE_SITE)
    for site in (PRIVATE_SITE, UNKNOWN):
        refused(await api.send("GET", f"/walled-garden/{site}"), 404)
        refused(await api.send("POST", f"/walled-garden/{site}", json=ENTRY), 404)
    refused(await api.send("GET", "/walled-garden/here"), 400, "id_malformed")


@pytest.mark.parametrize("address", ["10.0.0.1", "10.0.0.0/8", "10.0.0.1/32", "255.255.255.255"])
async def test_addresses_and_networks_are_kept_as_written(api: Api, address: str) -> None:
    assert (await enter(api, ip_address=address))["ip_address"] == address


@pytest.mark.parametrize(
    "change",
    [
        {"ip_address": address}
        for address in (
            "10.0.0.1/24",
            "0.0.0.0/0",
            "0.0.0.0",  # noqa: S104 - refused, not bound
            "0.0.0.0/32",
            "10.0.0.0/33",
            "10.0.0.0/255.0.0.0",
            "010.0.0.1",
            "10.0.0",
            "2001:db8::1",
            "example.net",
            " 10.0.0.1",
            "10.0.0.1\n",
            "",
            167772161,
            None,
        )
    ]
    + [{"type": "other"}, {"name": ""}, {"name": "a\nb"}, {"name": "x" * 256}],
)
async def test_what_is_wrong_with_an_entry_is_told(api: Api, change: dict[str, Any]) -> None:
    answer = await api.send("POST", f"/walled-garden/{SITE}", json=ENTRY | change)
    assert next(iter(change)) in refused(answer, 400)["message"]
