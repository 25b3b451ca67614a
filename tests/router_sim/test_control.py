"""The control API over HTTP: clock, journal, snapshot, reset, faults, and who may use it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from router_sim.clock import LATEST, RealClock, VirtualClock
from router_sim.control import ControlServer, control_app
from router_sim.faults import FaultPlan
from router_sim.fleet import Fleet, FleetError
from router_sim.router import Router
from tests.router_sim.clients import RawClient

LISTS = "/ip/firewall/address-list"
START = datetime(2026, 1, 1, tzinfo=UTC)


class Lab:
    """Two routers, their control API, and clients for both."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START, monotonic=lambda: 0.0)
        self.routers = {f"127.0.4.{number}": Router(name=f"r{number}", clock=self.clock) for number in (1, 2)}
        for router in self.routers.values():
            router.mark_initial()
        self.fleet = Fleet(self.routers, port=0, faults=FaultPlan(self.clock.now))
        self.server = ControlServer(control_app(self.fleet, self.clock, "s3cret"))

    def http(self, token: str | None = "s3cret") -> httpx2.AsyncClient:  # noqa: S107
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(base_url=self.server.url, headers=headers, trust_env=False)

    def api(self, number: int = 1) -> RawClient:
        return RawClient(f"127.0.4.{number}", self.fleet.port)


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    lab = Lab()
    async with lab.fleet:
        await lab.server.start()
        yield lab
        await lab.server.close()


@pytest.mark.parametrize("token", [None, "wrong", "s3cre", "s3cret2"])
async def test_without_the_token_there_is_nothing(lab: Lab, token: str | None) -> None:
    async with lab.http(token) as http:
        for path in ("/clock", "/routers", "/nonsense"):
            response = await http.get(path)
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == "Bearer"
            assert "Authorization: Bearer TOKEN" in response.json()["error"]


async def test_the_clock_is_read_and_advanced(lab: Lab) -> None:
    async with lab.http() as http:
        assert (await http.get("/clock")).json() == {"now": "2026-01-01T00:00:00Z"}
        response = await http.post("/clock/advance", json={"seconds": 90.5})
        assert response.json() == {"now": "2026-01-01T00:01:30.500000Z"}
        assert lab.clock.now() == START + timedelta(seconds=90.5)


@pytest.mark.parametrize("seconds", [-1, "10", None, True, 1e12])
async def test_the_clock_only_takes_sensible_steps(lab: Lab, seconds: object) -> None:
    async with lab.http() as http:
        response = await http.post("/clock/advance", json={"seconds": seconds})
        assert response.status_code == 400
        assert response.json()["error"].startswith("seconds: ")
        assert lab.clock.now() == START


async def test_the_clock_has_an_end(lab: Lab) -> None:
    lab.clock.advance((LATEST - START).total_seconds())
    async with lab.http() as http:
        response = await http.post("/clock/advance", json={"seconds": 1})
        assert response.status_code == 400
        assert response.json()["error"].startswith("seconds: a clock can be advanced until 2500-01-01")
        assert (await http.get("/routers/r1/snapshot")).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"kind":"\\ud800"}'])
async def test_a_body_that_is_no_json_object(lab: Lab, body: bytes) -> None:
    async with lab.http() as http:
        for path in ("/clock/advance", "/faults"):
            response = await http.post(path, content=body)
            assert response.status_code == 400
            assert "body" in response.json()["error"]


async def test_what_a_request_does_not_have_is_named(lab: Lab) -> None:
    async with lab.http() as http:
        response = await http.post("/clock/advance", json={"seconds": 1, "hours": 1})
        assert response.status_code == 400
        assert response.json() == {"error": "hours: that is none of seconds"}
        assert lab.clock.now() == START


