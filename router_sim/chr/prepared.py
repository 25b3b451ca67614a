"""A machine that has booted, been prepared, and can be put back to that state."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from rich.console import Console

from router_sim.chr.machine import Machine, choose_accelerator
from router_sim.chr.preparing import FACTORY_USER, prepare
from router_sim.chr.readiness import resources, wait_until_ready
from router_sim.chr.segment import Segment
from router_sim.chr.settings import Settings

PREPARED: Final = "prepared"


@asynccontextmanager
async def prepared_machine(settings: Settings, console: Console) -> AsyncIterator[tuple[Machine, Segment]]:
    """A machine that is ready and prepared, its state kept so that it can be gone back to."""
    assert settings.image is not None
    accelerator = choose_accelerator(settings.accelerator)
    async with AsyncExitStack() as stack:
        segment = await stack.enter_async_context(Segment())
        ports = {"api": settings.port} if settings.port else {}
        machine = Machine(settings.image, settings.memory, accelerator, segment.port, wanted_ports=ports)
        console.print(
            f"booting {settings.image.name} ({accelerator}); this takes 10 s to some minutes", markup=False
        )
        await stack.enter_async_context(machine)
        look = resources("127.0.0.1", machine.ports["api"], FACTORY_USER, "")
        answer = await wait_until_ready(look, patience=settings.boot_timeout, alive=lambda: machine.running)
        console.print(f"RouterOS {answer['version']} on {answer['board-name']} is ready", markup=False)
        await prepare("127.0.0.1", machine.ports["api"], password=settings.password, subnets=settings.subnets)
        await machine.save(PREPARED)
        yield machine, segment
