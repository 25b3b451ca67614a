"""Which error ends the command with which exit code."""

from __future__ import annotations

USAGE, NOT_JUDGED = 2, 3


def exit_code_of(error: Exception) -> int | None:
    """The exit code of an error that speaks to the user in one sentence; None for a fault of our own."""
    from contract_tests.cleanup import CleanupError
    from contract_tests.client import TargetLost
    from contract_tests.config import ConfigError
    from contract_tests.device.observer import ObserverError
    from contract_tests.embedded import EmbeddedLabError
    from contract_tests.ledger import LedgerError
    from contract_tests.preflight import PreflightError
    from contract_tests.report.canary import SecretInReportError
    from contract_tests.report.read import ReportError
    from contract_tests.run import UsageError

    if isinstance(error, ConfigError | UsageError | LedgerError | ReportError):
        return USAGE
    if isinstance(
        error,
        PreflightError | TargetLost | ObserverError | CleanupError | EmbeddedLabError | SecretInReportError,
    ):
        return NOT_JUDGED
    # The lab drags in every part; look for its error only when the lab was loaded.
    if type(error).__module__ == "contract_tests.lab":
        return NOT_JUDGED
    return None
