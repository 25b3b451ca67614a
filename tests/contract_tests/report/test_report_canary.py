"""No format may show a secret, however it is spelled there."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from contract_tests.events import DeviceWrite, Event, Exchange, Judgement, Leftover, Problem
from contract_tests.report import canary
from contract_tests.report.model import RunInfo
from contract_tests.report.write import render_reports, write_reports
from contract_tests.verdicts import RunResult, judge
from spec.catalogue import Requirement

PLAIN = "s3cr3t-Zx81-token"
ODD = "pä'ss \"w\\rd<&>+/=%"

PLANTS: dict[str, Callable[[str], dict[str, object]]] = {
    "url": lambda secret: {"url": f"http://t/x?token={quote(secret)}"},
    "url, every byte encoded": lambda secret: {
        "url": "http://t/" + "".join(f"%{byte:02x}" for byte in secret.encode())
    },
    "header": lambda secret: {"request_headers": (("X-Key", secret),)},
    "header name": lambda secret: {"response_headers": ((secret, "1"),)},
    "basic credentials": lambda secret: {
        "request_headers": (("Proxy", "Basic " + base64.b64encode(f"admin:{secret}".encode()).decode()),)
    },
    "body": lambda secret: {"request_body": f"a={secret}&b=1".encode()},
    "JSON body": lambda secret: {"response_body": json.dumps({"token": secret}).encode()},
    "binary body": lambda secret: {"response_body": b"\xff\x00" + secret.encode() + b"\xfe"},
    "binary body, shifted by one": lambda secret: {"response_body": b"\xff" + secret.encode()},
    "binary body, shifted by three": lambda secret: {"request_body": b"\xff\xff\xff" + secret.encode()},
    "base64 for URLs": lambda secret: {"response_body": base64.urlsafe_b64encode(b"..." + secret.encode())},
    "purpose": lambda secret: {"purpose": f"log in with {secret}"},
    "error": lambda secret: {"error": f"refused {secret}", "status": None},
}


def run_with(
    requirement: Callable[..., Requirement], exchange: Exchange, *others: Event, message: str = "no"
) -> RunResult:
    events = [exchange, Judgement("A-1", "failed", message, "t", (exchange.key,)), *others]
    return judge([requirement("A-1", "A holds.")], events, seconds=1.0)


@pytest.mark.parametrize("secret", [PLAIN, ODD], ids=["plain", "odd"])
@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_each_place_of_an_exchange(
    tmp_path: Path,
    info: RunInfo,
    exchange: Callable[..., Exchange],
    requirement: Callable[..., Requirement],
    plant: Callable[[str], dict[str, object]],
    secret: str,
) -> None:
    result = run_with(requirement, exchange("k", **plant(secret)))
    files = render_reports(info, result)
    for name in ("report.json", "exchanges.har"):
        with pytest.raises(canary.SecretInReportError, match=rf"^{name} would have shown a secret") as caught:
            canary.check({name: files[name]}, [secret])
        assert secret not in str(caught.value)
    with pytest.raises(canary.SecretInReportError):
        write_reports(tmp_path / "out", info, result, secrets=["another-one", secret])
    assert not (tmp_path / "out").exists()
    assert write_reports(tmp_path / "out", info, result, secrets=["another-one"])


@pytest.mark.parametrize("secret", [PLAIN, ODD], ids=["plain", "odd"])
@pytest.mark.parametrize("place", ["header", "body", "url"])
@pytest.mark.parametrize("name", ["report.json", "report.html", "junit.xml", "exchanges.har"])
def test_every_format(
    info: RunInfo,
    exchange: Callable[..., Exchange],
    requirement: Callable[..., Requirement],
    name: str,
    place: str,
    secret: str,
) -> None:
    if name == "junit.xml" and place == "body":
        place = "header"  # bodies of answers are not in it; those of requests are in the curl line
    result = run_with(requirement, exchange("k", **PLANTS[place](secret)))
    content = render_reports(info, result)[name]
    with pytest.raises(canary.SecretInReportError, match=name):
        canary.check({name: content}, [secret])


@pytest.mark.parametrize("secret", [PLAIN, ODD], ids=["plain", "odd"])
@pytest.mark.parametrize(
    "event",
    [
        lambda secret: DeviceWrite("s", "t", "/user", "*1", "added", {"comment": secret}, "t"),
        lambda secret: Problem("t", f"could not log in with {secret}"),
        lambda secret: Leftover("instance", "1", "n", f"cleanup --token {secret}"),
        lambda secret: Judgement("A-1", "failed", f"observed {secret}", "t"),
        lambda secret: Judgement("A-1", "failed", "", "t", (), (f'/user add password="{secret}"',)),
    ],
    ids=["device write", "problem", "leftover", "message", "device difference"],
)
def test_every_event(
    info: RunInfo,
    exchange: Callable[..., Exchange],
    requirement: Callable[..., Requirement],
    event: Callable[[str], Event],
    secret: str,
) -> None:
    files = render_reports(info, run_with(requirement, exchange("k"), event(secret)))
    with pytest.raises(canary.SecretInReportError, match=r"report\.html"):
        canary.check({"report.html": files["report.html"]}, [secret])
    with pytest.raises(canary.SecretInReportError, match=r"report\.json"):
        canary.check(files, [secret])


def test_the_run_itself(info: RunInfo, conforming: RunResult) -> None:
    for changes in (
        {"command": f"run --token {PLAIN}"},
        {"options": {"token": PLAIN}},
        {"environment": {"T": PLAIN}},
    ):
        files = render_reports(dataclasses.replace(info, **changes), conforming)
        with pytest.raises(canary.SecretInReportError):
            canary.check(files, [PLAIN])


def test_the_place_is_named(
    info: RunInfo, exchange: Callable[..., Exchange], requirement: Callable[..., Requirement]
) -> None:
    result = run_with(requirement, exchange("k", request_headers=(("X-Key", PLAIN),)))
    with pytest.raises(canary.SecretInReportError) as caught:
        canary.check(render_reports(info, result), [PLAIN])
    message = str(caught.value)
    assert "report.json" in message
    assert "/requirements/0/evidence/0/exchanges/0/request/headers/0/1 (line " in message
    assert PLAIN not in message


def test_a_key_that_is_the_secret_is_not_named(info: RunInfo, conforming: RunResult) -> None:
    files = render_reports(dataclasses.replace(info, environment={PLAIN: "1"}), conforming)
    with pytest.raises(canary.SecretInReportError, match="/environment/…") as caught:
        canary.check(files, [PLAIN])
    assert PLAIN not in str(caught.value)


def test_no_alarm_without_a_secret(info: RunInfo, failing: RunResult) -> None:
    canary.check(render_reports(info, failing), ["tok-4f0c9a7e61", "router-password!", "", "admin"])


@pytest.mark.parametrize("secret", ["portal-contract", "INST-CREATE-02", "refused"])
def test_words_of_every_report_are_no_alarm(
    tmp_path: Path, info: RunInfo, failing: RunResult, secret: str
) -> None:
    assert write_reports(tmp_path, info, failing, secrets=["Captive", secret])
