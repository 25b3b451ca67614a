"""The identity provider of a lab, as a program of its own: `python -m contract_tests.lab_provider USER TYPE=HOST=FD…`.

It serves on listening sockets that it inherits, one for each type of provider, and ends when its standard input
closes, so it does not outlive the lab. All OAuth is the work of `oidc_provider_mock`; what is added here are the
paths of each provider, and proof keys (RFC 7636), which the package reads over.
"""

from __future__ import annotations

import os
import re
import selectors
import sys
import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final

import flask
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from oidc_provider_mock import User
from oidc_provider_mock import app as provider_app
from werkzeug.serving import ThreadedWSGIServer, make_server

_AUTHORIZE: Final = "/oauth2/authorize"
_TOKEN: Final = "/oauth2/token"  # noqa: S105 - a path
_USER: Final = "/userinfo"

# Provider -> (path as that provider has it, path of the package).
PATHS: Final = {
    "azure": (
        (r"/[^/]+/oauth2/v2\.0/authorize", _AUTHORIZE),
        (r"/[^/]+/oauth2/v2\.0/token", _TOKEN),
        (r"/oidc/userinfo", _USER),
    ),
    "github": (
        (r"/login/oauth/authorize", _AUTHORIZE),
        (r"/login/oauth/access_token", _TOKEN),
        (r"/user", _USER),
    ),
    "google": (
        (r"/o/oauth2/v2/auth", _AUTHORIZE),
        (r"/token", _TOKEN),
        (r"/v1/userinfo", _USER),
    ),
}

_Environ = dict[str, Any]
_Application = Callable[[_Environ, Callable[..., Any]], Iterable[bytes]]


def provider(type_: str, host: str, username: str) -> flask.Flask:
    """Return the provider of a type, with codes, tokens and users of its own.

    It calls itself `host` whoever asks, as the issuer of its tokens; `username` signs in by one click.
    """
    user = User(sub=username, claims={"email": username, "email_verified": True, "login": username})
    app: flask.Flask = provider_app(user_claims=[user])
    _ask_for_proof(app)
    # Its pages name a style sheet of another host, for which a guest before login would wait in vain.
    app.after_request(_at_home)
    app.wsgi_app = _renamed(app.wsgi_app, type_, host)  # type: ignore[method-assign, assignment]
    return app


def _at_home(response: flask.Response) -> flask.Response:
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


def _renamed(application: _Application, type_: str, host: str) -> _Application:
    """Serve the package's paths under the names the provider has for them."""

    def serve(environ: _Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        asked = environ["PATH_INFO"]
        path = next((path for pattern, path in PATHS[type_] if re.fullmatch(pattern, asked)), asked)
        return application({**environ, "PATH_INFO": path, "HTTP_HOST": host}, start)

    return serve


def _ask_for_proof(app: flask.Flask) -> None:
    """Refuse a code whose authorization request had a challenge that the verifier does not meet."""
    challenges: dict[str, str] = {}  # by code

    def remember(response: flask.Response) -> flask.Response:
        challenge = flask.request.args.get("code_challenge")
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(response.headers.get("Location", "")).query)
        if flask.request.path == _AUTHORIZE and challenge and "code" in query:
            challenges[query["code"][0]] = challenge
        return response

    def check() -> tuple[flask.Response, int] | None:
        if flask.request.path == _AUTHORIZE:
            method = flask.request.args.get("code_challenge_method")
            if "code_challenge" in flask.request.args and method != "S256":
                return _refused("invalid_request", "the only code_challenge_method is S256")
            return None
        if flask.request.path != _TOKEN:
            return None
        challenge = challenges.pop(flask.request.form.get("code", ""), None)
        verifier = flask.request.form.get("code_verifier", "")
        if challenge is None and verifier:
            return _refused("invalid_request", "a code_verifier came, but no code_challenge before it")
        if challenge is not None and not _meets(verifier, challenge):
            return _refused("invalid_grant", "the code_verifier does not meet the code_challenge")
        return None

    app.before_request(check)
    app.after_request(remember)


def _meets(verifier: str, challenge: str) -> bool:
    return verifier.isascii() and create_s256_code_challenge(verifier) == challenge


def _refused(error: str, description: str) -> tuple[flask.Response, int]:
    return flask.jsonify({"error": error, "error_description": description}), HTTPStatus.BAD_REQUEST


def _server(username: str, socket: str) -> ThreadedWSGIServer:
    type_, host, descriptor = socket.split("=")
    app = provider(type_, host, username)
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=int(descriptor))
    assert isinstance(server, ThreadedWSGIServer)
    return server


def main(arguments: Sequence[str]) -> None:
    """Serve until standard input closes.

    Arguments: a user, then a listening socket each, as `google=accounts.google.lab.test=3`.
    """
    username, *sockets = arguments
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # a lab has no certificates; the package would refuse HTTP
    servers = [_server(username, socket) for socket in sockets]
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        for server in servers:
            selector.register(server, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    return
                assert isinstance(key.fileobj, ThreadedWSGIServer)
                key.fileobj.handle_request()


if __name__ == "__main__":
    main(sys.argv[1:])
