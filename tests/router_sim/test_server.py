"""Connections over real sockets: real clients, pacing, flow control, losses."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import librouteros
import pytest
import uvloop
from librouteros.exceptions import ConnectionClosed, FatalError, MultiTrapError, TrapError
from librouteros.login import async_plain, async_token, plain, token
from librouteros.query import Key

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin, Reply
from router_sim.faults import Fault
from router_sim.fleet import Fleet
from router_sim.router import Router
from router_sim.wire import encode_word
from tests.router_sim.clients import RawClient, framed, unframed

LISTS = "/ip/firewall/address-list"
ADDRESS = "127.0.2.1"


def one_router(version: str = "7.22.3", password: str = "", **options: Any) -> Fleet:
    clock = VirtualClock()
    router = Router(name="r", clock=clock, version=version, password=password)
    return Fleet({ADDRESS: router}, port=0, **options)


@pytest.fixture
async def fleet() -> AsyncIterator[Fleet]:
    async with one_router() as running:
        yield running


async def in_thread(work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Run a blocking client beside the loop that serves it."""
    return await asyncio.get_running_loop().run_in_executor(
        None, functools.partial(work, *arguments, **options)
    )


# librouteros, sync and async, both logins


@pytest.mark.parametrize(
    ("version", "login"), [("7.22.3", plain), ("6.49.18", plain), ("6.44.6", token), ("6.42.12", token)]
)
async def test_librouteros_logs_in_and_reads(version: str, login: Any) -> None:
    def session(port: int) -> list[dict[str, Any]]:
        api = librouteros.connect(
            ADDRESS, "admin", "secret", port=port, login_method=login, encoding="utf-8", timeout=10
        )
        with contextlib.closing(api):
            return list(api("/system/identity/print"))

    async with one_router(version, "secret") as fleet:
        assert await in_thread(session, fleet.port) == [{"name": "MikroTik"}]


@pytest.mark.parametrize(("version", "login"), [("7.22.3", async_plain), ("6.42.12", async_token)])
async def test_librouteros_async(version: str, login: Any) -> None:
    async with one_router(version, "secret") as fleet:
        api = await librouteros.async_connect(
            ADDRESS, "admin", "secret", port=fleet.port, login_method=login, encoding="utf-8"
        )
        assert [row async for row in api("/system/identity/print")] == [{"name": "MikroTik"}]
        await api.close()


@pytest.mark.parametrize(
    ("version", "login", "text"),
    [
        ("7.22.3", plain, "invalid user name or password (6)"),
        ("7.22.3", token, "invalid user name or password (6)"),
        ("6.42.12", token, "cannot log in"),
    ],
)
async def test_librouteros_is_told_why_it_may_not_log_in(version: str, login: Any, text: str) -> None:
    async with one_router(version, "secret") as fleet:
        with pytest.raises(TrapError) as caught:
            await in_thread(
                librouteros.connect, ADDRESS, "admin", "wrong", port=fleet.port, login_method=login
            )
        assert caught.value.message == text


async def test_librouteros_writes_queries_and_reads_back(fleet: Fleet) -> None:
    def session(port: int) -> None:
        api = librouteros.connect(ADDRESS, "admin", "", port=port, encoding="utf-8", timeout=10)
        lists = api.path("ip", "firewall", "address-list")
        assert list(lists) == []
        comment = "café ☕ " + "y" * 300
        first = lists.add(list="guests", address="10.0.0.1", comment=comment)
        lists.add(list="staff", address="10.0.0.2")
        lists.update(**{".id": first, "address": "10.0.0.3"})
        name, address = Key("list"), Key("address")
        found = list(lists.select(address, Key("comment")).where(name == "guests"))
        assert found == [{"address": "10.0.0.3", "comment": comment}]
        lists.remove(first)
        assert [row["list"] for row in lists] == ["staff"]
        with pytest.raises(TrapError) as missing:
            lists.remove(first)
        assert missing.value.message == "no such item"
        with pytest.raises(MultiTrapError):
            list(api("/wireless/print"))
        assert list(api.rawCmd("/system/identity/print")) == [{"name": "MikroTik"}]
        with pytest.raises(FatalError, match="session terminated on request"):
            list(api("/quit"))

    await in_thread(session, fleet.port)
    assert fleet.connections == 0


# Raw


async def test_several_commands_in_flight(fleet: Fleet) -> None:
    async with RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        client.send_bytes(b"".join(framed("/system/identity/print", f".tag={tag}") for tag in range(100)))
        got = [await client.read() for _ in range(200)]
    assert [words[1] for words in got if words] == [f".tag={tag}" for tag in range(100) for _ in range(2)]


async def test_a_request_byte_by_byte(fleet: Fleet) -> None:
    async with RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        for byte in framed("/system/identity/print", ".tag=1"):
            client.send_bytes(bytes((byte,)))
            await asyncio.sleep(0)
        assert await client.read() == ["!re", ".tag=1", "=name=MikroTik"]


