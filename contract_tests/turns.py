"""Turns of the workers of one run: most tests run side by side, one that moves the clock of all of them runs alone."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

FILE_NAME = ".turns"


class Turns:
    """A lock that the workers of a run share through a file; the system frees it when a worker dies.

    On Windows, which has no such lock, tests are not kept apart.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextlib.contextmanager
    def turn(self, *, alone: bool) -> Iterator[None]:
        """Wait until no other worker is in the middle of a test (`alone`), or until no other one is alone."""
        if sys.platform == "win32":
            yield
        else:
            with self._path.open("a") as file:
                fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
                yield
