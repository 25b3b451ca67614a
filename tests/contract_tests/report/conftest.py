"""A run made by hand: every verdict, and the characters that reports tend to break on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contract_tests.events import DeviceWrite, Event, Exchange, Headers, Judgement, Leftover, Problem
from contract_tests.report.model import RunInfo
from contract_tests.verdicts import RunResult, judge
from spec.catalogue import Catalogue, Level, Requirement, Source, SourceKind

NASTY = (
    "quotes ' \" ` $HOME \\ </script><script>alert(1)</script> ]]> & \x00 \x1b[31m "
    "\u202egnp.exe עברית 🎉\r\nnext"
)
BASE = "http://127.0.0.1:8000/captive"
JSON_HEADERS: Headers = (
    ("Authorization", "Bearer [redacted]"),
    ("Accept", "application/json"),
    ("Content-Type", "application/json"),
)


def make_exchange(key: str, method: str = "GET", path: str = "/instances", **changes: object) -> Exchange:
    values: dict[str, object] = {
        "key": key,
        "started_at": f"2026-03-01T09:30:{len(key):02d}.000Z",
        "elapsed": 0.012,
        "operation": "listInstances",
        "purpose": "list all instances",
        "test": "suite/test_instances.py::test_list",
        "method": method,
        "url": BASE + path,
        "request_headers": JSON_HEADERS[:2],
        "request_body": b"",
        "status": 200,
        "response_headers": (("Content-Type", "application/json"),),
        "response_body": b"[]",
    }
    return Exchange(**{**values, **changes})  # type: ignore[arg-type]


def make_requirement(
    identifier: str,
    statement: str,
    profile: str = "core",
    level: Level = "must",
    kind: SourceKind = "documented",
    where: str = "page “Create an instance”",
) -> Requirement:
    return Requirement(
        identifier, level, profile, ("createInstance",), Source(kind, where), ("api",), statement
    )


def sample_requirements() -> list[Requirement]:
    return [
        make_requirement(
            "INST-CREATE-01", "A created instance is returned by the next read, field for field."
        ),
        make_requirement("INST-CREATE-02", "A name that is already taken is refused with 409."),
        make_requirement("INST-CREATE-03", "A session_ttl below the documented minimum is refused."),
        make_requirement("IMG-UPLOAD-01", "An uploaded logo is served back byte for byte.", "images"),
        make_requirement("IMG-UPLOAD-02", "A file that is no image is refused.", "images"),
        make_requirement(
            "INST-ERR-04",
            "Errors carry a JSON object.",
            level="should",
            kind="inferred",
            where="every page shows it",
        ),
        make_requirement(
            "DEV-SERVER-01", "One hotspot server guards the subnet.", "device", "must", "device", "D2"
        ),
        make_requirement("DEV-FRAME-01", "Foreign items stay untouched.", "device", "must", "device", "D11"),
        make_requirement(
            "GUEST-LOGIN-01", "A guest without a session is captive.", "guest", "must", "device", "D1"
        ),
        make_requirement(
            "GUEST-LOGIN-02", "A session ends after session_ttl.", "guest", "must", "device", "D3"
        ),
    ]


def sample_events() -> list[Event]:
    body = json.dumps(
        {"name": "Lobby “Ünïcode” ' $HOME", "session_ttl": 3600, "site": "a1b2"}, ensure_ascii=False
    )
    again = {"test": "suite/test_instances.py::test_name_taken"}
    return [
        make_exchange(
            "w0-1",
            "POST",
            purpose="create the first instance",
            operation="createInstance",
            request_headers=JSON_HEADERS,
            request_body=body.encode(),
            status=201,
            response_body=b'{"id":"9f1c","name":"Lobby"}',
            **again,
        ),
        make_exchange(
            "w0-22",
            "POST",
            purpose="create another of the same name",
            operation="createInstance",
            request_headers=JSON_HEADERS,
            request_body=body.encode(),
            status=201,
            response_body=b'{"id":"a77e","name":"Lobby"}',
            **again,
        ),
        make_exchange(
            "w0-333",
            "PUT",
            "/instances/9f1c",
            purpose=NASTY,
            operation="updateInstance",
            request_headers=(*JSON_HEADERS, ("X-Nasty", NASTY.replace("\x00", "").replace("\r\n", " "))),
            request_body=NASTY.encode(),
            status=500,
            response_headers=(("Content-Type", "text/html; charset=utf-8"),),
            response_body=b"<h1>\xff\xfe broken</h1>" + NASTY.encode(),
        ),
        make_exchange(
            "w0-4444",
            "POST",
            "/images?tags[]=a&tags[]=%2F",
            purpose="upload a large logo",
            request_headers=(JSON_HEADERS[0], ("Content-Type", "image/png")),
            request_body=bytes(range(256)) * 4096,
            status=None,
            response_headers=(),
            response_body=b"",
            error="the connection was reset while the body was sent",
        ),
        Judgement(
            "INST-CREATE-01", "passed", "the read equals the answer to the create", "t::create", ("w0-1",)
        ),
        Judgement(
            "INST-CREATE-02",
            "failed",
            "expected: 409 for a name that is taken\nobserved: 201, and two instances named “Lobby”",
            "suite/test_instances.py::test_name_taken",
            ("w0-1", "w0-22"),
            (
                "- /ip/hotspot add name=pc-9f1c-1 interface=ether2",
                "+ /ip/hotspot add name=pc-a77e-1 interface=ether2",
            ),
        ),
        Judgement(
            "INST-CREATE-02",
            "failed",
            "the same name in capitals was taken as well: 201",
            "t::b",
            ("w0-1", "w0-22", "w0-333"),
        ),
        Judgement(
            "INST-CREATE-03", "failed", NASTY, "suite/test_instances.py::test_ttl", ("w0-333", "gone-1")
        ),
        Judgement(
            "IMG-UPLOAD-01", "failed", "expected an answer, the connection was reset", "t::img", ("w0-4444",)
        ),
        Judgement(
            "INST-ERR-04", "failed", "expected a JSON object, observed text/html", "t::err", ("w0-333",)
        ),
        Judgement("DEV-SERVER-01", "passed", "one server, valid", "t::dev", ("w0-1",)),
        DeviceWrite(
            "a1b2",
            "2026-03-01T09:30:02Z",
            "/ip/hotspot",
            "*1",
            "added",
            {".id": "*1", "name": "pc-9f1c-1", "comment": NASTY},
            "suite/test_device.py::test_server",
        ),
        DeviceWrite(
            "a1b2",
            "2026-03-01T09:30:03Z",
            "/ip/hotspot",
            "*1",
            "changed",
            {"disabled": "yes"},
            "suite/test_device.py::test_server",
        ),
        DeviceWrite(
            "a1b2",
            "2026-03-01T09:30:04Z",
            "/ip/hotspot",
            "*1",
            "removed",
            {"name": "pc-9f1c-1"},
            "suite/test_device.py::test_removal",
        ),
        Problem(
            "suite/test_device.py::test_frame",
            "the router at 127.0.1.1:8728 closed the connection; is it on?",
        ),
        Leftover("instance", "9f1c", NASTY, "portal-contract cleanup portal-contract-report/ledger.jsonl"),
    ]


UNAVAILABLE = {
    "GUEST-LOGIN-01": "needs guests, and the target offers none",
    "GUEST-LOGIN-02": "needs guests, and the target offers none",
}


def make_info(**changes: object) -> RunInfo:
    values: dict[str, object] = {
        "run_id": "20260301-093000-k3x",
        "tag": "ptk3x",
        "started_at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        "version": "0.1.0",
        "spec_sha256": "5f" * 32,
        "catalogue_version": "1",
        "seed": 20260301,
        "base_url": BASE,
        "generation": "v1",
        "sites": ("a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6",),
        "capabilities": ("api", "device"),
        "command": f"portal-contract run --base-url {BASE} --seed 20260301",
        "replay": "portal-contract replay portal-contract-report/report.json {id}",
        "options": {"budget": None, "rate": "60/m", "profile": ("core", "device"), "nasty": NASTY},
        "environment": {"python": "3.11.9", "platform": "Linux"},
    }
    return RunInfo(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def info() -> RunInfo:
    return make_info()


@pytest.fixture
def info_with() -> Callable[..., RunInfo]:
    return make_info


@pytest.fixture
def exchange() -> Callable[..., Exchange]:
    return make_exchange


@pytest.fixture
def requirement() -> Callable[..., Requirement]:
    return make_requirement


@pytest.fixture
def nasty() -> str:
    return NASTY


@pytest.fixture
def failing() -> RunResult:
    """A run with every verdict but `waived`."""
    return judge(sample_requirements(), sample_events(), seconds=83.4, unavailable=UNAVAILABLE)


@pytest.fixture
def waived(failing: RunResult) -> RunResult:
    """The failing run with its failures waived."""
    results = tuple(
        replace(item, verdict="waived", reason="accepted until 2026-06-01: vendor fix is on its way")
        if item.verdict == "failed"
        else item
        for item in failing.requirements
    )
    summary = replace(failing.summary, failed=0, waived=3)
    profiles = {**failing.profiles, "core": "passed", "images": "not verified"}
    return replace(
        failing, conforms=True, summary=summary, profiles=profiles, requirements=results, problems=()
    )


@pytest.fixture
def conforming() -> RunResult:
    """A run in which all that could be judged holds."""
    requirements = sample_requirements()[:3]
    events: list[Event] = [make_exchange("w0-1")]
    events += [Judgement(item.id, "passed", "as expected", "t", ("w0-1",)) for item in requirements]
    return judge(requirements, events, seconds=2.0)


@pytest.fixture
def unjudged() -> RunResult:
    """A run that lost its target before it judged anything."""
    return judge(
        sample_requirements()[:3],
        [
            Problem(
                "",
                "http://127.0.0.1:8000/captive refused the connection; start it or correct base_url",
                fatal=True,
            )
        ],
        seconds=0.3,
    )


@pytest.fixture
def catalogue() -> Catalogue:
    profiles = {
        "core": "Instances and their life.",
        "images": "Logos and icons.",
        "device": "What a router holds.",
        "guest": "What a guest meets.",
    }
    return Catalogue("1", profiles, sample_requirements())
