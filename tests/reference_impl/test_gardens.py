"""What guests without a session reach: walled gardens, identity providers, the router's own pages."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from reference_impl.provisioning.pages import PAGES
from reference_impl.settings import ProviderSettings
from router_sim.fleet import Fleet
from router_sim.guests.guest import SimulatedGuest
from router_sim.guests.messages import HttpRequest, HttpResponse
from router_sim.guests.registry import Guests
from tests.reference_impl.bench import BOTH, FIRST, QUIET, SECOND, Bench
from tests.reference_impl.conftest import OTHER_SITE, SITE

PROVIDER, PRIVATE = "accounts.example.net", "203.0.113.9"
ONE = ("02:00:5E:00:53:01", "10.5.50.9", "bridge-guest")
TWO = ("02:00:5E:00:53:02", "10.5.51.9", "vlan-guest-2")
PAGE = "http://www.example.org/"


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    bench.internet.name(PROVIDER, ["203.0.113.7"])
    bench.internet.name("www.example.org", ["198.51.100.80"])
    async with bench.fleet:
        yield bench


def with_provider(bench: Bench) -> Any:
    google = ProviderSettings(
        authorize_url=f"https://{PROVIDER}/authorize",
        token_url="https://127.0.0.1:9/token",
        user_url="https://127.0.0.1:9/user",
        hosts=(PROVIDER, PRIVATE),
    )
    return bench.settings().model_copy(update={"providers": {"google": google}})


def passes(guest: SimulatedGuest, url: str) -> bool:
    guest.seen()
    return guest.route(url).decision.passes


def configured(bench: Bench) -> dict[str, list[dict[str, str]]]:
    """What is configured, without what the router remembers of names and neighbours."""
    learned = ("/ip/dns", "/ip/dns/cache", "/ip/arp")
    return {menu: rows for menu, rows in bench.configuration().items() if menu not in learned}


async def entry(bench: Bench, address: str, site: str = SITE) -> str:
    body = {"name": "kiosk", "ip_address": address}
    made = await bench.api.send("POST", f"/walled-garden/{site}", json=body)
    assert made.status_code == 201, made.text
    await bench.settle()
    return f"/walled-garden/{site}/{made.json()['id']}"


async def integration(bench: Bench) -> str:
    config = {"client_id": "client", "client_secret": "a client's secret"}
    made = await bench.api.send(
        "POST", "/auth-integrations", json={"name": "g", "type": "google", "config": config}
    )
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_a_garden_entry_opens_and_closes_and_disturbs_nobody(bench: Bench) -> None:
    async with bench.service():
        instance = await bench.create(BOTH)
        before = configured(bench)
        guest, insider = bench.guest(*ONE), bench.guest(*TWO)
        await bench.sessions.admit(SITE, instance, TWO[1], TWO[0])
        bench.written()
        path = await entry(bench, "203.0.113.0/28")
        assert [command for command, _ in bench.written()] == ["/ip/hotspot/walled-garden/ip/add"] * 2
        assert passes(guest, "https://203.0.113.15/")
        assert not passes(guest, "https://203.0.113.16/")
        changed = {"name": "kiosk", "ip_address": "203.0.113.16"}
        assert (await bench.api.send("PUT", path, json=changed)).status_code == 200
        await bench.settle()
        assert not passes(guest, "https://203.0.113.15/")
        assert passes(guest, "https://203.0.113.16/")
        assert (await bench.api.send("DELETE", path)).status_code == 204
        await bench.settle()
        assert not passes(guest, "https://203.0.113.16/")
        assert passes(insider, PAGE)
        assert configured(bench) == before


@pytest.mark.parametrize("address", ["203.0.113.0/24", "203.0.113.7", "203.0.113.7/32", "128.0.0.0/1"])
async def test_every_form_of_address_comes_back_as_it_was_written(bench: Bench, address: str) -> None:
    async with bench.service():
        await bench.create(FIRST)
        await entry(bench, address)
        bench.written()
        bench.provisioning.wake([SITE])
        await bench.settle()
        assert bench.written() == []


async def test_a_garden_is_of_its_site_and_its_account(bench: Bench) -> None:
    """Two routers, and two accounts that share a site."""
    second = bench.make_router("site-2")
    await bench.fleet.close()
    bench.fleet = Fleet({"127.0.1.1": bench.router, "127.0.1.2": second}, port=0)
    async with bench.fleet:
        settings = bench.settings()
        other = settings.sites[0].router.model_copy(update={"host": "127.0.1.2"})
        sites = [
            site.model_copy(update={"router": other}) if site.id == OTHER_SITE else site
            for site in settings.sites
        ]
        async with bench.service(QUIET, settings.model_copy(update={"sites": sites})):
            await bench.create(FIRST)
            there = await bench.create([{"id": OTHER_SITE, "subnets": ["10.5.50.0/24"]}])
            theirs = (await bench.other.create())["id"]
            assert (await bench.other.put(theirs, sites=SECOND)).status_code == 200
            await bench.settle()
            mine, neighbour = bench.guest(*ONE), bench.guest(*TWO)
            elsewhere = bench.guest(*ONE, router=second)
            await entry(bench, "203.0.113.1")
            await entry(bench, "203.0.113.2", OTHER_SITE)
            reached = {
                name: [passes(guest, f"https://203.0.113.{number}/") for number in (1, 2)]
                for name, guest in {"mine": mine, "neighbour": neighbour, "elsewhere": elsewhere}.items()
            }
            assert reached == {"mine": [True, False], "neighbour": [False, False], "elsewhere": [False, True]}
            await bench.sessions.admit(OTHER_SITE, there, ONE[1], ONE[0])
            assert (passes(mine, PAGE), passes(elsewhere, PAGE)) == (False, True)


async def test_the_portal_is_reached_and_nothing_else_of_its_host(bench: Bench) -> None:
    async with bench.service():
        await bench.create(FIRST)
        guest = bench.guest(*ONE)
        assert passes(guest, "http://192.0.2.80:8080/captive/portal/x")
        assert not any(passes(guest, f"{scheme}://192.0.2.80/") for scheme in ("http", "https"))
        assert not guest.packet("192.0.2.80", 8080, "udp").decision.passes


async def test_a_provider_is_reached_through_an_open_window_alone(bench: Bench) -> None:
    urls = (f"https://{PROVIDER}/authorize", f"https://{PRIVATE}/")
    async with bench.service(QUIET, with_provider(bench)):
        instance = await bench.create(BOTH, strategy="oauth2", auth_integration_id=await integration(bench))
        guest, other = bench.guest(*ONE), bench.guest(*TWO)

        def reached() -> list[list[bool]]:
            return [[passes(each, url) for url in urls] for each in (guest, other)]

        shut, opened = [False, False], [True, True]
        assert reached() == [shut, shut]
        await bench.sessions.open_window(SITE, instance, ONE[1], 120)
        assert reached() == [opened, shut]
        assert not passes(guest, PAGE)
        bench.provisioning.wake([SITE])
        await bench.settle()
        assert reached() == [opened, shut]
        bench.clock.turn(seconds=119)
        bench.router.tick()
        assert reached() == [opened, shut]
        bench.clock.turn(seconds=1)
        bench.router.tick()
        assert reached() == [shut, shut]


@pytest.mark.parametrize("end", ["coupon", "moved", "deleted"])
async def test_a_window_goes_with_what_gave_it_a_meaning(bench: Bench, end: str) -> None:
    async with bench.service(QUIET, with_provider(bench)):
        before = configured(bench)
        login = {"strategy": "oauth2", "auth_integration_id": await integration(bench)}
        instance = await bench.create(FIRST, **login)
        guest = bench.guest(*ONE)
        await bench.sessions.open_window(SITE, instance, ONE[1], 900)
        assert passes(guest, f"https://{PROVIDER}/")
        if end == "coupon":
            await bench.put(instance, sites=FIRST)
            assert not passes(guest, f"https://{PROVIDER}/")
            assert len(bench.rows("/ip/hotspot/walled-garden/ip")) == 2
        elif end == "moved":
            await bench.create(FIRST, **login)
            assert not passes(guest, f"https://{PROVIDER}/")
        else:
            await bench.delete(instance)
            assert configured(bench) == before
        assert bench.rows("/ip/firewall/address-list", list=f"pc-window-{instance[:8]}") == []


async def test_guest_actions_need_no_provisioning_in_the_same_process(bench: Bench) -> None:
    async with bench.service():
        instance = await bench.create(FIRST)
    bench.guest(*ONE)
    settings = bench.settings()
    server = settings.server.model_copy(update={"provision": False})
    async with bench.service(QUIET, settings.model_copy(update={"server": server})):
        assert bench.provisioning.reconcilers == []
        bench.written()
        await bench.sessions.admit(SITE, instance, ONE[1], ONE[0])
        assert [guest.active for guest in await bench.sessions.guests(SITE)] == [True]
        assert {command for command, _ in bench.written()} == {"/ip/hotspot/active/login"}


def asked(guest: SimulatedGuest, url: str, form: bytes | None = None) -> HttpResponse:
    """What the router itself answers."""
    headers = {} if form is None else {"content-type": "application/x-www-form-urlencoded"}
    request = HttpRequest("GET" if form is None else "POST", url, headers, form or b"")
    guest.seen()
    route = guest.route(url, request.method)
    assert route.local, url
    return guest.answer(route, request)


async def test_the_router_has_a_page_for_everything_it_sends_a_guest_to(bench: Bench) -> None:
    bench.operate("/ip/hotspot/user/add", name="known", password="word")
    async with bench.service():
        instance = await bench.create(FIRST)
        guest = bench.guest(*ONE)
        home = "http://10.5.50.1"
        captive = asked(guest, PAGE)
        assert (captive.status, captive.header("location")[:23]) == (302, f"{home}/login?")
        login = asked(guest, captive.header("location")).body.decode()
        assert f"/captive/portal/{instance}?site={SITE}&amp;server=pc-{instance[:8]}-10.5.50.1&amp;" in login
        assert "mac=02%3A00%3A5E%3A00%3A53%3A01&amp;ip=10.5.50.9&amp;" in login
        assert "link-orig=http%3A%2F%2Fwww.example.org%2F" in login
        for page in ("status", "logout"):
            answer = asked(guest, f"{home}/{page}")
            assert (answer.status, answer.header("location")) == (302, f"{home}/login")
        # A wrong password leads to the portal again.
        refused = asked(guest, f"{home}/login", b"username=known&password=wrong")
        assert (refused.status, f"/portal/{instance}" in refused.body.decode()) == (200, True)
        let_in = asked(guest, f"{home}/login", b"username=known&password=word&dst=http://www.example.org/")
        assert (let_in.status, let_in.header("location")) == (302, PAGE)
        assert asked(guest, f"{home}/").header("location") == f"{home}/status"
        status = asked(guest, f"{home}/status")
        assert status.status == 200
        assert f'href="{home}/logout"' in status.body.decode()
        left = asked(guest, f"{home}/logout")
        assert left.status == 200
        assert f'href="{home}/login"' in left.body.decode()
        for answer in (captive, refused, let_in, status, left):
            assert b"$(" not in answer.body


def test_no_page_shows_what_a_link_can_hold() -> None:
    for text in PAGES.values():
        # Before the page come the lines that become the status and the Location.
        shown = text.partition("<!doctype html>")[2]
        for variable in ("error", "username", "link-orig", "link-redirect", "link-login)", "dst"):
            assert f"$({variable}" not in shown


async def test_guests_have_the_names_they_gave_the_dhcp_server(bench: Bench) -> None:
    async with bench.service():
        await bench.create(FIRST)
        bench.operate(
            "/ip/dhcp-server/add",
            name="guests",
            interface="bridge-guest",
            address_pool="pool-guest-1",
            disabled="no",
        )
        laboratory = Guests({"site-1": bench.router}.get, bench.internet)
        try:
            joined = (await laboratory.create("site-1", interface="bridge-guest", host_name="phone")).guest
            joined.seen()
            [guest] = await bench.sessions.guests(SITE)
            assert (guest.hostname, guest.ip, guest.mac) == ("phone", joined.who.address, joined.who.mac)
        finally:
            await laboratory.close()
