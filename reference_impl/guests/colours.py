"""Colours of a theme, made readable: a theme may choose any colours, the page keeps them apart."""

from collections.abc import Mapping
from typing import NamedTuple

TEXT = 4.5
"""Contrast of text with what is behind it; WCAG 2.2, success criterion 1.4.3."""

LARGE = 3.0
"""Contrast of large or bold text, and of the edges of controls; criteria 1.4.3 and 1.4.11."""

_STEPS = 20
_ERROR = "#b3261e"


class Palette(NamedTuple):
    """The colours of one page, each fit for what it lies on."""

    background: str
    box: str
    border: str
    text: str
    secondary: str
    accent: str
    accent_text: str
    edge: str
    error: str


def palette(theme: Mapping[str, str]) -> Palette:
    """Return the colours of a theme; those too close to what is behind them move towards black or white."""
    box, accent = theme["box_color"], theme["accent_color"]
    return Palette(
        background=theme["background_color"],
        box=box,
        border=theme["border_color"],
        text=readable(theme["text_color"], box, TEXT),
        secondary=readable(theme["secondary_text_color"], box, TEXT),
        accent=accent,
        accent_text=readable(theme["accent_text"], accent, LARGE),
        edge=readable(theme["border_color"], box, LARGE),
        error=readable(_ERROR, box, TEXT),
    )


def readable(colour: str, background: str, ratio: float) -> str:
    """Return `colour` if it has this contrast with `background`, else the next one that is fit for text.

    That is looked for towards black or white, one of which has a contrast of at least 4.58 with any colour.
    Colours are `#RRGGBB`.
    """
    if contrast(colour, background) >= ratio:
        return colour
    pole = max(("#000000", "#ffffff"), key=lambda end: contrast(end, background))
    candidates = (_mix(colour, pole, step / _STEPS) for step in range(1, _STEPS))
    return next((each for each in candidates if contrast(each, background) >= TEXT), pole)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [value / 255 for value in _parts(colour)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(colour: str, pole: str, share: float) -> str:
    mixed = (
        round(one + (other - one) * share) for one, other in zip(_parts(colour), _parts(pole), strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
