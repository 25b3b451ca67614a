"""The `chr` command: a Cloud Hosted Router in a virtual machine until it is interrupted, or the probes."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from router_sim.chr.caller import CallerError
from router_sim.chr.machine import Machine, MachineError
from router_sim.chr.prepared import PREPARED, prepared_machine
from router_sim.chr.preparing import FACTORY_USER
from router_sim.chr.prober import probe_router
from router_sim.chr.probes import PROBES
from router_sim.chr.probing import compared_with, probed, read_transcript, report
from router_sim.chr.readiness import NotReady
from router_sim.chr.settings import ChrError, Settings
from router_sim.control import BearerToken, ControlServer
from router_sim.fleet import FleetError
from router_sim.site_entry import site_entry
from router_sim.usage import check_subnets, check_version

PASSWORD_ENV: Final = "PORTAL_CONTRACT_CHR_PASSWORD"  # noqa: S105 - the name of a variable
ACCELERATOR_ENV: Final = "PORTAL_CONTRACT_CHR_ACCELERATOR"
DEFAULT_SUBNETS: Final = ("10.5.50.0/24", "10.5.51.0/24")


@click.command(name="chr")
@click.option("--image", type=click.Path(path_type=Path), help="CHR disk image, or the ZIP it came in.")
@click.option("--memory", type=click.IntRange(64, 65536), default=256, show_default=True, help="MiB.")
@click.option(
    "--accel",
    "accelerator",
    envvar=ACCELERATOR_ENV,
    show_envvar=True,
    type=click.Choice(["auto", "tcg", "kvm"]),
    default="auto",
    show_default=True,
    help="auto takes KVM only where the processor offers it.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port for its API; a free one by default."
)
@click.option("--user", default=FACTORY_USER, show_default=True, help="User for --router.")
@click.option(
    "--password",
    envvar=PASSWORD_ENV,
    show_envvar=True,
    default="",
    help="Password to set, or of --router; made up by default.",
)
@click.option(
    "--subnet", "subnets", multiple=True, default=DEFAULT_SUBNETS, show_default=True, help="Guest network."
)
@click.option(
    "--boot-timeout",
    type=click.FloatRange(1, 7200),
    default=600.0,
    show_default=True,
    help="Seconds to boot.",
)
@click.option(
    "--control-port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port of an API that puts the machine back to its prepared state; 0 leaves it off.",
)
@click.option("--probe", is_flag=True, help="Put the probes to the router, print its answers, and end.")
@click.option("--only", type=int, multiple=True, help="This probe (repeatable).")
@click.option("--router", default="", metavar="HOST[:PORT]", help="Probe this router instead of an image.")
@click.option("--interface", default="", help="With --router: an interface the probes may put a hotspot on.")
@click.option("--router-address", default="", help="With --router: its own address there.")
@click.option("--version", default="7.22.3", show_default=True, help="Version of the simulator to probe.")
@click.option("--transcript", type=click.Path(path_type=Path), help="Write the answers to this file.")
@click.option(
    "--compare",
    "compare_with",
    default="",
    metavar="FILE|simulator",
    help="Compare the answers with a transcript, or with the simulator's; exit code 1 if they differ.",
)
@click.pass_context
def chr_command(
    context: click.Context,
    image: Path | None,
    memory: int,
    accelerator: str,
    port: int,
    user: str,
    password: str,
    subnets: tuple[str, ...],
    boot_timeout: float,
    control_port: int,
    probe: bool,
    only: tuple[int, ...],
    router: str,
    interface: str,
    router_address: str,
    version: str,
    transcript: Path | None,
    compare_with: str,
) -> None:
    """Boot a Cloud Hosted Router image under QEMU and print its [[sites]] entry.

    The image is yours and is never written to. With --probe, questions about RouterOS are put to it, to
    --router, or without either to the simulator.
    """
    try:
        check_version(version)
        check_subnets(subnets)
    except ValueError as error:
        raise ChrError(str(error)) from error
    unknown = set(only) - {each.number for each in PROBES}
    if unknown:
        raise ChrError(f"--only: there is no probe {', '.join(map(str, sorted(unknown)))}")
    if image is None and not probe:
        raise ChrError("--image: give the path of a CHR image from MikroTik; none comes with this program")
    if image is not None and router:
        raise ChrError("--image and --router: give one of them")
    if router and not (interface and router_address):
        raise ChrError("--router: give --interface and --router-address as well, for the probes' own hotspot")
    given = context.get_parameter_source("password")
    settings = Settings(
        image, router, version, user, password or secrets.token_urlsafe(12),
        given is not None and given.name == "ENVIRONMENT", memory, accelerator, port, subnets, boot_timeout,
        control_port, probe, only, transcript, read_transcript(compare_with), compare_with, interface,
        router_address,
    )  # fmt: skip
    try:
        code = asyncio.run(_main(settings, Console(highlight=False, soft_wrap=True)))
    except KeyboardInterrupt:
        code = 130
    except (MachineError, NotReady, CallerError, FleetError) as error:
        raise ChrError(str(error)) from error
    context.exit(code)


async def _main(settings: Settings, console: Console) -> int:
    if settings.probe:
        async with probed(settings, console) as (subject, back):
            found = await probe_router(subject, only=settings.only, between=back)
        return await report(settings, found, await compared_with(settings), console)
    async with prepared_machine(settings, console) as (machine, _):
        await _serve(settings, machine, console)
    return 0


async def _serve(settings: Settings, machine: Machine, console: Console) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    env = PASSWORD_ENV if settings.password_from_env else ""
    entry = site_entry(
        "127.0.0.1", machine.ports["api"], subnets=settings.subnets, password=settings.password,
        password_env=env, name="chr",
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        if settings.control_port:
            token = secrets.token_urlsafe(24)
            control = ControlServer(control_of(machine, token), port=settings.control_port)
            await control.start()
            stack.push_async_callback(control.close)
            console.print(f"control API: {control.url}  token: {token}", markup=False)
        console.print(f"\n{entry}\n", markup=False)
        others = ", ".join(f"{name} {port}" for name, port in machine.ports.items() if name != "api")
        console.print(f"other services on 127.0.0.1: {others}\nCtrl-C stops.", markup=False)
        while machine.running and not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1.0)
    if not stop.is_set():
        raise MachineError(f"the machine ended by itself: {await machine.complaint()}")


def control_of(machine: Machine, token: str) -> Starlette:
    """What can be done with a machine and not with a router: go back, and take the power away."""

    async def reset(request: Request) -> Response:
        await machine.restore(PREPARED)
        return Response(status_code=204)

    async def power_cycle(request: Request) -> Response:
        await machine.power_cycle()
        return Response(status_code=204)

    async def lost(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, 502)

    return Starlette(
        routes=[
            Route("/routers/chr/reset", reset, methods=["POST"]),
            Route("/routers/chr/power-cycle", power_cycle, methods=["POST"]),
        ],
        middleware=[Middleware(BearerToken, token=token)],
        exception_handlers={MachineError: lost},
    )
