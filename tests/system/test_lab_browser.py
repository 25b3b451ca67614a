"""A real browser in the lab: captive, through the portal, in at the identity provider, and on to where it wanted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import async_playwright

from contract_tests.lab import LabPlan, lab

SUBNET = "10.5.50.0/24"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--proxy-bypass-list=<-loopback>",
)


@pytest.mark.tool("chromium")
async def test_a_browser_signs_in_at_the_provider(tmp_path: Path) -> None:
    async with lab(LabPlan(sites=1), tmp_path) as running, async_playwright() as playwright:
        config = running.config()
        await provision(config)
        await running.app.state.service.provisioning.settled()
        proxy = await join(config)
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*ARGUMENTS, f"--proxy-server=http://{proxy}"]
        )
        page = await browser.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.set_default_timeout(30_000)

        await page.goto(config["lab"]["website"])
        await page.wait_for_url(f"{config['target']['base_url']}/portal/**")
        await page.get_by_role("button").click()
        await page.wait_for_url("http://accounts.google.lab.test/**")
        await page.get_by_role("button", name=config["lab"]["identity"]["username"]).click()
        await page.wait_for_url(f"{config['target']['base_url']}/**")
        await page.goto(config["lab"]["website"])
        assert "You are on the internet" in await page.inner_text("body")
        assert wrong == []
        await browser.close()


async def provision(config: dict[str, Any]) -> None:
    """An instance whose guests sign in with Google guards the subnet."""
    headers = {"authorization": f"Bearer {config['target']['token']}"}
    base_url = config["target"]["base_url"]
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as api:
        settings = {"client_id": "portal", "client_secret": "hush-hush"}
        answer = await api.post(
            f"{base_url}/auth-integrations", json={"name": "Google", "type": "google", "config": settings}
        )
        wanted = {
            "name": "lobby",
            "strategy": "oauth2",
            "auth_integration_id": answer.json()["id"],
            "session_ttl": 3600,
            "auth_window_ttl": 300,
        }
        instance = (await api.post(f"{base_url}/instances", json=wanted)).json()["id"]
        site = {"id": config["sites"][0]["id"], "subnets": [SUBNET]}
        answer = await api.put(f"{base_url}/instances/{instance}", json={**wanted, "sites": [site]})
        assert answer.is_success, answer.text


async def join(config: dict[str, Any]) -> str:
    """A guest in the subnet; the address of the proxy that its browser uses."""
    headers = {"authorization": f"Bearer {config['lab']['token']}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as control:
        answer = await control.post(config["lab"]["guests"], json={"router": "site-1", "subnet": SUBNET})
        return str(answer.json()["proxy"])
