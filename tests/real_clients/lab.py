"""A simulated site for a real client, and how to run that client: as a process in an environment of its own.

`make clients` builds the environments below `.clients`; nothing of them enters the project's own.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.fleet import Fleet
from router_sim.router import Router
from router_sim.seed import lab_router

HERE = Path(__file__).parent
CLIENTS = HERE.parents[1] / ".clients"
PYTHON = CLIENTS / "python" / "bin" / "python"
NODE_MODULES = CLIENTS / "node" / "node_modules"

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
PASSWORD = "secret"
PACE = 0.002  # seconds; several clients depend on a router never being faster
PATIENCE = 90.0  # seconds a client may take


@dataclass(frozen=True)
class Site:
    """A router that is being served, and what a client must know to reach it."""

    router: Router
    fleet: Fleet
    host: str

    @property
    def login(self) -> dict[str, Any]:
        """Where and who, as every driver takes it."""
        return {"host": self.host, "port": self.fleet.port, "username": "admin", "password": PASSWORD}

    def run(self, path: str, attributes: Mapping[str, str] | None = None, *queries: str) -> list[dict[str, str]]:
        """A command past the network, in the name of admin; its rows."""
        reply = self.router.execute(Command(path, attributes or {}, queries), Origin("admin", "127.0.0.1", "api"))
        return [dict(row) for row in reply.rows]

    async def python(self, script: str, **wishes: Any) -> Any:
        """What `python/<script>.py` prints, given the login and the wishes as JSON."""
        return await _run([str(PYTHON), str(HERE / "python" / f"{script}.py")], {**self.login, **wishes})

    async def node(self, script: str, **wishes: Any) -> Any:
        """What `node/<script>.js` prints."""
        node = shutil.which("node") or "node"
        return await _run([node, str(HERE / "node" / f"{script}.js")], {**self.login, **wishes})


@asynccontextmanager
async def site(*, version: str = "7.22.3", host: str = "127.0.5.1") -> AsyncIterator[Site]:
    """A lab router on a free port, answering at the pace of a real one."""
    router = lab_router("site", clock=VirtualClock(START), version=version, password=PASSWORD)
    async with Fleet({host: router}, port=0, pace=PACE) as fleet:
        yield Site(router, fleet, host)


async def _run(command: list[str], wishes: Mapping[str, Any]) -> Any:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(CLIENTS),
        "LANG": "C.UTF-8",
        "NODE_PATH": str(NODE_MODULES),
        "ANSIBLE_LOCAL_TEMP": str(CLIENTS / "ansible"),
    }
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=CLIENTS,
    )
    try:
        out, errors = await asyncio.wait_for(
            process.communicate(json.dumps(wishes).encode()), timeout=PATIENCE
        )
    except TimeoutError:
        process.kill()
        out, errors = await process.communicate()
        raise AssertionError(f"{command[-1]} hangs\n{out.decode()}\n{errors.decode()}") from None
    assert process.returncode == 0, f"{command[-1]}\n{out.decode()}\n{errors.decode()}"
    return json.loads(out)