async def test_a_mistake_of_the_simulator_is_said_to_be_one(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(lab.routers["127.0.4.1"], "snapshot", fail)
    async with lab.http() as http:
        response = await http.get("/routers/r1/snapshot")
        assert response.status_code == 500
        assert response.json() == {"error": "the simulator failed at GET /routers/r1/snapshot: KeyError"}
        assert (await http.get("/clock")).status_code == 200


async def test_a_body_without_end_is_refused(lab: Lab) -> None:
    async with lab.http() as http:
        response = await http.post("/faults", content=b" " * 1_100_000)
        assert response.status_code == 413


async def test_the_real_clock_cannot_be_advanced() -> None:
    fleet = Fleet({"127.0.4.1": Router(name="r", clock=RealClock())}, port=0)
    transport = httpx2.ASGITransport(app=control_app(fleet, RealClock(), "t"))
    async with httpx2.AsyncClient(transport=transport, base_url="http://control") as http:
        http.headers["Authorization"] = "Bearer t"
        response = await http.post("/clock/advance", json={"seconds": 1})
    assert response.status_code == 409
    assert "cannot be moved" in response.json()["error"]


async def test_routers_are_listed(lab: Lab) -> None:
    async with lab.http() as http:
        assert (await http.get("/routers")).json() == [
            {
                "name": f"r{number}",
                "address": f"127.0.4.{number}",
                "port": lab.fleet.port,
                "services": {"api": lab.fleet.port},
                "version": "7.22.3",
            }
            for number in (1, 2)
        ]


async def test_the_journal_shows_each_write_once(lab: Lab) -> None:
    async with lab.http() as http, lab.api() as api:
        await api.log_in()
        await api.talk(f"{LISTS}/add", "=list=a", "=address=10.0.0.1", "=comment=caf\udce9")
        await api.talk(f"{LISTS}/print")
        response = await http.get("/routers/r1/journal")
        assert response.headers["content-type"] == "application/x-ndjson"
        entries = [json.loads(line) for line in response.text.splitlines()]
        entry = next(entry for entry in entries if entry["menu"] == LISTS)
        assert list(entry) == [
            "seq", "time", "user", "connection", "command", "menu", "id", "before", "after", "trap",
        ]  # fmt: skip
        assert entry["time"] == "2026-01-01T00:00:00Z"
        assert (entry["user"], entry["connection"], entry["command"]) == ("admin", 1, f"{LISTS}/add")
        assert entry["before"] is None
        assert entry["after"]["comment"] == "caf\udce9"
        assert entry["trap"] is None
        last = entries[-1]["seq"]
        assert (await http.get(f"/routers/r1/journal?after={last}")).text == ""
        assert (await http.get("/routers/r2/journal")).text == ""


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "9" * 30])
async def test_the_journal_is_read_from_a_number(lab: Lab, after: str) -> None:
    async with lab.http() as http:
        response = await http.get("/routers/r1/journal", params={"after": after})
        assert response.status_code == 400
        assert response.json()["error"].startswith("after: ")


async def test_snapshot_and_reset(lab: Lab) -> None:
    async with lab.http() as http, lab.api() as api:
        initial = (await http.get("/routers/r1/snapshot")).json()
        await api.log_in()
        await api.talk(f"{LISTS}/add", "=list=a", "=address=10.0.0.1")
        changed = (await http.get("/routers/r1/snapshot")).json()
        assert [row["address"] for row in changed[LISTS]] == ["10.0.0.1"]
        assert (await http.post("/routers/r1/reset")).status_code == 204
        again = (await http.get("/routers/r1/snapshot")).json()
        assert again[LISTS] == initial[LISTS] == []
        assert (await http.get("/routers/r1/journal")).text == ""
        assert len(await api.talk("/system/identity/print")) == 2


async def test_what_expires_is_gone_after_the_clock_moved(lab: Lab) -> None:
    async with lab.http() as http, lab.api() as api:
        await api.log_in()
        await api.talk(f"{LISTS}/add", "=list=a", "=address=10.0.0.1", "=timeout=1h")
        await http.post("/clock/advance", json={"seconds": 3599})
        assert len((await http.get("/routers/r1/snapshot")).json()[LISTS]) == 1
        await http.post("/clock/advance", json={"seconds": 1})
        assert (await http.get("/routers/r1/snapshot")).json()[LISTS] == []
        entry = json.loads((await http.get("/routers/r1/journal")).text.splitlines()[-1])
        assert (entry["user"], entry["after"]) == ("", None)


