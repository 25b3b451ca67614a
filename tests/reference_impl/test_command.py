"""The command `serve`, as a process on a real port."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.reference_impl.conftest import COUPON, refused

CONFIG = '[server]\nsecret = "0123456789abcdef"\n[[tenants]]\nname = "a"\ntoken = "token-a"\n'
TOKEN = {"Authorization": "Bearer token-a"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "server.toml"
    file.write_text(CONFIG, encoding="utf-8")
    return file


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "reference_impl", *map(str, arguments)]


@contextmanager
def serving(
    tmp_path: Path, config: Path, database: str | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    database = database or f"sqlite+aiosqlite:///{tmp_path}/portal.sqlite3"
    arguments = command("--config", config, "--port", "0", "--database", database)
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/captive", line)
        assert found, line
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_interrupted(tmp_path: Path, config: Path, number: signal.Signals) -> None:
    with serving(tmp_path, config) as (process, base):
        with httpx2.Client(headers=TOKEN) as client:
            made = client.post(f"{base}/instances", json=COUPON)
            assert made.status_code == 201
            assert made.headers["location"] == f"{base}/instances/{made.json()['id']}"
            preview = client.get(made.json()["preview_url"])
            assert preview.status_code == 200
            head = client.head(f"{base}/instances")
            assert (head.status_code, head.content) == (200, b"")
            assert int(head.headers["content-length"]) > 2
        process.send_signal(number)
        assert process.wait(timeout=20) == 0


def test_large_bodies_are_refused_on_a_connection_that_stays_usable(tmp_path: Path, config: Path) -> None:
    with serving(tmp_path, config) as (_, base), httpx2.Client() as client:
        body = b"x" * 8_000_000
        for _ in range(3):
            refused(client.post(f"{base}/instances", content=body), 401)
            headers = TOKEN | {"Content-Type": "application/json"}
            refused(client.post(f"{base}/instances", content=body, headers=headers), 413)
            assert client.get(f"{base}/instances", headers=TOKEN).json() == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--config", "absent.toml"], "[[tenants]]"),
        (["--database", "nonsense"], "database URL"),
        (["--database", "sqlite:///x"], "database URL"),
        (["--database", "postgresql+asyncpg://u:p@127.0.0.1:1/x"], "database cannot be opened"),
        (["--database", "sqlite+aiosqlite:////nowhere/at/all.sqlite3"], "database cannot be opened"),
        (["--host", "192.0.2.1"], "Cannot listen"),
        (["--host", "0.0.0.0"], "public_url"),  # noqa: S104 - refused before anything is served
    ],
    ids=str,
)
def test_what_cannot_be_served_is_told(config: Path, arguments: list[str], told: str) -> None:
    port = [] if "--host" in arguments and "192.0.2.1" in arguments else ["--port", "0"]
    defaults = [] if "--config" in arguments else ["--config", str(config)]
    done = subprocess.run(
        command(*defaults, *port, *arguments), capture_output=True, text=True, timeout=30, cwd=config.parent
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            command("--config", config, "--port", port), capture_output=True, text=True, timeout=30
        )
    assert done.returncode == 2
    assert f"Port {port} of 127.0.0.1 is in use" in done.stderr