async def test_a_client_that_writes_word_by_word_need_not_wait_for_acknowledgements(fleet: Fleet) -> None:
    def session(port: int) -> float:
        with socket.create_connection((ADDRESS, port), timeout=10) as client:

            def call(*words: bytes) -> None:
                for word in words:
                    client.send(encode_word(word))
                client.send(b"\0")
                got = b""
                while not got.endswith(b"\x05!done\0"):
                    got += client.recv(65536)

            call(b"/login", b"=name=admin", b"=password=")
            start = time.monotonic()
            for _ in range(25):
                call(b"/system/identity/print", b"=.proplist=name")
            return time.monotonic() - start

    # Each call would take the 40 ms after which a kernel acknowledges by itself.
    assert await in_thread(session, fleet.port) < 25 * 0.04 / 2


async def test_listen_and_cancel_across_connections(fleet: Fleet) -> None:
    async with RawClient(ADDRESS, fleet.port) as watcher, RawClient(ADDRESS, fleet.port) as writer:
        await watcher.log_in()
        await writer.log_in()
        watcher.send(f"{LISTS}/listen", ".tag=L", "=.proplist=address")
        assert (await watcher.talk("/system/identity/print"))[-1] == ["!done"]
        await writer.talk(f"{LISTS}/add", "=list=a", "=address=10.0.0.1")
        assert await watcher.read() == ["!re", ".tag=L", "=address=10.0.0.1"]
        watcher.send("/cancel", "=tag=L", ".tag=C")
        assert [await watcher.read() for _ in range(3)] == [
            ["!trap", ".tag=L", "=category=2", "=message=interrupted"],
            ["!done", ".tag=C"],
            ["!done", ".tag=L"],
        ]


async def test_quit_closes_the_connection_behind_its_reason(fleet: Fleet) -> None:
    async with RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        client.send("/quit")
        assert await client.read() == ["!fatal", "session terminated on request"]
        assert await client.read() is None


async def test_damaged_framing_closes_the_connection(fleet: Fleet) -> None:
    async with RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        client.send_bytes(b"\xff")
        assert await client.read() is None


async def test_journal_entries_carry_the_number_of_their_connection(fleet: Fleet) -> None:
    for number in (1, 2):
        async with RawClient(ADDRESS, fleet.port) as client:
            await client.log_in()
            await client.talk(f"{LISTS}/add", "=list=a", f"=address=10.0.0.{number}")
    entries = [entry for entry in fleet.routers[ADDRESS].journal.entries() if entry.menu == LISTS]
    assert [entry.connection for entry in entries] == [1, 2]
    assert {entry.user for entry in entries} == {"admin"}


# Pace and flow


async def test_pace_is_the_least_time_before_a_reply_and_keeps_the_order() -> None:
    async with one_router(pace=0.02) as fleet, RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        start = time.monotonic()
        client.send_bytes(b"".join(framed("/system/identity/print", f".tag={tag}") for tag in range(50)))
        client.send("/quit")
        got = [await client.read() for _ in range(101)]
        assert time.monotonic() - start >= 0.02
        assert [words[1] for words in got[::2] if words][:50] == [f".tag={tag}" for tag in range(50)]
        assert got[-1] == ["!fatal", "session terminated on request"]
        assert await client.read() is None


async def test_a_slow_command_holds_up_no_other() -> None:
    async with one_router() as fleet, RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        fleet.faults.add(Fault("latency", path="/system/identity/print", delay=0.05, count=1))
        client.send("/system/identity/print", ".tag=slow")
        client.send("/system/identity/print", ".tag=fast")
        got = [await client.read() for _ in range(4)]
        assert [words[1] for words in got if words] == [".tag=fast"] * 2 + [".tag=slow"] * 2


async def test_a_client_that_closes_its_sending_side_still_gets_paced_replies() -> None:
    async with one_router(pace=0.01) as fleet, RawClient(ADDRESS, fleet.port) as client:
        client.send("/login", "=name=admin", "=password=")
        client.send("/system/identity/print")
        client.half_close()
        assert [await client.read() for _ in range(3)] == [["!done"], ["!re", "=name=MikroTik"], ["!done"]]
        assert await client.read() is None


@pytest.mark.parametrize("pace", [0.0, 0.001])
async def test_a_client_that_does_not_read_holds_its_own_commands_back(pace: float) -> None:
    async with one_router(pace=pace) as fleet, RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        await client.talk(f"{LISTS}/add", "=list=a", "=address=10.0.0.1", "=comment=" + "n" * 60_000)
        performed = count_commands(fleet.routers[ADDRESS])
        commands = 1000
        client.send_bytes(framed(f"{LISTS}/print") * commands)
        client.half_close()
        async with RawClient(ADDRESS, fleet.port) as other:  # the others are served meanwhile
            await other.log_in()
            for _ in range(20):
                assert len(await other.talk("/system/identity/print")) == 2
        assert performed.count(f"{LISTS}/print") < commands
        got = [await client.read() for _ in range(2 * commands)]
        assert all(got)
        assert performed.count(f"{LISTS}/print") == commands
        assert await client.read() is None


