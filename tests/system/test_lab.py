"""The command `lab` as a person meets it: what it says, what it opens, and that nothing of it is left."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contract_tests import lab as laboratory
from contract_tests.config import load_config
from tests.system.own_lab import Control, started
from tests.system.processes import Running, wait_until

_LISTENING = "0A"


def descendants(process: int) -> set[int]:
    """The processes a process has started, and theirs."""
    found: set[int] = set()
    with contextlib.suppress(FileNotFoundError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                found |= {int(child), *descendants(int(child))}
    return found


def alive(process: int) -> bool:
    """Is it at work? One that ended and that nobody asked for its exit code yet is not."""
    try:
        return (
            Path(f"/proc/{process}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0] != "Z"
        )
    except (FileNotFoundError, ProcessLookupError):
        return False


def listening(process: int) -> set[tuple[str, int]]:
    """Address and port of every socket on which a process listens."""
    inodes = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            inodes.add(str(descriptor.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{process}/net/{table}").read_text("ascii").splitlines()[1:]:
            _, local, _, state, *others = line.split()
            if state == _LISTENING and f"socket:[{others[5]}]" in inodes:
                address, _, port = local.partition(":")
                found.add((_address(address), int(port, 16)))
    return found


def _address(hexadecimal: str) -> str:
    """The kernel writes each 32 bits in the order of the machine's bytes."""
    words = [bytes.fromhex(hexadecimal[start : start + 8])[::-1] for start in range(0, len(hexadecimal), 8)]
    return str(ipaddress.ip_address(b"".join(words)))


