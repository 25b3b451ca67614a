"""Services as `/ip/service` has them: switched off, limited to clients, moved to other ports."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator

import httpx2
import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.fleet import Fleet, ServicePorts
from router_sim.router import Router
from router_sim.services import Service, at_port, read_services, serves_rest
from tests.router_sim.clients import RawClient

FIRST, SECOND = "127.0.8.1", "127.0.8.2"
ADMIN = Origin("admin", "", "api")


def fresh(name: str = "one", version: str = "7.22.3") -> Router:
    return Router(name=name, clock=VirtualClock(), version=version, identity=name)


def set_service(router: Router, name: str, **values: str) -> None:
    given = {each.replace("_", "-"): value for each, value in values.items()}
    router.execute(Command("/ip/service/set", {".id": name, **given}), ADMIN)


@pytest.fixture
async def fleet() -> AsyncIterator[Fleet]:
    routers = {FIRST: fresh("one"), SECOND: fresh("two")}
    async with Fleet(routers, ports=ServicePorts(api=0, www=0)) as running:
        yield running


async def name_at(address: str, port: int) -> str | None:
    """The identity of the router whose API is there; None where nobody answers."""
    try:
        async with RawClient(address, port) as client:
            client.send("/login", "=name=admin", "=password=")
            if await client.read() is None:
                return None
            (row, *_) = await client.talk("/system/identity/print")
            return row[1].removeprefix("=name=")
    except ConnectionError:
        return None


async def status_at(address: str, port: int | None) -> int | None:
    """What REST answers there; None where nobody answers."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        try:
            response = await http.get(f"http://{address}:{port}/rest/system/identity", auth=("admin", ""))
        except httpx2.TransportError:
            return None
        return response.status_code


async def test_a_service_that_is_off_takes_no_connections_and_keeps_those_it_has(fleet: Fleet) -> None:
    router = fleet.routers[FIRST]
    async with RawClient(FIRST, fleet.port) as client:
        await client.log_in()
        await client.talk("/ip/service/disable", "=numbers=api")
        assert await name_at(FIRST, fleet.port) is None
        assert await name_at(SECOND, fleet.port) == "two"
        assert (await client.talk("/system/identity/print"))[0] == ["!re", "=name=one"]
        await client.talk("/ip/service/enable", "=numbers=api")
        assert await name_at(FIRST, fleet.port) == "one"
    assert await status_at(FIRST, fleet.ports.www) == 200
    set_service(router, "www", disabled="yes")
    assert await status_at(FIRST, fleet.ports.www) is None
    router.reset()
    assert await status_at(FIRST, fleet.ports.www) == 200


async def test_clients_have_to_come_from_allowed_networks(fleet: Fleet) -> None:
    router = fleet.routers[FIRST]
    for allowed, expected in (
        ("10.0.0.0/8", None),
        ("10.0.0.0/8,127.0.0.0/8", "one"),
        ("127.0.0.2", None),
        ("127.0.0.1", "one"),
        ("", "one"),
    ):
        set_service(router, "api", address=allowed)
        assert await name_at(FIRST, fleet.port) == expected
    set_service(router, "www", address="192.0.2.0/24")
    assert await status_at(FIRST, fleet.ports.www) is None


async def test_a_service_moves_to_another_port(fleet: Fleet) -> None:
    router = fleet.routers[FIRST]
    with socket.create_server((FIRST, 0)) as probe:
        free = probe.getsockname()[1]
    set_service(router, "api", port=str(free))
    assert await name_at(FIRST, free) == "one"
    assert await name_at(FIRST, fleet.port) is None
    assert await name_at(SECOND, fleet.port) == "two"
    assert await name_at(SECOND, free) is None
    async with RawClient(FIRST, free) as client:
        await client.log_in()
        set_service(router, "api", port="8728")
        assert await name_at(FIRST, fleet.port) == "one"
        assert await name_at(FIRST, free) is None
        assert (await client.talk("/system/identity/print"))[0] == ["!re", "=name=one"]
    set_service(router, "www", port=str(free))
    assert await status_at(FIRST, free) == 200
    assert await status_at(FIRST, fleet.ports.www) is None


