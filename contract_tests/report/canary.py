"""The last guard against secrets: looks for known ones in finished output, in every likely spelling."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from contract_tests.device import console

SHORTEST = 6  # characters; a shorter secret would be found by chance in any report


class SecretInReportError(RuntimeError):
    """A secret reached the output of a report; the message says where, and never the secret."""


def check(files: Mapping[str, bytes], secrets: Iterable[str]) -> None:
    """Raise `SecretInReportError` if the content of a file (by its name) holds a secret.

    Found are the secret as it stands, escaped for JSON, HTML, XML, a shell or RouterOS, percent-encoded, and
    inside base64 at any alignment, also one of these within another. Secrets shorter than `SHORTEST` are
    passed over.
    """
    forms = [
        form for secret in dict.fromkeys(secrets) if len(secret) >= SHORTEST for form in spellings(secret)
    ]
    for name, content in files.items():
        for form in forms:
            position = content.find(form)
            if position >= 0:
                place = _place(name, content, position, forms)
                raise SecretInReportError(
                    f"{name} would have shown a secret of this run at {place}; "
                    "no report was written. The redaction of the harness missed it: replace that credential, "
                    "and report this as a defect of portal-contract."
                )


def spellings(secret: str) -> list[bytes]:
    """The byte strings that give the secret away, each once."""
    plain = {secret, *_escaped(secret), *_percent_encoded(secret)}
    encoded = {form for text in plain for form in _base64_cores(text.encode("utf-8", "replace"))}
    once = plain | encoded
    twice = {form for text in once for form in _escaped(text)}
    thrice = {form for text in twice for form in _escaped(text)}
    return sorted(
        {form.encode("utf-8", "replace") for form in once | twice | thrice},
        key=lambda form: (len(form), form),
    )


def _escaped(text: str) -> set[str]:
    quoted = html.escape(text)
    return {
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        html.escape(text, quote=False),
        quoted.replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        quoted.replace("&#x27;", "'"),
        text.replace("'", "'\"'\"'"),
        console.quoted(text).removeprefix('"').removesuffix('"'),
    }


def _percent_encoded(text: str) -> set[str]:
    data = text.encode("utf-8", "replace")
    every = "".join(f"%{byte:02X}" for byte in data)
    upper = {quote(data, safe=""), quote(data), quote_plus(data), every}
    return upper | {_lower_hex(form) for form in upper}


def _lower_hex(text: str) -> str:
    head, *rest = text.split("%")
    return head + "".join("%" + part[:2].lower() + part[2:] for part in rest)


def _base64_cores(data: bytes) -> set[str]:
    """The characters of base64 that these bytes alone decide, for each of the three places to start at."""
    cores = set()
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).decode("ascii").rstrip("=")
        first = (before * 8 + 5) // 6
        complete = (before + len(data)) * 8 // 6
        core = text[first:complete]
        cores |= {core, core.replace("+", "-").replace("/", "_")}
    return cores


def _place(name: str, content: bytes, position: int, forms: Sequence[bytes]) -> str:
    line = content.count(b"\n", 0, position) + 1
    column = position - content.rfind(b"\n", 0, position)
    place = f"line {line}, column {column}"
    if name.endswith((".json", ".har")):
        pointer = _pointer(json.loads(content), forms)
        if pointer is not None:
            place = f"{pointer or '/'} ({place})"
    return place


def _pointer(value: Any, forms: Sequence[bytes]) -> str | None:
    """The JSON pointer of the first string that holds one of the forms; a key that does is shown as `…`."""
    if isinstance(value, str):
        data = value.encode("utf-8", "replace")
        return "" if any(form in data for form in forms) else None
    if isinstance(value, Mapping):
        items: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return None
    for key, item in items:
        if _pointer(str(key), forms) is not None:
            return "/\u2026"
        inner = _pointer(item, forms)
        if inner is not None:
            return f"/{key}{inner}"
    return None
