"""RouterOS API framing without I/O: length prefixes, words and sentences.

A word is a length prefix (big-endian, one to five bytes) and that many opaque bytes; a sentence is a
run of words closed by a word of length zero. Words are never decoded here: the protocol fixes no
character set and a router hands back the bytes it was given.

Source: the RouterOS API manual page, sections "API words" and "API sentences".
"""

from __future__ import annotations

from collections.abc import Iterable

MAX_WORD = 16 * 1024 * 1024
MAX_SENTENCE = 32 * 1024 * 1024
MAX_WORDS = 65536  # short words take many times their bytes in memory; no client sends nearly as many

_LONGEST = 0xFFFFFFFF
_SHORT = tuple(bytes((length,)) for length in range(0x80))

# first byte below this bound -> number of length bytes that follow it, bits to keep of the first byte
_FORMS = ((0x80, 0, 0x7F), (0xC0, 1, 0x3F), (0xE0, 2, 0x1F), (0xF0, 3, 0x0F), (0xF8, 4, 0x00))


class ProtocolError(Exception):
    """The bytes cannot be framed any further; the connection has to be closed.

    `sentences` holds the whole sentences that stood before the damage in the same call, so that what
    is lost does not depend on how the bytes were cut into segments.
    """

    def __init__(self, message: str, sentences: list[list[bytes]] | None = None) -> None:
        super().__init__(message)
        self.sentences: list[list[bytes]] = sentences or []


def encode_length(length: int) -> bytes:
    """Return the shortest length prefix for a word of `length` bytes.

    Raises ValueError for a negative length or one over 4 GiB, which no prefix can express.
    """
    if 0 <= length < 0x80:
        return _SHORT[length]
    if length < 0:
        raise ValueError(f"a word cannot have {length} bytes")
    if length < 0x4000:
        return (length | 0x8000).to_bytes(2, "big")
    if length < 0x200000:
        return (length | 0xC00000).to_bytes(3, "big")
    if length < 0x10000000:
        return (length | 0xE0000000).to_bytes(4, "big")
    if length <= _LONGEST:
        return b"\xf0" + length.to_bytes(4, "big")
    raise ValueError(f"a word of {length} bytes is longer than the protocol can express ({_LONGEST})")


def encode_word(word: bytes) -> bytes:
    """Return `word` behind its length prefix."""
    return encode_length(len(word)) + word


def encode_sentence(words: Iterable[bytes]) -> bytes:
    """Return the words of one sentence, framed and closed by the zero-length word.

    Raises ValueError for an empty word inside: it would close the sentence early.
    """
    parts: list[bytes] = []
    for word in words:
        if not word:
            raise ValueError("an empty word would close the sentence early")
        parts.append(encode_length(len(word)))
        parts.append(word)
    parts.append(b"\0")
    return b"".join(parts)


class SentenceReader:
    """Turns the bytes of one direction of a connection into sentences, however they are cut.

    Lengths are read in every form the protocol has, also in a longer form than needed. Empty sentences
    are dropped, as a router drops them. A control byte (first byte 0xF8 and up), a word over `max_word`
    bytes, a sentence over `max_sentence` bytes (prefixes included) or over `max_words` words raises
    ProtocolError, as soon as the length is known and before the word is stored. That happens once:
    afterwards the reader is finished and ignores what it is fed.
    """

    def __init__(
        self, max_word: int = MAX_WORD, max_sentence: int = MAX_SENTENCE, max_words: int = MAX_WORDS
    ) -> None:
        self.max_word = max_word
        self.max_sentence = max_sentence
        self.max_words = max_words
        self._rest = bytearray()  # begins at a length prefix
        self._needed = 0  # bytes `_rest` must hold before parsing can get any further
        self._words: list[bytes] = []  # of the open sentence
        self._size = 0  # bytes of the open sentence
        self._finished = False

    @property
    def pending(self) -> int:
        """Bytes held for the sentence that is still open."""
        return self._size + len(self._rest)

    def feed(self, data: bytes) -> list[list[bytes]]:
        """Take the next bytes and return the sentences they complete, each a list of words."""
        if self._finished:
            return []
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        sentences: list[list[bytes]] = []
        words = self._words
        position, end = 0, len(data)
        while position < end:
            first = data[position]
            if first == 0:
                position += 1
                if words:
                    sentences.append(words)
                    words = self._words = []
                self._size = 0
                continue
            if first < 0x80:
                start, length = position + 1, first
            else:
                extra, mask = self._form(first, sentences)
                start = position + 1 + extra
                if start > end:
                    self._needed = 1 + extra
                    break
                length = (first & mask) << (8 * extra) | int.from_bytes(data[position + 1 : start], "big")
            stop = start + length
            if length > self.max_word:
                self._fail(f"a word of {length} bytes is over the limit of {self.max_word}", sentences)
            if self._size + stop - position > self.max_sentence:
                self._fail(f"a sentence is over the limit of {self.max_sentence} bytes", sentences)
            if stop > end:
                self._needed = stop - position
                break
            if length:
                if len(words) >= self.max_words:
                    self._fail(f"a sentence is over the limit of {self.max_words} words", sentences)
                words.append(data[start:stop])
                self._size += stop - position
            else:  # zero, written in a longer form than needed
                if words:
                    sentences.append(words)
                    words = self._words = []
                self._size = 0
            position = stop
        if position < end:
            self._rest += data[position:] if position else data
        return sentences

    def _form(self, first: int, sentences: list[list[bytes]]) -> tuple[int, int]:
        for bound, extra, mask in _FORMS:
            if first < bound:
                return extra, mask
        self._fail(f"0x{first:02X} is a reserved control byte, not the length of a word", sentences)
        raise AssertionError  # pragma: no cover - _fail always raises

    def _fail(self, message: str, sentences: list[list[bytes]]) -> None:
        self._finished = True
        self._words = []
        self._size = 0
        raise ProtocolError(message, sentences)
