"""Random walks over instances and their subnets, against a model: after every step API and router are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from contract_tests.context import Context, Site
from contract_tests.device import judge
from contract_tests.device.judge import Finding
from contract_tests.instances import COLOURS, session_ttls
from contract_tests.properties import walk
from contract_tests.suite.comparison import difference, disturbed, find, lacking
from contract_tests.suite.provisioning import provisioned, wish

WALKS, STEPS = 4, 8
MOST_INSTANCES = 3

_PICK = st.integers(0, MOST_INSTANCES - 1)


@dataclass(slots=True)
class Expected:
    """What the model knows of one instance: the last body read, and the subnets it should hold."""

    body: dict[str, Any]
    subnets: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.body["id"])


def _machine(context: Context, site: Site | None) -> type[RuleBasedStateMachine]:
    """A state machine over one tenant and, with a router to watch, one site."""
    instances, verify = context.instances, context.verifier
    subnets = list(site.subnets) if site else []
    shortest, longest = session_ttls(context.contract)
    ttls = st.one_of(st.integers(shortest, longest), st.sampled_from([shortest, 3600, 86400]))

    class Walk(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.model: list[Expected] = []

        @initialize()
        def begin(self) -> None:
            verify.start_scenario()
            if site is not None:
                site.start()

        def _pick(self, index: int) -> Expected:
            return self.model[index % len(self.model)]

        @precondition(lambda self: len(self.model) < MOST_INSTANCES)
        @rule(session_ttl=ttls)
        def create(self, session_ttl: int) -> None:
            body = instances.body("walk", session_ttl=session_ttl)
            answer = instances.create(body, purpose="create")
            created = answer.json() if answer.ok else None
            good = isinstance(created, dict) and isinstance(created.get("id"), str)
            verify.demand("INST-CREATE-01", good, f"a creation was answered {answer.text[:160]}")
            assert isinstance(created, dict)
            self.model.append(Expected(created))
            wrong = {name: created.get(name) for name in body if created.get(name) != body[name]}
            verify.demand(
                "INST-CREATE-02", not wrong, f"created from {body}, the answer has {wrong or 'the same'}"
            )
            self.compare()

        @precondition(lambda self: self.model)
        @rule(index=_PICK, session_ttl=ttls)
        def change_session_ttl(self, index: int, session_ttl: int) -> None:
            self._change("INST-UPD-01", self._pick(index), {"session_ttl": session_ttl})
            self.compare()

        @precondition(lambda self: self.model)
        @rule(index=_PICK, colour=st.integers(0, 0xFFFFFF), which=st.sampled_from(COLOURS))
        def change_theme(self, index: int, colour: int, which: str) -> None:
            expected = self._pick(index)
            theme = {name: (expected.body.get("theme") or {}).get(name) for name in COLOURS}
            theme = {name: value for name, value in theme.items() if isinstance(value, str)}
            self._change("INST-UPD-02", expected, {"theme": theme | {which: f"#{colour:06x}"}})
            self.compare()

        @precondition(lambda self: self.model)
        @rule(index=_PICK)
        def rename(self, index: int) -> None:
            self._change("INST-UPD-01", self._pick(index), {"name": instances.name("renamed")})
            self.compare()

        @precondition(lambda self: bool(self.model and subnets))
        @rule(index=_PICK, mask=st.integers(0, 3))
        def assign(self, index: int, mask: int) -> None:
            """Give an instance free subnets, or take all from it."""
            expected = self._pick(index)
            taken = {subnet for other in self.model if other is not expected for subnet in other.subnets}
            chosen = [
                subnet for bit, subnet in enumerate(subnets[:2]) if mask >> bit & 1 and subnet not in taken
            ]
            assert site is not None
            self._change("INST-UPD-04", expected, {"sites": wish(site, chosen)})
            expected.subnets = chosen
            self.compare()

        @precondition(lambda self: self.model)
        @rule(index=_PICK)
        def delete(self, index: int) -> None:
            expected = self._pick(index)
            answer = instances.delete(expected.id)
            verify.demand("INST-DEL-02", answer.ok, f"a deletion was answered {answer.text[:160]}")
            self.model.remove(expected)
            gone = instances.reading_until(
                expected.id, answer, lambda body: False, purpose="read the deleted instance"
            )
            verify.demand("INST-DEL-02", gone.status == 404, f"a deleted instance reads {gone.text[:160]}")
            self.compare()

        def _change(self, requirement: str, expected: Expected, changes: dict[str, Any]) -> None:
            answer = instances.change(expected.body, purpose=f"change {', '.join(changes)}", **changes)
            verify.demand(requirement, answer.ok, f"an update of {changes} was answered {answer.text[:160]}")

            def shows(body: Any) -> bool:
                return isinstance(body, dict) and not lacking(changes, body)

            reading = instances.reading_until(expected.id, answer, shows, purpose="read it")
            body = reading.json()
            verify.demand(requirement, shows(body), f"updated {changes}, it reads {reading.text[:300]}")
            others = disturbed(expected.body, body, apart_from=changes)
            verify.demand(
                requirement,
                not others,
                f"an update of {', '.join(changes)} also changed {others or 'nothing'}",
            )
            expected.body = body

        def compare(self) -> None:
            """API and router against the model."""
            listing = instances.listing()
            listed = listing.json()
            for expected in self.model:
                found = find(listed, expected.id)
                verify.demand("INST-LIST-01", bool(found), "the list lacks an instance that was created")
                different = difference(expected.body, found[-1])
                verify.demand(
                    "INST-UPD-08", not different, f"an instance in the list: {different or 'as expected'}"
                )
            if site is not None:
                self._compare_router(site)

        def _compare_router(self, site: Site) -> None:
            held = {
                subnet: int(expected.body["session_ttl"])
                for expected in self.model
                for subnet in expected.subnets
            }
            now, _ = provisioned(site, held)
            for subnet in site.subnets:
                if subnet not in held:
                    self._demand("DEV-REMOVE-02", judge.unguarded(now, site.baseline, subnet))
                    continue
                self._demand("DEV-GUARD-01", judge.guarded(now, subnet))
                longer, shorter = judge.session_limit(now, site.baseline, subnet, held[subnet])
                self._demand("DEV-SESSION-01", longer)
                self._demand("DEV-SESSION-02", shorter)
            self._demand("DEV-FRAME-01", judge.untouched(site.baseline, now, site.contract))
            if not held:
                _, findings = site.restored()
                self._demand("DEV-REMOVE-03", *findings)

        @staticmethod
        def _demand(requirement: str, *findings: Finding) -> None:
            for finding in findings:
                if finding.visible:
                    verify.demand(requirement, finding.ok, finding.message, device=finding.difference)

        def teardown(self) -> None:
            for expected in self.model:
                if context.ledger.owns(expected.id):
                    instances.delete(expected.id)

    return Walk


_API = (
    "INST-CREATE-01",
    "INST-CREATE-02",
    "INST-UPD-01",
    "INST-UPD-02",
    "INST-UPD-08",
    "INST-LIST-01",
    "INST-DEL-02",
)
_ROUTER = (
    "DEV-GUARD-01",
    "DEV-SESSION-01",
    "DEV-SESSION-02",
    "DEV-REMOVE-02",
    "DEV-REMOVE-03",
    "DEV-FRAME-01",
)


@pytest.mark.verifies(*_API)
def test_walks_over_the_api(context: Context) -> None:
    walk(context, _machine(context, None), max_examples=WALKS, steps=STEPS)


@pytest.mark.site(0)
@pytest.mark.verifies(*_ROUTER, "INST-UPD-04")
def test_walks_over_a_router(context: Context, site: Site) -> None:
    walk(context, _machine(context, site), max_examples=WALKS, steps=STEPS)