async def test_faults_are_planned_listed_and_ended(lab: Lab) -> None:
    async with lab.http() as http, lab.api() as api:
        await api.log_in()
        body = {"kind": "trap", "router": "r1", "path": "/system/*", "message": "no", "count": 1}
        response = await http.post("/faults", json=body)
        assert response.status_code == 201
        planned = response.json()
        assert planned["id"] == 1
        assert planned.items() >= body.items()
        assert (await http.get("/faults")).json() == [planned]
        assert await api.talk("/system/identity/print") == [["!trap", "=message=no"], ["!done"]]
        assert (await http.get("/faults")).json() == []
        for number in (2, 3, 4):
            assert (await http.post("/faults", json=body)).json()["id"] == number
        assert (await http.delete("/faults/3")).status_code == 204
        assert (await http.delete("/faults/3")).status_code == 404
        assert [fault["id"] for fault in (await http.get("/faults")).json()] == [2, 4]
        assert (await http.delete("/faults")).status_code == 204
        assert (await http.get("/faults")).json() == []
        assert len(await api.talk("/system/identity/print")) == 2


async def test_a_router_is_named_by_its_address_too(lab: Lab) -> None:
    async with lab.http() as http:
        body = {"kind": "trap", "router": "127.0.4.2", "count": 1}
        assert (await http.post("/faults", json=body)).json()["router"] == "r2"
        assert (await http.get("/routers/127.0.4.2/journal")).status_code == 200


async def test_a_fault_lives_on_the_clock_of_the_routers(lab: Lab) -> None:
    async with lab.http() as http:
        await http.post("/faults", json={"kind": "refuse", "router": "r2", "seconds": 60})
        async with lab.api(2) as api:
            assert await api.read() is None
        await http.post("/clock/advance", json={"seconds": 60})
        async with lab.api(2) as api:
            await api.log_in()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "kind: missing"),
        ({"kind": "trap"}, "count or seconds"),
        ({"kind": "trap", "count": 1, "router": "r9"}, "router: there is none named 'r9'"),
        ({"kind": "trap", "count": 1, "colour": "red"}, "colour: a fault has no such property"),
    ],
)
async def test_a_fault_that_is_none_is_explained(lab: Lab, body: object, message: str) -> None:
    async with lab.http() as http:
        response = await http.post("/faults", json=body)
        assert response.status_code == 400
        assert message in response.json()["error"]


async def test_errors_say_what_is_wrong(lab: Lab) -> None:
    async with lab.http() as http:
        response = await http.get("/nonsense")
        assert (response.status_code, response.json()) == (404, {"error": "the control API has no /nonsense"})
        response = await http.put("/clock")
        assert (response.status_code, response.json()) == (405, {"error": "/clock does not take PUT"})
        for path in ("journal", "snapshot"):
            response = await http.get(f"/routers/r9/{path}")
            assert response.status_code == 404
            assert "no router named 'r9'" in response.json()["error"]


def test_a_token_is_needed_and_a_loopback_address(lab: Lab) -> None:
    with pytest.raises(ValueError, match="needs a token"):
        control_app(lab.fleet, lab.clock, "")
    with pytest.raises(ValueError, match="not a loopback address"):
        ControlServer(control_app(lab.fleet, lab.clock, "t"), host="0.0.0.0")  # noqa: S104


async def test_a_port_in_use_is_told(lab: Lab) -> None:
    second = ControlServer(control_app(lab.fleet, lab.clock, "t"), port=lab.server.port)
    with pytest.raises(FleetError, match="in use by another program"):
        await second.start()
    await second.close()
