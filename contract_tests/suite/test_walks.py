"""Random walks over all resources of two tenants, two sites and their routers: a model is compared after every step."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from contract_tests.context import Context, Site
from contract_tests.ledger import DEFAULT_TENANT, OTHER_TENANT
from contract_tests.properties import walk as run_walks
from contract_tests.suite.walk_looks import Routers, lists, look
from contract_tests.suite.walk_model import GARDEN, INSTANCE, INTEGRATIONS, Step
from contract_tests.suite.walk_moves import BEGINNING, MOVES
from contract_tests.suite.walk_state import Walk

WALKS, STEPS = 2, 16
MOST_NUMBER = 999


def _tenants(context: Context) -> tuple[str, ...]:
    if not context.config.target.other_token:
        return (DEFAULT_TENANT,)
    answer = context.instances_of(OTHER_TENANT).listing(purpose="see that the second tenant is let in")
    return (DEFAULT_TENANT, OTHER_TENANT) if answer.ok else (DEFAULT_TENANT,)


def _routers(context: Context) -> dict[str, Site]:
    """The sites whose routers are looked at, by id; those that a walk goes to are at most two."""
    if context.config.run.no_device:
        return {}
    found = [context.site(index) for index in range(min(2, len(context.config.observed_sites)))]
    for site in found:
        left = site.start()
        if not left.ok:
            message = f"what an earlier test made and deleted is still on the router: {left.message}"
            context.verifier.check("DEV-FINAL-01", False, message, device=left.difference)
    return {site.id: site for site in found}


def _machine(context: Context) -> type[RuleBasedStateMachine]:
    tenants, sites = _tenants(context), _routers(context)
    subnets = {site.id: site.subnets for site in context.config.usable_sites[:2]}

    class Machine(RuleBasedStateMachine):
        """One rule draws from the table of moves.

        With a rule for each, Hypothesis would leave some out for a whole walk, and there are few walks. The simplest
        walk, which it takes first, makes the moves in the order of the table.
        """

        def __init__(self) -> None:
            super().__init__()
            context.verifier.start_scenario()
            self.walk = Walk(context, tenants, subnets)
            self.routers = Routers(self.walk, sites)
            self.steps = 0
            self.agree = False  # are model and deployment known to be the same?

        @rule(
            move=st.integers(0, len(MOVES) - 1), which=st.integers(0, 11), number=st.integers(0, MOST_NUMBER)
        )
        def step(self, move: int, which: int, number: int) -> None:
            self.agree = False
            if not self.steps:
                self._begin()
            first = (move + self.steps) % len(MOVES)
            possible = (
                (candidate, targets)
                for candidate in (*MOVES[first:], *MOVES[:first])
                if (targets := candidate.targets(self.walk))
            )
            chosen, targets = next(possible)
            self._look(chosen.make(self.walk, targets[which % len(targets)], number + self.steps))
            self.steps += 1
            if self.steps == STEPS:
                for each in lists(self.walk):
                    look(self.walk, each)
            self.agree = True

        def _begin(self) -> None:
            for site in sites.values():
                site.start()
            moves = {move.name: move for move in MOVES}
            for name, which in BEGINNING:
                if targets := moves[name].targets(self.walk):
                    moves[name].make(self.walk, targets[which % len(targets)], 1)
            self.routers.look(None)

        def _look(self, step: Step | None) -> None:
            """At the routers, at the lists that tell of the step, and now and then at one more."""
            if step is None:
                return
            self.routers.look(step)
            everywhere = lists(self.walk)
            further = everywhere[(self.steps * 5) % len(everywhere)] if self.steps % 2 else None
            for each in everywhere:
                if each in step.lists or each == further:
                    look(self.walk, each, step)

        def teardown(self) -> None:
            """Delete everything, instances first; where all went well, the routers have to be what they were."""
            for kind in (INSTANCE, INTEGRATIONS, GARDEN):
                for resource in self.walk.model.of(kind):
                    if context.ledger.owns(resource.id):
                        parents = {"siteId": resource.place} if kind == GARDEN else {}
                        self.walk.collection(resource).delete(resource.id, **parents)
            if self.agree:
                self.routers.restored()

    return Machine


@pytest.mark.alone
@pytest.mark.verifies(
    "INST-CREATE-01",
    "INST-CREATE-02",
    "INST-UPD-01",
    "INST-UPD-02",
    "INST-UPD-04",
    "INST-UPD-08",
    "INST-LIST-01",
    "INST-DEL-02",
    "INST-DEL-03",
    "INT-LIST-01",
    "INT-UPD-01",
    "INT-UPD-04",
    "INT-USE-02",
    "INT-DEL-02",
    "INT-DEL-03",
    "INT-DEL-04",
    "GARDEN-LIST-01",
    "GARDEN-LIST-02",
    "GARDEN-DEL-01",
    "GARDEN-DEL-02",
    "COUPON-01",
    "COUPON-10",
    "COUPON-11",
    "SCHED-03",
    "SCHED-04",
    "SCHED-13",
    "SCHED-14",
    "SCHED-15",
    "SCHED-16",
    "ISO-LIST-01",
    "ISO-SITE-01",
    "DEV-GUARD-01",
    "DEV-SESSION-01",
    "DEV-SESSION-02",
    "DEV-REMOVE-01",
    "DEV-REMOVE-02",
    "DEV-REMOVE-03",
    "DEV-FRAME-01",
    "DEV-ISO-01",
    "DEV-QUIET-03",
    "DEV-GARDEN-02",
    "DEV-GARDEN-04",
    "DEV-GARDEN-05",
    "DEV-GARDEN-06",
)
def test_walks(context: Context) -> None:
    run_walks(context, _machine(context), max_examples=WALKS, steps=STEPS)
