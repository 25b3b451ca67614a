"""Pictures of instances: taken at once, looked at later, served in another format by links that expire."""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
from collections.abc import Callable
from datetime import datetime

from PIL import Image, UnidentifiedImageError

from tests.quality.variant.book import Book, Later
from tests.quality.variant.refusals import Refusal

TYPES = ("logo", "icon")
PROCESSED_AFTER = 0.2
"""Seconds between the upload of a picture and its appearance."""

LONGEST_SIDE = 256
LEAST_ICON = 32
MOST_PIXELS = 20_000_000
LINK_LIFETIME = 900


class Pictures:
    """Keeps the newest fit picture of each type; unfit ones are dropped without a word."""

    def __init__(self, origin: str, book: Book, later: Later, now: Callable[[], datetime]) -> None:
        self._origin = origin
        self._book = book
        self._later = later
        self._now = now
        self._secret = secrets.token_bytes(32)
        self._files: dict[str, bytes] = {}

    def take(self, instance: str, image_type: str, content: bytes) -> None:
        self._later.call(PROCESSED_AFTER, lambda: self._process(instance, image_type, content))

    def forget(self, keys: list[str]) -> None:
        for key in keys:
            self._files.pop(key, None)

    def link(self, key: str) -> str:
        expires = int(self._now().timestamp()) + LINK_LIFETIME
        return f"{self._origin}/media/{key}.jpg?expires={expires}&sig={self._signature(key, str(expires))}"

    def serve(self, key: str, expires: str, signature: str) -> bytes:
        """The JPEG file. Raises `Refusal`: 400 for a forged link, 410 for one that has expired or lost its file."""
        if not hmac.compare_digest(self._signature(key, expires).encode(), signature.encode()):
            raise Refusal(400, "bad_signature", "This link was not made by us.")
        content = self._files.get(key)
        if content is None or int(expires) < self._now().timestamp():
            raise Refusal(410, "gone", "This link has expired; read the instance for a new one.")
        return content

    def _signature(self, key: str, expires: str) -> str:
        return hmac.new(self._secret, f"{key} {expires}".encode(), hashlib.sha256).hexdigest().upper()

    def _process(self, identifier: str, image_type: str, content: bytes) -> None:
        instance = self._book.find(identifier)
        picture = _fit(image_type, content)
        if instance is None or picture is None:
            return
        key = secrets.token_hex(8)
        self._files[key] = picture
        self.forget([instance.images[image_type]] if image_type in instance.images else [])
        instance.images[image_type] = key


def _fit(image_type: str, content: bytes) -> bytes | None:
    """The picture as JPEG of moderate size; None if it is no picture, or no square of at least 32 for an icon."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                return None
            if image_type == "icon" and (width != height or width < LEAST_ICON):
                return None
            small = picture.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    target = io.BytesIO()
    small.save(target, "JPEG", quality=90)
    return target.getvalue()
