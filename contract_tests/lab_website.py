"""What the guests of a lab want from the internet: a web site with a name, and addresses that answer."""

from __future__ import annotations

import contextlib
import html
import socket
from collections.abc import AsyncIterator
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from contract_tests.lab_serving import Internet, served_when_visited

WEBSITE: Final = "www.example.lab.test"
ADDRESSES: Final = ("203.0.113.20", "203.0.113.21", "203.0.113.22")
"""Each answers HTTP on port 80; a walled garden can open one and leave the others shut."""

_ADDRESS_OF_WEBSITE: Final = "203.0.113.30"
_HTTP: Final = 80


@contextlib.asynccontextmanager
async def website(internet: Internet) -> AsyncIterator[None]:
    """Serve the web site in `internet`, under its name and at all the addresses, until the context ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        internet.name(WEBSITE, [_ADDRESS_OF_WEBSITE])
        for address in (_ADDRESS_OF_WEBSITE, *ADDRESSES):
            internet.serve(address, _HTTP, "127.0.0.1", listener.getsockname()[1])
        async with served_when_visited(Starlette(routes=[Route("/{path:path}", _page)]), listener):
            yield


async def _page(request: Request) -> HTMLResponse:
    """Whatever is asked for: a page that says what that was."""
    return HTMLResponse(
        '<!doctype html>\n<html lang="en"><title>Example</title>'
        f"<p>You are on the internet, at {html.escape(str(request.url))}</p></html>\n"
    )
