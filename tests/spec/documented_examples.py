"""One example of each generation, as its reference prints it: a request, the objects it names, an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PLACEHOLDER_ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
INSTANCE_ID = "9a7f1b2c-3d4e-5f6a-7b8c-9d0e1f2a3b4c"
INTEGRATION_ID = "c4d5e6f7-8a9b-0c1d-2e3f-4a5b6c7d8e9f"
SITE_ID = "a1b2c3d4-e5f6-a7b8-c9d0-e1f2a3b4c5d6"
SUBNET = "192.168.88.0/24"

_COLOURS = (
    "accent_text",
    "accent_color",
    "text_color",
    "secondary_text_color",
    "background_color",
    "border_color",
    "box_color",
)


@dataclass(frozen=True)
class Example:
    """`path` is below the base URL of the generation; `answer` is None where none is printed."""

    generation: str
    operation: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    file: str | None = None  # name of the form part that carries a file
    answer: dict[str, Any] | None = None
    errors: dict[int, dict[str, Any]] = field(default_factory=dict)


CREATION = Example(
    "spa",
    "createInstance",
    "POST",
    "/instances",
    body={
        "name": "<string>",
        "strategy": "oauth2",
        "session_ttl": 123,
        "auth_integration_id": PLACEHOLDER_ID,
    },
    answer={
        "id": PLACEHOLDER_ID,
        "auth_integration_id": PLACEHOLDER_ID,
        "strategy": "oauth2",
        "name": "<string>",
        "session_ttl": 123,
        "auth_window_ttl": 123,
        "coupon_ttl": 123,
        "theme": dict.fromkeys(("logo", "icon", *_COLOURS), "<string>"),
        "terms_text": "<string>",
        "locale": "en",
        "sites": [{"id": PLACEHOLDER_ID, "subnets": ["<string>"]}],
        "created_at": "2023-11-07T05:31:56Z",
        "preview_url": "<string>",
    },
)

RETRIEVAL = Example(
    "root",
    "getInstance",
    "GET",
    f"/instances/{INSTANCE_ID}",
    answer={
        "id": INSTANCE_ID,
        "auth_integration_id": INTEGRATION_ID,
        "strategy": "oauth2",
        "name": "Main Office Guest WiFi",
        "session_ttl": 43200,
        "auth_window_ttl": 300,
        "theme": {
            "logo": "https://api.altostrat.io/captive/assets/.../logo_abc123.png?signature=...",
            "icon": "https://api.altostrat.io/captive/assets/.../icon_def456.png?signature=...",
            "accent_text": "#FFFFFF",
            "accent_color": "#0396d5",
            "text_color": "#4f4f4f",
            "secondary_text_color": "#8f8f8f",
            "background_color": "#f9f9f9",
            "border_color": "#e0e0e0",
            "box_color": "#ffffff",
        },
        "terms_text": "Guests of the office network keep its rules...",
        "sites": [{"id": SITE_ID, "subnets": [SUBNET]}],
        "created_at": "2025-10-29T12:00:00Z",
        "preview_url": "https://captive.altostr.at/preauth?token=eyJpdiI6...",
    },
)

_ERROR = {
    "type": "invalid_request_error",
    "code": "parameter_missing",
    "message": "'name' is missing.",
    "doc_url": "https://docs.altostrat.io/errors/parameter_missing",
}
UPLOAD = Example(
    "v1",
    "uploadInstanceImage",
    "POST",
    f"/instances/{INSTANCE_ID}/images/logo",
    file="file",
    errors=dict.fromkeys((400, 401, 403, 404, 500), _ERROR),
)

EXAMPLES = (CREATION, RETRIEVAL, UPLOAD)
