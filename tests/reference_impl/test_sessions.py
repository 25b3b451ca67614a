"""Single guests on simulated routers: admission, login windows, who is there, and the end of sessions."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from reference_impl.provisioning import sessions as guest_sessions
from reference_impl.provisioning.sessions import (
    GuestSessions,
    NotAdmittedError,
    RouterGuest,
    RouterUnreachableError,
)
from router_sim.faults import Fault
from tests.reference_impl.bench import BOTH, FIRST, QUIET, SECOND, Bench
from tests.reference_impl.conftest import OTHER_SITE, SITE

MAC, IP = "02:00:5E:00:53:01", "10.5.50.9"
OTHER_MAC, OTHER_IP = "02:00:5E:00:53:02", "10.5.51.9"


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    async with bench.fleet, bench.service():
        yield bench


async def open_house(bench: Bench, sites: list[Any] = FIRST, **changes: Any) -> str:
    """Create an instance; whatever its servers guard, a device comes to each of the two networks."""
    instance = await bench.create(sites, **changes)
    bench.router.associate(MAC, IP, "bridge-guest")
    bench.router.associate(OTHER_MAC, OTHER_IP, "vlan-guest-2")
    return instance


@pytest.fixture
def sessions(bench: Bench) -> GuestSessions:
    return bench.sessions


async def test_an_admitted_guest_has_a_session_for_the_ttl(bench: Bench, sessions: GuestSessions) -> None:
    instance = await open_house(bench, session_ttl=1200)
    await sessions.admit(SITE, instance, IP, MAC.lower().replace(":", "-"))
    [active] = bench.rows("/ip/hotspot/active")
    assert (active["address"], active["mac-address"], active["session-time-left"]) == (IP, MAC, "20m")
    bench.clock.turn(seconds=1199)
    bench.router.tick()
    assert len(bench.rows("/ip/hotspot/active")) == 1
    bench.clock.turn(seconds=1)
    bench.router.tick()
    assert bench.rows("/ip/hotspot/active") == []
    # Nothing that would let the guest in again without the portal is left behind.
    assert bench.rows("/ip/hotspot/cookie") == []
    assert bench.router.hotspot.seen(MAC, IP, "bridge-guest")
    assert bench.rows("/ip/hotspot/active") == []


async def test_a_silent_guest_keeps_the_session(bench: Bench, sessions: GuestSessions) -> None:
    instance = await open_house(bench, session_ttl=1200)
    await sessions.admit(SITE, instance, IP, MAC)
    bench.router.hotspot.traffic(MAC, IP, bytes_in=1000, packets_in=1)
    bench.router.hotspot.reachable(MAC, False)
    bench.clock.turn(seconds=1199)
    bench.router.tick()
    assert [guest.session_time_left for guest in await sessions.guests(SITE) if guest.active] == [1]


async def test_a_second_admission_keeps_the_session(bench: Bench, sessions: GuestSessions) -> None:
    instance = await open_house(bench, session_ttl=1200)
    await sessions.admit(SITE, instance, IP, MAC)
    bench.clock.turn(seconds=600)
    await sessions.admit(SITE, instance, IP, MAC)
    [active] = bench.rows("/ip/hotspot/active")
    assert active["session-time-left"] == "10m"


async def test_a_changed_ttl_is_for_later_sessions(bench: Bench, sessions: GuestSessions) -> None:
    instance = await open_house(bench, session_ttl=1200)
    await sessions.admit(SITE, instance, IP, MAC)
    bench.clock.turn(seconds=600)
    await bench.put(instance, sites=FIRST, session_ttl=7200)
    bench.router.associate(OTHER_MAC, "10.5.50.10", "bridge-guest")
    await sessions.admit(SITE, instance, "10.5.50.10", OTHER_MAC)
    left = {row["address"]: row["session-time-left"] for row in bench.rows("/ip/hotspot/active")}
    assert left == {IP: "10m", "10.5.50.10": "2h"}


@pytest.mark.parametrize(
    ("ip", "mac", "reason"),
    [
        (IP, OTHER_MAC, "another device"),
        ("10.5.50.77", MAC, "no device"),
        (OTHER_IP, OTHER_MAC, "no device"),
        ("nonsense", MAC, "no IPv4 address"),
        ("", "", "no IPv4 address"),
    ],
)
async def test_only_a_guest_who_is_there_is_admitted(
    bench: Bench, sessions: GuestSessions, ip: str, mac: str, reason: str
) -> None:
    instance = await open_house(bench)
    with pytest.raises(NotAdmittedError, match=reason):
        await sessions.admit(SITE, instance, ip, mac)
    assert bench.rows("/ip/hotspot/active") == []


async def test_the_guests_of_another_instance_are_not_admitted(bench: Bench, sessions: GuestSessions) -> None:
    one, two = await open_house(bench), await open_house(bench, SECOND)
    for instance, ip, mac in ((two, IP, MAC), (one, OTHER_IP, OTHER_MAC)):
        with pytest.raises(NotAdmittedError, match="no device"):
            await sessions.admit(SITE, instance, ip, mac)
        with pytest.raises(NotAdmittedError, match="no device"):
            await sessions.open_window(SITE, instance, ip, 300)
    await sessions.admit(SITE, one, IP, MAC)
    assert {guest.instance: guest.active for guest in await sessions.guests(SITE)} == {
        one[:8]: True,
        two[:8]: False,
    }


async def test_a_refused_login_is_told_with_the_reason(bench: Bench, sessions: GuestSessions) -> None:
    instance = await open_house(bench)
    bench.operate("/ip/hotspot/user/set", numbers=f"pc-{instance[:8]}-10.5.50.1", disabled="yes")
    with pytest.raises(NotAdmittedError, match="refused the login: invalid username or password"):
        await sessions.admit(SITE, instance, IP, MAC)


async def test_a_login_window_opens_once_and_closes_by_itself(bench: Bench, sessions: GuestSessions) -> None:
    instance = await open_house(bench)
    await sessions.open_window(SITE, instance, IP, 120)
    bench.clock.turn(seconds=60)
    await sessions.open_window(SITE, instance, IP, 120)
    [window] = bench.rows("/ip/firewall/address-list", list=f"pc-window-{instance[:8]}")
    assert (window["address"], window["timeout"]) == (IP, "1m")
    assert window["comment"] == f"portal-contract:{instance}"
    bench.clock.turn(seconds=60)
    bench.router.tick()
    assert bench.rows("/ip/firewall/address-list", list=f"pc-window-{instance[:8]}") == []


async def test_closing_a_window_closes_that_guests_only(bench: Bench, sessions: GuestSessions) -> None:
    instance = await open_house(bench, BOTH)
    for ip in (IP, OTHER_IP):
        await sessions.open_window(SITE, instance, ip, 300)
    bench.operate("/ip/firewall/address-list/add", list=f"pc-window-{instance[:8]}", address="10.5.50.99")
    await sessions.close_window(SITE, instance, IP)
    await sessions.close_window(SITE, instance, IP)
    await sessions.close_window(SITE, instance, "10.5.50.99")
    left = bench.rows("/ip/firewall/address-list", list=f"pc-window-{instance[:8]}")
    # The last one is not ours.
    assert {row["address"] for row in left} == {OTHER_IP, "10.5.50.99"}


async def test_guests_are_told_with_names_and_the_time_they_have(
    bench: Bench, sessions: GuestSessions
) -> None:
    instance = await open_house(bench, session_ttl=3600)
    bench.router.associate("02:00:5E:00:53:03", "172.20.0.9", "vlan-office")
    bench.operate("/ip/dhcp-server/add", name="guests", interface="bridge-guest", disabled="no")
    assert await sessions.guests(SITE) == [RouterGuest(instance[:8], MAC, IP, None, False, None)]
    await sessions.admit(SITE, instance, IP, MAC)
    bench.clock.turn(seconds=90)
    assert await sessions.guests(SITE) == [RouterGuest(instance[:8], MAC, IP, None, True, 3510)]


async def test_an_ended_session_is_over_at_once(bench: Bench, sessions: GuestSessions) -> None:
    instance = await open_house(bench)
    await sessions.admit(SITE, instance, IP, MAC)
    assert not await sessions.end(SITE, IP, OTHER_MAC)
    assert await sessions.end(SITE, IP, MAC)
    assert not await sessions.end(SITE, IP, MAC)
    assert [guest.active for guest in await sessions.guests(SITE)] == [False]


async def test_a_session_at_an_operators_hotspot_is_not_ended(bench: Bench, sessions: GuestSessions) -> None:
    await open_house(bench)
    bench.router.associate("02:00:5E:00:53:03", "172.20.0.9", "vlan-office")
    bench.operate("/ip/hotspot/active/login", user="visitor", password="welcome", ip="172.20.0.9")
    assert not await sessions.end(SITE, "172.20.0.9", "02:00:5E:00:53:03")
    assert len(bench.rows("/ip/hotspot/active")) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "half_sentence"])
@pytest.mark.parametrize(
    "path", ["/ip/hotspot/host/print", "/ip/hotspot/active/login", "/ip/hotspot/active/remove", "*-list/*"]
)
async def test_a_lost_connection_is_not_the_guests_business(
    bench: Bench, sessions: GuestSessions, kind: str, path: str
) -> None:
    instance = await open_house(bench)
    bench.fleet.faults.add(Fault(kind=kind, path=path, count=1))
    await sessions.open_window(SITE, instance, IP, 300)
    await sessions.admit(SITE, instance, IP, MAC)
    await sessions.close_window(SITE, instance, IP)
    assert len(bench.rows("/ip/hotspot/active")) == 1
    assert await sessions.end(SITE, IP, MAC)
    assert bench.fleet.faults.active() == []
    assert bench.rows("/ip/hotspot/active") == []
    assert bench.rows("/ip/firewall/address-list", list=f"pc-window-{instance[:8]}") == []


async def test_a_router_that_restarted_ends_sessions_and_serves_again(
    bench: Bench, sessions: GuestSessions
) -> None:
    instance = await open_house(bench)
    before = bench.configuration()
    await sessions.open_window(SITE, instance, IP, 300)
    await sessions.admit(SITE, instance, IP, MAC)
    bench.operate("/system/reboot")
    bench.clock.turn(minutes=5)
    bench.router.tick()
    assert bench.rows("/ip/hotspot/active") == []
    with pytest.raises(NotAdmittedError, match="no device"):
        await sessions.admit(SITE, instance, IP, MAC)
    bench.router.associate(MAC, IP, "bridge-guest")
    await sessions.admit(SITE, instance, IP, MAC)
    assert len(bench.rows("/ip/hotspot/active")) == 1
    bench.provisioning.wake([SITE])
    await bench.settle()
    for menu in (
        "/ip/hotspot",
        "/ip/hotspot/profile",
        "/ip/hotspot/walled-garden/ip",
        "/ip/firewall/address-list",
    ):
        assert bench.rows(menu) == before[menu]


async def test_who_cannot_be_asked_is_told_in_time(
    bench: Bench, sessions: GuestSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = await open_house(bench)
    with pytest.raises(RouterUnreachableError, match="has no router"):
        await sessions.guests(OTHER_SITE)
    monkeypatch.setattr(guest_sessions, "PATIENCE", 0.1)
    bench.fleet.faults.add(Fault(kind="latency", path="/ip/hotspot/host/print", delay=600, count=2))
    with pytest.raises(RouterUnreachableError, match="TimeoutError"):
        await sessions.admit(SITE, instance, IP, MAC)
    monkeypatch.undo()
    bench.fleet.faults.clear()
    await bench.fleet.close()
    with pytest.raises(RouterUnreachableError, match=r"router 127\.0\.1\.1"):
        await sessions.admit(SITE, instance, IP, MAC)


async def test_a_refused_question_counts_as_no_answer(bench: Bench, sessions: GuestSessions) -> None:
    instance = await open_house(bench)
    bench.fleet.faults.add(Fault(kind="trap", path="/ip/firewall/address-list/add", count=1))
    with pytest.raises(RouterUnreachableError, match="injected"):
        await sessions.open_window(SITE, instance, IP, 300)
    await sessions.open_window(SITE, instance, IP, 300)


async def test_the_sites_of_one_router_have_guests_of_their_own(bench: Bench) -> None:
    settings = bench.settings()
    sites = [site.model_copy(update={"router": settings.sites[0].router}) for site in settings.sites]
    async with bench.service(QUIET, settings.model_copy(update={"sites": sites})):
        one = await open_house(bench)
        two = await open_house(bench, [{"id": OTHER_SITE, "subnets": ["10.5.51.0/24"]}])
        for site, mine, theirs in ((SITE, one, two), (OTHER_SITE, two, one)):
            assert {guest.instance for guest in await bench.sessions.guests(site)} == {mine[:8]}
            with pytest.raises(NotAdmittedError):
                await bench.sessions.admit(site, theirs, IP, MAC)
        await bench.sessions.admit(OTHER_SITE, two, OTHER_IP, OTHER_MAC)
        assert not await bench.sessions.end(SITE, OTHER_IP, OTHER_MAC)
        assert await bench.sessions.end(OTHER_SITE, OTHER_IP, OTHER_MAC)


async def test_the_login_page_names_the_site_whose_server_shows_it(bench: Bench) -> None:
    settings = bench.settings()
    sites = [site.model_copy(update={"router": settings.sites[0].router}) for site in settings.sites]
    async with bench.service(QUIET, settings.model_copy(update={"sites": sites})):
        instance = await open_house(bench, [*FIRST, {"id": OTHER_SITE, "subnets": ["10.5.51.0/24"]}])
        for gateway, site in (("10.5.50.1", SITE), ("10.5.51.1", OTHER_SITE)):
            [profile] = bench.rows("/ip/hotspot/profile", name=f"pc-{instance[:8]}-{gateway}")
            [page] = bench.rows("/file", name=f"{profile['html-directory']}/login.html")
            assert f"?site={site}&amp;" in page["contents"]
        await bench.sessions.admit(SITE, instance, IP, MAC)
        await bench.sessions.admit(OTHER_SITE, instance, OTHER_IP, OTHER_MAC)
