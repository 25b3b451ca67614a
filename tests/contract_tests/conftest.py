"""What the unit tests of the suite's own parts share: the contract, small configurations, a client on a mocked wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract_tests.client import Answer, Client, Request
from contract_tests.config import Config
from contract_tests.events import Exchange
from contract_tests.ledger import Ledger, RunHeader
from contract_tests.pacing import Pacer
from contract_tests.redaction import Redactor
from spec.loader import Contract, load_contract

BASE = "https://api.test/captive"
TOKEN = "the-token-of-tenant-a"


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Wire:
    """A client with everything it reports, for tests that mock what is behind it."""

    def __init__(self, client: Client, ledger: Ledger, clock: FakeClock) -> None:
        self.client = client
        self.ledger = ledger
        self.clock = clock
        self.recorded: list[Exchange] = []
        self.inspected: list[tuple[Request, Answer]] = []


@pytest.fixture(scope="session")
def api() -> Contract:
    return load_contract()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make_config() -> Callable[..., Config]:
    """A configuration of the mocked target; tables are put over it."""

    def make(**tables: Any) -> Config:
        target = {"base_url": BASE, "token": TOKEN, "rate": "unlimited"} | tables.pop("target", {})
        return Config.model_validate({"target": target, **tables})

    return make


@pytest.fixture
def make_wire(
    api: Contract, tmp_path: Path, clock: FakeClock, make_config: Callable[..., Config]
) -> Iterator[Callable[..., Wire]]:
    """Builds clients; all are closed when the test ends."""
    made: list[Wire] = []

    def make(*, budget: int | None = None, per_second: float | None = None, **tables: Any) -> Wire:
        config = make_config(**tables)
        ledger = Ledger(tmp_path / f"ledger-{len(made)}.jsonl")
        ledger.start(RunHeader("0123", "contract-abc123", BASE, "v1", None))
        wire: Wire

        client = Client(
            config,
            api,
            ledger=ledger,
            pacer=Pacer(per_second, budget, monotonic=clock.monotonic, sleep=clock.sleep),
            redactor=Redactor(config.secret_names),
            record=lambda exchange: wire.recorded.append(exchange),
            inspect=lambda request, answer: wire.inspected.append((request, answer)),
        )
        wire = Wire(client, ledger, clock)
        made.append(wire)
        return wire

    yield make
    for wire in made:
        wire.client.close()
        wire.ledger.close()
