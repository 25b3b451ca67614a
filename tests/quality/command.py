"""The command line as the first thing a forked process does. Imports little: every such process imports it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from contract_tests import cli
from contract_tests.config import TOKEN_VARIABLE


def run_command(arguments: Sequence[str], said: Path) -> None:
    """The command line, in a process of its own; what it says goes to a file."""
    for name in [*os.environ]:
        # A token or an option of the run around this one would steer the run inside.
        if name == TOKEN_VARIABLE or name.startswith(("PYTEST_", "PORTAL_CONTRACT_")):
            del os.environ[name]
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.argv = ["portal-contract", *arguments]
    cli.main()
