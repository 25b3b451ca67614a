"""An exchange as a line for bash that sends the same request again."""

from __future__ import annotations

import base64
import re
import shlex
from urllib.parse import urlsplit

from contract_tests.config import TOKEN_VARIABLE
from contract_tests.events import Exchange

# Linux refuses a single argument of 128 KiB or more; the printf of bash is built in and knows no such bound.
_ARGUMENT_BYTES = 100_000
_COMPUTED = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "transfer-encoding",
        "user-agent",
    }
)
_REDACTED = re.compile(r"(?i:redacted)(?: ([A-Z][A-Z0-9_]*))?|\*{3,}|\u2022{3,}|\$\{?([A-Z][A-Z0-9_]*)\}?")


def curl(exchange: Exchange) -> str:
    """The request as one line to paste into bash; the body arrives byte for byte.

    A redacted Authorization header becomes `$PORTAL_CONTRACT_TOKEN` (`[redacted NAME]` becomes `$NAME`), so
    the line works once that variable is set. Headers that curl computes itself are left out. A body that one
    quoted argument cannot carry well (line breaks, binary, very long) is piped in by printf or base64.
    """
    headers = [
        (name, value) for name, value in exchange.request_headers if not _computed(exchange, name, value)
    ]
    names = {name.lower() for name, _ in exchange.request_headers}
    parts = ["curl", "-sS", "-i"]
    source, body_options = _body(exchange)
    parts += _method(exchange.method, has_body=bool(body_options))
    if re.search(r"[\[\]{}]", exchange.url):
        parts.append("-g")
    if "/." in exchange.url:
        parts.append("--path-as-is")
    for name, value in headers:
        parts += ["-H", _header(name, value)]
    if "accept" not in names:
        parts += ["-H", "'Accept:'"]
    if body_options and "content-type" not in names:
        parts += ["-H", "'Content-Type:'"]
    parts += body_options
    parts.append(quote(exchange.url))
    return source + " ".join(parts)


def quote(text: str) -> str:
    """One word of bash that stands for the text: POSIX quotes, or `$'…'` for what does not print."""
    if text.isprintable():
        return shlex.quote(text)
    pieces = []
    for character in text:
        if character == "\0":
            continue  # no argument of a process can hold it
        if character in "\\'":
            pieces.append("\\" + character)
        elif character.isprintable():
            pieces.append(character)
        else:
            pieces.extend(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogatepass"))
    return "$'" + "".join(pieces) + "'"


def _computed(exchange: Exchange, name: str, value: str) -> bool:
    lowered = name.lower()
    if lowered == "host":
        return value == urlsplit(exchange.url).netloc.rpartition("@")[2]
    return lowered in _COMPUTED or (lowered == "accept" and value == "*/*")


def _method(method: str, *, has_body: bool) -> list[str]:
    if method == "HEAD":
        # With -X HEAD curl waits for a body that never comes; with a body to send, --head is refused.
        return ["-X", "HEAD", "--max-time", "10"] if has_body else ["--head"]
    if method == ("POST" if has_body else "GET"):
        return []
    return ["-X", quote(method)]


def _header(name: str, value: str) -> str:
    if name.lower() == "authorization":
        found = _REDACTED.search(value)
        if found:
            scheme = value.partition(" ")[0] if " " in value else "Bearer"
            variable = found.group(1) or found.group(2) or TOKEN_VARIABLE
            return f'"Authorization: {re.sub("[^A-Za-z0-9-]", "", scheme)} ${variable}"'
    if not value:
        return quote(f"{name};")  # the form in which curl sends a header without a value
    return quote(f"{name}: {value}")


def _body(exchange: Exchange) -> tuple[str, list[str]]:
    """What to pipe into curl, with its bar, and the options that make curl send the body."""
    body = exchange.request_body
    if not body:
        sent_length = any(
            name.lower() == "content-length" and value == "0" for name, value in exchange.request_headers
        )
        return "", ["--data-raw", "''"] if sent_length and exchange.method not in ("GET", "HEAD") else []
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _base64_pipe(body)
    if text.isprintable() and len(body) < _ARGUMENT_BYTES:
        return "", ["--data-raw", shlex.quote(text)]
    if re.sub(r"[\r\n\t]", "", text).isprintable() and len(body) < _ARGUMENT_BYTES:
        form = text.replace("\\", "\\\\").replace("%", "%%")
        form = form.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
        option = "-- " if form.startswith("-") else ""
        return f"printf {option}{shlex.quote(form)} | ", ["--data-binary", "@-"]
    return _base64_pipe(body)


def _base64_pipe(body: bytes) -> tuple[str, list[str]]:
    encoded = base64.b64encode(body).decode("ascii")
    return f"printf %s {encoded} | base64 -d | ", ["--data-binary", "@-"]
