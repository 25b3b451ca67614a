"""How this service says no: 400 for what cannot be read, 422 for what can be read and is wrong, 409 for conflicts."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse


class Refusal(Exception):
    """An answer of the 4xx family. `fields` tells for each wrong property what is wrong with it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})

    def answer(self) -> JSONResponse:
        """Two of the documented fields, and two that no page mentions."""
        errors = [{"field": name, "detail": detail} for name, detail in self.fields.items()]
        body = {"message": self.message, "code": self.code, "status": self.status, "errors": errors}
        return JSONResponse(body, self.status, self.headers)


def missing(what: str) -> Refusal:
    return Refusal(404, "not_found", f"No such {what}.")


def unreadable(message: str) -> Refusal:
    return Refusal(400, "malformed", message)


def wrong(fields: Mapping[str, str]) -> Refusal:
    named = ", ".join(fields)
    return Refusal(422, "validation_failed", f"The request cannot be processed: see {named}.", fields=fields)


async def refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return error.answer()


async def http_error(_request: Request, error: Exception) -> JSONResponse:
    """What Starlette refuses by itself: unknown paths and broken forms."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return missing("path").answer()
    return Refusal(error.status_code, "http_error", str(error.detail), headers=error.headers).answer()


async def failed(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"message": "Something broke on our side.", "code": "internal"}, 500)
