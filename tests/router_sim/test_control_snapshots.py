"""The control API over whole states: snapshots out and in, changes as commands, exports, and the power."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from router_sim.reboot import Phase
from router_sim.script import parse
from router_sim.snapshots import Snapshot
from tests.router_sim.conftest import Console
from tests.router_sim.test_control import Lab

POOL = "/ip/pool"


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    lab = Lab()
    async with lab.fleet:
        await lab.server.start()
        yield lab
        await lab.server.close()


async def test_a_snapshot_goes_from_one_router_to_another(lab: Lab) -> None:
    one, two = (Console(router) for router in lab.routers.values())
    one.add(POOL, name="p", ranges="10.0.0.1-10.0.0.9", comment="täst")
    one.add("/ip/hotspot/user", name="guest", password="pw")
    async with lab.http() as http:
        assert (await http.get("/routers/r1/snapshot")).json()[POOL][0]["comment"] == "täst"
        kept = await http.get("/routers/r1/snapshot", params={"format": "ndjson"})
        assert kept.headers["content-type"] == "application/x-ndjson"
        loaded = await http.put("/routers/r2/snapshot", content=kept.content)
        assert loaded.status_code == 200
        assert loaded.json() == {"rows": 2, "renumbered": 0, "problems": []}
        assert two.rows(POOL) == one.rows(POOL)
        again = await http.get("/routers/r2/snapshot", params={"format": "ndjson"})
        assert Snapshot.from_ndjson(again.text).menus["/ip/hotspot/user"] == one.rows("/ip/hotspot/user")
        two.run(f"{POOL}/remove", {"numbers": "p"})
        assert (await http.post("/routers/r2/reset")).status_code == 204
        assert two.names(POOL) == ["p"]


async def test_changes_since_the_initial_state_are_commands(lab: Lab) -> None:
    console = Console(lab.routers["127.0.4.1"])
    kept = console.add(POOL, name="kept", ranges="10.0.0.1-10.0.0.9")
    console.router.mark_initial()
    async with lab.http() as http:
        await http.post("/clock/advance", json={"seconds": 90})
        assert (await http.get("/routers/r1/changes", params={"volatile": "1"})).text == ""
        console.set(POOL, kept, name="renamed")
        console.add(POOL, name="new", ranges="10.0.1.1-10.0.1.9")
        console.add("/ip/firewall/address-list", list="l", address="10.0.0.1", timeout="1h")
        text = (await http.get("/routers/r1/changes")).text
        assert (
            text == "/ip pool\nset [ find name=kept ] name=renamed\nadd name=new ranges=10.0.1.1-10.0.1.9\n"
        )
        told = (await http.get("/routers/r1/changes", params={"volatile": "1"})).text
        assert told.startswith(text)
        assert "# /ip/firewall/address-list *1: new" in told.splitlines()
        assert len(parse(told)) == 2


async def test_an_export_of_a_router(lab: Lab) -> None:
    Console(lab.routers["127.0.4.1"]).add("/ip/hotspot/user", name="guest", password="hush")
    async with lab.http() as http:
        answer = await http.get("/routers/r1/export")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.text.endswith("#\n/ip hotspot user\nadd name=guest\n")
        shown = await http.get("/routers/r1/export", params={"show-sensitive": "1"})
        assert shown.text.endswith("add name=guest password=hush\n")
        assert "set ftp disabled=no ports=21" in (await http.get("/routers/r1/export?verbose=1")).text


async def test_the_power_of_a_router(lab: Lab) -> None:
    router = lab.routers["127.0.4.1"]
    async with lab.http() as http, lab.api() as api:
        await api.log_in()
        times = {"off": 10, "resetting": 0, "locked": 5, "incomplete": 0}
        assert (await http.post("/routers/r1/reboot", json=times)).status_code == 204
        assert await api.read() is None
        assert router.phase is Phase.OFF
        await http.post("/clock/advance", json={"seconds": 12})
        assert router.phase is Phase.LOCKED
        await http.post("/clock/advance", json={"seconds": 4})
        assert router.phase is Phase.READY
        assert (await http.post("/routers/r1/shutdown")).status_code == 204
        await http.post("/clock/advance", json={"seconds": 86400})
        assert router.phase is Phase.OFF
        assert (await http.post("/routers/r1/power-cycle", json=dict.fromkeys(times, 0))).status_code == 204
        assert router.phase is Phase.READY
        assert (await http.post("/routers/r1/power-cycle")).status_code == 204
        assert router.phase is Phase.OFF


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("GET", "/routers/r1/snapshot?format=xml", b"", "format: 'xml' is neither json nor ndjson"),
        ("PUT", "/routers/r1/snapshot", b"{}", "line 1: the format is None"),
        ("PUT", "/routers/r1/snapshot", b"\xff", "codec can't decode"),
        ("POST", "/routers/r1/reboot", b'{"on":1}', "on: that is none of off, resetting, locked, incomplete"),
        ("POST", "/routers/r1/reboot", b'{"off":"1"}', "off: a number of seconds"),
        ("POST", "/routers/r1/reboot", b'{"off":-1}', "off: -1 is not between"),
    ],
)
async def test_what_is_wrong_is_told(lab: Lab, method: str, path: str, body: bytes, message: str) -> None:
    before = lab.routers["127.0.4.1"].snapshot()
    async with lab.http() as http:
        answer = await http.request(method, path, content=body)
        assert answer.status_code == 400
        assert message in answer.json()["error"]
        assert (await http.get("/routers/none/export")).status_code == 404
    assert lab.routers["127.0.4.1"].snapshot() == before
