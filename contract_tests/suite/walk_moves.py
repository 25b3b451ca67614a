"""What a random walk does to a deployment: a table of moves, each with what it can be done to.

A move tells the model what it has done, and judges the answer and what it changed. Everything else is compared
after it (`walk_looks`). What a deployment refuses or does not have where the documents leave that open is learned,
and not asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contract_tests.suite import walk_belongings as belongings
from contract_tests.suite import walk_coupons as coupons
from contract_tests.suite import walk_instances as instances
from contract_tests.suite.walk_model import Step
from contract_tests.suite.walk_state import Walk


@dataclass(frozen=True, slots=True)
class Move:
    """`targets` tells what it can be done to now; `make` does it; None if it turned out not to be possible."""

    name: str
    targets: Callable[[Walk], Sequence[Any]]
    make: Callable[[Walk, Any, int], Step | None]


# In an order that makes a good walk of its own.
MOVES: tuple[Move, ...] = (
    Move("make an integration", belongings.integration_makers, belongings.make_integration),
    Move("make an instance", instances.makers, instances.make_instance),
    Move("give a subnet", instances.free_subnets, instances.give),
    Move("open an address", belongings.closed, belongings.open),
    Move("make coupons", coupons.with_coupons, coupons.make_coupons),
    Move("hand a subnet over", instances.wanted_subnets, instances.hand_over),
    Move("change the strategy", instances.strategies, instances.change_strategy),
    Move("make a schedule", coupons.with_schedules, coupons.make_schedule),
    Move("run a schedule", coupons.runnable, coupons.run_schedule),
    Move("close an address", belongings.entries, belongings.close),
    Move("delete a schedule", coupons.any_schedule, coupons.delete_schedule),
    Move("delete an integration", belongings.any_integration, belongings.delete_integration),
    Move("configure", instances.any_instance, instances.configure),
    Move("delete an instance", instances.any_instance, instances.delete_instance),
    Move("take a subnet away", instances.held_subnets, instances.take_away),
    Move("move an entry", belongings.movable_entries, belongings.move_entry),
    Move("change an integration", belongings.any_integration, belongings.change_integration),
    Move("change a schedule", coupons.any_schedule, coupons.change_schedule),
)

# Something for the first steps to act on: names of moves, and which of the targets.
BEGINNING = (
    ("make an instance", 0),
    ("make an instance", 1),
    ("give a subnet", 0),
    ("open an address", 0),
    ("open an address", 0),
    ("make a schedule", 0),
)
