"""The embedded lab: a child process that ends with the process that started it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

START_TIMEOUT = 60.0  # seconds


class EmbeddedLabError(Exception):
    """The lab did not start; one sentence."""


@contextlib.contextmanager
def embedded_lab(directory: Path, generation: str = "v1") -> Iterator[Path]:
    """Run a lab beside this process and yield the configuration file it writes, for this generation of the API.

    The lab reads its standard input and stops when that closes, so it does not outlive this process even if the
    process is killed.
    """
    config = directory / "lab.toml"
    command = [
        sys.executable,
        "-m",
        "contract_tests",
        "lab",
        "--write-config",
        str(config),
        "--generation",
        generation,
        "--until-stdin-closes",
    ]
    with (directory / "lab.log").open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            deadline = time.monotonic() + START_TIMEOUT
            while not config.exists():
                if child.poll() is not None or time.monotonic() > deadline:
                    said = (directory / "lab.log").read_text("utf-8", "replace").strip().splitlines()
                    raise EmbeddedLabError(
                        f"the embedded lab did not start: {said[-1] if said else 'no word'}"
                    )
                time.sleep(0.02)
            yield config
        finally:
            assert child.stdin is not None
            child.stdin.close()
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
