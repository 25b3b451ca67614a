"""A simulated site for a real client, and how to run that client: as a process in an environment of its own.

`make clients` builds the environments below `.clients`; nothing of them enters the project's own.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.fleet import Fleet, ServicePorts
from router_sim.router import Router
from router_sim.seed import lab_router
from router_sim.tls import certify

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
    clock: VirtualClock

    @property
    def certificate(self) -> str:
        """What to trust of a site with all services, PEM."""
        identity = self.router.tls_identity("lab")
        assert identity is not None, "this site has no certificate"
        return identity[0].decode()

    @property
    def login(self) -> dict[str, Any]:
        """Where and who, as every driver takes it."""
        port = self.fleet.ports.api
        return {
            "host": self.host,
            "port": port,
            "username": "admin",
            "password": PASSWORD,
            "ports": self.fleet.ports.by_name(),
        }

    def run(self, path: str, attributes: Mapping[str, str] | None = None) -> list[dict[str, str]]:
        """A command past the network, in the name of admin; its rows."""
        reply = self.router.execute(Command(path, attributes or {}), Origin("admin", "127.0.0.1", "api"))
        return [dict(row) for row in reply.rows]

    async def python(self, script: str, **wishes: Any) -> Any:
        """What `python/<script>.py` prints, given the login and the wishes as JSON."""
        out = await run([str(PYTHON), str(HERE / "python" / f"{script}.py")], {**self.login, **wishes})
        return json.loads(out)

    async def node(self, script: str, **wishes: Any) -> Any:
        """What `node/<script>.js` prints."""
        node = shutil.which("node") or "node"
        out = await run([node, str(HERE / "node" / f"{script}.js")], {**self.login, **wishes})
        return json.loads(out)

    async def playbook(self, name: str, **variables: Any) -> str:
        """What ansible-playbook says of `python/<name>.yml`; AssertionError when a task failed."""
        given = json.dumps({**variables, "router": self.login, "ansible_python_interpreter": str(PYTHON)})
        program = [
            str(PYTHON.with_name("ansible-playbook")),
            "--inventory",
            "localhost,",
            "--extra-vars",
            given,
        ]
        return await run([*program, str(HERE / "python" / f"{name}.yml")], {})


@asynccontextmanager
async def site(
    *, version: str = "7.22.3", host: str = "127.0.5.1", all_services: bool = False
) -> AsyncIterator[Site]:
    """A lab router on a free port, answering at the pace of a real one; its clock stands still.

    With `all_services` there are the API over TLS and REST, too, and a certificate for both.
    """
    clock = VirtualClock(START, monotonic=lambda: 0.0)
    router = lab_router("site", clock=clock, version=version, password=PASSWORD)
    if all_services:
        certify(router, host)
    ports = ServicePorts(0, 0, 0, 0) if all_services else ServicePorts(api=0)
    async with Fleet({host: router}, ports=ports, pace=PACE) as fleet:
        yield Site(router, fleet, host, clock)


async def run(command: Sequence[str], wishes: Mapping[str, Any]) -> str:
    """Output of a process that is given `wishes` as JSON. AssertionError with all it said when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(CLIENTS),
            "LANG": "C.UTF-8",
            "NODE_PATH": str(NODE_MODULES),
            "ANSIBLE_NOCOLOR": "1",
        },
        cwd=CLIENTS,
    )
    try:
        said = await asyncio.wait_for(process.communicate(json.dumps(wishes).encode()), timeout=PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise AssertionError(f"{' '.join(command)} did not come to an end") from None
    out, errors = (part.decode() for part in said)
    assert process.returncode == 0, f"{' '.join(command)}\n{out}\n{errors}"
    return out
