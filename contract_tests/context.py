"""What one worker of a run holds: the client, the ledger, the verifier and the routers. Passed in, never global."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import time
from collections.abc import Callable, Container, Sequence
from pathlib import Path

from contract_tests.client import Answer, Client, Request
from contract_tests.config import Config, SiteConfig, parse_rate
from contract_tests.device import judge
from contract_tests.device.judge import Finding
from contract_tests.device.observer import Observer, ObserverError, RouterAddress
from contract_tests.device.snapshot import Snapshot
from contract_tests.events import DeviceWrite, Event, EventLog, Exchange
from contract_tests.instances import KIND as INSTANCE
from contract_tests.instances import Instances
from contract_tests.invariants import observe
from contract_tests.ledger import DEFAULT_TENANT, FILE_NAME, Ledger, Resource
from contract_tests.pacing import Pacer
from contract_tests.redaction import SECRET_PREFIX, Redactor
from contract_tests.resources import Collection, resource_types
from contract_tests.verifier import CannotTell, Verifier
from spec.device_contract import DeviceContract
from spec.loader import Contract, load_contract

EVENTS_DIRECTORY = "events"
# Seconds without a write after which a router that followed at once is taken to be at rest.
_LEAST_QUIET = 0.3


def observer_of(site: SiteConfig, contract: DeviceContract) -> Observer:
    """The observer of a site's router, not connected yet. ValueError for a site without one."""
    router = site.router
    if router is None:
        raise ValueError(f"site {site.id} has no router")
    address = RouterAddress(
        router.host, router.port, router.username, router.password, router.tls, router.verify_tls
    )
    return Observer(site.id, address, contract)


