"""The `router` command: simulated routers on this machine until it is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import secrets
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import click
from click.core import ParameterSource
from rich.console import Console
from rich.table import Table

from router_sim.clock import VirtualClock
from router_sim.control import ControlServer, control_app
from router_sim.faults import FaultPlan
from router_sim.fetching import fetch
from router_sim.fleet import Fleet, FleetError
from router_sim.guests.internet import Internet
from router_sim.guests.registry import Guests
from router_sim.printable import printable
from router_sim.router import Router
from router_sim.service_options import ServiceOptions, service_options, take_services
from router_sim.site_entry import site_entry
from router_sim.sites import addresses_from, site_routers, twins_of
from router_sim.starting_state import (
    StateError,
    StateOptions,
    options_from,
    router_with,
    save,
    starting_snapshot,
    state_options,
)
from router_sim.usage import UsageError, check_subnets, check_version

PASSWORD_ENV: Final = "PORTAL_CONTRACT_ROUTER_PASSWORD"  # noqa: S105 - the name of a variable
TOKEN_ENV: Final = "PORTAL_CONTRACT_CONTROL_TOKEN"  # noqa: S105 - the name of a variable
DEFAULT_SUBNETS: Final = ("10.5.50.0/24", "10.5.51.0/24")

_SHOWN: Final = 20


class RouterError(UsageError):
    """The routers cannot be started as asked."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command was asked for. `control_port` 0 means no control API."""

    addresses: tuple[str, ...]
    services: ServiceOptions
    version: str
    password: str
    password_from_env: bool
    subnets: tuple[str, ...]
    pace: float
    control_port: int
    control_token: str
    verbose: bool
    state: StateOptions = field(default_factory=StateOptions)
    own_version: bool = False


@click.command(name="router")
@click.option(
    "--count", type=click.IntRange(min=1, max=60000), default=1, show_default=True, help="Number of routers."
)
@click.option(
    "--address", default="127.0.1.1", show_default=True, help="Loopback address of the first router."
)
@service_options
@click.option("--version", "version", default="7.22.3", show_default=True, help="RouterOS version to act as.")
@click.option(
    "--password",
    envvar=PASSWORD_ENV,
    show_envvar=True,
    default="",
    help="Password of admin; none by default.",
)
@click.option(
    "--subnet",
    "subnets",
    multiple=True,
    default=DEFAULT_SUBNETS,
    show_default=True,
    help="Guest network of each site; repeatable.",
)
@click.option(
    "--pace",
    type=click.FloatRange(0, 10),
    default=0.002,
    show_default=True,
    help="Seconds before the first word of a reply; some clients cannot do with 0.",
)
@click.option(
    "--control-port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port of the control API; 0 leaves it off.",
)
@click.option(
    "--control-token",
    envvar=TOKEN_ENV,
    show_envvar=True,
    default="",
    help="Made up at each start by default.",
)
@state_options
@click.option("-v", "--verbose", is_flag=True, help="Print the configuration entries of the sites.")
@click.pass_context
def router(
    context: click.Context,
    /,
    count: int,
    address: str,
    version: str,
    password: str,
    subnets: tuple[str, ...],
    pace: float,
    control_port: int,
    control_token: str,
    verbose: bool,
    **others: Any,
) -> None:
    """Run simulated RouterOS routers, each on its own loopback address.

    They answer the RouterOS API until Ctrl-C or SIGTERM and leave nothing behind.
    """
    if math.isnan(pace):  # no range leaves it out
        raise RouterError("--pace: nan is no number of seconds")
    try:
        addresses = addresses_from(address, count)
        check_version(version)
        check_subnets(subnets)
        state_asked = options_from(others)
        services = take_services(others)
    except (ValueError, StateError) as error:
        raise RouterError(str(error)) from error
    from_env = context.get_parameter_source("password") is ParameterSource.ENVIRONMENT
    settings = Settings(
        addresses,
        services,
        version,
        password,
        from_env,
        subnets,
        pace,
        control_port,
        control_token or secrets.token_urlsafe(24),
        verbose,
        state_asked,
        context.get_parameter_source("version") is not ParameterSource.DEFAULT,
    )
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(settings, Console(highlight=False, soft_wrap=True)))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The fastest event loop at hand: uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def serve(settings: Settings, console: Console) -> None:
    """Run the routers until SIGINT or SIGTERM. RouterError when they cannot be started."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C still raises KeyboardInterrupt
            loop.add_signal_handler(number, stop.set)
    clock = VirtualClock()
    internet = Internet()
    try:
        routers = await _unless(stop, _routers(settings, clock, console, internet))
    except (ValueError, StateError) as error:
        raise RouterError(str(error)) from error
    if routers is None:
        return
    fleet = Fleet(
        routers,
        ports=settings.services.ports,
        certificates=settings.services.certificates,
        pace=settings.pace,
        faults=FaultPlan(clock.now),
        fetch=fetch,
    )
    async with contextlib.AsyncExitStack() as stack:
        control: ControlServer | None = None
        try:
            await fleet.start()
            stack.push_async_callback(fleet.close)
            if settings.control_port:
                guests = Guests(fleet.named, internet)
                stack.push_async_callback(guests.close)
                app = control_app(fleet, clock, settings.control_token, guests)
                control = ControlServer(app, port=settings.control_port)
                await control.start()
                stack.push_async_callback(control.close)
        except FleetError as error:
            raise RouterError(str(error)) from error
        # What a fleet is made of stays; without this each full collection would walk through all of it
        # and hold up every connection meanwhile.
        gc.collect()
        gc.freeze()
        _report(settings, fleet, control, console)
        await stop.wait()


async def _unless(
    stop: asyncio.Event, work: Coroutine[Any, Any, dict[str, Router]]
) -> dict[str, Router] | None:
    """What `work` comes to, or None when it is told to stop before: a router may be slow to read."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    if stopping.done():
        while not working.done():
            # Python 3.11 loses a cancellation that comes just when a connection is made.
            working.cancel()
            await asyncio.wait((working,), timeout=0.1)
        return None
    stopping.cancel()
    return working.result()


