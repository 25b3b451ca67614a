"""Reading request bodies: bounded, strict, and refused with a reason."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from reference_impl.errors import ApiError, from_validation, invalid
from reference_impl.generations import generation_of

Model = TypeVar("Model", bound=BaseModel)

JSON_LIMIT = 256 * 1024
"""Bytes a JSON body may have; the largest instance needs a small part of it."""

FORM_OVERHEAD = 64 * 1024
"""Bytes a form may have beside its file: boundaries and part headers."""


def json_body(model: type[Model], spa: type[Model] | None = None) -> Callable[[Request], Awaitable[Model]]:
    """Return a dependency that reads the body as JSON and validates it against `model`.

    `spa` is the model of the oldest generation, where that has one of its own.
    """

    async def read(request: Request) -> Model:
        _expect(request, "application/json")
        try:
            chosen = spa if spa is not None and generation_of(request) == "spa" else model
            return chosen.model_validate(_parse(await _read(request, JSON_LIMIT)))
        except ValidationError as error:
            raise from_validation(error) from None

    return read


async def uploaded_file(request: Request, name: str, limit: int) -> bytes:
    """Return the content of the file part `name` of a form, at most `limit` bytes."""
    _expect(request, "multipart/form-data")
    body = await _read(request, limit + FORM_OVERHEAD)

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(request.headers, whole(), max_files=8, max_fields=64).parse()
    # The parser also lets errors of odd charsets through, which are value errors.
    except (MultiPartException, ValueError, LookupError) as error:
        raise invalid(f"The body is not a valid multipart form: {error}.", "body_malformed") from None
    try:
        parts = [part for key, part in form.multi_items() if key == name and isinstance(part, UploadFile)]
        if not parts:
            raise invalid(f"The '{name}' parameter is required, as a file part.", "parameter_missing")
        if len(parts) > 1:
            raise invalid(f"The '{name}' parameter was sent more than once; send one file.")
        content = await parts[0].read()
    finally:
        await form.close()
    if len(content) > limit:
        raise _too_large(limit)
    return content


async def form_fields(request: Request) -> dict[str, str]:
    """Return the fields of a form without files, the last of each name."""
    body = await _read(request, FORM_OVERHEAD)
    # A form of a button alone is empty, and not every client gives nothing a type.
    if body or "content-type" in request.headers:
        _expect(request, "application/x-www-form-urlencoded")
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=64))
    except ValueError as error:
        raise invalid(f"The body is not a valid form: {error}.", "body_malformed") from None


def _expect(request: Request, media_type: str) -> None:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != media_type:
        raise ApiError(415, "media_type_unsupported", f"Send the body as {media_type}.")


async def _read(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 15 or int(announced) > limit):
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> ApiError:
    return ApiError(413, "payload_too_large", f"The content is too large; send at most {limit} bytes.")


def _parse(body: bytes) -> Any:
    """Parse strict JSON: UTF-8, no duplicate keys, no NaN, no lone surrogates, bounded depth and digits."""
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
        # A lone surrogate cannot be stored or sent back; the encoder is the quickest one to find it.
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        raise invalid("The body is not UTF-8; encode it so.", "body_malformed") from None
    except UnicodeEncodeError:
        raise invalid("The body has half of a surrogate pair.", "body_malformed") from None
    except RecursionError:
        raise invalid("The body is nested too deeply.", "body_malformed") from None
    except ValueError as error:
        raise invalid(f"The body is not valid JSON: {error}.", "body_malformed") from None
    if not isinstance(document, dict):
        raise invalid("The body must be a JSON object.", "body_malformed")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("an object has the same key twice")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
