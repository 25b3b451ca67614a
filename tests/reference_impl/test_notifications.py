"""What notification groups are told of, and what becomes of a webhook that does not listen."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reference_impl.app import create_app
from reference_impl.notifications import Notifier
from reference_impl.settings import NotificationSettings
from reference_impl.signing import LinkSigner
from reference_impl.stores.schedules import Run
from tests.reference_impl.conftest import UNKNOWN, Api, TurnedClock, make_settings, running
from tests.reference_impl.test_coupon_schedules import FIRST, arrange, coupons_of, ran_at, turn_to

RUN = Run(UNKNOWN, "Daily", UNKNOWN, "ng_1", 2, datetime(2026, 1, 2, tzinfo=UTC))


@dataclass
class Webhook:
    """A receiver on loopback that answers with these status codes in turn, then with 204."""

    answers: list[int] = field(default_factory=list)
    url: str = ""
    told: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith("post /groups http/1.1\r\n")
        assert "content-type: application/json\r\n" in head
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        message = json.loads(await reader.readexactly(length))
        status = self.answers.pop(0) if self.answers else 204
        writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await self.told.put({"status": status} | message)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return await self.told.get()


@asynccontextmanager
async def listening(*answers: int) -> AsyncIterator[Webhook]:
    webhook = Webhook(list(answers))
    server = await asyncio.start_server(webhook.serve, "127.0.0.1", 0)
    webhook.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/groups"
    async with server:
        yield webhook


def signer(clock: TurnedClock) -> LinkSigner:
    return LinkSigner("a secret of the tests", "http://192.0.2.80:8080/captive", clock)


async def test_every_run_is_told_with_a_link_to_its_coupons(tmp_path: Path, clock: TurnedClock) -> None:
    async with listening() as webhook:
        settings = make_settings(tmp_path).model_copy(
            update={"notifications": NotificationSettings(url=webhook.url)}
        )
        async with running(create_app(settings, clock=clock)) as app:
            api, nobody = Api(app), Api(app, None)
            path, schedule = await arrange(api)
            await api.send("POST", f"{path}/run")
            message = await webhook.next()
            link = message.pop("signed_url")
            assert message == {
                "status": 204,
                "notification_group_id": "ng_a1b2c3d4e5f6",
                "schedule_id": schedule["id"],
                "schedule_name": "Daily Guest Passes",
                "instance_id": schedule["instance_id"],
                "count": 2,
                "expires_at": "2026-01-02T11:04:05Z",
            }
            shown = await nobody.send("GET", link.removeprefix("http://192.0.2.80:8080/captive"))
            assert shown.json() == await coupons_of(api, path)
            turn_to(clock, FIRST)
            await ran_at(api, path, FIRST)
            assert (await webhook.next())["expires_at"] == "2026-01-02T21:00:00Z"


async def test_a_webhook_that_fails_is_asked_again(
    clock: TurnedClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        listening(500, 429) as webhook,
        Notifier(webhook.url, signer(clock), delays=(0, 0)) as notifier,
    ):
        notifier.tell(RUN)
        assert [(await webhook.next())["status"] for _ in range(3)] == [500, 429, 204]
    assert "ng_1" in caplog.text
    assert "answered 500" in caplog.text


async def test_a_webhook_that_is_away_is_given_up(
    clock: TurnedClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening() as webhook:
        pass
    notifier = Notifier(webhook.url, signer(clock), delays=(0,))
    notifier.tell(RUN)
    async with asyncio.timeout(10):
        while "given up" not in caplog.text:  # noqa: ASYNC110 - a line of a log is what is waited for
            await asyncio.sleep(0.005)
    assert caplog.text.count("ng_1") == 2
    assert "signature" not in caplog.text


async def test_what_is_not_delivered_at_the_end_is_dropped(clock: TurnedClock) -> None:
    async with listening(500) as webhook, Notifier(webhook.url, signer(clock), delays=(3600,)) as notifier:
        notifier.tell(RUN)
        await webhook.next()
    assert webhook.told.empty()


async def test_without_a_webhook_nobody_is_told(clock: TurnedClock) -> None:
    before = asyncio.all_tasks()
    async with Notifier(None, signer(clock)) as notifier:
        notifier.tell(RUN)
        assert asyncio.all_tasks() == before
