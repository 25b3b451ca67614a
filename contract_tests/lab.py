"""The lab: reference implementation, simulated routers and their control API, put together in one process.

This is the one module that may import the other parts. Everything listens on loopback addresses alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import secrets
import shlex
import signal
import socket
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w
from fastapi import FastAPI
from rich.console import Console

from contract_tests.lab_clock import LabClock
from contract_tests.lab_identity import USERNAME, IdentityProvider, identity_provider
from contract_tests.lab_serving import served
from contract_tests.lab_table import Part, print_parts
from contract_tests.lab_website import ADDRESSES, WEBSITE, website
from reference_impl.app import create_app
from reference_impl.command import serve as serve_command
from reference_impl.settings import (
    DatabaseSettings,
    ProviderSettings,
    RouterSettings,
    ServerSettings,
    Settings,
    SiteSettings,
    TenantSettings,
)
from router_sim.chr.command import chr_command
from router_sim.clock import VirtualClock
from router_sim.command import router as router_command
from router_sim.control import ControlServer, control_app
from router_sim.faults import FaultPlan
from router_sim.fleet import Fleet
from router_sim.guests.internet import Internet
from router_sim.guests.registry import Guests
from router_sim.seed import lab_router

__all__ = ["Lab", "LabError", "LabPlan", "chr_command", "router_command", "run_lab", "serve_command"]

SITE_SUBNETS = ("10.5.50.0/24", "10.5.51.0/24")
OCCUPIED_SUBNETS = ("172.20.0.0/24",)  # where `router_sim.seed` has an operator's own hotspot
_MARK = "# Written by `portal-contract lab`, which removes this file when it ends.\n"
FIRST_ADDRESS = ipaddress.IPv4Address("127.0.1.1")
ROUTER_USER = "admin"


class LabError(Exception):
    """The lab cannot be started; one sentence."""


@dataclass(frozen=True, slots=True)
class LabPlan:
    """What a lab consists of. Ports of 0 take free ones; `settle_timeout` goes into the written configuration."""

    sites: int = 2
    port: int = 0
    router_port: int = 0
    control_port: int = 0
    version: str = "7.22.3"
    pace: float = 0.0  # seconds a router takes before it answers a command
    settle_timeout: float = 10.0
    resync_seconds: float = 30.0
    tenants: tuple[str, ...] = ("tenant-a", "tenant-b")
    generation: str = "v1"  # the one that the written configuration leads to; all are served


@dataclass(slots=True)
class Lab:
    """A running lab: where its parts are and what opens them."""

    plan: LabPlan
    clock: VirtualClock
    fleet: Fleet
    control: ControlServer
    control_token: str
    settings: Settings
    app: FastAPI
    identity: IdentityProvider
    base_url: str = ""
    passwords: dict[str, str] = field(default_factory=dict)

    def config(self) -> dict[str, Any]:
        """The configuration that `run --config` accepts."""
        tokens = [tenant.token for tenant in self.settings.tenants]
        return {
            "target": {
                "base_url": self.base_url,
                "generation": self.plan.generation,
                **dict(zip(("token", "other_token"), tokens, strict=False)),
                "rate": "unlimited",
            },
            "sites": [
                {
                    "id": site.id,
                    "subnets": list(site.subnets),
                    "occupied_subnets": list(site.occupied_subnets),
                    "settle_timeout": self.plan.settle_timeout,
                    "router": {
                        "host": address,
                        "port": self.fleet.port,
                        "username": ROUTER_USER,
                        "password": self.passwords[address],
                    },
                }
                for site, address in zip(self.settings.sites, self.fleet.routers, strict=True)
            ],
            "lab": {
                "clock": f"{self.control.url}/clock",
                "guests": f"{self.control.url}/guests",
                "faults": f"{self.control.url}/faults",
                "journal": f"{self.control.url}/routers",
                "website": f"http://{WEBSITE}/",
                "addresses": list(ADDRESSES),
                "token": self.control_token,
                "identity": self.identity.config(),
            },
        }


@contextlib.asynccontextmanager
async def lab(
    plan: LabPlan,
    directory: Path,
    *,
    make_app: Callable[..., FastAPI] = create_app,
    token: Callable[[], str] = lambda: secrets.token_urlsafe(24),
) -> AsyncIterator[Lab]:
    """Start a lab whose database lives in `directory`; everything ends with the context.

    `make_app` builds the deployment under test (mutants and variants pass their own). Raises `LabError`.
    """
    clock = VirtualClock()
    internet = Internet()
    addresses = [str(FIRST_ADDRESS + offset) for offset in range(plan.sites)]
    passwords = {address: token() for address in addresses}
    routers = {
        address: lab_router(
            f"site-{number}",
            clock=clock,
            version=plan.version,
            password=passwords[address],
            subnets=SITE_SUBNETS,
            resolve=internet.resolve,
        )
        for number, address in enumerate(addresses, start=1)
    }
    fleet = Fleet(routers, port=plan.router_port, pace=plan.pace, faults=FaultPlan(clock.now))
    listener = _listen(plan.port)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(listener.close)
        try:
            await stack.enter_async_context(fleet)
        except OSError as error:
            raise LabError(f"the simulated routers cannot be started: {error}") from None
        control_token = token()
        # Guests reach the deployment at the address it has for everybody else.
        host, port = listener.getsockname()
        internet.serve(host, port, host, port)
        guests = Guests(fleet.named, internet)
        stack.push_async_callback(guests.close)
        application = control_app(fleet, clock, control_token, guests)
        control = ControlServer(application, port=plan.control_port)
        await control.start()
        stack.push_async_callback(control.close)
        await stack.enter_async_context(website(internet))
        identity = await stack.enter_async_context(identity_provider(internet, directory / "identity.log"))
        settings = _settings(plan, directory, origin, fleet.port, passwords, token, identity)
        app = make_app(settings, clock=LabClock(clock))
        started = Lab(
            plan,
            clock,
            fleet,
            control,
            control_token,
            settings,
            app,
            identity,
            settings.public_origin + settings.server.bases[plan.generation],
            passwords,
        )
        try:
            await stack.enter_async_context(served(app, listener))
        except RuntimeError as error:
            raise LabError(f"the reference implementation cannot be served: {error}") from None
        yield started


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise LabError(f"port {port} cannot be opened ({error.strerror}); choose another --port") from None


def _settings(
    plan: LabPlan,
    directory: Path,
    origin: str,
    router_port: int,
    passwords: dict[str, str],
    token: Callable[[], str],
    identity: IdentityProvider,
) -> Settings:
    return Settings(
        server=ServerSettings(
            secret=token(), public_url=origin, resync_seconds=plan.resync_seconds, rate="unlimited"
        ),
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{directory / 'lab.sqlite3'}"),
        tenants=[TenantSettings(name=name, token=token()) for name in plan.tenants],
        sites=[
            SiteSettings(
                id=str(uuid.uuid4()),
                subnets=list(SITE_SUBNETS),
                occupied_subnets=list(OCCUPIED_SUBNETS),
                router=RouterSettings(
                    host=address, port=router_port, username=ROUTER_USER, password=password
                ),
            )
            for address, password in passwords.items()
        ],
        providers={
            type_: ProviderSettings.model_validate(each) for type_, each in identity.endpoints().items()
        },
    )


def run_lab(plan: LabPlan, console: Console, *, write_config: Path | None, until_stdin_closes: bool) -> None:
    """The command `lab`: start, say where everything is, run until told to stop. Raises `LabError`."""
    with tempfile.TemporaryDirectory(prefix="portal-contract-lab-") as directory:
        runner = asyncio.Runner(loop_factory=_loop_factory())
        with runner:
            runner.run(_run_lab(plan, Path(directory), console, write_config, until_stdin_closes))


async def _run_lab(
    plan: LabPlan, directory: Path, console: Console, write_config: Path | None, until_stdin_closes: bool
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    # A terminal that goes away ends the lab as well, unless nohup says that it shall not.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, stop.set)
    async with lab(plan, directory) as started:
        with _kept(write_config, started.config()):
            _announce(started, console, write_config)
            if until_stdin_closes:
                loop.add_reader(sys.stdin.fileno(), _read_end, loop, stop)
            await stop.wait()


@contextlib.contextmanager
def _kept(path: Path | None, config: dict[str, Any]) -> Iterator[None]:
    """Keep the configuration in a file for as long as its addresses and tokens are worth something."""
    if path is None:
        yield
        return
    text = _MARK + tomli_w.dumps(config)
    _write(path, text)
    try:
        yield
    finally:
        # Another lab may have put its own in place of it.
        with contextlib.suppress(OSError):
            if path.read_text("utf-8") == text:
                path.unlink()


def _read_end(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        loop.remove_reader(sys.stdin.fileno())
        stop.set()


def _write(path: Path, text: str) -> None:
    """Write the configuration, readable for its owner alone, whole or not at all; never over somebody's own file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not path.read_bytes().startswith(_MARK.encode()):
            raise LabError(
                f"{path} is there already, and no lab wrote it; choose another name or move it away"
            )
        temporary.touch(mode=0o600)
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise LabError(f"{path}: cannot be written: {error.strerror}") from None


