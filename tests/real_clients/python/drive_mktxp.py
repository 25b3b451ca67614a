"""mktxp as it is run: the exporter as a process of its own, and Prometheus' place taken by two plain requests.

Wishes besides the login: `settings`, lines for its file of routers. Prints the metrics of each scrape as
{name: [[labels, value], ...]} and what the exporter said meanwhile.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

PROGRAM = str(Path(sys.executable).with_name("mktxp"))


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def scraped(url: str, exporter: subprocess.Popen) -> str:
    """The page, as soon as the exporter listens."""
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60) as reply:  # noqa: S310 - of this machine
                return reply.read().decode()
        except ConnectionRefusedError:
            pass
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
        if exporter.poll() is not None:
            raise SystemExit("the exporter came to an end")
        time.sleep(0.05)


def metrics(page: str) -> dict:
    found: dict = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, []).append([sample.labels, sample.value])
    return found


def main() -> None:
    wishes = json.load(sys.stdin)
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        routers = [
            "[site]",
            f"hostname = {wishes['host']}",
            f"port = {wishes['port']}",
            f"username = {wishes['username']}",
            f"password = {wishes['password']}",
            *wishes["settings"],
        ]
        defaults = (Path(__import__("mktxp").__file__).parent / "cli/config/mktxp.conf").read_text()
        start = defaults.index("[default]")
        Path(home, "mktxp.conf").write_text("\n".join([*routers, "", defaults[start:]]))
        own = (Path(__import__("mktxp").__file__).parent / "cli/config/_mktxp.conf").read_text()
        Path(home, "_mktxp.conf").write_text(
            own.replace("'0.0.0.0:49090'", f"'127.0.0.1:{port}'")
            .replace("verbose_mode = False", "verbose_mode = True")
            .replace("minimal_collect_interval = 5", "minimal_collect_interval = 0")
        )
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with Path(home, "said").open("w") as said:
            exporter = subprocess.Popen(
                [PROGRAM, "--cfg-dir", home, "export"], stdout=said, stderr=said, env=environment
            )
            try:
                scrapes = [metrics(scraped(f"http://127.0.0.1:{port}/metrics", exporter)) for _ in range(2)]
            finally:
                exporter.terminate()
                exporter.wait()
        told = {"scrapes": scrapes, "said": Path(home, "said").read_text().splitlines()}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
