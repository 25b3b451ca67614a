"""The wire codec: vectors, round trips, any cutting, damage, and librouteros as a peer."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librouteros import protocol as peer

from router_sim.wire import ProtocolError, SentenceReader, encode_length, encode_sentence, encode_word

SEEDS = Path(__file__).parents[2] / "fuzz" / "corpus" / "wire"

LENGTHS = [
    (0, "00"),
    (0x07, "07"),
    (0x7F, "7f"),
    (0x80, "8080"),
    (0x87, "8087"),
    (0x100, "8100"),
    (0x3FFF, "bfff"),
    (0x4000, "c04000"),
    (0x4321, "c04321"),
    (0x1FFFFF, "dfffff"),
    (0x200000, "e0200000"),
    (0x2ACDEF, "e02acdef"),
    (0xFFFFFFF, "efffffff"),
    (0x10000000, "f010000000"),
    (0x10000080, "f010000080"),
    (0xFFFFFFFF, "f0ffffffff"),
]

words = st.binary(min_size=1, max_size=40) | st.integers(1, 20_000).map(lambda size: b"w" * size)
sentences = st.lists(st.lists(words, min_size=1, max_size=6), max_size=5)


class TransportOf:
    """What librouteros reads its words from: bytes already there."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, length: int) -> bytes:
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def close(self) -> None:
        self.data = b""


def drain(reader: SentenceReader, chunks: list[bytes]) -> tuple[list[list[bytes]], int]:
    """Every sentence the chunks give, and how often the reader refused."""
    got: list[list[bytes]] = []
    errors = 0
    for chunk in chunks:
        try:
            got += reader.feed(chunk)
        except ProtocolError as error:
            got += error.sentences
            errors += 1
    return got, errors


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@pytest.mark.parametrize(("length", "prefix"), LENGTHS)
def test_length_prefix_vectors(length: int, prefix: str) -> None:
    assert encode_length(length).hex() == prefix


@pytest.mark.parametrize("length", [-1, 0x100000000])
def test_lengths_no_prefix_can_express(length: int) -> None:
    with pytest.raises(ValueError, match=str(length)):
        encode_length(length)


def test_an_empty_word_cannot_stand_inside_a_sentence() -> None:
    with pytest.raises(ValueError, match="close the sentence"):
        encode_sentence([b"/login", b"", b"=name=admin"])


@given(sentences)
def test_round_trip(given_sentences: list[list[bytes]]) -> None:
    data = b"".join(encode_sentence(sentence) for sentence in given_sentences)
    assert SentenceReader().feed(data) == given_sentences


@given(sentences, st.lists(st.integers(0, 200_000), max_size=30))
def test_cutting_does_not_matter(given_sentences: list[list[bytes]], places: list[int]) -> None:
    data = b"".join(encode_sentence(sentence) for sentence in given_sentences)
    reader = SentenceReader()
    assert drain(reader, cut(data, places)) == (given_sentences, 0)
    assert reader.pending == 0


# Bytes as they come, and bytes that look more like sentences: short words, zeros, and lengths near the limits.
lengths = st.sampled_from([0, 1, 2, 3, 15, 16, 17, 63, 64, 65, 127, 128, 129, 0x3FFF, 0x4000, 0x10000000])
streams = st.binary(max_size=300) | st.lists(
    st.binary(max_size=4).map(encode_word)
    | lengths.map(encode_length)
    | st.just(b"\0")
    | st.binary(max_size=70),
    max_size=30,
).map(b"".join)
limits = st.tuples(st.sampled_from([1, 16, 64]), st.sampled_from([1, 20, 128]), st.sampled_from([1, 3, 100]))


def agree(data: bytes, places: list[int], bounds: tuple[int, int, int]) -> None:
    whole = drain(SentenceReader(*bounds), [data])
    pieces = drain(SentenceReader(*bounds), cut(data, places))
    single = drain(SentenceReader(*bounds), [bytes((byte,)) for byte in data])
    assert whole == pieces == single
    assert whole[1] in (0, 1)
    max_word, max_sentence, max_words = bounds
    for sentence in whole[0]:
        assert 1 <= len(sentence) <= max_words
        assert all(1 <= len(word) <= max_word for word in sentence)
        assert sum(map(len, sentence)) <= max_sentence


@given(streams, st.lists(st.integers(0, 400), max_size=20), limits)
def test_any_bytes_give_sentences_or_one_error_however_cut(
    data: bytes, places: list[int], bounds: tuple[int, int, int]
) -> None:
    agree(data, places, bounds)


