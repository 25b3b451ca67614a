"""REST over real sockets: commands that go on, faults, pace, and what no client should send."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.exchange import Record, Reply, Runtime
from router_sim.faults import Fault
from router_sim.fleet import Fleet
from router_sim.router import Router
from router_sim.traps import failure
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


# Commands that go on


class Ticking(Router):
    """Has commands that go on: one that ends, one that never does, one that fails."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.ended = 0
        self.began, self.over = asyncio.Event(), asyncio.Event()

    def execute(self, command: Command, origin: Origin) -> Reply:
        if not command.path.startswith("/test/"):
            return super().execute(command, origin)

        async def stream(runtime: Runtime) -> AsyncIterator[Record]:
            self.began.set()
            try:
                for number in range(3):
                    yield {"number": str(number)}
                    await runtime.sleep(0)
                if command.path == "/test/fail":
                    raise failure("it broke")
                if command.path == "/test/endless":
                    await runtime.sleep(3600)
            finally:
                self.ended += 1
                self.over.set()

        return Reply(stream=stream, numbered="once" not in command.attributes)


async def test_commands_that_go_on_answer_at_their_end() -> None:
    router = Ticking(name="r", clock=VirtualClock(), password=SECRET)
    rows = [{".section": str(number), "number": str(number)} for number in range(3)]
    async with rest(router) as (_, http):
        assert (await http.post("/test/some", json={})).json() == rows
        assert (await http.post("/test/endless", json={"duration": "200ms"})).json() == rows
        once = await http.post("/test/endless", json={"duration": "200ms", "once": ""})
        assert once.json() == [{"number": str(number)} for number in range(3)]
        assert told(await http.post("/test/fail", json={})) == error(400, "Bad Request", "failure: it broke")
        bad = await http.post("/test/endless", json={"duration": "x"})
        assert told(bad) == error(400, "Bad Request", "invalid value for argument duration")
    async with rest(router, rest_limit=0.05) as (_, http):
        closed = error(400, "Bad Request", "Session closed")
        assert told(await http.post("/test/endless", json={})) == closed
        longer = await http.post("/test/endless", json={"duration": "1h"})
        assert told(longer) == closed
    assert router.ended == 6


async def test_what_never_ends_is_closed_at_the_limit(http: httpx2.AsyncClient) -> None:
    async with rest(rest_limit=0.05) as (_, short):
        closed = error(400, "Bad Request", "Session closed")
        for path, body in (
            (f"{LISTS}/listen", {}),
            (f"{LISTS}/print", {"follow": ""}),
            (f"{LISTS}/print", {"interval": "1s"}),
        ):
            assert told(await short.post(path, json=body)) == closed
        assert (await short.post(f"{LISTS}/print", json={"follow": "no"})).json() == []
        unknown = await short.post("/nonsense/listen", json={})
        assert unknown.status_code == 406


async def test_a_client_that_leaves_ends_its_command() -> None:
    router = Ticking(name="r", clock=VirtualClock(), password=SECRET)
    async with rest(router) as (fleet, _):
        _, writer = await asyncio.open_connection(ADDRESS, fleet.ports.www)
        token = base64.b64encode(f"admin:{SECRET}".encode()).decode()
        writer.write(
            f"POST /rest/test/endless HTTP/1.1\r\nhost: r\r\nauthorization: Basic {token}\r\n"
            "content-length: 2\r\n\r\n{}".encode()
        )
        await asyncio.wait_for(router.began.wait(), 10)
        writer.close()
        await asyncio.wait_for(router.over.wait(), 10)
        assert router.ended == 1


# Faults and pace


async def test_faults_act_on_requests() -> None:
    async with rest() as (fleet, http):

        def plan(kind: str, **options: Any) -> None:
            fleet.faults.add(Fault(kind, path=f"{LISTS}/add", count=1, **options))

        body = {"list": "a", "address": "10.0.0.1"}
        plan("trap", message="failure: nope")
        assert told(await http.put(LISTS, json=body)) == error(400, "Bad Request", "failure: nope")
        plan("drop_before")
        with pytest.raises(httpx2.TransportError):
            await http.put(LISTS, json=body)
        assert (await http.get(LISTS)).json() == []
        plan("drop_after")
        with pytest.raises(httpx2.TransportError):
            await http.put(LISTS, json=body)
        assert len((await http.get(LISTS)).json()) == 1
        plan("half_sentence")
        with pytest.raises(httpx2.TransportError):
            await http.put(LISTS, json={**body, "list": "b"})
        assert len((await http.get(LISTS)).json()) == 2
        plan("latency", delay=0.05)
        before = asyncio.get_running_loop().time()
        assert (await http.put(LISTS, json={**body, "list": "c"})).status_code == 201
        assert asyncio.get_running_loop().time() - before >= 0.05
        fleet.faults.add(Fault("refuse", count=1))
        async with client(fleet) as other:
            with pytest.raises(httpx2.TransportError):
                await other.get(LISTS)
            assert (await other.get(LISTS)).status_code == 200


