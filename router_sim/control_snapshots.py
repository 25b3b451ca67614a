"""Control routes over a router's whole state: snapshots in and out, what changed, exports, and its power."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from router_sim.control_http import json_body, json_response
from router_sim.differences import changed_state, compare
from router_sim.export import export
from router_sim.loading import load
from router_sim.reboot import BootTimes
from router_sim.router import Router
from router_sim.script import script
from router_sim.snapshots import Snapshot, snapshot_of

MOST_SNAPSHOT: Final = 64 * 1024 * 1024
NDJSON: Final = "application/x-ndjson"
SCRIPT: Final = "text/plain; charset=us-ascii"

FindRouter = Callable[[Request], Router]


class SnapshotControl:
    """The handlers. `router` finds the one a request is about."""

    def __init__(self, router: FindRouter) -> None:
        self._router = router

    def routes(self) -> list[Route]:
        """The paths of this part."""
        return [
            Route("/routers/{name}/snapshot", self.snapshot, methods=["GET"]),
            Route("/routers/{name}/snapshot", self.load, methods=["PUT"]),
            Route("/routers/{name}/changes", self.changes, methods=["GET"]),
            Route("/routers/{name}/export", self.export, methods=["GET"]),
            Route("/routers/{name}/reboot", self.reboot, methods=["POST"]),
            Route("/routers/{name}/power-cycle", self.power_cycle, methods=["POST"]),
            Route("/routers/{name}/shutdown", self.shutdown, methods=["POST"]),
        ]

    async def snapshot(self, request: Request) -> Response:
        """Every menu of a router with its rows, in the router's order; `format=ndjson` as the file to keep."""
        router = self._router(request)
        wanted = request.query_params.get("format", "json")
        if wanted == "ndjson":
            return Response(snapshot_of(router).to_ndjson(), media_type=NDJSON)
        if wanted != "json":
            raise HTTPException(400, f"format: {wanted!r} is neither json nor ndjson")
        return json_response(router.snapshot())

    async def load(self, request: Request) -> Response:
        """Let a router hold what a snapshot file does; that is its initial state from then on."""
        router = self._router(request)
        try:
            snapshot = Snapshot.from_ndjson(await _text(request))
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        report = load(router, snapshot)
        return json_response(
            {"rows": report.rows, "renumbered": report.renumbered, "problems": list(report.problems)}
        )

    async def changes(self, request: Request) -> Response:
        """The commands that lead from the router's initial state to the present one.

        `volatile=1` adds, as comments, what the router reports and what it made by itself.
        """
        router = self._router(request)
        now = snapshot_of(router)
        menus = router.menus
        initial = router.initial_snapshot()
        before = Snapshot(now.version, now.identity, now.taken, {path: initial[path] for path in now.menus})
        text = script(compare(before, now, menus), menus)
        if _flag(request, "volatile"):
            text += "".join(f"# {line}\n" for line in changed_state(before, now, menus))
        return Response(text, media_type=SCRIPT)

    async def export(self, request: Request) -> Response:
        """The configuration as a console script; `verbose=1` with defaults, `show-sensitive=1` with secrets."""
        router = self._router(request)
        untouched = Router(name=router.name, clock=_Fixed(router.now()), version=router.version)
        text = export(
            snapshot_of(router),
            snapshot_of(untouched),
            router.menus,
            verbose=_flag(request, "verbose"),
            show_sensitive=_flag(request, "show-sensitive"),
        )
        return Response(text, media_type=SCRIPT)

    async def reboot(self, request: Request) -> Response:
        """Restart a router. The body may say how many seconds each phase of the start takes."""
        self._router(request).reboot(times=await self._times(request))
        return Response(status_code=204)

    async def power_cycle(self, request: Request) -> Response:
        """Cut the power of a router and give it back; the body is that of a reboot."""
        self._router(request).power_cycle(await self._times(request))
        return Response(status_code=204)

    async def shutdown(self, request: Request) -> Response:
        """Stop a router until its power is cycled."""
        self._router(request).shutdown()
        return Response(status_code=204)

    async def _times(self, request: Request) -> BootTimes:
        if request.headers.get("content-length", "0") == "0":
            return BootTimes()
        given = await json_body(request, "off", "resetting", "locked", "incomplete")
        for name, value in given.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise HTTPException(400, f"{name}: a number of seconds is needed")
        try:
            return BootTimes(**given)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error


class _Fixed:
    """A clock that stands still."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment

    def timestamp(self) -> float:
        return self._moment.timestamp()


def _flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "") not in ("", "0", "no", "false")


async def _text(request: Request) -> str:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_SNAPSHOT:
            raise HTTPException(413, f"a snapshot has at most {MOST_SNAPSHOT} bytes")
    return data.decode("utf-8")