@pytest.mark.parametrize("seed", sorted(SEEDS.iterdir()), ids=lambda path: path.stem)
def test_the_seeds_of_the_fuzzer_agree(seed: Path) -> None:
    data = seed.read_bytes()
    agree(data[2:], [data[1], 7, 30], (64, 128, 8))
    agree(data[2:], [data[1], 7, 30], (1 << 24, 1 << 25, 65536))


@given(streams, st.lists(st.integers(0, 400), max_size=20), limits)
def test_memory_is_bounded_by_the_limits(
    data: bytes, places: list[int], bounds: tuple[int, int, int]
) -> None:
    reader = SentenceReader(*bounds)
    for chunk in cut(data, places):
        _, errors = drain(reader, [chunk])
        assert reader.pending <= bounds[1] + 5
        assert len(reader._words) <= bounds[2]
        if errors:
            assert reader.pending == 0


@pytest.mark.parametrize("first", range(0xF8, 0x100))
def test_control_bytes_end_the_reading(first: int) -> None:
    reader = SentenceReader()
    with pytest.raises(ProtocolError, match=f"0x{first:02X}") as caught:
        reader.feed(encode_sentence([b"/quit"]) + bytes((first,)) + encode_sentence([b"/quit"]))
    assert caught.value.sentences == [[b"/quit"]]
    assert reader.feed(encode_sentence([b"/quit"])) == []


def test_a_word_over_the_limit_is_refused_before_it_arrives() -> None:
    with pytest.raises(ProtocolError, match="101 bytes is over the limit of 100"):
        SentenceReader(max_word=100).feed(encode_length(101))
    assert SentenceReader(max_word=100).feed(encode_sentence([b"x" * 100])) == [[b"x" * 100]]


def test_a_sentence_over_the_limit_is_refused() -> None:
    reader = SentenceReader(max_sentence=100)
    assert reader.feed(encode_word(b"x" * 60)) == []
    with pytest.raises(ProtocolError, match="over the limit of 100"):
        reader.feed(encode_length(60))


def test_a_sentence_of_too_many_words_is_refused() -> None:
    reader = SentenceReader(max_words=3)
    assert reader.feed(encode_sentence([b"a", b"b", b"c"])) == [[b"a", b"b", b"c"]]
    with pytest.raises(ProtocolError, match="over the limit of 3 words") as caught:
        reader.feed(encode_sentence([b"a"]) + encode_sentence([b"a", b"b", b"c", b"d"]))
    assert caught.value.sentences == [[b"a"]]
    assert reader.pending == 0


@pytest.mark.parametrize("prefix", ["05", "8005", "c00005", "e0000005", "f000000005", "f500000005"])
def test_every_form_of_a_length_is_read(prefix: str) -> None:
    data = bytes.fromhex(prefix) + b"/quit" + b"\0"
    assert drain(SentenceReader(), [bytes((byte,)) for byte in data]) == ([[b"/quit"]], 0)


def test_a_zero_in_a_long_form_closes_the_sentence_too() -> None:
    assert SentenceReader().feed(b"\x05/quit\x80\x00\x05/quit\x00") == [[b"/quit"], [b"/quit"]]


def test_empty_sentences_are_ignored() -> None:
    assert SentenceReader().feed(b"\0\0" + encode_sentence([b"a"]) + b"\0") == [[b"a"]]


@given(st.integers(0, 0xFFFFFFF))
def test_lengths_agree_with_librouteros(length: int) -> None:
    ours = encode_length(length)
    assert ours == peer.encode_length(length)
    assert peer.decode_length(ours) == length
    assert peer.determine_length(ours[:1]) == len(ours) - 1


texts = st.text(min_size=1, max_size=60).filter(lambda word: word != "!fatal")  # raised by librouteros


@given(st.lists(texts, min_size=1, max_size=6))
def test_sentences_agree_with_librouteros_both_ways(sentence: list[str]) -> None:
    theirs = peer.encode_sentence(*sentence, encoding="utf-8")
    encoded = [word.encode() for word in sentence]
    assert encode_sentence(encoded) == theirs
    assert SentenceReader().feed(theirs) == [encoded]
    reply_word, rest = peer.ApiProtocol(TransportOf(theirs), "utf-8").readSentence()
    assert [reply_word, *rest] == sentence


def test_a_large_word_in_small_pieces_takes_linear_time() -> None:
    size = 4 * 1024 * 1024
    data = encode_sentence([b"x" * size])
    reader = SentenceReader()
    got: list[list[bytes]] = []
    for at in range(0, len(data), 1000):
        got += reader.feed(data[at : at + 1000])
    assert [len(word) for sentence in got for word in sentence] == [size]
