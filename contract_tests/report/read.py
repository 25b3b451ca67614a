"""Reads a report.json that an earlier run wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contract_tests.report.json_report import SCHEMA_VERSION


class ReportError(ValueError):
    """The file is not a report this version understands; the message names the file and what to do."""


def load_report(path: Path) -> dict[str, Any]:
    """The data of a report.json (or of the directory that holds one); raises `ReportError`."""
    file = path / "report.json" if path.is_dir() else path
    try:
        data = json.loads(file.read_bytes())
    except OSError as error:
        raise ReportError(
            f"{file}: cannot be read ({error.strerror}). Give the report.json of a run, or its directory."
        ) from None
    except ValueError as error:
        raise ReportError(
            f"{file}: is not JSON ({error}). Give the report.json of a run, or its directory."
        ) from None
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, str):
        raise ReportError(f"{file}: is JSON, but no report of portal-contract: it has no schema_version.")
    if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise ReportError(
            f"{file}: has schema_version {version}, and this version reads {SCHEMA_VERSION}. "
            "Read it with the portal-contract that wrote it, or run again."
        )
    if not isinstance(data.get("requirements"), list):
        raise ReportError(f"{file}: the list `requirements` is missing, so the file is damaged. Run again.")
    return dict(data)