async def test_services_change_places(fleet: Fleet) -> None:
    router = fleet.routers[FIRST]
    set_service(router, "www", port="8728")
    set_service(router, "api", port="80")
    assert await status_at(FIRST, fleet.port) == 200
    assert await name_at(FIRST, fleet.ports.www or 0) == "one"
    assert await status_at(SECOND, fleet.ports.www) == 200


async def test_a_port_that_cannot_be_had_is_told(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    router = fleet.routers[FIRST]
    with socket.create_server((FIRST, 0)) as taken:
        port = taken.getsockname()[1]
        set_service(router, "api", port=str(port))
        assert fleet.unreachable == {
            (FIRST, port): f"{FIRST}:{port} is in use by another program; stop it or choose another port"
        }
        assert "a service cannot be reached" in caplog.text
    set_service(router, "api", port="8728")
    assert fleet.unreachable == {}


async def test_a_router_that_starts_elsewhere_is_served_there() -> None:
    with socket.create_server((FIRST, 0)) as probe:
        free = probe.getsockname()[1]
    router = fresh()
    set_service(router, "api", port=str(free))
    async with Fleet({FIRST: router}, port=0) as fleet:
        assert await name_at(FIRST, free) == "one"
        assert await name_at(FIRST, fleet.port) is None
    assert await name_at(FIRST, free) is None


async def test_sessions_have_a_limit(fleet: Fleet) -> None:
    set_service(fleet.routers[FIRST], "api", max_sessions="2")
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            await (await stack.enter_async_context(RawClient(FIRST, fleet.port))).log_in()
        assert await name_at(FIRST, fleet.port) is None
        assert await name_at(SECOND, fleet.port) == "two"
        assert await status_at(FIRST, fleet.ports.www) == 200
        set_service(fleet.routers[FIRST], "api", max_sessions="3")
        assert await name_at(FIRST, fleet.port) == "one"


async def test_a_session_that_ended_makes_room(fleet: Fleet) -> None:
    set_service(fleet.routers[FIRST], "api", max_sessions="1")
    for _ in range(3):
        async with RawClient(FIRST, fleet.port) as client:
            await client.log_in()
            assert await client.talk("/quit") == [["!fatal", "session terminated on request"]]


@pytest.mark.parametrize(("version", "limited"), [("7.22.3", True), ("7.15", False), ("6.49.18", False)])
def test_the_limit_came_with_7_16(version: str, limited: bool) -> None:
    router = fresh(version=version)
    services = read_services(router.execute(Command("/ip/service/print", {}), ADMIN).rows)
    assert {service.sessions for service in services} == ({20} if limited else {None})
    assert [service.name for service in services if service.enabled] == ["www", "api", "api-ssl"]


def test_the_first_port_that_fits_wins() -> None:
    api, web = Service("api", 8728), Service("www", 4000)
    assert at_port((api, web), (8728, 4000)) is api
    assert at_port((api, web), (80, 4000)) is web
    assert at_port((api, web), (80,)) is None
    assert at_port((Service("api", 8728, enabled=False),), (8728,)) is None


def test_where_rest_is_served() -> None:
    plain, secure, api = Service("www", 80), Service("www-ssl", 443), Service("api", 8728)
    assert [serves_rest(plain, version) for version in ("6.49", "7.8", "7.9", "7.22.3")] == [
        False, False, True, True,
    ]  # fmt: skip
    assert [serves_rest(secure, version) for version in ("6.49", "7.0", "7.1")] == [False, False, True]
    assert not serves_rest(api, "7.22.3")


def test_a_network_nobody_here_is_in_lets_nobody_in() -> None:
    (service,) = read_services([{"name": "api", "port": "8728", "address": "2001:db8::/32"}])
    assert not service.admits("127.0.0.1")
    assert not Service("api", 8728, allowed=service.allowed).admits("::1")
