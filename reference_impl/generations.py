"""The generations of the API side by side: one service, three sets of paths.

v1 is what the service is written for. A request of another generation gets the v1 path of the same operation before
anything looks at it, and the answer is dressed for its caller. What differs in bodies is in `schemas_spa` and in the
operations themselves, which ask for the generation of the request.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATHS: Mapping[str, Mapping[str, str]] = {
    "root": {
        "/instances": "/instances",
        "/instances/{}": "/instances/{}",
        "/instances/{}/images/{}": "/instances/{}/images/{}",
        "/instances/{}/coupons": "/instances/{}/coupons",
        "/instances/{}/coupon-schedules": "/instances/{}/coupon-schedules",
        "/instances/{}/coupon-schedules/{}": "/instances/{}/coupon-schedules/{}",
        "/instances/{}/coupon-schedules/{}/run": "/instances/{}/coupon-schedules/{}/run",
        "/instances/{}/coupon-schedules/{}/generate-url": "/instances/{}/coupon-schedules/{}/generate_url",
        "/auth-integrations": "/auth-integrations",
        "/auth-integrations/{}": "/auth-integrations/{}",
        "/sites/{}/walled-garden-entries": "/walled-garden/{}",
        "/sites/{}/walled-garden-entries/{}": "/walled-garden/{}/{}",
        "/site-users/{}": "/site-users/{}",
        "/site-users/{}/{}": "/site-users/{}/{}",
        "/captive/coupons": "/coupons",
    },
    "spa": {
        "/instances": "/instances",
        "/instances/{}": "/instances/{}",
        "/auth-integrations": "/auth-integrations",
        "/auth-integrations/{}": "/auth-integrations/{}",
        "/walled-garden/{}": "/walled-garden/{}",
        "/walled-garden/{}/{}": "/walled-garden/{}/{}",
    },
}
"""Generation -> each of its paths -> the v1 path of the same operations; `{}` stands for an id."""

STATUS: Mapping[tuple[str, str, str], Mapping[int, int]] = {("spa", "PUT", "/instances/{}"): {200: 202}}
"""Generation, method and path -> success codes that it documents otherwise."""

NOWHERE = "/-"
"""A path below the base path where nothing is: whoever asks for it is told so, after having shown a token."""


def generation_of(request: Request) -> str:
    """Return the generation that a request belongs to, v1 where nobody said."""
    return str(getattr(request.state, "generation", "v1"))


class Generations:
    """ASGI middleware that leads each request to the operation its generation means.

    `bases` are the path prefixes, by generation; `origin` is the public URL they are appended to. The generation is
    left in the request state as `generation`, which is v1 for every path outside the other two.
    """

    def __init__(self, app: ASGIApp, *, bases: Mapping[str, str], origin: str) -> None:
        self._app = app
        self._origin = origin
        self._v1 = bases["v1"]
        # The longest first: one prefix may be inside another, or empty.
        self._bases = sorted(bases.items(), key=lambda base: -len(base[1]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        generation, base = self._of(scope["path"])
        scope = {**scope, "state": {**scope.get("state", {}), "generation": generation}}
        if generation != "v1":
            template, path = _translated(PATHS[generation], scope["path"].removeprefix(base))
            path = self._v1 + path
            send = self._dressed(
                generation, base, STATUS.get((generation, scope["method"], template), {}), send
            )
            scope |= {"path": path, "raw_path": quote(path).encode()}
        await self._app(scope, receive, send)

    def _of(self, path: str) -> tuple[str, str]:
        for generation, base in self._bases:
            if (path + "/").startswith(base + "/"):
                return generation, base
        return "v1", self._v1

    def _dressed(self, generation: str, base: str, status: Mapping[int, int], send: Send) -> Send:
        back = {v1: own for own, v1 in PATHS[generation].items()}

        def location(value: bytes) -> bytes:
            path = value.decode("latin-1").removeprefix(self._origin + self._v1)
            return (self._origin + base + _translated(back, path)[1]).encode("latin-1")

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [
                    (name, location(value) if name == b"location" else value)
                    for name, value in message["headers"]
                ]
                code = message["status"]
                message = {**message, "status": status.get(code, code), "headers": headers}
            await send(message)

        return dressed


def _translated(paths: Mapping[str, str], path: str) -> tuple[str, str]:
    """The path of the table that a path is an example of, and what it is translated to."""
    for template, other in paths.items():
        found = re.fullmatch(re.escape(template).replace(r"\{\}", "([^/]+)"), path, re.DOTALL)
        if found is not None:
            return template, other.format(*found.groups())
    return "", NOWHERE
