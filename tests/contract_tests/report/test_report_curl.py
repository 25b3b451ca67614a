"""The curl lines, run by bash against a server that keeps what arrives."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from contract_tests.events import Exchange
from contract_tests.report.curl import curl, quote

TOKEN = "tok-live-0123456789"
MULTIPART = (
    b'--b1\r\nContent-Disposition: form-data; name="100%"\r\n\r\nit\'s \\n a "field"\r\n'
    b'--b1\r\nContent-Disposition: form-data; name="f"; filename="x.png"\r\n\r\n'
)
BODIES = {
    "json": b'{"name": "Lobby", "note": "it\'s $HOME `id` \\\\ !x"}',
    "unicode": '{"name": "Ünïcode “Lobby” 日本"}'.encode(),
    "emoji with joiner": "👩\u200d💻".encode(),
    "lines": b'{\n\t"a": "50% \\\\ off"\r\n}\n',
    "at sign": b"@/etc/hostname",
    "dash": b"-d x\n",
    "form": MULTIPART + b"text\r\n--b1--\r\n",
    "binary form": MULTIPART + bytes(range(256)) + b"\r\n--b1--\r\n",
    "NUL": b"a\x00b",
    "invalid UTF-8": b'{"a": "\xff\xfe"}',
    "long text": b"x" * 200_000,
    "megabyte": bytes(range(256)) * 4096,
    "trailing newlines": b"x\n\n\n",
}


@dataclass
class Received:
    """The requests a server got: head as text, body as bytes."""

    port: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def headers(self) -> list[str]:
        return self.heads[-1].split("\r\n")[1:]


@asynccontextmanager
async def recorder() -> AsyncIterator[Received]:
    received = Received()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip("\r\n")
        lowered = head.lower()
        if "expect: 100-continue" in lowered:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        size = int(lowered.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        received.heads.append(head)
        received.bodies.append(await reader.readexactly(size))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    received.port = server.sockets[0].getsockname()[1]
    async with server:
        yield received


async def paste(line: str) -> str:
    """Give the line to bash on its standard input, as a terminal would; returns what it printed."""
    environment = {"PATH": os.environ["PATH"], "PORTAL_CONTRACT_TOKEN": TOKEN, "OTHER": "other-tenant"}
    process = await asyncio.create_subprocess_exec(
        "bash",
        "--norc",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    output, errors = await process.communicate(line.encode() + b"\n")
    assert process.returncode == 0, errors.decode()
    return output.decode()


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_body_arrives_byte_for_byte(exchange: Callable[..., Exchange], body: bytes) -> None:
    async with recorder() as received:
        line = curl(
            exchange(
                "w0-1",
                "POST",
                url=f"http://127.0.0.1:{received.port}/captive/instances",
                request_headers=(
                    ("Authorization", "Bearer [redacted]"),
                    ("Content-Type", "application/json"),
                ),
                request_body=body,
            )
        )
        assert "\n" not in line
        output = await paste(line)
    assert received.bodies == [body]
    assert received.heads[0].startswith("POST /captive/instances HTTP/1.1\r\n")
    assert f"Authorization: Bearer {TOKEN}" in received.headers
    assert output.startswith("HTTP/1.1 ")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("body", [b"", b'{"a": 1}'])
async def test_method_and_target_arrive(exchange: Callable[..., Exchange], method: str, body: bytes) -> None:
    path = "/captive/a/../b/./c?tags[]=x&q={1,2}&s=%2F%20"
    async with recorder() as received:
        line = curl(
            exchange("w0-1", method, url=f"http://127.0.0.1:{received.port}{path}", request_body=body)
        )
        await paste(line)
    assert received.heads[0].startswith(f"{method} {path} HTTP/1.1\r\n")
    assert received.bodies == [body]


async def test_headers_arrive_and_none_is_invented(exchange: Callable[..., Exchange], nasty: str) -> None:
    value = " ".join(nasty.replace("\x00", "").split())
    headers = (("X-Nasty", value), ("X-Empty", ""), ("X-Twice", "1"), ("X-Twice", "2"), ("Host", "elsewhere"))
    async with recorder() as received:
        line = curl(
            exchange(
                "w0-1",
                "PUT",
                url=f"http://127.0.0.1:{received.port}/",
                request_headers=headers,
                request_body=b"x",
            )
        )
        assert "\n" not in line
        await paste(line)
    sent = [
        header for header in received.headers if not header.startswith(("User-Agent:", "Content-Length:"))
    ]
    assert sorted(sent) == sorted(
        [f"X-Nasty: {value}", "X-Empty:", "X-Twice: 1", "X-Twice: 2", "Host: elsewhere"]
    )


async def test_post_without_body_says_so(exchange: Callable[..., Exchange]) -> None:
    async with recorder() as received:
        line = curl(
            exchange(
                "w0-1",
                "POST",
                url=f"http://127.0.0.1:{received.port}/",
                request_headers=(("Accept", "*/*"), ("Content-Length", "0")),
            )
        )
        await paste(line)
    assert "Content-Length: 0" in received.headers
    assert not [header for header in received.headers if header.startswith("Content-Type")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Bearer [redacted]", '"Authorization: Bearer $PORTAL_CONTRACT_TOKEN"'),
        ("Bearer <redacted>", '"Authorization: Bearer $PORTAL_CONTRACT_TOKEN"'),
        ("Bearer ***", '"Authorization: Bearer $PORTAL_CONTRACT_TOKEN"'),
        ("[redacted]", '"Authorization: Bearer $PORTAL_CONTRACT_TOKEN"'),
        ("Bearer [redacted OTHER]", '"Authorization: Bearer $OTHER"'),
        ("Bearer $OTHER", '"Authorization: Bearer $OTHER"'),
        ("Basic [redacted]", '"Authorization: Basic $PORTAL_CONTRACT_TOKEN"'),
        ("Bearer made-up-by-the-test", "'Authorization: Bearer made-up-by-the-test'"),
        ("", "'Authorization;'"),
    ],
)
def test_authorization(exchange: Callable[..., Exchange], value: str, expected: str) -> None:
    assert f"-H {expected}" in curl(exchange("w0-1", request_headers=(("authorization", value),))).replace(
        "authorization", "Authorization"
    )


async def test_quote_survives_bash(nasty: str) -> None:
    word = nasty.replace("\x00", "")
    quoted = quote(word)
    assert "\n" not in quoted
    output = await paste(f"printf %s {quoted} | base64 -w0")
    assert base64.b64decode(output).decode() == word