async def _routers(
    settings: Settings, clock: VirtualClock, console: Console, internet: Internet
) -> dict[str, Router]:
    """The routers, with the laboratory's state or the one asked for; says what could not be taken over."""
    snapshot, remarks = await starting_snapshot(settings.state)
    if snapshot is None:
        routers = site_routers(
            settings.addresses,
            clock=clock,
            version=settings.version,
            password=settings.password,
            subnets=settings.subnets,
            resolve=internet.resolve,
        )
    else:
        first, report = router_with(
            snapshot,
            name="router-1",
            clock=clock,
            password=settings.password,
            version=settings.version if settings.own_version else "",
            resolve=internet.resolve,
        )
        for line in (*remarks, *report.problems):
            console.print(line, markup=False)
        console.print(
            f"loaded {report.rows} rows of {printable(snapshot.identity) or 'a router'}, "
            f"RouterOS {printable(snapshot.version)}; "
            f"{report.renumbered} with another identifier",
            markup=False,
        )
        routers = twins_of(first, settings.addresses)
    save(settings.state, snapshot, next(iter(routers.values())))
    return routers


def _report(settings: Settings, fleet: Fleet, control: ControlServer | None, console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    ports = fleet.ports.by_name()
    titles = ("port" if name == "api" else name for name in ports)
    for title in ("router", "address", *titles, "version", "user"):
        table.add_column(title, no_wrap=True)
    shown = list(fleet.routers.items())[:_SHOWN]
    for address, served in shown:
        table.add_row(served.name, address, *map(str, ports.values()), served.version, "admin")
    console.print(table)
    if len(fleet.routers) > _SHOWN:
        console.print(f"and {len(fleet.routers) - _SHOWN} more, up to {settings.addresses[-1]}")
    if control is None:
        console.print("control API: off (--control-port 9100 turns it on)")
    else:
        console.print(f"control API: {control.url}  token: {settings.control_token}", markup=False)
    if settings.verbose:
        for address, _ in shown:
            console.print("\n" + _entry(settings, address, fleet.port), markup=False)
        if control is not None:
            paths = (f'{name} = "{control.url}/{name}"' for name in ("clock", "guests", "faults"))
            console.print("\n" + "\n".join(("[lab]", *paths)), markup=False)
    console.print("Ctrl-C stops.")


def _entry(settings: Settings, address: str, port: int) -> str:
    env = PASSWORD_ENV if settings.password_from_env else ""
    return site_entry(address, port, subnets=settings.subnets, password=settings.password, password_env=env)
