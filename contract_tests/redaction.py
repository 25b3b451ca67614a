"""Takes secrets out of everything that is kept: events, reports, messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from contract_tests.device.console import SENSITIVE

MARK = "[redacted]"
_SIGNED = re.compile(r"((?:[?&]|%3[Ff]|%26|\\u0026)(?:signature|token)(?:=|%3[Dd]))[^&\s\"'<>\\#]+")
_PROPERTY = re.compile(rf"\b({'|'.join(sorted(SENSITIVE))})=(\"(?:[^\"\\]|\\.)*\"|[^\s\"]+)")
_COOKIES = frozenset({"cookie", "set-cookie"})
_MIN_LENGTH = 4  # shorter strings would tear holes into ordinary text


def _spellings(secret: str) -> Iterator[str]:
    """The secret as it stands, in a JSON string (ASCII or not, with the slashes that some writers escape), in a URL."""
    yield secret
    for ascii_only in (True, False):
        escaped = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")
    yield quote(secret, safe="")


class Redactor:
    """Replaces the secrets it was given, and the signature of signed URLs, by a mark.

    `secrets` maps each secret to the environment variable that holds it when a command is repeated (empty: the
    ordinary token); the mark names it. A secret is found as it stands, as JSON writes it, and percent-encoded. Secrets
    shorter than four characters are left: no real one is that short, and they would occur everywhere.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        marks: dict[str, str] = {}
        for secret, variable in secrets.items():
            if len(secret) >= _MIN_LENGTH:
                mark = f"[redacted {variable}]" if variable else MARK
                marks |= dict.fromkeys(_spellings(secret), mark)
        # Longest first: one secret may contain another.
        self._marks = sorted(marks.items(), key=lambda item: len(item[0]), reverse=True)
        self._bytes = [(secret.encode(), mark.encode()) for secret, mark in self._marks]

    def text(self, text: str) -> str:
        for secret, mark in self._marks:
            text = text.replace(secret, mark)
        return _PROPERTY.sub(rf"\1={MARK}", _SIGNED.sub(rf"\1{MARK}", text))

    def record(self, record: Mapping[str, str]) -> dict[str, str]:
        """A row of a router without its passwords."""
        return {
            name: MARK if name in SENSITIVE and value else self.text(value) for name, value in record.items()
        }

    def body(self, body: bytes) -> bytes:
        for secret, mark in self._bytes:
            body = body.replace(secret, mark)
        if b"signature" not in body and b"token" not in body:
            return body
        try:
            return _SIGNED.sub(rf"\1{MARK}", body.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return body

    def headers(self, headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Credentials that the suite made up stay: they are no secret, and a check is repeated with them."""
        return tuple(
            (name, MARK if name.lower() in _COOKIES else self.text(value)) for name, value in headers
        )
