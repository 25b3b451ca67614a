"""report.json: the whole run as data, described by docs/report.schema.json."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from contract_tests.events import DeviceWrite, Exchange, Judgement
from contract_tests.report.bodies import body_data, well_formed
from contract_tests.report.curl import curl
from contract_tests.report.model import RunInfo, headline
from contract_tests.verdicts import RequirementResult, RunResult, Summary

SCHEMA_VERSION = "1.0"


def to_json(info: RunInfo, result: RunResult) -> dict[str, Any]:
    """The report as JSON data; times are ISO 8601 in UTC, durations in seconds."""
    exchanges = _Exchanges(result.exchanges)
    data = {
        "schema_version": SCHEMA_VERSION,
        "run_id": info.run_id,
        "tag": info.tag,
        "started_at": utc_text(info.started_at),
        "version": info.version,
        "spec_sha256": info.spec_sha256,
        "catalogue_version": info.catalogue_version,
        "target": {"base_url": info.base_url, "generation": info.generation, "sites": list(info.sites)},
        "capabilities": list(info.capabilities),
        "seed": info.seed,
        "command": info.command,
        "replay": info.replay,
        "fail_on": info.fail_on,
        "options": _plain(info.options),
        "incomplete": info.incomplete,
        "conforms": result.conforms,
        "judged": result.judged,
        "verdict": headline(result),
        "summary": _summary(result.summary),
        "profiles": dict(result.profiles),
        "requirements": [_requirement(info, item, exchanges) for item in result.requirements],
        "problems": [
            {"test": problem.test, "message": problem.message, "fatal": problem.fatal}
            for problem in result.problems
        ],
        "leftovers": [
            {"resource": item.resource, "id": item.id, "name": item.name, "command": item.command}
            for item in result.leftovers
        ],
        "device_writes": [_device_write(write) for write in result.device_writes],
        "environment": dict(info.environment),
    }
    cleaned: dict[str, Any] = _plain(data)
    return cleaned


def utc_text(moment: datetime) -> str:
    """The moment as ISO 8601 in UTC, to the millisecond, ending in Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Exchanges:
    """Exchanges as data, each built once however many judgements name it."""

    def __init__(self, exchanges: Mapping[str, Exchange]) -> None:
        self._exchanges = exchanges
        self._built: dict[str, dict[str, Any]] = {}

    def of(self, keys: tuple[str, ...]) -> list[dict[str, Any]]:
        return [self._one(key) for key in keys if key in self._exchanges]

    def _one(self, key: str) -> dict[str, Any]:
        if key not in self._built:
            self._built[key] = _exchange(self._exchanges[key])
        return self._built[key]


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "key": exchange.key,
        "started_at": exchange.started_at,
        "elapsed": exchange.elapsed,
        "operation": exchange.operation,
        "purpose": exchange.purpose,
        "test": exchange.test,
        "request": {
            "method": exchange.method,
            "url": exchange.url,
            "headers": [list(header) for header in exchange.request_headers],
            "body": body_data(exchange.request_body),
        },
        "response": None
        if exchange.status is None
        else {
            "status": exchange.status,
            "headers": [list(header) for header in exchange.response_headers],
            "body": body_data(exchange.response_body),
        },
        "error": exchange.error,
        "curl": curl(exchange),
    }


def _evidence(judgement: Judgement, exchanges: _Exchanges) -> dict[str, Any]:
    return {
        "outcome": judgement.outcome,
        "message": judgement.message,
        "test": judgement.test,
        "device": list(judgement.device),
        "exchanges": exchanges.of(judgement.exchanges),
    }


def _requirement(info: RunInfo, item: RequirementResult, exchanges: _Exchanges) -> dict[str, Any]:
    requirement = item.requirement
    return {
        "id": requirement.id,
        "level": requirement.level,
        "profile": requirement.profile,
        "statement": requirement.statement,
        "source": {"kind": requirement.source.kind, "where": requirement.source.where},
        "operations": list(requirement.operations),
        "needs": list(requirement.needs),
        "verdict": item.verdict,
        "reason": item.reason,
        "checks": item.checks,
        "requests": item.requests,
        "evidence": [_evidence(judgement, exchanges) for judgement in item.evidence],
        "seed": info.seed,
        "replay": info.replay_command(requirement.id),
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "passed": summary.passed,
        "failed": summary.failed,
        "warned": summary.warned,
        "not_verified": summary.not_verified,
        "waived": summary.waived,
        "requests": summary.requests,
        "seconds": round(summary.seconds, 3),
    }


def _device_write(write: DeviceWrite) -> dict[str, Any]:
    return {
        "site": write.site,
        "at": write.at,
        "menu": write.menu,
        "id": write.id,
        "change": write.change,
        "record": dict(write.record),
        "test": write.test,
    }


def _plain(value: Any) -> Any:
    """The value in the types of JSON, with no string that UTF-8 cannot hold."""
    match value:
        case str():
            return well_formed(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {well_formed(str(key)): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted(_plain(item) for item in value)
        case datetime():
            return utc_text(value)
        case _:
            return well_formed(str(value))
