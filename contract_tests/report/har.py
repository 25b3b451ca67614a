"""exchanges.har: every exchange of the run in the HTTP Archive format 1.2, which browsers open."""

from __future__ import annotations

import base64
import io
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import harfile

from contract_tests.events import Exchange, Headers
from contract_tests.report.bodies import well_formed
from contract_tests.report.model import RunInfo
from contract_tests.verdicts import RunResult


def to_har(info: RunInfo, result: RunResult) -> bytes:
    """The archive, UTF-8, in the order the requests were sent.

    HAR has no field for the encoding of a request body: a binary one is base64 and its comment says so. A
    request without an answer has status 0, as browsers write it, and the error as comment.
    """
    target = io.StringIO()
    creator = harfile.Creator(name="portal-contract", version=info.version)
    comment = f"run {info.run_id} against {info.base_url}, seed {info.seed}"
    with harfile.open(target, creator=creator, comment=well_formed(comment)) as archive:
        for exchange in sorted(result.exchanges.values(), key=lambda item: item.started_at):
            milliseconds = round(exchange.elapsed * 1000, 3)
            archive.add_entry(
                startedDateTime=exchange.started_at,
                time=milliseconds,
                request=_request(exchange),
                response=_response(exchange),
                timings=harfile.Timings(send=0, wait=milliseconds, receive=0),
                comment=well_formed(f"{exchange.purpose} [{exchange.test}] {exchange.key}"),
            )
    return target.getvalue().encode("utf-8")


def _request(exchange: Exchange) -> harfile.Request:
    body = exchange.request_body
    content_type = _header(exchange.request_headers, "content-type")
    post_data = None
    if body:
        text, encoding = _text(body)
        post_data = harfile.PostData(mimeType=content_type, text=text, comment=encoding)
    query = parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True, errors="replace")
    return harfile.Request(
        method=exchange.method,
        url=well_formed(exchange.url),
        httpVersion="HTTP/1.1",
        headers=_records(exchange.request_headers),
        queryString=[harfile.Record(name, value) for name, value in query],
        postData=post_data,
        bodySize=len(body),
    )


def _response(exchange: Exchange) -> harfile.Response:
    if exchange.status is None:
        content = harfile.Content(size=0, mimeType="x-unknown")
        return harfile.Response(
            0, "", "", content=content, comment=well_formed(exchange.error or "no answer")
        )
    body = exchange.response_body
    text, encoding = _text(body)
    return harfile.Response(
        status=exchange.status,
        statusText=_phrase(exchange.status),
        httpVersion="HTTP/1.1",
        headers=_records(exchange.response_headers),
        content=harfile.Content(
            size=len(body),
            mimeType=_header(exchange.response_headers, "content-type") or "x-unknown",
            text=text,
            encoding=encoding,
        ),
        redirectURL=_header(exchange.response_headers, "location"),
        bodySize=len(body),
    )


def _text(body: bytes) -> tuple[str, str | None]:
    try:
        return body.decode("utf-8"), None
    except UnicodeDecodeError:
        return base64.b64encode(body).decode("ascii"), "base64"


def _records(headers: Headers) -> list[harfile.Record]:
    return [harfile.Record(well_formed(name), well_formed(value)) for name, value in headers]


def _header(headers: Headers, wanted: str) -> str:
    return next((well_formed(value) for name, value in headers if name.lower() == wanted), "")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
