"""The way out of a router: HTTP requests to other hosts, made only when a router is told to make them.

Nothing is followed, kept or retried here. Whatever goes wrong on the way becomes an OSError whose text is what
the router says of it.
"""

from __future__ import annotations

import socket
import ssl
from typing import Final

import httpx2

from router_sim.exchange import FetchRequest, FetchResult

MOST_BYTES: Final = 64 * 1024 * 1024

TIMEOUT: Final = "connection timeout"
UNKNOWN_NAME: Final = "could not resolve dns name"
UNTRUSTED: Final = "ssl: no trusted CA certificate found (6)"


async def fetch(request: FetchRequest, *, most: int = MOST_BYTES) -> FetchResult:
    """Make one HTTP request. Raises OSError, also for an answer of more than `most` bytes."""
    limits = httpx2.Timeout(request.timeout, connect=min(request.timeout, 10.0))
    try:
        verify = _context(request.authorities)
        async with (
            httpx2.AsyncClient(verify=verify, timeout=limits, trust_env=False) as client,
            client.stream(
                request.method, _target(request), headers=_headers(request), content=request.body or None,
                extensions=_extensions(request),
            ) as response,
        ):  # fmt: skip
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > most:
                    raise OSError(f"file is larger than {most} bytes")
            answered = {name.lower(): value for name, value in response.headers.items()}
            return FetchResult(response.status_code, bytes(body), answered)
    except httpx2.TimeoutException as error:
        raise OSError(TIMEOUT) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, UnicodeError, ValueError) as error:
        raise OSError(reason(error)) from error


def _target(request: FetchRequest) -> httpx2.URL:
    url = httpx2.URL(request.url)
    return url.copy_with(host=request.address) if request.address else url


def _headers(request: FetchRequest) -> list[tuple[bytes, bytes]]:
    headers = [
        (name.encode("ascii", "replace"), value.encode("latin-1", "replace"))
        for name, value in request.headers.items()
    ]
    if request.address and not any(name.lower() == b"host" for name, _ in headers):
        headers.append((b"host", httpx2.URL(request.url).netloc))
    return headers


def _extensions(request: FetchRequest) -> dict[str, str]:
    """The name the server has to have a certificate for, where another address is dialled."""
    return {"sni_hostname": httpx2.URL(request.url).host} if request.address else {}


def _context(authorities: bytes | None) -> ssl.SSLContext:
    context = (
        ssl.create_default_context() if authorities is not None else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    if authorities is None:
        # What routers do unless they are told to check certificates.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif authorities:
        context.load_verify_locations(cadata=authorities.decode("ascii"))
    return context


def reason(error: BaseException) -> str:
    """The router's words for what went wrong."""
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case ssl.SSLCertVerificationError():
                return UNTRUSTED
            case ssl.SSLError():
                return "ssl: handshake failed (6)"
            case socket.gaierror():
                return UNKNOWN_NAME
            case ConnectionRefusedError():
                return "Connection refused"
            case ConnectionResetError():
                return "Connection reset by peer"
            case TimeoutError():
                return TIMEOUT
        cause = cause.__cause__ or cause.__context__
    text = str(error)
    if "Name or service not known" in text or "nodename" in text or "name resolution" in text:
        return UNKNOWN_NAME
    return "Connection refused" if isinstance(error, httpx2.ConnectError) else (text or type(error).__name__)
