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
# The secret of an auth integration, as JSON writes it and as Python shows it, even if the text was cut off inside it.
_CLIENT_SECRET = re.compile(
    r"""(["']client_secret["']\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|'(?:[^'\\]|\\.)*(?:'|\\?\Z))""",
    re.DOTALL,
)
# Client secrets that the suite makes up are known by their form, so that every process of a run knows them all.
SECRET_PREFIX = "contract-secret-"  # noqa: S105
MADE_UP = re.compile(rf"{SECRET_PREFIX}[0-9a-f]{{40}}")
_MADE_UP_BYTES = re.compile(MADE_UP.pattern.encode())
_COOKIES = frozenset({"cookie", "set-cookie"})
_TELLTALES = (b"signature", b"token", b"client_secret")
_MIN_LENGTH = 4  # shorter strings would tear holes into ordinary text


def _spellings(secret: str) -> Iterator[str]:
    """The secret as it stands, in a JSON string (ASCII or not, with the slashes that some writers escape), in a URL."""
    yield secret
    for ascii_only in (True, False):
        escaped = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")
    yield quote(secret, safe="")


def _structure(text: str) -> str:
    """Without what is secret by its form or by where it stands."""
    return _CLIENT_SECRET.sub(rf'\1"{MARK}"', _SIGNED.sub(rf"\1{MARK}", MADE_UP.sub(MARK, text)))


class Redactor:
    """Replaces the secrets it was given, the signature of signed URLs, and every `client_secret`, by a mark.

    `secrets` maps each secret to the environment variable that holds it when a command is repeated (empty: the
    ordinary token); the mark names it. A secret is found as it stands, as JSON writes it, and percent-encoded. Secrets
    shorter than four characters are left: no real one is that short, and they would occur everywhere.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._known: dict[str, str] = {}
        for secret, variable in secrets.items():
            self._learn(secret, f"[redacted {variable}]" if variable else MARK)
        self._order()

    def add(self, secret: str) -> str:
        """Learn a secret that the suite made up; whatever is redacted from now on is free of it. Gives it back."""
        self._learn(secret, MARK)
        self._order()
        return secret

    def _learn(self, secret: str, mark: str) -> None:
        if len(secret) >= _MIN_LENGTH:
            self._known |= dict.fromkeys(_spellings(secret), mark)

    def _order(self) -> None:
        # Longest first: one secret may contain another.
        self._marks = sorted(self._known.items(), key=lambda item: len(item[0]), reverse=True)
        self._bytes = [(secret.encode(), mark.encode()) for secret, mark in self._marks]

    def text(self, text: str) -> str:
        for secret, mark in self._marks:
            text = text.replace(secret, mark)
        return _PROPERTY.sub(rf"\1={MARK}", _structure(text))

    def record(self, record: Mapping[str, str]) -> dict[str, str]:
        """A row of a router without its passwords."""
        return {
            name: MARK if name in SENSITIVE and value else self.text(value) for name, value in record.items()
        }

    def body(self, body: bytes) -> bytes:
        for secret, mark in self._bytes:
            body = body.replace(secret, mark)
        body = _MADE_UP_BYTES.sub(MARK.encode(), body)
        if not any(word in body for word in _TELLTALES):
            return body
        try:
            return _structure(body.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return body

    def headers(self, headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Credentials that the suite made up stay: they are no secret, and a check is repeated with them."""
        return tuple(
            (name, MARK if name.lower() in _COOKIES else self.text(value)) for name, value in headers
        )
