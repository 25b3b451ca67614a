"""Replies to repeated reads, kept while nothing has changed that they depend on.

Controllers and monitors send the same few prints over and over. A reply is kept if making it wrote nothing
and looked at nothing outside the router's stores (`State.outside`: the time, other hosts), and it is
good for one revision of the state: the first write of any kind ends its life. So records that hold a
time are made anew each time, and so is everything after a write.

A sentence is known again by its words without the tag, and a segment that holds one whole sentence by its
bytes up to the tag at its end, which saves taking it apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from router_sim.wire import SentenceReader, encode_word

# A client has few reads that it repeats, and they and their replies are small.
MOST_REPLIES: Final = 128
MOST_BYTES: Final = 512 * 1024
LONGEST_REQUEST: Final = 1024
LONGEST_REPLY: Final = 32 * 1024

_TAG: Final = b".tag="
_VOID: Final = -2  # a revision there never is

Words = tuple[bytes, ...]


class Remembered:
    """One reply, and the pieces of it between which another tag goes."""

    __slots__ = ("_pieces", "_reply", "_tag", "revision", "size")

    def __init__(self) -> None:
        self.hold(_VOID, b"", b"", 0)

    def hold(self, revision: int, tag: bytes, reply: bytes, size: int) -> None:
        """Be this reply from now on, made under this tag word; `size` is what it counts for."""
        self.revision = revision
        self.size = size
        self._tag = b"" if tag == _TAG else tag
        self._reply = reply
        self._pieces: list[bytes] | None = None

    def tagged(self, tag: bytes) -> bytes:
        """The reply to the same command with this tag word; empty, or that of an empty tag, for none."""
        if tag == _TAG:
            tag = b""
        if tag == self._tag:
            return self._reply
        if self._pieces is None:
            self._pieces = _around_tags(self._reply, tagged=bool(self._tag))
        return (encode_word(tag) if tag else b"").join(self._pieces)


class Memo:
    """The replies of one router that are worth keeping, the latest of them up to a bound.

    Whoever asks compares the `revision` of what is found with the present one.
    """

    __slots__ = ("_replies", "_segments", "size")

    def __init__(self) -> None:
        self.size = 0  # bytes, roughly, of all that is kept
        self._replies: dict[tuple[str, Words], Remembered] = {}
        self._segments: dict[tuple[str, bytes], Remembered] = {}

    def __len__(self) -> int:
        return len(self._replies)

    def segment(self, user: str, start: bytes) -> Remembered | None:
        """The reply to a segment that is one whole sentence and starts so, as `user` last got it."""
        return self._segments.get((user, start))

    def sentence(self, user: str, kept: Words) -> Remembered | None:
        """The reply to a sentence, its tag left out, as `user` last got it."""
        return self._replies.get((user, kept))

    def know(self, user: str, start: bytes, found: Remembered) -> None:
        """From now on know the sentence of a reply by the start of its segment as well."""
        if len(start) <= LONGEST_REQUEST:
            if len(self._segments) >= MOST_REPLIES:
                self._segments.clear()
            self._segments[user, start] = found

    def keep(self, user: str, kept: Words, tag: bytes, revision: int, reply: bytes) -> None:
        """Keep a reply, made under this tag word, if it is not too long."""
        asked = len(b"".join(kept))
        if asked > LONGEST_REQUEST or len(reply) > LONGEST_REPLY:
            return
        found = self._replies.get((user, kept))
        if found is None:
            found = self._replies[user, kept] = Remembered()
        self.size -= found.size
        found.hold(revision, tag, reply, 2 * (asked + len(reply)))
        self.size += found.size
        while len(self._replies) > MOST_REPLIES or self.size > MOST_BYTES:
            oldest = self._replies.pop(next(iter(self._replies)))
            self.size -= oldest.size
            oldest.hold(_VOID, b"", b"", 0)


def cut_tag(segment: bytes) -> tuple[bytes, bytes]:
    """The start of a segment up to its tag or its end, and the tag word there, empty if there is none.

    Nothing is taken apart for it, so the start means something only where it is known to be whole words:
    the same bytes are whole words again, and what follows them is a word and the end, or the end alone.
    """
    if not segment.endswith(b"\0"):
        return b"", b""
    at = segment.rfind(_TAG)
    if at > 0 and segment[at - 1] == len(segment) - 1 - at:
        return segment[: at - 1], segment[at:-1]
    return segment[:-1], b""


def split_tag(words: Sequence[bytes]) -> tuple[Words, bytes]:
    """The words of a command without tags, and the tag word that counts; empty if there is none."""
    tags = [word for word in words[1:] if word.startswith(_TAG)]
    if not tags:
        return tuple(words), b""
    kept = [word for word in words[1:] if not word.startswith(_TAG)]
    return (words[0], *kept), tags[-1]


def _around_tags(reply: bytes, *, tagged: bool) -> list[bytes]:
    """A reply cut at the places where its tag words are, or would be: behind the first word of a sentence."""
    pieces = [b""]
    for words in SentenceReader().feed(reply):
        pieces[-1] += encode_word(words[0])
        pieces.append(b"".join(map(encode_word, words[2 if tagged else 1 :])) + b"\0")
    return pieces
