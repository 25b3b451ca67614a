"""The verifier: where the checks of the suite say what they saw.

A check names its requirement and tells whether it holds. It is recorded as a judgement, with the requests of its
scenario; nothing is raised at once, so that one test can judge several requirements. A test that saw a `must`
broken fails at its end, which is what plain pytest shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from contract_tests.events import Cause, Exchange, Judgement, Outcome
from spec.catalogue import Catalogue

MAX_SEQUENCE = 25  # requests shown with a judgement; longer scenarios keep the last ones


class RequirementFailed(AssertionError):
    """A requirement of the contract is not met."""


class CannotTell(Exception):
    """A check found that this target does not let it decide; the message says why."""


class Verifier:
    """Turns checks into judgements. One verifier serves one worker."""

    def __init__(
        self,
        catalogue: Catalogue,
        record: Callable[[Judgement], None],
        *,
        clean: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._catalogue = catalogue
        self._record = record
        self._clean = clean  # takes secrets out of what checks say
        self._test = ""
        self._sequence: list[str] = []
        self._creations: dict[str, str] = {}  # id of a resource -> key of the exchange that made it
        self._background: list[str] = []  # creations from before the scenario that its requests depend on
        self._failures: list[str] = []
        self._judged: set[str] = set()
        self._failed: set[str] = set()

    def start_test(self, test: str) -> None:
        self._test = test
        self._failures = []
        self._judged = set()
        self._failed = set()
        self.start_scenario()

    def start_scenario(self) -> None:
        """What follows can be understood without what went before (a new example of a property)."""
        self._sequence = []
        self._background = []

    def sent(self, exchange: Exchange) -> None:
        """An exchange belongs to the running scenario."""
        self._sequence.append(exchange.key)
        for identifier, key in self._creations.items():
            if identifier in exchange.url and key not in self._background and key not in self._sequence:
                self._background.append(key)

    def made(self, identifier: str, exchange: str) -> None:
        """The exchange created the resource: later judgements that name it show how it came to be."""
        self._creations[identifier] = exchange

    @property
    def failures(self) -> Sequence[str]:
        """What the running test saw broken at level must."""
        return tuple(self._failures)

    @property
    def judged(self) -> frozenset[str]:
        """Ids that the running test has judged."""
        return frozenset(self._judged)

    @property
    def failed(self) -> frozenset[str]:
        """Ids that the running test saw broken, at any level."""
        return frozenset(self._failed)

    def check(
        self,
        requirement: str,
        holds: bool,
        message: str,
        *,
        device: Iterable[str] = (),
        exchange: str | None = None,
    ) -> bool:
        """Record whether the requirement holds. `message` says what was expected and what was seen.

        Nothing is recorded for a requirement that the generation under test has not.
        """
        if requirement in self._catalogue.absent:
            return holds
        self._note(requirement, "passed" if holds else "failed", message, tuple(device), exchange)
        if not holds:
            self._failed.add(requirement)
        if not holds and self._catalogue[requirement].level == "must":
            self._failures.append(self._clean(f"{requirement}: {message}"))
        return holds

    def demand(self, requirement: str, holds: bool, message: str, *, device: Iterable[str] = ()) -> None:
        """Like `check`, but the rest of the test makes no sense without it: raises `RequirementFailed`."""
        if not self.check(requirement, holds, message, device=device):
            if requirement in self._catalogue.absent:
                raise CannotTell(
                    f"the generation promises nothing about it, and the rest builds on it: {message}"
                )
            raise RequirementFailed(self._clean(f"{requirement}: {message}"))

    def cannot_tell(self, requirement: str, why: str) -> None:
        """This target gives no answer to the question."""
        self._note(requirement, "not verified", why, (), None, "target")

    def leave_open(self, requirement: str, why: str) -> None:
        """The run did not come to look at it."""
        self._note(requirement, "not verified", why, (), None, "run")

    def _note(
        self,
        requirement: str,
        outcome: Outcome,
        message: str,
        device: tuple[str, ...],
        exchange: str | None,
        cause: Cause | None = None,
    ) -> None:
        if requirement in self._catalogue.absent:
            return
        self._catalogue[requirement]  # an id that is not in the catalogue is a fault of the suite
        self._judged.add(requirement)
        if exchange is not None:
            position = (
                self._sequence.index(exchange) if exchange in self._sequence else len(self._sequence) - 1
            )
            sequence = self._sequence[: position + 1][-1:]
        else:
            sequence = self._sequence[-MAX_SEQUENCE:]
        self._record(
            Judgement(
                requirement=requirement,
                outcome=outcome,
                message=self._clean(message),
                test=self._test,
                exchanges=(*(key for key in self._background if key not in sequence), *sequence),
                device=tuple(self._clean(line) for line in device),
                cause=cause,
            )
        )