def count_commands(router: Router) -> list[str]:
    """The paths of the commands performed from now on."""
    performed: list[str] = []
    execute = router.execute

    def counted(command: Command, origin: Origin) -> Reply:
        performed.append(command.path)
        return execute(command, origin)

    router.execute = counted  # type: ignore[method-assign]
    return performed


async def test_a_listener_that_never_reads_is_cut_off_and_the_writer_is_not() -> None:
    async with one_router() as fleet, RawClient(ADDRESS, fleet.port) as writer:
        await writer.log_in()
        async with RawClient(ADDRESS, fleet.port) as listener:
            await listener.log_in()
            for tag in range(200):
                listener.send(f"{LISTS}/listen", f".tag={tag}")
            assert len(await listener.talk("/system/identity/print")) == 2
            assert fleet.connections == 2
            (done,) = await writer.talk(f"{LISTS}/add", "=list=a", "=address=10.0.0.1")
            for _ in range(10):
                await writer.talk(f"{LISTS}/set", f"=.id={done[1][5:]}", "=comment=" + "n" * 60_000)
            assert fleet.connections == 1
            assert len(await writer.talk(f"{LISTS}/print")) == 2


# Losses


async def test_refused_connections(fleet: Fleet) -> None:
    fleet.faults.add(Fault("refuse", count=1))
    async with RawClient(ADDRESS, fleet.port) as client:
        assert await client.read() is None
    async with RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()


async def test_a_connection_dropped_after_the_write(fleet: Fleet) -> None:
    fleet.faults.add(Fault("drop_after", path="/system/identity/set", count=1))
    async with RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        assert await client.talk("/system/identity/set", "=name=x") == []
    async with RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        assert (await client.talk("/system/identity/print"))[0] == ["!re", "=name=x"]


async def test_connections_reset_at_any_moment_leave_nothing_behind(fleet: Fleet) -> None:
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
    login = framed("/login", "=name=admin", "=password=")
    for data in (b"", login[:5], login, login + framed(f"{LISTS}/listen"), login + framed("/quit")) * 10:
        with socket.create_connection((ADDRESS, fleet.port)) as client:
            client.sendall(data)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if len(data) % 2:
            await asyncio.sleep(0)
    async with RawClient(ADDRESS, fleet.port) as client:
        await client.log_in()
        await client.talk(f"{LISTS}/add", "=list=a", "=address=10.0.0.1")
        async with asyncio.timeout(10):
            while fleet.connections > 1:
                await client.talk("/system/identity/print")
        assert len(await client.talk("/user/active/print")) == 2
    assert failures == []


async def test_librouteros_notices_a_dropped_connection(fleet: Fleet) -> None:
    fleet.faults.add(Fault("drop_before", path="/system/identity/print", count=1))

    def session(port: int) -> None:
        api = librouteros.connect(ADDRESS, "admin", "", port=port, encoding="utf-8", timeout=10)
        with contextlib.closing(api), pytest.raises((ConnectionClosed, ConnectionError)):
            list(api("/system/identity/print"))

    await in_thread(session, fleet.port)


async def test_active_users_follow_the_connections(fleet: Fleet) -> None:
    async with RawClient(ADDRESS, fleet.port) as first:
        await first.log_in()
        async with RawClient(ADDRESS, fleet.port) as second:
            await second.log_in()
            assert len(await first.talk("/user/active/print")) == 3
            second.send("/quit")
            await second.read()
            assert await second.read() is None
        assert len(await first.talk("/user/active/print")) == 2


async def resets_on_a_fleet() -> None:
    async with one_router() as fleet:
        await test_connections_reset_at_any_moment_leave_nothing_behind(fleet)


@pytest.mark.parametrize(
    "scenario",
    [
        test_pace_is_the_least_time_before_a_reply_and_keeps_the_order,
        test_a_slow_command_holds_up_no_other,
        test_a_client_that_closes_its_sending_side_still_gets_paced_replies,
        functools.partial(test_a_client_that_does_not_read_holds_its_own_commands_back, 0.0),
        functools.partial(test_a_client_that_does_not_read_holds_its_own_commands_back, 0.001),
        test_a_listener_that_never_reads_is_cut_off_and_the_writer_is_not,
        resets_on_a_fleet,
    ],
)
def test_pace_and_flow_hold_on_uvloop_too(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())


def test_unframed_is_the_inverse_of_framed() -> None:
    assert unframed(framed("/a", "=b=c") + framed("/d")) == [["/a", "=b=c"], ["/d"]]
