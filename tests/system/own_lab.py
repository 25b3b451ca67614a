"""A lab that belongs to one test, which may move its clock and end it."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

from tests.system.processes import Running, running


class Control:
    """The control API of a lab."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.root = str(table["clock"]).removesuffix("/clock")
        self.headers = {"authorization": f"Bearer {table['token']}"}

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = httpx2.post(self.root + path, json=body, headers=self.headers, trust_env=False, timeout=30)
        assert answer.is_success, answer.text
        return dict(answer.json())


@contextlib.contextmanager
def started(directory: Path, *options: object) -> Iterator[tuple[Running, dict[str, Any]]]:
    """A lab of the test's own, and its configuration."""
    path = directory / "lab.toml"
    with running("lab", "--write-config", path, *options, cwd=directory) as child:
        child.until(path.exists, "the lab has written its configuration")
        yield child, tomllib.loads(path.read_text("utf-8"))
