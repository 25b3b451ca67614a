"""What one session makes of the replies its router keeps: nothing while faults act, or nobody is logged in."""

from __future__ import annotations

from router_sim.faults import FaultPlan
from router_sim.memo import LONGEST_REQUEST, Words, cut_tag, split_tag
from router_sim.router import Router

Footing = tuple[int, int]


class Recall:
    """Answers the commands of a session from memory where that makes no difference to anybody.

    `user` is who is logged in, empty for a stranger, to whom nothing is answered from here.
    """

    __slots__ = ("_asked", "_faults", "_router", "user")

    def __init__(self, router: Router, faults: FaultPlan | None) -> None:
        self.user = ""
        self._router = router
        self._faults = faults
        self._asked: tuple[Words, bytes] | None = None  # at hand, if its reply may be kept

    def segment(self, data: bytes) -> bytes | None:
        """The reply to a segment that is one whole sentence and was answered before."""
        if not self.user or self._faults or len(data) > LONGEST_REQUEST:
            return None
        start, tag = cut_tag(data)
        found = self._router.memo.segment(self.user, start)
        return found.tagged(tag) if found is not None and found.revision == self._router.revision() else None

    def sentence(self, words: list[bytes], segment: bytes) -> bytes | None:
        """The reply to a sentence that was answered before; `segment` is its own, or empty.

        If there is none, `keep` takes the one that is made now.
        """
        self._asked = None
        if not self.user or self._faults:
            return None
        kept, tag = split_tag(words)
        memo = self._router.memo
        found = memo.sentence(self.user, kept)
        if found is None or found.revision != self._router.revision():
            self._asked = kept, tag
            return None
        if segment:
            start, last = cut_tag(segment)
            if last == tag and len(kept) + bool(tag) == len(words):
                memo.know(self.user, start, found)
        return found.tagged(tag)

    def footing(self) -> Footing:
        """What a reply that is to be made now will depend on."""
        return self._router.revision(), self._router.outside

    def keep(self, path: str, footing: Footing, reply: bytes) -> None:
        """Keep the reply to the command at hand, if nothing has happened since `footing`."""
        router = self._router
        if (
            self._asked is not None
            and self.footing() == footing
            and footing[0] >= 0
            and router.repeatable(path)
        ):
            router.memo.keep(self.user, *self._asked, footing[0], reply)

    def forget(self) -> None:
        """The command at hand is done with; a later reply is not its."""
        self._asked = None
