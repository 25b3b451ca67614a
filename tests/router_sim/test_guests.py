"""Guests over the control API: where they come from, what they ask, how they log in, and the internet they see."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from router_sim.control import control_app
from router_sim.fleet import Fleet
from router_sim.guests.guest import absolute
from router_sim.guests.internet import Internet
from router_sim.reboot import BootTimes
from tests.router_sim.guest_lab import OTHER, PAGE, SITE, GuestLab


class Control:
    def __init__(self, lab: GuestLab, client: httpx2.AsyncClient) -> None:
        self.lab = lab
        self.client = client

    async def get(self, path: str, status: int = 200) -> Any:
        return self._told(await self.client.get(path), status)

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        return self._told(await self.client.post(path, json=body), status)

    async def delete(self, path: str, status: int = 204) -> Any:
        return self._told(await self.client.delete(path), status)

    async def guest(self, **given: str) -> str:
        made = await self.post("/guests", 201, router="r1", interface="bridge-guest", **given)
        return f"/guests/{made['id']}"

    def _told(self, response: httpx2.Response, status: int) -> Any:
        assert response.status_code == status, response.text
        return response.json() if response.content else None


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    async with GuestLab() as lab:
        app = control_app(Fleet({"127.0.4.1": lab.router}, port=0), lab.clock, "t", lab.guests)
        transport = httpx2.ASGITransport(app=app)
        headers = {"Authorization": "Bearer t"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://lab", headers=headers) as client:
            yield Control(lab, client)


async def test_where_a_guest_comes_from(control: Control) -> None:
    made = await control.post(
        "/guests", 201, router="r1", interface="bridge-guest", mac="aa-bb-cc-dd-ee-ff", address="10.5.50.77"
    )
    assert made["mac"] == "AA:BB:CC:DD:EE:FF"
    assert made["address"] == "10.5.50.77"
    assert made["proxy"].startswith("127.0.0.1:")
    (host,) = control.lab.console.rows("/ip/hotspot/host")
    assert (host["mac-address"], host["address"]) == ("AA:BB:CC:DD:EE:FF", "10.5.50.77")

    free = await control.post("/guests", 201, router="r1", subnet="10.5.50.0/24")
    assert free["interface"] == "bridge-guest"
    assert free["address"] == "10.5.50.2", "without a DHCP server it helps itself"
    console = control.lab.console
    console.add("/ip/pool", name="pool", ranges="10.5.50.100-10.5.50.110")
    console.add("/ip/dhcp-server/network", address="10.5.50.0/24", gateway="10.5.50.1")
    console.add("/ip/dhcp-server", name="d", interface="bridge-guest", address_pool="pool", disabled="no")
    leased = await control.post("/guests", 201, router="r1", subnet="10.5.50.0/24", host_name="phone")
    (lease,) = console.rows("/ip/dhcp-server/lease")
    assert (lease["address"], lease["host-name"]) == (leased["address"], "phone")
    assert leased["mac"] == lease["mac-address"]
    found = {row["mac-address"]: row["found-by"] for row in console.rows("/ip/hotspot/host")}
    assert found[leased["mac"]] == "DHCP"
    assert found[free["mac"]] == "ARP 10.5.50.2"

    assert [each["id"] for each in await control.get("/guests")] == [made["id"], free["id"], leased["id"]]
    shown = await control.get(f"/guests/{made['id']}")
    assert shown["status"]["logged_in"] is False
    await control.delete(f"/guests/{made['id']}")
    await control.delete(f"/guests/{made['id']}", 404)
    await control.get(f"/guests/{made['id']}", 404)
    assert "10.5.50.77" not in {row["address"] for row in console.rows("/ip/hotspot/host")}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "router"),
        ({"router": "r9"}, "none named 'r9'"),
        ({"router": "r1"}, "interface or subnet"),
        ({"router": "r1", "interface": "wlan9"}, "wlan9"),
        ({"router": "r1", "subnet": "10.5.50"}, "no network"),
        ({"router": "r1", "subnet": "10.9.0.0/24"}, "no address in"),
        ({"router": "r1", "interface": "bridge-guest", "mac": "x"}, "mac address required"),
        ({"router": "r1", "interface": "bridge-guest", "address": "x"}, "address"),
        ({"router": "r1", "interface": "ether1"}, "no free address"),
        ({"router": ["r1"]}, "text is needed"),
        ({"router": "r1", "interface": "bridge-guest", "address": "10.5.50.1"}, "one of router r1's own"),
        ({"router": "r1", "subnet": "10.5.50.0/24", "hostname": "x"}, "hostname: that is none of router, "),
    ],
)
async def test_who_is_no_guest(control: Control, body: dict[str, Any], words: str) -> None:
    told = await control.post("/guests", 400, **body)
    assert words in told["error"]
    assert await control.get("/guests") == []


async def test_what_a_guest_asks(control: Control) -> None:
    guest = await control.guest(address="10.5.50.20")
    told = await control.post(f"{guest}/request", url="http://site.example/x")
    assert (told["outcome"], told["status"], told["rule"]) == ("redirected", 302, None)
    assert told["location"] == "http://10.5.50.1/login?dst=http%3A%2F%2Fsite.example%2Fx"
    followed = await control.post(f"{guest}/request", url="http://site.example/x", follow=True)
    assert followed["visited"] == ["http://site.example/x", told["location"]]
    assert followed["servlet"] is True
    assert "Sign in" in followed["body_start"]

    assert (await control.post(f"{guest}/request", url="https://site.example/"))["refusal"] == "reset"
    packet = await control.post(f"{guest}/request", address=SITE, port=22)
    assert (packet["outcome"], packet["reached"]) == ("refused", False)
    assert (await control.post(f"{guest}/resolve", name="site.example"))["addresses"] == [SITE]
    assert (await control.post(f"{guest}/resolve", name="nowhere.example"))["addresses"] == []
    console = control.lab.console
    console.run("/ip/hotspot/host/remove", {".id": console.rows("/ip/hotspot/host")[0][".id"]})
    await control.post(f"{guest}/request", address=SITE, port=22)
    found = console.rows("/ip/hotspot/host")[0]["found-by"]
    assert re.fullmatch(r"TCP :\d{5} -> 198\.51\.100\.7:22", found), found

    rule = control.lab.console.add("/ip/hotspot/walled-garden", dst_host="site.example")
    opened = await control.post(f"{guest}/request", url="http://site.example/")
    assert opened["rule"] == {"menu": "/ip/hotspot/walled-garden", "id": rule}
    assert (opened["outcome"], opened["reached"], opened["status"]) == ("allowed", True, 200)
    assert opened["body_start"] == PAGE.decode()
    assert control.lab.console.row("/ip/hotspot/walled-garden", rule)["hits"] == "1"


async def test_a_guest_logs_in_and_out(control: Control) -> None:
    guest = await control.guest(address="10.5.50.20")
    failed = await control.post(f"{guest}/login", username="ann", password="wrong")
    assert failed["logged_in"] is False
    assert failed["error"] == "invalid username or password"
    assert "invalid username or password" in failed["page"]["body_start"]
    done = await control.post(f"{guest}/login", username="ann", password="secret")
    assert (done["logged_in"], done["user"], done["method"]) == (True, "ann", "http-chap")
    assert done["session_time_left"] == 3600
    sent = await control.post(
        f"{guest}/request", url="http://site.example/", method="POST", body="hi", headers={"X-Y": "z"}
    )
    assert sent["body_start"] == "got hi"
    assert b"\r\nx-y: z\r\n" in control.lab.site.asked[-1].lower()
    assert (await control.get(guest))["status"]["bytes_out"] > 0
    missing = await control.post(f"{guest}/request", url="http://other.example/")
    assert (missing["outcome"], missing["reached"], missing["address"]) == ("allowed", False, OTHER)
    out = await control.post(f"{guest}/logout")
    assert out["logged_in"] is False
    assert "You have signed out" in out["page"]["body_start"]

    console = control.lab.console
    server = console.rows("/ip/hotspot")[0][".id"]
    console.run("/ip/hotspot/disable", {".id": server})
    assert (await control.post(f"{guest}/request", address=SITE, port=22))["outcome"] == "open"
    await control.post(f"{guest}/login", 409, username="ann", password="secret")


async def test_a_guest_that_no_longer_answers_is_logged_out(control: Control) -> None:
    guest = await control.guest(address="10.5.50.20")
    await control.post(f"{guest}/login", username="ann", password="secret")
    await control.post(f"{guest}/reachable", answers=False)
    control.lab.clock.advance(121)
    assert control.lab.sessions == [], "the profile's keepalive-timeout is 2m"
    assert (await control.post(f"{guest}/request", url="http://site.example/"))["outcome"] == "redirected"
    await control.post(f"{guest}/reachable", 400, answers="no")


async def test_a_page_may_lead_anywhere(control: Control) -> None:
    guest = await control.guest(address="10.5.50.20")
    page = "$(if http-status == 302)x$(endif)$(if http-header == Location)$(var)$(endif)"
    control.lab.put_file("hotspot/login.html", page)
    login = "http://10.5.50.1/login?var="
    odd = await control.post(f"{guest}/request", url=f"{login}app%3A%2F%2Fopen", follow=True)
    assert odd["visited"][-1] == "app://open"
    assert "no URL" in odd["error"]
    round_ = await control.post(f"{guest}/request", url=f"{login}login%3Fvar%3D", follow=True)
    assert len(round_["visited"]) == 2, "an empty Location leads nowhere"
    control.lab.put_file("hotspot/login.html", page.replace("$(var)", "/login"))
    assert len((await control.post(f"{guest}/request", url=login, follow=True))["visited"]) == 11


async def test_names_that_guests_resolve_are_remembered(control: Control) -> None:
    console = control.lab.console
    console.add("/ip/hotspot/walled-garden/ip", dst_host="*.cdn.example")
    control.lab.internet.name("a.cdn.example", [OTHER])
    guest = await control.guest(address="10.5.50.20")
    assert (await control.post(f"{guest}/request", address=OTHER, port=443))["outcome"] == "refused"
    await control.post(f"{guest}/resolve", name="a.cdn.example")
    assert [row["data"] for row in console.rows("/ip/dns/cache", "name=a.cdn.example")] == [OTHER]
    assert [row["dst-address"] for row in console.rows("/ip/hotspot/walled-garden")] == [OTHER]
    told = await control.post(f"{guest}/request", address=OTHER, port=443)
    assert (told["outcome"], told["rule"]["menu"]) == ("allowed", "/ip/hotspot/walled-garden/ip")


async def test_nothing_passes_a_router_that_starts(control: Control) -> None:
    guest = await control.guest(address="10.5.50.20")
    await control.post(f"{guest}/login", username="ann", password="secret")
    control.lab.router.reboot(times=BootTimes())
    for _ in range(4):
        told = await control.post(f"{guest}/request", url="http://site.example/")
        assert (told["outcome"], told["refusal"]) == ("refused", "dropped")
        assert (await control.post(f"{guest}/resolve", name="site.example"))["addresses"] == []
        control.lab.clock.advance(2.6)
    control.lab.clock.advance(5)
    told = await control.post(f"{guest}/request", url="http://site.example/")
    assert told["outcome"] == "redirected", "sessions do not outlive a reboot"


async def test_a_blocked_guest_gets_nothing(control: Control) -> None:
    guest = await control.guest(address="10.5.50.20", mac="02:00:00:00:00:09")
    control.lab.console.add("/ip/hotspot/ip-binding", mac_address="02:00:00:00:00:09", type="blocked")
    assert (await control.post(f"{guest}/resolve", name="site.example"))["addresses"] == []
    assert (await control.post(f"{guest}/request", url="http://site.example/"))["refusal"] == "dropped"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "address: it is missing"),
        ({"url": "site.example"}, "'site.example' is no URL"),
        ({"url": 5}, "url: text"),
        ({"address": "x", "port": 80}, "'x' is no IPv4 address"),
        ({"address": SITE, "port": "80"}, "port: a number"),
        ({"address": SITE, "port": 99999}, "99999 is no port"),
        ({"address": SITE, "port": 80, "protocol": "tpc"}, "'tpc' is no protocol"),
        ({"url": "http://site.example/", "port": 80}, "and not both"),
        ({"url": "http://site.example/", "headers": []}, "headers: an object"),
        ({"url": "http://site.example/", "headers": {"a b": "c"}}, "headers: one of the names"),
        ({"url": "http://site.example/", "follow": 1}, "follow: true or false"),
        ({"url": "http://site.example/", "verb": "GET"}, "verb: that is none of url, "),
        ({"url": "http://[::1/"}, "'http://[::1/' is no URL"),
        ({"url": "http://site.example:99999/"}, "Port out of range"),
    ],
)
async def test_what_is_no_request(control: Control, body: dict[str, Any], words: str) -> None:
    guest = await control.guest(address="10.5.50.20")
    assert words in (await control.post(f"{guest}/request", 400, **body))["error"]


async def test_a_request_that_no_server_would_get(control: Control) -> None:
    guest = await control.guest(address="10.5.50.20")
    await control.post(f"{guest}/login", username="ann", password="secret")
    told = await control.post(f"{guest}/request", url="http://site.example/", method="G T")
    assert told["reached"] is False
    assert told["error"]
    odd = await control.post(f"{guest}/request", url="http://site.example/", headers={"x": "a\r\nb: c"})
    assert odd["reached"] is False


async def test_the_internet(control: Control) -> None:
    told = await control.post(
        "/internet",
        names={"*.cdn.example": [OTHER], "site.example": []},
        servers=[
            {"address": OTHER, "port": 8080, "host": "127.0.0.1", "real_port": 9},
            {"address": SITE, "port": 443},
        ],
    )
    assert told["names"] == {"other.example": [OTHER], "*.cdn.example": [OTHER]}
    assert {"address": OTHER, "port": 8080, "host": "127.0.0.1", "real_port": 9} in told["servers"]
    assert not any(each["address"] == SITE and each["port"] == 443 for each in told["servers"])
    assert control.lab.internet.resolve("a.b.CDN.example.") == (OTHER,)
    for wrong in (
        {"names": []},
        {"names": {"a": "b"}},
        {"names": {"a": ["b"]}},
        {"servers": [5]},
        {"servers": [{"address": SITE, "port": 0, "host": "127.0.0.1", "real_port": 1}]},
        {"servers": [{"address": SITE, "port": 80, "host": "192.0.2.1", "real_port": 80}]},
        {"servers": [{"address": SITE, "port": 80, "host": "127.0.0.1"}]},
    ):
        assert (await control.post("/internet", 400, **wrong))["error"]
    await control.delete("/internet")
    assert await control.get("/internet") == {"names": {}, "servers": []}


async def test_a_name_that_becomes_known_opens_its_rule(control: Control) -> None:
    control.lab.console.add(
        "/ip/hotspot/walled-garden/ip", dst_host="late.example", dst_port="80", protocol="tcp"
    )
    guest = await control.guest(address="10.5.50.20")
    url = "http://late.example/"
    assert (await control.post(f"{guest}/request", url=url))["outcome"] == "redirected"
    await control.post("/internet", names={"late.example": [SITE]})
    told = await control.post(f"{guest}/request", url=url)
    assert (told["outcome"], told["reached"]) == ("allowed", True)
    assert told["rule"]["menu"] == "/ip/hotspot/walled-garden/ip"
    assert (await control.post(f"{guest}/request", url="https://late.example/"))["outcome"] == "refused"


async def test_without_guests_there_is_no_such_path(control: Control) -> None:
    app = control_app(Fleet({"127.0.4.1": control.lab.router}, port=0), control.lab.clock, "t")
    headers = {"Authorization": "Bearer t"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://lab", headers=headers
    ) as client:
        assert (await client.get("/guests")).status_code == 404


def test_names_are_bounded() -> None:
    with pytest.raises(ValueError, match="characters"):
        Internet().name("", [SITE])
    with pytest.raises(ValueError, match="characters"):
        Internet().name("x" * 300, [SITE])


def test_where_a_location_leads() -> None:
    base = "http://site.example:8080/a/b?c"
    assert absolute("https://x/y", base) == "https://x/y"
    assert absolute("//x/y", base) == "http://x/y"
    assert absolute("/y", base) == "http://site.example:8080/y"
    assert absolute("y", base) == "http://site.example:8080/a/y"
