"""The identity provider of a lab as the lab sees it: its names, its endpoints, and the process that plays it.

The process is started by the first connection and not before, so a lab in which nobody signs in pays for three
sockets alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from contract_tests.lab_serving import Internet, somebody_connects

LOGGER = logging.getLogger(__name__)

USERNAME: Final = "guest@lab.test"
"""Who can sign in by one click; the sign-in page takes any other name as well."""

_HTTP: Final = 80

ProviderType = Literal["azure", "github", "google"]
"""The type of an auth integration."""


@dataclass(frozen=True, slots=True)
class Play:
    """One provider: where guests find it in the lab's internet, and its paths there."""

    host: str
    address: str
    authorize: str
    token: str
    user: str


PLAYS: Final[Mapping[ProviderType, Play]] = {
    "azure": Play(
        "login.azure.lab.test",
        "203.0.113.11",
        "/{directory}/oauth2/v2.0/authorize",
        "/{directory}/oauth2/v2.0/token",
        "/oidc/userinfo",
    ),
    "github": Play(
        "login.github.lab.test",
        "203.0.113.12",
        "/login/oauth/authorize",
        "/login/oauth/access_token",
        "/user",
    ),
    "google": Play("accounts.google.lab.test", "203.0.113.10", "/o/oauth2/v2/auth", "/token", "/v1/userinfo"),
}
"""Providers by the type of an auth integration."""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A provider that is ready: the loopback port of each type."""

    ports: Mapping[ProviderType, int]

    def endpoints(self) -> dict[ProviderType, dict[str, str]]:
        """`[providers.<type>]` of the service: guests go by name, the service itself by loopback."""
        return {
            type_: {
                "authorize_url": f"http://{play.host}{play.authorize}",
                "token_url": f"http://127.0.0.1:{self.ports[type_]}{play.token}",
                "user_url": f"http://127.0.0.1:{self.ports[type_]}{play.user}",
            }
            for type_, play in PLAYS.items()
        }

    @property
    def hosts(self) -> dict[str, str]:
        """The guests' name of each type of provider."""
        return {type_: play.host for type_, play in PLAYS.items()}

    def config(self) -> dict[str, object]:
        """`[lab.identity]` of the suite."""
        return {"hosts": self.hosts, "username": USERNAME}


@contextlib.asynccontextmanager
async def identity_provider(internet: Internet, log: Path) -> AsyncIterator[IdentityProvider]:
    """Give the providers their names in `internet` and serve them until the context ends; `log` is what they say."""
    with _listeners() as listeners:
        ports = {type_: listener.getsockname()[1] for type_, listener in listeners.items()}
        for type_, play in PLAYS.items():
            internet.name(play.host, [play.address])
            internet.serve(play.address, _HTTP, "127.0.0.1", ports[type_])
        task = asyncio.create_task(_serve(listeners, log))
        try:
            yield IdentityProvider(ports)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@contextlib.contextmanager
def _listeners() -> Iterator[dict[ProviderType, socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield {type_: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for type_ in PLAYS}


async def _serve(listeners: Mapping[ProviderType, socket.socket], log: Path) -> None:
    """Wait for a connection, let a process accept it and all that follow, and end it with the task."""
    await somebody_connects(list(listeners.values()))
    with log.open("wb") as said:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "contract_tests.lab_provider",
            USERNAME,
            *(f"{type_}={PLAYS[type_].host}={listener.fileno()}" for type_, listener in listeners.items()),
            stdin=asyncio.subprocess.PIPE,  # closes with this process, however that ends
            stdout=said,
            stderr=said,
            pass_fds=[listener.fileno() for listener in listeners.values()],
            start_new_session=True,  # a Ctrl-C is for the lab, which ends its child
        )
    try:
        code = await child.wait()
    finally:
        if child.returncode is None:
            child.kill()  # it keeps nothing that would be lost
            await child.wait()
    for listener in listeners.values():
        listener.close()  # whoever connects is refused at once instead of waiting
    LOGGER.error("the lab's identity provider ended with code %s: %s", code, _last_word(log))


def _last_word(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it gave no reason"
