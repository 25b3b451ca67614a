"""The connection to a router, plain and over TLS."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from reference_impl.provisioning.desired import Claim
from reference_impl.provisioning.device import Device
from reference_impl.provisioning.sessions import GuestSessions, RouterUnreachableError
from reference_impl.settings import RouterSettings
from router_sim.fleet import Fleet, ServicePorts
from router_sim.tls import certify
from tests.reference_impl.bench import FIRST, QUIET, Bench
from tests.reference_impl.conftest import SITE, make_settings

ADDRESS = "127.0.1.1"


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    certify(bench.router, ADDRESS)
    bench.fleet = Fleet({ADDRESS: bench.router}, ports=ServicePorts(api=0, api_ssl=0))
    async with bench.fleet:
        yield bench


def secured(bench: Bench, verify: bool | str) -> RouterSettings:
    port = bench.fleet.ports.api_ssl
    assert port
    return RouterSettings(
        host=ADDRESS, port=port, username="admin", password="router-pass", tls=True, verify_tls=verify
    )


@pytest.fixture
def authority(bench: Bench, tmp_path: Path) -> str:
    identity = bench.router.tls_identity("lab")
    assert identity is not None
    file = tmp_path / "router.pem"
    file.write_bytes(identity[0])
    return str(file)


async def test_a_router_is_provisioned_over_tls(bench: Bench, authority: str) -> None:
    settings = make_settings(bench.tmp_path, secured(bench, authority))
    async with bench.service(QUIET, settings):
        instance = await bench.create(FIRST)
        bench.router.associate("02:00:5E:00:53:01", "10.5.50.9", "bridge-guest")
        await bench.sessions.admit(SITE, instance, "10.5.50.9", "02:00:5E:00:53:01")
        # One connection of the reconciler and one for guests, both to the port that has TLS.
        assert len(bench.rows("/user/active")) == 2
    assert len(bench.rows("/ip/hotspot/active")) == 1


async def test_a_certificate_nobody_vouches_for_is_refused_unless_it_need_not_be_checked(
    bench: Bench,
) -> None:
    strict = Device(secured(bench, True))
    with pytest.raises(OSError, match="certificate verify failed"):
        await strict.read()
    lenient = Device(secured(bench, False))
    assert (await lenient.read())["/ip/address"]
    lenient.disconnect()


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[GuestSessions]:
    """Guest actions at a router that lets in everybody and answers each command so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            for answer in (b"\x05!done\x00", *answers):
                await reader.readuntil(b"\x00")
                writer.write(answer)
                await writer.drain()
            await reader.read()

    async def claims(_sites: object) -> list[Claim]:
        return []

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        router = RouterSettings(host="127.0.0.1", port=port, username="admin")
        sessions = GuestSessions(make_settings(Path("/nonexistent"), router), claims)
        yield sessions
        sessions.disconnect()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"\x06!fatal\x0fsession timeout\x00", "FatalError: session timeout"),
        (b"\x06!fatal\x00", "makes no sense"),
        (b"\x00", "makes no sense"),
        (b"\xff\xff\xff", "ProtocolError|ConnectionClosed|makes no sense"),
        (b"\x05!trap\x0c=message=why\x0b=category=2\x09=new=word\x00\x05!done\x00", "TrapError: why"),
        (b"\x05!trap\x00\x05!done\x00", "TrapError: unknown error"),
    ],
)
async def test_whatever_a_router_answers_a_guest_gets_one_kind_of_error(answer: bytes, told: str) -> None:
    async with answering(answer) as sessions:
        with pytest.raises(RouterUnreachableError, match=told):
            await sessions.guests(SITE)
