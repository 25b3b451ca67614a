"""A PostgreSQL server that lives as long as its block."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.conftest import program

OPTIONS = "-c listen_addresses= -c fsync=off -c max_connections=50"


@dataclass(frozen=True)
class Server:
    """A server that is reached through a socket in a directory, without a password."""

    directory: Path

    @property
    def url(self) -> str:
        """The one database of the server."""
        return f"postgresql+asyncpg://portal@/postgres?host={self.directory}"

    async def execute(self, statement: str) -> None:
        """Do something with the database from outside."""
        connection = await asyncpg.connect(host=str(self.directory), user="portal", database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def empty(self) -> str:
        """Drop all tables; return the URL of the database."""
        await self.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        return self.url


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Start a server of its own in a new directory; it refuses to run as root, so then it is another user's."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    assert initdb is not None
    assert pg_ctl is not None
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    directory = Path(tempfile.mkdtemp(prefix="portal-postgres-"))
    data = directory / "data"

    def call(*arguments: str | Path) -> None:
        # Into a file, since the server keeps it open: a pipe would never end.
        with (directory / "log").open("ab") as log:
            done = subprocess.run(
                [*map(str, arguments)],
                check=False,
                cwd=directory,
                user=None if user is None else user.pw_uid,
                group=None if user is None else user.pw_gid,
                extra_groups=None if user is None else [],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=60,
            )
        assert done.returncode == 0, (directory / "log").read_text("utf-8", "replace")

    try:
        if user is not None:
            os.chown(directory, user.pw_uid, user.pw_gid)
        call(initdb, "-D", data, "-U", "portal", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        call(pg_ctl, "-D", data, "-w", "-t", "50", "-o", f"-k {directory} {OPTIONS}", "start")
        try:
            yield Server(directory)
        finally:
            call(pg_ctl, "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory)
