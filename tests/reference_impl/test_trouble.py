"""Provisioning in trouble: routers that are away, refuse, or lose the connection."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from librouteros.exceptions import TrapError

from reference_impl.provisioning.device import Device
from reference_impl.provisioning.menus import FILE, SERVER, USER_PROFILE, Operation
from reference_impl.provisioning.reconcile import Pace
from router_sim.faults import Fault
from router_sim.fleet import Fleet
from tests.reference_impl.bench import BOTH, FIRST, Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    async with bench.fleet:
        yield bench


async def test_an_unreachable_router_delays_nothing_but_itself(bench: Bench) -> None:
    port = bench.fleet.port
    await bench.fleet.close()
    async with bench.service():
        made = await bench.api.create()
        assert (await bench.api.put(made["id"], sites=FIRST)).status_code == 200
        [reconciler] = bench.provisioning.reconcilers
        assert reconciler.failure is not None
        bench.fleet = Fleet({"127.0.1.1": bench.router}, port=port)
        async with bench.fleet:
            await bench.settle()
            assert reconciler.failure is None
            assert bench.rows("/ip/hotspot", name=f"pc-{made['id'][:8]}-10.5.50.1")


async def test_a_router_that_comes_back_is_tried_when_something_is_asked(bench: Bench) -> None:
    """However long the service would wait by itself."""
    async with bench.service(Pace(resync=3600, first_retry=3600, longest_retry=3600)):
        bench.fleet.faults.add(Fault(kind="drop_before", path="/ip/hotspot/add", count=1))
        made = await bench.api.create()
        assert (await bench.api.put(made["id"], sites=FIRST)).status_code == 200
        [reconciler] = bench.provisioning.reconcilers
        async with asyncio.timeout(20):
            while bench.fleet.faults.active() or reconciler.failure is None:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0)
        await bench.put(made["id"], sites=FIRST)
        assert reconciler.failure is None
        assert bench.rows("/ip/hotspot", name=f"pc-{made['id'][:8]}-10.5.50.1", disabled="false")


@pytest.mark.parametrize("kind", ["trap", "drop_after"])
async def test_the_api_answers_while_a_router_makes_trouble(bench: Bench, kind: str) -> None:
    bench.fleet.faults.add(Fault(kind=kind, path="/ip/*", probability=0.3, seed=5, count=15))
    async with bench.service():
        before = bench.configuration()
        one, two = await bench.create(BOTH), await bench.create([])
        await bench.put(two, sites=FIRST)
        assert len(bench.rows("/ip/hotspot")) == 3
        await bench.delete(one)
        await bench.delete(two)
        assert bench.configuration() == before


def device(bench: Bench, timeout: float = 10.0) -> Device:
    router = bench.settings().sites[0].router
    assert router is not None
    return Device(router, timeout)


async def test_the_connection_is_reused_after_a_trap_and_dropped_after_a_timeout(bench: Bench) -> None:
    used = device(bench, timeout=0.2)
    await used.read()
    connections = {row[".id"] for row in bench.rows("/user/active")}
    with pytest.raises(TrapError, match="no such item"):
        await used.apply(Operation("set", USER_PROFILE, "*FFFF", {"name": "x"}))
    await used.apply(Operation("remove", USER_PROFILE, "*FFFF"))
    await used.read()
    assert {row[".id"] for row in bench.rows("/user/active")} == connections
    bench.fleet.faults.add(Fault(kind="latency", path="/ip/address/print", delay=600, count=1))
    with pytest.raises(TimeoutError):
        await used.read()
    rows = await used.read()
    assert [row["address"] for row in rows["/ip/address"]][:2] == ["192.0.2.2/24", "10.5.50.1/24"]
    assert {row[".id"] for row in bench.rows("/user/active")} - connections
    used.disconnect()


async def test_values_are_read_as_they_are_printed(bench: Bench) -> None:
    bench.operate("/ip/hotspot/profile/add", name="yes", html_directory="007")
    bench.operate("/file/add", name="pc-0a0b0c0d/login.html", contents="a=b\ncafé")
    used = device(bench)
    rows = await used.read()
    assert any(row["name"] == "yes" and row["html-directory"] == "007" for row in rows["/ip/hotspot/profile"])
    assert [row["contents"] for row in rows[FILE] if "contents" in row] == ["a=b\ncafé"]
    assert {row["disabled"] for row in rows[SERVER]} == {"false"}
    used.disconnect()


async def test_a_wrong_password_is_refused_by_the_router(bench: Bench) -> None:
    router = bench.settings().sites[0].router.model_copy(update={"password": "x"})
    with pytest.raises(TrapError, match="invalid user name or password"):
        await Device(router).read()
