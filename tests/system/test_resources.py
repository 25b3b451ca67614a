"""Every kind of resource in whole runs: secrets stay out of all outputs, nothing is left behind after a kill."""

from __future__ import annotations

import json
import re
import signal
import threading
from pathlib import Path
from typing import Any

from tests.system.between import Headers, between
from tests.system.processes import Lab, call, report, running, verdicts

_SENT = re.compile(rb'"client_secret": *"([^"]+)"')


class Leak:
    """Repeats the last client_secret in every answer about integrations: in the body, and in a header of errors."""

    def __init__(self) -> None:
        self.secret = b""

    def __call__(
        self, method: str, path: str, status: int, headers: Headers, body: bytes
    ) -> tuple[int, Headers, bytes]:
        if "/auth-integrations" not in path or not self.secret:
            return status, headers, body
        if status >= 400:
            return status, [*headers, ("x-detail", self.secret.decode())], body
        data = json.loads(body) if body else None
        if isinstance(data, dict):
            data["note"] = f"<{self.secret.decode()}>"
            return status, headers, json.dumps(data).encode()
        return status, headers, body


def test_a_leaked_secret_is_told_without_repeating_it(lab: Lab, tmp_path: Path) -> None:
    leak = Leak()
    with between(lab.base_url, spoil=leak) as broken:
        passed_on = broken.answer

        def answer(method: str, path: str, headers: Any, body: bytes) -> Any:
            sent = _SENT.search(body)
            leak.secret = sent.group(1) if sent else leak.secret
            return passed_on(method, path, headers, body)

        broken.answer = answer  # type: ignore[method-assign]
        done = call(
            "run", "--config", lab.path, "--base-url", broken.base_url, "--only", "INT-*", "--skip", "INT-SECRET-02",
            "--report-dir", "report", "-v", cwd=tmp_path,
        )  # fmt: skip
        secrets = {match.group(1) for seen in broken.seen for match in _SENT.finditer(seen.body)}
    assert done.returncode == 1, done.stdout + done.stderr
    judged = verdicts(tmp_path / "report")
    assert judged["INT-SECRET-01"] == "failed"
    assert {name for name, verdict in judged.items() if verdict != "passed"} == {"INT-SECRET-01"}
    (entry,) = (one for one in report(tmp_path / "report")["requirements"] if one["id"] == "INT-SECRET-01")
    assert "holds a client_secret in its" in entry["reason"]
    assert len(secrets) >= 5
    outputs = {"output": (done.stdout + done.stderr).encode()} | {
        str(path): path.read_bytes() for path in (tmp_path / "report").rglob("*") if path.is_file()
    }
    assert {"report.json", "report.html", "junit.xml", "exchanges.har"} <= {
        Path(name).name for name in outputs
    }
    for name, content in outputs.items():
        assert not [secret for secret in secrets if secret in content], name
    assert b"[redacted]" in outputs[str(tmp_path / "report" / "exchanges.har")]


def test_a_run_killed_with_one_of_each_kind_is_cleaned_up(lab: Lab, tmp_path: Path) -> None:
    """The last creation was carried out, and its answer never came."""
    held, release = threading.Event(), threading.Event()

    def hold(method: str, path: str, status: int, headers: Headers, body: bytes) -> Any:
        if method == "POST" and "/walled-garden/" in path and status == 201:
            held.set()
            release.wait(60)
        return status, headers, body

    with between(lab.base_url, spoil=hold) as slow:
        with running(
            "run", "--config", lab.path, "--base-url", slow.base_url, "--only", "ISO-READ-01",
            "--report-dir", tmp_path, cwd=tmp_path,
        ) as run:  # fmt: skip
            run.until(held.is_set, "a walled garden entry is made")
            run.signal(signal.SIGKILL)
            run.end()
        release.set()
        assert len(lab.resources()) == 3, lab.resources()
        config = lab.variant(tmp_path / "slow.toml", target={"base_url": slow.base_url})
        done = call("cleanup", "ledger.jsonl", "--config", config, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert re.search(r"4 deleted, 0 already gone, 0 left", done.stdout), done.stdout
    assert lab.resources() == {}
