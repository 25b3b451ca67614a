"""What is probed, how it is put back after each probe, and what is said of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final, Literal

import click
from rich.console import Console

from router_sim.chr.prepared import PREPARED, prepared_machine
from router_sim.chr.preparing import FACTORY_USER, GUEST_CARD
from router_sim.chr.prober import Guests, Subject, probe_router
from router_sim.chr.radius import AcceptingRadius
from router_sim.chr.segment import Segment, Station
from router_sim.chr.settings import ChrError, Settings
from router_sim.chr.simulated import MAC, simulated_subject
from router_sim.chr.transcript import Transcript, compare, probes_in_both

SIMULATOR: Final = "simulator"
# Where QEMU's user network shows the machine the loopback of this one.
SEEN_FROM_THE_MACHINE: Final = "10.0.2.2"

Back = Callable[[], Awaitable[None]]


class SegmentGuests:
    """The guest of the probes behind a machine's second card."""

    def __init__(self, segment: Segment, address: str, gateway: str) -> None:
        self._segment = segment
        self._address = address
        self._gateway = gateway
        self._station: Station | None = None

    async def appear(self) -> None:
        """Seen for the first time."""
        self._station = self._segment.appear(MAC, self._address, self._gateway)
        await asyncio.sleep(1)

    async def announce(self) -> None:
        """Seen again."""
        if self._station is not None:
            self._segment.announce(self._station, self._gateway)
        await asyncio.sleep(1)

    async def vanish(self) -> None:
        """Gone."""
        if self._station is not None:
            self._segment.vanish(self._station)
            self._station = None


@asynccontextmanager
async def probed(settings: Settings, console: Console) -> AsyncIterator[tuple[Subject, Back | None]]:
    """What is probed, and how it is put back after each probe."""
    if settings.image is not None:
        async with AcceptingRadius() as radius, prepared_machine(settings, console) as (machine, segment):
            first = IPv4Network(settings.subnets[0])
            address, guest = str(first[1]), str(first[-3])
            names = {
                "interface": GUEST_CARD,
                "address": address,
                "guest": guest,
                "mac": MAC,
                "radius": SEEN_FROM_THE_MACHINE,
                "radius_port": str(radius.port),
            }
            guests: Guests = SegmentGuests(segment, guest, address)
            rest = f"http://127.0.0.1:{machine.ports['www']}"
            subject = Subject(
                "127.0.0.1", machine.ports["api"], FACTORY_USER, settings.password, names, rest, guests
            )
            yield subject, lambda: machine.restore(PREPARED)
    elif settings.router:
        host, _, port = settings.router.partition(":")
        if port and not port.isdecimal():
            raise ChrError(f"--router: {port} is no port; write HOST or HOST:PORT")
        names = {"interface": settings.interface, "address": settings.address, "guest": "", "mac": MAC}
        yield Subject(host, int(port or 8728), settings.user, settings.password, names), None
    else:
        async with simulated_subject(settings.version) as (subject, router):

            async def back() -> None:
                router.reset()

            yield subject, back


async def report(settings: Settings, found: Transcript, other: Transcript | None, console: Console) -> int:
    if settings.transcript is not None:
        await asyncio.to_thread(settings.transcript.write_text, found.to_ndjson(), "utf-8")
        console.print(f"{len(found.entries)} answers in {settings.transcript}", markup=False)
    elif other is None:
        click.echo(found.to_ndjson(), nl=False)
    for number, reason in found.left_out.items():
        click.echo(f"probe {number} was not put: {reason}", err=True)
    if other is None:
        return 0
    differences = compare(other, found)
    for difference in differences:
        for line in difference.lines():
            console.print(line, markup=False)
    shared = list(probes_in_both(other, found))
    console.print(
        f"{len(differences)} of {len(found.entries)} answers differ from those of {settings.compare_label}"
        f" ({len(shared)} probes put to both)",
        markup=False,
    )
    return 1 if differences else 0


async def compared_with(settings: Settings) -> Transcript | None:
    """The transcript to compare with: read from its file, or made by asking the simulator."""
    if settings.compare_with != SIMULATOR:
        return settings.compare_with
    async with simulated_subject(settings.version) as (subject, router):

        async def back() -> None:
            router.reset()

        return await probe_router(subject, only=settings.only, between=back)


def read_transcript(text: str) -> Transcript | Literal["simulator"] | None:
    """What `--compare` names: nothing, the simulator, or the file of a transcript. Raises ChrError."""
    if text in ("", SIMULATOR):
        return SIMULATOR if text else None
    try:
        return Transcript.from_ndjson(Path(text).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ChrError(f"--compare: {text}: {error}") from error
