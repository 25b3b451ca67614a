"""Bytes of a request or response as something a person or a JSON document can hold."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

SHOWN_BYTES = 10_000
PRETTY_BYTES = (
    262_144  # larger JSON is shown as it came: parsing it costs more than its first lines are worth
)
IMAGE_BYTES = 65_536
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)


def visible(text: str) -> str:
    """The text with characters that hide or reorder others shown as marks; line ends and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(_mark, text.replace("\r\n", "\n"))


def _mark(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(character) == "Cs":
        return "\ufffd"
    return f"<U+{code:04X}>"


def well_formed(text: str) -> str:
    """The text without lone surrogates, which no UTF-8 document can hold."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def body_data(body: bytes) -> dict[str, Any] | None:
    """The body for JSON: null if empty, else its size and `text` (it is UTF-8) or `base64` (it is not)."""
    if not body:
        return None
    try:
        return {"size": len(body), "text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"size": len(body), "base64": base64.b64encode(body).decode("ascii")}


def media_type(headers: tuple[tuple[str, str], ...]) -> str:
    """The media type of the Content-Type header, lower case, without parameters; empty if there is none."""
    for name, value in headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return ""


@dataclass(frozen=True, slots=True)
class ShownBody:
    """A body as a report for people shows it."""

    text: str
    note: str = ""  # what the reader does not see in `text`
    image: str = ""  # data URL of a small raster image


def shown(body: bytes, kind: str) -> ShownBody:
    """The body for people: JSON indented, control characters visible, binary as a hex dump, at most 10 kB."""
    size = f"{len(body):,} bytes"
    if kind in IMAGE_TYPES and len(body) <= IMAGE_BYTES:
        return ShownBody(
            "", f"{kind}, {size}", f"data:{kind};base64,{base64.b64encode(body).decode('ascii')}"
        )
    try:
        text = body.decode("utf-8")
        note = ""
    except UnicodeDecodeError as error:
        if not (kind.startswith("text/") or kind.endswith(("json", "xml"))):
            return ShownBody(
                _hex_dump(body[:256]), f"binary, {size}" + (", first 256 shown" if len(body) > 256 else "")
            )
        text = body.decode("utf-8", "replace")
        note = f"not valid UTF-8: byte {error.start} is 0x{body[error.start]:02x}"
    if len(body) <= PRETTY_BYTES and text.lstrip()[:1] in ("{", "["):
        try:
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            note = note or "not valid JSON"
    if len(text) > SHOWN_BYTES:
        text = text[:SHOWN_BYTES]
        cut = f"the first {SHOWN_BYTES:,} characters of {size}; exchanges.har holds all of it"
        note = f"{note}; {cut}" if note else cut
    return ShownBody(visible(text), note)


def _hex_dump(data: bytes) -> str:
    rows = []
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        rows.append(f"{start:08x}  {row.hex(' '):<47}  {letters}")
    return "\n".join(rows)
