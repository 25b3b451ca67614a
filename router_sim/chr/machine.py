"""A virtual machine under QEMU that runs a RouterOS image without ever writing to it.

The first network card is QEMU's user network, through which the ports of the management services are
forwarded to free ports of this machine; RouterOS asks for an address there by itself. The second one is a
stream of Ethernet frames to a port of ours, where simulated guests sit (`segment.py`).

A port that is forwarded takes connections long before the router listens, so an open connection proves
nothing; `readiness.py` waits for answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from qemu.qmp import QMPClient, QMPError

QEMU: Final = "qemu-system-x86_64"
QEMU_IMG: Final = "qemu-img"
LOOPBACK: Final = "127.0.0.1"

# Service of the router, and the port it has there.
SERVICES: Final[Mapping[str, int]] = {"api": 8728, "api-ssl": 8729, "www": 80, "www-ssl": 443}

_MOST_IMAGE: Final = 16 * 1024**3


class MachineError(Exception):
    """The machine cannot be started, or was lost; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class MachinePlan:
    """What the machine is to be: image file, memory in MiB, accelerator, and where its second card leads.

    `ports` maps services to ports of this machine. `segment` is the port on loopback that takes the
    frames of the second card, None for a machine with one card.
    """

    overlay: Path
    directory: Path
    ports: Mapping[str, int]
    memory: int = 256
    accelerator: str = "tcg"
    segment: int | None = None

    def command(self) -> list[str]:
        """The command line of QEMU."""
        forwards = "".join(
            f",hostfwd=tcp:{LOOPBACK}:{port}-:{SERVICES[service]}" for service, port in self.ports.items()
        )
        fast = self.accelerator == "kvm"
        words = [QEMU, "-M", "pc", "-m", str(self.memory), "-smp", "1", "-nodefaults", "-display", "none"]
        words += ["-accel", "kvm" if fast else "tcg,tb-size=256", "-cpu", "host" if fast else "max"]
        words += ["-boot", "order=c"]
        words += ["-drive", f"file={_escaped(self.overlay)},format=qcow2,if=virtio"]
        words += ["-netdev", f"user,id=net0{forwards}", "-device", "virtio-net-pci,netdev=net0"]
        if self.segment is not None:
            words += ["-netdev", f"socket,id=net1,connect={LOOPBACK}:{self.segment}"]
            words += ["-device", "virtio-net-pci,netdev=net1"]
        words += ["-serial", f"file:{_escaped(self.serial_log)}"]
        words += ["-qmp", f"unix:{_escaped(self.monitor)},server=on,wait=off"]
        return words

    @property
    def monitor(self) -> Path:
        """The socket of QEMU's machine protocol."""
        return self.directory / "qmp"

    @property
    def serial_log(self) -> Path:
        """What the machine writes to its serial console."""
        return self.directory / "serial.log"


def _escaped(path: Path) -> str:
    return str(path).replace(",", ",,")  # QEMU's own rule for commas in a value


def kvm_works(cpuinfo: str, *, accessible: bool) -> bool:
    """Will KVM run a machine here? The device alone is no proof: the processor must offer it, too.

    `cpuinfo` is the text of /proc/cpuinfo, `accessible` whether /dev/kvm can be opened. On a machine that is
    itself virtual the device can be there while the processor has no such feature, and QEMU then stops, or
    the guest hangs at its start.
    """
    flags = {word for line in cpuinfo.splitlines() if line.startswith("flags") for word in line.split()}
    return accessible and bool(flags & {"vmx", "svm"})


def choose_accelerator(wish: str) -> str:
    """`tcg` or `kvm` for the wish `auto`, `tcg` or `kvm`, by looking at this machine."""
    if wish != "auto":
        return wish
    device, info = Path("/dev/kvm"), Path("/proc/cpuinfo")
    accessible = False
    with contextlib.suppress(OSError), device.open("r+b"):
        accessible = True
    text = info.read_text("ascii", "replace") if info.exists() else ""
    return "kvm" if kvm_works(text, accessible=accessible) else "tcg"


def free_ports(count: int) -> list[int]:
    """So many ports of loopback that nobody has right now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def unpacked(image: Path, directory: Path) -> Path:
    """The disk image itself: `image`, or the one file in it when it is a ZIP as MikroTik publishes them.

    MachineError when there is no such file, or the archive does not hold exactly one image.
    """
    if not image.is_file():
        raise MachineError(f"{image} is no file; download a CHR image from MikroTik and give its path")
    if not zipfile.is_zipfile(image):
        return image.resolve()
    with zipfile.ZipFile(image) as archive:
        members = [each for each in archive.infolist() if not each.is_dir()]
        if len(members) != 1 or members[0].file_size > _MOST_IMAGE:
            raise MachineError(f"{image} does not hold one disk image alone; unpack it and give the image")
        target = directory / "image"
        with archive.open(members[0]) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    return target


async def run_tool(*words: str) -> str:
    """Run a program to its end; its output. MachineError when it is missing or fails."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except FileNotFoundError:
        raise MachineError(_missing(words[0])) from None
    out, err = await process.communicate()
    if process.returncode:
        raise MachineError(f"{words[0]} failed: {err.decode('utf-8', 'replace').strip()}")
    return out.decode("utf-8", "replace")


