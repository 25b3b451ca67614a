"""The least client of the RouterOS API: sentences out, sentences in, nothing explained away."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from types import TracebackType
from typing import Self

from router_sim.wire import SentenceReader, encode_sentence

Sentence = list[str]


class CallerError(Exception):
    """The router did not answer as it should; the message says what came instead."""


class Caller:
    """One connection to the API service of a router, by host and port. `timeout` in seconds per reply."""

    def __init__(self, host: str, port: int, *, timeout: float = 15.0) -> None:
        self._host = host
        self._port = port
        self._timeout = timeout
        self._sentences: deque[Sentence] = deque()
        self._splitter = SentenceReader()

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._timeout):
                self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        except (OSError, TimeoutError) as error:
            raise CallerError(
                f"{self._host}:{self._port} cannot be reached: {str(error) or 'no answer'}"
            ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def send(self, *words: str) -> None:
        """One sentence."""
        self._writer.write(encode_sentence([word.encode("utf-8", "surrogateescape") for word in words]))

    async def read(self) -> Sentence | None:
        """The next sentence; None when the router closed the connection."""
        while not self._sentences:
            try:
                async with asyncio.timeout(self._timeout):
                    data = await self._reader.read(65536)
            except TimeoutError as error:
                raise CallerError(
                    f"{self._host}:{self._port} did not answer in {self._timeout:g} s"
                ) from error
            except ConnectionError:
                return None
            if not data:
                return None
            for words in self._splitter.feed(data):
                self._sentences.append([word.decode("utf-8", "surrogateescape") for word in words])
        return self._sentences.popleft()

    async def talk(self, *words: str) -> list[Sentence]:
        """Send a sentence; all that comes up to `!done` or the end of the connection."""
        self.send(*words)
        got: list[Sentence] = []
        while sentence := await self.read():
            got.append(sentence)
            if sentence[0] in ("!done", "!fatal"):
                break
        return got

    async def log_in(self, user: str, password: str) -> None:
        """Log in in plain words. CallerError with the router's own words when it refuses."""
        replies = await self.talk("/login", f"=name={user}", f"=password={password}")
        if replies[-1:] != [["!done"]] or len(replies) > 1:
            raise CallerError(f"login of {user} was refused: {replies or 'connection closed'}")

    async def rows(self, *words: str) -> list[dict[str, str]]:
        """The records a command returns. CallerError for a trap."""
        replies = await self.talk(*words)
        traps = [sentence for sentence in replies if sentence[0] in ("!trap", "!fatal")]
        if traps or not replies:
            raise CallerError(f"{words[0]} was refused: {traps or 'connection closed'}")
        return [attributes(sentence) for sentence in replies if sentence[0] == "!re"]


def attributes(sentence: Sentence) -> dict[str, str]:
    """The `=name=value` words of a sentence."""
    pairs = (word[1:].partition("=") for word in sentence[1:] if word.startswith("="))
    return {name: value for name, _, value in pairs}
