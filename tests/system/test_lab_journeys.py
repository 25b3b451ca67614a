"""Whole stays of guests in a lab, by coupon and by identity provider, and the one clock that they all go by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contract_tests.config import Config, load_config
from contract_tests.journeys import Visitor, arrive, redeem, sign_in, to_provider, visitor
from contract_tests.laboratory import Laboratory
from tests.system.own_lab import started
from tests.system.processes import wait_until

SUBNET = "10.5.50.0/24"
DAY = 86400
WEEK = 7 * DAY


class Deployment:
    """A lab of the test's own: its API as the first tenant, its guests and its clock."""

    def __init__(self, config: Config) -> None:
        self.config = config
        (self.site,) = config.sites
        self.laboratory = Laboratory(config.lab)
        assert self.laboratory.clock is not None
        self.clock = self.laboratory.clock
        self.api = httpx2.Client(
            headers={"authorization": f"Bearer {config.target.token}"}, trust_env=False, timeout=30
        )

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """The data of an answer."""
        answer = self.api.request(method, self.config.target.base_url + path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def instance(self, **changes: Any) -> str:
        """An instance that guards the subnet; gives its path."""
        wanted = {"name": "lobby", "strategy": "coupon", "session_ttl": 3600, **changes}
        path = f"/instances/{self.send('POST', '/instances', wanted)['id']}"
        site = {"id": self.site.id, "subnets": [SUBNET]}
        self.send("PUT", path, {**wanted, "sites": [site]})
        return path

    def guest(self) -> Visitor:
        """A guest in the subnet, once it is guarded."""
        assert self.laboratory.guests is not None
        new = visitor(self.laboratory.guests.join(self.site, SUBNET))
        wait_until(lambda: not new.online, "the hotspot is there")
        return new

    def close(self) -> None:
        self.laboratory.close()
        self.api.close()


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with started(tmp_path, "--sites", 1):
        running = Deployment(load_config(tmp_path / "lab.toml", overrides={}, environ={}))
        yield running
        running.close()


def test_a_session_ends_with_its_time(deployment: Deployment) -> None:
    instance = deployment.instance()
    (coupon,) = deployment.send("POST", f"{instance}/coupons", {"count": 1, "minutes_valid": 60})
    guest = deployment.guest()
    redeem(guest, arrive(guest), coupon["code"])
    assert guest.online
    deployment.clock.advance(3500)
    assert guest.online
    deployment.clock.advance(101)
    assert not guest.online
    redeem(guest, arrive(guest), coupon["code"])
    assert not guest.online  # a coupon is good for one session


def test_a_week_passes(deployment: Deployment) -> None:
    instance = deployment.instance()
    (coupon,) = deployment.send("POST", f"{instance}/coupons", {"count": 1, "minutes_valid": WEEK // 60 - 1})
    wanted = {
        "name": "daily",
        "count": 3,
        "recurrence_type": "daily",
        "valid_for_in_minutes": 120,
        "timezone": "UTC",
        "notification_group_id": "ng_1",
    }
    schedule = (
        f"{instance}/coupon-schedules/"
        + deployment.send("POST", f"{instance}/coupon-schedules", wanted)["id"]
    )
    link = deployment.send("GET", f"{schedule}/generate_url")["signed_url"]
    assert httpx2.get(link, trust_env=False).status_code == 200
    assert deployment.send("GET", schedule)["last_run_at"] is None
    now = deployment.clock.advance(WEEK)
    wait_until(lambda: _ran(deployment.send("GET", schedule), now), "the schedule has run", patience=10)
    assert httpx2.get(link, trust_env=False).is_client_error  # a link is good for a while only
    guest = deployment.guest()
    redeem(guest, arrive(guest), coupon["code"])
    assert not guest.online  # and so is a coupon


def _ran(schedule: dict[str, Any], now: datetime) -> bool:
    """Did the schedule run on the day that has come?"""
    last, following = (schedule[name] and datetime.fromisoformat(schedule[name]) for name in _RUNS)
    return bool(last and (now - last).total_seconds() < DAY + 60 and following > now)


_RUNS = ("last_run_at", "next_run_at")


@pytest.mark.parametrize("type_", ["azure", "github", "google"])
def test_a_sign_in_at_every_provider(deployment: Deployment, type_: str) -> None:
    settings = {"client_id": "portal", "client_secret": "hush-hush"}
    if type_ == "azure":
        settings["tenant"] = "contoso"
    integration = deployment.send(
        "POST", "/auth-integrations", {"name": type_, "type": type_, "config": settings}
    )["id"]
    deployment.instance(strategy="oauth2", auth_integration_id=integration, auth_window_ttl=120)
    identity = deployment.config.lab.identity
    assert identity is not None
    host = identity.hosts[type_]
    guest = deployment.guest()
    assert not guest.guest.reaches(*_address(guest, host))
    page = to_provider(guest, arrive(guest), type_, [host])
    assert (page.host, page.status) == (host, 200)
    assert "contoso" in page.url or type_ != "azure"
    ended = sign_in(guest, page, identity.username, [host])
    assert ended.status == 200
    assert guest.online


def _address(guest: Visitor, host: str) -> tuple[str, int]:
    (address,) = guest.guest.resolve(host)
    return address, 80
