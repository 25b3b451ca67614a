"""What the `chr` command was asked for, and how it says that it cannot be done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from router_sim.chr.transcript import Transcript
from router_sim.usage import UsageError


class ChrError(UsageError):
    """The machine or the probes cannot be had as asked."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command was asked for."""

    image: Path | None
    router: str
    version: str
    user: str
    password: str
    password_from_env: bool
    memory: int
    accelerator: str
    port: int
    subnets: tuple[str, ...]
    boot_timeout: float
    control_port: int
    probe: bool
    only: tuple[int, ...]
    transcript: Path | None
    compare_with: Transcript | Literal["simulator"] | None
    compare_label: str
    interface: str
    address: str
