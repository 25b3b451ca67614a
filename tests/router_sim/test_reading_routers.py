"""Reading the state of a router over its API, in the clear and over TLS, and starting from it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from router_sim.clock import VirtualClock
from router_sim.command import router as router_command
from router_sim.faults import Fault
from router_sim.fleet import Fleet, ServicePorts
from router_sim.loading import load
from router_sim.reading_routers import ReadingError, Source, read_router, source_from
from router_sim.router import Router
from router_sim.seed import lab_router
from router_sim.snapshots import Snapshot, snapshot_of
from router_sim.starting_state import StateError, StateOptions, starting_snapshot
from tests.router_sim.clients import RawClient
from tests.router_sim.conftest import START, Console
from tests.router_sim.test_command import Process, running

HOST = "127.0.9.7"


class Site:
    """A router with an operator's configuration, on a clock that stands still."""

    def __init__(self, *, certificates: bool) -> None:
        self.clock = VirtualClock(START, monotonic=lambda: 0.0)
        self.router = lab_router("site", clock=self.clock, password="pässword", version="7.16.2")
        console = Console(self.router)
        console.add("/ip/hotspot/user", name="Zoë", comment="a=b \udcff", limit_uptime="007")
        ports = ServicePorts(api=0, api_ssl=0)
        self.fleet = Fleet({HOST: self.router}, ports=ports, certificates=certificates)

    def source(self, **options: object) -> Source:
        port = self.fleet.ports.api_ssl if options.get("tls") else self.fleet.port
        assert port is not None
        return Source(HOST, port, "admin", "pässword", **options)  # type: ignore[arg-type]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site(certificates=False)
    async with site.fleet:
        yield site


async def test_what_is_read_is_what_the_router_holds(site: Site) -> None:
    reading = await read_router(site.source())
    expected = snapshot_of(site.router)
    assert reading.left_out == ()
    assert (reading.snapshot.version, reading.snapshot.identity) == ("7.16.2", "site")
    for path, rows in reading.snapshot.menus.items():
        if path not in ("/user", "/user/active", "/system/script/job"):  # this very session
            assert rows == expected.menus[path], path
    left = set(expected.menus) - set(reading.snapshot.menus)
    assert left == {"/file", "/log"}
    kept = Snapshot.from_ndjson(reading.snapshot.to_ndjson())
    copy = Router(name="copy", clock=site.clock, version="7.16.2")
    report = load(copy, kept)
    assert [line for line in report.problems if "password" not in line] == []
    for path in ("/ip/hotspot", "/ip/hotspot/user", "/ip/pool", "/ip/address", "/interface"):
        assert snapshot_of(copy).menus[path] == expected.menus[path]
    assert [entry.menu for entry in site.router.journal.entries()] == ["/ip/hotspot/user"]  # as it was before


async def test_a_router_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    site = Site(certificates=True)
    async with site.fleet:
        with pytest.raises(ReadingError, match=r"no TLS connection: .*name the authority"):
            await read_router(site.source(tls=True))
        assert site.fleet.named("site") is site.router
        identity = site.router.tls_identity(
            Console(site.router).rows("/ip/service", "name=api-ssl")[0]["certificate"]
        )
        assert identity is not None
        authority = tmp_path / "router.pem"
        authority.write_bytes(identity[0])
        for options in ({"authority": str(authority)}, {"verify": False}):
            reading = await read_router(site.source(tls=True, **options))
            assert reading.snapshot.identity == "site"


async def test_a_router_without_a_certificate(site: Site) -> None:
    reading = await read_router(site.source(tls=True, verify=False))
    assert reading.snapshot.identity == "site"


async def test_menus_the_router_refuses_are_named(site: Site) -> None:
    site.fleet.faults.add(Fault("trap", path="/ip/pool/print", message="no such command prefix", count=1))
    reading = await read_router(site.source())
    assert reading.left_out == ("/ip/pool: no such command prefix",)
    assert "/ip/pool" not in reading.snapshot.menus


