"""Site users: what routers and log say of guests, whose they are, and the end of their sessions."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.provisioning.sessions import RouterGuest
from reference_impl.records import AdmissionRecord, InstanceRecord
from reference_impl.site_users import sessions_of
from reference_impl.stores.admissions import KEPT
from router_sim.faults import Fault
from router_sim.guests.internet import Internet
from router_sim.guests.registry import Guests
from tests.reference_impl.bench import SECOND, Bench
from tests.reference_impl.conftest import OTHER_SITE, PRIVATE_SITE, SITE, UNKNOWN, Api, refused
from tests.reference_impl.guest_bench import (
    IP,
    MAC,
    OTHER_IP,
    OTHER_MAC,
    Visitor,
    connected,
    coupon,
    open_house,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    async with bench.fleet, bench.service():
        yield bench


async def users(api: Api, query: str = "", site: str = SITE) -> list[dict[str, Any]]:
    answer = await api.send("GET", f"/site-users/{site}{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def log_in(bench: Bench, instance: str, **who: str) -> Visitor:
    visitor = Visitor(bench.api, instance, **who)
    await connected(visitor, await visitor.redeem(await coupon(bench, instance)))
    return visitor


async def test_a_guest_before_and_after_its_session(bench: Bench) -> None:
    instance = await open_house(bench, session_ttl=1200)
    assert await users(bench.api) == []
    await log_in(bench, instance)
    [user] = await users(bench.api)
    assert user == {
        "id": user["id"],
        "instance_id": instance,
        "ip_address": IP,
        "mac_address": MAC,
        "hostname": None,
        "authenticated_at": "2026-01-02T03:04:05Z",
        "expires_at": "2026-01-02T03:24:05Z",
        "active": True,
    }
    bench.clock.turn(seconds=1200)
    bench.router.tick()
    assert await users(bench.api) == [user | {"active": False}]
    assert await users(bench.api, "?active=true") == []
    assert await users(bench.api, "?active=false") == [user | {"active": False}]


async def test_a_new_login_takes_the_place_of_the_old_one(bench: Bench) -> None:
    instance = await open_house(bench, session_ttl=1200)
    await log_in(bench, instance)
    [first] = await users(bench.api)
    bench.clock.turn(seconds=1500)
    bench.router.tick()
    await log_in(bench, instance)
    await log_in(bench, instance, ip=OTHER_IP, mac=OTHER_MAC)
    found = await users(bench.api)
    assert [user["mac_address"] for user in found] == [OTHER_MAC, MAC]
    assert first["id"] not in {user["id"] for user in found}
    # The session before is over, whatever its id is asked for; the new one is not touched.
    answer = await bench.api.send("DELETE", f"/site-users/{SITE}/{first['id']}")
    assert answer.status_code == 204
    assert all(user["active"] for user in await users(bench.api))


async def test_a_session_that_the_router_ended_early(bench: Bench) -> None:
    instance = await open_house(bench, session_ttl=1200)
    await log_in(bench, instance)
    bench.clock.turn(seconds=60)
    bench.operate("/ip/hotspot/active/remove", numbers=bench.rows("/ip/hotspot/active")[0][".id"])
    [user] = await users(bench.api)
    assert (user["active"], user["expires_at"]) == (False, "2026-01-02T03:05:05Z")
    bench.clock.turn(seconds=60)
    assert await users(bench.api) == [user]


async def test_disconnecting_ends_the_session(bench: Bench) -> None:
    instance = await open_house(bench)
    await log_in(bench, instance)
    await log_in(bench, instance, ip=OTHER_IP, mac=OTHER_MAC)
    user = next(user for user in await users(bench.api) if user["mac_address"] == MAC)
    path = f"/site-users/{SITE}/{user['id']}"
    bench.clock.turn(seconds=30)
    for _ in range(2):
        answer = await bench.api.send("DELETE", path)
        assert (answer.status_code, answer.content) == (204, b"")
    assert [row["address"] for row in bench.rows("/ip/hotspot/active")] == [OTHER_IP]
    states = {user["mac_address"]: (user["active"], user["expires_at"]) for user in await users(bench.api)}
    assert states == {
        MAC: (False, "2026-01-02T03:04:35Z"),
        OTHER_MAC: (True, "2026-01-02T15:04:05Z"),
    }


async def test_filters(bench: Bench) -> None:
    first = await open_house(bench)
    second = await bench.create(SECOND)
    bench.router.associate("02:00:5E:00:53:03", "10.5.51.9", "vlan-guest-2")
    await log_in(bench, first)
    await log_in(bench, second, ip="10.5.51.9", mac="02:00:5E:00:53:03")
    for instance in (first, second):
        [user] = await users(bench.api, f"?instance_id={instance.upper()}")
        assert user["instance_id"] == instance
    assert len(await users(bench.api)) == 2
    assert await users(bench.api, f"?instance_id={UNKNOWN}") == []
    assert await users(bench.api, site=OTHER_SITE) == []
    for query in ("active=1", "active=", "active=TRUE", "instance_id=x", "instance_id="):
        refused(await bench.api.send("GET", f"/site-users/{SITE}?{query}"), 400, "parameter_invalid")


async def test_whose_guests_they_are(bench: Bench) -> None:
    mine = await open_house(bench)
    made = (await bench.other.create())["id"]
    await bench.other.put(made, sites=SECOND)
    await bench.settle()
    await log_in(bench, mine)
    [user] = await users(bench.api)
    assert await users(bench.other) == []
    refused(await bench.other.send("DELETE", f"/site-users/{SITE}/{user['id']}"), 404)
    refused(await bench.api.send("GET", f"/site-users/{PRIVATE_SITE}"), 404)
    refused(await bench.api.send("GET", "/site-users/x"), 400)
    refused(await bench.api.send("DELETE", f"/site-users/{SITE}/{UNKNOWN}"), 404)
    refused(await bench.api.send("DELETE", f"/site-users/{SITE}/x"), 400)
    refused(await bench.api.send("DELETE", f"/site-users/{OTHER_SITE}/{user['id']}"), 404)
    assert len(bench.rows("/ip/hotspot/active")) == 1
    await bench.delete(mine)
    assert await users(bench.api) == []


async def test_a_silent_router_leaves_the_log(bench: Bench) -> None:
    instance = await open_house(bench, session_ttl=1200)
    await log_in(bench, instance)
    [user] = await users(bench.api)
    silence = Fault(kind="drop_before", path="/ip/hotspot/*", count=1000)
    bench.fleet.faults.add(silence)
    assert await users(bench.api) == [user]
    refused(await bench.api.send("DELETE", f"/site-users/{SITE}/{user['id']}"), 503, "router_unreachable")
    assert await users(bench.api) == [user]
    bench.clock.turn(seconds=1200)
    assert await users(bench.api) == [user | {"active": False}]
    assert (await bench.api.send("DELETE", f"/site-users/{SITE}/{user['id']}")).status_code == 204


async def test_sessions_outlive_the_memory_of_the_service(bench: Bench) -> None:
    instance = await open_house(bench, session_ttl=1200)
    user = bench.rows("/ip/hotspot/user", profile=f"pc-{instance[:8]}")[0]["name"]
    bench.admit(IP, user)
    assert await users(bench.api) == [], "so young it may be on its way into the log"
    bench.clock.turn(seconds=60)
    [found] = await users(bench.api)
    assert (found["instance_id"], found["mac_address"], found["active"]) == (instance, MAC, True)
    assert (found["authenticated_at"], found["expires_at"]) == (
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:24:05Z",
    )
    assert [again["id"] for again in await users(bench.api)] == [found["id"]]
    assert await users(bench.other) == []
    path = f"/site-users/{SITE}/{found['id']}"
    refused(await bench.other.send("DELETE", path), 404)
    assert (await bench.api.send("DELETE", path)).status_code == 204
    assert bench.rows("/ip/hotspot/active") == []


async def test_names_of_devices_are_remembered(bench: Bench) -> None:
    instance = await open_house(bench)
    pool = {"address_pool": "pool-guest-1", "disabled": "no"}
    bench.operate("/ip/dhcp-server/add", name="guests", interface="bridge-guest", **pool)
    laboratory = Guests({"site-1": bench.router}.get, Internet())
    entry = await laboratory.create("site-1", interface="bridge-guest", host_name="ann's phone")
    await log_in(bench, instance, ip=entry.guest.who.address, mac=entry.guest.who.mac)
    [user] = await users(bench.api)
    assert user["hostname"] == "ann's phone"
    await laboratory.leave(entry.id)
    await laboratory.close()
    [user] = await users(bench.api)
    assert (user["hostname"], user["active"]) == ("ann's phone", False)


async def test_the_log_forgets(bench: Bench) -> None:
    instance = await open_house(bench, session_ttl=1200)
    await log_in(bench, instance)
    bench.clock.turn(seconds=1201 + KEPT.total_seconds())
    bench.router.tick()
    assert len(await users(bench.api)) == 1
    bench.router.associate(OTHER_MAC, OTHER_IP, "bridge-guest")
    await log_in(bench, instance, ip=OTHER_IP, mac=OTHER_MAC)
    assert [user["mac_address"] for user in await users(bench.api)] == [OTHER_MAC]


@given(
    begun=st.integers(0, 7200),
    ended=st.none() | st.integers(0, 3600),
    left=st.none() | st.integers(1, 3600),
    online=st.none() | st.booleans(),
)
def test_a_session_is_active_until_it_ends(
    begun: int, ended: int | None, left: int | None, online: bool | None
) -> None:
    """Whatever log and router say: what runs ends later, what has ended did so before now."""
    at = NOW - timedelta(seconds=begun)
    entry = AdmissionRecord(
        id="a",
        instance_id=UNKNOWN,
        site_id=SITE,
        mac_address=MAC,
        ip_address=IP,
        hostname=None,
        authenticated_at=at,
        expires_at=at + HOUR,
        ended_at=None if ended is None else min(NOW, at + timedelta(seconds=ended)),
    )
    guest = RouterGuest(UNKNOWN[:8], MAC, IP, "phone", bool(online), left or 60)
    guests = None if online is None else [guest]
    [session] = sessions_of(SITE, [entry], guests, [InstanceRecord(id=UNKNOWN, session_ttl=3600)], NOW)
    assert session.active == (session.ends_at > NOW)
    assert session.begun_at <= session.ends_at
    if online is not None:
        assert session.active == online
        assert session.hostname == "phone"
