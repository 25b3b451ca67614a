"""The suite beside `st run` (schemathesis with its defaults) on the same deployment in the same run.

    python benchmarks/suite_and_st.py [--rounds 3]

Starts one lab and lets both judge it in turn, the suite by its profiles core and images, st the instance and image
operations; prints requests, seconds and judged requests a second as a Markdown table, with the ratio. The suite leaves
the routers alone here, since `st` knows of none; a full run, with every operation, routers and guests, is a row of its
own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
OPENAPI = Path(__file__).resolve().parent.parent / "spec" / "openapi.yaml"
PROFILES = ("--profile", "core", "--profile", "images")
OPERATIONS = r"^/instances(/\{instanceId\}(/images/\{type\})?)?$"


@dataclass(frozen=True, slots=True)
class Measured:
    requests: int
    seconds: float  # of the whole process, start-up included

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@contextlib.contextmanager
def lab(directory: Path) -> Iterator[Path]:
    config = directory / "lab.toml"
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "contract_tests",
            "lab",
            "--write-config",
            str(config),
            "--until-stdin-closes",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not config.exists():
            if child.poll() is not None:
                raise SystemExit("the lab did not start")
            time.sleep(0.05)
        yield config
    finally:
        assert child.stdin is not None
        child.stdin.close()
        child.wait(timeout=20)


def suite(config: Path, directory: Path, seed: int, *options: str) -> Measured:
    report = directory / "report"
    begun = time.monotonic()
    command = [
        sys.executable, "-m", "contract_tests", "run", "--config", str(config), "--report-dir", str(report),
        "--seed", str(seed), "--quiet", *options,
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begun
    summary = json.loads((report / "report.json").read_text("utf-8"))["summary"]
    return Measured(summary["requests"], seconds)


def st(config: Path, seed: int) -> Measured:
    """A run in an empty folder: st carries what it learnt from one run to the next in the current one."""
    target = tomllib.loads(config.read_text("utf-8"))["target"]
    with tempfile.TemporaryDirectory() as empty:
        har = Path(empty) / "st.har"
        command = [
            str(BIN / "st"), "run", str(OPENAPI), "--url", target["base_url"],
            "-H", f"Authorization: Bearer {target['token']}", "--include-path-regex", OPERATIONS,
            "--seed", str(seed), "--report", "har", "--report-har-path", str(har), "--no-color",
        ]  # fmt: skip
        begun = time.monotonic()
        done = subprocess.run(
            command,
            cwd=empty,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - begun
        if not har.exists():
            raise SystemExit(f"st run failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        requests = len(json.loads(har.read_text("utf-8"))["log"]["entries"])
        verdict = re.findall(r"^\s*(?:FAILED|❌|✅|No issues).*$", done.stdout, re.M)
        print(f"<!-- st run: exit {done.returncode}; {verdict[-1].strip() if verdict else ''} -->")
    return Measured(requests, seconds)


def row(name: str, measured: list[Measured]) -> tuple[str, float]:
    requests = statistics.median(item.requests for item in measured)
    seconds = statistics.median(item.seconds for item in measured)
    rate = statistics.median(item.rate for item in measured)
    return f"| {name} | {requests:.0f} | {seconds:.1f} | {rate:.1f} |", rate


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    plain: list[Measured] = []
    full: list[Measured] = []
    peer: list[Measured] = []
    with tempfile.TemporaryDirectory() as name, lab(Path(name)) as config:
        for seed in range(1, rounds + 1):
            plain.append(suite(config, Path(name), seed, "--no-device", *PROFILES))
            peer.append(st(config, seed))
            full.append(suite(config, Path(name), seed))
    print(f"`python benchmarks/suite_and_st.py --rounds {rounds}`, medians of {rounds} rounds in turn:\n")
    print("| | requests | seconds | requests judged a second |\n|---|---:|---:|---:|")
    ours, our_rate = row("`portal-contract run --no-device --profile core --profile images`", plain)
    theirs, their_rate = row("`st run`, defaults", peer)
    print(f"{ours}\n{theirs}\n{row('`portal-contract run`, everything', full)[0]}")
    print(f"\nRatio of the first two rates: {our_rate / their_rate:.2f}")


if __name__ == "__main__":
    main()
