"""Child processes of the command line: the lab, a run to its end, a run to be disturbed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import tomli_w

PATIENCE = 60.0  # seconds; a hang ends a test, it does not end the day
VARIABLES = ("PORTAL_CONTRACT_", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "PYTEST_")

_EVENTS = ("/system/clock", "/system/resource", "/system/script/job", "/log", "/user/active")


def environment(**more: str) -> dict[str, str]:
    """The environment of a child: nothing of the caller's that would change what it does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLES)}
    return kept | {"TERM": "dumb", "COLUMNS": "100"} | more


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "contract_tests", *(str(argument) for argument in arguments)]


def call(
    *arguments: object, cwd: Path, timeout: float = PATIENCE, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(**environ),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def wait_until(condition: Callable[[], bool], what: str, *, patience: float = PATIENCE) -> None:
    """Poll until the condition holds; fails with `what` was waited for."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:g} s in vain until {what}")
        time.sleep(0.01)


class Running:
    """A command that is at work, in a process group of its own."""

    def __init__(self, *arguments: object, cwd: Path) -> None:
        self.child = subprocess.Popen(
            command(*arguments),
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that this command brings about."""

        def met() -> bool:
            if condition():
                return True
            assert self.child.poll() is None, f"it ended before {what}: {self.child.communicate()}"
            return False

        wait_until(met, what)

    def signal(self, number: int, *, group: bool = False) -> None:
        """Send a signal, to the whole group as a terminal does or to the process alone."""
        if group:
            os.killpg(self.child.pid, number)
        else:
            self.child.send_signal(number)

    def end(self, timeout: float = PATIENCE) -> tuple[int, str, str]:
        """Exit code, output and errors."""
        out, err = self.child.communicate(timeout=timeout)
        return self.child.returncode, out, err

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.communicate()


@contextlib.contextmanager
def running(*arguments: object, cwd: Path) -> Iterator[Running]:
    """A command at work that does not outlive the block."""
    started = Running(*arguments, cwd=cwd)
    try:
        yield started
    finally:
        started.stop()


@dataclass(frozen=True)
class Lab:
    """A lab in a child process, seen from outside: its configuration file, its API, its control API."""

    path: Path
    config: Mapping[str, Any]

    @property
    def base_url(self) -> str:
        return str(self.config["target"]["base_url"])

    @property
    def token(self) -> str:
        return str(self.config["target"]["token"])

    @property
    def secrets(self) -> list[str]:
        """Every secret of the configuration."""
        target = self.config["target"]
        passwords = [site["router"]["password"] for site in self.config["sites"]]
        return [target["token"], target["other_token"], self.config["lab"]["token"], *passwords]

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that the configuration in a report directory takes its secrets from."""
        target = self.config["target"]
        return {
            "PORTAL_CONTRACT_TOKEN": target["token"],
            "PORTAL_CONTRACT_OTHER_TOKEN": target["other_token"],
            "PORTAL_CONTRACT_LAB_TOKEN": self.config["lab"]["token"],
            **{
                f"PORTAL_CONTRACT_ROUTER_PASSWORD_{index}": site["router"]["password"]
                for index, site in enumerate(self.config["sites"])
            },
        }

    def instances(self) -> list[dict[str, Any]]:
        """What the API lists."""
        answer = httpx2.get(
            f"{self.base_url}/instances", headers={"authorization": f"Bearer {self.token}"}, trust_env=False
        )
        assert answer.status_code == 200
        return list(answer.json())

    def resources(self) -> dict[str, list[str]]:
        """What the API lists of every kind that runs make, for both tenants: path -> ids; empty lists are left out."""
        target = self.config["target"]
        gardens = [f"walled-garden/{site['id']}" for site in self.config["sites"]]
        found: dict[str, list[str]] = {}
        for tenant in ("token", "other_token"):
            headers = {"authorization": f"Bearer {target[tenant]}"}
            with httpx2.Client(headers=headers, trust_env=False) as http:
                for path in ("instances", "auth-integrations", *gardens):
                    answer = http.get(f"{self.base_url}/{path}")
                    listed = answer.json() if answer.status_code == 200 else []
                    if listed:
                        found[f"{path} of {tenant}"] = [item["id"] for item in listed]
        return found

    def clear(self) -> None:
        """Take everything that runs make out of the lab, past every ledger; instances first, which use the rest."""
        for place, identifiers in self.resources().items():
            path, _, tenant = place.partition(" of ")
            headers = {"authorization": f"Bearer {self.config['target'][tenant]}"}
            for identifier in identifiers:
                httpx2.delete(f"{self.base_url}/{path}/{identifier}", headers=headers, trust_env=False)

    def delete(self, instances: Sequence[Mapping[str, Any]]) -> None:
        """Take instances out of the lab, past every ledger."""
        for instance in instances:
            httpx2.delete(
                f"{self.base_url}/instances/{instance['id']}",
                headers={"authorization": f"Bearer {self.token}"},
                trust_env=False,
            )

    def routers(self) -> dict[str, Any]:
        """The whole configuration of every router."""
        root = str(self.config["lab"]["journal"])
        headers = {"authorization": f"Bearer {self.config['lab']['token']}"}
        with httpx2.Client(headers=headers, trust_env=False) as http:
            names = [router["name"] for router in http.get(root).json()]
            return {name: settled(http.get(f"{root}/{name}/snapshot").json()) for name in names}

    def variant(self, path: Path, **tables: Mapping[str, Any]) -> Path:
        """Another configuration file for this lab: values put over its tables."""
        data = json.loads(json.dumps(self.config))
        for table, values in tables.items():
            data[table] = data.get(table, {}) | values
        path.write_text(tomli_w.dumps(data), "utf-8")
        return path


def settled(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """A router without its clock, its log, and what tells of visits rather than of configuration."""
    visits = {"last-logged-in", ".nextid"}

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items() if key not in visits}
        return [clean(item) for item in value] if isinstance(value, list) else value

    timeless = {menu: rows for menu, rows in snapshot.items() if menu not in _EVENTS}
    return dict(clean(timeless))


@contextlib.contextmanager
def lab(directory: Path) -> Iterator[Lab]:
    """Start `portal-contract lab` and stop it as a person would, with Ctrl-C."""
    path = directory / "lab.toml"
    with running("lab", "--write-config", path, cwd=directory) as child:
        child.until(path.exists, "the lab has written its configuration")
        yield Lab(path, tomllib.loads(path.read_text("utf-8")))
        child.signal(signal.SIGINT)
        code, _, errors = child.end(timeout=15)
        # Runs ask for the subnet where somebody else's hotspot sits, and the service says why it keeps off.
        unforeseen = [line for line in errors.splitlines() if "a hotspot server that is not ours" not in line]
        assert (code, unforeseen) == (0, [])
        assert not path.exists()


def report(directory: Path) -> dict[str, Any]:
    return dict(json.loads((directory / "report.json").read_bytes()))


def verdicts(directory: Path) -> dict[str, str]:
    """Requirement -> verdict of a report."""
    return {entry["id"]: entry["verdict"] for entry in report(directory)["requirements"]}


def ledger_events(directory: Path) -> Sequence[str]:
    """The kinds of the entries in the ledger of a report directory, as far as they are written."""
    try:
        lines = (directory / "ledger.jsonl").read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    return [json.loads(line)["event"] for line in lines]
