"""A real virtual machine: booted from an image made here, kept, put back, ended, and nothing written to the image."""

import asyncio
import hashlib
import zipfile
from pathlib import Path

import pytest

from router_sim.chr import machine as machines
from router_sim.chr.machine import Machine, MachineError, MachinePlan, kvm_works, unpacked
from router_sim.chr.segment import Segment

# Writes the numbers 0, 1, 2 ... as bytes to the first serial port, one for each tick of the timer.
COUNTING = bytes.fromhex("fb b300 baf803 88d8 ee fec3 f4 ebf5")
needs_qemu = pytest.mark.tool("qemu-system-x86_64", "qemu-img")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A disk whose boot sector counts."""
    path = tmp_path / "counting, with a comma.img"
    path.write_bytes((COUNTING.ljust(510, b"\0") + b"\x55\xaa").ljust(1024 * 1024, b"\0"))
    return path


async def counted(machine: Machine, *, more_than: int = 0) -> bytes:
    """What the machine has written, once it is more than so many bytes."""
    async with asyncio.timeout(60):
        while True:
            log = await asyncio.to_thread(machine.plan.serial_log.read_bytes)
            if len(log) > more_than:
                return log
            await asyncio.sleep(0.05)


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def breaks(log: bytes) -> list[int]:
    """Where the counting does not go on."""
    return [at for at in range(1, len(log)) if log[at] != (log[at - 1] + 1) % 256]


@needs_qemu
async def test_it_boots_is_put_back_and_leaves_the_image_alone(image: Path) -> None:
    before = fingerprint(image)
    async with Machine(image, memory=64, stop_grace=0.2) as machine:
        directory = machine.plan.directory
        saved_at = len(await counted(machine, more_than=3))
        await machine.save("here")
        later = await counted(machine, more_than=saved_at + 40)
        assert breaks(later) == []
        await machine.restore("here")
        again = await counted(machine, more_than=len(later) + 10)
        assert len(breaks(again)) == 1
        with pytest.raises(MachineError, match="nowhere"):
            await machine.restore("nowhere")
        await machine.power_cycle()
        anew = await counted(machine, more_than=len(again) + 5)
        assert anew[breaks(anew)[1]] == 0
        assert machine.running
    assert not machine.running
    assert not directory.exists()
    assert fingerprint(image) == before


@needs_qemu
async def test_its_second_card_leads_to_the_segment(image: Path) -> None:
    async with (
        Segment() as segment,
        Machine(image, memory=64, segment=segment.port, stop_grace=0.2) as machine,
    ):
        async with asyncio.timeout(30):
            await segment.connected()
            await machine.command("announce-self", {"initial": 50, "max": 50, "rounds": 2, "step": 0})
            await segment.heard.wait()


@needs_qemu
async def test_a_machine_that_cannot_start_says_why(image: Path, tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="is no file; download a CHR image"):
        await Machine(tmp_path / "none.img").__aenter__()
    with pytest.raises(MachineError, match="ended at once"):
        await Machine(image, memory=64, wanted_ports={"api": 1, "www": 1}).__aenter__()


async def test_without_qemu_it_says_what_to_install(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MachineError, match="Debian: qemu-system-x86"):
        await Machine(image).__aenter__()


def test_the_command_line(tmp_path: Path) -> None:
    plan = MachinePlan(tmp_path / "a,b.qcow2", tmp_path, {"api": 18728, "www": 18080}, 128, "kvm", 4000)
    words = plan.command()
    assert words[0] == "qemu-system-x86_64"
    assert f"file={tmp_path}/a,,b.qcow2,format=qcow2,if=virtio" in words
    assert "user,id=net0,hostfwd=tcp:127.0.0.1:18728-:8728,hostfwd=tcp:127.0.0.1:18080-:80" in words
    assert "socket,id=net1,connect=127.0.0.1:4000" in words
    assert words[words.index("-cpu") + 1] == "host"
    slow = MachinePlan(tmp_path / "a.qcow2", tmp_path, {"api": 18728}).command()
    assert slow[slow.index("-accel") + 1].startswith("tcg")
    assert not any(word.startswith("socket") for word in slow)


def test_a_device_without_the_processors_feature_is_no_kvm() -> None:
    plain, able = "flags\t\t: fpu vme\n", "processor : 0\nflags\t\t: fpu vme svm\n"
    assert not kvm_works(plain, accessible=True)
    assert not kvm_works(able, accessible=False)
    assert kvm_works(able, accessible=True)
    assert machines.choose_accelerator("kvm") == "kvm"


def test_an_image_in_its_archive(tmp_path: Path) -> None:
    archive = tmp_path / "chr.img.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("chr.img", b"disk")
    assert unpacked(archive, tmp_path).read_bytes() == b"disk"
    with zipfile.ZipFile(archive, "a") as target:
        target.writestr("other.img", b"disk")
    with pytest.raises(MachineError, match="one disk image alone"):
        unpacked(archive, tmp_path)
