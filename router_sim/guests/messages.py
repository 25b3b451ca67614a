"""HTTP requests of guests and the answers they get, without any I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it reaches a server: absolute URL, headers by lower-case name, whole body.

    `secure` is true for one that came over TLS.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    secure: bool = False

    @property
    def path(self) -> str:
        """The path of the URL, `/` at least."""
        return urlsplit(self.url).path or "/"

    def fields(self) -> dict[str, str]:
        """The fields of the query and of a form in the body, which win. The last of a name counts."""
        given = urlsplit(self.url).query
        found = _parsed(given)
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self.method == "POST" and kind in ("", "application/x-www-form-urlencoded"):
            found |= _parsed(self.body.decode("utf-8", "surrogateescape"))
        return found


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer: status with its words, headers in order, body."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def header(self, name: str) -> str:
        """The value of a header, empty when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def encode(self) -> bytes:
        """The bytes of the answer, in HTTP/1.0 as a hotspot speaks it."""
        lines = [
            f"HTTP/1.0 {self.status} {self.reason}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + self.body


def _parsed(text: str) -> dict[str, str]:
    try:
        return dict(
            parse_qsl(
                text, keep_blank_values=True, encoding="utf-8", errors="surrogateescape", max_num_fields=200
            )
        )
    except ValueError:  # more fields than any form has
        return {}
