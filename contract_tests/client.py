"""The one HTTP client of the suite: every request of every producer goes through it.

It keeps the rate and the budget, obeys Retry-After, records each exchange without its secrets, bounds what it
reads, never follows a redirect (so the token stays with the target), and refuses to change what the run did not make.
"""

from __future__ import annotations

import itertools
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx2

from contract_tests.config import Config, ConfigError
from contract_tests.events import Exchange
from contract_tests.ledger import DEFAULT_TENANT, OTHER_TENANT, Ledger
from contract_tests.pacing import LONGEST_WAIT, Pacer, retry_after
from contract_tests.redaction import Redactor
from spec.loader import Contract, Operation

MAX_BODY = 16 * 1024 * 1024  # bytes read of an answer
MAX_WAITS = 8  # times one request is sent again because the server asked to wait
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON = "application/json"
_BOUNDARY = "portal-contract-7MA4YWxkTrZu0gW"


class TargetLost(Exception):
    """The target does not answer any more; the run cannot go on. The message is one sentence."""


class NotAllowed(Exception):
    """The suite was about to change something it did not make: a fault of the suite, never of the target."""


class ReadOnly(Exception):
    """The run is read-only and a check wanted to write."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` is None when nothing did; `error` then says what happened."""

    key: str  # of the recorded exchange
    status: int | None
    headers: httpx2.Headers
    body: bytes
    error: str | None
    elapsed: float

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """A client error: the deployment understood that the request is at fault."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def media_type(self) -> str:
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON data; None when it is not JSON (NaN and Infinity are not)."""
        try:
            return json.loads(self.body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return None

    @property
    def text(self) -> str:
        """The answer in short, for messages."""
        if self.status is None:
            return f"no answer ({self.error})"
        body = self.body[:300].decode("utf-8", "replace").strip()
        return f"{self.status} {body}" if body else str(self.status)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the client is asked to send it. `path` begins with `/` below the base URL."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    operation: str | None
    purpose: str
    token: str | None
    essential: bool = False


class Client:
    """Sends requests to the target of a run and records them.

    `record` gets each exchange with its secrets taken out; `inspect` gets the request and the raw answer, for the
    invariants that hold for every exchange.
    """

    def __init__(
        self,
        config: Config,
        contract: Contract,
        *,
        ledger: Ledger,
        pacer: Pacer,
        redactor: Redactor,
        record: Callable[[Exchange], None],
        inspect: Callable[[Request, Answer], None] = lambda request, answer: None,
        worker: str = "main",
    ) -> None:
        self._config = config
        self.contract = contract
        self._ledger = ledger
        self._pacer = pacer
        self._redactor = redactor
        self._record = record
        self._inspect = inspect
        self._worker = worker
        self._numbers = itertools.count(1)
        self._invented: set[str] = set()
        self._sites = frozenset(site.id for site in config.sites)
        self.test = ""  # node id of the running test, set by the plugin
        target = config.target
        self._http = httpx2.Client(
            verify=verification(target.verify_tls),
            timeout=httpx2.Timeout(target.timeout, connect=min(target.timeout, 10.0)),
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": "portal-contract", "accept": _JSON},
            limits=httpx2.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=2.0),
        )
        self._base = target.base_url

    @property
    def token(self) -> str | None:
        return self._config.target.token

    @property
    def out_of_budget(self) -> bool:
        """Has the run sent as many requests as it may?"""
        return self._pacer.spent

    def invent(self, identifier: str) -> str:
        """Declare an id that the suite made up, so that requests which name it may be of any method.

        So is a site user of a guest that the suite itself brought along declared: no creation names it.
        """
        self._invented.add(identifier)
        return identifier

    def send(
        self,
        method: str,
        path: str,
        *,
        purpose: str,
        json_body: Any = ...,
        body: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = DEFAULT_TENANT,
        operation: str | None = None,
        essential: bool = False,
    ) -> Answer:
        """Send one request below the base URL.

        `token`: "default" sends the configured one, "other" that of the second tenant, None sends no credentials.
        `files` makes a multipart body.
        An `essential` request (clean-up) is sent even if the budget is used up.
        Raises `BudgetExhausted`, `ReadOnly`, `NotAllowed`, `TargetLost`; an answer of any status is returned.
        """
        self._guard(method, path)
        all_headers: dict[str, str] = {}
        content: bytes = body or b""
        if json_body is not ...:
            content = json.dumps(json_body, ensure_ascii=False).encode("utf-8", "surrogatepass")
            all_headers["content-type"] = _JSON
        if files is not None:
            # A fixed boundary, so that the same run sends the same bytes.
            multipart = {"content-type": f"multipart/form-data; boundary={_BOUNDARY}"}
            encoded = httpx2.Request("POST", "http://x/", files=dict(files), headers=multipart)
            content = encoded.read()
            all_headers["content-type"] = encoded.headers["content-type"]
        if token is not None:
            target = self._config.target
            credentials = {DEFAULT_TENANT: target.token, OTHER_TENANT: target.other_token}
            all_headers["authorization"] = f"Bearer {credentials.get(token, token)}"
        all_headers.update({name.lower(): value for name, value in (headers or {}).items()})
        found = self.contract.operation_at(method, path.partition("?")[0])
        request = Request(
            method=method,
            path=path,
            headers=all_headers,
            body=content,
            operation=operation or (found.id if found else None),
            purpose=purpose,
            token=all_headers.get("authorization", "").removeprefix("Bearer ") or None,
            essential=essential,
        )
        answer = self._exchange(request, self._base + path)
        self._inspect(request, answer)
        return answer

    def fetch(self, url: str, *, purpose: str) -> Answer:
        """GET an absolute URL that the target gave out (a signed URL), without the token."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"not an http(s) URL: {url}")
        request = Request("GET", url, {"accept": "*/*"}, b"", None, purpose, None)
        return self._exchange(request, url)

    def close(self) -> None:
        self._http.close()

    def _guard(self, method: str, path: str) -> None:
        if method in SAFE_METHODS:
            return
        if self._config.run.read_only:
            raise ReadOnly
        for parameter, identifier in self._named(path.partition("?")[0]):
            ours = self._ledger.owns(identifier) or identifier in self._invented
            if parameter == "siteId":
                if not (ours or identifier.lower() in self._sites):
                    raise NotAllowed(f"{method} {path}: [[sites]] does not name {identifier}")
            elif not ours:
                raise NotAllowed(f"{method} {path}: this run did not create {identifier}")

    def _named(self, path: str) -> list[tuple[str, str]]:
        """v1 name and value of each path parameter that names a resource, of the longest beginning that is a path."""
        segments = path.strip("/").split("/")
        for length in range(len(segments), 0, -1):
            found: list[Operation] = [
                operation
                for operation in self.contract
                if operation.path.count("/") == length and _fits(operation.path, segments[:length])
            ]
            if found:
                # Fixed segments win over parameters, as they do where requests are routed.
                operation = min(found, key=lambda operation: len(operation.path_parameters))
                own = {name: v1 for v1, name in operation.path_parameters.items()}
                template = operation.path.strip("/").split("/")
                values = [
                    (own[part[1:-1]], unquote(value))
                    for part, value in zip(template, segments, strict=False)
                    if part.startswith("{")
                ]
                return [(name, value) for name, value in values if name.endswith("Id")]
        return []

    def _exchange(self, request: Request, url: str) -> Answer:
        for attempt in itertools.count(1):
            answer = self._once(request, url)
            if answer.status not in (429, 503) or attempt > MAX_WAITS:
                return answer
            wait = retry_after(answer.headers.get("retry-after"))
            if wait is None or wait > LONGEST_WAIT:
                if answer.status != 429 or wait is not None:
                    return answer
                wait = min(2.0**attempt, LONGEST_WAIT)  # limited, but not told for how long
            self._pacer.wait(wait)
        raise AssertionError("unreachable")

    def _once(self, request: Request, url: str) -> Answer:
        self._pacer.admit(essential=request.essential)
        key = f"{self._worker}-{next(self._numbers)}"
        started = datetime.now(UTC)
        begun = time.monotonic()
        status: int | None = None
        headers = httpx2.Headers()
        body = b""
        error: str | None = None
        try:
            with self._http.stream(
                request.method, url, headers=dict(request.headers), content=request.body or None
            ) as response:
                status, headers = response.status_code, response.headers
                body = self._read(response, begun)
        except httpx2.HTTPError as failure:
            error = f"{type(failure).__name__}: {failure}".rstrip(": ")
        except _Oversized as failure:
            error = str(failure)
        elapsed = time.monotonic() - begun
        answer = Answer(key, None if error else status, headers, body, error, elapsed)
        self._record(
            Exchange(
                key=key,
                started_at=started.isoformat(),
                elapsed=round(elapsed, 6),
                operation=request.operation,
                purpose=request.purpose,
                test=self.test,
                method=request.method,
                url=self._redactor.text(url),
                request_headers=self._redactor.headers(list(request.headers.items())),
                request_body=self._redactor.body(request.body),
                status=answer.status,
                response_headers=self._redactor.headers(headers.multi_items()),
                response_body=self._redactor.body(body),
                error=error,
            )
        )
        if error is not None and url.startswith(self._base):
            self._still_there(error)
        return answer

    def _read(self, response: httpx2.Response, begun: float) -> bytes:
        """The body, bounded in size and time: a server that drips or never ends does not hold the run."""
        limit = self._config.target.timeout
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > MAX_BODY:
                raise _Oversized(f"the answer is larger than {MAX_BODY} bytes")
            if time.monotonic() - begun > limit:
                raise _Oversized(f"the answer did not end within {limit:g} s")
            chunks.append(chunk)
        return b"".join(chunks)

    def _still_there(self, error: str) -> None:
        """One request went unanswered: does the target answer at all?"""
        try:
            self._pacer.admit(essential=True)
            self._http.get(self._base + self.contract.path("listInstances"), headers={"accept": _JSON})
        except httpx2.HTTPError as failure:
            raise TargetLost(
                f"{self._base} does not answer any more ({error}; then {type(failure).__name__}: {failure})"
            ) from None


def _fits(template: str, segments: list[str]) -> bool:
    return all(
        part == segment or part.startswith("{")
        for part, segment in zip(template.strip("/").split("/"), segments, strict=True)
    )


class _Oversized(Exception):
    pass


def verification(verify_tls: bool | str) -> bool | ssl.SSLContext:
    """What the HTTP library verifies certificates with: the system's authorities, a CA file, or nothing.

    Raises `ConfigError` for a CA file that cannot be used.
    """
    if isinstance(verify_tls, bool):
        return verify_tls
    try:
        return ssl.create_default_context(cafile=verify_tls)
    except OSError as error:
        raise ConfigError(
            f"target.verify_tls: {verify_tls} cannot be used as a file of CA certificates ({error.strerror or error})"
        ) from None
