"""Provisioning in trouble: routers that are away, refuse, or lose the connection."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from librouteros.exceptions import TrapError

from reference_impl.provisioning.device import Device
from reference_impl.provisioning.menus import FILE, SERVER, USER_PROFILE, Operation
from router_sim.faults import Fault
from router_sim.fleet import Fleet
from tests.reference_impl.bench import BOTH, FIRST, Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    async with bench.fleet:
        yield bench


def without_ids(configuration: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    return {
        menu: [{key: value for key, value in row.items() if key != ".id"} for row in rows]
        for menu, rows in configuration.items()
    }


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


async def run_through(bench: Bench) -> Any:
    """Create, hand over and delete; return what the router then holds, ids and instance names aside."""
    states = []
    one, two = await bench.create(BOTH), await bench.create([])
    for step in ("create", "hand over", "delete"):
        if step == "hand over":
            await bench.put(two, sites=FIRST)
        if step == "delete":
            await bench.delete(one)
        text = repr(without_ids(bench.configuration()))
        for instance, name in ((one, "ONE"), (two, "TWO")):
            text = text.replace(instance, name).replace(f"pc-{instance[:8]}", f"pc-{name}")
        states.append(sorted(text.replace("'", "").split("{")))
    return [[line for line in state if "password" not in line] for state in states]


@pytest.mark.parametrize("verb", ["add", "set", "remove"])
@pytest.mark.parametrize("kind", ["trap", "drop_before", "drop_after"])
async def test_trouble_at_any_write_leads_to_the_same_state(tmp_path: Path, kind: str, verb: str) -> None:
    expected = None
    for skip in itertools.count(-1):
        (tmp_path / str(skip)).mkdir()
        bench = Bench(tmp_path / str(skip))
        async with bench.fleet, bench.service():
            if skip >= 0:
                bench.fleet.faults.add(Fault(kind=kind, path=f"*/{verb}", skip=skip, count=1))
            state = await run_through(bench)
        expected = expected or state
        assert state == expected, skip
        if bench.fleet.faults.active():
            # There was no write of that number any more.
            assert skip >= 2
            return


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
