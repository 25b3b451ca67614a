"""What happens to every request before it is routed: who calls, and HEAD as GET."""

import hmac
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_impl.errors import ApiError
from reference_impl.settings import TenantSettings


class FrontDoor:
    """ASGI middleware that refuses callers without a token before anything of the request is read.

    Every path under `base_path` needs a token, also one that does not exist; the paths in `public`
    (relative to `base_path`, matched whole or as the parent of the path) need none.
    The tenant's name is left in the request state as `tenant`.
    """

    def __init__(
        self, app: ASGIApp, *, base_path: str, public: Iterable[str], tenants: Iterable[TenantSettings]
    ) -> None:
        self._app = app
        self._base_path = base_path
        self._public = tuple(public)
        self._tenants = [(tenant.name, tenant.token.encode()) for tenant in tenants]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
            send = _without_body(send)
        if self._protected(scope["path"]):
            tenant = self._tenant(Headers(scope=scope).getlist("authorization"))
            if isinstance(tenant, ApiError):
                await tenant.response()(scope, receive, send)
                return
            scope.setdefault("state", {})["tenant"] = tenant
        await self._app(scope, receive, send)

    def _protected(self, path: str) -> bool:
        if not (path + "/").startswith(self._base_path + "/"):
            return False
        rest = path.removeprefix(self._base_path) + "/"
        return not any(rest.startswith(public + "/") for public in self._public)

    def _tenant(self, headers: list[str]) -> str | ApiError:
        scheme, _, token = (headers[0] if len(headers) == 1 else "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return _unauthorised("token_missing", "Send the header 'Authorization: Bearer <token>', once.")
        sent = token.strip().encode("latin-1")
        # Every token is compared, so that the time taken does not tell which one came close.
        names = [name for name, known in self._tenants if hmac.compare_digest(known, sent)]
        if names:
            return names[0]
        return _unauthorised("token_invalid", "This bearer token is not known; check it.")


def _unauthorised(code: str, message: str) -> ApiError:
    return ApiError(401, code, message, {"WWW-Authenticate": "Bearer"})


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