def _announce(started: Lab, console: Console, write_config: Path | None) -> None:
    console.print(
        "The lab is running on this machine alone; nothing is open to the network.", highlight=False
    )
    print_parts(console, _parts(started))
    if write_config is not None:
        console.print(
            f"Run the suite against it: portal-contract run --config {shlex.quote(str(write_config))}",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )
    console.print("Ctrl-C stops it.", highlight=False)


def _parts(started: Lab) -> list[list[Part]]:
    """The table of `lab`, in groups."""
    settings = started.settings
    return [
        [
            Part(f"API {generation}", settings.public_origin + path)
            for generation, path in settings.server.bases.items()
        ],
        [Part(f"tenant {tenant.name}", "", f"token {tenant.token}") for tenant in settings.tenants],
        [
            Part(
                f"router of site {site.id}",
                f"{address}:{started.fleet.port}",
                f"{ROUTER_USER} / {started.passwords[address]}",
            )
            for address, site in zip(started.fleet.routers, settings.sites, strict=True)
        ],
        [Part("control API", started.control.url, f"token {started.control_token}")],
        [
            *(
                Part(f"guests: {type_} sign-in", f"http://{host}", f"user {USERNAME}")
                for type_, host in started.identity.hosts.items()
            ),
            Part("guests: web site", f"http://{WEBSITE}/"),
            *(Part("guests: address", f"http://{address}/") for address in ADDRESSES),
        ],
    ]


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # faster, where it exists
    except ImportError:
        return None
    return uvloop.new_event_loop