def sign_in_page(config: dict[str, Any], type_: str = "google") -> dict[str, Any]:
    """What a guest whom no hotspot holds back sees of a provider."""
    control = Control(config["lab"])
    guest = control.post("/guests", router="site-1", subnet="10.5.50.0/24")
    host = config["lab"]["identity"]["hosts"][type_]
    path = "/o/oauth2/v2/auth?response_type=code&client_id=x&scope=openid&redirect_uri=http://127.0.0.1:9/"
    return control.post(f"/guests/{guest['id']}/request", url=f"http://{host}{path}")


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "portal-contract.toml"
    own.write_text("[target]\n")
    command = [sys.executable, "-m", "contract_tests", "lab", "--write-config", str(own)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 3  # as for anything else that keeps a lab from starting
    assert "no lab wrote it" in done.stderr
    assert own.read_text() == "[target]\n"


def test_it_writes_and_says_all_of_it(tmp_path: Path) -> None:
    with started(tmp_path, "--sites", 3, "--tenants", 4) as (child, config):
        loaded = load_config(tmp_path / "lab.toml", overrides={}, environ={})
        assert len(loaded.sites) == 3
        assert all(site.router and site.occupied_subnets for site in loaded.sites)
        assert loaded.lab.identity is not None
        assert loaded.lab.identity.hosts.keys() == {"azure", "github", "google"}
        base_url, token = loaded.target.base_url, loaded.target.token
        child.signal(signal.SIGINT)
        code, out, errors = child.end(timeout=15)
    assert (code, errors) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    origin = base_url.removesuffix("/captive")
    for generation, path in (("v1", "captive"), ("root", "root"), ("spa", "spa")):
        assert ["API", generation, f"{origin}/{path}"] in lines
    tokens = [line[-1] for line in lines if line[:1] == ["tenant"]]
    assert len(set(tokens)) == 4
    assert tokens[:2] == [token, config["target"]["other_token"]]
    passwords = [line[-1] for line in lines if line[:3] == ["router", "of", "site"]]
    assert passwords == [site["router"]["password"] for site in config["sites"]]
    words = set(out.split())
    assert config["lab"]["website"] in words
    assert config["lab"]["token"] in words
    assert {f"http://{host}" for host in config["lab"]["identity"]["hosts"].values()} <= words


def test_one_tenant_is_enough(tmp_path: Path) -> None:
    with started(tmp_path, "--sites", 1, "--tenants", 1) as (_, config):
        assert "other_token" not in config["target"]
        assert load_config(tmp_path / "lab.toml", overrides={}, environ={}).target.token


def test_nothing_listens_to_a_network(tmp_path: Path) -> None:
    with started(tmp_path) as (child, config):
        assert sign_in_page(config)["status"] == 200
        family = {child.child.pid, *descendants(child.child.pid)}
        assert len(family) == 2  # the lab and the provider
        routers = {site["router"]["port"] for site in config["sites"]}
        found = set().union(*(listening(process) for process in family))
        assert len(found) >= 7  # API, control API, web site, routers, three providers, proxies of guests
        for address, port in found:
            # One socket serves the routers at all their addresses; the test below sees that it cannot be reached.
            assert ipaddress.ip_address(address).is_loopback or port in routers, (address, port)


async def test_what_listens_on_every_address_is_bound_to_the_loopback_device(tmp_path: Path) -> None:
    async with laboratory.lab(laboratory.LabPlan(sites=3), tmp_path):
        devices = bound_devices()
        assert (
            len(devices) <= 1
        )  # none where the system does not permit it: then each router has its own socket
        assert devices in ([], [b"lo"])


def bound_devices() -> list[bytes]:
    """The network devices of those sockets of this process that listen on every IPv4 address."""
    found = []
    for descriptor in list(Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(descriptor.name))) as each:
            listens = each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if listens and each.getsockname()[0] == str(ipaddress.IPv4Address(0)):
                found.append(each.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0"))
    return found


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda child: child.signal(signal.SIGINT, group=True), id="Ctrl-C"),
        pytest.param(lambda child: child.signal(signal.SIGTERM), id="SIGTERM"),
        pytest.param(lambda child: child.signal(signal.SIGHUP), id="SIGHUP"),
        pytest.param(lambda child: child.signal(signal.SIGKILL), id="SIGKILL"),
    ],
)
def test_no_process_is_left(tmp_path: Path, end: Callable[[Running], None]) -> None:
    with started(tmp_path) as (child, config):
        assert sign_in_page(config)["status"] == 200
        family = descendants(child.child.pid)
        assert len(family) == 1
        end(child)
        code, _, errors = child.end(timeout=15)
        assert (code, errors) in ((0, ""), (-signal.SIGKILL, ""))
        assert (tmp_path / "lab.toml").exists() == (code != 0)
        wait_until(
            lambda: not any(alive(process) for process in family), "its children have ended", patience=10
        )


def test_a_guest_before_login_reaches_the_portal_alone(tmp_path: Path) -> None:
    """The provider, the web site and the addresses are behind the hotspot that an instance puts up."""
    with started(tmp_path, "--sites", 1) as (_, config):
        control = Control(config["lab"])
        base_url = config["target"]["base_url"]
        site = {"id": config["sites"][0]["id"], "subnets": ["10.5.50.0/24"]}
        wanted = {"name": "lobby", "strategy": "coupon", "session_ttl": 3600}
        headers = {"authorization": f"Bearer {config['target']['token']}"}
        with httpx2.Client(headers=headers, trust_env=False, timeout=30) as api:
            instance = api.post(f"{base_url}/instances", json=wanted).json()["id"]
            answer = api.put(f"{base_url}/instances/{instance}", json={**wanted, "sites": [site]})
            assert answer.is_success, answer.text
        guest = control.post("/guests", router="site-1", subnet=site["subnets"][0])["id"]

        def ask(url: str) -> dict[str, Any]:
            return control.post(f"/guests/{guest}/request", url=url)

        wait_until(lambda: ask(config["lab"]["website"])["outcome"] == "redirected", "the hotspot is there")
        for host in (*config["lab"]["identity"]["hosts"].values(), *config["lab"]["addresses"]):
            assert ask(f"http://{host}/")["outcome"] == "redirected", host
        portal = ask(f"{base_url}/portal/{instance}")
        assert (portal["outcome"], portal["status"]) == ("allowed", 200)
