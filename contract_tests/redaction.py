"""Takes secrets out of everything that is kept: events, reports, messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MARK = "[redacted]"
_SIGNED = re.compile(r"((?:[?&]|%3[Ff]|%26|\\u0026)(?:signature|token)(?:=|%3[Dd]))[^&\s\"'<>\\#]+")
_SECRET_PROPERTIES = frozenset({"password", "secret", "otp-secret", "mac-auth-password", "passphrase"})
_PROPERTY = re.compile(
    rf"\b({'|'.join(sorted(_SECRET_PROPERTIES))})=(\"(?:[^\"\\]|\\.)*\"|[^\s\"]+)"
)
_CREDENTIAL_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_MIN_LENGTH = 4  # shorter strings would tear holes into ordinary text


class Redactor:
    """Replaces the secrets it was given, and the signature of signed URLs, by a mark.

    A secret is found in plain text and in the forms JSON gives it. Secrets shorter than four characters are left:
    no real one is that short, and they would occur everywhere.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: dict[str, None] = {}
        for secret in secrets:
            if len(secret) >= _MIN_LENGTH:
                forms[secret] = None
                forms[secret.encode("unicode_escape").decode("ascii")] = None
        # Longest first: one secret may contain another.
        self._secrets = sorted(forms, key=len, reverse=True)
        self._bytes = [secret.encode("utf-8") for secret in self._secrets]

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MARK)
        return _PROPERTY.sub(rf"\1={MARK}", _SIGNED.sub(rf"\1{MARK}", text))

    def record(self, record: Mapping[str, str]) -> dict[str, str]:
        """A row of a router without its passwords."""
        return {
            name: MARK if name in _SECRET_PROPERTIES and value else self.text(value)
            for name, value in record.items()
        }

    def body(self, body: bytes) -> bytes:
        for secret in self._bytes:
            body = body.replace(secret, MARK.encode())
        if b"signature" not in body and b"token" not in body:
            return body
        try:
            return _SIGNED.sub(rf"\1{MARK}", body.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return body

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple(
            (name, self._credential(value) if name.lower() in _CREDENTIAL_HEADERS else self.text(value))
            for name, value in headers
        )

    def found_in(self, body: bytes) -> bool:
        """Does the body hold one of the secrets (signed URLs do not count)?"""
        return any(secret in body for secret in self._bytes)

    @staticmethod
    def _credential(value: str) -> str:
        scheme, _, rest = value.partition(" ")
        return f"{scheme} {MARK}" if rest else MARK
