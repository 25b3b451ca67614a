"""Commands that go on in a session: records one by one, an end, a time limit, a cancel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.exchange import FetchRequest, FetchResult, Record, Reply, Runtime
from router_sim.fleet import Fleet
from router_sim.router import Router
from router_sim.streams import CommandRuntime, duration_of, run_stream
from router_sim.traps import Trap, failure
from tests.router_sim.clients import RawClient

ADDRESS = "127.0.9.1"
LISTS = "/ip/firewall/address-list"


class Monitored(Router):
    """Counts to three and, depending on the command, ends, waits for ever, fails, writes or downloads."""

    def __init__(self) -> None:
        super().__init__(name="r", clock=VirtualClock())
        self.ended = 0

    def execute(self, command: Command, origin: Origin) -> Reply:
        verb = command.path.removeprefix("/test/")
        if verb == command.path:
            return super().execute(command, origin)

        async def stream(runtime: Runtime) -> AsyncIterator[Record]:
            try:
                for number in range(3):
                    yield {"number": str(number)}
                    await runtime.sleep(0)
                if verb == "endless":
                    await runtime.sleep(3600)
                elif verb == "fail":
                    raise failure("it broke")
                elif verb == "crash":
                    raise TimeoutError("not the limit's")
                elif verb == "write":
                    values = {"list": "a", "address": "10.0.0.1"}
                    runtime.write(lambda tx: none(tx.add(LISTS, values, own=True)))
                elif verb == "fetch":
                    try:
                        result = await runtime.fetch(FetchRequest("GET", "http://r.example/", {}))
                        yield {"data": result.body.decode()}
                    except OSError as error:
                        yield {"failed": str(error)}
            finally:
                self.ended += 1

        return Reply(stream=stream, numbered="once" not in command.attributes)


def none(value: object) -> None:
    """For a change whose value nobody needs."""


def counted(tag: str = "") -> list[list[str]]:
    tags = [f".tag={tag}"] if tag else []
    return [["!re", *tags, f"=number={number}", f"=.section={number}"] for number in range(3)]


async def test_a_session_runs_commands_that_go_on() -> None:
    router = Monitored()
    async with Fleet({ADDRESS: router}, port=0) as fleet, RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        assert await client.talk("/test/some", ".tag=1") == [*counted("1"), ["!done", ".tag=1"]]
        once = await client.talk("/test/some", "=once=")
        assert once == [*(["!re", f"=number={number}"] for number in range(3)), ["!done"]]
        assert await client.talk("/test/endless", "=duration=200ms") == [*counted(), ["!done"]]
        assert await client.talk("/test/fail") == [
            *counted(),
            ["!trap", "=message=failure: it broke"],
            ["!done"],
        ]
        assert (await client.talk("/test/endless", "=duration=x"))[0][0] == "!trap"
        assert router.ended == 4

        client.send("/test/endless", ".tag=L")
        assert [await client.read() for _ in range(3)] == counted("L")
        assert len(await client.talk("/system/identity/print")) == 2
        client.send("/cancel", "=tag=L", ".tag=C")
        assert [await client.read() for _ in range(3)] == [
            ["!trap", ".tag=L", "=category=2", "=message=interrupted"],
            ["!done", ".tag=C"],
            ["!done", ".tag=L"],
        ]
        assert router.ended == 5

        assert (await client.talk("/test/write"))[-1] == ["!done"]
        (row,) = router.snapshot()[LISTS]
        assert row["list"] == "a"
        (entry,) = router.journal.entries(after=0)
        assert (entry.user, entry.command) == ("admin", "/test/write")
        assert (await client.talk("/test/fetch"))[3] == [
            "!re",
            "=failed=network is unreachable",
            "=.section=3",
        ]

        client.send("/test/endless")
        assert [await client.read() for _ in range(3)] == counted()
    assert router.ended == 8


async def test_a_fault_of_the_simulator_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with Fleet({ADDRESS: Monitored()}, port=0) as fleet, RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        got = await client.talk("/test/crash")
        assert got[3][:2] == ["!trap", "=category=4"]
        assert "not the limit's" in got[3][2]
        assert len(await client.talk("/system/identity/print")) == 2
    assert "/test/crash failed" in caplog.text


async def test_a_router_is_let_out() -> None:
    async def fetch(request: FetchRequest) -> FetchResult:
        return FetchResult(200, request.url.encode())

    async with (
        Fleet({ADDRESS: Monitored()}, port=0, fetch=fetch) as fleet,
        RawClient(ADDRESS, fleet.port) as client,
    ):
        await client.log_in()
        assert ["!re", "=data=http://r.example/", "=.section=3"] in await client.talk("/test/fetch")


async def test_a_real_command_that_goes_on() -> None:
    router = Router(name="r", clock=VirtualClock())
    async with Fleet({ADDRESS: router}, port=0) as fleet, RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        client.send("/system/device-mode/update", "=fetch=no", ".tag=u")
        first = await client.read()
        assert first is not None
        assert (first[0], first[1], first[-1]) == ("!re", ".tag=u", "=.section=0")
        cancelled = await client.talk("/cancel")
        assert ["!trap", ".tag=u", "=category=2", "=message=interrupted"] in cancelled


async def test_what_ends_a_stream_lets_it_clean_up() -> None:
    router = Monitored()
    origin = Origin("admin", "", "api")
    reply = router.execute(Command("/test/endless", {}), origin)
    records: list[Record] = []
    work = run_stream(reply, CommandRuntime(router, "/test/endless", origin), records.append, None)
    task = asyncio.create_task(work)
    while len(records) < 3:  # noqa: ASYNC110 - each turn of the loop is a step of the stream
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert router.ended == 1


def test_durations() -> None:
    assert duration_of({}) is None
    assert duration_of({"duration": ""}) is None
    assert duration_of({"duration": "1m30s"}) == 90
    with pytest.raises(Trap, match="invalid value for argument duration"):
        duration_of({"duration": "soon"})
