"""Pictures that the suite uploads and looks at again: plain areas of one colour, made and read with Pillow."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

Colour = tuple[int, int, int]
ALIKE = 48  # largest difference of a channel (of 255) that recompression or scaling of a plain area explains


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    colour: Colour  # mean over the whole area

    def shows(self, colour: Colour) -> bool:
        """Is it the plain area of that colour, as far as another encoding may change it?"""
        return all(abs(mine - theirs) <= ALIKE for mine, theirs in zip(self.colour, colour, strict=True))


def paint(width: int, height: int, colour: Colour, file_format: str = "PNG") -> bytes:
    """A picture file of one colour (`PNG`, `JPEG`, `GIF`, `WEBP`)."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, format=file_format)
    return buffer.getvalue()


def look(content: bytes) -> Picture | None:
    """Decode a picture file; None if it is no picture or does not decode to its end."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as opened:
                opened.load()
                size = opened.size
                pixel = opened.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning):
        return None
    assert isinstance(pixel, tuple)
    red, green, blue = (int(channel) for channel in pixel[:3])
    return Picture(size[0], size[1], (red, green, blue))
