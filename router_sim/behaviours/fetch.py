"""`/tool/fetch`: what the router downloads from elsewhere, and what it does with it.

Recorded: the records on the way, sizes in KiB, the texts of refused answers in version 7. Documented: the
arguments and their defaults, that redirects are not followed unless asked. Assumed: the order of records for
small files, the name of a file whose URL has none, that a larger answer is cut for `output=user`, that `upload`
means PUT. Of the modes only http and https are simulated. A name is what the router's own records and name
servers say; one they do not know is looked up by the machine.
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from math import ceil
from urllib.parse import quote, urljoin, urlsplit

from router_sim.behaviour import Behaviour, Call, Verb
from router_sim.behaviours import device_mode, dns, files, ping
from router_sim.behaviours.certificates import STORE as CERTIFICATES
from router_sim.behaviours.certificates import certificate_of
from router_sim.behaviours.going_on import ONGOING, once
from router_sim.durations import SECOND, parse_duration
from router_sim.exchange import FetchRequest, FetchResult, Record, Reply, Runtime
from router_sim.schema import version_key
from router_sim.state import State
from router_sim.transaction import Transaction
from router_sim.traps import bad_argument, failure, missing, no_match

MOST_IN_VARIABLE = 64512
METHODS = ("delete", "get", "head", "patch", "post", "put")
MODES = ("ftp", "http", "https", "sftp", "tftp")
OUTPUTS = ("file", "none", "user", "user-with-headers")
CHECKS = ("no", "yes", "yes-without-crl")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "check-certificate": CHECKS,
    "http-method": METHODS,
    "mode": MODES,
    "output": OUTPUTS,
    "keep-result": ("no", "yes", "false", "true"),
    "upload": ("no", "yes", "false", "true"),
}
ARGUMENTS = ONGOING | CHOICES.keys() | {
    "address", "ascii", "certificate", "dst-path", "host", "http-auth-scheme", "http-content-encoding",
    "http-data", "http-header-field", "http-max-redirect-count", "http-percent-encoding", "idle-timeout",
    "password", "port", "src-address", "src-path", "url", "user",
}  # fmt: skip
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NEXT_FIELD = re.compile(r",(?=\s*[A-Za-z0-9!#$%&'*+.^_`|~-]+:)")


@dataclass(frozen=True, slots=True)
class Order:
    """A download as the command asks for it: the request, redirects to follow, and what the result is for."""

    request: FetchRequest
    redirects: int
    output: str
    path: str


class Tools(Behaviour):
    """The tools of a router that work without items."""

    def __init__(self) -> None:
        super().__init__("/tool")

    def verbs(self) -> Mapping[str, Verb]:
        """`fetch` and `ping`."""
        return {"fetch": Verb(_fetch, frozenset(ARGUMENTS)), "ping": ping.verb()}


def _fetch(call: Call) -> Reply:
    given = call.command.attributes
    device_mode.refuse_unless_allowed(call.state, "fetch")
    order = read_order(call.state, given)

    async def stream(runtime: Runtime) -> AsyncIterator[Record]:
        quiet = "as-value" in given and given["as-value"] not in ("no", "false")
        if not quiet and not once(given):
            yield {"status": "connecting"}
        begun = asyncio.get_running_loop().time()
        task = asyncio.ensure_future(_get(runtime, order, call.state))
        try:
            while not (await asyncio.wait((task,), timeout=1.0))[0]:
                if not quiet and not once(given):
                    spent = ceil(asyncio.get_running_loop().time() - begun)
                    yield {"status": "downloading", "downloaded": "0", "duration": f"{spent}s"}
            result = task.result()
        except OSError as error:
            if not quiet and not once(given):
                yield {"status": "failed"}
            raise failure(str(error)) from None
        finally:
            task.cancel()
        if not 200 <= result.status < 300:
            if not quiet and not once(given):
                yield {"status": "failed"}
            raise failure(_refusal(call.state, result))
        if order.output == "file":
            runtime.write(lambda tx: _keep(tx, order.path, result.body))
        spent = max(1, ceil(asyncio.get_running_loop().time() - begun))
        yield _finished(order.output, result, spent)

    return Reply(stream=stream, data=True, numbered=not once(given))


def _keep(tx: Transaction, path: str, data: bytes) -> None:
    files.write_file(tx, path, data, own=True)


async def _get(runtime: Runtime, order: Order, state: State) -> FetchResult:
    """The answer, after as many redirects as are allowed. Raises OSError."""
    request = order.request
    for _ in range(order.redirects):
        result = await runtime.fetch(_addressed(state, request))
        location = result.headers.get("location", "")
        if result.status not in _REDIRECTS or not location:
            return result
        request = replace(request, url=_redirected(request.url, location))
        if result.status == 303:
            request = replace(request, method="GET", body=b"")
    return await runtime.fetch(_addressed(state, request))


def _redirected(url: str, location: str) -> str:
    try:
        joined = urljoin(url, location)
        if urlsplit(joined).hostname and urlsplit(joined).scheme in ("http", "https"):
            return joined
    except ValueError:
        pass
    raise OSError(f"invalid redirect to {location}")


def _addressed(state: State, request: FetchRequest) -> FetchRequest:
    """The request with the address the router has for its host."""
    host = urlsplit(request.url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        found = dns.resolve(state, host)
        return replace(request, address=found[0] if found else "")
    return replace(request, address="")


def _refusal(state: State, result: FetchResult) -> str:
    if version_key(state.version) < (7,):
        return f"closing connection: <{result.status}>"
    location = result.headers.get("location")
    where = f' (Location: "{location}")' if location and result.status in _REDIRECTS else ""
    return f"Fetch failed with status {result.status}{where}"


def _finished(output: str, result: FetchResult, spent: int) -> Record:
    size = str(len(result.body) // 1024)
    record = {"status": "finished", "downloaded": size, "total": size, "duration": f"{spent}s"}
    if output.startswith("user"):
        head = ""
        if output == "user-with-headers":
            head = "".join(f"{name}: {value}\r\n" for name, value in result.headers.items()) + "\r\n"
        text = result.body[:MOST_IN_VARIABLE].decode("utf-8", "surrogateescape")
        record["data"] = head + text
    return record


def read_order(state: State, given: Mapping[str, str]) -> Order:
    """What a command asks for. Raises Trap."""
    for name, words in CHOICES.items():
        if name in given and given[name] not in words:
            raise no_match(name)
    url = _url(given)
    headers = {
        "User-Agent": f"Mikrotik/{version_key(state.version)[0]}.x Fetch",
        "Accept-Encoding": "identity",
    }
    headers |= _headers(given.get("http-header-field", ""))
    if "user" in given:
        secret = f"{given['user']}:{given.get('password', '')}".encode("utf-8", "surrogateescape")
        headers["Authorization"] = f"Basic {b64encode(secret).decode('ascii')}"
    body = given.get("http-data", "").encode("utf-8", "surrogateescape")
    uploading = given.get("upload") in ("yes", "true")
    method = given.get("http-method", "put" if uploading else "post" if body else "get")
    if uploading:
        body = _source(state, given)
    if body:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    request = FetchRequest(
        method.upper(),
        url,
        headers,
        body,
        _seconds(given),
        _authorities(state, given.get("check-certificate", "no")),
    )
    output = given.get("output", "file")
    if given.get("keep-result") in ("no", "false") and output == "file":
        output = "none"
    if uploading or method == "head":
        output = "none" if output == "file" else output
    path = given.get("dst-path") or urlsplit(url).path.rpartition("/")[2] or urlsplit(url).hostname or "file"
    return Order(request, _count(given), output, path.removeprefix("/"))


def _url(given: Mapping[str, str]) -> str:
    url = given.get("url")
    if url is None:
        if "address" not in given and "host" not in given:
            raise missing("url")
        mode = given.get("mode", "http")
        path = quote(given.get("src-path", ""), safe="/%?=&")
        url = f"{mode}://{given.get('host') or given['address']}/{path.removeprefix('/')}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise bad_argument("invalid value for argument url") from None
    if not parts.hostname or not parts.scheme:
        raise (
            failure("invalid URL protocol")
            if not parts.scheme
            else bad_argument("invalid value for argument url")
        )
    if parts.scheme not in ("http", "https"):
        raise failure(f"{parts.scheme} is not simulated; use http or https")
    if "port" in given:
        if not (given["port"].isdecimal() and given["port"].isascii() and 0 < int(given["port"][:6]) < 65536):
            raise bad_argument("invalid value for argument port")
        if port is None:
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            url = parts._replace(netloc=f"{host}:{given['port']}").geturl()
    if any(sign <= " " or sign == "\x7f" for sign in url):
        raise bad_argument("invalid value for argument url")
    return url


def _headers(text: str) -> dict[str, str]:
    """The header fields of a comma list; a comma not followed by a name and a colon belongs to the value."""
    headers = {}
    for part in _NEXT_FIELD.split(text) if text else ():
        name, colon, value = part.partition(":")
        name, value = name.strip(), value.strip()
        if (
            not colon
            or not name
            or not name.isascii()
            or any(sign < " " for sign in name + value)
            or " " in name
        ):
            raise bad_argument("invalid value for argument http-header-field")
        headers[name] = value.encode("utf-8", "surrogateescape").decode("latin-1")
    return headers


def _source(state: State, given: Mapping[str, str]) -> bytes:
    if "src-path" not in given:
        raise missing("src-path")
    found = files.find(state, given["src-path"])
    if found is None:
        raise failure(f"can not open file {given['src-path']}")
    return files.content_bytes(found)


def _seconds(given: Mapping[str, str]) -> float:
    try:
        return min(max(parse_duration(given.get("idle-timeout", "10s")) / SECOND, 0.1), 3600.0)
    except ValueError:
        raise bad_argument("invalid value for argument idle-timeout") from None


def _count(given: Mapping[str, str]) -> int:
    text = given.get("http-max-redirect-count", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 4):
        raise bad_argument("invalid value for argument http-max-redirect-count")
    return int(text)


def _authorities(state: State, check: str) -> bytes | None:
    """The certificates the router trusts; None when it is not to look."""
    if check == "no":
        return None
    held = [item for item in state.store(CERTIFICATES) if item.values.get("trusted") == "true"]
    return b"".join(certificate_of(item) or b"" for item in held)