def _missing(program: str) -> str:
    return f"{program} is not installed (Debian: qemu-system-x86 and qemu-utils)"


async def make_overlay(image: Path, overlay: Path) -> None:
    """A disk that keeps its changes apart from `image`, which stays as it is."""
    facts = json.loads(await run_tool(QEMU_IMG, "info", "--output=json", str(image)))
    await run_tool(
        QEMU_IMG, "create", "-q", "-f", "qcow2", "-F", str(facts["format"]), "-b", str(image), str(overlay)
    )


@dataclass
class Machine:
    """A running machine; use it as an asynchronous context manager.

    `image` is the RouterOS disk image, raw or in any form QEMU reads, or the ZIP it came in. `ports`, known
    once started, are the ports of this machine that lead to the router's services.
    """

    image: Path
    memory: int = 256
    accelerator: str = "tcg"
    segment: int | None = None
    wanted_ports: Mapping[str, int] = field(default_factory=dict)
    stop_grace: float = 20.0
    ports: Mapping[str, int] = field(default_factory=dict, init=False)
    plan: MachinePlan = field(init=False)
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack, init=False)
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)
    _monitor: QMPClient = field(default_factory=lambda: QMPClient("machine"), init=False)

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def _start(self) -> None:
        if shutil.which(QEMU) is None:
            raise MachineError(_missing(QEMU))
        # Short, because the name of a socket has room for about a hundred characters.
        directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="chr-")))
        overlay = directory / "disk.qcow2"
        await make_overlay(await asyncio.to_thread(unpacked, self.image, directory), overlay)
        for attempt in range(3):
            found = iter(free_ports(len(SERVICES)))
            self.ports = {name: self.wanted_ports.get(name) or next(found) for name in SERVICES}
            self.plan = MachinePlan(
                overlay, directory, self.ports, self.memory, self.accelerator, self.segment
            )
            try:
                await self._launch()
                return
            except MachineError as error:
                # Between our look and QEMU's, somebody else may have taken a port.
                if "forward" not in str(error) or attempt == 2:
                    raise

    async def _launch(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self.plan.command(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us: the machine is to be stopped in order
        )
        for _ in range(600):
            if self._process.returncode is not None:
                raise MachineError(f"{QEMU} ended at once: {await self.complaint()}")
            if self.plan.monitor.exists():
                with contextlib.suppress(QMPError, OSError):
                    await self._monitor.connect(str(self.plan.monitor))
                    return
            await asyncio.sleep(0.05)
        raise MachineError(f"{QEMU} did not open its monitor within 30 s: {await self.complaint()}")

    async def complaint(self) -> str:
        """What QEMU has said on its standard error, once it has ended."""
        process = self._process
        if process is None or process.stderr is None or process.returncode is None:
            return "no word from it"
        return (await process.stderr.read()).decode("utf-8", "replace").strip() or "without a word"

    @property
    def running(self) -> bool:
        """Is the machine still there?"""
        return self._process is not None and self._process.returncode is None

    async def command(self, name: str, arguments: Mapping[str, object] | None = None) -> Any:
        """A command of QEMU's machine protocol. MachineError when it fails or QEMU is gone."""
        try:
            return await self._monitor.execute(name, dict(arguments or {}))
        except (QMPError, OSError) as error:
            raise MachineError(f"the machine did not do {name}: {error}") from error

    async def save(self, name: str) -> None:
        """Keep the whole state, disk and memory, under a name."""
        await self._console(f"savevm {name}")

    async def restore(self, name: str) -> None:
        """Go back to the state kept under a name. Connections to the router are void afterwards."""
        try:
            await self._console(f"loadvm {name}")
        except MachineError:
            await self.command("cont")  # QEMU stops the machine first, and leaves it so when it fails
            raise

    async def _console(self, line: str) -> None:
        said = await self.command("human-monitor-command", {"command-line": line})
        if str(said).strip():  # it is silent when all is well
            raise MachineError(f"the machine did not do '{line}': {str(said).strip()}")

    async def power_cycle(self) -> None:
        """Take the power away and give it back, as some settings of RouterOS demand."""
        await self.command("system_reset")

    async def _end(self) -> None:
        """Ask the machine to shut down; end it when it does not listen; remove its disk."""
        process = self._process
        try:
            if process is not None and process.returncode is None:
                for request, patience in (("system_powerdown", self.stop_grace), ("quit", 5.0)):
                    with contextlib.suppress(MachineError):
                        await self.command(request)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(process.wait(), patience)
                    if not self.running:
                        break
                if self.running:
                    process.kill()
                await process.wait()
        finally:
            with contextlib.suppress(QMPError, OSError, EOFError):
                await self._monitor.disconnect()
            await self._stack.aclose()
