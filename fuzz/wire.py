"""Fuzz the wire parser: any bytes, cut in any way, give sentences or one protocol error, in bounded memory.

    python -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris
    PYTHONPATH=. /tmp/fuzz/bin/python fuzz/wire.py -runs=10000000 -max_len=200 found fuzz/corpus/wire

Further options are those of libFuzzer; `found` is a directory for what it keeps. An input is two bytes and
the stream itself: the first byte chooses the limits of the reader, the second how the stream is cut.

Checked for every input: the stream cut in pieces gives what it gives whole, and a sample of short streams
byte by byte too; nothing is raised but ProtocolError, once, after which the reader is silent; what is held
for an open sentence never exceeds its limit by more than a length prefix; sentences framed anew are read
as themselves.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["router_sim"]):
    from router_sim.wire import ProtocolError, SentenceReader, encode_sentence

Sentences = list[list[bytes]]

LIMITS = ((64, 128, 8), (16, 16, 4), (300, 200, 50), (1 << 24, 1 << 25, 65536))
PREFIX = 5
BYTE_BY_BYTE = 96


def drain(reader: SentenceReader, chunks: list[bytes]) -> tuple[Sentences, str]:
    """The sentences the chunks give, and the text of the error if there was one."""
    got: Sentences = []
    error = ""
    for chunk in chunks:
        try:
            given = reader.feed(chunk)
        except ProtocolError as damage:
            assert not error, "a second error"
            given, error = damage.sentences, str(damage)
        else:
            assert not (error and given), "sentences after the error"
        got += given
        assert reader.pending <= reader.max_sentence + PREFIX, reader.pending
        assert not (error and reader.pending), "something is held after the error"
    return got, error


def cut(data: bytes, seed: int) -> list[bytes]:
    """Pieces of sizes that follow from `seed`, some of them empty."""
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        seed = (seed * 5 + 3) & 0xFF
        size = seed % 61
        pieces.append(data[at : at + size])
        at += size
    return pieces


def test_one_input(data: bytes) -> None:
    """What is said above, for one input."""
    if len(data) < 2:
        return
    limits, stream = LIMITS[data[0] % len(LIMITS)], data[2:]
    whole = drain(SentenceReader(*limits), [stream])
    assert drain(SentenceReader(*limits), cut(stream, data[1])) == whole
    if data[1] % 8 == 0 and len(stream) <= BYTE_BY_BYTE:
        assert drain(SentenceReader(*limits), [bytes((byte,)) for byte in stream]) == whole
    sentences = whole[0]
    assert all(words and all(words) for words in sentences), "an empty sentence or word"
    again = b"".join([encode_sentence(words) for words in sentences])
    assert SentenceReader(*limits).feed(again) == sentences


def main() -> None:
    """Run with the arguments of the command line."""
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
