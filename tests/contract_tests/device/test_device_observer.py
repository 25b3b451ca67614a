"""The observer against a simulated router over TCP: what it reads, records, waits for and survives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from contract_tests.device import console, judge, judge_writes
from contract_tests.device.judge import Finding
from contract_tests.device.observer import Observer, ObserverError, RouterAddress
from contract_tests.device.snapshot import Snapshot, differences
from contract_tests.events import DeviceWrite
from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.faults import Fault
from router_sim.fleet import Fleet
from router_sim.router import Router
from router_sim.seed import lab_router
from spec.device_contract import DeviceContract, ObservedMenu

ADDRESS = "127.0.1.1"
PASSWORD = "lab"
SUBNET = "10.5.50.0/24"
START = datetime(2026, 1, 1, tzinfo=UTC)
OPERATOR = Origin("operator", "192.0.2.9")


def still_clock() -> VirtualClock:
    """A clock that moves only when it is told to."""
    return VirtualClock(START, monotonic=lambda: 0.0)


def site_router(clock: VirtualClock) -> Router:
    return lab_router("r1", clock=clock, password=PASSWORD)


def do(router: Router, command: str, **attributes: str) -> str:
    """Runs a command on the router itself; gives the id of what it added."""
    given = {name.replace("__", ".").replace("_", "-"): value for name, value in attributes.items()}
    return router.execute(Command(command, given), OPERATOR).ret or ""


@dataclass
class Site:
    """A simulated router, the fleet that serves it, and an observer that is connected to it."""

    router: Router
    fleet: Fleet
    observer: Observer
    clock: VirtualClock

    def do(self, command: str, **attributes: str) -> str:
        return do(self.router, command, **attributes)

    async def recorded(self, since: int = 0) -> list[tuple[str, str, str]]:
        await self.observer.drain(quiet=0)
        return [(write.menu, write.change, write.id) for write in self.observer.writes(since)]


@pytest.fixture
async def site(contract: DeviceContract) -> AsyncIterator[Site]:
    clock = still_clock()
    router = site_router(clock)
    async with Fleet({ADDRESS: router}, port=0) as fleet:
        address = RouterAddress(ADDRESS, fleet.port, "admin", PASSWORD)
        observer = Observer("Lab", address, contract, timeout=5.0, now=lambda: START)
        await observer.connect()
        yield Site(router, fleet, observer, clock)
        await observer.close()


ODD = b"caf\xe9".decode("utf-8", "surrogateescape")


async def test_a_snapshot_is_what_the_router_prints(site: Site, contract: DeviceContract) -> None:
    comments = ["yes", "007", "7", 'café "quoted"\r\n', ODD, "a=b"]
    for number, comment in enumerate(comments):
        site.do("/ip/hotspot/user/add", name=f"u{number}", comment=comment)
    site.do("/file/add", name="login.html", contents="<p>ö</p>")
    snapshot = await site.observer.snapshot()
    printed = site.router.snapshot()
    assert list(snapshot.menus) == list(contract.menus)
    for menu in contract.menus.values():
        shown = ({".id", *menu.proplist}) if menu.proplist else None
        expected = [
            {name: value for name, value in row.items() if shown is None or name in shown}
            for row in printed[menu.path]
        ]
        assert [dict(row) for row in snapshot.rows(menu.path)] == expected, menu.path
    assert [row["comment"] for row in snapshot.rows(judge.USERS)[-len(comments) :]] == comments
    assert snapshot.rows("/file")[-1]["contents"] == "<p>ö</p>"


async def test_a_router_without_a_menu_is_observed_without_it(site: Site, contract: DeviceContract) -> None:
    extra = ObservedMenu("/ip/nonsense", frozenset())
    wider = replace(contract, menus={extra.path: extra, **contract.menus})
    address = RouterAddress(ADDRESS, site.fleet.port, "admin", PASSWORD)
    observer = Observer("Lab", address, wider)
    await observer.connect()
    start = await observer.snapshot()
    assert start.rows(extra.path) == ()
    assert len(start.rows(judge.USERS)) == 3
    site.do("/ip/hotspot/user/add", name="x")
    assert await observer.consistent(start, 0)
    assert len(observer.writes()) == 1
    await observer.close()


async def test_changes_are_recorded_in_order_across_menus(site: Site) -> None:
    site.observer.test = "test::one"
    profile = site.do("/ip/hotspot/profile/add", name="p")
    server = site.do("/ip/hotspot/add", name="s", interface="bridge-guest", profile="p", disabled="no")
    user = site.do("/ip/hotspot/user/add", name="u", password="a-password", server="s")
    site.do("/ip/hotspot/profile/set", __id=profile, login_by="http-pap")
    site.do("/ip/hotspot/user/remove", __id=user)
    site.do("/ip/dns/set", servers="192.0.2.1")
    assert await site.recorded() == [
        ("/ip/hotspot/profile", "added", profile),
        ("/ip/hotspot", "added", server),
        ("/ip/hotspot/user", "added", user),
        ("/ip/hotspot/profile", "changed", profile),
        ("/ip/hotspot/user", "removed", user),
        ("/ip/dns", "changed", ""),
    ]
    writes = site.observer.writes()
    assert {write.test for write in writes} == {"test::one"}
    assert {write.at for write in writes} == {"2026-01-01T00:00:00.000Z"}
    assert writes[3].record["login-by"] == "http-pap"
    assert writes[4].record["name"] == "u"  # the last record known of what was removed
    assert writes[2].record["password"] == console.REDACTED
    assert "a-password" not in repr(writes)


async def test_a_mark_parts_earlier_writes_from_later_ones(site: Site) -> None:
    site.do("/ip/hotspot/user/add", name="a")
    await site.observer.drain(quiet=0)
    mark = site.observer.mark()
    later = site.do("/ip/hotspot/user/add", name="b")
    assert await site.recorded(mark) == [(judge.USERS, "added", later)]
    assert len(site.observer.writes()) == 2


async def test_a_write_that_changes_nothing_is_a_write(site: Site, contract: DeviceContract) -> None:
    before = await site.observer.snapshot()
    site.do("/ip/hotspot/set", __id="*1", name="office-hotspot")
    assert await site.recorded() == [(judge.SERVERS, "changed", "*1")]
    assert differences(before, await site.observer.snapshot(), contract) == ()
    assert not judge_writes.no_writes(site.observer.writes(), contract, before).ok


@pytest.mark.parametrize("stayed", [0, 5])
async def test_guests_coming_and_going_is_no_write(
    site: Site, contract: DeviceContract, stayed: float
) -> None:
    site.do("/ip/hotspot/add", name="s", interface="bridge-guest", disabled="no")
    site.do("/ip/hotspot/user/add", name="u", password="p")
    await site.observer.drain(quiet=0)
    start, mark = await site.observer.snapshot(), site.observer.mark()
    site.router.associate("02:00:00:00:00:01", "10.5.50.9", "bridge-guest")
    site.do("/ip/hotspot/active/login", user="u", password="p", ip="10.5.50.9")
    during = await site.observer.snapshot()
    assert not judge.sessions_over(during, start, ["s"]).ok
    assert differences(start, during, contract, running=True) != ()
    site.clock.advance(stayed)  # which the router adds to the uptime of the user
    site.do("/ip/hotspot/active/remove", __id=during.rows(judge.SESSIONS)[0][".id"])
    site.do("/ip/firewall/address-list/add", list="guests", address="10.5.50.9", timeout="1h")
    await site.observer.drain(quiet=0)
    after = await site.observer.snapshot()
    assert judge.sessions_over(after, start, ["s"]).ok
    assert judge.restored(start, after, contract).ok
    assert judge_writes.no_writes(site.observer.writes(mark), contract, start).ok


async def test_somebody_logging_in_is_no_write(site: Site, contract: DeviceContract) -> None:
    address = RouterAddress(ADDRESS, site.fleet.port, "admin", PASSWORD)
    for _ in range(2):
        other = Observer("Lab", address, contract)
        await other.connect()
        await other.close()
        site.clock.advance(1)
    assert await site.recorded() == []


def tidy(snapshot: Snapshot) -> Sequence[Finding]:
    return [judge.guarded(snapshot, SUBNET)]


async def test_settle_returns_at_once_when_all_is_well(site: Site) -> None:
    site.do("/ip/hotspot/add", name="s", interface="bridge-guest", disabled="no")
    snapshot, findings = await site.observer.settle(tidy, timeout=5.0)
    assert [finding.ok for finding in findings] == [True]
    assert len(snapshot.rows(judge.SERVERS)) == 2
    assert len(site.observer.writes()) == 1  # settling has drained what was reported


async def test_settle_is_woken_by_a_change(site: Site) -> None:
    looks = 0

    def provisioned_after_the_first_look(snapshot: Snapshot) -> Sequence[Finding]:
        nonlocal looks
        looks += 1
        findings = tidy(snapshot)
        if looks == 1:
            site.do("/ip/hotspot/add", name="s", interface="bridge-guest", disabled="no")
        return findings

    _, findings = await site.observer.settle(provisioned_after_the_first_look, timeout=5.0, quiet=0)
    assert [finding.ok for finding in findings] == [True]
    assert looks == 3  # not yet, now, and once more after coming to rest


async def test_settle_sees_running_state_that_nothing_reports(site: Site) -> None:
    site.do("/ip/hotspot/add", name="s", interface="bridge-guest", disabled="no")
    site.do("/ip/hotspot/user/add", name="u")
    site.router.associate("02:00:00:00:00:01", "10.5.50.9", "bridge-guest")
    site.do("/ip/hotspot/active/login", user="u", ip="10.5.50.9")
    start = Snapshot({})
    looks = 0

    def over(snapshot: Snapshot) -> Sequence[Finding]:
        nonlocal looks
        looks += 1
        if looks == 2:
            site.do("/ip/hotspot/active/remove", __id=snapshot.rows(judge.SESSIONS)[0][".id"])
        return [judge.sessions_over(snapshot, start, ["s"])]

    _, findings = await site.observer.settle(over, timeout=5.0)
    assert findings[0].ok
    assert looks == 4


async def test_settle_is_not_content_with_a_state_that_passes(site: Site) -> None:
    server = site.do("/ip/hotspot/add", name="s", interface="bridge-guest", disabled="no")
    looks = 0

    def undone_after_the_first_look(snapshot: Snapshot) -> Sequence[Finding]:
        nonlocal looks
        looks += 1
        if looks == 1:
            site.do("/ip/hotspot/disable", __id=server)
        return tidy(snapshot)

    _, findings = await site.observer.settle(undone_after_the_first_look, timeout=0.2)
    assert not findings[0].ok


async def test_settle_gives_the_last_findings_at_the_timeout(site: Site) -> None:
    snapshot, findings = await site.observer.settle(tidy, timeout=0.1)
    assert [finding.ok for finding in findings] == [False]
    assert len(snapshot.rows(judge.SERVERS)) == 1


async def test_consistent_when_every_change_was_recorded(site: Site) -> None:
    start, mark = await site.observer.snapshot(), site.observer.mark()
    user = site.do("/ip/hotspot/user/add", name="u", password="secret-one")
    site.do("/ip/hotspot/user/set", __id=user, password="secret-two", comment="c")
    site.do("/ip/hotspot/add", name="s", interface="vlan-office", disabled="no")
    site.do("/ip/hotspot/disable", __id="*1")
    site.do("/ip/hotspot/walled-garden/ip/add", dst_address="192.0.2.0/24", place_before="*1")
    site.do("/ip/firewall/address-list/add", list="x", address="10.5.50.9", timeout="1h")
    assert await site.observer.consistent(start, mark)
    assert not await site.observer.consistent(start, site.observer.mark())


async def test_a_hand_over_is_judged_from_the_record(site: Site) -> None:
    first = site.do("/ip/hotspot/add", name="a", interface="bridge-guest", disabled="no")
    await site.observer.drain(quiet=0)
    start, mark = await site.observer.snapshot(), site.observer.mark()
    site.do("/ip/hotspot/add", name="b", interface="bridge-guest", disabled="no")
    site.do("/ip/hotspot/remove", __id=first)
    await site.observer.drain(quiet=0)
    assert judge_writes.guarded_throughout(start, site.observer.writes(mark), SUBNET).ok
    middle, mark = await site.observer.snapshot(), site.observer.mark()
    assert judge.guarded(middle, SUBNET).ok
    site.do("/ip/hotspot/remove", __id="b")
    site.do("/ip/hotspot/add", name="c", interface="bridge-guest", disabled="no")
    await site.observer.drain(quiet=0)
    assert not judge_writes.guarded_throughout(middle, site.observer.writes(mark), SUBNET).ok


async def test_a_lost_connection_is_opened_anew_once(site: Site) -> None:
    site.fleet.faults.add(Fault("drop_before", path="/ip/hotspot/user/print", count=1))
    assert len((await site.observer.snapshot()).rows(judge.USERS)) == 3
    site.fleet.faults.add(Fault("drop_before", path="/ip/hotspot/user/print", count=2))
    with pytest.raises(ObserverError, match=r"the router at 127\.0\.1\.1:\d+ closed the connection"):
        await site.observer.snapshot()
    assert len((await site.observer.snapshot()).rows(judge.USERS)) == 3


async def test_a_late_answer_is_not_taken_for_another(site: Site, contract: DeviceContract) -> None:
    address = RouterAddress(ADDRESS, site.fleet.port, "admin", PASSWORD)
    hasty = Observer("Lab", address, contract, timeout=0.2)
    await hasty.connect()
    site.fleet.faults.add(Fault("latency", path="/ip/hotspot/user/print", delay=30.0, count=2))
    with pytest.raises(ObserverError, match=r"did not answer within 0\.2 s"):
        await hasty.snapshot()
    assert len((await hasty.snapshot()).rows(judge.USERS)) == 3
    await hasty.close()


async def test_a_refused_menu_is_said_and_the_connection_kept(site: Site) -> None:
    before = site.fleet.connections
    site.fleet.faults.add(Fault("trap", path="/ip/pool/print", message="no rights", count=1))
    with pytest.raises(ObserverError, match=r"does not print /ip/pool \(no rights\); check that the user's"):
        await site.observer.snapshot()
    assert len((await site.observer.snapshot()).rows("/ip/pool")) == 3
    assert site.fleet.connections == before


async def test_a_gap_in_the_record_is_known(site: Site) -> None:
    start, mark = await site.observer.snapshot(), site.observer.mark()
    site.fleet.faults.add(Fault("drop_before", path="/system/identity/print", count=1))
    await site.observer.drain(quiet=0)
    assert not await site.observer.consistent(start, mark)
    start, mark = await site.observer.snapshot(), site.observer.mark()
    user = site.do("/ip/hotspot/user/add", name="b")
    assert await site.recorded(mark) == [(judge.USERS, "added", user)]
    assert await site.observer.consistent(start, mark)


async def test_connecting_anew_after_the_router_was_put_back(site: Site) -> None:
    site.do("/ip/hotspot/user/add", name="a")
    await site.observer.drain(quiet=0)
    mark = site.observer.mark()
    start = await site.observer.snapshot()
    site.router.reset()
    await site.observer.connect()
    assert not await site.observer.consistent(start, mark)
    start, mark = await site.observer.snapshot(), site.observer.mark()
    user = site.do("/ip/hotspot/user/add", name="a")
    assert await site.recorded(mark) == [(judge.USERS, "added", user)]
    assert await site.observer.consistent(start, mark)


async def test_settle_outlasts_a_router_that_is_away(site: Site) -> None:
    site.do("/ip/hotspot/add", name="s", interface="bridge-guest", disabled="no")
    site.fleet.faults.add(Fault("drop_before", path="/ip/hotspot/print", count=1))
    site.fleet.faults.add(Fault("refuse", count=4))
    _, findings = await site.observer.settle(tidy, timeout=5.0, quiet=0)
    assert findings[0].ok


async def test_settle_says_why_the_router_could_not_be_read(site: Site) -> None:
    await site.fleet.close()
    with pytest.raises(ObserverError, match="refused the connection"):
        await site.observer.settle(tidy, timeout=0.1)


async def test_wrong_password(site: Site, contract: DeviceContract) -> None:
    address = RouterAddress(ADDRESS, site.fleet.port, "admin", "wrong")
    with pytest.raises(ObserverError, match=r"login of user 'admin' \(invalid user name or password"):
        await Observer("Lab", address, contract).connect()


async def test_two_connections_are_all_it_takes(site: Site) -> None:
    assert site.fleet.connections == 2
    await site.observer.close()
    await site.observer.close()


def by_runner(action: Callable[[asyncio.Runner, Router, Observer], None], contract: DeviceContract) -> None:
    """Runs an action that drives its observer from synchronous code, the simulator on the same loop."""
    router = site_router(still_clock())
    fleet = Fleet({ADDRESS: router}, port=0)
    with asyncio.Runner() as runner:
        runner.run(fleet.start())
        observer = Observer("Lab", RouterAddress(ADDRESS, fleet.port, "admin", PASSWORD), contract)
        runner.run(observer.connect())
        action(runner, router, observer)
        runner.run(observer.close())
        runner.run(fleet.close())


def test_changes_made_while_the_loop_stands_still_are_recorded(contract: DeviceContract) -> None:
    def action(runner: asyncio.Runner, router: Router, observer: Observer) -> None:
        start = runner.run(observer.snapshot())
        for number in range(500):
            do(router, "/ip/hotspot/user/add", name=f"u{number}", comment="x" * 1000)
        runner.run(observer.drain())
        writes: tuple[DeviceWrite, ...] = observer.writes()
        assert [write.record["name"] for write in writes] == [f"u{number}" for number in range(500)]
        assert runner.run(observer.consistent(start, 0))
        do(router, "/ip/hotspot/user/remove", __id="u7")
        _, findings = runner.run(observer.settle(lambda snapshot: [], timeout=1.0))
        assert findings == []
        assert observer.writes(500)[0].change == "removed"

    by_runner(action, contract)
