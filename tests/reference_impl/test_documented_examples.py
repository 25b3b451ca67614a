"""The reference implementation takes the printed examples as they are, once the objects they name exist."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from PIL import Image

from reference_impl.app import create_app
from reference_impl.settings import SiteSettings
from spec.loader import load_contract
from tests.reference_impl.conftest import Api, TurnedClock, make_settings, running
from tests.spec.documented_examples import (
    CREATION,
    EXAMPLES,
    INSTANCE_ID,
    INTEGRATION_ID,
    PLACEHOLDER_ID,
    RETRIEVAL,
    SITE_ID,
    SUBNET,
    UPLOAD,
    Example,
)

BASES = {"v1": "/captive", "root": "/root", "spa": "/spa"}
INTEGRATION = {"name": "n", "type": "azure", "config": {"client_id": "c", "client_secret": "s"}}


@pytest.fixture
def ids() -> list[str]:
    """The ids that the service gives, in turn."""
    return []


@pytest.fixture
async def app(tmp_path: Path, clock: TurnedClock, ids: list[str]) -> AsyncIterator[FastAPI]:
    settings = make_settings(tmp_path)
    settings = settings.model_copy(update={"sites": [SiteSettings(id=SITE_ID)]})
    async with running(create_app(settings, clock=clock, new_id=lambda: UUID(ids.pop(0)))) as app:
        yield app


async def send(api: Api, example: Example, **options: Any) -> Any:
    """Send an example as it is printed, host aside; its answer must be a success that fits its generation."""
    if example.body is not None:
        options["json"] = example.body
    answer = await api.client.request(example.method, BASES[example.generation] + example.path, **options)
    assert answer.is_success, answer.text
    validator = load_contract(example.generation).success_validator(example.operation, documented_only=False)
    if validator is None:
        assert answer.content == b""
        return answer
    assert validator.errors(answer.json()) == []
    return answer


def logo() -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (120, 80), "#0396d5").save(output, "PNG")
    return output.getvalue()


async def configure(api: Api, ids: list[str]) -> None:
    """Make the integration and the instance that the newer examples name, and give the instance its site."""
    ids += [INTEGRATION_ID, INSTANCE_ID]
    await api.send("POST", "/auth-integrations", json=INTEGRATION)
    body = {"name": "first", "strategy": "oauth2", "session_ttl": 1200, "auth_integration_id": INTEGRATION_ID}
    assert (await api.create(**body))["id"] == INSTANCE_ID
    assert RETRIEVAL.answer is not None
    writable = ("name", "session_ttl", "auth_window_ttl", "terms_text", "sites")
    theme = {name: value for name, value in RETRIEVAL.answer["theme"].items() if value.startswith("#")}
    body |= {name: RETRIEVAL.answer[name] for name in writable} | {"theme": theme}
    answer = await api.send("PUT", f"/instances/{INSTANCE_ID}", json=body)
    assert answer.status_code == 200, answer.text


async def test_the_creation_of_the_oldest_generation(api: Api, ids: list[str]) -> None:
    ids += [PLACEHOLDER_ID, INSTANCE_ID]
    await api.send("POST", "/auth-integrations", json=INTEGRATION)
    created = (await send(api, CREATION)).json()
    assert CREATION.answer is not None
    assert set(created) == set(CREATION.answer)
    assert set(created["theme"]) == set(CREATION.answer["theme"])
    assert CREATION.body is not None
    assert {name: created[name] for name in CREATION.body} == CREATION.body
    assert created["locale"] == CREATION.answer["locale"]


async def test_the_retrieval_of_the_generation_between(api: Api, ids: list[str]) -> None:
    await configure(api, ids)
    read = (await send(api, RETRIEVAL)).json()
    assert RETRIEVAL.answer is not None
    assert set(read) == set(RETRIEVAL.answer)
    own = {"created_at", "preview_url", "theme"}
    assert {name: read[name] for name in read.keys() - own} == {
        name: RETRIEVAL.answer[name] for name in RETRIEVAL.answer.keys() - own
    }
    links = {"logo", "icon"}
    assert {name: value for name, value in read["theme"].items() if name not in links} == {
        name: value for name, value in RETRIEVAL.answer["theme"].items() if name not in links
    }
    assert read["sites"] == [{"id": SITE_ID, "subnets": [SUBNET]}]


async def test_the_upload_of_the_newest_generation(api: Api, ids: list[str]) -> None:
    await configure(api, ids)
    assert UPLOAD.file is not None
    answer = await send(api, UPLOAD, files={UPLOAD.file: ("logo.png", logo(), "image/png")})
    assert answer.status_code == 202
    read = (await send(api, RETRIEVAL)).json()
    assert "/captive/assets/" in read["theme"]["logo"]


def test_there_is_an_example_of_every_generation() -> None:
    assert {example.generation for example in EXAMPLES} == set(BASES)
