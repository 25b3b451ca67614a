"""Which tests of the suite are collected for a target, and in what order they run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from contract_tests.plugin import CONFIG_OPTION, REPORT_OPTION, SUITE

TARGET = """
[target]
base_url = "http://127.0.0.1:1"
token = "t"
[[sites]]
id = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
subnets = ["10.5.50.0/24", "10.5.51.0/24"]
[sites.router]
host = "127.0.0.1"
[lab]
"""
URL = '"http://127.0.0.1:1"'
IDENTITY = 'identity = {hosts = {google = "accounts.test"}, username = "guest"}'


def collected(directory: Path, *lab: str) -> list[str]:
    config = directory / "target.toml"
    config.write_text(TARGET + "\n".join(lab), "utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"),
            *("-c", str(SUITE / "pytest.ini"), f"--rootdir={SUITE}", str(SUITE)),
            *(f"{CONFIG_OPTION}={config}", f"{REPORT_OPTION}={directory / 'report'}"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "::" in line]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    lab = [f"{name} = {URL}" for name in ("clock", "guests", "faults")]
    return collected(tmp_path_factory.mktemp("all"), *lab, IDENTITY)


def places(tests: list[str], *names: str) -> list[int]:
    return [index for index, test in enumerate(tests) if test.rpartition("::")[2] in names]


def test_what_moves_the_clock_comes_last(everything: list[str]) -> None:
    moving = places(everything, "test_sessions_end", "test_a_router_out_of_reach", "test_days_of_guests")
    still = places(
        everything, "test_guests_with_coupons", "test_guests_sign_in", "test_failures_in_the_middle"
    )
    several_sites = places(everything, "test_a_walled_garden_is_that_of_its_site")
    assert (len(moving), len(still), len(several_sites)) == (3, 3, 1)
    assert max(still) < several_sites[0] < min(moving)


def test_what_a_target_lacks_is_not_collected(everything: list[str], tmp_path: Path) -> None:
    without = collected(tmp_path)
    missing = {
        "test_guests_with_coupons",
        "test_sessions_end",
        "test_failures_in_the_middle",
        "test_what_runs_out_before_a_login",
    }
    assert len(places(everything, *missing)) == len(missing)
    assert places(without, *missing) == []
    assert len(places(without, "test_two_instances_on_a_router", "test_an_instance_on_a_router")) == 2
