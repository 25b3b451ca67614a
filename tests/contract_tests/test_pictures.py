"""Pictures are painted, read again, and told from what is none."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from contract_tests.pictures import ALIKE, Picture, look, paint

RED = (200, 30, 30)
CHANNEL = st.integers(0, 255)


@given(st.integers(1, 200), st.integers(1, 200), st.tuples(CHANNEL, CHANNEL, CHANNEL))
@settings(max_examples=40)
def test_what_was_painted_is_seen(width: int, height: int, colour: tuple[int, int, int]) -> None:
    assert look(paint(width, height, colour)) == Picture(width, height, colour)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "WEBP"])
def test_every_format_shows_its_colour(file_format: str) -> None:
    seen = look(paint(160, 100, RED, file_format))
    assert seen is not None
    assert (seen.width, seen.height) == (160, 100)
    assert seen.shows(RED)
    assert not seen.shows((30, 30, 200))


def test_how_alike_colours_may_be() -> None:
    picture = Picture(1, 1, (100, 100, 100))
    assert picture.shows((100 + ALIKE, 100, 100 - ALIKE))
    assert not picture.shows((100 + ALIKE + 1, 100, 100))


def test_scaling_keeps_the_colour() -> None:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(paint(320, 200, RED))) as opened:
        opened.resize((32, 20)).convert("P").save(buffer, "PNG")
    seen = look(buffer.getvalue())
    assert seen is not None
    assert seen.shows(RED)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"<svg/>", b"GIF89a", b"\xff" * 500])
def test_what_is_no_picture(content: bytes) -> None:
    assert look(content) is None


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_a_picture_cut_off_is_none(file_format: str) -> None:
    whole = paint(300, 300, RED, file_format)
    assert look(whole[: len(whole) // 2]) is None


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert look(paint(40, 40, RED)) is None  # a warning of Pillow
    assert look(paint(80, 80, RED)) is None  # an error of Pillow


@given(st.binary(max_size=200))
def test_any_bytes_are_a_picture_or_none(content: bytes) -> None:
    look(content)
    look(paint(4, 4, RED)[:40] + content)
