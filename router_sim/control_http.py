"""JSON in and out of the control API, for all its parts."""

from __future__ import annotations

import json
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from router_sim.transportable import NOT_TRANSPORTABLE, all_transportable

_MOST_BODY: Final = 1024 * 1024


def dumps(value: object) -> bytes:
    """JSON in ASCII."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def json_response(value: object, status: int = 200) -> Response:
    """An answer with a JSON body."""
    return Response(dumps(value), status, media_type="application/json")


async def json_body(request: Request, *known: str) -> dict[str, Any]:
    """The JSON object sent along. HTTPException with 400 or 413 if it is none, or too long.

    With `known` it may have those members alone.
    """
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MOST_BODY:
            raise HTTPException(413, f"a body of the control API has at most {_MOST_BODY} bytes")
    try:
        value = json.loads(bytes(data))
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise HTTPException(400, "the body has to be a JSON object")
    if not all_transportable(value):
        raise HTTPException(400, f"the body cannot be used: {NOT_TRANSPORTABLE}")
    return known_members(value, *known) if known else value


def known_members(members: dict[str, Any], *known: str) -> dict[str, Any]:
    """The members, if they are among those known; HTTPException with 400 that names one that is not."""
    for name in members:
        if name not in known:
            raise HTTPException(400, f"{name}: that is none of {', '.join(known)}")
    return members
