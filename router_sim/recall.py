"""What one session makes of the replies its router keeps: nothing while faults act, or nobody is logged in."""

from __future__ import annotations

from router_sim.faults import FaultPlan
from router_sim.memo import LONGEST_REQUEST
from router_sim.router import Router

Footing = tuple[int, int]


class Recall:
    """Answers the commands of a session from memory where that makes no difference to anybody.

    `user` is who is logged in, empty for a stranger, to whom nothing is answered from here.
    """

    __slots__ = ("_faults", "_router", "_words", "user")

    def __init__(self, router: Router, faults: FaultPlan | None) -> None:
        self.user = ""
        self._router = router
        self._faults = faults
        self._words: list[bytes] | None = None  # of the command at hand, if its reply may be kept

    def segment(self, data: bytes) -> bytes | None:
        """The reply to a segment that is one whole sentence and was answered before."""
        if not self.user or self._faults or len(data) > LONGEST_REQUEST:
            return None
        router = self._router
        return router.memo.segment(self.user, data, router.revision())

    def sentence(self, words: list[bytes], segment: bytes) -> bytes | None:
        """The reply to a sentence that was answered before; `segment` is its own, or empty.

        If there is none, `keep` takes the one that is made now.
        """
        if not self.user or self._faults:
            self._words = None
            return None
        self._words = words
        router = self._router
        return router.memo.sentence(self.user, words, router.revision(), segment)

    def footing(self) -> Footing:
        """What a reply that is to be made now will depend on."""
        return self._router.revision(), self._router.outside

    def keep(self, path: str, footing: Footing, reply: bytes) -> None:
        """Keep the reply to the command at hand, if nothing has happened since `footing`."""
        words, router = self._words, self._router
        if words is not None and self.footing() == footing and footing[0] >= 0 and router.repeatable(path):
            router.memo.keep(self.user, words, footing[0], reply)

    def forget(self) -> None:
        """The command at hand is done with; a later reply is not its."""
        self._words = None
