"""A RouterOS API client for tests that shows every sentence as it comes, tags and all."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from types import TracebackType
from typing import Self

from router_sim.wire import SentenceReader, encode_sentence


def framed(*words: str) -> bytes:
    """The bytes of one sentence."""
    return encode_sentence([word.encode("utf-8", "surrogateescape") for word in words])


def unframed(data: bytes) -> list[list[str]]:
    """The sentences in `data`."""
    return [
        [word.decode("utf-8", "surrogateescape") for word in words] for words in SentenceReader().feed(data)
    ]


class RawClient:
    """One connection, asynchronous, without any opinion on what comes when."""

    def __init__(self, address: str, port: int) -> None:
        self._where = (address, port)
        self._reader_of_sentences = SentenceReader()
        self._sentences: deque[list[str]] = deque()

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(*self._where)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    @property
    def port(self) -> int:
        """The port of this end."""
        port: int = self._writer.get_extra_info("sockname")[1]
        return port

    def send_bytes(self, data: bytes) -> None:
        self._writer.write(data)

    def send(self, *words: str) -> None:
        self.send_bytes(framed(*words))

    def half_close(self) -> None:
        self._writer.write_eof()

    async def read(self) -> list[str] | None:
        """The next sentence; None when the other end closed."""
        while not self._sentences:
            try:
                data = await asyncio.wait_for(self._reader.read(65536), 10)
            except ConnectionError:
                return None
            if not data:
                return None
            for words in self._reader_of_sentences.feed(data):
                self._sentences.append([word.decode("utf-8", "surrogateescape") for word in words])
        return self._sentences.popleft()

    async def talk(self, *words: str) -> list[list[str]]:
        """Send a command and read up to its `!done`, or to the end."""
        self.send(*words)
        got: list[list[str]] = []
        while sentence := await self.read():
            got.append(sentence)
            if sentence[0] == "!done":
                break
        return got

    async def log_in(self, user: str = "admin", password: str = "") -> Self:
        assert await self.talk("/login", f"=name={user}", f"=password={password}") == [["!done"]]
        return self
