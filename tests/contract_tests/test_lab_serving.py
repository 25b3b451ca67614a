"""Serving in a lab: an application that does not start is told of, and one that nobody visits is not started."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from contract_tests.lab_serving import served, served_when_visited
from contract_tests.lab_website import ADDRESSES, WEBSITE, website
from router_sim.guests.internet import Internet


class Life:
    """An application that counts its starts and ends."""

    def __init__(self) -> None:
        self.starts = 0
        self.ends = 0
        self.app = Starlette(routes=[Route("/", self.page)], lifespan=self.lifespan)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self.starts += 1
        yield
        self.ends += 1

    async def page(self, _request: Request) -> PlainTextResponse:
        return PlainTextResponse("here")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


async def get(url: str, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as http:
        return await http.get(url, headers=headers)


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


async def test_it_is_served_while_the_block_runs(listener: socket.socket) -> None:
    life = Life()
    async with served(life.app, listener):
        assert (await get(url_of(listener))).text == "here"
        assert (life.starts, life.ends) == (1, 0)
    assert (life.starts, life.ends) == (1, 1)


async def test_an_application_that_does_not_start(listener: socket.socket) -> None:
    @contextlib.asynccontextmanager
    async def broken(_app: Starlette) -> AsyncIterator[None]:
        raise OSError("no such database")
        yield

    with pytest.raises(RuntimeError, match="did not start"):
        async with served(Starlette(lifespan=broken), listener):
            raise AssertionError("it must not get here")


async def test_it_starts_with_the_first_visitor(listener: socket.socket) -> None:
    life = Life()
    async with served_when_visited(life.app, listener):
        await asyncio.sleep(0)
        assert life.starts == 0
        assert [(await get(url_of(listener))).text for _ in range(3)] == ["here"] * 3
        assert (life.starts, life.ends) == (1, 0)
    assert (life.starts, life.ends) == (1, 1)


async def test_nobody_comes(listener: socket.socket) -> None:
    life = Life()
    async with served_when_visited(life.app, listener):
        await asyncio.sleep(0)
    assert (life.starts, life.ends) == (0, 0)


async def test_the_web_site_says_what_was_asked_for() -> None:
    internet = Internet()
    async with website(internet):
        (named,) = internet.resolve(WEBSITE)
        for address in (named, *ADDRESSES):
            server = internet.server(address, 80)
            assert server is not None
            page = await get(f"http://{server[0]}:{server[1]}/a?b=<c>", host=address)
            assert page.status_code == 200
            assert f"http://{address}/a?b=" in page.text
            assert "<c>" not in page.text
