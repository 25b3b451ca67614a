"""The `router` command: its arguments, what it prints, and a real process from start to signal."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from click.testing import CliRunner

from router_sim.command import router
from tests.router_sim.clients import RawClient


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A running command and what it printed until it was ready."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.printed = ""

    async def until_ready(self) -> None:
        assert self.process.stdout is not None
        while "Ctrl-C stops" not in self.printed:
            line = await asyncio.wait_for(self.process.stdout.readline(), 30)
            assert line, self.printed
            self.printed += line.decode()

    def port_of(self, address: str) -> int:
        found = re.search(rf"{re.escape(address)}\s+(\d+)", self.printed)
        assert found, self.printed
        return int(found[1])


@asynccontextmanager
async def running(*arguments: str, **variables: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "router_sim",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **variables},
    )
    try:
        started = Process(process)
        await started.until_ready()
        yield started
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_serves_until_interrupted_and_leaves_with_0() -> None:
    arguments = ("--count", "3", "--address", "127.0.5.1", "--port", "0", "--version", "6.49.18")
    async with running(*arguments) as started:
        port = started.port_of("127.0.5.3")
        async with RawClient("127.0.5.3", port) as client:
            await client.log_in()
            (row, done) = await client.talk("/system/resource/print", "=.proplist=version")
            assert row[1].startswith("=version=6.49.18")
            assert done == ["!done"]
            started.process.send_signal(signal.SIGINT)
            assert await client.read() is None
        assert await asyncio.wait_for(started.process.wait(), 30) == 0
        assert "control API: off" in started.printed


async def test_the_control_api_and_the_entries_to_paste() -> None:
    control_port = free_port()
    arguments = ("--address", "127.0.5.9", "--port", "0", "--control-port", str(control_port), "-v")
    subnet = ("--subnet", "10.9.0.0/24")
    variables = {
        "PORTAL_CONTRACT_ROUTER_PASSWORD": "s3cret",
        "PORTAL_CONTRACT_CONTROL_TOKEN": "t0ken",
    }
    async with running(*arguments, *subnet, **variables) as started:
        port = started.port_of("127.0.5.9")
        url = f"http://127.0.0.1:{control_port}"
        assert f"control API: {url}  token: t0ken" in started.printed
        pasted = tomllib.loads(
            started.printed[started.printed.index("[[sites]]") :].replace("Ctrl-C stops.", "")
        )
        (site,) = pasted["sites"]
        assert site["subnets"] == ["10.9.0.0/24"]
        assert site["router"] == {
            "host": "127.0.5.9",
            "port": port,
            "tls": False,
            "username": "admin",
            "password_env": "PORTAL_CONTRACT_ROUTER_PASSWORD",
        }
        assert pasted["lab"] == {name: f"{url}/{name}" for name in ("clock", "guests", "faults")}
        async with RawClient("127.0.5.9", port) as client:
            await client.log_in(password="s3cret")
        async with httpx2.AsyncClient(headers={"Authorization": "Bearer t0ken"}, trust_env=False) as http:
            assert (await http.get(f"{url}/routers")).json()[0]["address"] == "127.0.5.9"
            await http.post(f"{url}/internet", json={"names": {"site.example": ["198.51.100.7"]}})
            made = (
                await http.post(f"{url}/guests", json={"router": "router-1", "subnet": "10.9.0.0/24"})
            ).json()
            told = await http.post(f"{url}/guests/{made['id']}/resolve", json={"name": "site.example"})
            assert told.json() == {"addresses": ["198.51.100.7"]}
        started.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(started.process.wait(), 30) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--address", "10.0.0.1"], "10.0.0.1 is not a loopback address"),
        (["--address", "127.255.255.250", "--count", "10"], "no room for 10 routers"),
        (["--version", "seven"], "seven"),
        (["--version", "7.x"], "'7.x' is no RouterOS version"),
        (["--pace", "nan"], "--pace: nan"),
        (["--from-user", "reader"], "--from-user: it says how to read a router"),
        (["--port", "9000", "--www-port", "9000"], "port 9000: api and www"),
        (["--subnet", "10.0.0.0/33"], "10.0.0.0/33"),
        (["--port", "70000"], "70000"),
        (["--count", "0"], "0"),
    ],
)
def test_wrong_arguments_end_with_2(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(router, arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_port_in_use_ends_with_2_in_one_sentence() -> None:
    with socket.create_server(("127.0.5.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(router, ["--address", "127.0.5.1", "--port", port])
    assert result.exit_code == 2
    assert result.output == (
        f"Error: 127.0.5.1:{port} is in use by another program; stop it or choose another port\n"
    )


def test_a_control_port_in_use_ends_with_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(router, ["--address", "127.0.5.1", "--port", "0", "--control-port", port])
    assert result.exit_code == 2
    assert f"127.0.0.1:{port} is in use" in result.output
