"""Every refusal of the service: one flat ErrorResponse, whatever went wrong."""

import json
import re
from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Scope

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    500: "api_error",
}
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class ApiError(Exception):
    """A refusal with its status, short code and a message that says what to do."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Return it as `application/json` of the documented form."""
        body = {
            "type": _TYPES.get(self.status, "invalid_request_error"),
            "code": self.code,
            "message": self.message,
            "doc_url": f"https://docs.altostrat.io/errors/{self.code}",
        }
        # Escaped to ASCII: a message may quote what the caller sent, and that may not be encodable.
        return Response(json.dumps(body), self.status, self.headers, "application/json")


def invalid(message: str, code: str = "parameter_invalid") -> ApiError:
    """Return the refusal of a request whose content cannot be accepted."""
    return ApiError(400, code, message)


def not_found(what: str) -> ApiError:
    """Return the refusal of something that does not exist, or not for this caller."""
    return ApiError(404, "resource_missing", f"{what} does not exist; check the path and the token.")


def from_validation(error: ValidationError) -> ApiError:
    """Turn the first complaint of Pydantic into the refusal of a request body."""
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(step) for step in first["loc"])
    if first["type"] == "missing":
        return invalid(f"The '{name}' parameter is required for this request.", "parameter_missing")
    if first["type"] in ("model_type", "dict_type"):
        reason = "should be a JSON object"
    else:
        # Said of the parameter, which the sentence names already.
        reason = re.sub(r"^(Value error, |(Input|String|List) (?=should))", "", first["msg"])
    return invalid(f"The '{name}' parameter {reason}." if name else f"The body is inconsistent: {reason}.")


def allowed_methods(app: FastAPI, scope: Scope) -> list[str]:
    """Return every method the path of this request answers to."""
    found = [
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in app.routes)
    ]
    return ["GET", "HEAD", *found[1:]] if found[:1] == ["GET"] else found


def install(app: FastAPI) -> None:
    """Make `app` answer every kind of failure with an ErrorResponse."""

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiError)
        return error.response()

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return not_found("This path").response()
        if error.status_code == 405:
            allow = ", ".join(allowed_methods(app, request.scope))
            message = f"This path does not answer to {request.method}; it answers to {allow}."
            return ApiError(405, "method_not_allowed", message, {"Allow": allow}).response()
        return ApiError(error.status_code, "request_invalid", str(error.detail)).response()

    async def disconnected(_request: Request, _error: Exception) -> Response:
        return invalid("The connection ended before the request was complete.", "body_incomplete").response()

    async def failed(_request: Request, _error: Exception) -> Response:
        return ApiError(500, "internal_error", "The service failed; its log tells why. Try again.").response()

    app.add_exception_handler(ApiError, refused)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(ClientDisconnect, disconnected)
    app.add_exception_handler(Exception, failed)
