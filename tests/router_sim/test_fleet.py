"""Many routers behind one port, on the loopback network alone."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from router_sim.clock import VirtualClock
from router_sim.fleet import Fleet, FleetError
from router_sim.router import Router
from router_sim.server import is_loopback
from tests.router_sim.clients import RawClient

LISTS = "/ip/firewall/address-list"


def routers(*addresses: str) -> dict[str, Router]:
    clock = VirtualClock()
    return {
        address: Router(name=f"r{number}", clock=clock, identity=f"site {number}")
        for number, address in enumerate(addresses)
    }


async def identity(address: str, port: int) -> list[list[str]]:
    async with RawClient(address, port) as client:
        await client.log_in()
        return await client.talk("/system/identity/print")


async def test_the_local_address_selects_the_router() -> None:
    addresses = [f"127.0.3.{last}" for last in range(1, 51)]
    async with Fleet(routers(*addresses), port=0) as fleet:
        got = await asyncio.gather(*(identity(address, fleet.port) for address in addresses))
    assert got == [[["!re", f"=name=site {number}"], ["!done"]] for number in range(50)]


async def test_one_socket_serves_the_fleet() -> None:
    async with Fleet(routers("127.0.3.1", "127.0.3.2", "127.0.3.3"), port=0) as fleet:
        assert sum(len(server.sockets) for server in fleet._servers) == 1
        device = fleet._servers[0].sockets[0].getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
        assert device.rstrip(b"\0") == b"lo"


async def test_an_address_without_a_router_is_closed_at_once() -> None:
    async with Fleet(routers("127.0.3.1", "127.0.3.2"), port=0) as fleet:
        async with RawClient("127.0.3.9", fleet.port) as client:
            assert await client.read() is None
        assert len(await identity("127.0.3.2", fleet.port)) == 2


async def test_a_single_router_is_bound_to_its_own_address() -> None:
    async with Fleet(routers("127.0.3.1"), port=0) as fleet:
        assert fleet._servers[0].sockets[0].getsockname() == ("127.0.3.1", fleet.port)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.3.2", fleet.port)


async def test_without_the_right_to_bind_a_device_each_address_has_its_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Plain(socket.socket):
        def setsockopt(self, level: int, option: int, *rest: Any) -> None:
            if option == socket.SO_BINDTODEVICE:
                raise PermissionError
            super().setsockopt(level, option, *rest)

    monkeypatch.setattr("router_sim.listening.socket.socket", Plain)
    addresses = ["127.0.3.1", "127.0.3.2"]
    async with Fleet(routers(*addresses), port=0) as fleet:
        bound = [server.sockets[0].getsockname() for server in fleet._servers]
        assert bound == [(address, fleet.port) for address in addresses]
        assert (await identity("127.0.3.2", fleet.port))[0] == ["!re", "=name=site 1"]


@pytest.mark.parametrize("address", ["10.0.0.1", "0.0.0.0", "::1", "localhost", "127.0.0.300"])  # noqa: S104
def test_only_loopback_is_served(address: str) -> None:
    assert not is_loopback(address)
    with pytest.raises(ValueError, match="not a loopback address"):
        Fleet(routers("127.0.3.1", address))


def test_a_fleet_has_routers_with_names_of_their_own() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Fleet({})
    clock = VirtualClock()
    twins = {address: Router(name="r", clock=clock) for address in ("127.0.3.1", "127.0.3.2")}
    with pytest.raises(ValueError, match="same name"):
        Fleet(twins)


@pytest.mark.parametrize("addresses", [("127.0.3.1",), ("127.0.3.1", "127.0.3.2")])
async def test_a_port_in_use_is_told(addresses: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.3.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(FleetError, match=f"{port} is in use by another program"):
            await Fleet(routers(*addresses), port=port).start()


async def test_close_cuts_what_is_connected_and_frees_the_port() -> None:
    fleet = Fleet(routers("127.0.3.1", "127.0.3.2"), port=0)
    await fleet.start()
    async with RawClient("127.0.3.1", fleet.port) as client:
        await client.log_in()
        assert fleet.connections == 1
        await fleet.close()
        assert fleet.connections == 0
        assert await client.read() is None
        await fleet.close()
    async with Fleet(routers("127.0.3.1", "127.0.3.2"), port=fleet.port):
        pass


async def test_a_listener_sees_what_expires_on_the_clock() -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    fleet = Fleet({"127.0.3.1": Router(name="r", clock=clock)}, port=0)
    async with fleet, RawClient("127.0.3.1", fleet.port) as client:
        await client.log_in()
        await client.talk(f"{LISTS}/add", "=list=a", "=address=10.0.0.1", "=timeout=1h")
        client.send(f"{LISTS}/listen", ".tag=L")
        assert len(await client.talk("/system/identity/print")) == 2
        clock.advance(3600)
        fleet.tick()
        gone = await client.read()
        assert gone is not None
        assert gone[1] == ".tag=L"
        assert gone[-1] == "=.dead=true"