class Site:
    """A site of the deployment with its router, as the suite watches it.

    The router's sockets are read only inside these methods; what arrives between them waits in the kernel.
    """

    def __init__(
        self,
        config: SiteConfig,
        contract: Contract,
        *,
        record: Callable[[DeviceWrite], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self.id = config.id
        self.subnets = config.subnets
        self.contract = contract.device
        self._monotonic = monotonic
        self._record = record
        self._recorded = 0
        self._latency = 0.0
        self._runner = asyncio.Runner()
        self._observer = observer_of(config, contract.device)
        self._runner.run(self._observer.connect())
        self.first = self.snapshot()
        self.baseline = self.first

    @property
    def test(self) -> str:
        """The test that what is written now is put down to."""
        return self._observer.test

    @test.setter
    def test(self, test: str) -> None:
        self._observer.test = test

    def snapshot(self) -> Snapshot:
        """The router now."""
        return self._runner.run(self._observer.snapshot())

    def mark(self) -> int:
        """A point in the record of writes, after everything that has arrived so far."""
        self._runner.run(self._observer.drain())
        self._flush()
        return self._observer.mark()

    def _marked(self) -> int:
        self._runner.run(self._observer.drain(quiet=0))
        self._flush()
        return self._observer.mark()

    def writes(self, since: int) -> tuple[DeviceWrite, ...]:
        self._runner.run(self._observer.drain())
        self._flush()
        return self._observer.writes(since)

    def settle(
        self, wanted: Callable[[Snapshot], Sequence[Finding]], *, timeout: float | None = None
    ) -> tuple[Snapshot, Sequence[Finding]]:
        """Wait until the router is as `wanted`, at most the site's settle timeout; returns what it was at last."""
        begun = self._monotonic()
        snapshot, findings = self._runner.run(
            self._observer.settle(wanted, timeout=self.config.settle_timeout if timeout is None else timeout)
        )
        if all(finding.ok for finding in findings):
            self._latency = max(self._latency, self._monotonic() - begun)
        self._flush()
        return snapshot, findings

    @property
    def patience(self) -> float:
        """Seconds after which a write that has not come is not coming: thrice the slowest one seen."""
        return min(self.config.settle_timeout, max(_LEAST_QUIET, 3 * self._latency))

    def rest(self) -> int:
        """Wait until nothing is written any more, so that what follows is not mixed with it; gives a mark."""
        deadline = self._monotonic() + self.config.settle_timeout
        while True:
            # What the router has reported so far is enough: the quiet that is waited for is the patience itself.
            since = self._marked()
            self._runner.run(asyncio.sleep(self.patience))
            mark = self._marked()
            if not self._observer.writes(since) or self._monotonic() > deadline:
                return mark

    def writes_after_patience(self, since: int) -> tuple[DeviceWrite, ...]:
        """All writes since the mark, after having waited long enough for late ones."""
        self._runner.run(asyncio.sleep(self.patience))
        self._marked()
        return self._observer.writes(since)

    def restored(self, *, to: Snapshot | None = None) -> tuple[Snapshot, Sequence[Finding]]:
        """Wait until the router is again what it was at the baseline (or at another moment)."""
        wanted = self.baseline if to is None else to
        return self.settle(lambda now: [judge.restored(wanted, now, self.contract)])

    def start(self) -> Finding:
        """Begin a scenario: wait until what earlier ones made is gone, and take that state as the baseline.

        What is not gone by then becomes part of the baseline, so that one fault is not reported by every
        scenario after it; the finding tells.
        """
        snapshot, findings = self.restored()
        self.baseline = snapshot
        return findings[0]

    def _flush(self) -> None:
        writes = self._observer.writes(self._recorded)
        for write in writes:
            self._record(write)
        self._recorded += len(writes)

    def close(self) -> None:
        self._runner.run(self._observer.close())
        self._runner.close()


class Context:
    """Everything the tests of one worker share."""

    def __init__(
        self,
        config: Config,
        directory: Path,
        *,
        tag: str,
        seed: int,
        worker: str = "main",
        workers: int = 1,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self.contract = load_contract(config.target.generation)
        self.seed = seed
        self.tag = tag
        self._monotonic = monotonic
        self._deadline = None if config.run.time_limit is None else monotonic() + config.run.time_limit
        self.redactor = Redactor(config.secret_names)
        self._events = EventLog(directory / EVENTS_DIRECTORY / f"{worker}.jsonl")
        self.ledger = Ledger(directory / FILE_NAME, worker=worker)
        self.verifier = Verifier(self.contract.catalogue, self.record, clean=self.redactor.text)
        rate = parse_rate(config.target.rate)
        budget = config.run.budget
        self.client = Client(
            config,
            self.contract,
            ledger=self.ledger,
            pacer=Pacer(
                None if rate is None else rate / workers,
                None if budget is None else max(1, budget // workers),
            ),
            redactor=self.redactor,
            record=self._exchanged,
            inspect=self._inspected,
            worker=worker,
        )
        self._worker = worker
        self.client_secrets: list[str] = []  # those the suite made up
        # Workers count their names each for itself, and a deployment may refuse a name it knows already.
        self._names = tag if workers == 1 else f"{tag} {worker}"
        self._slowest = max((site.settle_timeout for site in config.sites), default=30.0)
        self._kinds = resource_types(self.contract)
        self._collections: dict[tuple[str, str], Collection] = {}
        self.instances = self.instances_of(DEFAULT_TENANT)
        self._sites: dict[int, Site] = {}
        self.lost: str | None = None  # why the target cannot be used any more
        self.test = ""

    def collection(self, kind: str, *, tenant: str = DEFAULT_TENANT) -> Collection:
        """The resources of a kind (`auth-integration`, `coupon`, …) as one tenant handles them.

        Raises `CannotTell` where the generation under test has no such resource.
        """
        if (kind, tenant) not in self._collections:
            if kind not in self._kinds:
                raise CannotTell(f"generation {self.contract.generation} has no resource {kind}")
            make = Instances if kind == INSTANCE else Collection
            self._collections[kind, tenant] = make(
                self._kinds[kind],
                self.client,
                self.ledger,
                self.verifier,
                tag=self._names,
                tenant=tenant,
                settle_timeout=self._slowest,
            )
        return self._collections[kind, tenant]

    def secret(self) -> str:
        """A client secret that nobody else has, decided by the seed; no output of the run shows it."""
        seeded = f"{self.seed} {self._worker} {len(self.client_secrets)}".encode()
        self.client_secrets.append(SECRET_PREFIX + hashlib.sha256(seeded).hexdigest()[:40])
        return self.client_secrets[-1]

    def instances_of(self, tenant: str) -> Instances:
        """The instances of a tenant (`default` or `other`)."""
        found = self.collection(INSTANCE, tenant=tenant)
        assert isinstance(found, Instances)
        return found

    def record(self, event: Event) -> None:
        self._events.append(event)

    def start_test(self, test: str) -> None:
        self.test = self.client.test = test
        for site in self._sites.values():
            site.test = test
        self.verifier.start_test(test)

    @property
    def out_of_time(self) -> bool:
        return self._deadline is not None and self._monotonic() > self._deadline

    def site(self, index: int) -> Site:
        """The site of this index (modulo the number of sites with a router), connected on first use.

        Raises `ObserverError` when the router cannot be observed.
        """
        observed = self.config.observed_sites
        index %= len(observed)
        if index not in self._sites:
            self._sites[index] = Site(observed[index], self.contract, record=self._device_write)
            self._sites[index].test = self.test
        return self._sites[index]

    def _exchanged(self, exchange: Exchange) -> None:
        self.record(exchange)
        self.verifier.sent(exchange)

    def _inspected(self, request: Request, answer: Answer) -> None:
        for seen in observe(self.contract, request, answer):
            self.verifier.check(seen.requirement, seen.ok, seen.message, exchange=answer.key)

    def _device_write(self, write: DeviceWrite) -> None:
        self.record(dataclasses.replace(write, record=self.redactor.record(write.record)))

    def delete_all(self, *, but: Container[str | None] = ()) -> None:
        """Delete what this worker still has, `but` these ids, the newest first; what resists stays in the ledger.

        What is in use by something older resists at first, and goes once that is gone.
        """
        left = len(self.ledger.open) + 1
        while len(self.ledger.open) < left:
            left = len(self.ledger.open)
            for resource in self.ledger.open:
                assert resource.id is not None
                if resource.id not in but and self.ledger.owns(
                    resource.id
                ):  # not gone with what it belonged to
                    self._delete(resource, resource.id)

    def _delete(self, resource: Resource, identifier: str) -> None:
        answer = self.client.send(
            "DELETE", resource.path, purpose="clean up", token=resource.tenant, essential=True
        )
        if answer.ok or answer.status == 404:
            self.ledger.deleted(identifier)

    def finish(self) -> None:
        """Clean up, look whether the routers are what they were, and close everything."""
        self.start_test("end of the run")
        try:
            self.delete_all()
            for site in self._sites.values():
                _, findings = site.restored(to=site.first)
                for finding in findings:
                    self.verifier.check(
                        "DEV-FINAL-01", finding.ok, finding.message, device=finding.difference
                    )
        finally:
            self.close()

    def close(self) -> None:
        for site in self._sites.values():
            try:
                site.close()
            except ObserverError:
                continue
        self._sites.clear()
        self.client.close()
        self.ledger.close()
        self._events.close()