async def test_why_a_router_cannot_be_read_is_told(site: Site) -> None:
    port = site.fleet.port
    with pytest.raises(ReadingError, match=rf"{HOST}:{port}: the router refused: invalid user name"):
        await read_router(Source(HOST, port, "admin", "wrong"))
    site.fleet.faults.add(Fault("trap", path="/system/resource/print", message="no", count=1))
    with pytest.raises(ReadingError, match="does not say which RouterOS it runs: no"):
        await read_router(site.source())
    site.fleet.faults.add(Fault("drop_before", path="/ip/address/print", count=1))
    with pytest.raises(ReadingError, match=rf"{HOST}:{port}: "):
        await read_router(site.source())
    site.fleet.faults.add(Fault("latency", path="/ip/address/print", delay=30, count=1))
    with pytest.raises(ReadingError, match=r"no answer within 0\.2 s"):
        await read_router(site.source(), limit=0.2)

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-nothing\r\n" * 100)
        writer.close()

    server = await asyncio.start_server(babble, HOST, 0)
    async with server:
        other = server.sockets[0].getsockname()[1]
        with pytest.raises(ReadingError, match=f"{HOST}:{other}: "):
            await read_router(Source(HOST, other, "admin"), limit=5)
    with pytest.raises(ReadingError, match=f"{HOST}:{other}: .*is the service enabled"):
        await read_router(Source(HOST, other, "admin"))
    for authority in ("/no/such/file", __file__):
        with pytest.raises(ReadingError, match=f"{authority}: .*a file of certificates in PEM"):
            await read_router(site.source(tls=True, authority=authority))


def test_addresses_of_routers() -> None:
    def at(text: str, *, tls: bool = False) -> str:
        return str(source_from(text, username="u", password="", tls=tls, authority="", verify=True))

    assert at("192.0.2.1") == "192.0.2.1:8728"
    assert at("192.0.2.1", tls=True) == "192.0.2.1:8729"
    assert at("router.example:1234") == "router.example:1234"
    assert at("2001:db8::1") == "2001:db8::1:8728"
    assert at("[2001:db8::1]:99") == "2001:db8::1:99"
    for wrong in ("", ":1", "a:b", "a:0", "a:65536", "a:99999999"):
        with pytest.raises(ValueError, match="is no address of a router"):
            at(wrong)


async def test_the_command_starts_from_a_router_and_from_what_it_saved(site: Site, tmp_path: Path) -> None:
    kept = tmp_path / "site.ndjson"
    variables = {"PORTAL_CONTRACT_FROM_PASSWORD": "pässword", "PORTAL_CONTRACT_ROUTER_PASSWORD": "lab"}
    common = ("--address", "127.0.5.21", "--port", "0", "--count", "2")
    async with running(
        *common, "--from", f"{HOST}:{site.fleet.port}", "--save", str(kept), **variables
    ) as first:
        assert "rows of site, RouterOS 7.16.2" in first.printed
        async with RawClient("127.0.5.22", first.port_of("127.0.5.22")) as client:
            await client.log_in(password="lab")
            names = await client.talk("/ip/hotspot/user/print", "=.proplist=name")
            assert ["!re", "=name=Zoë"] in names
            (version, _) = await client.talk("/system/resource/print", "=.proplist=version")
            assert version[1].startswith("=version=7.16.2")
    assert json.loads(kept.read_text().splitlines()[0])["identity"] == "site"
    again = ("--load", str(kept), "--version", "7.22.3")
    async with running(*common, *again) as second, at("127.0.5.21", second) as client:
        await client.log_in()
        (version, _) = await client.talk("/system/resource/print", "=.proplist=version")
        assert version[1].startswith("=version=7.22.3")
        assert ["!re", "=name=site"] in await client.talk("/system/identity/print")


async def test_the_command_can_be_stopped_while_it_reads() -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        left.set()

    async with await asyncio.start_server(silent, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        arguments = ("--port", "0", "--from", f"{HOST}:{port}")
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "router_sim", *arguments)
        await asyncio.wait_for(asked.wait(), 30)
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 10) == 0
        await asyncio.wait_for(left.wait(), 10)


def at(address: str, process: Process) -> RawClient:
    return RawClient(address, process.port_of(address))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--load", "x", "--from", "y"], "--load and --from: the state comes from a file or from a router"),
        (["--load", "/nonexistent/file"], "--load /nonexistent/file: No such file"),
        (["--from", "nonsense:port"], "--from: 'nonsense:port' is no address"),
        (["--save", "/nonexistent/dir/file", "--port", "0"], "--save /nonexistent/dir/file: No such file"),
    ],
)
def test_a_state_that_cannot_be_had_ends_with_2(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(router_command, arguments)
    assert result.exit_code == 2
    assert message in result.output


async def test_a_file_that_is_no_snapshot_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("{}")
    with pytest.raises(StateError, match="line 1: the format is None"):
        await starting_snapshot(StateOptions(path=str(path)))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(StateError, match="codec can't decode"):
        await starting_snapshot(StateOptions(path=str(path)))
    with pytest.raises(StateError, match="/dev/zero: it has more than"):
        await starting_snapshot(StateOptions(path="/dev/zero"))
