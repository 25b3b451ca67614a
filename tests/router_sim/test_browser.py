"""A real browser behind the simulated router: it is sent to the login page, logs in, and is captive again later."""

from __future__ import annotations

import shutil

import pytest
from playwright.async_api import Error, async_playwright

from tests.router_sim.guest_lab import GuestLab

PHONE = {"width": 390, "height": 844}
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
async def test_a_browser_behind_the_router() -> None:
    async with (
        GuestLab(login_by="http-chap", dns_name="login.wifi.example") as lab,
        async_playwright() as playwright,
    ):
        entry = await lab.guest()
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[*ARGUMENTS, f"--proxy-server=http://{entry.proxy.address}"],
        )
        page = await browser.new_page(viewport=PHONE)  # type: ignore[arg-type]  # a TypedDict by its keys
        failed: list[str] = []
        page.on("pageerror", lambda error: failed.append(str(error)))

        async def sign_in(password: str) -> None:
            await page.get_by_label("User name").fill("ann")
            await page.get_by_label("Password").fill(password)
            await page.get_by_role("button", name="Sign in").click()

        # Captive: HTTP leads to the login page, TLS nowhere.
        await page.goto("http://site.example/news?day=1")
        assert page.url == "http://login.wifi.example/login?dst=http%3A%2F%2Fsite.example%2Fnews%3Fday%3D1"
        assert await page.title() == "Sign in to the network"
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], "it fits a phone"
        other = await browser.new_page()
        with pytest.raises(Error, match="ERR_"):
            await other.goto("https://site.example/")
        await other.close()

        # The challenge is answered by the page's script; a wrong password is told, a right one leads on.
        await page.goto("http://site.example/news?day=1")
        await sign_in("wrong")
        await page.get_by_role("alert").wait_for()
        assert await page.get_by_role("alert").inner_text() == "invalid username or password"
        assert await page.get_by_label("User name").input_value() == "ann"
        await sign_in("secret")
        await page.wait_for_url("http://site.example/news?day=1")
        assert await page.inner_text("h1") == "Welcome"
        (session,) = lab.sessions
        assert (session["user"], session["login-by"]) == ("ann", "http-chap")
        assert int(session["bytes-out"]) > 0

        await page.goto("http://login.wifi.example/")
        assert page.url == "http://login.wifi.example/status"
        assert "Signed in as ann" in await page.inner_text("main")

        # The session ends on the router's clock.
        lab.clock.advance(3601)
        await page.goto("http://site.example/")
        assert page.url.startswith("http://login.wifi.example/login?dst=")

        # Without a challenge the page sends the password itself.
        profile = lab.console.rows("/ip/hotspot/profile", "name=p1")[0][".id"]
        lab.console.set("/ip/hotspot/profile", profile, login_by="http-pap")
        await page.reload()
        await sign_in("secret")
        await page.wait_for_url("http://site.example/")
        assert await page.inner_text("h1") == "Welcome"
        assert lab.sessions[0]["login-by"] == "http-pap"

        await page.goto("http://login.wifi.example/status")
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_role("heading", name="You have signed out").wait_for()
        assert lab.sessions == []
        await page.get_by_role("button", name="Sign in again").click()
        await page.get_by_label("Password").wait_for()
        assert failed == []
        await browser.close()
