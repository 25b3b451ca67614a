"""Guests of the lab with a real browser: sent to the portal, logged in, on the internet, and captive again."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from contract_tests.lab import Lab, LabPlan
from contract_tests.lab import lab as run_lab
from contract_tests.lab_identity import USERNAME
from contract_tests.lab_website import WEBSITE

PHONE = {"width": 375, "height": 667}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TERMS = "Be kind to the others.\n" * 12
WANTED = f"http://{WEBSITE}/news"
PATIENCE = 20_000  # milliseconds for a page to show something, on a machine that has other things to do


class Hands:
    """What the owner of the lab's first site does through the API, and to the clock."""

    def __init__(self, lab: Lab, http: httpx2.AsyncClient) -> None:
        self.lab = lab
        self.site = lab.settings.sites[0]
        self.http = http

    async def call(self, method: str, path: str, **body: Any) -> Any:
        answer = await self.http.request(method, f"{self.lab.base_url}{path}", json=body or None)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def instance(self, subnet: int, name: str, strategy: str, **changes: Any) -> str:
        first = {"name": name, "strategy": strategy, "session_ttl": 3600}
        first |= {key: changes.pop(key) for key in ("auth_integration_id",) if key in changes}
        made = await self.call("POST", "/instances", **first)
        sites = [{"id": self.site.id, "subnets": [self.site.subnets[subnet]]}]
        await self.call("PUT", f"/instances/{made['id']}", **first, sites=sites, **changes)
        await self.lab.app.state.service.provisioning.settled()
        return str(made["id"])

    async def coupon(self, instance: str) -> str:
        made = await self.call("POST", f"/instances/{instance}/coupons", count=1, minutes_valid=10)
        return str(made[0]["code"])

    async def guest(self, subnet: int) -> dict[str, Any]:
        answer = await self.http.post(
            self.lab.control.url + "/guests",
            json={"router": "site-1", "subnet": self.site.subnets[subnet]},
            headers={"Authorization": f"Bearer {self.lab.control_token}"},
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def users(self) -> list[dict[str, Any]]:
        return list(await self.call("GET", f"/site-users/{self.site.id}"))


@asynccontextmanager
async def hands_on(directory: Path) -> AsyncIterator[Hands]:
    async with run_lab(LabPlan(sites=1), directory) as lab:
        headers = {"Authorization": f"Bearer {lab.settings.tenants[0].token}"}
        async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http:
            yield Hands(lab, http)


@asynccontextmanager
async def device(browser: Browser, guest: dict[str, Any], **options: Any) -> AsyncIterator[BrowserContext]:
    """A device of its own: what it keeps is its own, and so is its way through the router."""
    proxy = {"server": f"http://{guest['proxy']}", "bypass": "<-loopback>"}
    context = await browser.new_context(proxy=proxy, **options)  # type: ignore[arg-type]  # a TypedDict by its keys
    try:
        yield context
    finally:
        await context.close()


async def shot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look, and see to it that nothing is wider than the screen."""
    if directory := os.environ.get("PORTAL_CONTRACT_SHOTS"):
        await page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)
    size = page.viewport_size
    assert size is not None
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"], name


@pytest.mark.tool("chromium")
async def test_guests_with_browsers(tmp_path: Path) -> None:
    async with hands_on(tmp_path) as hands, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(ARGUMENTS)
        )
        expect.set_options(timeout=PATIENCE)
        await by_coupon(hands, browser)
        await by_provider(hands, browser)
        await browser.close()


async def by_coupon(hands: Hands, browser: Browser) -> None:
    instance = await hands.instance(0, "Café Zur Post", "coupon", terms_text=TERMS)
    code, late = await hands.coupon(instance), await hands.coupon(instance)
    async with device(browser, await hands.guest(0), viewport=PHONE) as phone:
        page = await phone.new_page()
        await page.goto(WANTED)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Café Zur Post")
        await shot(page, "1-portal-phone")

        field = page.get_by_label("Access code")
        terms = page.get_by_role("checkbox", name="I accept the terms of use")
        connect = page.get_by_role("button", name="Connect")
        await field.fill("ZZZZZZ")
        await terms.check()
        await connect.click()
        await expect(page.get_by_role("alert")).to_contain_text("There is no such code")
        await expect(field).to_be_focused()
        await expect(field).to_have_accessible_description(
            "There is no such code. Look for a typing error. "
            "Six letters and digits, as they stand on your coupon"
        )
        await expect(terms).to_be_checked()
        await shot(page, "2-unknown-code-phone")

        await field.fill(f" {code.lower()[:3]} {code.lower()[3:]}")
        await field.press("Enter")
        await expect(page.get_by_role("heading", name="You are connected")).to_be_visible()
        await shot(page, "3-connected-phone")
        await page.reload()
        await page.get_by_role("link", name=f"Continue to {WEBSITE}").click()
        await expect(page.locator("body")).to_contain_text(f"You are on the internet, at {WANTED}")
        [user] = await hands.users()
        assert (user["instance_id"], user["active"]) == (instance, True)

        hands.lab.clock.advance(3601)
        await page.goto(WANTED)
        await expect(page.get_by_role("button", name="Connect")).to_be_visible()
        assert [user["active"] for user in await hands.users()] == [False]

        await terms.check()
        await field.fill(late)
        await connect.click()
        await expect(page.get_by_role("alert")).to_contain_text("This code has expired")
        await shot(page, "4-expired-phone")
        await field.fill(code)
        await connect.click()
        await expect(page.get_by_role("alert")).to_contain_text("already been used")

    # Pages are whole without scripts; the browser itself sees to what is required.
    guest = await hands.guest(0)
    async with device(
        browser, guest, java_script_enabled=False, viewport={"width": 1200, "height": 800}
    ) as tablet:
        page = await tablet.new_page()
        await page.goto(WANTED)
        await page.get_by_label("Access code").fill(await hands.coupon(instance))
        await page.get_by_role("button", name="Connect").click()
        assert "/connected" not in page.url
        await page.get_by_role("checkbox").check()
        await page.get_by_role("button", name="Connect").click()
        await expect(page.get_by_role("heading", name="You are connected")).to_be_visible()


async def by_provider(hands: Hands, browser: Browser) -> None:
    integration = await hands.call(
        "POST",
        "/auth-integrations",
        name="Staff and friends",
        type="google",
        config={"client_id": "portal", "client_secret": "a secret of the test"},
    )
    theme = {
        "box_color": "#202124",
        "text_color": "#303030",
        "accent_color": "#FFD54F",
        "background_color": "#101114",
    }
    await hands.instance(
        1, "مقهى البريد", "oauth2", auth_integration_id=integration["id"], theme=theme, auth_window_ttl=120
    )
    async with device(browser, await hands.guest(1), viewport=PHONE) as phone:
        page = await phone.new_page()
        await page.goto(WANTED)
        button = page.get_by_role("button", name="Sign in with Google")
        await expect(button).to_be_visible()
        await shot(page, "5-provider-phone")
        await button.click()
        await page.wait_for_url("http://accounts.google.lab.test/**")
        await page.get_by_role("button", name=USERNAME).click()
        await expect(page.get_by_role("heading", name="You are connected")).to_be_visible()
        await shot(page, "6-connected-dark-phone")
        assert await phone.cookies(hands.lab.base_url + "/callback") == []
        await page.get_by_role("link", name=f"Continue to {WEBSITE}").click()
        await expect(page.locator("body")).to_contain_text(f"You are on the internet, at {WANTED}")

    async with device(browser, await hands.guest(1), viewport=PHONE) as phone:
        page = await phone.new_page()
        await page.goto(WANTED)
        await page.get_by_role("button", name="Sign in with Google").click()
        await page.get_by_role("button", name="Deny").click()
        await expect(page.get_by_role("alert")).to_have_text("You did not finish signing in.")
        await shot(page, "7-declined-phone")
        await page.goto(WANTED)
        await expect(page.get_by_role("button", name="Sign in with Google")).to_be_visible()
        assert len([user for user in await hands.users() if user["active"]]) == 2


async def test_trials_at_every_provider(tmp_path: Path) -> None:
    """The link of an integration leads through the sign-in of its provider, whichever that is."""
    async with hands_on(tmp_path) as hands:
        for type_, port in hands.lab.identity.ports.items():
            config = {"client_id": "portal", "client_secret": "a secret of the test"}
            made = await hands.call("POST", "/auth-integrations", name=type_, type=type_, config=config)
            async with httpx2.AsyncClient(trust_env=False, timeout=30) as browser:
                answer = await browser.get(made["test_url"])
                assert answer.status_code == 303, answer.text
                page = httpx2.URL(answer.headers["location"])
                assert page.host == hands.lab.identity.hosts[type_]
                # Who runs the network is not behind a router of the lab, and its names lead nowhere from here.
                answer = await browser.post(
                    page.copy_with(host="127.0.0.1", port=port), data={"sub": USERNAME}
                )
                assert answer.status_code == 302, answer.text
                answer = await browser.get(answer.headers["location"])
                assert answer.status_code == 200, answer.text
                assert f"You are {USERNAME}. Nobody was admitted." in answer.text
        assert await hands.users() == []