async def test_a_router_comes_back_bit_by_bit() -> None:
    clock = VirtualClock(monotonic=lambda: 0.0)
    router = Router(name="r", clock=clock, password=SECRET)
    async with web_fleet(router) as fleet, client(fleet) as http:
        assert (await http.get("/system/resource")).json()["board-name"] == "CHR"
        rebooted = await http.post("/system/reboot")
        assert (rebooted.status_code, rebooted.json()) == (200, [])
        for seconds in (0, 5.5):  # nothing listens, then connections are reset
            clock.advance(seconds)
            with pytest.raises(httpx2.TransportError):
                await http.get("/system/resource")
        clock.advance(2)
        assert told(await http.get("/system/resource")) == error(401, "Unauthorized")
        clock.advance(2)
        assert "board-name" not in (await http.get("/system/resource")).json()
        clock.advance(2)
        assert (await http.get("/system/resource")).json()["board-name"] == "CHR"
        fleet.faults.add(Fault("reboot", path="/system/identity/print", count=1))
        with pytest.raises(httpx2.TransportError):
            await http.get("/system/identity")
        clock.advance(60)
        fleet.faults.add(Fault("service_down", service="rest-api", seconds=10))
        with pytest.raises(httpx2.TransportError):
            await http.get("/system/identity")
        clock.advance(60)


async def test_replies_keep_the_pace() -> None:
    async with rest(pace=0.02) as (_, http):
        before = asyncio.get_running_loop().time()
        for path in ("/system/identity", "/nonsense", f"{LISTS}/*9"):
            await http.get(path)
        assert asyncio.get_running_loop().time() - before >= 0.06


async def test_what_is_no_http_is_survived(caplog: pytest.LogCaptureFixture) -> None:
    async with web_fleet() as fleet:
        for data in (b"\x00" * 100, b"GET /rest/ip/address HTTP/9\r\n\r\n", b"GET /rest/%zz HTTP/1.1\r\n\r\n",
                     b"GET /rest/\xff HTTP/1.1\r\nhost: x\r\n\r\n", b"PUT /rest HTTP/1.1\r\ncontent-length: x\r\n\r\n",
                     b"GET http://[::1/rest HTTP/1.1\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n",
                     b"GET / HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"):  # fmt: skip
            reader, writer = await asyncio.open_connection(ADDRESS, fleet.ports.www)
            writer.write(data)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 10)
            writer.close()
        async with client(fleet) as http:
            assert (await http.get("/system/identity")).status_code == 200
    assert caplog.messages == [], "whoever runs the routers need not know"


async def test_requests_behind_each_other_are_answered_in_order() -> None:
    async with web_fleet(pace=0.001) as fleet:
        reader, writer = await asyncio.open_connection(ADDRESS, fleet.ports.www)
        token = base64.b64encode(f"admin:{SECRET}".encode()).decode()
        head = f"HTTP/1.1\r\nhost: r\r\nauthorization: Basic {token}\r\n"
        writer.write(
            f"GET /rest/system/identity {head}\r\nGET /rest/ip/address/*9 {head}\r\n"
            f"PUT /rest{LISTS} {head}content-length: 2\r\n\r\n{{}}"
            f"GET /rest{LISTS} {head}connection: close\r\n\r\n".encode()
        )
        data = (await asyncio.wait_for(reader.read(), 10)).decode()
        writer.close()
        assert re.findall(r"HTTP/1.1 (\d+)", data) == ["200", "404", "400", "200"]


async def test_headers_without_end_are_cut_off() -> None:
    async with web_fleet() as fleet:
        reader, writer = await asyncio.open_connection(ADDRESS, fleet.ports.www)
        writer.write(b"GET / HTTP/1.1\r\n" + (b"x-more: " + b"y" * 65536 + b"\r\n") * 200)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(reader.read(), 10)
        writer.close()


async def test_text_that_is_no_utf_8_stays_readable() -> None:
    async with rest() as (fleet, http), RawClient(ADDRESS, fleet.port) as raw:
        await raw.log_in("admin", SECRET)
        await raw.talk("/system/identity/set", "=name=a\udcff")
        response = await http.get("/system/identity")
        assert json.loads(response.content) == {"name": "a\udcff"}
        await http.post("/system/identity/set", content=response.content)
        assert (await raw.talk("/system/identity/print"))[0] == ["!re", "=name=a\udcff"]


def test_a_fleet_without_web_has_no_web_port() -> None:
    fleet = Fleet({ADDRESS: Router(name="r", clock=VirtualClock())}, port=0)
    assert fleet.ports.www is None
