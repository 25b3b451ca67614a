"""Provisioning of simulated routers over TCP: what is written, and when."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_impl.app import create_app
from reference_impl.provisioning.reconcile import Pace
from tests.reference_impl.bench import BOTH, BUSY, FIRST, QUIET, SECOND, Bench
from tests.reference_impl.conftest import SITE, Api, running


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    async with bench.fleet:
        yield bench


async def test_an_instance_becomes_a_hotspot(bench: Bench) -> None:
    async with bench.service():
        instance = await bench.create(FIRST)
    short, name = f"pc-{instance[:8]}", f"pc-{instance[:8]}-10.5.50.1"
    [server] = bench.rows("/ip/hotspot", name=name)
    assert (server["interface"], server["profile"], server["disabled"]) == ("bridge-guest", name, "false")
    assert server.get("invalid") != "true"
    assert "address-pool" not in server
    [profile] = bench.rows("/ip/hotspot/profile", name=name)
    assert profile["hotspot-address"] == "10.5.50.1"
    assert profile["login-by"] == "http-chap,http-pap"
    assert profile["html-directory"] == f"{short}-{SITE}"
    [user_profile] = bench.rows("/ip/hotspot/user/profile", name=short)
    assert user_profile["session-timeout"] == "12h"
    assert user_profile["shared-users"] == "unlimited"
    assert user_profile["add-mac-cookie"] == "false"
    [user] = bench.rows("/ip/hotspot/user", comment=f"portal-contract:{instance}")
    assert (user["name"], user["server"], user["profile"]) == (name, name, short)
    assert len(user["password"]) == 64
    [rule] = bench.rows("/ip/hotspot/walled-garden/ip", comment=f"portal-contract:{instance}")
    assert (rule["action"], rule["dst-address"], rule["server"]) == ("accept", "192.0.2.80", name)
    [page] = bench.rows("/file", name=f"{short}-{SITE}/login.html")
    assert f"http://192.0.2.80:8080/captive/portal/{instance}?site={SITE}&amp;" in page["contents"]


async def test_a_changed_ttl_is_one_write_and_other_changes_are_none(bench: Bench) -> None:
    async with bench.service():
        instance = await bench.create(BOTH)
        bench.written()
        await bench.put(instance, sites=BOTH)
        await bench.put(instance, sites=BOTH, name="Ω \" '", theme={"box_color": "#000000"}, terms_text="x")
        assert bench.written() == []
        await bench.put(instance, sites=BOTH, session_ttl=7200)
        assert [command for command, _ in bench.written()] == ["/ip/hotspot/user/profile/set"]
        [profile] = bench.rows("/ip/hotspot/user/profile", name=f"pc-{instance[:8]}")
        assert profile["session-timeout"] == "2h"
    async with bench.service():
        await bench.settle()
        assert bench.written() == []


@pytest.mark.parametrize("removal", ["delete", "site", "subnet"])
async def test_removal_leaves_the_router_as_it_was(bench: Bench, removal: str) -> None:
    before = bench.configuration()
    async with bench.service():
        instance = await bench.create(BOTH)
        assert bench.configuration() != before
        bench.router.associate("02:00:5E:00:53:01", "10.5.50.9", "bridge-guest")
        bench.admit("10.5.50.9", f"pc-{instance[:8]}-10.5.50.1")
        assert len(bench.rows("/ip/hotspot/active")) == 1
        if removal == "delete":
            await bench.delete(instance)
        else:
            await bench.put(instance, sites=[] if removal == "site" else [{"id": SITE, "subnets": []}])
    assert bench.configuration() == before
    assert bench.rows("/ip/hotspot/active") == []


@pytest.fixture
def guarded(bench: Bench) -> Iterator[list[int]]:
    """The number of enabled servers on bridge-guest after each write to a server."""
    counts: list[int] = []

    def look(_record: object) -> None:
        servers = bench.rows("/ip/hotspot", interface="bridge-guest", disabled="false")
        counts.append(len([row for row in servers if row.get("invalid") != "true"]))

    stop = bench.router.watch("/ip/hotspot", look)
    yield counts
    stop()


async def test_a_subnet_is_handed_over_on_the_same_row(bench: Bench, guarded: list[int]) -> None:
    async with bench.service():
        giver, taker = await bench.create(BOTH), await bench.create([])
        row = bench.rows("/ip/hotspot", interface="bridge-guest")[0][".id"]
        for number, network, interface in ((1, "10.5.50", "bridge-guest"), (2, "10.5.51", "vlan-guest-2")):
            bench.router.associate(f"02:00:5E:00:53:0{number}", f"{network}.9", interface)
            bench.admit(f"{network}.9", f"pc-{giver[:8]}-{network}.1")
        guarded.clear()
        bench.written()
        await bench.put(taker, sites=FIRST)
        writes = bench.written()
    assert [write for write in writes if write[0].startswith("/ip/hotspot/set")] == [("/ip/hotspot/set", row)]
    assert set(guarded) == {1}
    [server] = bench.rows("/ip/hotspot", interface="bridge-guest")
    assert server["name"] == server["profile"] == f"pc-{taker[:8]}-10.5.50.1"
    assert [active["address"] for active in bench.rows("/ip/hotspot/active")] == ["10.5.51.9"]
    names = {user["name"] for user in bench.rows("/ip/hotspot/user") if user["name"].startswith("pc-")}
    assert names == {f"pc-{taker[:8]}-10.5.50.1", f"pc-{giver[:8]}-10.5.51.1"}
    assert {row["server"] for row in bench.rows("/ip/hotspot/walled-garden/ip")[1:]} == names


async def test_swapping_two_subnets(bench: Bench, guarded: list[int]) -> None:
    async with bench.service():
        one, two = await bench.create(FIRST), await bench.create(SECOND)
        guarded.clear()
        await bench.put(one, sites=BOTH)
        await bench.put(two, sites=FIRST)
    assert set(guarded) == {1}
    servers = {row["interface"]: row["name"] for row in bench.rows("/ip/hotspot")}
    assert servers["bridge-guest"] == f"pc-{two[:8]}-10.5.50.1"
    assert servers["vlan-guest-2"] == f"pc-{one[:8]}-10.5.51.1"


async def test_routers_follow_what_another_process_writes(bench: Bench) -> None:
    settings = bench.settings()
    server = settings.server.model_copy(update={"provision": False})
    elsewhere = create_app(settings.model_copy(update={"server": server}))
    async with bench.service(Pace(resync=3600, watch=0.01)), running(elsewhere):
        api = Api(elsewhere)
        made = await api.create()
        name = f"pc-{made['id'][:8]}-10.5.50.1"
        assert (await api.put(made["id"], sites=FIRST)).status_code == 200
        await changed(bench, "/ip/hotspot", lambda: bench.rows("/ip/hotspot", name=name, disabled="false"))
        assert (await api.send("DELETE", f"/instances/{made['id']}")).status_code == 204
        await changed(bench, "/ip/hotspot", lambda: not bench.rows("/ip/hotspot", name=name))
        await bench.settle()
        assert bench.rows("/ip/hotspot", interface="bridge-guest") == []
        await api.client.aclose()


async def test_two_tenants_on_one_router_do_not_meet(bench: Bench) -> None:
    async with bench.service():
        mine = await bench.create(FIRST)
        before = bench.configuration()
        theirs = (await bench.other.create())["id"]
        await bench.other.put(theirs, sites=SECOND)
        await bench.settle()
        assert len(bench.rows("/ip/hotspot")) == 3
        await bench.other.send("DELETE", f"/instances/{theirs}")
        await bench.settle()
        assert bench.configuration() == before
        assert bench.rows("/ip/hotspot", name=f"pc-{mine[:8]}-10.5.50.1")


async def test_orphans_are_removed_without_a_database(bench: Bench, tmp_path: Path) -> None:
    before = bench.configuration()
    async with bench.service():
        await bench.create(BOTH)
    assert bench.configuration() != before
    (tmp_path / "fresh").mkdir()
    bench.tmp_path = tmp_path / "fresh"
    async with bench.service():
        await bench.settle()
    assert bench.configuration() == before


async def changed(bench: Bench, menu: str, goal: Any) -> None:
    """Wait until the condition holds after a write to the menu."""
    moved = asyncio.Event()
    stop = bench.router.watch(menu, lambda _record: moved.set())
    async with asyncio.timeout(20):
        while not goal():
            await moved.wait()
            moved.clear()
    stop()


async def test_an_operators_server_is_not_overwritten(bench: Bench) -> None:
    foreign = bench.operate("/ip/hotspot/add", name="lounge", interface="bridge-guest", disabled="no")
    before = bench.configuration()
    async with bench.service(BUSY):
        instance = await bench.create(FIRST)
        assert bench.configuration() == before
        [missed] = bench.provisioning.reconcilers[0].unprovisioned
        assert (missed.instance_id, missed.subnet) == (instance, "10.5.50.0/24")
        assert "bridge-guest" in missed.reason
        [site] = (await bench.api.get(instance))["sites"]
        assert site == {**FIRST[0], "unprovisioned": [{"subnet": "10.5.50.0/24", "reason": missed.reason}]}
        bench.operate("/ip/hotspot/remove", numbers=str(foreign))
        await changed(
            bench,
            "/ip/hotspot",
            lambda: bench.rows("/ip/hotspot", interface="bridge-guest", disabled="false"),
        )
        await bench.settle()
        bench.provisioning.wake([SITE])
        await bench.settle()
        assert bench.provisioning.reconcilers[0].unprovisioned == ()
        assert (await bench.api.get(instance))["sites"] == FIRST


async def test_a_subnet_is_provisioned_when_its_address_appears(bench: Bench) -> None:
    before = bench.configuration()
    async with bench.service(Pace(resync=3600, unmet=0.02)):
        instance = await bench.create([{"id": SITE, "subnets": ["10.7.0.0/24"]}])
        assert bench.configuration() == before
        [missed] = bench.provisioning.reconcilers[0].unprovisioned
        assert "no enabled address" in missed.reason
        bench.operate("/ip/address/add", address="10.7.0.254/24", interface="bridge-guest")
        name = f"pc-{instance[:8]}-10.7.0.254"
        await changed(bench, "/ip/hotspot", lambda: bench.rows("/ip/hotspot", name=name, disabled="false"))


async def test_what_an_operator_breaks_is_repaired(bench: Bench) -> None:
    async with bench.service(BUSY):
        instance = await bench.create(FIRST)
        name = f"pc-{instance[:8]}-10.5.50.1"
        bench.operate("/ip/hotspot/set", numbers=name, disabled="yes")
        await changed(bench, "/ip/hotspot", lambda: bench.rows("/ip/hotspot", name=name, disabled="false"))
        bench.operate("/ip/hotspot/user/remove", numbers=name)
        await changed(
            bench, "/ip/hotspot/user", lambda: bench.rows("/ip/hotspot/user", name=name, server=name)
        )


async def test_addresses_that_change_places_are_followed(bench: Bench) -> None:
    async with bench.service():
        one, two = await bench.create(FIRST), await bench.create(SECOND)
        first, second = (bench.rows("/ip/address", address=f"10.5.5{n}.1/24")[0][".id"] for n in (0, 1))
        bench.operate("/ip/address/set", numbers=first, interface="vlan-guest-2")
        bench.operate("/ip/address/set", numbers=second, interface="bridge-guest")
        bench.provisioning.wake([SITE])
        await bench.settle()
        servers = {row["interface"]: row["name"] for row in bench.rows("/ip/hotspot")}
        assert servers["vlan-guest-2"] == f"pc-{one[:8]}-10.5.50.1"
        assert servers["bridge-guest"] == f"pc-{two[:8]}-10.5.51.1"
        users = {row["name"]: row["server"] for row in bench.rows("/ip/hotspot/user") if "server" in row}
        assert users[servers["bridge-guest"]] == servers["bridge-guest"]
        assert users[servers["vlan-guest-2"]] == servers["vlan-guest-2"]


async def test_sites_of_one_router_do_not_remove_each_other(bench: Bench) -> None:
    settings = bench.settings()
    sites = [site.model_copy(update={"router": settings.sites[0].router}) for site in settings.sites]
    settings = settings.model_copy(update={"sites": sites})
    async with running(create_app(settings, pace=QUIET)) as app:
        bench.provisioning, bench.api = app.state.service.provisioning, Api(app)
        assert len(bench.provisioning.reconcilers) == 1
        await bench.create(FIRST)
        await bench.create([{"id": sites[1].id, "subnets": ["10.5.51.0/24"]}])
        await bench.put((await bench.api.create())["id"])
        assert len(bench.rows("/ip/hotspot")) == 3
        await bench.api.client.aclose()


async def test_no_secret_of_the_service_reaches_the_router(bench: Bench) -> None:
    async with bench.service():
        await bench.create(BOTH)
    text = repr(bench.router.snapshot())
    for secret in ("a secret of the tests", "token-a", "token-b", "router-pass"):
        assert secret not in text
